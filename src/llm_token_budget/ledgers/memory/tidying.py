"""What time brings, done by the next operation: late settles, leases that have ended, charges that stand, rows to drop."""

from __future__ import annotations

import heapq
from math import inf

from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers.base import Charge, Counter, Handle, expiry_charge
from llm_token_budget.ledgers.memory.ending import Ending


class Tidying(Ending):
    """What is due, before an operation does what it was asked for."""

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
