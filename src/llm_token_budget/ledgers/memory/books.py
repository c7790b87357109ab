"""What the memory ledger knows: its rows, the reservations that are open, and those that have ended."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from math import inf
from queue import SimpleQueue
from typing import Final, NamedTuple

from llm_token_budget.ledgers.base import DAY, Amounts, Balance, Charge, Counter, Granted, Handle, Ledger
from llm_token_budget.ledgers.bell import Bell
from llm_token_budget.ledgers.rows import Row

_EMPTY: Final = Balance()


class Held(NamedTuple):
    """An open reservation, and the rows that hold it: no row is dropped before its reservations have ended."""

    granted: Granted
    rows: list[Row]


class Charged(NamedTuple):
    handle: Handle
    charge: Charge
    covered: Amounts
    """What was reserved for it; nothing if it was given back, or lost."""
    at: float
    tick: int


class Ended(NamedTuple):
    created: float
    charge: Charge | None
    """None: given back."""


class Books(Ledger):
    """The numbers, and the lock that guards them.

    What the modules beside this one do to them runs with the lock held, and calls nothing that is not ours: no logging, no
    callbacks.
    """

    def __init__(self, clock: Callable[[], float], idle_seconds: float, remembered: int, *, gives_back: bool) -> None:
        self._clock = clock
        self._idle = idle_seconds
        self._remembered = remembered
        self._gives_back = gives_back
        self._lock = threading.Lock()
        self._bell = Bell()
        self._rows: dict[Counter, Row] = {}
        self._open: dict[str, Held] = {}
        self._charged: OrderedDict[str, Charged] = OrderedDict()
        self._ended: OrderedDict[str, Ended] = OrderedDict()
        self._forgotten = -1.0
        """The youngest handle that was forgotten: nothing up to its age is applied any more."""
        self._longest_lease = 0.0
        self._due = inf
        """Before that instant nothing is to be tidied up."""
        self._leases: list[tuple[float, str]] = []
        self._perishable: list[tuple[float, int, Counter]] = []
        self._overrides: dict[tuple[str, tuple[str, ...] | None], int | None] = {}
        self._later: SimpleQueue[tuple[Handle, Charge | None] | tuple[Counter, ...]] = SimpleQueue()
        self._tick: int = 0

    def _balance(self, counter: Counter, now: float) -> Balance:
        row = self._rows.get(counter)
        if row is None:
            return _EMPTY
        row.slide(counter, now)
        return row.balance()

    @property
    def _horizon(self) -> float:
        return self._longest_lease + DAY
