"""Tools that a provider runs by itself: what an answer says of them, as far as it is billed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from llm_token_budget.pricing.surcharges import CODE_SESSIONS, code_session
from llm_token_budget.providers.content import items_of
from llm_token_budget.providers.counts import counted, part, say_once
from llm_token_budget.providers.dialect import NO_PARTS, Body, mapping, text_or_none
from llm_token_budget.providers.usage_parts import Parts, image_parts, openai_parts, sum_of_parts
from llm_token_budget.usage import Iteration, ToolUse, Usage


def with_tools(body: Body, parts: Parts) -> Parts:
    """Calls of OpenAI's own tools, and the images that one of them drew, which another model bills."""
    tool_usage = mapping(body.get("tool_usage"))
    uses = _tool_uses(body, tool_usage)
    drawing = mapping(tool_usage.get("image_gen"))
    total, drawn = part(drawing, "input_tokens"), part(drawing, "output_tokens")
    if not uses and not total and not drawn:
        return parts
    result: dict[str, Any] = dict(parts)
    if uses:
        result["tools"] = tuple(ToolUse(tool, calls) for tool, calls in uses.items() if calls)
    if total or drawn:
        of_drawing = Usage(input_tokens=total, output_tokens=drawn, **image_parts(drawing, total, drawn))
        own = mapping(body.get("usage"))
        talk = Usage(
            input_tokens=counted(own, "input_tokens") or 0, output_tokens=counted(own, "output_tokens") or 0, **parts
        )
        result["iterations"] = (Iteration(None, talk), Iteration(_drawing_model(body), of_drawing))
        result["image_output_tokens"] = of_drawing.image_output_tokens
    return result or NO_PARTS


_BILLED_ITEMS: Final = frozenset({"web_search_call", "file_search_call", "code_interpreter_call", "shell_call"})


def ran_tools(output: Any) -> bool:
    if type(output) is list:
        for item in cast("list[Any]", output):
            if type(item) is dict and str(cast("dict[str, Any]", item).get("type")) in _BILLED_ITEMS:
                return True
        return False
    return bool(output)


def _tool_uses(body: Body, tool_usage: Body) -> dict[str, int]:
    uses: dict[str, int] = {}
    containers: set[str] = set()
    for item in items_of(body.get("output")):
        call = mapping(item)
        match call.get("type"):
            case "web_search_call" if str(mapping(call.get("action")).get("type")) not in _FREE_ACTIONS:
                search = _search_tool(body)
                uses[search] = uses.get(search, 0) + 1
            case "file_search_call":
                uses["file_search"] = uses.get("file_search", 0) + 1
            case "code_interpreter_call":
                containers.add(str(call.get("container_id")))
            case "shell_call" if container := mapping(call.get("environment")).get("container_id"):
                containers.add(str(container))
            case _:
                continue
    searches = mapping(tool_usage.get("web_search"))
    if (told := counted(searches, "num_requests")) is not None:
        # The provider's own count of those that it bills.
        uses = {tool: calls for tool, calls in uses.items() if not tool.startswith("web_search")}
        uses[_search_tool(body)] = told
    if containers:
        uses[_container(body)] = len(containers)
    return uses


def _container(body: Body) -> str:
    """What a session is billed as: the largest container that the request asked for, as the answer repeats it."""
    asked = {code_session(memory_limit(tool)) for tool in items_of(body.get("tools"))}
    return next((name for name in reversed(CODE_SESSIONS) if name in asked), CODE_SESSIONS[0])


def memory_limit(tool: object) -> object:
    """What a tool's container may take of memory, such as `4g`; None if it doesn't say."""
    place = mapping(tool).get("container", mapping(tool).get("environment"))
    return mapping(place).get("memory_limit")


_FREE_ACTIONS: Final = frozenset({"open_page", "find_in_page", "find"})
"""What a search tool does beside searching. Of a call that names no action, a search is assumed."""


def _search_tool(body: Body) -> str:
    kinds = [str(mapping(tool).get("type")) for tool in items_of(body.get("tools"))]
    searching = [kind for kind in kinds if kind.startswith("web_search")]
    preview = bool(searching) and all(kind.startswith("web_search_preview") for kind in searching)
    return "web_search_preview" if preview else "web_search"


def _drawing_model(body: Body) -> str:
    """Which model drew: the answer repeats the tools that the request brought. Unnamed: the dearest of them."""
    tools = (mapping(tool) for tool in items_of(body.get("tools")))
    named = (text_or_none(tool.get("model")) for tool in tools if tool.get("type") == "image_generation")
    return next(filter(None, named), "gpt-image-1")


def groq_parts(body: Body, x_groq: Body, parts: Parts) -> Parts:
    """Groq's systems of several models, and the tools that they ran."""
    breakdown = mapping(body.get("usage_breakdown")) or mapping(x_groq.get("usage_breakdown"))
    result: dict[str, Any] = dict(parts)
    iterations: list[Iteration] = []
    for each in items_of(breakdown.get("models")):
        usage = mapping(mapping(each).get("usage"))
        model = text_or_none(mapping(each).get("model"))
        total, written = counted(usage, "prompt_tokens"), counted(usage, "completion_tokens")
        if total is None and written is None:
            say_once("usage_breakdown")
            continue
        inside = openai_parts(usage, "prompt_tokens_details", "completion_tokens_details", total)
        iterations.append(Iteration(model, Usage(input_tokens=total or 0, output_tokens=written or 0, **inside)))
    if iterations:
        result.update(sum_of_parts(iterations), iterations=tuple(iterations))
    if tools := _groq_tools(body):
        result["tools"] = tools
    return result or NO_PARTS


def executed_tools(executed: Iterable[Any]) -> tuple[ToolUse, ...]:
    """How often Groq ran each of the tools that it bills by the call."""
    tools: dict[str, int] = {}
    for each in executed:
        name = _GROQ_TOOLS.get(str(mapping(each).get("type")))
        if name is not None:
            tools[name] = tools.get(name, 0) + 1
    return tuple(ToolUse(tool, calls) for tool, calls in tools.items())


def _groq_tools(body: Body) -> tuple[ToolUse, ...]:
    choices = [mapping(choice) for choice in items_of(body.get("choices"))]
    said = [mapping(choice.get("message")) or mapping(choice.get("delta")) for choice in choices]
    return executed_tools(each for message in said for each in items_of(message.get("executed_tools")))


_GROQ_TOOLS: Final = {
    "search": "web_search",
    "web_search": "web_search",
    "visit": "visit_website",
    "visit_website": "visit_website",
    # The browser of gpt-oss models. Nothing is published of it beside the price of these two, so it is reckoned as them.
    "browser_search": "web_search",
    "browser.search": "web_search",
    "browser.open": "visit_website",
}
"""What Groq calls the tools that it bills by the call, in an answer."""
