"""Rows that perish: of sessions and runs that nobody touches any more, and of windows that have ended."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Final

from llm_token_budget.ledgers.base import Counter
from llm_token_budget.ledgers.memory.books import Books
from llm_token_budget.ledgers.rows import Row

AT_ONCE = 16
"""So many rows that nobody will read again are looked after by one operation."""

_PERISHABLE: Final = {"session", "run"}


class Perishing(Books):
    """The making of rows, and what becomes of them in the end."""

    def _row(self, counter: Counter) -> Row:
        row = self._rows.get(counter)
        if row is None:
            self._tick += 1
            row = self._rows[counter] = Row(counter, self._tick)
            if counter.end is not None or counter.sliding or not _PERISHABLE.isdisjoint(counter.scope):
                due = (self._clock() if counter.end is None else counter.end) + self._patience(counter)
                self._perish(counter, due)
        return row

    def _patience(self, counter: Counter) -> float:
        """For how long a counter is kept after its window's end, or after its last use."""
        if counter.end is not None:
            return self._longest_lease
        return counter.sliding * 2 if counter.sliding else self._idle

    def _perish(self, counter: Counter, due: float) -> None:
        self._tick += 1
        self._due = min(self._due, due)
        heapq.heappush(self._perishable, (due, self._tick, counter))
        # Forgotten rows leave the heap as ended reservations do: before they outnumber the others.
        if len(self._perishable) > 2 * len(self._rows) + 64:
            kept = {counter: (due, tick, counter) for due, tick, counter in self._perishable if counter in self._rows}
            self._perishable = list(kept.values())
            heapq.heapify(self._perishable)

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

    def _drop(self, counters: Iterable[Counter]) -> None:
        for counter in counters:
            row = self._rows.get(counter)
            if row is not None and not row.open:
                del self._rows[counter]
