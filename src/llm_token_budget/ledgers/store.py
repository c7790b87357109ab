"""A place outside of this process where amounts are kept: what it does, and what a process knows of it."""

from __future__ import annotations

import os
import threading
import time
from abc import abstractmethod
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from llm_token_budget.errors import LedgerUnavailable
from llm_token_budget.ledgers.base import Counter, Ledger, Stale
from llm_token_budget.ledgers.bell import Bell
from llm_token_budget.ledgers.keeper import Keeper
from llm_token_budget.ledgers.operations import Operation
from llm_token_budget.ledgers.outage import Outage

T = TypeVar("T")


class Store(Ledger):
    """What differs from store to store, one operation at a time, and the state that each process has of its own."""

    name: str
    clock: Callable[[], float] | None
    _skew: float
    """By how many seconds the store's clock is ahead of this process's."""
    _reap_every: float
    _next_due: float
    """When a lease ends, as far as this process knows: then it looks without being told."""

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

    def now(self) -> float:
        return self.clock() if self.clock is not None else time.time() + self._skew

    def _learned(self, answer: T | Stale) -> T | Stale:
        """An answer, its clock noted if it tells one."""
        if isinstance(answer, Stale) and self.clock is None:
            self._skew = answer.now - time.time()
        return answer

    def _ring(self) -> None:
        with self._bell_lock:
            self._bell.ring()

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
