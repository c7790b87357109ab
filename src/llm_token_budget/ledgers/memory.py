"""The ledger in this process's memory: the default."""

from __future__ import annotations

import heapq
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf
from queue import SimpleQueue
from typing import Any, NamedTuple

from llm_token_budget.errors import ConfigurationError, ReservationConflict
from llm_token_budget.ledgers.admission import decide, needed
from llm_token_budget.ledgers.base import (
    DAY,
    Amounts,
    Balance,
    Booked,
    Charge,
    Claim,
    Counted,
    Counter,
    Expired,
    Granted,
    Handle,
    Ledger,
    Line,
    Refused,
    Shortage,
    Stale,
    Unconfirmed,
    expiry_charge,
    gives_back,
    make,
)
from llm_token_budget.ledgers.bell import Bell, await_ring, wait
from llm_token_budget.ledgers.rows import Row, above_of, close, hold

REMEMBERED = 20_000
"""So many ended reservations are remembered one by one. An older handle is refused, so nothing is ever applied twice."""

AT_ONCE = 16
"""So many rows that nobody will read again are looked after by one operation."""

_forks = 0


def _forked() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class _Held(NamedTuple):
    """An open reservation, and the rows that hold it: no row is dropped before its reservations have ended."""

    granted: Granted
    rows: list[Row]


class _Charged(NamedTuple):
    handle: Handle
    charge: Charge
    covered: Amounts
    """What was reserved for it; nothing if it was given back, or lost."""
    at: float
    tick: int


class _Ended(NamedTuple):
    created: float
    charge: Charge | None
    """None: given back."""


class MemoryLedger(Ledger):
    """Keeps everything in memory. For one process; lives as long as it does: there is nothing to back up.

    A row per user, session, or window of theirs, found by its counter: 670 to 890 bytes, names included, until it has been idle
    for `idle_seconds` (a session's) or its window has ended. 850 bytes per open reservation; of those that have ended the last
    `remembered` are known, 210 bytes each. `memory://?expired=release` is the same with that option.

    Args:
        clock: seconds since the epoch.
        idle_seconds: counters of sessions and runs that nobody has touched for so long are dropped (30 days).
        remembered: how many ended reservations are remembered one by one.
        expired: what a reservation is charged that nobody has ended when its lease ends: `"charge"` (all that it holds, as
            unconfirmed) or `"release"` (nothing: it is listed among the unconfirmed charges, with what it held, and a truth
            that comes later is charged).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        idle_seconds: float = 30 * DAY,
        remembered: int = REMEMBERED,
        expired: Expired = "charge",
    ) -> None:
        self._clock = clock
        self._idle = idle_seconds
        self._remembered = remembered
        self._gives_back = gives_back(expired)
        self._lock = threading.Lock()
        self._bell = Bell()
        self._rows: dict[Counter, Row] = {}
        self._open: dict[str, _Held] = {}
        self._charged: OrderedDict[str, _Charged] = OrderedDict()
        self._ended: OrderedDict[str, _Ended] = OrderedDict()
        self._forgotten = -1.0
        """The youngest handle that was forgotten: nothing up to its age is applied any more."""
        self._longest_lease = 0.0
        self._due = inf
        """Before that instant nothing is to be tidied up."""
        self._leases: list[tuple[float, str]] = []
        self._perishable: list[tuple[float, int, Counter]] = []
        self._overrides: dict[tuple[str, tuple[str, ...] | None], int | None] = {}
        self._later: SimpleQueue[tuple[Handle, Charge | None] | tuple[Counter, ...]] = SimpleQueue()
        self._tick = 0
        self._forks = _forks

    def now(self) -> float:
        return self._clock()

    def reserve(self, claim: Claim) -> Granted | Refused | Stale:
        if self._forks != _forks:
            self._check_process()
        with self._lock:
            now = self._clock()
            if now >= self._due or not self._later.empty():
                self._do_what_is_due(now)
            key = claim.id
            if key in self._open:
                return self._open[key].granted
            if key in self._charged or key in self._ended:
                raise ReservationConflict(f"reservation {key!r:.80} has ended: a new call needs a new id")
            answer, rows = self._decide(claim, now, count_blocked=True)
            if type(answer) is Granted:
                self._hold(claim, answer, rows, now)
            return answer

    def look(self, claim: Claim, *, count_blocked: bool = False) -> Granted | Refused | Stale:
        self._check_process()
        with self._lock:
            return self._decide(claim, self._tidy(), count_blocked=count_blocked)[0]

    def settle(self, handle: Handle, charge: Charge) -> Booked:
        if self._forks != _forks:
            self._check_process()
        with self._lock:
            now = self._clock()
            if now >= self._due or not self._later.empty():
                self._do_what_is_due(now)
            return self._settle(handle, charge, now)

    def release(self, handle: Handle) -> Booked:
        self._check_process()
        with self._lock:
            return self._release(handle, self._tidy())

    def settle_later(self, handle: Handle, charge: Charge | None) -> None:
        self._later.put((handle, charge))

    def forget_later(self, counters: tuple[Counter, ...]) -> None:
        self._later.put(counters)

    def renew(self, handle: Handle, lease: float) -> bool:
        self._check_process()
        with self._lock:
            expires = self._tidy() + lease
            held = self._open.get(handle.id)
            if held is None:
                return False
            if expires > held.granted.expires:
                self._open[handle.id] = held._replace(granted=held.granted._replace(expires=expires))
                self._longest_lease = max(self._longest_lease, lease)
            return True

    def refund(self, reservation_id: str) -> Amounts | None:
        self._check_process()
        with self._lock:
            now = self._tidy()
            entry = self._charged.pop(reservation_id, None)
            if entry is None:
                return None
            self._replace(entry, None, now)
            self._remember(entry.handle, None)
            return entry.charge.amounts

    def unconfirmed(self) -> Sequence[Unconfirmed]:
        self._check_process()
        with self._lock:
            self._tidy()
            return [Unconfirmed(entry.handle, entry.charge, entry.at) for entry in self._charged.values()]

    def record(self, counters: tuple[Counter, ...], charge: Charge, *, at: float | None = None) -> Stale | None:
        self._check_process()
        with self._lock:
            now = self._tidy()
            if at is None and _is_stale(counters, now):
                return Stale(now)
            for counter in counters:
                row = self._row(counter)
                row.book(counter, charge, now if at is None else at, now)
                row.touched = now
                for unit, amount in enumerate(charge.amounts):
                    row.aside.unreserved[unit] += amount
            return None

    def read(self, counters: Sequence[Counter]) -> list[Balance] | Stale:
        self._check_process()
        with self._lock:
            now = self._tidy()
            if _is_stale(counters, now):
                return Stale(now)
            return [self._balance(counter, now) for counter in counters]

    def users(
        self, counter: Counter, *, limit: int | None = None, offset: int = 0
    ) -> list[tuple[str, Balance]] | Stale:
        self._check_process()
        with self._lock:
            now = self._tidy()
            if _is_stale((counter,), now):
                return Stale(now)
            # Copied in one go, looked through outside of the lock: a million users must not keep calls waiting.
            counters = list(self._rows)
        alike, found = counter._replace(key=()), list[tuple[str, Balance]]()
        for each in counters:
            if each._replace(key=()) == alike:
                with self._lock:
                    found.append((each.key[-1], self._balance(each, now)))
        found.sort(key=lambda pair: (-pair[1].spent.nano_usd, -pair[1].spent.tokens, pair[0]))
        return found[offset : None if limit is None else offset + limit]

    def counters(self) -> Iterator[Counted]:
        self._check_process()
        with self._lock:
            self._tidy()
            counters = list(self._rows)
        for counter in counters:
            with self._lock:
                row = self._rows.get(counter)
                now = self._tidy()
                if row is None or not row.start <= now < row.end:
                    continue
                row.slide(counter, now)
                counted = Counted(counter, row.balance(), row.spent_by_step())
            yield counted

    def open_reservations(self) -> int:
        self._check_process()
        with self._lock:
            self._tidy()
            return len(self._open)

    def set_limit(self, name: str, key: tuple[str, ...] | None, amount: int | None) -> None:
        self._check_process()
        with self._lock:
            self._overrides[name, key] = amount
            self._bell.ring()

    def clear_limit(self, name: str, key: tuple[str, ...] | None) -> None:
        self._check_process()
        with self._lock:
            self._overrides.pop((name, key), None)
            self._bell.ring()

    def overrides(self) -> list[tuple[str, tuple[str, ...] | None, int | None]]:
        self._check_process()
        with self._lock:
            return [(name, key, amount) for (name, key), amount in self._overrides.items()]

    def limit_amounts(self, lines: Iterable[Line]) -> list[int | None]:
        self._check_process()
        with self._lock:
            return [self._amount(line) for line in lines]

    def reset(self, *, user: str | None = None, session: str | None = None) -> None:
        self._check_process()
        with self._lock:
            self._tidy()
            self._tick += 1
            for counter, row in self._rows.items():
                if _belongs(counter, user, session):
                    row.reset(self._tick)
            self._bell.ring()

    def wait(self, freed: int, timeout: float) -> None:
        wait(self._bell, self._lock, freed, timeout)

    async def await_room(self, freed: int, timeout: float) -> None:  # noqa: ASYNC109
        await await_ring(self._bell, self._lock, freed, timeout)

    # Everything below runs with the lock held. It calls nothing that is not ours: no logging, no callbacks.

    def _check_process(self) -> None:
        if self._forks != _forks:
            if self._rows or self._open:
                raise ConfigurationError(
                    "this process was forked from one that had used its memory ledger: what it spends here, nobody else sees. "
                    "Build the BudgetManager after the fork, or use a ledger that processes share."
                )
            self._lock = threading.Lock()
            self._forks = _forks

    def _tidy(self) -> float:
        """Do what is due, and tell the time."""
        now = self._clock()
        if now >= self._due or not self._later.empty():
            self._do_what_is_due(now)
        return now

    def _do_what_is_due(self, now: float) -> None:
        while not self._later.empty():
            self._catch_up(self._later.get(), now)
        self._expire(now)
        self._drop_perished(now)
        self._finish_unconfirmed(now)
        self._due = min(
            self._leases[0][0] if self._leases else inf,
            self._perishable[0][0] if self._perishable else inf,
            next(iter(self._charged.values())).at + self._horizon if self._charged else inf,
        )

    def _catch_up(self, late: tuple[Handle, Charge | None] | tuple[Counter, ...], now: float) -> None:
        match late:
            case (Handle() as handle, charge):
                try:
                    if charge is None:
                        self._release(handle, now)
                    else:
                        self._settle(handle, charge, now)  # type: ignore[arg-type]
                except ReservationConflict:
                    return  # It had ended before, with the truth: a finalizer knows no better.
            case counters:
                self._drop(counters)

    def _drop(self, counters: Iterable[Counter]) -> None:
        for counter in counters:
            row = self._rows.get(counter)
            if row is not None and not row.open:
                del self._rows[counter]

    def _decide(
        self, claim: Claim, now: float, *, count_blocked: bool
    ) -> tuple[Granted | Refused | Stale, list[Row | None]]:
        """The answer, and the rows of the claim's counters as far as there are any."""
        key, counters, lines, (input_tokens, _, _), _, _, _, _, _, lease, _ = claim
        rows: list[Row | None] = []
        for counter in counters:
            row = self._rows.get(counter)
            if row is None:
                if _is_stale((counter,), now):
                    return Stale(now), rows
            elif not row.start <= now < row.end:
                return Stale(now), rows
            elif row.buckets:
                row.slide(counter, now)
            rows.append(row)
        standings: list[tuple[int | None, int, int]] = []
        for line in lines:
            _, _, unit, amount, place, _ = line
            if self._overrides:
                amount = self._amount(line)
            row = rows[place] if place >= 0 else None
            standings.append((amount, 0, 0) if row is None else (amount, row.spent[unit], row.reserved[unit]))
        k, bounded, short = decide(claim, standings)
        handle = make(Handle, (key, counters, claim.amounts(k), input_tokens, now))
        if not short:
            return make(Granted, (handle, k, now + lease, bounded, ())), rows
        shortages = tuple(self._shortage(claim, index, standings[index], rows) for index in short)
        if any(lines[index].enforce for index in short):
            enforced = tuple(shortage for shortage in shortages if lines[shortage.line].enforce)
            refused = Refused(enforced, self._bell.rung)
            if count_blocked and not (claim.patient and refused.held):
                for counter, row in zip(counters, rows, strict=True):
                    # A stranger's refusal makes no row: hostile keys must not fill the ledger.
                    if row is not None or not counter.key:
                        self._row(counter).blocked += 1
            return refused, rows
        return Granted(handle, k, now + lease, bounded, shortages), rows

    def _shortage(
        self, claim: Claim, index: int, standing: tuple[int | None, int, int], rows: list[Row | None]
    ) -> Shortage:
        amount, spent, reserved = standing
        assert amount is not None
        line = claim.lines[index]
        least = needed(claim, line.unit)
        row = rows[line.counter] if line.counter >= 0 else None
        counter = claim.counters[line.counter] if line.counter >= 0 else None
        return Shortage(
            line=index,
            amount=amount,
            spent=spent,
            reserved=reserved,
            unconfirmed=row.unconfirmed(line.unit) if row else 0,
            needed=least,
            held=bool(amount) and spent + least <= amount,
            resets_at=None if counter is None else row.frees_at(counter) if row else counter.end,
        )

    def _hold(self, claim: Claim, granted: Granted, known: list[Row | None], now: float) -> None:
        rows: Any = known
        if None in known:
            rows = [row or self._row(counter) for row, counter in zip(known, claim.counters, strict=True)]
        (key, _, reserved, _, _), _, expires, _, _ = granted
        hold(rows, reserved, now)
        self._open[key] = make(_Held, (granted, rows))
        if claim.lease > self._longest_lease:
            self._longest_lease = claim.lease
        if expires < self._due:
            self._due = expires
        heapq.heappush(self._leases, (expires, key))
        # Ended reservations leave the heap: not one by one, but before they outnumber the open ones.
        if len(self._leases) > 2 * len(self._open) + 64:
            self._leases = [(held.granted.expires, key) for key, held in self._open.items()]
            heapq.heapify(self._leases)

    def _settle(self, handle: Handle, charge: Charge, now: float) -> Booked:
        held = self._open.pop(handle.id, None)
        if held is not None:
            self._close(held, charge, now)
            return _DONE
        entry = self._charged.get(handle.id)
        if entry is not None:
            if charge.unconfirmed:
                return Booked(entry.charge, first=False)
            del self._charged[handle.id]
            self._replace(entry, charge, now)
            self._remember(handle, charge)
            return Booked(entry.charge, first=True)
        ended = self._ended.get(handle.id)
        if ended is not None and (charge.unconfirmed or ended.charge is not None):
            return _repeat(handle, ended, charge)
        self._check_age(handle, now, known=ended is not None)
        # Given back before, or lost: the truth is counted all the same, and all of it was unforeseen.
        self._book(handle, charge, now)
        if charge.unconfirmed:
            self._doubt(handle, charge, Amounts(), now)
        else:
            self._remember(handle, charge)
        return _DONE

    def _release(self, handle: Handle, now: float) -> Booked:
        held = self._open.pop(handle.id, None)
        if held is not None:
            self._close(held, None, now)
            return _DONE
        entry = self._charged.pop(handle.id, None)
        if entry is not None:
            self._replace(entry, None, now)
            self._remember(handle, None)
            return Booked(entry.charge, first=True)
        ended = self._ended.get(handle.id)
        if ended is None:
            self._check_age(handle, now, known=False)
        elif ended.charge is not None and ended.charge.amounts:
            raise ReservationConflict(f"reservation {handle.id!r:.80} was settled before, with an amount")
        return Booked(None, first=False)

    def _close(self, held: _Held, charge: Charge | None, now: float) -> None:
        """End an open reservation: give back what it holds and book what it was charged, in one step."""
        granted, rows = held
        handle = granted.handle
        close(rows, handle, charge, now)
        if charge is not None and charge.unconfirmed:
            self._doubt(handle, charge, handle.reserved, now)
        else:
            self._remember(handle, charge)
        self._bell.ring()

    def _doubt(self, handle: Handle, charge: Charge, covered: Amounts, now: float) -> None:
        """Keep an unconfirmed charge, for a truth or a refund."""
        self._tick += 1
        self._due = min(self._due, now + self._horizon)
        self._charged[handle.id] = _Charged(handle, charge, covered, now, self._tick)

    def _replace(self, entry: _Charged, charge: Charge | None, now: float) -> None:
        """Put a truth (or nothing) in the place of an unconfirmed charge."""
        handle, guess, covered = entry.handle, entry.charge.amounts, entry.covered
        was_above = above_of(entry.charge, covered)
        # What the guess had left uncovered was given back, and may be somebody else's by now.
        above = None if charge is None else above_of(charge, Amounts(*map(min, guess, covered)))
        for counter in handle.counters:
            row = self._rows.get(counter)
            if row is None or row.since > entry.tick:
                continue  # Dropped or reset since: what was charged there is gone already.
            row.slide(counter, now)
            row.take_back(counter, entry.charge, handle.created, now)
            if was_above is not None:
                row.overrun(was_above, -1)
            if charge is not None:
                row.book(counter, charge, handle.created, now)
            if above is not None:
                row.overrun(above, 1)
        self._bell.ring()

    def _book(self, handle: Handle, charge: Charge, now: float) -> None:
        """Count a charge for which nothing is held."""
        for counter in handle.counters:
            if counter.end is not None and counter.end <= now and counter not in self._rows:
                continue  # Its window has ended and was dropped: nobody reads it any more.
            row = self._row(counter)
            row.slide(counter, now)
            row.book(counter, charge, handle.created, now)
            row.overrun(charge.amounts, 1)
            row.touched = now

    def _remember(self, handle: Handle, charge: Charge | None) -> None:
        self._ended[handle.id] = make(_Ended, (handle.created, charge))
        if len(self._ended) > self._remembered:
            _, gone = self._ended.popitem(last=False)
            self._forgotten = max(self._forgotten, gone.created)

    def _check_age(self, handle: Handle, now: float, *, known: bool) -> None:
        if handle.created < now - self._horizon or (not known and handle.created <= self._forgotten):
            raise ReservationConflict(
                f"reservation {handle.id!r:.80} is older than what is remembered: nothing was changed"
            )

    @property
    def _horizon(self) -> float:
        return self._longest_lease + DAY

    def _expire(self, now: float) -> None:
        while self._leases and self._leases[0][0] <= now:
            _, reservation_id = heapq.heappop(self._leases)
            held = self._open.get(reservation_id)
            if held is None:
                continue
            if held.granted.expires > now:  # It was renewed.
                heapq.heappush(self._leases, (held.granted.expires, reservation_id))
                continue
            del self._open[reservation_id]
            self._close(held, expiry_charge(held.granted.handle, gives_back=self._gives_back), now)

    def _finish_unconfirmed(self, now: float) -> None:
        """After the horizon no truth comes any more: what was charged stands."""
        while self._charged and next(iter(self._charged.values())).at + self._horizon <= now:
            _, entry = self._charged.popitem(last=False)
            self._remember(entry.handle, entry.charge)

    def _drop_perished(self, now: float) -> None:
        # The rest with the next operations: when the day of a million users ends, no call has to wait for all of them.
        for _ in range(AT_ONCE):
            if not self._perishable or self._perishable[0][0] > now:
                return
            _, _, counter = heapq.heappop(self._perishable)
            row = self._rows.get(counter)
            if row is None:
                continue
            due = max(row.touched, counter.end or 0) + self._patience(counter)
            if row.open or due > now:
                self._perish(counter, max(due, now + self._longest_lease + 1))
            else:
                del self._rows[counter]

    def _perish(self, counter: Counter, due: float) -> None:
        self._tick += 1
        self._due = min(self._due, due)
        heapq.heappush(self._perishable, (due, self._tick, counter))
        # Forgotten rows leave the heap as ended reservations do: before they outnumber the others.
        if len(self._perishable) > 2 * len(self._rows) + 64:
            kept = {counter: (due, tick, counter) for due, tick, counter in self._perishable if counter in self._rows}
            self._perishable = list(kept.values())
            heapq.heapify(self._perishable)

    def _patience(self, counter: Counter) -> float:
        """For how long a counter is kept after its window's end, or after its last use."""
        if counter.end is not None:
            return self._longest_lease
        return counter.sliding * 2 if counter.sliding else self._idle

    def _row(self, counter: Counter) -> Row:
        row = self._rows.get(counter)
        if row is None:
            self._tick += 1
            row = self._rows[counter] = Row(counter, self._tick)
            if counter.end is not None or counter.sliding or not _PERISHABLE.isdisjoint(counter.scope):
                due = (self._clock() if counter.end is None else counter.end) + self._patience(counter)
                self._perish(counter, due)
        return row

    def _balance(self, counter: Counter, now: float) -> Balance:
        row = self._rows.get(counter)
        if row is None:
            return _EMPTY
        row.slide(counter, now)
        return row.balance()

    def _amount(self, line: Line) -> int | None:
        if (override := self._overrides.get((line.name, line.key), _NONE)) is not _NONE:
            return override  # type: ignore[return-value]
        if (override := self._overrides.get((line.name, None), _NONE)) is not _NONE:
            return override  # type: ignore[return-value]
        return line.amount


_PERISHABLE = {"session", "run"}
_EMPTY = Balance()
_NONE = object()
_DONE = Booked(None, first=True)


def _is_stale(counters: Iterable[Counter], now: float) -> bool:
    return any(counter.start > now or (counter.end is not None and counter.end <= now) for counter in counters)


def _repeat(handle: Handle, ended: _Ended, charge: Charge) -> Booked:
    """The answer to a settle of what had ended: it changes nothing."""
    if ended.charge is not None and not charge.unconfirmed and charge[:4] != ended.charge[:4]:
        raise ReservationConflict(f"reservation {handle.id!r:.80} was settled before, with another amount")
    return Booked(ended.charge, first=False)


def _belongs(counter: Counter, user: str | None, session: str | None) -> bool:
    if user is None and session is None:
        return True
    named = dict(zip(counter.scope, counter.key, strict=False))
    return (user is None or named.get("user") == user) and (session is None or named.get("session") == session)
