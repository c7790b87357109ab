"""From a request to an upper bound of its input tokens, offline and without a dependency.

`text` counts texts with weights fitted per tokenizer, `request` adds what a request wraps around them, `models` knows
the models. An exact tokenizer takes part as another `TextCounter`.
"""

from llm_token_budget.estimation.image_header import image_header
from llm_token_budget.estimation.models import ModelFacts, model_facts
from llm_token_budget.estimation.parts import Audio, Document, Image, Opaque, Part, RequestParts, Text, Tool
from llm_token_budget.estimation.request import TokenEstimate, estimate_parts
from llm_token_budget.estimation.text import (
    Family,
    TextCount,
    TextCounter,
    count_text,
    estimate_tokens,
    upper_tokens,
)

__all__ = [
    "Audio",
    "Document",
    "Family",
    "Image",
    "ModelFacts",
    "Opaque",
    "Part",
    "RequestParts",
    "Text",
    "TextCount",
    "TextCounter",
    "TokenEstimate",
    "Tool",
    "count_text",
    "estimate_parts",
    "estimate_tokens",
    "image_header",
    "model_facts",
    "upper_tokens",
]
