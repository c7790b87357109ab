"""`calculate_cost`: what so many tokens cost, without a manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Literal

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.money import MAX_AMOUNT
from llm_token_budget.pricing.billing import usd
from llm_token_budget.pricing.book import PriceBook
from llm_token_budget.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class CostBreakdown:
    """An exact cost in USD, not rounded."""

    input_cost: Decimal
    """Includes what the provider charges for the request itself."""
    output_cost: Decimal
    total_cost: Decimal
    currency: Literal["USD"] = "USD"


def calculate_cost(
    input_tokens: int,
    output_tokens: int,
    model: str,
    custom_pricing: Mapping[str, Mapping[str, object]] | None = None,
    *,
    provider: str | None = None,
) -> CostBreakdown:
    """Calculate what a call costs at standard prices, nothing of it cached.

    The first call loads the price data (about 0.25 s), unless a custom price is found.

    Args:
        input_tokens: all input tokens.
        output_tokens: all output tokens, reasoning included.
        model: as the provider calls it, or `provider:model`.
        custom_pricing: USD per million tokens: `{"my-model": {"input": "0.50", "output": "1.50"}}`.
        provider: whose model it is, where the name doesn't say.

    Raises:
        UnknownModelPrice: nobody knows what the model costs.
        ConfigurationError: tokens that aren't whole numbers from 0 on, or an impossible custom price.
    """
    book = _standard_book() if custom_pricing is None else PriceBook(custom_pricing)
    return cost_by(book, input_tokens, output_tokens, model, provider)


def cost_by(
    book: PriceBook, input_tokens: int, output_tokens: int, model: str, provider: str | None = None
) -> CostBreakdown:
    """`calculate_cost` by a price book."""
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    if usage.total_tokens > MAX_AMOUNT:
        raise ConfigurationError(f"that many tokens are absurdly many (the most is {MAX_AMOUNT:,})")
    card = book.rate_card(model, provider)
    total = card.cost_pico(usage)
    of_input = card.cost_pico(Usage(input_tokens=input_tokens))
    return CostBreakdown(
        input_cost=usd(Fraction(of_input)),
        output_cost=usd(Fraction(total - of_input)),
        total_cost=usd(Fraction(total)),
    )


@cache
def _standard_book() -> PriceBook:
    return PriceBook()
