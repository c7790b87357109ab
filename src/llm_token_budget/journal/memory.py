"""A journal in the memory of this process: the last entries, as long as it lives."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Final

from llm_token_budget.journal.query import Query
from llm_token_budget.journal.row import Late, Row
from llm_token_budget.journal.store import PAGE, Store

KEPT: Final = 100_000
"""So many entries: the oldest go first. About 700 bytes each."""

_by_time = attrgetter("at")


class MemoryStore(Store):
    """Keeps the last `KEPT` entries, as what rows are made of: that takes no time while calls are made."""

    name = "memory"
    blocking = False
    takes_late = True

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._entries: deque[Row | Late] = deque(maxlen=kept)

    def append(self, rows: Sequence[Row | Late]) -> None:
        with self._lock:
            self._entries.extend(rows)

    def read(self, query: Query) -> Iterator[Row]:
        with self._lock:
            entries = list(self._entries)
        # Calls end in another order than they begin; those of one time stay as they were booked.
        return iter(sorted(filter(query.means, map(_row, entries)), key=_by_time))

    def prune(self, before: float, at_most: int = PAGE) -> int:  # noqa: ARG002 - it takes no time to speak of
        with self._lock:
            kept = [entry for entry in self._entries if _at(entry) >= before]
            dropped = len(self._entries) - len(kept)
            if dropped:
                self._entries = deque(kept, maxlen=self._kept)
        return dropped

    def forked(self) -> None:
        # As the amounts of a memory ledger: these are the parent's.
        self._lock = threading.Lock()
        self._entries = deque(maxlen=self._kept)


def _row(entry: Row | Late) -> Row:
    return entry.row() if isinstance(entry, Late) else entry


def _at(entry: Row | Late) -> float:
    return entry.draft.handle.created if isinstance(entry, Late) else entry.at
