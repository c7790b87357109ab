"""The keys of the server, and how counters are written in them and beside them.

A counter is JSON in ASCII, without spaces: safe between spaces, in a key, and for every string that Python can hold.
"""

from __future__ import annotations

import json
import math
import re
import struct
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from llm_token_budget.ledgers.base import Counter

LONGEST_KEY: Final = 200
"""Bytes of a counter's text that still make a key that people can read; of a longer one it is a hash."""

CACHED: Final = 4_096
"""So many combinations of counters, or of limits, are remembered as they are sent."""

_PERISHABLE: Final = frozenset({"session", "run"})
_LONGEST_IDLE: Final = 1e10
_THREE: Final = struct.Struct("<3d")


class Shape(NamedTuple):
    """Some counters as scripts take them."""

    keys: tuple[bytes, ...]
    """Their rows, then the indexes of those that have a key."""
    stored: bytes
    """As they are kept with a reservation."""
    numbers: bytes
    details: bytes
    """As scripts work with them: what all of them need to know, and what only some do."""
    names: tuple[bytes, ...]
    """In their indexes."""
    rows: tuple[bytes, ...]
    """The first of the keys."""


class Shapes:
    """Makes shapes, and remembers those of late: the same few counters come with every call.

    Args:
        prefix: of all keys.
        idle_seconds: for how long the counter of a session or a run is kept after its last use.
    """

    def __init__(self, prefix: str, idle_seconds: float) -> None:
        self.prefix = prefix.encode()
        self._idle = min(idle_seconds, _LONGEST_IDLE)
        self.of = lru_cache(CACHED)(self.make)

    def make(self, counters: tuple[Counter, ...]) -> Shape:
        texts = [counter_text(counter) for counter in counters]
        keyed = [counter for counter in counters if counter.key]
        rows = tuple(self._key(b"c", text) for text in texts)
        return Shape(
            rows + tuple(self.index(counter) for counter in keyed),
            f"[{','.join(texts)}]".encode(),
            b"".join(map(self._numbers, counters)) + numbers_of_all(counters),
            f"[{','.join(map(_details, counters, texts))}]".encode(),
            tuple(_name_in_index(counter.key) for counter in keyed),
            rows,
        )

    def index(self, counter: Counter) -> bytes:
        """The key of the index that a counter is in: the same for all keys of its scope and window."""
        return self._key(b"u", counter_text(counter._replace(key=())))

    @property
    def pattern(self) -> str:
        """What the keys of all rows match, as SCAN takes it."""
        return re.sub(r"([][\\*?^-])", r"\\\1", self.prefix.decode()) + ":c:*"

    def text_in(self, key: bytes) -> bytes | None:
        """The text of the counter whose row has that key; None if the key is only a hash of it."""
        text = key.removeprefix(self.prefix + b":c:")
        return None if text.startswith(b"#") else text

    def _numbers(self, counter: Counter) -> bytes:
        flags = bool(counter.key) + 2 * _perishes(counter) + 4 * (counter.sliding > 0)
        kept = counter.sliding * 2 if counter.sliding else self._idle
        return pack_numbers(flags, counter.start, counter.end or 0, kept)

    def _key(self, kind: bytes, text: str) -> bytes:
        return b"%b:%b:%b" % (self.prefix, kind, text.encode() if len(text) <= LONGEST_KEY else _hashed(text))


def numbers_of_all(counters: tuple[Counter, ...]) -> bytes:
    """Whether one of them perishes, the latest start of their windows, and the earliest end: what plain scripts look at first."""
    starts = max((counter.start for counter in counters), default=0.0)
    stops = min((counter.end for counter in counters if counter.end), default=math.inf)
    return _THREE.pack(any(map(_perishes, counters)), starts, stops)


def _perishes(counter: Counter) -> bool:
    return counter.end is not None or counter.sliding > 0 or not _PERISHABLE.isdisjoint(counter.scope)


def _hashed(text: str) -> bytes:
    return b"#" + blake2b(text.encode(), digest_size=16).hexdigest().encode()


def counter_text(counter: Counter) -> str:
    scope, key, window, start, end, sliding = counter
    parts = [scope, key, window, start, end, sliding]
    if not sliding:
        parts = parts[:3] if end is None and not start else parts[:5]
    return _dense(parts)


def read_counters(text: bytes) -> tuple[Counter, ...]:
    return tuple(_read_counter(parts) for parts in json.loads(text))


def read_counter(text: bytes) -> Counter:
    return _read_counter(json.loads(text))


def _read_counter(parts: list[object]) -> Counter:
    scope, key, *rest = parts
    return Counter(tuple(scope), tuple(key), *rest)  # type: ignore[arg-type]


def _dense(value: object) -> str:
    return json.dumps(value, separators=(",", ":")).replace(" ", "\\u0020")


pack_numbers: Final = struct.Struct("<4d").pack
"""Four numbers of a counter, or of a limit, as scripts read them."""


def _details(counter: Counter, text: str) -> str:
    named = dict(zip(counter.scope, counter.key, strict=False))
    user, session = named.get("user"), named.get("session")
    resets: list[tuple[str | None, str | None]] = [(user, None), (None, session), (user, session)]
    return json.dumps(
        [
            text,
            [reset_field(*whom) for whom in dict.fromkeys(resets) if whom != (None, None)],
            text if len(text) > LONGEST_KEY else "",
        ]
    )


def reset_field(user: str | None, session: str | None) -> str:
    return "" if user is None and session is None else f"reset {_dense([user, session])}"


def override_field(name: str, key: tuple[str, ...] | None) -> str:
    return f"override {_dense([name, key])}"


def read_override(field: bytes) -> tuple[str, tuple[str, ...] | None]:
    """The name and the key of an override."""
    name, key = json.loads(field.removeprefix(b"override "))
    return name, None if key is None else tuple(key)


def _name_in_index(key: tuple[str, ...]) -> bytes:
    # The name comes first: at the same cost and tokens, the server sorts by it.
    rest = _dense(key[:-1]) if key[:-1] else ""
    return b"%b\0%b%08x" % (key[-1].encode("utf-8", "surrogatepass"), rest.encode(), len(rest))


def read_rank(rank: bytes) -> tuple[str, ...]:
    """The key of a counter, from where it stands in its index."""
    cut = len(rank) - 8 - int(rank[-8:], 16)
    rest = rank[cut:-8]
    return (*(json.loads(rest) if rest else ()), rank[16 : cut - 1].decode("utf-8", "surrogatepass"))
