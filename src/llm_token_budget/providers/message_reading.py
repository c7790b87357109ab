"""Usage that leaves out what was cached: Anthropic's messages, and Bedrock's own shape."""

from __future__ import annotations

from typing import Any, Final

from llm_token_budget.providers.content import items_of
from llm_token_budget.providers.counts import counted, part, say_once
from llm_token_budget.providers.dialect import NO_PARTS, Body, Reading, is_object, mapping, text_or_none
from llm_token_budget.providers.usage_parts import Parts, present, sum_of_parts, totals
from llm_token_budget.usage import Iteration, Terms, ToolUse, Usage

_ANYWHERE: Final = frozenset({"", "global", "not_available"})


def read_message(usage: Body, model: object) -> Reading:
    """Anthropic's messages: the only usage whose input leaves out what was cached."""
    name = text_or_none(model)
    total, written, parts = _message(usage)
    speed, tier, place = usage.get("speed"), usage.get("service_tier"), usage.get("inference_geo")
    if usage.get("iterations"):
        total, written, parts = _message_iterations(usage["iterations"], (total, written, parts), name)
    searches = usage.get("server_tool_use")
    if searches is not None and (calls := part(mapping(searches), "web_search_requests")):
        parts = {**parts, "tools": (ToolUse("web_search", calls),)}
    if not isinstance(place, str) or place in _ANYWHERE:
        place = None
    fast = speed == "fast"
    if fast or place or tier in ("batch", "priority"):
        terms = Terms(
            service_tier=text_or_none(tier),
            speed="fast" if fast else None,
            geography=place,
            batch=tier == "batch",
        )
        parts = {**parts, "terms": terms}
    return Reading(total, written, parts, name, "fast" if fast else None)


def read_converse(body: Body) -> Reading:
    """Bedrock's own shape, which leaves out what was cached too."""
    usage = mapping(body.get("usage"))
    fresh, written = counted(usage, "inputTokens"), counted(usage, "outputTokens")
    read, write = part(usage, "cacheReadInputTokens"), part(usage, "cacheWriteInputTokens")
    hour = 0
    for each in items_of(usage.get("cacheDetails")):
        if mapping(each).get("ttl") == "1h":
            hour += part(mapping(each), "inputTokens")
    hour = min(hour, write)
    parts = {"cache_read_tokens": read, "cache_write_tokens": write - hour, "cache_write_1h_tokens": hour}
    total = None if fresh is None else fresh + read + write
    return Reading(total, written, present(parts), text_or_none(body.get("model")))


_Counts = tuple[int | None, int | None, Parts]
"""Input, output and the parts of both."""


def _message(usage: Body) -> _Counts:
    written, read = usage.get("cache_creation_input_tokens"), usage.get("cache_read_input_tokens")
    fresh, lifetimes = counted(usage, "input_tokens"), usage.get("cache_creation")
    parts: dict[str, int] = {}
    if written or read or (lifetimes and any(mapping(lifetimes).values())):
        written, read = part(usage, "cache_creation_input_tokens"), part(usage, "cache_read_input_tokens")
        hour = part(mapping(lifetimes), "ephemeral_1h_input_tokens")
        written = max(written, hour + part(mapping(lifetimes), "ephemeral_5m_input_tokens"))
        parts = {"cache_read_tokens": read, "cache_write_tokens": written - hour, "cache_write_1h_tokens": hour}
        fresh = None if fresh is None else fresh + written + read
    details = usage.get("output_tokens_details")
    if details is not None and (thought := part(mapping(details), "thinking_tokens")):
        parts["reasoning_tokens"] = thought
    return fresh, counted(usage, "output_tokens"), parts or NO_PARTS


def _message_iterations(listed: Any, whole: _Counts, model: str | None) -> _Counts:
    """Each request by itself; the fields at the top leave some of them out, and are ignored."""
    entries = [(text_or_none(each.get("model")), _message(each)) for each in items_of(listed) if is_object(each)]
    iterations = [Iteration(name, _usage_of(each)) for name, each in entries if each[0] or each[1]]
    if not entries or any(None in each[:2] for _, each in entries):
        say_once("iterations")
        if None in whole[:2]:
            return whole
        # What can't be read is taken from the top: twice rather than not at all.
        iterations.append(Iteration(model, _usage_of(whole)))
    if not iterations:
        return whole
    parts: dict[str, Any] = sum_of_parts(iterations)
    if len(iterations) > 1 or iterations[0].model not in (None, model):
        parts["iterations"] = tuple(iterations)
    if "reasoning_tokens" in whole[2]:
        parts["reasoning_tokens"] = whole[2]["reasoning_tokens"]
    return *totals(iterations), parts


def _usage_of(counts: _Counts) -> Usage:
    return Usage(input_tokens=counts[0] or 0, output_tokens=counts[1] or 0, **counts[2])
