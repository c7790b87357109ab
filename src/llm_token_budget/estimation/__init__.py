"""From a request to an upper bound of its input tokens, offline and without a dependency.

- `text`         counts texts with weights fitted per tokenizer (`features`, `scripts`, `languages`, `runs`, `weights`)
- `tokenizers`   exact tokenizers, where one is installed; `byte_bound`: a bound without statistics
- `request`      adds what a request wraps around its texts (`framing`, `functions`, `images`, `media`)
- `models`       knows the models
- `estimator`    puts it together for one budget, and learns from bills (`calibration`, `prefixes`)
- `explaining`   an estimate in words
"""

from llm_token_budget.estimation.estimator import CacheBound, Count, Estimator, InputBound
from llm_token_budget.estimation.image_header import image_header
from llm_token_budget.estimation.models import ModelFacts, model_facts
from llm_token_budget.estimation.parts import Audio, Document, Image, Opaque, Part, RequestParts, Text, Tool
from llm_token_budget.estimation.request import PartEstimate, TokenEstimate, estimate_parts
from llm_token_budget.estimation.text import (
    Family,
    TextCount,
    TextCounter,
    count_text,
    estimate_tokens,
    upper_tokens,
)
from llm_token_budget.estimation.tokenizers import Tokenizer

__all__ = [
    "Audio",
    "CacheBound",
    "Count",
    "Document",
    "Estimator",
    "Family",
    "Image",
    "InputBound",
    "ModelFacts",
    "Opaque",
    "Part",
    "PartEstimate",
    "RequestParts",
    "Text",
    "TextCount",
    "TextCounter",
    "TokenEstimate",
    "Tokenizer",
    "Tool",
    "count_text",
    "estimate_parts",
    "estimate_tokens",
    "image_header",
    "model_facts",
    "upper_tokens",
]
