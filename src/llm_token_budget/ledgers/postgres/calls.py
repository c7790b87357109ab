"""What each operation is in SQL: one call of one function, and what its rows mean. Written once for both drivers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers.admission import needed
from llm_token_budget.ledgers.base import (
    Amounts,
    Balance,
    Booked,
    Charge,
    Claim,
    Counted,
    Counter,
    Granted,
    Handle,
    Line,
    Refused,
    Shortage,
    Stale,
    Unconfirmed,
)
from llm_token_budget.ledgers.operations import (
    SOON,
    ClearLimit,
    CountBlocked,
    CounterPage,
    Forget,
    LimitAmounts,
    ListCounters,
    ListOverrides,
    ListUnconfirmed,
    Look,
    Operation,
    Ping,
    Read,
    Reap,
    Reaped,
    Record,
    Refund,
    Renew,
    Reserve,
    Reset,
    SetLimit,
    Settle,
    Users,
)
from llm_token_budget.ledgers.postgres.identity import (
    details,
    digest,
    family,
    identify,
    limit_id,
    name_of,
    read_counter,
    read_handle,
    reservation_digest,
    survey,
)
from llm_token_budget.ledgers.rows import BUCKETS

Rows = Sequence[tuple[Any, ...]]

GRANTED, REFUSED, STALE = "1", "2", "3"
"""How the answer of `reserve` begins, unless the reservation has ended."""

CONFLICTS: Final = {
    2: "was settled before, with another amount",
    3: "was settled before, with an amount",
    4: "is older than what is remembered: nothing was changed",
}
"""Why `settle` refuses."""

AGAIN: Final = 5
"""`settle` met somebody else at the same thing."""


class AskAgain(Exception):
    """Somebody else did the same at the same time, and this has changed nothing."""


class Call(NamedTuple):
    """One statement, and how its answer is read."""

    sql: bytes
    parameters: tuple[Any, ...]
    read: Callable[[Rows], Any]


class Question(NamedTuple):
    """One statement that answers one value. What is asked all the time is asked in this way: it is written and read by hand."""

    sql: bytes
    parameters: tuple[bytes | None, ...]
    read: Callable[[bytes], Any]
    instead: Callable[[], Call] | None = None
    """What to ask if the answer is read as None."""


class Calls:
    """Operations as calls of the functions in one schema.

    Args:
        schema: its name, quoted.
        idle_seconds: counters of sessions and runs that nobody has touched for so long are dropped.
        clock: seconds since the epoch, in place of the server's clock.
    """

    def __init__(self, schema: str, idle_seconds: float, clock: Callable[[], float] | None) -> None:
        self._idle = idle_seconds
        self._clock = clock
        # A percent sign in the schema's name is no placeholder.
        prefix = "SELECT * FROM " + schema.replace("%", "%%")  # noqa: S608 - it is quoted
        self._sql = {
            name: f"{prefix}.{name}({', '.join(['%s'] * count)})".encode() for name, count in _PARAMETERS.items()
        }
        self._questions = {name: f"SELECT {schema}.{function}".encode() for name, function in _QUESTIONS.items()}

    def call(self, operation: Operation) -> Call | Question:
        match operation:
            case Reserve(claim, gives_back):
                return self._claim(claim, hold=True, gives_back=gives_back)
            case Look(claim):
                return self._claim(claim, hold=False, gives_back=False)
            case Settle():
                return self._settle(operation)
            case Record():
                return self._record(operation)
            case Read(counters):
                return self._read(counters)
            case Users():
                return self._users(operation)
            case Renew(handle, lease):
                return self._make("renew", _first, reservation_digest(handle.id), float(lease), self._now())
            case Refund(name):
                return self._make("refund", _refunded, reservation_digest(name), self._now())
            case ListCounters(after, limit):
                read = partial(_counters, limit)
                return self._make("list_counters", read, after or _BEFORE_ALL, limit, self._now())
            case ListUnconfirmed():
                return self._make("unconfirmed", _unconfirmed, self._now())
            case SetLimit(name, key, amount):
                written = None if amount is None else str(amount)
                texts = json.dumps(name), json.dumps(key)
                return self._make("set_limit", _nothing, limit_id(name, key), *texts, written)
            case ClearLimit(name, key):
                return self._make("clear_limit", _nothing, limit_id(name, key))
            case ListOverrides():
                return self._make("overrides", _overrides)
            case LimitAmounts(lines):
                return self._make("limit_amounts", _first, *_amounts_of(lines))
            case Reset(user, session):
                whom = _member("user", user), _member("session", session)
                return self._make("reset", _nothing, *whom)
            case Forget(counters):
                return self._make("forget", _nothing, survey(counters).ids.decode())
            case CountBlocked(counts):
                return self._count_blocked(counts)
            case Reap():
                return self._make("reap", _reaped, self._idle, SOON, self._now())
            case Ping():
                return Call(b"SELECT 1", (), _nothing)

    def _now(self) -> float | None:
        return None if self._clock is None else float(self._clock())

    def _make(self, name: str, read: Callable[[Rows], Any], *parameters: Any) -> Call:
        return Call(self._sql[name], parameters, read)

    def _claim(self, claim: Claim, *, hold: bool, gives_back: bool) -> Question:
        surveyed = survey(claim.counters)
        fixed, slope = claim.fixed, claim.slope
        lines, limits = _lines(claim.lines, surveyed.places)
        asked = (
            f"{{{fixed[0]},{fixed[1]},{fixed[2]},{slope[0]},{slope[1]},{slope[2]},{claim.want},{claim.at_least},{claim.share},"
            f"{claim.share_floor},{surveyed.window}{lines}}}"
        )
        return Question(
            self._questions["reserve" if hold else "look"],
            (
                f"{{{reservation_digest(claim.id)}{limits}}}".encode(),
                surveyed.ids,
                surveyed.details,
                f"[{json.dumps(claim.id)},{surveyed.texts}]".encode(),
                asked.encode(),
                self._times(claim.lease, gives_back).encode(),
            ),
            partial(_answer, claim),
        )

    def _settle(self, operation: Settle) -> Call | Question:
        handle, charge, _ = operation
        surveyed = survey(handle.counters)
        if charge is None or charge.unconfirmed or surveyed.slides:
            return self._settle_anyhow(operation)
        numbers = *handle.reserved, *charge[:4], int(charge.estimated), int(charge.unpriced)
        return Question(
            self._questions["settle_open"],
            (
                reservation_digest(handle.id).encode(),
                surveyed.ids,
                _array(numbers).encode(),
                None if self._clock is None else repr(float(self._clock())).encode(),
            ),
            _settled,
            partial(self._settle_anyhow, operation),
        )

    def _settle_anyhow(self, operation: Settle) -> Call:
        """A settlement, whatever has become of the reservation."""
        handle, charge, unguarded = operation
        surveyed = survey(handle.counters)
        marks = (False, False, False) if charge is None else charge[4:]
        return self._make(
            "settle",
            lambda rows: _booked(handle, *rows[0]),
            reservation_digest(handle.id),
            surveyed.ids.decode(),
            surveyed.details.decode(),
            f"[{json.dumps(handle.id)},{surveyed.texts}]",
            _array((*handle.reserved, handle.input_tokens)),
            None if charge is None else _array(charge[:4]),
            _array("t" if flag else "f" for flag in (surveyed.slides, *marks, unguarded)),
            self._times(handle.created),
        )

    def _times(self, first: float, *more: bool) -> str:
        now = "NULL" if self._clock is None else float(self._clock())
        return f"{{{float(first)},{self._idle},{now}{''.join(f',{each:d}' for each in more)}}}"

    def _record(self, operation: Record) -> Call:
        record_id, counters, charge, at = operation
        surveyed = survey(counters)
        return self._make(
            "record",
            lambda rows: None if rows[0][0] is None else Stale(rows[0][0]),
            digest("record", record_id),
            surveyed.ids.decode(),
            surveyed.details.decode(),
            surveyed.slides,
            surveyed.starts,
            surveyed.ends,
            _array(charge[:4]),
            *map(bool, charge[4:]),
            None if at is None else float(at),
            self._idle,
            self._now(),
        )

    def _read(self, counters: tuple[Counter, ...]) -> Call:
        identities = [identify(counter).id for counter in counters]
        surveyed = survey(counters)

        def balances(rows: Rows) -> list[Balance] | Stale:
            if rows and rows[0][1] is None:
                return Stale(rows[0][0])
            found: dict[str, Balance] = {identities[place - 1]: _balance(numbers) for _, place, numbers in rows}
            return [found.get(identity, _EMPTY) for identity in identities]

        return self._make("read", balances, _array(identities), surveyed.starts, surveyed.ends, self._now())

    def _users(self, operation: Users) -> Call:
        counter, limit, offset = operation

        def users(rows: Rows) -> list[tuple[str, Balance]] | Stale:
            if rows and rows[0][2] is None:
                return Stale(rows[0][0])
            return [(name_of(name), _balance(numbers)) for _, name, numbers in rows]

        return self._make(
            "users",
            users,
            family(counter),
            bool(counter.sliding),
            limit,
            offset,
            counter.start,
            counter.end,
            self._now(),
        )

    def _count_blocked(self, counts: Iterable[tuple[Counter, int]]) -> Call:
        by_id = sorted((identify(counter), count) for counter, count in counts)
        return self._make(
            "count_blocked",
            _nothing,
            _array(identity.id for identity, _ in by_id),
            details([identity for identity, _ in by_id]),
            _array(count for _, count in by_id),
            self._idle,
            self._now(),
        )


_QUESTIONS: Final = {
    "reserve": "reserve(true, $1, $2, $3, $4, $5, $6)",
    "look": "reserve(false, $1, $2, $3, $4, $5, $6)",
    "settle_open": "settle_open($1, $2, $3, $4)",
}

_PARAMETERS: Final = {
    "settle": 8,
    "record": 13,
    "read": 4,
    "users": 7,
    "list_counters": 3,
    "renew": 3,
    "refund": 2,
    "unconfirmed": 1,
    "set_limit": 4,
    "clear_limit": 1,
    "overrides": 0,
    "limit_amounts": 3,
    "reset": 2,
    "forget": 1,
    "count_blocked": 5,
    "reap": 3,
}


# Writing


@lru_cache(maxsize=1_024)
def _lines(lines: tuple[Line, ...], places: tuple[int, ...]) -> tuple[str, str]:
    """What `reserve` is told of lines: their numbers, and where their amounts may be overridden. With a comma before each."""
    numbers, limits = list[str](), list[str]()
    for name, key, unit, amount, counter, enforce in lines:
        place = 0 if counter < 0 else places[counter]
        numbers.append(f",{place},{unit + 1},{'NULL' if amount is None else amount},{int(enforce)}")
        limits.append(f",{limit_id(name, key)},{limit_id(name, None)}")
    return "".join(numbers), "".join(limits)


def _array(items: Iterable[object]) -> str:
    """An array as PostgreSQL reads it. The items are digests and numbers: nothing in them needs quotes."""
    return f"{{{','.join(map(str, items))}}}"


def _amounts_of(lines: Sequence[Line]) -> tuple[str, str, str]:
    return (
        _array("NULL" if line.amount is None else line.amount for line in lines),
        _array(limit_id(line.name, line.key) for line in lines),
        _array(limit_id(line.name, None) for line in lines),
    )


def _member(kind: str, name: str | None) -> str | None:
    return None if name is None else digest(kind, name)


# Reading


def _nothing(_: Rows) -> None:
    return None


def _first(rows: Rows) -> Any:
    return rows[0][0]


def _answer(claim: Claim, value: bytes) -> Granted | Refused | Stale:
    status, _, told = value.decode().partition(" ")
    if status == GRANTED:
        now, output_tokens, expires, bounded, *short = told.split(" ", 4)
        k = int(output_tokens)
        handle = Handle(claim.id, claim.counters, claim.amounts(k), claim.fixed.tokens, float(now))
        return Granted(handle, k, float(expires), bounded == "t", _shortages(claim, *short))
    if status == REFUSED:
        return Refused(tuple(each for each in _shortages(claim, told) if claim.lines[each.line].enforce), 0)
    if status == STALE:
        return Stale(float(told))
    raise ReservationConflict(f"reservation {claim.id!r:.80} has ended: a new call needs a new id")


def _shortages(claim: Claim, written: str = "") -> tuple[Shortage, ...]:
    return tuple(_shortage(claim, *each) for each in json.loads(written)) if written else ()


def _shortage(
    claim: Claim, index: int, amount: int, spent: int, reserved: int, unconfirmed: int, oldest: int | None
) -> Shortage:
    line = claim.lines[index]
    least = needed(claim, line.unit)
    counter = None if line.counter < 0 else claim.counters[line.counter]
    resets_at: float | None = None if counter is None else counter.end
    if counter is not None and counter.sliding and oldest is not None:
        resets_at = (oldest + BUCKETS + 1) * counter.sliding / BUCKETS
    held = bool(amount) and spent + least <= amount
    return Shortage(index, amount, spent, reserved, unconfirmed, least, held, resets_at)


def _settled(value: bytes) -> Booked | None:
    return _AT_FIRST if value == b"t" else None


_AT_FIRST: Final = Booked(None, True)  # noqa: FBT003 - what it says


def _booked(handle: Handle, status: int, first: bool, before: list[int] | None) -> Booked:  # noqa: FBT001 - a row
    if status == AGAIN:
        raise AskAgain
    if status in CONFLICTS:
        raise ReservationConflict(f"reservation {handle.id!r:.80} {CONFLICTS[status]}")
    if before is None:
        return Booked(None, first)
    unconfirmed, estimated, unpriced = map(bool, before[4:])
    return Booked(_charge(before, unconfirmed, estimated, unpriced), first)


def _charge(amounts: list[int], unconfirmed: bool, estimated: bool, unpriced: bool) -> Charge:  # noqa: FBT001 - columns
    input_tokens, output_tokens, nano_usd, requests = amounts[:4]
    return Charge(input_tokens, output_tokens, nano_usd, requests, unconfirmed, estimated, unpriced)


def _refunded(rows: Rows) -> Amounts | None:
    amounts = rows[0][0]
    return None if amounts is None else Amounts(*amounts)


def _unconfirmed(rows: Rows) -> list[Unconfirmed]:
    listed: list[Unconfirmed] = []
    for text, created, reserved, input_tokens, charge, estimated, unpriced, at in rows:
        name, counters = read_handle(text)
        handle = Handle(name, counters, Amounts(*reserved), input_tokens, created)
        listed.append(Unconfirmed(handle, _charge(charge, True, estimated, unpriced), at))  # noqa: FBT003 - in its order
    return listed


def _overrides(rows: Rows) -> list[tuple[str, tuple[str, ...] | None, int | None]]:
    found: list[tuple[str, tuple[str, ...] | None, int | None]] = []
    for name, written, amount in rows:
        key = json.loads(written)
        found.append((json.loads(name), None if key is None else tuple(key), amount))
    return found


_BEFORE_ALL: Final = "00000000-0000-0000-0000-000000000000"


def _counters(limit: int, rows: Rows) -> CounterPage:
    first, *found = rows
    counted = [
        Counted(read_counter(text), _balance(numbers), tuple((step, Amounts(*spent)) for step, *spent in buckets or ()))
        for _, text, numbers, buckets, _ in found
    ]
    return CounterPage(counted, found[-1][0] if len(found) == limit else None, first[4])


def _reaped(rows: Rows) -> Reaped:
    return Reaped(*rows[0])


def _balance(numbers: list[int]) -> Balance:
    spent, reserved, unconfirmed, overrun, unreserved = (Amounts(*numbers[at : at + 3]) for at in range(0, 15, 3))
    return Balance(spent, reserved, unconfirmed, overrun, unreserved, *numbers[15:])


_EMPTY: Final = Balance()
