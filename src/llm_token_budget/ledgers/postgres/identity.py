"""What rows are found by: digests of who they belong to. Keys of any length and with any character fit, none is mixed up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

from llm_token_budget.ledgers.base import Counter

PASSING: Final = frozenset({"session", "run"})
"""Scopes whose counters are dropped when nobody has touched them for long."""


class Identity(NamedTuple):
    """A counter, as the server knows it."""

    id: str
    detail: str
    """What its row is made from, as JSON."""
    text: str
    """The counter itself, as JSON: pure ASCII, NUL and lone surrogates escaped."""


def digest(kind: str, *parts: object) -> str:
    """The identity of something: 128 bits, as 32 hexadecimal digits."""
    return sha256(json.dumps([kind, *parts]).encode()).hexdigest()[:32]


@lru_cache(maxsize=1_024)
def identify(counter: Counter) -> Identity:
    text = json.dumps(counter)
    detail: dict[str, object] = {"family": family(counter)}
    if counter.key:
        detail["name"] = counter.key[-1].encode("utf-8", "surrogatepass").hex()
    named = dict(zip(counter.scope, counter.key, strict=False))
    for member in ("user", "session"):
        if member in named:
            detail[member] = digest(member, named[member])
    if counter.end is not None:
        detail["ends"] = counter.end
    if counter.sliding:
        detail["sliding"] = counter.sliding
    if not PASSING.isdisjoint(counter.scope):
        detail["passing"] = True
    return Identity(digest("counter", text), json.dumps(detail), text)


def family(counter: Counter) -> str:
    """What counters have in common that are ranked among each other: all but the key."""
    return digest("family", *counter._replace(key=()))


def handle_text(reservation_id: str, counters: Iterable[Counter]) -> str:
    """A handle without its numbers, as JSON."""
    return f"[{json.dumps(reservation_id)},[{','.join(identify(counter).text for counter in counters)}]]"


def read_handle(text: str) -> tuple[str, tuple[Counter, ...]]:
    """What `handle_text` wrote: the id and the counters."""
    reservation_id, counters = json.loads(text)
    return reservation_id, tuple(_counter(*each) for each in counters)


def name_of(written: bytes) -> str:
    """The last part of a key."""
    return written.decode("utf-8", "surrogatepass")


@lru_cache(maxsize=1_024)
def limit_id(name: str, key: tuple[str, ...] | None) -> str:
    """Where an override is kept."""
    return digest("limit", name, key)


def _counter(scope: list[str], key: list[str], *rest: Any) -> Counter:
    return Counter(tuple(scope), tuple(key), *rest)
