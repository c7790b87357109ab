"""A journal in the file of an SQLite ledger: one more table, through a connection of its own."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from typing import Any, Final, TypeVar

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.journal.columns import NAMES, condition_of, read_groups, read_rows, selected, values_of
from llm_token_budget.journal.query import Query
from llm_token_budget.journal.row import Row
from llm_token_budget.journal.store import DAY, PAGE, Column, Group, Store
from llm_token_budget.ledgers.sqlite.connecting import connect, patiently, unavailable
from llm_token_budget.ledgers.sqlite.forking import close_when_forking
from llm_token_budget.ledgers.sqlite.ledger import SQLiteLedger

T = TypeVar("T")

_APPEND: Final = f"INSERT OR IGNORE INTO journal ({', '.join(NAMES)}) VALUES ({', '.join('?' * len(NAMES))})"  # noqa: S608
_PRUNE: Final = (
    "DELETE FROM journal WHERE (at, key) IN (SELECT at, key FROM journal WHERE at < ? ORDER BY at, key LIMIT ?)"
)


class SQLiteStore(Store):
    """Keeps rows in the ledger's file. A batch is one transaction, as durable as the ledger's own."""

    def __init__(self, ledger: SQLiteLedger) -> None:
        self._location = ledger.location
        self.name = self._location.path
        self.reset()
        close_when_forking(self)

    def append(self, rows: Sequence[Row]) -> None:
        values = [values_of(row) for row in rows]
        self._write(lambda connection: connection.executemany(_APPEND, values))

    def read(self, query: Query) -> Iterator[Row]:
        wanted = condition_of(query, "?")
        # A page at a time: a reader that takes its time keeps nobody from the file.
        text = (
            f"SELECT at, key, line FROM journal WHERE {wanted.sql} AND (at, key) > (?, ?) ORDER BY at, key LIMIT {PAGE}"  # noqa: S608
        )
        return read_rows(query, lambda at, key: self._read(text, (*wanted.parameters, at, key)))

    def groups(self, query: Query, columns: Sequence[Column]) -> Iterator[Group]:
        wanted, by = condition_of(query, "?"), selected(columns, f"CAST(at / {DAY} AS INTEGER)")
        text = f"SELECT {by}, sum(tokens), sum(nano_usd), sum(requests) FROM journal WHERE {wanted.sql} GROUP BY {by}"  # noqa: S608
        return read_groups(self._read(text, wanted.parameters), columns)

    def prune(self, before: float, at_most: int = PAGE) -> int:
        return self._write(lambda connection: connection.execute(_PRUNE, (before, at_most)).rowcount)

    def exists(self) -> bool:
        return self._use(_has_table)

    def close(self) -> None:
        with self._turn:
            self._hang_up()

    # Around a fork: no connection is open, and nobody is at the file.

    def pause(self) -> None:
        self._turn.acquire()
        self._hang_up()

    def go_on(self) -> None:
        self._turn.release()

    def reset(self) -> None:
        self._turn = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._made = False

    def _read(self, text: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        def work(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            if not (self._made or _has_table(connection)):
                return []
            return connection.execute(text, parameters).fetchall()

        return self._use(work)

    def _write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        def work(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not self._made:
                    connection.execute(resources.files(__package__ or "").joinpath("sqlite.sql").read_text("utf-8"))
                done = change(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._made = True
            return done

        return self._use(work)

    def _use(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._turn:
            try:
                connection = self._opened()
                return patiently(lambda: work(connection), self._location.busy_timeout)
            except (sqlite3.Error, OSError, ConfigurationError) as error:
                self._hang_up()
                raise unavailable(error, self._location) from error

    def _opened(self) -> sqlite3.Connection:
        there = os.stat(self._location.path)
        file = there.st_dev, there.st_ino
        if self._connection is not None and file != self._file:
            self._hang_up()  # Somebody has put another file there.
        if self._connection is None:
            self._connection = connect(self._location)
            self._file = file
        return self._connection

    def _hang_up(self) -> None:
        connection, self._connection, self._made = self._connection, None, False
        if connection is not None:
            connection.close()


def _has_table(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone() is not None
