"""What a call used, by kind of token, whoever the provider."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import NoReturn

from llm_token_budget.errors import ConfigurationError, shown_value

MAX_TOKENS = 2**53 - 1
"""More than that is no count of tokens, and no ledger keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, by kind.

    `input_tokens` and `output_tokens` are the totals; every other field counts a part of one of them, so nothing is
    counted twice. (Anthropic reports its cached input beside the input: its reader adds them up.)

    Raises:
        ConfigurationError: a count that is not a whole number, is negative, or absurd.
    """

    input_tokens: int = 0
    """All input tokens, cached ones included."""
    output_tokens: int = 0
    """All output tokens, reasoning included."""
    cache_read_tokens: int = 0
    """The part of the input that was served from cache."""
    cache_write_tokens: int = 0
    """The part of the input that was written to a cache that lives for 5 minutes (or for the vendor's only lifetime)."""
    cache_write_1h_tokens: int = 0
    """The part of the input that was written to a cache that lives for an hour."""
    cache_write_12h_tokens: int = 0
    """The part of the input that was written to a cache that lives for 12 hours."""
    audio_input_tokens: int = 0
    """The part of the input that was audio (and not served from cache)."""
    reasoning_tokens: int = 0
    """The part of the output that was reasoning: priced as output, told apart for people."""
    audio_output_tokens: int = 0
    """The part of the output that was audio."""

    def __post_init__(self) -> None:
        # First the rule, then the words: this runs for every call.
        for count in _counts(self):
            if type(count) is not int or not 0 <= count <= MAX_TOKENS:
                _refuse(self)

    @property
    def total_tokens(self) -> int:
        """Input and output together: what a token limit counts."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in _NAMES})


def read_usage(usage: object) -> Usage:
    """A usage as somebody passed it; nothing at all for None.

    Raises:
        ConfigurationError: no `Usage`.
    """
    if usage is None:
        return Usage()
    if not isinstance(usage, Usage):
        raise ConfigurationError(f"a usage is a Usage(input_tokens=..., output_tokens=...), not {shown_value(usage)}")
    return usage


_NAMES = tuple(field.name for field in fields(Usage))
_counts = attrgetter(*_NAMES)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_TOKENS


def _refuse(usage: Usage) -> NoReturn:
    name, value = next(
        (name, value) for name, value in zip(_NAMES, _counts(usage), strict=True) if not _is_count(value)
    )
    raise ConfigurationError(f"{name} must be a whole number of tokens, 0 or more, not {shown_value(value)}")
