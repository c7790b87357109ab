"""What waits to be written, and the thread that writes it."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from llm_token_budget.errors import BudgetError
from llm_token_budget.journal.query import Query
from llm_token_budget.journal.row import Late, Row, refund_of, row_of
from llm_token_budget.journal.store import DAY, PAGE, Store
from llm_token_budget.ledgers.keeper import Keeper

if TYPE_CHECKING:
    from llm_token_budget.ledgers.base import Charge
    from llm_token_budget.receipts import Draft

logger: Final = logging.getLogger("llm_token_budget")

KEPT: Final = 100_000
"""So many entries wait at most while the store can't be written: the oldest are dropped."""

WRITE_EVERY: Final = 0.2
"""Seconds between two writes."""

RETRY_AFTER: Final = 0.5
"""Seconds after which a store that failed is tried again."""

SAY_EVERY: Final = 60.0
"""Seconds between two log lines about a store that fails."""

CLOSING: Final = 3.0
"""Seconds that closing waits for a store to take what is waiting."""

PRUNE_EVERY: Final = 60.0
"""Seconds between two looks for entries that are too old."""

DOUBTFUL: Final = 10_000
"""So many unconfirmed charges are remembered, for their refunds; of others the store is asked."""

LOOKS: Final = 3
LOOK_AGAIN: Final = 2.0
"""So often, and with so many seconds between, the entry is looked for that a refund takes back: another process may still have
to write it."""

REFUNDED_WITHIN: Final = 31 * DAY
"""Seconds for which a charge can be given back: the ledger forgets it a day after the longest lease."""

Noted = (
    tuple[Literal["settled", "recorded"], "Draft", "Charge | None", float]
    | tuple[Literal["refunded"], str, None, float]
)


class _Refund(NamedTuple):
    """A charge that was given back, and whose entry this process doesn't know."""

    reservation: str
    booked_at: float
    look_at: float
    """When the store is asked for it."""
    looks: int
    """How often it is still asked."""


class Waiting:
    """A queue in front of a store."""

    def __init__(self, store: Store, now: Callable[[], float], retention: float | None) -> None:
        self._store = store
        self._late = store.takes_late
        self._now = now
        self._retention = retention if store.forgets else None
        self._noted: deque[Noted] = deque()
        self._batch: list[Row | Late] = []
        """What is being written, or couldn't be."""
        self._refunds: list[_Refund] = []
        self._doubtful: OrderedDict[str, Row] = OrderedDict()
        self._dropped = 0
        self._failing_since = self._said_at = 0.0
        self._next_prune = 0.0
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._keeper = Keeper()

    def note(self, noted: Noted) -> None:
        """Never raises or blocks: a finalizer may be the caller."""
        waiting = self._noted
        waiting.append(noted)
        if not len(waiting) % PAGE:
            self._hurry()
        if not self._keeper.runs:
            self._start()

    def write(self) -> bool:
        """Write all that waits. Returns whether that was possible; if not, it is said in the log."""
        try:
            with self._writing:
                self._write()
        except Exception as error:  # noqa: BLE001 - said, and tried again
            self._failed(error)
            return False
        self._say_dropped()
        if self._failing_since:
            self._failing_since = self._said_at = 0.0
            logger.info("the journal in %s is written again", self._store.name)
        return True

    def finish(self) -> None:
        """Write all that waits, for some seconds at most."""
        until = time.monotonic() + CLOSING
        while not self.write():
            if time.monotonic() >= until:
                lost = len(self._noted) + len(self._batch)
                logger.error("the journal in %s can't be written: %d entries are lost", self._store.name, lost)
                return
            time.sleep(0.05)

    def close(self) -> None:
        self._keeper.stop()
        self.finish()

    def _hurry(self) -> None:
        while len(self._noted) > KEPT:
            try:
                self._noted.popleft()
            except IndexError:  # It was written meanwhile.
                break
            self._dropped += 1
        self._keeper.wake()

    def _start(self) -> None:
        # Not waited for: a finalizer that runs in the midst of this would wait for itself.
        if self._starting.acquire(blocking=False):
            try:
                self._keeper.start(self, Waiting._keep, WRITE_EVERY)
            except RuntimeError:
                # The interpreter is ending: what waits is written at exit.
                logger.debug("no thread can be started for the journal")
            finally:
                self._starting.release()

    def _keep(self) -> float:
        """The thread's work. Returns the seconds until it is due again."""
        if not self.write():
            return RETRY_AFTER
        if self._retention is not None and time.monotonic() >= self._next_prune:
            try:
                dropped = self._store.prune(self._now() - self._retention, PAGE)
            except Exception as error:  # noqa: BLE001 - said, and tried again
                self._failed(error)
                return RETRY_AFTER
            self._next_prune = time.monotonic() + (0.0 if dropped >= PAGE else PRUNE_EVERY)
        return WRITE_EVERY

    def _write(self) -> None:
        while True:
            if not self._batch:
                self._batch = self._taken()
            if not self._batch:
                break
            self._store.append(self._batch)
            self._batch = []
        if self._refunds:
            self._batch = self._found_refunds()
            if self._batch:
                self._store.append(self._batch)
                self._batch = []

    def _taken(self) -> list[Row | Late]:
        """The next rows to write."""
        rows: list[Row | Late] = []
        while self._noted and len(rows) < PAGE:
            try:
                noted = self._noted.popleft()
            except IndexError:  # Dropped meanwhile.
                break
            try:
                row = self._row(noted)
            except Exception:
                logger.exception("an entry of the journal can't be made; the call is not affected")
                continue
            if row is not None:
                rows.append(row)
        return rows

    def _row(self, noted: Noted) -> Row | Late | None:
        if noted[0] == "refunded":
            _, reservation, _, booked_at = noted
            if (charged := self._doubtful.pop(reservation, None)) is not None:
                return refund_of(charged, booked_at)
            self._refunds.append(_Refund(reservation, booked_at, 0.0, LOOKS))
            return None
        kind, draft, replaced, booked_at = noted
        if self._late and replaced is None and (draft.charge is None or not draft.charge.unconfirmed):
            return Late(kind, draft, replaced, booked_at)
        row = row_of(kind, draft, replaced, booked_at)
        if row.outcome == "unconfirmed":
            self._doubtful[row.id] = row
            if len(self._doubtful) > DOUBTFUL:
                self._doubtful.popitem(last=False)
        elif replaced is not None:
            self._doubtful.pop(row.id, None)
        return row

    def _found_refunds(self) -> list[Row | Late]:
        """The rows of refunds of what other processes have written. What isn't found is looked for again for a while."""
        now = time.monotonic()
        due = {refund.reservation: refund for refund in self._refunds if refund.look_at <= now}
        if not due:
            return []
        since = min(refund.booked_at for refund in due.values()) - REFUNDED_WITHIN
        found = {row.id: row for row in self._store.read(Query(since=since, outcome="unconfirmed")) if row.id in due}
        self._refunds = [
            refund
            if refund.reservation not in due
            else refund._replace(look_at=now + LOOK_AGAIN, looks=refund.looks - 1)
            for refund in self._refunds
            if refund.reservation not in found and (refund.reservation not in due or refund.looks > 1)
        ]
        return [refund_of(row, due[row.id].booked_at) for row in found.values()]

    def _failed(self, error: Exception) -> None:
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        if self._said_at and now - self._said_at < SAY_EVERY:
            return
        self._said_at = now
        why = f": {error}" if isinstance(error, (BudgetError, OSError)) else ""
        logger.warning(
            "the journal in %s can't be written (%s%s). No call is affected; %d entries wait to be written",
            self._store.name,
            type(error).__name__,
            why,
            len(self._noted) + len(self._batch),
        )
        self._say_dropped()

    def _say_dropped(self) -> None:
        if dropped := self._dropped:
            self._dropped -= dropped
            logger.warning(
                "%d entries of the journal in %s were dropped: more waited than are kept", dropped, self._store.name
            )
