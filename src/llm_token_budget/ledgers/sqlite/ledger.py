"""The ledger in an SQLite file: for the processes of one host."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from typing import Any

from llm_token_budget.ledgers.admission import is_stale
from llm_token_budget.ledgers.base import DAY, Expired, Stale
from llm_token_budget.ledgers.operations import ListCounters, ListUnconfirmed, Operation, Users
from llm_token_budget.ledgers.sqlite import reading
from llm_token_budget.ledgers.sqlite.connecting import check_at_opening
from llm_token_budget.ledgers.sqlite.forking import close_when_forking
from llm_token_budget.ledgers.sqlite.location import BUSY_TIMEOUT, Location, Synchronous, check, read_url
from llm_token_budget.ledgers.sqlite.reader import Reader
from llm_token_budget.ledgers.sqlite.writer import Writer
from llm_token_budget.ledgers.stored import OnError, StoredLedger


class SQLiteLedger(StoredLedger):
    """Keeps everything in a file of a local disk. For one host, any number of processes and threads.

    What was acknowledged survives `kill -9`. With `synchronous="full"` it survives a loss of power too; with `"normal"` the
    last instant before that may be lost. Concurrent operations of one process share a transaction.

    Tables: `counters` (a row per user, session, or window of theirs), `open` and `ended` (reservations), `records`, `overrides`
    and `state`; sqlite/schema.sql says what is in them. Back up with `sqlite3 budget.db ".backup copy.db"`; a plain copy needs
    `-wal` too. 270 bytes per idle user (570 with names of 37 characters and a window), 170 per open reservation, and 60 to 85 per
    call for a day more than the longest lease.

    Args:
        path: the file; it is made if there is none. Beside it SQLite keeps `<path>-wal` and `<path>-shm`.
        synchronous: `"full"` or `"normal"`.
        busy_timeout: seconds that an operation waits while other processes write.
        clock: seconds since the epoch. None: this host's.
        idle_seconds: counters of sessions and runs that nobody has touched for so long are dropped (30 days).
        on_error: what a call gets if the file can't be used: `"refuse"` or `"allow"`, as `StoredLedger` says.
        expired: what becomes of reservations that nobody has ended when their lease ends: `"charge"` or `"release"`, as
            `StoredLedger` says.
        options: `retry_for`, `reap_every`: as `StoredLedger` says.

    Raises:
        ConfigurationError: no such folder, not a database, another application's, or written by a newer version.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: Synchronous = "full",
        busy_timeout: float = BUSY_TIMEOUT,
        clock: Callable[[], float] | None = None,
        idle_seconds: float = 30 * DAY,
        on_error: OnError = "refuse",
        expired: Expired = "charge",
        **options: float,
    ) -> None:
        location = check(Location(os.fspath(path), synchronous, busy_timeout, expired))
        location = location._replace(path=os.path.abspath(location.path))
        check_at_opening(location)
        self._writer = Writer(location, clock or time.time, idle_seconds)
        self._reader = Reader(location)
        self.location = location
        """The file."""
        close_when_forking(self._writer)
        close_when_forking(self._reader)
        weakref.finalize(self, self._writer.stop_soon).atexit = False
        super().__init__(location.path, clock=clock or time.time, on_error=on_error, expired=expired, **options)

    @classmethod
    def from_url(cls, url: str, *, idle_seconds: float = 30 * DAY, on_error: OnError = "refuse") -> SQLiteLedger:
        """`sqlite:///relative.db`, `sqlite:////absolute.db`; options: `synchronous`, `busy_timeout` and `expired`, as above.

        Raises:
            ConfigurationError: as above, or the URL says something else.
        """
        path, synchronous, busy_timeout, expired = read_url(url)
        return cls(
            path,
            synchronous=synchronous,
            busy_timeout=busy_timeout,
            expired=expired,
            idle_seconds=idle_seconds,
            on_error=on_error,
        )

    def perform(self, operation: Operation) -> Any:
        match operation:
            case Users():
                now = self.now()
                if is_stale((operation.counter,), now):
                    return Stale(now)
                return self._reader.read(lambda connection: reading.users(connection, operation, now))
            case ListCounters():
                return self._reader.read(lambda connection: reading.counters(connection, operation, self.now()))
            case ListUnconfirmed():
                return self._reader.read(lambda connection: reading.unconfirmed(connection, self.now()))
            case _:
                return self._writer.ask(operation)

    async def aperform(self, operation: Operation) -> Any:
        if isinstance(operation, (Users, ListUnconfirmed, ListCounters)):
            return await super().aperform(operation)
        return await self._writer.await_answer(operation)

    def disconnect(self) -> None:
        self._writer.stop()

    def forked(self) -> None:
        self._writer.reset()
        self._reader.reset()
