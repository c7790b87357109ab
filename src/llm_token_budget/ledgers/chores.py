"""What a stored ledger does between calls: what was left for later, leases that ended, counts of blocked requests.

All of it is done by whoever comes by next: a call, before it asks the store, or the keeper's thread.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any, Final, cast

from llm_token_budget.errors import LedgerUnavailable, ReservationConflict
from llm_token_budget.ledgers.base import Amounts
from llm_token_budget.ledgers.operations import SOON, CountBlocked, Operation, Reap, Reaped, Settle
from llm_token_budget.ledgers.outage import Attempts
from llm_token_budget.ledgers.store import Store

logger: Final = logging.getLogger("llm_token_budget")

CLOSING: Final = 5.0
"""Seconds that closing waits for a store to take what is still to be settled."""

_NEVER: Final = float("inf")
_GONE: Final = object()


class Chores(Store):
    """Asking the store, with everything that is due done before."""

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

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            self._begin()
            self.forked()
        if not self._keeper.runs:
            self._keeper.start(self, Chores._keep, self._reap_every)

    def _leave(self, operation: Operation) -> None:
        """Takes no lock and never blocks: a finalizer may be the caller."""
        self._later.append(operation)
        self._keeper.wake()

    def _do_what_is_due(self) -> None:
        self._catch_up()
        if not self._outage.is_fresh:
            self._reap()

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

    def _ended(self, operation: Settle) -> None:
        if operation.unguarded and self._unguarded.pop(operation.handle.id, _GONE) is not _GONE:
            self._outage.charged(Amounts() if operation.charge is None else operation.charge.amounts)
        self._ring()

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
        if self._later:
            return 0.5
        return min(max(self._next_due - self.now(), SOON), self._reap_every)

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
