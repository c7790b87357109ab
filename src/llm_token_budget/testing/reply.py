"""What the provider is told to answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

from llm_token_budget.errors import ConfigurationError

PROXY_PAGE = "<html><head><title>Bad Gateway</title></head><body><h1>The upstream did not answer</h1></body></html>"
"""What a proxy says when it, not the provider, answers: `Reply(status=502, body=PROXY_PAGE)`."""

_COUNTS = (
    "output_tokens",
    "input_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "cut_after",
    "error_event_after",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer on order. Without arguments: 16 words, at once.

    Raises:
        ConfigurationError: a negative or impossible number, or two fields that contradict each other.
    """

    text: str | None = None
    """What is answered; every word (with the space before it) is one token."""
    _: KW_ONLY
    output_tokens: int | None = None
    """Instead of `text`: how many words the answer wants to have. The request's maximum may cut either."""
    reasoning_tokens: int = 0
    """Hidden output before the answer, per choice; counts inside the request's maximum."""
    tool: str | None = None
    """The answer is a call of this tool with `text` as its arguments. Requests that force a tool need no such order."""
    input_tokens: int | None = None
    """All input, cached parts included; None: counted."""
    cached_tokens: int = 0
    """The part of the input that is served from cache."""
    cache_write_tokens: int = 0
    """The part of the input that is written to the cache (Anthropic: for 5 minutes)."""
    cache_write_1h_tokens: int = 0
    """The part of the input that is written to the cache for an hour (Anthropic)."""

    usage: Literal["absent", "null"] | Mapping[str, Any] | None = None
    """What is *reported*, whatever is billed: None is the truth; a mapping is sent as it stands."""
    model: str | None = None
    """The model that the answer names, and is billed as; None: the one asked for."""
    service_tier: str | None = None
    finish_reason: str | None = None
    """In the provider's own words; None: what really ended the answer."""

    status: int = 200
    """400 and above: an error in the provider's own shape; nothing is billed."""
    body: Mapping[str, Any] | str | None = None
    """Sent instead of the answer or error: JSON for a mapping, HTML or plain text for a string."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Sent in addition."""
    retry_after: float | str | None = None
    """The `Retry-After` header: seconds, or a date as text."""

    latency: float = 0.0
    """Seconds before the first byte."""
    chunk_latency: float = 0.0
    """Seconds before each further event of a stream."""
    chunk_tokens: int = 1
    """Words per event of a stream."""
    cut_after: int | None = None
    """The connection is closed after this many events of a stream; a plain answer is cut in the middle."""
    error_event_after: int | None = None
    """A stream sends an error after this many events, and ends."""
    drop: Literal["before", "after"] | None = None
    """No answer: the connection is reset as if unread ("before"), or closed when all was computed ("after")."""
    hang: bool = False
    """Computed, and never answered: until the client goes away or the provider stops."""
    billed: bool | None = None
    """Overrides what is billed (see the package's docstring): True bills an error or a dropped request in full."""

    def __post_init__(self) -> None:
        for name in _COUNTS:
            count = getattr(self, name)
            if count is not None and (type(count) is not int or count < 0):
                raise ConfigurationError(f"Reply({name}=) must be a whole number, 0 or more, not {count!r:.80}")
        if type(self.chunk_tokens) is not int or self.chunk_tokens < 1:
            raise ConfigurationError(f"Reply(chunk_tokens=) must be 1 or more, not {self.chunk_tokens!r:.80}")
        self._check_waiting()
        self._check_choices()

    def _check_waiting(self) -> None:
        for name in ("latency", "chunk_latency"):
            seconds = getattr(self, name)
            if not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
                raise ConfigurationError(f"Reply({name}=) must be seconds, 0 or more, not {seconds!r:.80}")

    def _check_choices(self) -> None:
        if self.text is not None and self.output_tokens is not None:
            raise ConfigurationError(
                "Reply takes text= or output_tokens=, not both; hidden output is reasoning_tokens="
            )
        if self.input_tokens is not None and self.special_input_tokens > self.input_tokens:
            raise ConfigurationError(
                f"Reply: {self.special_input_tokens} cached and cache-write tokens are more than "
                f"input_tokens={self.input_tokens}, of which they are a part"
            )
        if type(self.status) is not int or not 200 <= self.status <= 599:
            raise ConfigurationError(f"Reply(status=) must be an HTTP status from 200 to 599, not {self.status!r:.80}")
        if self.drop not in (None, "before", "after"):
            raise ConfigurationError(f"Reply(drop=) must be 'before' or 'after', not {self.drop!r:.80}")
        if isinstance(self.usage, str) and self.usage not in ("absent", "null"):
            raise ConfigurationError(f"Reply(usage=) must be 'absent', 'null' or a mapping, not {self.usage!r:.80}")
        unsafe = [name for name, text in self.headers.items() if any(mark in name + text for mark in "\r\n")]
        if unsafe:
            raise ConfigurationError(f"Reply(headers=) must be single lines: {unsafe[0]!r:.80}")

    @property
    def special_input_tokens(self) -> int:
        """The input that is not billed at the plain input rate."""
        return self.cached_tokens + self.cache_write_tokens + self.cache_write_1h_tokens

    @property
    def is_billed(self) -> bool:
        """Whether a vendor would bill this."""
        if self.billed is not None:
            return self.billed
        return self.status < 300 and self.drop != "before"
