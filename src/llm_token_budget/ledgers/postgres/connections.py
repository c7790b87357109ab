"""Connections to a server, kept for the next operation: one set for threads, and one for each event loop.

Ours rather than psycopg_pool's: a server that refuses connections is known at once and by its own words, not after a timeout;
there are no threads to lose in a fork, and no tasks that outlive their loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import weakref
from collections.abc import AsyncIterator, Generator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from psycopg import AsyncConnection, Connection, OperationalError
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, TransactionStatus

from llm_token_budget.ledgers.postgres.turns import Turns

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

T = TypeVar("T")

INTERVAL: Final = 0.1
"""Seconds between two looks at the clock while a server doesn't answer."""


class NoAnswer(OperationalError):
    """The server hasn't answered in time, or no connection has become free."""


class _Patient:
    """Gives a server so many seconds to answer."""

    patience: float = 0.0

    def bounded(self, steps: Generator[Any, Any, T], timeout: float | None) -> Generator[Any, Any, T]:
        """The steps of an exchange with the server, ended when they take too long."""
        patience = self.patience if timeout is None else min(timeout, self.patience)
        until = time.monotonic() + patience
        try:
            wanted = next(steps)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() >= until:
                    raise NoAnswer(f"no answer within {patience:g} s")
                wanted = steps.send(ready)
        except StopIteration as stop:
            return cast("T", stop.value)


def _exchange(pgconn: PGconn, sql: bytes, parameters: Sequence[bytes | None]) -> Generator[Any, Any, bytes]:
    """Ask for one value, all in text. A third of the cost of a cursor, which can do much more."""
    pgconn.send_query_params(sql, parameters)
    results = yield from execute(pgconn)
    last = results[-1]
    if last.status != ExecStatus.TUPLES_OK:
        raise error_from_result(last)
    return last.get_value(0, 0) or b""


class SyncConnection(Connection, _Patient):
    def ask(self, sql: bytes, parameters: Sequence[bytes | None]) -> bytes:
        """One statement with one value as its answer."""
        return self.wait(_exchange(self.pgconn, sql, parameters))

    def wait(self, gen: Generator[Any, Any, T], interval: float = INTERVAL, timeout: float | None = None) -> T:
        return super().wait(self.bounded(gen, timeout), interval=interval)


class LoopConnection(AsyncConnection, _Patient):
    async def ask(self, sql: bytes, parameters: Sequence[bytes | None]) -> bytes:
        """As `SyncConnection.ask`."""
        return await self.wait(_exchange(self.pgconn, sql, parameters))

    async def wait(  # what it overrides has this deadline
        self,
        gen: Generator[Any, Any, T],
        interval: float = INTERVAL,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> T:
        return await super().wait(self.bounded(gen, timeout), interval=interval)


class Settings:
    """How to connect.

    Args:
        conninfo: what libpq is told.
        size: at most so many connections at once: in the whole process for threads, and in each event loop.
        timeout: seconds to wait for a free connection, for a connection to be made, and for an answer.
    """

    def __init__(self, conninfo: str, size: int, timeout: float) -> None:
        self.conninfo = conninfo
        self.size = size
        self.timeout = timeout
        self.options: dict[str, Any] = {
            # One statement is one transaction, and nothing of a session is used: PgBouncer may hand out another one each time.
            "autocommit": True,
            "prepare_threshold": None,
            "fallback_application_name": "llm-token-budget",
        }
        if "connect_timeout" not in conninfo:
            self.options["connect_timeout"] = max(2, round(timeout))


class Kept:
    """Idle connections, the last one used on top."""

    def __init__(self) -> None:
        self.idle: list[Any] = []
        self.closed = False

    def pop(self) -> Any:
        while self.idle:
            with contextlib.suppress(IndexError):  # Another thread was faster.
                connection = self.idle.pop()
                if not connection.closed:
                    return connection
        return None

    def put(self, connection: Any) -> None:
        if self.closed or connection.pgconn.transaction_status != TransactionStatus.IDLE:
            hang_up(connection)
        else:
            self.idle.append(connection)
            if self.closed:
                self.hang_up()

    def hang_up(self) -> None:
        while self.idle:
            with contextlib.suppress(IndexError):
                hang_up(self.idle.pop())

    def close(self) -> None:
        self.closed = True
        self.hang_up()


def hang_up(connection: Any) -> None:
    """Close a connection of either kind, from any thread, without waiting for anybody."""
    connection._closed = True  # noqa: SLF001 - what close() sets before this; a task's close() can't be awaited everywhere
    connection.pgconn.finish()


class Threads:
    """The connections of this process's threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.kept = Kept()
        self._free = Turns(settings.size)

    def take(self) -> tuple[SyncConnection, bool]:
        """A connection, and whether it is a new one.

        Raises:
            psycopg.OperationalError: there is none to be had.
        """
        settings = self._settings
        if not self._free.acquire(settings.timeout):
            raise NoAnswer(
                f"no free connection within {settings.timeout:g} s: all {settings.size} (pool_size) are in use"
            )
        try:
            if (connection := self.kept.pop()) is not None:
                return connection, False
            connection = SyncConnection.connect(settings.conninfo, **settings.options)
            connection.patience = settings.timeout
        except BaseException:
            self._free.release()
            raise
        return connection, True

    def give(self, connection: SyncConnection) -> None:
        self.kept.put(connection)
        self._free.release()

    def drop(self, connection: SyncConnection) -> None:
        hang_up(connection)
        self._free.release()


class Loop:
    """The connections of one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.kept = Kept()
        self._free = asyncio.Semaphore(settings.size)
        self._until_shutdown = _close_at_shutdown(self.kept)

    async def start(self) -> None:
        await anext(self._until_shutdown)

    async def take(self) -> tuple[LoopConnection, bool]:
        """As `Threads.take`."""
        settings = self._settings
        if self._free.locked():
            try:
                await asyncio.wait_for(self._free.acquire(), settings.timeout)
            except TimeoutError:
                raise NoAnswer(
                    f"no free connection within {settings.timeout:g} s: all {settings.size} (pool_size) are in use"
                ) from None
        else:
            await self._free.acquire()
        try:
            if (connection := self.kept.pop()) is not None:
                return connection, False
            connection = await LoopConnection.connect(settings.conninfo, **settings.options)
            connection.patience = settings.timeout
        except BaseException:
            self._free.release()
            raise
        return connection, True

    def give(self, connection: LoopConnection) -> None:
        self.kept.put(connection)
        self._free.release()

    def drop(self, connection: LoopConnection) -> None:
        hang_up(connection)
        self._free.release()


class Loops:
    """The connections of each event loop. A loop that ends takes its own with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Loop] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    async def here(self) -> Loop:
        """Those of the running loop."""
        running = asyncio.get_running_loop()
        if (found := self._loops.get(running)) is not None and not found.kept.closed:
            return found
        made = Loop(self._settings)
        with self._lock:
            for loop, each in list(self._loops.items()):
                if loop.is_closed():  # One that was not shut down in order.
                    each.kept.close()
            self._loops[running] = made
        weakref.finalize(running, made.kept.close)
        await made.start()
        return made

    def close(self) -> None:
        with self._lock:
            kept = [loop.kept for loop in self._loops.values()]
            self._loops.clear()
        for each in kept:
            each.close()


async def _close_at_shutdown(kept: Kept) -> AsyncIterator[None]:
    """An event loop that is shut down in order ends its generators: so this one learns of it."""
    try:
        yield
    finally:
        kept.close()
