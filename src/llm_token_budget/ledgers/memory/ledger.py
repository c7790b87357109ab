"""The ledger's operations: one step each, under its lock, in the process that built it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from llm_token_budget.errors import ConfigurationError, ReservationConflict
from llm_token_budget.ledgers.admission import is_stale
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
    Line,
    Refused,
    Stale,
    Unconfirmed,
    gives_back,
)
from llm_token_budget.ledgers.bell import await_ring, wait
from llm_token_budget.ledgers.memory.admitting import Admitting
from llm_token_budget.ledgers.memory.tidying import Tidying

REMEMBERED = 20_000
"""So many ended reservations are remembered one by one. An older handle is refused, so nothing is ever applied twice."""

_forks = 0


def _forked() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class MemoryLedger(Admitting, Tidying):
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
        super().__init__(clock, idle_seconds, remembered, gives_back=gives_back(expired))
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
            if at is None and is_stale(counters, now):
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
            if is_stale(counters, now):
                return Stale(now)
            return [self._balance(counter, now) for counter in counters]

    def users(
        self, counter: Counter, *, limit: int | None = None, offset: int = 0
    ) -> list[tuple[str, Balance]] | Stale:
        self._check_process()
        with self._lock:
            now = self._tidy()
            if is_stale((counter,), now):
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

    def _check_process(self) -> None:
        if self._forks != _forks:
            if self._rows or self._open:
                raise ConfigurationError(
                    "this process was forked from one that had used its memory ledger: what it spends here, nobody else sees. "
                    "Build the BudgetManager after the fork, or use a ledger that processes share."
                )
            self._lock = threading.Lock()
            self._forks = _forks


def _belongs(counter: Counter, user: str | None, session: str | None) -> bool:
    if user is None and session is None:
        return True
    named = dict(zip(counter.scope, counter.key, strict=False))
    return (user is None or named.get("user") == user) and (session is None or named.get("session") == session)
