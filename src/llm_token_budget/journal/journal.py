"""The journal of a budget: what a call has to do with it is an append to a queue; a thread does the rest."""

from __future__ import annotations

import atexit
import os
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from llm_token_budget.durations import parse_seconds
from llm_token_budget.journal.entry import JournalEntry, entry_of
from llm_token_budget.journal.query import read_query
from llm_token_budget.journal.store import PAGE, Store
from llm_token_budget.journal.totals import JournalTotal, totals_of
from llm_token_budget.journal.writing import Waiting
from llm_token_budget.ledgers.base import Ledger
from llm_token_budget.options import check_count, read_instant

if TYPE_CHECKING:
    from datetime import datetime

    from llm_token_budget.ledgers.base import Charge
    from llm_token_budget.receipts import Draft

    Instant = datetime | float

T = TypeVar("T")

DEFAULT_RETENTION: Final = "90d"


class Journal:
    """An entry for each call that ended: what it cost, whose it was, and how sure that is.

    Made by `BudgetManager(journal=...)`; one made by hand can be given to it, or be read without a budget. No call waits for it:
    a thread writes what has gathered a few times a second. If the place can't be written, up to 100,000 entries are kept and
    written later; what goes beyond is dropped, oldest first, and counted in the log. A process that is killed loses the entries
    of its last fifth of a second, and no charge: those are the ledger's. What such a process held is charged when its lease ends,
    by the ledger, which knows neither models nor dimensions: `budget.unconfirmed()` lists it, and it has no entry here unless its
    truth is settled late after all. By so much the sums of a journal may be below the ledger's, never above them.

    It holds who spent what, on which model, when: never what was asked or answered, and no key of a provider.

    Args:
        place: a ledger, whose store keeps it (a memory ledger: the last 100,000 entries, in this process), or the path of a
            file of JSON lines, which several processes may append to. It must be on a local disk.
        retention: entries of calls that were made longer ago are dropped; None: none is. A file of JSON lines is never
            rewritten: move it away, and a new one is begun.
        now: the clock, in seconds since the epoch; None: the ledger's, or this process's.

    Raises:
        ConfigurationError: no such folder, or a ledger that can't keep a journal.
    """

    def __init__(
        self,
        place: str | os.PathLike[str] | Ledger | Store,
        *,
        retention: float | str | timedelta | None = DEFAULT_RETENTION,
        now: Callable[[], float] | None = None,
    ) -> None:
        from llm_token_budget.journal.opening import store_at

        self._retention = None if retention is None else parse_seconds(retention, "journal_retention")
        self.store = store_at(place)
        self._now = now or (place.now if isinstance(place, Ledger) else time.time)
        self._waiting = Waiting(self.store, self._now, self._retention)
        _open.add(self)
        atexit.register(_finish_at_exit, weakref.ref(self))

    # What a budget tells it. Never raises, takes no lock, does no I/O.

    def settled(self, draft: Draft, replaced: Charge | None) -> None:
        """A reservation ended; `replaced` is what it had been charged before."""
        self._waiting.note(("settled", draft, replaced, self._now()))

    def recorded(self, draft: Draft) -> None:
        """Something was booked without asking."""
        self._waiting.note(("recorded", draft, None, self._now()))

    def refunded(self, reservation_id: str) -> None:
        """An unconfirmed charge was given back. If the journal has no entry of it, there is nothing to take back."""
        self._waiting.note(("refunded", reservation_id, None, self._now()))

    # What people ask

    def entries(
        self,
        *,
        since: Instant | None = None,
        until: Instant | None = None,
        user_key: str | None = None,
        session_id: str | None = None,
        model: str | None = None,
        dimensions: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> Iterator[JournalEntry]:
        """The entries that are meant, by the time of their calls, oldest first, read a page at a time.

        What this process has settled is among them. A file of JSON lines is read as it stands: in the order of booking.

        Args:
            since: of calls that were admitted then or later: a datetime with a time zone, or seconds since the epoch.
            until: of calls that were admitted before then.
            user_key: of this user.
            session_id: of sessions of this id, whoever's.
            model: of calls that asked for this model.
            dimensions: of calls that were charged to these keys, all of them.
            limit: so many at most.

        Raises:
            ConfigurationError: a bad argument.
            LedgerUnavailable: the store can't be read (a file: OSError). Raised while reading.
        """
        query = read_query(since, until, user_key, session_id, model, dimensions)
        if limit is not None:
            check_count("limit", limit)
        self.flush()
        return map(entry_of, islice(self.store.read(query), limit))

    def totals(
        self,
        by: str,
        *,
        since: Instant | None = None,
        until: Instant | None = None,
        user_key: str | None = None,
        session_id: str | None = None,
        model: str | None = None,
        dimensions: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> list[JournalTotal]:
        """What calls came to, the dearest first. Charges that were replaced or given back are not in it.

        Args:
            by: `"user"`, `"session"`, `"model"`, `"provider"`, `"day"` (of the call, in UTC) or the name of a dimension.
            since: as in `entries`, like all that follow.
            until: ...
            user_key: ...
            session_id: ...
            model: ...
            dimensions: ...
            limit: so many rows at most.

        Raises:
            ConfigurationError: a bad argument.
            LedgerUnavailable: the store can't be read (a file: OSError).
        """
        query = read_query(since, until, user_key, session_id, model, dimensions)
        if limit is not None:
            check_count("limit", limit)
        self.flush()
        return totals_of(self.store, query, by, limit)

    def prune(self, before: Instant) -> int:
        """Drop the entries of calls from before then, a piece at a time. Returns how many it were.

        Raises:
            ConfigurationError: a bad instant, or a file of JSON lines, which is never rewritten.
            LedgerUnavailable: the store can't be reached.
        """
        instant, dropped = read_instant("before", before), 0
        self.flush()
        while piece := self.store.prune(instant):
            dropped += piece
        return dropped

    def flush(self) -> bool:
        """Write what is waiting. Returns whether all of it is written; what isn't stays, and is tried again."""
        return self._waiting.write()

    def exists(self) -> bool:
        """Whether anybody ever wrote to this place."""
        return self.store.exists()

    def close(self) -> None:
        """Write what is waiting, for some seconds at most, and let go of the store."""
        self._waiting.close()
        self.store.close()

    # The same for tasks

    async def aentries(self, **query: Any) -> AsyncIterator[JournalEntry]:
        """`entries` for tasks: `async for entry in journal.aentries(...)`."""
        found = await self._acall(self.entries, **query)
        while page := await self._acall(_page_of, found):
            for entry in page:
                yield entry

    async def atotals(self, by: str, **query: Any) -> list[JournalTotal]:
        """`totals` for tasks."""
        return await self._acall(self.totals, by, **query)

    async def aprune(self, before: Instant) -> int:
        """`prune` for tasks."""
        return await self._acall(self.prune, before)

    async def _acall(self, work: Callable[..., T], *arguments: Any, **keywords: Any) -> T:
        if not self.store.blocking:
            return work(*arguments, **keywords)
        import asyncio

        return await asyncio.to_thread(work, *arguments, **keywords)

    def begin_anew(self) -> None:
        """In a forked child: what waits is the parent's to write."""
        self.store.forked()
        self._waiting = Waiting(self.store, self._now, self._retention)

    def finish(self) -> None:
        """Write what is waiting, before the process ends."""
        self._waiting.finish()

    def __repr__(self) -> str:
        return f"<Journal in {self.store.name}>"


def _page_of(entries: Iterator[JournalEntry]) -> list[JournalEntry]:
    return list(islice(entries, PAGE))


_open: Final[weakref.WeakSet[Journal]] = weakref.WeakSet()


def _finish_at_exit(reference: weakref.ref[Journal]) -> None:
    if (journal := reference()) is not None:
        journal.finish()


def _in_child() -> None:
    for journal in list(_open):
        journal.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
