"""What a call used, by kind of token, whoever the provider."""

from __future__ import annotations

from dataclasses import dataclass, fields

from llm_token_budget.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, by kind.

    `input_tokens` and `output_tokens` are the totals; every other field counts a part of one of them, so nothing is
    counted twice. (Anthropic reports its cached input beside the input: its reader adds them up.)

    Raises:
        ConfigurationError: a count that is not a whole number, or is negative.
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
        for name in _NAMES:
            count = getattr(self, name)
            if type(count) is not int or count < 0:
                raise ConfigurationError(f"{name} must be a whole number of tokens, 0 or more, not {count!r:.80}")

    @property
    def total_tokens(self) -> int:
        """Input and output together: what a token limit counts."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in _NAMES})


_NAMES = tuple(field.name for field in fields(Usage))
