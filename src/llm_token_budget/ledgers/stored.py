"""What all ledgers have in common that keep their numbers outside of this process.

A store carries out operations, one atomic step each; this class decides what happens around them: what is settled later, what
a lost store means, who charges reservations that nobody ends, and who is woken.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from abc import abstractmethod
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal, TypeVar, cast

from llm_token_budget.errors import LedgerUnavailable, ReservationConflict
from llm_token_budget.identifiers import is_of_key, new_id
from llm_token_budget.ledgers.base import (
    UNTOLD,
    Amounts,
    Balance,
    Booked,
    Charge,
    Claim,
    Counted,
    Counter,
    Granted,
    Handle,
    Ledger,
    Line,
    Refused,
    Stale,
    Unconfirmed,
)
from llm_token_budget.ledgers.bell import Bell, await_ring, wait
from llm_token_budget.ledgers.keeper import Keeper
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
from llm_token_budget.ledgers.outage import Attempts, Outage

logger: Final = logging.getLogger("llm_token_budget")

T = TypeVar("T")

OnError = Literal["refuse", "allow"]

RETRY_FOR: Final = 2.0
"""Seconds for which a store that can't be reached is asked again before a call is told so."""

REAP_EVERY: Final = 5.0
"""Seconds between two looks for reservations whose lease has ended, in each process."""

POLL: Final = 0.25
"""Seconds after which a call that waits for room looks again: what other processes give back rings no bell here."""

DISOWNED: Final = 1_000
"""So many operations may wait while a store is away before reserves without an answer are left to their leases."""

COUNTERS_AT_ONCE: Final = 500
"""Counters in one page of a list of all."""

CLOSING: Final = 5.0
"""Seconds that closing waits for a store to take what is still to be settled."""


class StoredLedger(Ledger):
    """A ledger whose numbers live in a store: a file, a server.

    A subclass carries out operations (`perform`, and `aperform` if its driver is async), and translates every failure of the
    store into `LedgerUnavailable` (`self.unavailable(cause)`).

    Args:
        name: the store in messages; no password in it.
        clock: seconds since the epoch. None: the store's own clock, or this process's where it has none.
        on_error: what a call gets if the store can't be reached: `"refuse"` (`LedgerUnavailable`) or `"allow"` (it goes out
            unguarded, is said in the log, counted in `unguarded`, and booked when the store is back).
        retry_for: seconds for which a reserve asks again.
        reap_every: seconds between two looks for reservations whose lease has ended.
    """

    blocking = True
    poll = POLL
    _next_due: float
    """When a lease ends, as far as this process knows: then it looks without being told."""

    def __init__(
        self,
        name: str,
        *,
        clock: Callable[[], float] | None = None,
        on_error: OnError = "refuse",
        retry_for: float = RETRY_FOR,
        reap_every: float = REAP_EVERY,
    ) -> None:
        self.name = name
        self.on_error: OnError = on_error
        self.clock = clock
        self._skew = 0.0
        """By how many seconds the store's clock is ahead of this process's."""
        self._retry_for = retry_for
        self._reap_every = reap_every
        self._begin()
        atexit.register(_finish_at_exit, weakref.ref(self))

    # What a store does

    @abstractmethod
    def perform(self, operation: Operation) -> Any:
        """Carry out one operation, atomically. The operation's docstring says what is answered.

        Raises:
            LedgerUnavailable: the store can't be reached; nobody knows whether the operation was carried out.
            ReservationConflict: as `Ledger.settle` and `Ledger.reserve` say.
        """

    async def aperform(self, operation: Operation) -> Any:
        """`perform` for tasks: doesn't block the event loop."""
        import asyncio

        return await asyncio.to_thread(self.perform, operation)

    def upkeep(self) -> bool:
        """A bounded piece of work that a store leaves for later, done between calls. Whether more is left."""
        return False

    def disconnect(self) -> None:
        """Let go of connections and threads of one's own; the next operation connects again."""

    def forked(self) -> None:
        """In a forked child: forget the parent's connections without closing them."""

    def unavailable(self, cause: BaseException) -> LedgerUnavailable:
        """The error for a store that fails: raise it `from` the cause."""
        return LedgerUnavailable(
            f"the ledger at {self.name} can't be reached ({type(cause).__name__}): nothing was sent. Repair the store; "
            "on_ledger_error='allow' lets calls through unguarded meanwhile"
        )

    # The protocol

    def now(self) -> float:
        return self.clock() if self.clock is not None else time.time() + self._skew

    @property
    def unguarded(self) -> Amounts:
        """What calls of this process were charged that no limit was asked about, because the store was away."""
        return self._outage.unguarded

    def ping(self) -> None:
        """A round trip to the store.

        Raises:
            LedgerUnavailable: it can't be reached.
        """
        self._ask(Ping())

    def reserve(self, claim: Claim) -> Granted | Refused | Stale:
        self._tidy()
        rung = self._bell.rung
        try:
            return self._answered(claim, self._ask(Reserve(claim), self._retry_for), rung)
        except LedgerUnavailable as lost:
            if self.on_error != "allow":
                self._disown(claim, lost)
                raise
            return self._let_through(claim)
        except Exception:
            raise
        except BaseException:
            # Interrupted: the store may hold it now, or a moment later, and it has no owner any more.
            self.settle_later(Handle(claim.id, claim.counters, Amounts(), 0, self.now()), None)
            raise

    async def areserve(self, claim: Claim) -> Granted | Refused | Stale:
        await self._atidy()
        rung = self._bell.rung
        try:
            return self._answered(claim, await self._aask(Reserve(claim), self._retry_for), rung)
        except LedgerUnavailable as lost:
            if self.on_error != "allow":
                self._disown(claim, lost)
                raise
            return self._let_through(claim)
        except ReservationConflict:
            raise
        except BaseException:
            # Cancelled: the store may hold it now, or a moment later, and it has no owner any more.
            self.settle_later(Handle(claim.id, claim.counters, Amounts(), 0, self.now()), None)
            raise

    def look(self, claim: Claim, *, count_blocked: bool = False) -> Granted | Refused | Stale:
        self._tidy()
        rung = self._bell.rung
        return self._answered(claim, self._ask(Look(claim)), rung, held=False, count_blocked=count_blocked)

    def settle(self, handle: Handle, charge: Charge) -> Booked:
        return self._end(handle, charge)

    def release(self, handle: Handle) -> Booked:
        return self._end(handle, None)

    async def asettle(self, handle: Handle, charge: Charge) -> Booked:
        return await self._aend(handle, charge)

    async def arelease(self, handle: Handle) -> Booked:
        return await self._aend(handle, None)

    def settle_later(self, handle: Handle, charge: Charge | None) -> None:
        self._leave(self._ending(handle, charge))

    def forget_later(self, counters: tuple[Counter, ...]) -> None:
        self._leave(Forget(counters))

    def renew(self, handle: Handle, lease: float) -> bool:
        return bool(self._ask(Renew(handle, lease)))

    def refund(self, reservation_id: str) -> Amounts | None:
        amounts = cast("Amounts | None", self._ask(Refund(reservation_id)))
        self._ring()
        return amounts

    def unconfirmed(self) -> Sequence[Unconfirmed]:
        return cast("list[Unconfirmed]", self._ask(ListUnconfirmed()))

    def record(self, counters: tuple[Counter, ...], charge: Charge, *, at: float | None = None) -> Stale | None:
        operation = Record(new_id(), counters, charge, at)
        try:
            return self._learned(cast("Stale | None", self._ask(operation)))
        except LedgerUnavailable:
            # It never refuses: what was spent is booked when the store is back, in the windows of now.
            self._leave(operation._replace(at=self.now() if at is None else at))
            return None

    def read(self, counters: Sequence[Counter]) -> list[Balance] | Stale:
        self._count_blocked()
        return self._learned(cast("list[Balance] | Stale", self._ask(Read(tuple(counters)))))

    def users(
        self, counter: Counter, *, limit: int | None = None, offset: int = 0
    ) -> list[tuple[str, Balance]] | Stale:
        self._count_blocked()
        return self._learned(cast("list[tuple[str, Balance]] | Stale", self._ask(Users(counter, limit, offset))))

    def counters(self) -> Iterator[Counted]:
        self._count_blocked()
        after: str | None = ""
        while after is not None:
            page = cast("CounterPage", self._ask(ListCounters(after, COUNTERS_AT_ONCE)))
            yield from page.counted
            after = page.after

    def open_reservations(self) -> int:
        return cast("CounterPage", self._ask(ListCounters("", 1))).open_reservations

    def set_limit(self, name: str, key: tuple[str, ...] | None, amount: int | None) -> None:
        self._ask(SetLimit(name, key, amount))
        self._ring()

    def clear_limit(self, name: str, key: tuple[str, ...] | None) -> None:
        self._ask(ClearLimit(name, key))
        self._ring()

    def overrides(self) -> list[tuple[str, tuple[str, ...] | None, int | None]]:
        return cast("list[tuple[str, tuple[str, ...] | None, int | None]]", self._ask(ListOverrides()))

    def limit_amounts(self, lines: Iterable[Line]) -> list[int | None]:
        return cast("list[int | None]", self._ask(LimitAmounts(tuple(lines))))

    def reset(self, *, user: str | None = None, session: str | None = None) -> None:
        self._count_blocked()
        self._ask(Reset(user, session))
        self._ring()

    def wait(self, freed: int, timeout: float) -> None:
        wait(self._bell, self._bell_lock, freed, timeout)

    async def await_room(self, freed: int, timeout: float) -> None:  # noqa: ASYNC109
        await await_ring(self._bell, self._bell_lock, freed, timeout)

    def close(self) -> None:
        self.finish()
        self._keeper.stop()
        self.disconnect()

    # Asking the store

    def _tidy(self) -> None:
        """Do what is due. What that gives back rings the bell: who looks at the bell does so afterwards."""
        self._check_process()
        if self._later and not self._outage.is_fresh:
            self._catch_up()
        if self.now() >= self._next_due:
            self._reap()

    async def _atidy(self) -> None:
        """`_tidy` for tasks."""
        self._check_process()
        if (self._later and not self._outage.is_fresh) or self.now() >= self._next_due:
            import asyncio

            await asyncio.to_thread(self._do_what_is_due)

    def _ask(self, operation: Operation, patience: float = 0.0) -> Any:
        """One operation, after what is due before it; asked again for `patience` seconds if the store is away."""
        self._tidy()
        attempts = Attempts(0.0 if self._outage.is_hopeless else patience)
        unsent = True
        while True:
            try:
                answer = self.perform(operation)
            except LedgerUnavailable as lost:
                unsent = unsent and lost.unsent
                self._outage.found_away(lost.__cause__)
                if (pause := attempts.pause()) is None:
                    lost.unsent = unsent
                    raise
                time.sleep(pause)
            else:
                self._outage.found_back()
                return answer

    async def _aask(self, operation: Operation, patience: float = 0.0) -> Any:
        """`_ask` for tasks."""
        await self._atidy()
        attempts = Attempts(0.0 if self._outage.is_hopeless else patience)
        unsent = True
        while True:
            try:
                answer = await self.aperform(operation)
            except LedgerUnavailable as lost:
                unsent = unsent and lost.unsent
                self._outage.found_away(lost.__cause__)
                if (pause := attempts.pause()) is None:
                    lost.unsent = unsent
                    raise
                import asyncio

                await asyncio.sleep(pause)
            else:
                self._outage.found_back()
                return answer

    def _answered(
        self,
        claim: Claim,
        answer: Granted | Refused | Stale,
        rung: int,
        *,
        held: bool = True,
        count_blocked: bool = True,
    ) -> Granted | Refused | Stale:
        if type(answer) is Granted:
            if held and answer.expires < self._next_due:
                self._next_due = answer.expires
            if self.clock is None:
                self._skew = answer.handle.created - time.time()
            return answer
        if isinstance(answer, Stale):
            self._learned(answer)
            return answer
        refused = cast("Refused", answer)
        if count_blocked and not (claim.patient and refused.held):
            with self._bell_lock:
                self._blocked.update(claim.counters)
        return refused._replace(freed=rung)

    def _learned(self, answer: T | Stale) -> T | Stale:
        """An answer, its clock noted if it tells one."""
        if isinstance(answer, Stale) and self.clock is None:
            self._skew = answer.now - time.time()
        return answer

    def _disown(self, claim: Claim, lost: LedgerUnavailable) -> None:
        """The caller is told no, but the store may hold it all the same, if only its answers were lost."""
        if is_of_key(claim.id):
            return  # Whoever does the work again comes back for it; given back, it could not be had again.
        if not lost.unsent and len(self._later) < DISOWNED:
            self.settle_later(Handle(claim.id, claim.counters, Amounts(), 0, self.now()), None)

    def _let_through(self, claim: Claim) -> Granted:
        """Nobody can be asked, and the user has chosen that calls go out all the same."""
        now = self.now()
        self._outage.let_through()
        self._unguarded[claim.id] = None
        handle = Handle(claim.id, claim.counters, claim.amounts(claim.want), claim.fixed.tokens, now)
        return Granted(handle, claim.want, now + claim.lease)

    # Ending reservations

    def _ending(self, handle: Handle, charge: Charge | None) -> Settle:
        return Settle(handle, charge, handle.id in self._unguarded)

    def _end(self, handle: Handle, charge: Charge | None) -> Booked:
        operation = self._ending(handle, charge)
        try:
            booked = self._ask(operation)
        except LedgerUnavailable:
            return self._kept(operation)
        except Exception:
            raise
        except BaseException:
            # Interrupted: the store may have it already; a second time changes nothing.
            self._leave(operation)
            raise
        self._ended(operation)
        return cast("Booked", booked)

    async def _aend(self, handle: Handle, charge: Charge | None) -> Booked:
        operation = self._ending(handle, charge)
        try:
            booked = await self._aask(operation)
        except LedgerUnavailable:
            return self._kept(operation)
        except ReservationConflict:
            raise
        except BaseException:
            # Cancelled: the store may have it already; a second time changes nothing.
            self._leave(operation)
            raise
        self._ended(operation)
        return cast("Booked", booked)

    def _kept(self, operation: Settle) -> Booked:
        """The store is away: the settle is kept, and carried out once when it is back."""
        self._leave(operation)
        return UNTOLD

    def _ended(self, operation: Settle) -> None:
        if operation.unguarded and self._unguarded.pop(operation.handle.id, _GONE) is not _GONE:
            self._outage.charged(Amounts() if operation.charge is None else operation.charge.amounts)
        self._ring()

    def _ring(self) -> None:
        with self._bell_lock:
            self._bell.ring()

    # What is done later

    def _leave(self, operation: Operation) -> None:
        """Takes no lock and never blocks: a finalizer may be the caller."""
        self._later.append(operation)
        self._keeper.wake()

    def _catch_up(self) -> None:
        """Carry out what was left for later. An operation leaves the queue when it was carried out, not before."""
        while self._later:
            with self._catching_up:
                if not self._later:
                    return
                operation = self._later[0]
                try:
                    self.perform(operation)
                except LedgerUnavailable as lost:
                    self._outage.found_away(lost.__cause__)
                    return
                except ReservationConflict as conflict:
                    # It had ended before, with the truth, or is too old: said, because nobody else can be told.
                    logger.debug("what was to be settled later had ended before: %s", conflict)
                except Exception:
                    logger.exception("an operation that was left for later fails, and is given up: %s", type(operation))
                self._later.popleft()
            self._outage.found_back()
            if isinstance(operation, Settle):
                self._ended(operation)

    def _count_blocked(self) -> None:
        """Tell the store of blocked requests: many at once, none of them is worth a write of its own."""
        if not self._blocked:
            return
        with self._bell_lock:
            counted = tuple(self._blocked.items())
            self._blocked.clear()
        try:
            self._ask(CountBlocked(counted))
        except LedgerUnavailable:
            with self._bell_lock:
                self._blocked.update(dict(counted))
            raise

    def _reap(self) -> None:
        while True:
            before = self._next_due
            try:
                reaped = cast("Reaped", self.perform(Reap()))
            except LedgerUnavailable as lost:
                self._outage.found_away(lost.__cause__)
                self._next_due = self.now() + self._reap_every
                return
            now = self.now()
            # There is more to it than leases: rows that nobody will read again are dropped as time passes.
            due = min(now + self._reap_every, _NEVER if reaped.next_due is None else reaped.next_due)
            # Meanwhile another thread may have been granted a lease that ends earlier.
            self._next_due = due if self._next_due == before else min(due, self._next_due)
            if reaped.ended:
                self._ring()
            if self._next_due > now:
                return

    def _do_what_is_due(self) -> None:
        self._catch_up()
        if not self._outage.is_fresh:
            self._reap()

    def _keep(self) -> float:
        """The keeper's work. Returns the seconds until it is due again."""
        try:
            self._do_what_is_due()
            self._count_blocked()
            if self.upkeep():
                return 0.5
        except LedgerUnavailable:
            return 0.5  # Said in the log already.
        except Exception:
            logger.exception("keeping the ledger at %s in order fails; it is tried again", self.name)
        return 0.5 if self._later else self._reap_every

    def finish(self) -> None:
        """Carry out what was left for later and wait for it, for a few seconds: before a process ends."""
        until = time.monotonic() + CLOSING
        while (self._later or self._blocked) and self._pid == os.getpid():
            try:
                self._catch_up()
                self._count_blocked()
            except LedgerUnavailable:
                time.sleep(0.05)
            if self._later and time.monotonic() >= until:
                logger.error(
                    "the ledger at %s can't be reached: %d settles are lost; what they held is charged when its lease ends",
                    self.name,
                    len(self._later),
                )
                return
            if time.monotonic() >= until:
                return

    # Processes and threads

    def _begin(self) -> None:
        """The state of one process: nothing of it is a forked child's."""
        self._pid = os.getpid()
        self._bell = Bell()
        self._bell_lock = threading.Lock()
        self._catching_up = threading.Lock()
        self._later: deque[Operation] = deque()
        self._blocked: Tally[Counter] = Tally()
        self._unguarded: dict[str, None] = {}
        self._outage = Outage(self.name)
        self._next_due = 0.0
        self._keeper = Keeper()

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            self._begin()
            self.forked()
        if not self._keeper.runs:
            self._keeper.start(self, StoredLedger._keep, self._reap_every)


def _finish_at_exit(reference: weakref.ref[StoredLedger]) -> None:
    if (ledger := reference()) is not None:
        ledger.finish()


_NEVER: Final = float("inf")
_GONE: Final = object()
