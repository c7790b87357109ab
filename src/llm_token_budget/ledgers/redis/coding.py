"""How claims, charges and answers are written: what crosses to the server's scripts and back."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

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
from llm_token_budget.ledgers.redis.shapes import CACHED, override_field, pack_numbers, read_counters

WHOLE: Final = 2**53
"""Numbers in Lua are doubles: up to here they are exact."""

LARGE: Final = 2**52
"""One amount stays below, so that a sum which does may take it."""

_LONGEST_LEASE: Final = 1e10


@lru_cache(CACHED)
def pack_lines(lines: tuple[Line, ...]) -> tuple[bytes, bytes]:
    """Lines as numbers, and where their overrides are, read only once there are any."""
    return b"".join(map(_pack_line, lines)), json.dumps(override_fields(lines)).encode()


def _pack_line(line: Line) -> bytes:
    amount = line.amount
    if amount is not None:
        check_limit(amount)
    return pack_numbers(line.unit + 1, math.nan if amount is None else amount, line.counter + 1, line.enforce)


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


_CLAIM: Final = struct.Struct("<13d")
_SETTLE: Final = struct.Struct("<13d")
_RECORD: Final = struct.Struct("<8d")
_OPENED: Final = struct.Struct("<8d")
_CHARGED: Final = struct.Struct("<15d")
_NO_CHARGE: Final = (math.nan,) * 7


def pack_claim(claim: Claim, *, looks: bool, gives_back: bool = False) -> bytes:
    _, _, _, fixed, slope, want, least, share, share_floor, lease, _ = claim
    most = max(least, want)
    largest = max(*claim.amounts(most), most * (share or 1), share_floor, *slope)
    if largest >= LARGE:
        check_amount(largest)
    if lease > _LONGEST_LEASE:
        lease = _LONGEST_LEASE
    return _CLAIM.pack(looks, lease, *fixed, *slope, want, least, share, share_floor, gives_back)


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
            expires, created, k, marks, tokens, money, requests, fixed = _OPENED.unpack_from(answer, 1)
            shadow, _, stored = answer[65:].partition(b" ")
            counters = read_counters(stored) if stored else claim.counters
            handle = Handle(claim.id, counters, Amounts(int(tokens), int(money), int(requests)), int(fixed), created)
            return Granted(handle, int(k), expires, marks % 2 == 1, _read_shortages(shadow) if shadow != b"-" else ())
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
    """The counters of what is open; none if it isn't any more."""
    return read_counters(record[65:].partition(b" ")[2]) if record[:1] == b"o" else ()


def counters_of_charge(record: bytes) -> tuple[Counter, ...]:
    """The counters of what is unconfirmed."""
    return read_counters(record[1 + _CHARGED.size :])


def read_unconfirmed(reservation_id: bytes, record: bytes) -> Unconfirmed:
    at, created, _, _, tokens, money, requests, fixed, *parts = _CHARGED.unpack_from(record, 1)
    reserved = Amounts(int(tokens), int(money), int(requests))
    name = reservation_id.decode("utf-8", "surrogatepass")
    handle = Handle(name, read_counters(record[1 + _CHARGED.size :]), reserved, int(fixed), created)
    return Unconfirmed(handle, _charge(map(int, parts)), at)


_EMPTY: Final = Balance()
_SUMS: Final = struct.Struct("<20d")
_SIX: Final = struct.Struct("<6d")


def read_balance(row: bytes) -> Balance:
    """A row, as a balance."""
    if not row:
        return _EMPTY
    t, m, r, reserved_t, reserved_m, reserved_r, ut, um, ur, ot, om, overrun_r, nt, nm, nr, i, u, b, e, p = _read_sums(
        _SUMS, row
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


def read_buckets(flat: Iterable[bytes]) -> tuple[tuple[int, Amounts], ...]:
    """What is in the buckets of a row: names and sums, in turns."""
    fields = iter(flat)
    return tuple((int(name), Amounts(*_read_sums(_SIX, sums)[:3])) for name, sums in zip(fields, fields, strict=True))


def _read_sums(layout: struct.Struct, sums: bytes) -> list[int]:
    """Remainders of 2^52, and, only if there are such, how often 2^52."""
    lows = map(int, layout.unpack_from(sums))
    if len(sums) == layout.size:
        return list(lows)
    highs = map(int, layout.unpack_from(sums, layout.size))
    return [high * LARGE + low for high, low in zip(highs, lows, strict=True)]
