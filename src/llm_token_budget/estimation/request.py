"""How many input tokens a request is: expected, and an upper bound to reserve with."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final, NamedTuple, Protocol, cast

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation.functions import declared
from llm_token_budget.estimation.media import count_audio, count_document, count_image
from llm_token_budget.estimation.models import ModelFacts, model_facts
from llm_token_budget.estimation.parts import Audio, Document, Image, Opaque, Part, RequestParts, Text, Tool
from llm_token_budget.estimation.text import Memo, TextCount, TextCounter, count_text

MEDIA = frozenset({"images", "audio", "documents"})
"""Kinds of part that are no text."""

STORED = "stored"
"""The kind of what only the server has."""

SERVER_TOOLS = "server tools"
"""The kind of what the provider's own tools bring into the input."""

TOOLS: Final = 1
SEES: Final = 2
OPEN: Final = 4
SEARCHES: Final = 8
"""Traits of a request: it has tools, images or other media, a part that only the server has, tools that the provider runs."""

new_tuple: Final = tuple.__new__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
"""A named tuple without the detour through its constructor: for every call."""


CONVERSATION: Final = 4
"""From so many texts on, the sums of a request are remembered."""

_TURNS: Final = (0, 2, 1, 3)
"""How many texts may be new since the last request: nothing, an answer and a question, one of them, both and a tool's result."""

_ONLY_TEXTS: Final = {Text}

_Sums = tuple[tuple[str, int, int, int], ...]

_sums: Memo[tuple[str | None, float, int, int], _Sums] = Memo(limit=2048)


class PartEstimate(NamedTuple):
    """Tokens of all parts of one kind."""

    kind: str
    """`text`, `system`, `tools`, `images`, `framing` ..."""
    expected: int
    upper: int
    number: int = 1
    """How many parts of this kind there are."""


class Learner(Protocol):
    """Somebody who wants to know what requests were billed that it has estimated."""

    def learn(self, estimate: TokenEstimate, billed: int, cached: int = 0) -> None:
        """Take a bill: all input tokens, and those of them that were read from or written to a cache."""
        ...

    def recount(self, request: RequestParts) -> int | None:
        """A narrower upper bound of a request's tokens; None if there is none."""
        ...


class TokenEstimate(NamedTuple):
    """Input tokens of a request."""

    expected: int
    """For people to see."""
    upper: int
    """To reserve with: rarely exceeded; `upper_tokens` states how rarely for text."""
    method: str
    """How the text was counted: `heuristic`, `exact`, `bytes`, `provider`."""
    parts: tuple[PartEstimate, ...]
    """What the two are made of, by kind."""
    request: RequestParts | None = None
    """What was estimated."""
    uncalibrated: int | None = None
    """What was expected before earlier bills had their say; None if they had none."""
    seen_tokens: int = 0
    """Of these, a beginning that the provider has cached, as an earlier bill says: reckoned at the price of reading it."""
    learner: Learner | None = None
    """Who wants to know what it was billed."""
    traits: int = 0
    """What tells kinds of requests apart: `TOOLS`, `SEES`, `OPEN`, `SEARCHES`, added up."""

    def __repr__(self) -> str:
        # Not the request: it holds what people wrote.
        return (
            f"TokenEstimate(expected={self.expected}, upper={self.upper}, method={self.method!r}, parts={self.parts!r})"
        )

    @property
    def has_media(self) -> bool:
        return bool(self.traits & SEES)

    @property
    def has_tools(self) -> bool:
        return bool(self.traits & TOOLS)

    @property
    def is_open(self) -> bool:
        """Whether a part is unknown, and reckoned as all that the model can read."""
        return bool(self.traits & OPEN)


def estimate_parts(
    request: RequestParts, counter: TextCounter = count_text, learner: Learner | None = None
) -> TokenEstimate:
    """Estimate the input tokens of a request from its parts. Nothing is sent or decoded.

    Args:
        request: the request.
        counter: counts its texts.
        learner: who wants to know what it is billed.

    Raises:
        ConfigurationError: a part of no known kind, or of bad content (a text that is no str, a negative count).

    """
    facts = model_facts(request.model, request.provider)
    parts = request.parts
    if len(parts) == 1 and type(parts[0]) is Text and not request.tools:
        # Nearly every request of a chat's first turn, and every embedding.
        count = _text(parts[0].text, facts, counter)
        framing = _framing(request, facts, 0, 0)
        breakdown = (
            new_tuple(PartEstimate, (parts[0].kind, count.expected, count.upper, 1)),
            new_tuple(PartEstimate, ("framing", framing.expected, framing.upper, 1)),
        )
        expected, upper = count.expected + framing.expected, count.upper + framing.upper
        return new_tuple(TokenEstimate, (expected, upper, counter.method, breakdown, request, None, 0, learner, 0))
    return _estimate_all(request, facts, counter, learner)


def _estimate_all(
    request: RequestParts, facts: ModelFacts, counter: TextCounter, learner: Learner | None
) -> TokenEstimate:
    parts = request.parts
    counts: dict[str, list[int]] = {}
    unknown: Opaque | None = None
    if len(parts) >= CONVERSATION and counter is count_text and set(map(type, parts)) == _ONLY_TEXTS:
        counts = _conversation(cast("tuple[Text, ...]", parts), facts)
        parts = ()
    for part in parts:
        if type(part) is Text:
            kind, count = part.kind, _text(part.text, facts, counter)
        elif type(part) is Opaque and part.fills:
            unknown = part
            continue
        else:
            kind, count = _count(part, facts, counter)
        summed = counts.get(kind)
        if summed is None:
            counts[kind] = [count.expected, count.upper, 1]
        else:
            summed[0] += count.expected
            summed[1] += count.upper
            summed[2] += 1
    tools = counts["tools"][2] if "tools" in counts else 0
    names = counts["name"][2] if "name" in counts else 0
    framing = _framing(request, facts, max(tools, request.tools), names)
    if unknown is not None:
        left = (facts.context_window or unknown.tokens) - framing.upper - sum(summed[1] for summed in counts.values())
        counts[STORED] = [max(left, 0), max(left, 0), 1]
    counts["framing"] = [framing.expected, framing.upper, 1]
    traits = (TOOLS if tools else 0) | (0 if MEDIA.isdisjoint(counts) else SEES) | (0 if unknown is None else OPEN)
    if SERVER_TOOLS in counts:
        traits |= SEARCHES
    breakdown: list[PartEstimate] = []
    expected = upper = 0
    for kind, (likely, most, number) in counts.items():
        expected += likely
        upper += most
        breakdown.append(new_tuple(PartEstimate, (kind, likely, most, number)))
    summary = (expected, upper, counter.method, tuple(breakdown), request, None, 0, learner, traits)
    return new_tuple(TokenEstimate, summary)


def _conversation(texts: tuple[Text, ...], facts: ModelFacts) -> dict[str, list[int]]:
    """`[expected, upper, number]` by kind. A conversation is mostly what it was a turn ago: those sums are remembered."""
    family, factor, size = facts.family, facts.token_factor, len(texts)
    known: _Sums | None = None
    for dropped in _TURNS:
        beginning = texts[: size - dropped] if dropped else texts
        try:
            known = _sums.get((family, factor, size - dropped, hash(beginning)))
        except TypeError:  # No text, which is refused below.
            break
        if known is not None:
            break
    else:
        dropped = size
    counts = {} if known is None else {kind: [likely, most, number] for kind, likely, most, number in known}
    for text, kind in texts[size - dropped if known is not None else 0 :]:
        count = _text(text, facts, count_text)
        summed = counts.setdefault(kind, [0, 0, 0])
        summed[0] += count.expected
        summed[1] += count.upper
        summed[2] += 1
    if known is None or dropped:
        _sums.put((family, factor, size, hash(texts)), tuple((kind, a, b, n) for kind, (a, b, n) in counts.items()))
    return counts


def _count(part: Part, facts: ModelFacts, counter: TextCounter) -> tuple[str, TextCount]:
    match part:
        case Text(text, kind):
            return kind, _text(text, facts, counter)
        case Tool():
            return "tools", _tool(part, facts, counter)
        case Image():
            return "images", count_image(part, facts)
        case Audio():
            return "audio", count_audio(part, facts)
        case Document():
            return "documents", count_document(part, facts)
        case Opaque(tokens, name):
            if type(tokens) is not int or tokens < 0:
                raise ConfigurationError(
                    f"Opaque.tokens must be a whole number of tokens, 0 or more, not {tokens!r:.80}"
                )
            return name, TextCount(tokens, tokens if part.most is None else max(part.most, tokens))
        case _:
            raise ConfigurationError(
                f"a request is made of Text, Tool, Image, Audio, Document, Opaque, not {type(part).__name__}"
            )


def _text(text: str, facts: ModelFacts, counter: TextCounter) -> TextCount:
    count = counter(text, facts.family)
    factor = facts.token_factor
    return count if factor == 1.0 else TextCount(ceil(count.expected * factor), ceil(count.upper * factor))


def _tool(tool: Tool, facts: ModelFacts, counter: TextCounter) -> TextCount:
    rule = facts.framing.functions
    if rule is None or tool.definition is None:
        return _text(tool.text, facts, counter)
    texts, around = declared(tool.definition, rule)
    if counter.method == "heuristic":
        count = _joined(texts, facts, counter)
    else:
        counts = [_text(text, facts, counter) for text in texts]
        count = TextCount(sum(each.expected for each in counts), sum(each.upper for each in counts))
    return TextCount(count.expected + around, max(count.upper, count.expected) + around)


def _joined(texts: Sequence[str], facts: ModelFacts, counter: TextCounter) -> TextCount:
    """Several short texts at once: the estimate of one long text is nearer than the sum of many short ones."""
    count = _text("\n".join(texts), facts, counter)
    ends = len(texts) - 1
    return TextCount(max(count.expected - ends * 3 // 2, len(texts)), count.upper - ends // 2)


def _framing(request: RequestParts, facts: ModelFacts, tools: int, names: int) -> TextCount:
    messages = request.messages
    if messages < 0 or request.tools < 0:
        raise ConfigurationError("RequestParts.messages and .tools must be 0 or more")
    if not messages and not tools:
        return _NONE
    likely, most = facts.framing.expected, facts.framing.upper
    expected = likely.request + likely.message * messages + likely.name * names
    upper = most.request + most.message * messages + most.name * names
    if tools:
        expected += likely.tools + likely.tool * tools + facts.tool_prompt[request.forced_tool]
        upper += most.tools + most.tool * tools + facts.tool_prompt[request.forced_tool]
    return TextCount(expected, upper)


_NONE = TextCount(0, 0)
