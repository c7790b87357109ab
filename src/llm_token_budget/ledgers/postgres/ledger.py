"""The ledger in PostgreSQL: many hosts, and strict."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from llm_token_budget.errors import ConfigurationError, LedgerUnavailable
from llm_token_budget.ledgers.base import DAY, Expired
from llm_token_budget.ledgers.operations import Operation
from llm_token_budget.ledgers.postgres.address import POOL_SIZE, SCHEMA, TIMEOUT, quoted, read_url
from llm_token_budget.ledgers.postgres.calls import AskAgain, Call, Calls, Question
from llm_token_budget.ledgers.postgres.failures import reason
from llm_token_budget.ledgers.stored import REAP_EVERY, RETRY_FOR, OnError, StoredLedger

if TYPE_CHECKING:
    from llm_token_budget.ledgers.postgres.connections import Loop, LoopConnection, Loops, SyncConnection, Threads

T = TypeVar("T")

TRIES: Final = 5
"""So often one operation is sent, where the server itself has undone it or the connection turned out to be an old, dead one."""


class PostgresLedger(StoredLedger):
    """Keeps everything in a PostgreSQL database (13 or newer), for any number of processes and hosts.

    Durable when acknowledged: each operation is one statement that commits by itself, under the server's own
    `synchronous_commit`. Every limit is exact at every instant. The server's clock decides windows. Nothing of a session is used
    (no prepared statements, no SET, no LISTEN), so PgBouncer may stand in between in transaction mode.

    Tables and functions live in a schema of their own, made on first use or by `migrate()`; back up that schema. Tables: `counters`
    (a row per user, session, or window of theirs), `buckets` (of sliding windows), `reservations`, `records`, `limits`, `meta`,
    and the sequence `ticks`; postgres/scripts/tables.sql says what is in them. 650 bytes per idle user (800 with names of 37
    characters and a window), 320 per open reservation, and 230 per call for a day more than the longest lease. A row that every
    call updates (a global limit's) takes one call after the other, a commit each.

    Under asyncio, psycopg needs a loop that watches sockets; on Windows' ProactorEventLoop operations run in threads instead.

    Args:
        conninfo: a URL (`postgresql://user:password@host:5432/database?sslmode=require`) or a string that libpq understands.
        schema: where the tables are.
        pool_size: at most so many connections: for the threads of a process, and for each event loop.
        timeout: seconds to wait for a connection, and for an answer, before the server counts as unreachable.
        idle_seconds: counters of sessions and runs that nobody has touched for so long are dropped (30 days).
        clock: seconds since the epoch, in place of the server's clock.
        on_error: what a call gets if the server can't be reached: `"refuse"` or `"allow"`.
        retry_for: seconds for which a reserve asks again.
        reap_every: seconds between two looks for reservations whose lease has ended.
        expired: what becomes of reservations that nobody has ended when their lease ends: `"charge"` or `"release"`, as
            `StoredLedger` says.

    Raises:
        ConfigurationError: psycopg is not installed, or an argument can't be used.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        schema: str = SCHEMA,
        pool_size: int = POOL_SIZE,
        timeout: float = TIMEOUT,
        idle_seconds: float = 30 * DAY,
        clock: Callable[[], float] | None = None,
        on_error: OnError = "refuse",
        retry_for: float = RETRY_FOR,
        reap_every: float = REAP_EVERY,
        expired: Expired = "charge",
    ) -> None:
        self._schema = quoted(schema)
        self._calls = Calls(self._schema, float(idle_seconds), clock)
        self._migrating = threading.Lock()
        self._ready = False
        try:
            from llm_token_budget.ledgers.postgres.connections import Settings
        except ImportError as missing:
            raise ConfigurationError(
                "a postgresql:// ledger needs psycopg 3: pip install 'llm-token-budget[postgres]'"
            ) from missing
        self._settings = Settings(conninfo, pool_size, timeout)
        super().__init__(
            _name(conninfo),
            clock=clock,
            on_error=on_error,
            retry_for=retry_for,
            reap_every=reap_every,
            expired=expired,
        )
        self._connect_anew()

    @classmethod
    def from_url(
        cls, url: str, *, idle_seconds: float = 30 * DAY, on_error: OnError = "refuse", **options: Any
    ) -> PostgresLedger:
        """The ledger that a URL names. Ours in its query: `schema`, `pool_size`, `timeout`, `expired`; the rest is libpq's.

        Raises:
            ConfigurationError: it can't be read, or psycopg is not installed.
        """
        address = read_url(url)
        return cls(
            address.conninfo,
            schema=address.schema,
            pool_size=address.pool_size,
            timeout=address.timeout,
            expired=address.expired,
            idle_seconds=idle_seconds,
            on_error=on_error,
            **options,
        )

    def migrate(self) -> None:
        """Make the schema, its tables and functions, or bring them to this version. Needs the right to do so; using them doesn't.

        Raises:
            ConfigurationError: a newer version of this library made them.
            LedgerUnavailable: the server can't be reached.
        """
        from llm_token_budget.ledgers.postgres.schema import migrate

        self._run(lambda connection: migrate(connection, self._schema))
        self._ready = True

    def perform(self, operation: Operation) -> Any:
        self._prepare()
        call = self._calls.call(operation)
        return self._run(lambda connection: _ask(connection, call))

    async def aperform(self, operation: Operation) -> Any:
        import asyncio

        if sys.platform == "win32" and isinstance(asyncio.get_running_loop(), asyncio.ProactorEventLoop):
            return await asyncio.to_thread(self.perform, operation)
        if not self._ready:
            await asyncio.to_thread(self._prepare)
        return await self._arun(self._calls.call(operation))

    @property
    def schema(self) -> str:
        """Its name, quoted."""
        return self._schema

    def run(self, work: Callable[[SyncConnection], T]) -> T:
        """Do something beside the ledger, in its schema: for what is kept beside it. It may be done again.

        Raises:
            LedgerUnavailable: the server can't be reached.
        """
        self._check_process()
        self._prepare()
        return self._run(work)

    def unavailable(self, cause: BaseException) -> LedgerUnavailable:
        why = reason(cause)
        if why is None:
            return super().unavailable(cause)
        return LedgerUnavailable(
            f"the ledger at {self.name} can't be used: {why} ({type(cause).__name__}). Nothing was sent. Repair the store; "
            "on_ledger_error='allow' lets calls through unguarded meanwhile"
        )

    def disconnect(self) -> None:
        self._hang_up()
        self._threads.kept.close()
        self._loops.close()
        self._connect_anew()

    def forked(self) -> None:
        # The parent's connections are never used here, nor closed: it still talks through them.
        self._hang_up.detach()
        _inherited.append((self._threads, self._loops))
        self._migrating = threading.Lock()
        self._connect_anew()

    def _connect_anew(self) -> None:
        from llm_token_budget.ledgers.postgres.connections import Loops, Threads

        self._threads: Threads = Threads(self._settings)
        self._loops: Loops = Loops(self._settings)
        self._hang_up = weakref.finalize(self, _close, self._threads, self._loops)

    def _prepare(self) -> None:
        """Before the first operation: see that the tables are there, and that they are not from the future."""
        if self._ready:
            return
        from llm_token_budget.ledgers.postgres.schema import VERSION, check, version_of

        with self._migrating:
            if self._ready:
                return
            version = self._run(lambda connection: version_of(connection, self._schema))
            check(version, self._schema)
            if version != VERSION:
                self.migrate()
            self._ready = True

    def _run(self, work: Callable[[SyncConnection], T]) -> T:
        """Do something with a connection, again where that is safe and helps."""
        import psycopg

        trouble = _Trouble(self)
        while True:
            try:
                connection, fresh = self._threads.take()
            except psycopg.Error as error:
                trouble.no_connection(error)
            try:
                done = work(connection)
            except BaseException as error:
                lost = _put_away(connection, error, self._threads)
                if not isinstance(error, (psycopg.Error, AskAgain)):
                    raise
                trouble.met(error, stale=lost and not fresh)
            else:
                self._threads.give(connection)
                return done

    async def _arun(self, call: Call | Question) -> Any:
        """`_run` for tasks: one call."""
        import psycopg

        trouble = _Trouble(self)
        while True:
            here = await self._loops.here()
            try:
                connection, fresh = await here.take()
            except psycopg.Error as error:
                trouble.no_connection(error)
            try:
                done = await _aask(connection, call)
            except BaseException as error:
                lost = _put_away(connection, error, here)
                if not isinstance(error, (psycopg.Error, AskAgain)):
                    raise
                trouble.met(error, stale=lost and not fresh)
            else:
                here.give(connection)
                return done

    def missing_tables(self) -> None:
        """Somebody has dropped them: the next operation looks, and makes them anew."""
        self._ready = False


class _Trouble:
    """What is made of the errors of one operation: sent again where that helps, as it may be any number of times."""

    def __init__(self, ledger: PostgresLedger) -> None:
        self._ledger = ledger
        self._tries = 0
        self._unsent = True

    def no_connection(self, error: Exception) -> NoReturn:
        raise self._told(error) from error

    def met(self, error: Exception, *, stale: bool) -> None:
        """Return to have the same sent again, or raise what the caller is told.

        `stale`: the connection had been kept for too long, and the server has gone meanwhile: a new one will tell.
        """
        from psycopg import errors

        self._unsent = False
        self._tries += 1
        match error:
            case errors.NumericValueOutOfRange():
                raise ConfigurationError(
                    "an amount is too large: this ledger keeps 64-bit integers, and money in nano-USD (up to 9.2 billion USD)"
                ) from error
            case errors.UndefinedTable() | errors.UndefinedFunction() | errors.InvalidSchemaName():
                self._ledger.missing_tables()
            case AskAgain() | errors.DeadlockDetected() | errors.SerializationFailure() if self._tries < TRIES:
                return
            case _ if stale and self._tries < TRIES:
                return
            case _:
                pass
        raise self._told(error) from error

    def _told(self, error: Exception) -> LedgerUnavailable:
        told = self._ledger.unavailable(error)
        told.unsent = self._unsent
        return told


def _ask(connection: SyncConnection, call: Call | Question) -> Any:
    if isinstance(call, Question):
        answer = call.read(connection.ask(call.sql, call.parameters))
        if answer is not None or call.instead is None:
            return answer
        call = call.instead()
    return call.read(connection.execute(call.sql, call.parameters).fetchall())


async def _aask(connection: LoopConnection, call: Call | Question) -> Any:
    """`_ask` for tasks."""
    if isinstance(call, Question):
        answer = call.read(await connection.ask(call.sql, call.parameters))
        if answer is not None or call.instead is None:
            return answer
        call = call.instead()
    cursor = await connection.execute(call.sql, call.parameters)
    return call.read(await cursor.fetchall())


def _put_away(connection: Any, error: BaseException, pool: Threads | Loop) -> bool:
    """After an error. Returns whether the connection was lost."""
    from psycopg.errors import ReadOnlySqlTransaction

    from llm_token_budget.ledgers.postgres.connections import NoAnswer

    lost = bool(connection.closed)
    # A server that has become a follower would refuse for ever, one that is silent may have gone.
    if not lost and not isinstance(error, (NoAnswer, ReadOnlySqlTransaction)):
        pool.give(connection)
        return False
    pool.kept.hang_up()  # All that are as old are no better.
    pool.drop(connection)
    return lost


def _close(threads: Threads, loops: Loops) -> None:
    threads.kept.close()
    loops.close()


def _name(conninfo: str) -> str:
    """Where it is, without a password.

    Raises:
        ConfigurationError: libpq can't read it.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(conninfo)
    except ProgrammingError:
        # What libpq says about it may quote a password.
        raise ConfigurationError(
            "PostgreSQL's client library can't read the ledger's address: write "
            "postgresql://user:password@host:5432/database?option=value, special characters as %XX"
        ) from None
    host = str(parts.get("host") or parts.get("hostaddr") or "localhost")
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"postgresql://{host}{port}/{parts.get('dbname') or ''}"


_inherited: Final[list[object]] = []
"""Connections of a parent process."""
