"""How many input tokens a request is: expected, and an upper bound to reserve with."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation.media import count_audio, count_document, count_image
from llm_token_budget.estimation.models import ModelFacts, model_facts
from llm_token_budget.estimation.parts import Audio, Document, Image, Opaque, Part, RequestParts, Text, Tool
from llm_token_budget.estimation.text import TextCount, TextCounter, count_text


class TokenEstimate(NamedTuple):
    """Input tokens of a request."""

    expected: int
    """For people to see."""
    upper: int
    """To reserve with: rarely exceeded; `upper_tokens` states how rarely for text."""
    method: str
    """How the text was counted: `heuristic`, `exact`."""
    parts: tuple[tuple[str, int], ...]
    """What `upper` is made of: (`text`, 120), (`framing`, 16), (`image`, 765) ..."""


def estimate_parts(request: RequestParts, counter: TextCounter = count_text) -> TokenEstimate:
    """Estimate the input tokens of a request from its parts. Nothing is sent, decoded or kept.

    Raises:
        ConfigurationError: a part of no known kind, or of bad content (a text that is no str, a negative count).

    """
    facts = model_facts(request.model, request.provider)
    parts = request.parts
    if len(parts) == 1 and type(parts[0]) is Text and not request.tools:
        # Nearly every request of a chat's first turn, and every embedding.
        count = _text(parts[0].text, facts, counter)
        framing = _framing(request, facts, 0)
        uppers = (("text", count.upper), ("framing", framing.upper))
        return TokenEstimate(count.expected + framing.expected, count.upper + framing.upper, counter.method, uppers)
    return _estimate_all(request, facts, counter)


def _estimate_all(request: RequestParts, facts: ModelFacts, counter: TextCounter) -> TokenEstimate:
    expected, tools = 0, 0
    uppers: dict[str, int] = {}
    for part in request.parts:
        name, count = _count(part, facts, counter)
        tools += name == "tools"
        expected += count.expected
        uppers[name] = uppers.get(name, 0) + count.upper
    framing = _framing(request, facts, max(tools, request.tools))
    uppers["framing"] = framing.upper
    return TokenEstimate(expected + framing.expected, sum(uppers.values()), counter.method, tuple(uppers.items()))


def _count(part: Part, facts: ModelFacts, counter: TextCounter) -> tuple[str, TextCount]:
    match part:
        case Text(text):
            return "text", _text(text, facts, counter)
        case Tool(text):
            return "tools", _text(text, facts, counter)
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
            return name, TextCount(tokens, tokens)
        case _:
            raise ConfigurationError(
                f"a request is made of Text, Tool, Image, Audio, Document, Opaque, not {type(part).__name__}"
            )


def _text(text: str, facts: ModelFacts, counter: TextCounter) -> TextCount:
    count = counter(text, facts.family)
    factor = facts.token_factor
    return count if factor == 1.0 else TextCount(ceil(count.expected * factor), ceil(count.upper * factor))


def _framing(request: RequestParts, facts: ModelFacts, tools: int) -> TextCount:
    messages = request.messages
    if messages < 0 or request.tools < 0:
        raise ConfigurationError("RequestParts.messages and .tools must be 0 or more")
    if not messages and not tools:
        return _NONE
    likely, most = facts.framing.expected, facts.framing.upper
    expected = likely.request + likely.message * messages
    upper = most.request + most.message * messages
    if tools:
        expected += likely.tools + likely.tool * tools + facts.tool_prompt[request.forced_tool]
        upper += most.tools + most.tool * tools + max(facts.tool_prompt)
    return TextCount(expected, upper)


_NONE = TextCount(0, 0)
