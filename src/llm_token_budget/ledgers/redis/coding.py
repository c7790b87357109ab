"""How counters, claims and answers are written: the keys of the server and what crosses to its scripts and back.

Counters are JSON in ASCII, without spaces: safe between spaces, in a key, and for every string that Python can hold.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from llm_token_budget.errors import ConfigurationError, ReservationConflict
from llm_token_budget.ledgers.base import (
    Amounts,
    Balance,
    Booked,
    Charge,
    Claim,
    Counter,
    Granted,
    Handle,
    Line,
    Refused,
    Shortage,
    Stale,
    Unconfirmed,
)

WHOLE: Final = 2**53
"""Numbers in Lua are doubles: up to here they are exact."""

LARGE: Final = 2**52
"""One amount stays below, so that a sum which does may take it."""

LONGEST_KEY: Final = 200
"""Bytes of a counter's text that still make a key that people can read; of a longer one it is a hash."""

_CACHED: Final = 4_096
_PERISHABLE: Final = frozenset({"session", "run"})
_LONGEST_LEASE: Final = 1e10


class Shape(NamedTuple):
    """Some counters as scripts take them."""

    keys: tuple[bytes, ...]
    """Their rows, then the indexes of those that have a key."""
    stored: bytes
    """As they are kept with a reservation."""
    kinds: bytes
    details: bytes
    """As scripts work with them: what all of them need to know, and what only some do."""
    names: tuple[bytes, ...]
    """In their indexes."""


class Shapes:
    """Makes shapes, and remembers those of late: the same few counters come with every call.

    Args:
        prefix: of all keys.
        idle_seconds: for how long the counter of a session or a run is kept after its last use.
    """

    def __init__(self, prefix: str, idle_seconds: float) -> None:
        self.prefix = prefix.encode()
        self._idle = json.dumps(min(idle_seconds, _LONGEST_LEASE))
        self.of = lru_cache(_CACHED)(self.make)

    def make(self, counters: tuple[Counter, ...]) -> Shape:
        texts = [counter_text(counter) for counter in counters]
        keyed = [counter for counter in counters if counter.key]
        return Shape(
            tuple(self._key(b"c", text) for text in texts) + tuple(self.index(counter) for counter in keyed),
            f"[{','.join(texts)}]".encode(),
            "".join(map(_kind, counters, texts)).encode(),
            f"[{','.join([self._idle, *map(_details, counters, texts)])}]".encode(),
            tuple(_name_in_index(counter.key) for counter in keyed),
        )

    def index(self, counter: Counter) -> bytes:
        """The key of the index that a counter is in: the same for all keys of its scope and window."""
        return self._key(b"u", counter_text(counter._replace(key=())))

    def _key(self, kind: bytes, text: str) -> bytes:
        return b"%b:%b:%b" % (self.prefix, kind, text.encode() if len(text) <= LONGEST_KEY else _hashed(text))


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


def _perishes(counter: Counter) -> bool:
    return counter.end is not None or counter.sliding > 0 or not _PERISHABLE.isdisjoint(counter.scope)


def _kind(counter: Counter, text: str) -> str:
    return str(bool(counter.key) + 2 * (_perishes(counter) or counter.start > 0 or len(text) > LONGEST_KEY))


def _details(counter: Counter, text: str) -> str:
    named = dict(zip(counter.scope, counter.key, strict=False))
    user, session = named.get("user"), named.get("session")
    resets: list[tuple[str | None, str | None]] = [(user, None), (None, session), (user, session)]
    return json.dumps(
        [
            counter.start,
            counter.end or 0,
            counter.sliding,
            text if _perishes(counter) else "",
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


@lru_cache(_CACHED)
def pack_lines(lines: tuple[Line, ...]) -> tuple[bytes, bytes]:
    """Lines as numbers, and where their overrides are, read only once there are any."""
    return b"".join(map(_pack_line, lines)), json.dumps(override_fields(lines)).encode()


def _pack_line(line: Line) -> bytes:
    amount = line.amount
    if amount is not None:
        check_limit(amount)
    return _LINE.pack(line.unit + 1, math.nan if amount is None else amount, line.counter + 1, line.enforce)


def override_fields(lines: Iterable[Line]) -> list[str]:
    """Where the overrides of lines are: for each its own and that for all."""
    return [override_field(line.name, key) for line in lines for key in (line.key, None)]


def check_limit(amount: int) -> None:
    """Raise if a limit is above what the server can compare exactly."""
    if amount > WHOLE:
        raise ConfigurationError(
            f"a limit of {amount:,} is above 2^53 (9,007,199,254,740,992), up to which a Redis ledger compares exactly: "
            "take None for unlimited, or a lower one"
        )


def check_amount(amount: int) -> None:
    """Raise if an amount can't cross to the server and be added there exactly."""
    if amount >= LARGE:
        raise ConfigurationError(
            f"an amount of {amount:,} in one call is not below 2^52 (4,503,599,627,370,496), where a Redis ledger adds exactly"
        )


_CLAIM: Final = struct.Struct("<12d")
_LINE: Final = struct.Struct("<4d")
_SETTLE: Final = struct.Struct("<13d")
_RECORD: Final = struct.Struct("<8d")
_OPENED: Final = struct.Struct("<8d")
_CHARGED: Final = struct.Struct("<15d")
_NO_CHARGE: Final = (math.nan,) * 7


def pack_claim(claim: Claim, lines: bytes, *, looks: bool) -> bytes:
    _, _, _, fixed, slope, want, least, share, share_floor, lease, _ = claim
    most = max(least, want)
    largest = max(*claim.amounts(most), most * (share or 1), share_floor, *slope)
    if largest >= LARGE:
        check_amount(largest)
    if lease > _LONGEST_LEASE:
        lease = _LONGEST_LEASE
    return _CLAIM.pack(looks, lease, *fixed, *slope, want, least, share, share_floor) + lines


def pack_settle(handle: Handle, charge: Charge | None, *, unguarded: bool) -> bytes:
    _, _, reserved, input_tokens, created = handle
    parts = _NO_CHARGE if charge is None else _checked(charge)
    return _SETTLE.pack(*reserved, input_tokens, created, unguarded, *parts)


def pack_record(charge: Charge, at: float | None) -> bytes:
    return _RECORD.pack(math.nan if at is None else at, *_checked(charge))


def _checked(charge: Charge) -> Charge:
    input_tokens, output_tokens, money, requests, *_ = charge
    if input_tokens + output_tokens >= LARGE or money >= LARGE or requests >= LARGE:
        check_amount(max(charge.amounts))
    return charge


def read_answer(claim: Claim, answer: bytes) -> Granted | Refused | Stale:
    """What a reserve was answered."""
    match answer[:1]:
        case b"o":
            expires, created, k, bounded, tokens, money, requests, fixed = _OPENED.unpack_from(answer, 1)
            shadow, _, stored = answer[65:].partition(b" ")
            counters = read_counters(stored) if stored else claim.counters
            handle = Handle(claim.id, counters, Amounts(int(tokens), int(money), int(requests)), int(fixed), created)
            return Granted(handle, int(k), expires, bounded == 1.0, _read_shortages(shadow) if shadow != b"-" else ())
        case b"r":
            return Refused(_read_shortages(answer[2:]), 0)
        case b"s":
            return read_stale(answer)
        case _:
            raise ReservationConflict(f"reservation {claim.id!r:.80} has ended: a new call needs a new id")


def read_stale(answer: bytes) -> Stale:
    return Stale(float(answer[2:]))


def _read_shortages(text: bytes) -> tuple[Shortage, ...]:
    return tuple(_read_shortage(part.split(b",")) for part in text.split(b";"))


def _read_shortage(parts: Sequence[bytes]) -> Shortage:
    line, amount, spent, reserved, unconfirmed, needed, held, resets_at = parts
    return Shortage(
        int(line),
        int(amount),
        int(spent),
        int(reserved),
        int(unconfirmed),
        int(needed),
        held == b"1",
        None if resets_at == b"-" else float(resets_at),
    )


_DONE: Final = Booked(None, first=True)
_CONFLICTS: Final = {
    b"other": "was settled before, with another amount",
    b"amount": "was settled before, with an amount",
    b"old": "is older than what is remembered: nothing was changed",
}


def read_booked(handle: Handle, answer: bytes) -> Booked:
    """What a settle was answered."""
    if answer == b"1":
        return _DONE
    kind, _, rest = answer.partition(b" ")
    if kind == b"x":
        raise ReservationConflict(f"reservation {handle.id!r:.80} {_CONFLICTS[rest]}")
    return Booked(read_charge(rest.split()) if rest else None, first=kind == b"1")


def read_charge(words: Sequence[bytes]) -> Charge:
    return _charge(map(int, words))


def _charge(numbers: Iterable[int]) -> Charge:
    input_tokens, output_tokens, money, requests, unconfirmed, estimated, unpriced = numbers
    return Charge(input_tokens, output_tokens, money, requests, bool(unconfirmed), bool(estimated), bool(unpriced))


def counters_of_record(record: bytes) -> tuple[Counter, ...]:
    """The counters of what is held."""
    match record[:1]:
        case b"o":
            return read_counters(record[65:].partition(b" ")[2])
        case b"c":
            return read_counters(record[1 + _CHARGED.size :])
        case _:
            return ()


def read_unconfirmed(reservation_id: bytes, record: bytes) -> Unconfirmed:
    at, created, _, _, tokens, money, requests, fixed, *parts = _CHARGED.unpack_from(record, 1)
    reserved = Amounts(int(tokens), int(money), int(requests))
    name = reservation_id.decode("utf-8", "surrogatepass")
    handle = Handle(name, read_counters(record[1 + _CHARGED.size :]), reserved, int(fixed), created)
    return Unconfirmed(handle, _charge(map(int, parts)), at)


_EMPTY: Final = Balance()


def read_balance(flat: Iterable[bytes]) -> Balance:
    """A row, as a balance."""
    fields = iter(flat)
    row = dict(zip(fields, fields, strict=True))
    if not row:
        return _EMPTY
    t, m, r, reserved_t, reserved_m, reserved_r, ut, um, ur, ot, om, overrun_r, nt, nm, nr, i, u, b, e, p = (
        int(row.get(field, 0)) for field in _FIELDS
    )
    return Balance(
        spent=Amounts(t, m, r),
        reserved=Amounts(reserved_t, reserved_m, reserved_r),
        unconfirmed=Amounts(ut, um, ur),
        overrun=Amounts(ot, om, overrun_r),
        unreserved=Amounts(nt, nm, nr),
        input_tokens=i,
        output_tokens=u,
        blocked=b,
        estimated_requests=e,
        unpriced_requests=p,
    )


_FIELDS: Final = b"t m r T M R ut um ur ot om or nt nm nr i u b e p".split()
