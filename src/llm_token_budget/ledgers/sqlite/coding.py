"""Counters, keys, charges and reservations as text in the file."""

from __future__ import annotations

import json
from typing import Any, Final

from llm_token_budget.ledgers.base import (
    Amounts,
    Charge,
    Counter,
    Granted,
    Handle,
    Shortage,
)

_dumps: Final = json.JSONEncoder(separators=(",", ":")).encode
# JSON escapes what isn't ASCII: NUL, newlines and lone surrogates come back as they were.


def counter_name(counter: Counter) -> str:
    return _dumps(counter)


def counter_named(name: str) -> Counter:
    return _counter(json.loads(name))


def as_blob(text: str) -> bytes:
    """A key or id so that it sorts by code points, as strings do in Python."""
    return text.encode("utf-8", "surrogatepass")


def from_blob(blob: bytes) -> str:
    return blob.decode("utf-8", "surrogatepass")


def key_text(key: tuple[str, ...] | None) -> str:
    return _dumps(key)


def key_in(text: str) -> tuple[str, ...] | None:
    key = json.loads(text)
    return None if key is None else tuple(key)


def amounts_text(amounts: Amounts) -> str:
    return f"[{amounts[0]},{amounts[1]},{amounts[2]}]"


def amounts_in(text: str) -> Amounts:
    return Amounts(*json.loads(text))


def charge_text(charge: Charge) -> str:
    return "[%d,%d,%d,%d,%d,%d,%d]" % charge  # noqa: UP031 - the whole tuple in one go


def charge_in(text: str) -> Charge:
    tokens_in, tokens_out, money, requests, *flags = json.loads(text)
    return Charge(tokens_in, tokens_out, money, requests, *map(bool, flags))


_BOUNDED: Final = 1
_GIVES_BACK: Final = 2


def held_text(names: list[str], granted: Granted, *, gives_back: bool = False) -> str:
    """All of a grant but what has columns of its own. `names`: its counters, as text."""
    handle, output_tokens, _, bounded, shadow = granted
    tokens, money, requests = handle.reserved
    shadows = _dumps(shadow) if shadow else "[]"
    marks = _BOUNDED * bounded + _GIVES_BACK * gives_back
    return (
        f"[[{','.join(names)}],[{tokens},{money},{requests}],{handle.input_tokens},{output_tokens},{marks},{shadows}]"
    )


def handle_text(handle: Handle) -> str:
    """The same of a handle that comes without a grant: of a reservation that the file doesn't know."""
    return held_text([counter_name(counter) for counter in handle.counters], Granted(handle, 0, 0.0))


def held_in(text: str, reservation_id: str, created: float, expires: float) -> tuple[Granted, bool]:
    """A grant, and whether it is given back when its lease ends."""
    counters, reserved, input_tokens, output_tokens, marks, shadow = json.loads(text)
    handle = Handle(reservation_id, tuple(map(_counter, counters)), Amounts(*reserved), input_tokens, created)
    shortages = tuple(Shortage(*shortage) for shortage in shadow)
    return Granted(handle, output_tokens, expires, bool(marks & _BOUNDED), shortages), bool(marks & _GIVES_BACK)


def handle_in(text: str, reservation_id: str, created: float) -> Handle:
    return held_in(text, reservation_id, created, 0.0)[0].handle


def _counter(parts: list[Any]) -> Counter:
    scope, key, window, start, end, sliding = parts
    return Counter(tuple(scope), tuple(key), window, start, end, sliding)
