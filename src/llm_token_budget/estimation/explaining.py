"""An estimate in words: what it is made of, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from llm_token_budget.estimation.request import PartEstimate, TokenEstimate

METHODS: Final = {
    "heuristic": "estimated from what the text is made of",
    "exact": "counted with a tokenizer of that model",
    "bytes": "bounded by the bytes of the text",
    "provider": "counted by the provider",
}
"""How text was counted, in words."""

MEANINGS: Final = {
    "text": "text of messages",
    "system": "system prompt",
    "name": "names of participants",
    "tools": "tool definitions",
    "tool calls": "earlier tool calls",
    "tool results": "results of tools",
    "schema": "schema of the answer",
    "reasoning": "earlier reasoning",
    "images": "images",
    "audio": "sound",
    "documents": "documents",
    "files": "files of unknown kind",
    "stored": "what only the server has (the most that fits in the context)",
    "framing": "roles, markers and hidden prompts",
    "tokens": "tokens, sent as such",
    "context": "earlier turns, sent as tokens",
}
"""Kinds of part, in words."""


def rows(parts: Sequence[PartEstimate]) -> list[dict[str, Any]]:
    """The parts as data: `kind`, `number` of parts, `expected` and `upper` tokens."""
    return [{"kind": p.kind, "number": p.number, "expected": p.expected, "upper": p.upper} for p in parts]


def lines(parts: Sequence[PartEstimate]) -> list[str]:
    """The parts in words, one line each."""
    width = max((len(_title(part)) for part in parts), default=0)
    return [
        f"  {_title(part):<{width}}  {part.expected:>9,} expected  {part.upper:>9,} at most"
        for part in parts
        if part.upper
    ]


def explain(estimate: TokenEstimate, about: str = "") -> str:
    """An estimate in words, a line for each kind of part."""
    how = METHODS.get(estimate.method, estimate.method)
    head = f"{estimate.expected:,} input tokens expected, {estimate.upper:,} at most{about}; {how}:"
    total = sum(part.upper for part in estimate.parts)
    text = [head, *lines(estimate.parts)]
    if total != estimate.upper or estimate.uncalibrated is not None:
        text.append(f"  corrected from {total:,} at most, by what earlier calls of this kind were billed")
    return "\n".join(text)


def _title(part: PartEstimate) -> str:
    name = MEANINGS.get(part.kind, part.kind)
    return f"{part.number} {name}" if part.number > 1 and part.kind in _COUNTED else name


_COUNTED: Final = frozenset({"images", "audio", "documents", "tools", "files"})
