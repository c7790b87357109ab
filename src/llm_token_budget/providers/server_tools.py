"""What the provider's own tools may add to a bill: uses that are billed by the call, and what they bring into the input.

Proven: where the request bounds them (`max_uses` of Anthropic's tools, `max_tool_calls` of OpenAI's responses, Groq's own
bound of its systems), no more calls than that are billed, and the reservation holds all their fees. Not proven: where it
doesn't, `UNBOUNDED_USES` of each tool are held, and more of them are an overrun. (`admission="strict"` refuses such requests
under a limit.) What a search brings into the input is held only where it is published as a fixed block, or bounded by the
request (`max_content_tokens`); what was learned from earlier bills of such requests comes on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from llm_token_budget.estimation import Opaque, Part
from llm_token_budget.estimation.request import SERVER_TOOLS
from llm_token_budget.pricing.surcharges import code_session, search_block
from llm_token_budget.providers.content import items_of
from llm_token_budget.providers.dialect import Body, mapping, positive
from llm_token_budget.providers.tool_reading import memory_limit
from llm_token_budget.usage import ToolUse

UNBOUNDED_USES: Final = 5
"""So many uses of a tool are held for a request that doesn't bound them: what Anthropic's examples allow, and more than most
answers take."""

_GROQ_CALLS: Final = {"compound": 10, "compound-mini": 1}
"""Calls of tools in one request at most: https://console.groq.com/docs/compound/systems"""


class ServerTools(NamedTuple):
    """What the tools of a request that run at the provider may add."""

    parts: tuple[Part, ...] = ()
    uses: tuple[ToolUse, ...] = ()
    """The most that they are billed for, by the call."""
    bounded: bool = True
    """Whether the request, or the provider, sees to it that there are no more."""


NONE: Final = ServerTools()


def openai_tools(tools: Sequence[Any], body: Body, model: str) -> ServerTools:
    """Of a request for a response. A search and the like are bounded together, by `max_tool_calls`; a container is one."""
    kinds = {_kind(tool) for tool in tools} - {"function", "custom", ""}
    if not kinds:
        return NONE
    most = positive(body.get("max_tool_calls"))
    # Only one of them can be called so often: the dearest comes first.
    found = {_search(kind) for kind in kinds}
    searches = [name for name in _SEARCHES if name in found]
    uses = [ToolUse(name, most or UNBOUNDED_USES) for name in (searches[:1] if most is not None else searches)]
    uses += [ToolUse(code_session(memory_limit(tool)), 1) for tool in tools if _is_contained(tool)]
    block = search_block("openai", model) if "web_search" in searches else 0
    content = block * next((calls for name, calls in uses if name.startswith("web_search")), most or UNBOUNDED_USES)
    return _made(content, uses, bounded=most is not None or not searches)


def anthropic_tools(tools: Sequence[Any]) -> ServerTools:
    """Of a message. Each tool has a bound of its own."""
    uses: list[ToolUse] = []
    content, bounded, runs = 0, True, False
    for tool in tools:
        kind = _kind(tool)
        if not kind.startswith(_ANTHROPIC):
            continue
        runs = True
        most = positive(mapping(tool).get("max_uses"))
        if kind.startswith("web_search"):
            uses.append(ToolUse("web_search", most or UNBOUNDED_USES))
            bounded = bounded and most is not None
        if longest := positive(mapping(tool).get("max_content_tokens")):
            content += longest * (most or 1)
    return _made(content, uses, bounded=bounded) if runs else NONE


def groq_tools(body: Body) -> ServerTools:
    """Of a chat completion: what a compound system may call, and what gpt-oss may browse."""
    model = str(body.get("model")).rpartition("/")[2]
    if "compound" in model:
        named = items_of(mapping(mapping(body.get("compound_custom")).get("tools")).get("enabled_tools"))
        calls = _GROQ_CALLS["compound-mini" if "mini" in model else "compound"]
        billed = "web_search" if not named or "web_search" in named else "visit_website"
        return _made(0, [ToolUse(billed, calls)] if not named or billed in named else [])
    kinds = {_kind(tool) for tool in items_of(body.get("tools"))}
    if "browser_search" not in kinds:
        return NONE
    uses = [ToolUse("web_search", UNBOUNDED_USES), ToolUse("visit_website", UNBOUNDED_USES)]
    return _made(0, uses, bounded=False)


def _made(content: int, uses: Sequence[ToolUse], *, bounded: bool = True) -> ServerTools:
    # The part is there even if it holds nothing: what bills teach of such requests is true of no others.
    return ServerTools((Opaque(0, SERVER_TOOLS, most=content),), tuple(uses), bounded)


_SEARCHES: Final = ("web_search_preview", "web_search", "file_search")
"""What OpenAI bills by the call, as its fees are named, the dearest first."""

_ANTHROPIC: Final = ("web_search", "web_fetch", "code_execution", "tool_search", "advisor")


def _search(kind: str) -> str:
    return next((name for name in _SEARCHES if kind.startswith(name)), "")


def _kind(tool: object) -> str:
    return str(mapping(tool).get("type") or "")


def _is_contained(tool: object) -> bool:
    if _kind(tool) == "shell":  # Which may run at the caller's, too.
        return str(mapping(mapping(tool).get("environment")).get("type")).startswith("container")
    return _kind(tool) == "code_interpreter"
