"""Beginnings of requests that a provider has cached, as its bills in this process say.

Only hashes and numbers are kept, no text.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from llm_token_budget.estimation.parts import Image, Part, RequestParts, Tool

KEPT: Final = 4096
"""So many requests' beginnings are remembered; the longest unused are forgotten."""

LIFETIMES: Final = {"none": 300.0, "5m": 300.0, "1h": 3600.0, "12h": 43_200.0}
"""Seconds that a provider keeps what it cached, after its last use. Without a mark the provider caches by itself, for
five minutes or more (https://developers.openai.com/api/docs/guides/prompt-caching)."""

SAFETY: Final = 10.0
"""Seconds that are taken off a lifetime: a request takes time to arrive."""


class Seen(NamedTuple):
    """What is known of a request that another begins with."""

    input_tokens: int
    """What it was billed for."""
    cached_tokens: int
    """The part of that which was read from, or written to, the cache."""
    expected: int
    upper: int
    """What had been estimated."""
    until: float


class SeenPrefixes:
    """Which beginnings were cached, and until when."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, Seen] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def remember(self, request: RequestParts, seen: Seen) -> None:
        """A bill came: the request is a beginning for later ones."""
        chain = fingerprints(request)
        if not chain:
            return
        self._seen.pop(chain[-1], None)
        self._seen[chain[-1]] = seen
        if len(self._seen) > KEPT:
            self._seen.popitem(last=False)

    def find(self, request: RequestParts, now: float) -> Seen | None:
        """The longest request that this one begins with, if the provider still keeps it."""
        if not self._seen:
            return None
        for fingerprint in reversed(fingerprints(request)):
            seen = self._seen.get(fingerprint)
            if seen is not None:
                return seen if now < seen.until else None
        return None


def fingerprints(request: RequestParts) -> list[int]:
    """A hash for each beginning of a request, the shortest first. Tools come before all messages, whatever the order."""
    tools = tuple(hash(part.text) for part in request.parts if type(part) is Tool)
    so_far = hash((request.provider, request.model, tools))
    chain: list[int] = []
    for part in request.parts:
        if type(part) is not Tool:
            so_far = hash((so_far, _content(part)))
            chain.append(so_far)
    return chain


def _content(part: Part) -> object:
    return (part.width, part.height, part.detail, part.data) if type(part) is Image else part
