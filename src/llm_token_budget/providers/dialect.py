"""What the seam needs to know of a vendor: how calls, answers and streams are read. Pure functions on plain data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeGuard, cast

from llm_token_budget.claims import Call
from llm_token_budget.estimation import RequestParts, TokenEstimate, estimate_parts
from llm_token_budget.usage import Usage

Body = Mapping[str, Any]
"""A request's or an answer's JSON object."""

NO_PARTS: Final[Mapping[str, Any]] = {}

FILES: Final = "(files)"
"""Where a body that is sent as a form lists the names of its files, which are no part of its JSON object."""

ABSURD: Final = 10**9
"""Token counts from here on are a broken answer, not a bill: no context window comes near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a budget says of requests that leave it open."""

    max_output_tokens: int | None
    """None: what is usual for the model."""
    min_output_tokens: int | None
    estimate: Callable[[RequestParts], TokenEstimate] = estimate_parts
    """How the input of a request is estimated."""


class Reading(NamedTuple):
    """What an answer says of its bill. A count that it doesn't say, or says absurdly, is None."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    parts: Mapping[str, Any] = NO_PARTS
    """All else that a `Usage` tells, by its names there: parts of input and output, tools, iterations, terms."""
    model: str | None = None
    service_tier: str | None = None
    visible_text: str = ""
    """The answer's text, of an answer that doesn't say how much it is: to be counted, not kept."""
    total_tokens: int | None = None
    """Input and output together, of an answer that says nothing else."""

    @property
    def complete(self) -> bool:
        return self.input_tokens is not None and self.output_tokens is not None

    def saying(self, text: str) -> Reading:
        """The same, with the text of the answer."""
        return self._replace(visible_text=text)

    def usage(self, held_input: int, held_output: int) -> Usage:
        """The usage; a count that is missing is what was held for it. Never an under-count.

        Of a sum alone, as much is taken for output, the dearer part, as was allowed, and more if the input can't be the rest.
        """
        both = self.total_tokens
        if both is not None and self.input_tokens is None and self.output_tokens is None:
            written = max(min(both, held_output), both - held_input)
            return Usage(input_tokens=both - written, output_tokens=written, **self.parts)
        total_in = held_input if self.input_tokens is None else self.input_tokens
        total_out = held_output if self.output_tokens is None else self.output_tokens
        return Usage(input_tokens=total_in, output_tokens=total_out, **self.parts)


class Fold(Protocol):
    """A stream, folded event by event into what its bill will be."""

    done: bool
    """True once the provider has said all that it bills."""

    def feed(self, event: Body) -> None:
        """Take the next event's JSON object."""
        ...

    def reading(self) -> Reading | None:
        """The bill, as far as the stream has told it; None before anything of it came."""
        ...

    def text_seen(self) -> str:
        """The output text since the last time this was asked."""
        ...


def promised_by(fold: Fold) -> str | None:
    """The id of an answer that goes on being worked on when its stream is left, from a fold that knows of such answers."""
    return getattr(fold, "promised", None)


class Glance(NamedTuple):
    """How server-sent events that carry nothing but output are told from the others, by the looks of their bytes.

    It only has to be right where it says yes: what it doesn't recognise is read.
    """

    telling: bytes
    """Is in every event that says something of the bill, or that the answer has begun or ended."""
    harmless: bytes | None
    """`telling` as it stands in events that say nothing after all; None where it never does, and no `[DONE]` ends a stream."""
    text: re.Pattern[bytes]
    """An event's output, as it stands in its JSON; found once in an event that carries a text and nothing else."""


IN_A_STRING: Final = r'([^"\\]*(?:\\.[^"\\]*)*)'
"""A pattern of what may stand between the quotes of JSON."""


Framing = Literal["sse", "ndjson", "aws"]
"""Server-sent events, JSON lines, or what Amazon calls an event stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One billable endpoint: how its calls and answers are read."""

    read_call: Callable[[Body, str, Defaults], Call]
    """The call in a request's body; `str` is the provider."""
    read_answer: Callable[[Body], Reading | None]
    fold: Callable[[], Fold] | None = None
    """None: it doesn't stream."""
    maximum: Callable[[Body], tuple[str, ...]] = lambda _: ()
    """Where in the body the maximum output is, or would be: a path of keys. Empty: it has none."""
    hidden_output: Callable[[Body, Call], bool] = lambda _body, _call: False
    """Whether the bill may have output that the stream doesn't show: reasoning, other choices, tools of the server."""
    asks_usage: Callable[[Body], Body | None] = lambda _: None
    """The body that asks for usage in a stream; None where it comes without asking, or was asked for."""
    is_usage_only: Callable[[Body], bool] = lambda _: False
    """Whether an event of a stream is there only because usage was asked for."""
    glance: Glance | None = None
    """How events of a stream that are only output are told by a glance. None: each is read."""
    reads_all: Callable[[Body], bool] = lambda _: False
    """Whether the stream of a request says something of its bill between its output, so that no glance will do."""
    streams_by_default: bool = False
    recurs: bool = True
    """Whether what was read of a request is true of the next one like it, but for its estimate."""
    counted_by: Callable[[Body], tuple[str, dict[str, Any]] | None] = lambda _: None
    """Path and body of the request that asks the provider how many tokens the input is; None if it can't be asked."""
    promised: Callable[[Body], str | None] | None = None
    """The id of an answer that is still being worked on, and will say what it bills when it is asked for."""
    measures: Callable[[Body], bool] | None = None
    """Whether what a request will bill can be bounded and read; None: always. If not, it is unmetered, like an endpoint that
    nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A vendor's wire format."""

    provider: str
    endpoints: Mapping[str, Endpoint]
    """By path, as the vendor's documentation writes it, without version or base."""
    free: Callable[[str], bool]
    """Whether a POST to a path costs nothing. What is neither metered nor free is unmetered: next month's endpoint is shut."""
    framing: Framing = "sse"
    asked_for: Callable[[str], tuple[Endpoint, str] | None] = lambda _: None
    """The endpoint and the id of a promised answer that a free request to a path asks for."""

    def endpoint(self, path: str) -> Endpoint | None:
        """The endpoint of a request's path, whatever stands before it."""
        for known, endpoint in self.endpoints.items():
            if path == known or path.endswith(known):
                return endpoint
        return None


def any_of(*templates: str) -> Callable[[str], bool]:
    """Whether a path is one of some, as documentation writes them: `{}` stands for one segment, `/*` at the end for any rest.

    At the end of a path `{}` must look like an identifier, with a digit or a capital in it: `/threads/runs` is no thread.
    Before it may stand what a base address brings: `/v1`, `/openai`, or anything that ends so.
    """
    alternatives = "|".join(map(_pattern, templates))
    matches = re.compile(f"(?:(?:/.*)?/(?:v\\d+|openai))?/?(?:{alternatives})/?").fullmatch
    return lambda path: matches(path) is not None


def _pattern(template: str) -> str:
    rest = template.endswith("/*")
    pattern = re.escape(template.removesuffix("/*").strip("/"))
    pattern = re.sub(r"\\\{\\\}$", r"(?=[^/]*[A-Z\\d])[^/]+", pattern).replace(r"\{\}", "[^/]+")
    return f"{pattern}/.+" if rest else pattern


def is_object(value: object) -> TypeGuard[Body]:
    """Whether a value is a JSON object."""
    return type(value) is dict or (value is not None and isinstance(value, Mapping))


def mapping(value: object) -> Body:
    """The value if it is a JSON object, else an empty one."""
    return value if is_object(value) else {}


def text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def positive(value: object) -> int | None:
    """A request's own maximum: a whole number above 0; anything else is the provider's to refuse."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and value > 0 else None


_scan: Final[Callable[[str, int], tuple[Any, int]]] = cast("Any", json.JSONDecoder()).scan_once
"""Reads a value, and says where it ends: all that `json.loads` does in C."""


def parse_object(content: bytes | str) -> Body | None:
    """A JSON object, or None."""
    try:
        # Decoded here: json's own look at the first bytes for UTF-16 and the like costs as much as a small answer.
        text = content if isinstance(content, str) else content.decode()
        value, end = _scan(text, 0) if text.startswith("{") else (None, 0)
        if end != len(text):
            value = json.loads(text)  # With space around it, or no JSON object at all.
    except (ValueError, RecursionError, StopIteration):  # Not UTF-8 is a ValueError too; a scan ends before its time.
        return None
    return value if is_object(value) else None
