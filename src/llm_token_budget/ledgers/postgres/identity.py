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
def reservation_digest(reservation_id: str) -> str:
    """The identity of a reservation: asked for when it is made and when it ends."""
    return digest("reservation", reservation_id)


@lru_cache(maxsize=1_024)
def identify(counter: Counter) -> Identity:
    text = json.dumps(counter)
    detail: dict[str, object] = {"identity": text, "family": family(counter)}
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


class Survey(NamedTuple):
    """What the server is told of the counters of one operation, in the order in which their rows are locked, each once."""

    ids: bytes
    """Their identities, as an array."""
    details: bytes
    """What their rows are made from, as JSON."""
    texts: str
    """The counters as they were named, as JSON."""
    places: tuple[int, ...]
    """Where each of those that were named is in `ids`, counted from 1."""
    slides: bool
    """Whether one of their windows slides."""
    starts: int
    ends: int | None
    """The instants that all their windows hold."""
    window: str
    """Those, and 1 if one slides."""


@lru_cache(maxsize=1_024)
def survey(counters: tuple[Counter, ...]) -> Survey:
    identities = [identify(counter) for counter in counters]
    known = sorted(set(identities))
    ids = [each.id for each in known]
    slides = any(counter.sliding for counter in counters)
    starts = max((counter.start for counter in counters), default=0)
    ends = min((counter.end for counter in counters if counter.end is not None), default=None)
    return Survey(
        f"{{{','.join(ids)}}}".encode(),
        details(known).encode(),
        f"[{','.join(each.text for each in identities)}]",
        tuple(ids.index(each.id) + 1 for each in identities),
        slides,
        max(starts, 0),
        ends,
        f"{max(starts, 0)},{'NULL' if ends is None else ends},{int(slides)}",
    )


def details(known: Iterable[Identity]) -> str:
    """What rows are made from, as JSON."""
    return f"[{','.join(each.detail for each in known)}]"


def read_handle(text: str) -> tuple[str, tuple[Counter, ...]]:
    """A handle without its numbers, from JSON: the id and the counters."""
    reservation_id, counters = json.loads(text)
    return reservation_id, tuple(_counter(*each) for each in counters)


def read_counter(text: str) -> Counter:
    """The counter of a row."""
    return _counter(*json.loads(text))


def name_of(written: bytes) -> str:
    """The last part of a key."""
    return written.decode("utf-8", "surrogatepass")


@lru_cache(maxsize=1_024)
def limit_id(name: str, key: tuple[str, ...] | None) -> str:
    """Where an override is kept."""
    return digest("limit", name, key)


def _counter(scope: list[str], key: list[str], *rest: Any) -> Counter:
    return Counter(tuple(scope), tuple(key), *rest)
