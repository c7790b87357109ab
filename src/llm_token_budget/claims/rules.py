"""What a budget says of the calls that it admits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from llm_token_budget.limits import Admission, Limit
from llm_token_budget.windows import Window

MissingUserPolicy = Literal["refuse", "share", "exempt"]
UnknownModelPolicy = Literal["refuse", "upper_bound", "tokens_only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A budget's options that say what a call may ask for."""

    limits: tuple[Limit, ...]
    statistics_window: Window
    admission: Admission
    missing_user: MissingUserPolicy
    unknown_model: UnknownModelPolicy
    min_output_tokens: int | None
    """None: 1,024."""
    default_max_output_tokens: int | None
    """None: 4,096."""
    output_share: int
    lease: float
