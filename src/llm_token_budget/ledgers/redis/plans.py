"""From an operation to what is sent to the server, and from its answer to the ledger's: no I/O in here.

Most operations are one step: one script with all its keys. Some need to see an answer before they know the keys of the next
step; those are generators of steps, which are sent the answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from functools import lru_cache, partial
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

from llm_token_budget.ledgers.base import Amounts, Balance, Counted, Counter, Line, Stale, Unconfirmed
from llm_token_budget.ledgers.operations import (
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
from llm_token_budget.ledgers.redis import coding, shapes
from llm_token_budget.ledgers.redis.script import Script, quick_script, read_files, script
from llm_token_budget.ledgers.redis.shapes import CACHED, Shape, Shapes
from llm_token_budget.ledgers.redis.wire import packed_words

T = TypeVar("T")

AT_ONCE: Final = 64
"""Ended leases, and rows to drop, that one look for what is due takes on."""

PAGE: Final = 500
"""Users, counters or unconfirmed charges in one step."""

FEW: Final = 100
FEW_PAGES: Final = 10
"""So many are put in order between calls, in so many steps: some 8 ms of the server's time each."""

ROUNDS: Final = 10
"""How often a page of users is looked at again because some of them stand elsewhere by now."""


class Step(NamedTuple):
    """One script, run once."""

    script: Script
    keys: tuple[bytes, ...]
    arguments: tuple[bytes, ...]
    read: Callable[[Any], Any]
    """Makes the answer of it."""


class Frame(NamedTuple):
    """What is the same in all quick commands with the same counters and limits."""

    name: str
    shape: Shape
    lines: tuple[bytes, ...]
    before: bytes
    """As the server reads it, up to the length of the key of the reservation."""
    rows: bytes
    after: bytes
    """Behind the operation."""


class Quick(NamedTuple):
    """One quick script, run once, unless it answers that it wants to be sent in full."""

    command: bytes
    """All of it, as the server reads it."""
    read: Callable[[Any], Any]
    frame: Frame
    reservation: bytes
    argument: bytes
    clock: bytes
    plans: Plans

    def plain(self) -> Step:
        """The same in words: for clients that take no bytes, and for servers that don't know the script yet."""
        name, shape, lines, *_ = self.frame
        return Step(
            quick_script(name),
            (*self.plans.quick, self.plans.prefix + b":e:" + self.reservation, *shape.rows),
            (self.clock, self.reservation, self.argument, *_after(shape, lines)),
            self.read,
        )

    def in_full(self) -> Step:
        """What to run instead if it isn't plain."""
        name, shape, lines, *_ = self.frame
        return self.plans.step(
            name, self.argument, read=self.read, reservation=self.reservation, shape=shape, more=lines
        )


Plan = Step | Quick | Generator[Step, Any, Any]


class Plans:
    """Makes plans for one ledger.

    Args:
        shapes: makes keys.
        clock: seconds since the epoch; None: the server's.
    """

    def __init__(self, shapes: Shapes, clock: Callable[[], float] | None) -> None:
        read_files()
        self._shapes = shapes
        self._clock = clock
        self.prefix = prefix = shapes.prefix
        self._fixed = tuple(
            prefix + name
            for name in (b":marks", b":held", b":unconfirmed", b":perishable", b":leases", b":moved", b":state")
        )
        self.quick = self._fixed[4:]
        self._key = prefix + b":e:"
        self._frame = lru_cache(CACHED)(self._make_frame)
        self._plans: dict[type, Callable[[Any], Plan]] = {
            Reserve: self._reserve,
            Look: self._reserve,
            Settle: self._settle,
            Renew: self._renew,
            Refund: self._refund,
            ListUnconfirmed: self._list_unconfirmed,
            Record: self._record,
            Read: self._read,
            Users: self._users,
            ListCounters: self._list_counters,
            SetLimit: self._set_limit,
            ClearLimit: self._clear_limit,
            LimitAmounts: self._limit_amounts,
            ListOverrides: self._list_overrides,
            Reset: self._reset,
            Forget: self._forget,
            CountBlocked: self._count_blocked,
            Reap: self._reap,
        }

    def of(self, operation: Operation) -> Plan:
        return self._plans[type(operation)](operation)

    def step(
        self,
        name: str,
        argument: bytes = b"",
        *,
        read: Callable[[Any], Any],
        reservation: bytes = b"",
        shape: Shape | None = None,
        kind: bytes = b":e:",
        more: tuple[bytes, ...] = (),
    ) -> Step:
        keys, stored, numbers, details, names, _ = shape or _NO_COUNTERS
        clock = b"" if self._clock is None else repr(float(self._clock())).encode()
        return Step(
            script(name),
            (*self._fixed, self.prefix + kind + reservation, *keys),
            (clock, reservation, argument, stored, numbers, details, *names, *more),
            read,
        )

    def _make_frame(self, name: str, counters: tuple[Counter, ...], limits: tuple[Line, ...] | None) -> Frame:
        shape = self._shapes.of(counters)
        lines = () if limits is None else coding.pack_lines(limits)
        keys = len(self.quick) + 1 + len(shape.rows)
        begin = packed_words("EVALSHA", quick_script(name).sha, keys, *self.quick)
        after = _after(shape, lines)
        # The words in between: the clock, the reservation, the operation.
        before = b"*%d\r\n%b$" % (3 + keys + 3 + len(after), begin)
        return Frame(name, shape, lines, before, packed_words(*shape.rows), packed_words(*after))

    def _quick_step(self, frame: Frame, reservation: bytes, argument: bytes, read: Callable[[Any], Any]) -> Quick:
        _, _, _, before, rows, after = frame
        clock = b"" if self._clock is None else repr(float(self._clock())).encode()
        size, key = len(reservation), self._key
        command = b"%b%d\r\n%b%b\r\n%b$%d\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n%b" % (
            *(before, len(key) + size, key, reservation, rows),
            *(len(clock), clock, size, reservation, len(argument), argument, after),
        )
        return Quick(command, read, frame, reservation, argument, clock, self)

    def _reserve(self, operation: Reserve | Look) -> Quick:
        claim = operation.claim
        looks, gives_back = (False, operation.gives_back) if type(operation) is Reserve else (True, False)
        return self._quick_step(
            self._frame("reserve", claim.counters, claim.lines),
            _id(claim.id),
            coding.pack_claim(claim, looks=looks, gives_back=gives_back),
            partial(coding.read_answer, claim),
        )

    def _settle(self, operation: Settle) -> Quick:
        handle, charge, unguarded = operation
        return self._quick_step(
            self._frame("settle", handle.counters, None),
            _id(handle.id),
            coding.pack_settle(handle, charge, unguarded=unguarded),
            partial(coding.read_booked, handle),
        )

    def _renew(self, operation: Renew) -> Step:
        handle, lease = operation
        shape = self._shapes.of(handle.counters)
        return self.step("renew", repr(float(lease)).encode(), read=bool, reservation=_id(handle.id), shape=shape)

    def _refund(self, operation: Refund) -> Generator[Step, Any, Amounts | None]:
        reservation = _id(operation.reservation_id)
        record = yield self.step("held", read=_as_it_is, reservation=reservation)
        if not record:
            return None
        shape = self._shapes.make(coding.counters_of_charge(record))
        charge = yield self.step("refund", read=_as_it_is, reservation=reservation, shape=shape)
        return coding.read_charge(charge.split()).amounts if charge else None

    def _list_unconfirmed(self, _: ListUnconfirmed) -> Generator[Step, Any, list[Unconfirmed]]:
        found: dict[str, Unconfirmed] = {}
        offset = 0
        while True:
            size, page = yield self.step("unconfirmed", _json([offset, PAGE]), read=_as_it_is)
            for reservation, record in zip(page[::2], page[1::2], strict=True):
                each = coding.read_unconfirmed(reservation, record)
                found.setdefault(each.handle.id, each)
            if size < PAGE:
                return list(found.values())
            offset += size

    def _record(self, operation: Record) -> Step:
        return self.step(
            "record",
            coding.pack_record(operation.charge, operation.at),
            read=_read_stale,
            reservation=_id(operation.id),
            shape=self._shapes.of(operation.counters),
            kind=b":n:",
        )

    def _read(self, operation: Read) -> Step:
        return self.step("read", read=_read_balances, shape=self._shapes.make(operation.counters))

    def _users(self, operation: Users) -> Generator[Step, Any, list[tuple[str, Balance]] | Stale]:
        counter, limit, offset = operation
        yield from self._arrange()
        found: dict[tuple[str, ...], Balance] = {}
        last = None if limit is None else offset + limit
        while True:
            # Of nobody, too, it is told whether the window is the present one.
            count = PAGE if last is None else min(max(last - offset, 0), PAGE)
            page = yield from self._page_of_users(counter, offset, count)
            if isinstance(page, Stale):
                return page
            size, balances = page
            found.update(balances)
            offset += size
            if size < count or offset == last:
                break
        return [(key[-1], seen) for key, seen in found.items()]

    def _arrange(self) -> Generator[Step, Any, None]:
        """Put those who have spent since they were last listed in their place, each in its index."""
        rounds = None
        # Those who spend meanwhile may be among them again.
        while rounds is None or rounds > 0:
            size = yield from self._arrange_page(FEW)
            if not size:
                break
            rounds = size // FEW + 1 if rounds is None else rounds - 1

    def arrange_some(self) -> Generator[Step, Any, bool]:
        """The same for a few of them, in steps that hold nobody up. Whether more are waiting."""
        size = 0
        for _ in range(FEW_PAGES):
            size = yield from self._arrange_page(FEW)
            if size <= FEW:
                return False
        return size > FEW

    def _arrange_page(self, count: int) -> Generator[Step, Any, int]:
        """Put so many in their place. How many were waiting."""
        size, keys = yield self.step("moved", str(count).encode(), read=_as_it_is)
        if keys:
            counters = yield from self._counters_of(keys)
            shape = self._shapes.make(counters)
            yield self.step("arrange", read=_nothing, shape=shape._replace(keys=(*shape.keys, *keys)))
        return int(size)

    def _counters_of(self, keys: list[bytes]) -> Generator[Step, Any, tuple[Counter, ...]]:
        texts = [self._shapes.text_in(key) for key in keys]
        hashed = tuple(key for key, text in zip(keys, texts, strict=True) if text is None)
        if hashed:
            texts += yield self.step("texts", read=_as_it_is, shape=_NO_COUNTERS._replace(keys=hashed))
        return tuple(shapes.read_counter(text) for text in texts if text)

    def _page_of_users(
        self, counter: Counter, offset: int, count: int
    ) -> Generator[Step, Any, tuple[int, dict[tuple[str, ...], Balance]] | Stale]:
        """A page of an index, as many as it had, and the users of it that still have a row."""
        keys: list[tuple[str, ...]] = []
        rows: list[Any] = []
        for _ in range(ROUNDS):
            answer = yield from self._put_in_order(counter, offset, count)
            if isinstance(answer, Stale):
                return answer
            due, moved, keys, rows = answer
            if due:
                yield from self._put_all_in_order(counter, due)
            elif not moved:
                break
        return len(keys), {key: coding.read_balance(row) for key, row in zip(keys, rows, strict=True) if row}

    def _put_all_in_order(self, counter: Counter, due: int) -> Generator[Step, Any, None]:
        """Walk through an index once after a reset: its rows move to their place when they are read."""
        offset = 0
        while True:
            answer = yield from self._put_in_order(counter, offset, PAGE)
            if isinstance(answer, Stale):
                return
            _, moved, keys, _ = answer
            if len(keys) < PAGE and not moved:
                break
            offset += len(keys) - moved
        yield self.step("ordered", str(due).encode(), read=_nothing, shape=self._index_only(counter))

    def _put_in_order(
        self, counter: Counter, offset: int, count: int
    ) -> Generator[Step, Any, tuple[int, int, list[tuple[str, ...]], list[Any]] | Stale]:
        """Read the rows of a page: which reset the index has not seen, how many rows moved, their keys and themselves."""
        argument = _json([offset, count, counter.start, counter.end or 0])
        answer = yield self.step("users", argument, read=_parts_or_stale, shape=self._index_only(counter))
        if isinstance(answer, Stale):
            return answer
        due, ranks = answer
        keys = [shapes.read_rank(rank) for rank in ranks]
        shape = self._shapes.make(tuple(counter._replace(key=key) for key in keys))
        answer = yield self.step("read", read=_parts_or_stale, shape=shape)
        if isinstance(answer, Stale):
            return answer
        moved, rows, _ = answer
        return due, moved, keys, rows

    def _list_counters(self, operation: ListCounters) -> Generator[Step, Any, CounterPage]:
        of_all_rows = _json([operation.after or "0", self._shapes.pattern, operation.limit])
        now, after, is_open, keys = yield self.step("scan", of_all_rows, read=_as_it_is)
        counters = yield from self._counters_of(keys)
        counted = yield from self._numbers_of(counters, float(now))
        return CounterPage(counted, None if after == b"0" else after.decode(), is_open)

    def _numbers_of(self, counters: tuple[Counter, ...], now: float) -> Generator[Step, Any, list[Counted]]:
        """The counters whose window is the present one, and that still have a row."""
        while True:
            counters = tuple(each for each in counters if each.start <= now and (each.end is None or now < each.end))
            answer = yield self.step("read", read=_parts_or_stale, shape=self._shapes.make(counters))
            if not isinstance(answer, Stale):
                break
            now = answer.now
        found = zip(counters, answer[1], answer[2], strict=True)
        return [
            Counted(each, coding.read_balance(row), coding.read_buckets(steps)) for each, row, steps in found if row
        ]

    def _index_only(self, counter: Counter) -> Shape:
        return _NO_COUNTERS._replace(keys=(self._shapes.index(counter),))

    def _set_limit(self, operation: SetLimit) -> Step:
        if operation.amount is not None:
            coding.check_limit(operation.amount)
        return self._override(operation.name, operation.key, "" if operation.amount is None else str(operation.amount))

    def _clear_limit(self, operation: ClearLimit) -> Step:
        return self._override(operation.name, operation.key, None)

    def _override(self, name: str, key: tuple[str, ...] | None, amount: str | None) -> Step:
        return self.step("set_override", _json([shapes.override_field(name, key), amount]), read=_nothing)

    def _list_overrides(self, _: ListOverrides) -> Step:
        return self.step("all_overrides", read=_read_overrides)

    def _limit_amounts(self, operation: LimitAmounts) -> Generator[Step, Any, list[int | None]]:
        amounts: list[int | None] = []
        for lines in _pages(operation.lines):
            names = coding.override_fields(lines)
            overrides = yield self.step("overrides_of", _json(names), read=_as_it_is)
            amounts += map(_amount, lines, overrides[::2], overrides[1::2])
        return amounts

    def _reset(self, operation: Reset) -> Generator[Step, Any, None]:
        field = shapes.reset_field(*operation)
        indexes: tuple[bytes, ...] = ()
        if not field:
            fields = yield self.step("indexes", read=_as_it_is)
            indexes = tuple(fields)
        yield self.step("reset", field.encode(), read=_nothing, shape=_NO_COUNTERS._replace(keys=indexes))

    def _forget(self, operation: Forget) -> Generator[Step, Any, None]:
        for counters in _pages(operation.counters):
            yield self.step("forget", read=_nothing, shape=self._shapes.make(counters))

    def _count_blocked(self, operation: CountBlocked) -> Generator[Step, Any, None]:
        for counts in _pages(operation.counts):
            shape = self._shapes.make(tuple(counter for counter, _ in counts))
            yield self.step("blocked", _json([count for _, count in counts]), read=_nothing, shape=shape)

    def _reap(self, _: Reap) -> Generator[Step, Any, Reaped]:
        due = yield self.step("due", str(AT_ONCE).encode(), read=_as_it_is)
        now, next_lease, next_row, leases, rows, final = due
        ended = 0
        records = yield from self._records_of(leases)
        for reservation, record in zip(leases, records, strict=True):
            shape = self._shapes.make(coding.counters_of_record(record))
            ended += yield self.step("expire", read=int, reservation=reservation, shape=shape)
        if rows:
            shape = self._shapes.make(tuple(map(shapes.read_counter, rows)))
            yield self.step("perish", read=_nothing, shape=shape)
        for reservation in final:
            yield self.step("finish", read=_nothing, reservation=reservation)
        # Leases that are left over are next; of rows there may be millions, and no call should have to wait for them.
        next_row = float(next_row) if next_row != b"-" else _NEVER
        dues = [float(next_lease) if next_lease != b"-" else _NEVER, max(next_row, float(now) + 0.05)]
        return Reaped(ended, None if min(dues) == _NEVER else min(dues))

    def _records_of(self, reservations: list[bytes]) -> Generator[Step, Any, list[bytes]]:
        if not reservations:
            return []
        keys = tuple(self.prefix + b":e:" + each for each in reservations)
        records = yield self.step("records", read=_as_it_is, shape=_NO_COUNTERS._replace(keys=keys))
        return list(records)


_NO_COUNTERS: Final = Shape((), b"[]", shapes.numbers_of_all(()), b"[]", (), ())
_NEVER: Final = float("inf")


def _after(shape: Shape, lines: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """What a quick script is told behind the operation. The counters as they are stored only where it stores them."""
    return (shape.stored, shape.numbers, lines[0]) if lines else (b"", shape.numbers)


def _pages(items: Iterable[T]) -> Iterable[tuple[T, ...]]:
    rest = iter(items)
    while page := tuple(islice(rest, PAGE)):
        yield page


def _id(reservation: str) -> bytes:
    return reservation.encode("utf-8", "surrogatepass")


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _as_it_is(answer: Any) -> Any:
    return answer


def _nothing(_: Any) -> None:
    return None


def _read_stale(answer: bytes) -> Stale | None:
    return coding.read_stale(answer) if answer[:1] == b"s" else None


def _parts_or_stale(answer: Any) -> Any:
    return coding.read_stale(answer) if isinstance(answer, bytes) else answer


def _read_balances(answer: Any) -> list[Balance] | Stale:
    answer = _parts_or_stale(answer)
    return answer if isinstance(answer, Stale) else [coding.read_balance(row) for row in answer[1]]


def _read_overrides(answer: list[bytes]) -> list[tuple[str, tuple[str, ...] | None, int | None]]:
    read = zip(map(shapes.read_override, answer[::2]), answer[1::2], strict=True)
    return [(name, key, int(amount) if amount else None) for (name, key), amount in read]


def _amount(line: Line, own: bytes | None, every: bytes | None) -> int | None:
    override = every if own is None else own
    if override is None:
        return line.amount
    return int(override) if override else None
