"""What all ledgers have in common that keep their numbers outside of this process.

A store carries out operations, one atomic step each (`store`). What happens around them is decided here and in `chores`: what
is settled later, what a lost store means, who charges reservations that nobody ends, and who is woken.
"""

from __future__ import annotations

import atexit
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal, cast

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
from llm_token_budget.ledgers.chores import Chores
from llm_token_budget.ledgers.operations import (
    ClearLimit,
    CounterPage,
    Forget,
    LimitAmounts,
    ListCounters,
    ListOverrides,
    ListUnconfirmed,
    Look,
    Ping,
    Read,
    Record,
    Refund,
    Renew,
    Reserve,
    Reset,
    SetLimit,
    Settle,
    Users,
)

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


class StoredLedger(Chores):
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
        expired: what a reservation is charged that nobody has ended when its lease ends: `"charge"` (all that it holds, as
            unconfirmed) or `"release"` (nothing: it is listed among the unconfirmed charges, with what it held, and a truth
            that comes later is charged). Stored with each reservation when it is made, not asked of whoever finds it: any
            worker may be the one that does, so only this is exact where workers with different options share a store.
    """

    blocking = True
    poll = POLL

    def __init__(
        self,
        name: str,
        *,
        clock: Callable[[], float] | None = None,
        on_error: OnError = "refuse",
        retry_for: float = RETRY_FOR,
        reap_every: float = REAP_EVERY,
        expired: Expired = "charge",
    ) -> None:
        self.name = name
        self.on_error: OnError = on_error
        self.clock = clock
        self._skew = 0.0
        self._gives_back = gives_back(expired)
        self._retry_for = retry_for
        self._reap_every = reap_every
        self._begin()
        atexit.register(_finish_at_exit, weakref.ref(self))

    # The protocol

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
            return self._answered(claim, self._ask(Reserve(claim, self._gives_back), self._retry_for), rung)
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
            return self._answered(claim, await self._aask(Reserve(claim, self._gives_back), self._retry_for), rung)
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

    # Admitting

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

    # Ending

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


def _finish_at_exit(reference: weakref.ref[StoredLedger]) -> None:
    if (ledger := reference()) is not None:
        ledger.finish()
