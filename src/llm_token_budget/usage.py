"""What a call used, by kind of token, whoever the provider, and on which terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple, NoReturn

from llm_token_budget.errors import ConfigurationError, shown_value

MAX_TOKENS = 2**53 - 1
"""More than that is no count of tokens, and no ledger keeps it."""


class ToolUse(NamedTuple):
    """How often the provider ran a tool of its own that it bills by the call."""

    tool: str
    """`web_search`, `web_search_preview`, `file_search`, `code_session` (`code_session_4g`, `_16g`, `_64g`), `visit_website`."""
    calls: int


class Iteration(NamedTuple):
    """One of several requests that the provider made of a call, billed at its own model's price."""

    model: str | None
    """None: the model that answered."""
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an answer says of how it was worked on, as far as that moves its price."""

    service_tier: str | None = None
    """As the provider names it: `default`, `flex`, `priority`, `batch` ..."""
    speed: str | None = None
    """`fast`, where a model has a faster and dearer mode."""
    geography: str | None = None
    """Where it had to be worked on, such as `us`; None: anywhere."""
    batch: bool = False
    reported_cost: Decimal | None = None
    """USD that a gateway says the call came to. Believed only where the user says so."""


_NO_TERMS = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, by kind.

    `input_tokens` and `output_tokens` are the totals; every other count is a part of one of them, so nothing is counted
    twice. (Anthropic reports its cached input beside the input: its reader adds them up.)

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
    image_input_tokens: int = 0
    """The part of the input that was images (and not served from cache), where the provider tells it apart."""
    cache_read_audio_tokens: int = 0
    """The part of `cache_read_tokens` that was audio."""
    cache_read_image_tokens: int = 0
    """The part of `cache_read_tokens` that was images."""
    reasoning_tokens: int = 0
    """The part of the output that was reasoning: priced as output, told apart for people."""
    audio_output_tokens: int = 0
    """The part of the output that was audio."""
    image_output_tokens: int = 0
    """The part of the output that was images."""
    tools: tuple[ToolUse, ...] = ()
    """Calls of the provider's own tools, as far as they are billed by the call."""
    iterations: tuple[Iteration, ...] = ()
    """The requests that make up the call, where they are billed one by one; their tokens are in the totals above."""
    terms: Terms | None = None
    """None: nothing that moves a price."""

    def __post_init__(self) -> None:
        # First the rule, then the words: this runs for every call.
        for count in _counts(self):
            if type(count) is not int or not 0 <= count <= MAX_TOKENS:
                _refuse(self)
        if self.tools or self.iterations or self.terms is not None:
            _check_beside(self)

    @property
    def total_tokens(self) -> int:
        """Input and output together: what a token limit counts."""
        return self.input_tokens + self.output_tokens

    @property
    def is_plain(self) -> bool:
        """Whether its tokens are all that it bills, at its own model's price and on the usual terms."""
        return not self.tools and not self.iterations and self.terms is None

    @property
    def web_searches(self) -> int:
        """Searches of the web that the provider made for the call."""
        return self._calls("web_search", "web_search_preview")

    @property
    def file_searches(self) -> int:
        """Searches of stored files."""
        return self._calls("file_search")

    @property
    def code_sessions(self) -> int:
        """Containers in which the provider ran code."""
        return sum(use.calls for use in self.tools if use.tool.startswith("code_session"))

    @property
    def service_tier(self) -> str | None:
        """The tier that the provider names."""
        return (self.terms or _NO_TERMS).service_tier

    @property
    def speed(self) -> str | None:
        """`fast`, if it was."""
        return (self.terms or _NO_TERMS).speed

    @property
    def geography(self) -> str | None:
        """Where it had to be worked on."""
        return (self.terms or _NO_TERMS).geography

    @property
    def batch(self) -> bool:
        """Whether it was part of a batch."""
        return (self.terms or _NO_TERMS).batch

    @property
    def reported_cost(self) -> Decimal | None:
        """USD, as a gateway reports it."""
        return (self.terms or _NO_TERMS).reported_cost

    def _calls(self, *names: str) -> int:
        return sum(use.calls for use in self.tools if use.tool in names)

    def __add__(self, other: Usage) -> Usage:
        """Both together. Terms that differ are nobody's: then there are none."""
        return Usage(
            **{name: getattr(self, name) + getattr(other, name) for name in COUNTS},
            tools=_together([*self.tools, *other.tools]),
            iterations=_listed(self) + _listed(other) if self.iterations or other.iterations else (),
            terms=self.terms if self.terms == other.terms else None,
        )


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


COUNTS = tuple(field.name for field in fields(Usage) if field.name.endswith("_tokens"))
"""The counts of a usage, by name."""

_counts = attrgetter(*COUNTS)


def _listed(usage: Usage) -> tuple[Iteration, ...]:
    if usage.iterations or not usage.total_tokens:
        return usage.iterations
    return (Iteration(None, Usage(**{name: getattr(usage, name) for name in COUNTS})),)


def _together(uses: Iterable[ToolUse]) -> tuple[ToolUse, ...]:
    calls: dict[str, int] = {}
    for use in uses:
        calls[use.tool] = calls.get(use.tool, 0) + use.calls
    return tuple(ToolUse(tool, number) for tool, number in calls.items())


def _check_beside(usage: Usage) -> None:
    """Refuse what is beside the counts and of no use to anybody."""
    for name, kind in (("tools", ToolUse), ("iterations", Iteration)):
        values: object = getattr(usage, name)
        if not isinstance(values, tuple) or not all(isinstance(value, kind) for value in values):  # pyright: ignore[reportUnknownVariableType]
            raise ConfigurationError(
                f"{name} must be a tuple of {kind.__name__}, not {shown_value(getattr(usage, name))}"
            )
    for use in usage.tools:
        if not isinstance(use.tool, str) or not _is_count(use.calls):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"tools must name tools and how often they ran, not {shown_value(use)}")
    if usage.terms is not None and not isinstance(usage.terms, Terms):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"terms must be Terms(...), not {shown_value(usage.terms)}")


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_TOKENS


def _refuse(usage: Usage) -> NoReturn:
    name, value = next(
        (name, value) for name, value in zip(COUNTS, _counts(usage), strict=True) if not _is_count(value)
    )
    raise ConfigurationError(f"{name} must be a whole number of tokens, 0 or more, not {shown_value(value)}")
