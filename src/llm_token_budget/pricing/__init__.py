"""What a call costs: the price book.

A model's price is looked for in the user's `custom_pricing`, then in our small file of dated corrections, then in
genai-prices (maintained data for 2,300 models, read offline), and is otherwise `UnknownModelPrice`: never $0.

- `rates`        pico-USD per token, and the rate card that prices a usage or bounds a request
- `compiling`    published USD per million tokens -> rates, with what is missing filled in safely
- `names`        how a model is called: dates, prefixes, providers
- `aliases`      names that the user gave to models
- `custom`       prices that the user gave, with their dates; `discounts`: what was agreed on beside them
- `corrections`  data: prices that genai-prices lacks, each with its source; `corrected` compiles them
- `vendors`      data: what vendors' names and tiers mean; `surcharges`: regions, batches and tools
- `published`    genai-prices, read without its lookups; `listed` compiles one of its models
- `search`       in which order all of these are asked
- `book`         all of that behind a bounded cache: `PriceBook`; `answering` asks it for the model that answered
- `billing`      the bill of a call, line by line
- `refreshing`   newer published prices, on request and checked
- `costs`        `calculate_cost`
"""

from llm_token_budget.pricing.billing import Bill, BillLine
from llm_token_budget.pricing.book import PriceBook
from llm_token_budget.pricing.costs import CostBreakdown, calculate_cost
from llm_token_budget.pricing.rates import CacheLifetime, RateCard

__all__ = ["Bill", "BillLine", "CacheLifetime", "CostBreakdown", "PriceBook", "RateCard", "calculate_cost"]
