"""The tables of the file, as one transaction after the other sees them."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from llm_token_budget.ledgers.base import DAY, Counter
from llm_token_budget.ledgers.sqlite.overrides import Overrides
from llm_token_budget.ledgers.sqlite.reservations import Reservations
from llm_token_budget.ledgers.sqlite.rows import Rows, StoredRow

PERISHABLE: Final = frozenset({"session", "run"})
STATE: Final = "SELECT tick, longest_lease FROM state"


class Tables:
    """Read when asked for, written when the transaction ends, and known until another process writes.

    Args:
        connection: in autocommit mode; only this writes through it.
        idle_seconds: counters of sessions and runs that nobody has touched for so long are dropped.
    """

    def __init__(self, connection: sqlite3.Connection, idle_seconds: float) -> None:
        self.connection = connection
        self.rows = Rows(connection)
        self.reservations = Reservations(connection)
        self.overrides = Overrides(connection)
        self._idle = idle_seconds
        self._seen: int | None = None
        self._state = self._stored_state = _State(0, 0.0)

    def begin(self) -> None:
        """A transaction has begun: keep what is known if nobody else has written since."""
        seen = self.connection.execute("PRAGMA data_version").fetchone()[0]
        if seen != self._seen or self.rows.are_many or self.reservations.are_many:
            self.forget()
            self._seen = seen
            self._state = self._stored_state = _State(*self.connection.execute(STATE).fetchone())

    def save(self) -> None:
        """The transaction ends: write what has changed."""
        self.rows.save()
        if self._state != self._stored_state:
            self.connection.execute("UPDATE state SET tick = ?, longest_lease = ?", self._state)
            self._stored_state = self._state

    def forget(self) -> None:
        """The file may say something else by now, or what was changed was not written."""
        self._seen = None
        self.rows.forget()
        self.reservations.forget()
        self.overrides.forget()

    def row(self, counter: Counter, now: float) -> StoredRow:
        """The row of a counter, made if there is none."""
        row = self.rows.find(counter)
        if row is None:
            due = None
            if counter.end is not None or counter.sliding or not PERISHABLE.isdisjoint(counter.scope):
                due = (now if counter.end is None else counter.end) + self.patience(counter)
            row = self.rows.make(counter, self.next_tick(), due)
        return row

    def patience(self, counter: Counter) -> float:
        """For how long a counter is kept after its window's end, or after its last use."""
        if counter.end is not None:
            return self._state.longest_lease
        return counter.sliding * 2 if counter.sliding else self._idle

    def next_tick(self) -> int:
        tick = self._state.tick + 1
        self._state = self._state._replace(tick=tick)
        return tick

    def lengthen(self, lease: float) -> None:
        """A lease was given: the horizon is a day more than the longest."""
        if lease > self._state.longest_lease:
            self._state = self._state._replace(longest_lease=lease)

    @property
    def longest_lease(self) -> float:
        return self._state.longest_lease

    @property
    def horizon(self) -> float:
        """For how long ended reservations are remembered."""
        return self._state.longest_lease + DAY


class _State(NamedTuple):
    tick: int
    longest_lease: float
