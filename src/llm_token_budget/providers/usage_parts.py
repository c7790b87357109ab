"""The parts of a usage, as OpenAI and whoever speaks its language tell them apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from llm_token_budget.providers.counts import part
from llm_token_budget.providers.dialect import NO_PARTS, Body, is_object
from llm_token_budget.usage import Iteration

Parts = Mapping[str, Any]
"""Fields of a `Usage` beside its totals."""


def openai_parts(usage: Body, inside: str, written: str, total: int | None) -> Parts:
    """What OpenAI tells apart. Most counts are reported as zero: those need no reading."""
    before, after = usage.get(inside), usage.get(written)
    if before is None:
        before = usage.get(_SINGULAR.get(inside, inside))
    if after is None:
        after = usage.get(_SINGULAR.get(written, written))
    parts: dict[str, int] = {}
    if is_object(before) and any(before.values()):
        _take_input(before, total, parts)
    if is_object(after) and any(after.values()):
        for theirs, ours in _OUTPUT_PARTS:
            if number := part(after, theirs):
                parts[ours] = number
    return parts or NO_PARTS


_SINGULAR: Final = {"input_tokens_details": "input_token_details", "output_tokens_details": "output_token_details"}
"""As the realtime API spells it."""


_OUTPUT_PARTS: Final = (
    ("reasoning_tokens", "reasoning_tokens"),
    ("audio_tokens", "audio_output_tokens"),
    ("image_tokens", "image_output_tokens"),
)


def _take_input(details: Body, total: int | None, parts: dict[str, int]) -> None:
    cached, write = part(details, "cached_tokens"), part(details, "cache_write_tokens")
    audio, image = part(details, "audio_tokens"), part(details, "image_tokens")
    if cached:
        parts["cache_read_tokens"] = cached
    lifetimes = details.get("cache_write_tokens_details")
    if is_object(lifetimes):
        half_day = part(lifetimes, "ttl_12h_tokens")
        write = max(write - half_day, part(lifetimes, "ttl_30m_tokens"))
        if half_day:
            parts["cache_write_12h_tokens"] = half_day
    if write:
        parts["cache_write_tokens"] = write
    if audio or image:
        _take_media(details, total, parts, {"audio": audio, "image": image})


def _take_media(details: Body, total: int | None, parts: dict[str, int], media: Mapping[str, int]) -> None:
    """Audio and images count what was cached of them too; a usage's own counts don't."""
    cached = parts.get("cache_read_tokens", 0)
    told = details.get("cached_tokens_details")
    room = max((total or 0) - cached - parts.get("cache_write_tokens", 0) - parts.get("cache_write_12h_tokens", 0), 0)
    for kind, count in media.items():
        if is_object(told):
            inside = min(part(told, f"{kind}_tokens") or part(told, f"cached_{kind}_tokens"), count, cached)
        else:
            # Where nobody says: what doesn't fit beside the cached part must be inside it.
            inside = min(max(count - room, 0), cached)
        room = max(room - (count - inside), 0)
        cached -= inside
        if inside:
            parts[f"cache_read_{kind}_tokens"] = inside
        if count > inside:
            parts[f"{kind}_input_tokens"] = count - inside


def image_parts(usage: Body, total: int | None, drawn: int | None) -> Parts:
    parts: dict[str, int] = {}
    details = details_of(usage, "input_tokens_details", "input_token_details")
    if any(details.values()):
        merged = {**details, "cached_tokens": part(details, "cached_tokens") or part(usage, "cached_tokens")}
        if is_object(usage.get("cached_tokens_details")):
            merged["cached_tokens_details"] = usage["cached_tokens_details"]
        _take_input(merged, total, parts)
        if not part(details, "image_tokens") and not part(details, "text_tokens"):
            parts["image_input_tokens"] = max((total or 0) - parts.get("cache_read_tokens", 0), 0)
    elif total:
        parts["image_input_tokens"] = total
    after = details_of(usage, "output_tokens_details", "output_token_details")
    shown = part(after, "image_tokens")
    if drawn and not shown and not part(after, "text_tokens"):
        shown = drawn
    if shown:
        parts["image_output_tokens"] = shown
    return present(parts)


def details_of(usage: Body, *names: str) -> Body:
    return next((found for name in names if is_object(found := usage.get(name))), NO_PARTS)


def present(parts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in parts.items() if count}


def totals(iterations: Iterable[Iteration]) -> tuple[int, int]:
    both = [(each.usage.input_tokens, each.usage.output_tokens) for each in iterations]
    return sum(read for read, _ in both), sum(written for _, written in both)


def sum_of_parts(iterations: Iterable[Iteration]) -> dict[str, int]:
    names = (
        "cache_read_tokens",
        "cache_write_tokens",
        "cache_write_1h_tokens",
        "reasoning_tokens",
        "image_output_tokens",
    )
    return present({name: sum(getattr(each.usage, name) for each in iterations) for name in names})
