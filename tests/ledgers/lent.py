"""A store in this process: carries operations out in a memory ledger, and fails as it is told to."""

from __future__ import annotations

import threading
from typing import Any

from llm_token_budget.ledgers import MemoryLedger
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
from llm_token_budget.ledgers.stored import StoredLedger


class Cable(ConnectionError):
    """Somebody pulled it."""


class LentLedger(StoredLedger):
    """`away`: nothing gets through. `deaf`: what is asked is done, and the answer is lost."""

    def __init__(self, store: MemoryLedger | None = None, **options: Any) -> None:
        super().__init__("the lent store", **options)
        self.store = store or MemoryLedger(clock=options.get("clock") or __import__("time").time)
        self.away = False
        self.deaf = 0
        self.asked: list[Operation] = []
        self._lock = threading.Lock()
        self._recorded: set[str] = set()

    def perform(self, operation: Operation) -> Any:
        if self.away:
            raise self.unavailable(Cable()) from Cable()
        with self._lock:
            self.asked.append(operation)
            answer = self._carry_out(operation)
        if self.deaf:
            self.deaf -= 1
            raise self.unavailable(Cable()) from Cable()
        return answer

    def _carry_out(self, operation: Operation) -> Any:
        store = self.store
        match operation:
            case Reserve(claim):
                return store.reserve(claim._replace(patient=True))
            case Look(claim):
                return store.look(claim)
            case Settle(handle, None):
                return store.release(handle)
            case Settle(handle, charge):
                return store.settle(handle, charge)
            case Renew(handle, lease):
                return store.renew(handle, lease)
            case Refund(reservation_id):
                return store.refund(reservation_id)
            case ListUnconfirmed():
                return list(store.unconfirmed())
            case Record(record_id, counters, charge, at):
                if record_id in self._recorded:
                    return None
                self._recorded.add(record_id)
                return store.record(counters, charge, at=at)
            case Read(counters):
                return store.read(counters)
            case Users(counter, limit, offset):
                return store.users(counter, limit=limit, offset=offset)
            case ListCounters(after, limit):
                first = int(after or 0)
                counted = list(store.counters())
                last = first + limit
                following = str(last) if last < len(counted) else None
                return CounterPage(counted[first:last], following, store.open_reservations())
            case SetLimit(name, key, amount):
                return store.set_limit(name, key, amount)
            case ClearLimit(name, key):
                return store.clear_limit(name, key)
            case ListOverrides():
                return store.overrides()
            case LimitAmounts(lines):
                return store.limit_amounts(lines)
            case Reset(user, session):
                return store.reset(user=user, session=session)
            case Forget(counters):
                return store.forget_later(counters)
            case CountBlocked() | Ping():
                return None
            case Reap():
                store.read([])
                leases = [held.granted.expires for held in store._open.values()]
                return Reaped(0, min(leases, default=None))
            case _:
                raise AssertionError(operation)
