"""Opening the file, and saying what is wrong with it."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from llm_token_budget.errors import ConfigurationError, LedgerUnavailable
from llm_token_budget.ledgers.sqlite.location import Location
from llm_token_budget.ledgers.sqlite.schema import prepare

T = TypeVar("T")

_BUSY, _LOCKED, _IO, _CORRUPT, _CANT_OPEN, _NOT_A_DATABASE = 5, 6, 10, 11, 14, 26
"""https://sqlite.org/rescode.html"""

BROKEN: Final = frozenset({_IO, _CORRUPT, _CANT_OPEN, _NOT_A_DATABASE})
"""After one of these the connection is made anew."""


def connect(location: Location, *, make: bool = False) -> sqlite3.Connection:
    """Open the file for reading and writing.

    Args:
        location: the file.
        make: whether to create it if there is none, and to bring it to this version.

    Raises:
        ConfigurationError: it can't be a ledger's file, or is of a newer version.
        sqlite3.Error: it can't be used now.
    """
    mode = "rwc" if make else "rw"
    # Autocommit: this package says itself where its transactions begin and end.
    connection = sqlite3.connect(
        f"{Path(location.path).as_uri()}?mode={mode}",
        uri=True,
        timeout=0,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        patiently(lambda: _set_up(connection, location), location.busy_timeout)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection, location: Location) -> None:
    prepare(connection, location.path)
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise ConfigurationError(
            f"SQLite can't keep a write-ahead log beside {location.path}: put the file on a local disk of this host"
        )
    connection.execute(f"PRAGMA synchronous = {location.synchronous}")


def patiently(work: Callable[[], T], patience: float) -> T:
    """Do something with the file, again for some seconds while others have it locked."""
    until = time.monotonic() + patience
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= until:
                raise
        # Short and random: SQLite's own waits grow to a tenth of a second, and whoever waits longest is served last.
        time.sleep(random.uniform(0.000_2, 0.002))  # noqa: S311


def check_at_opening(location: Location) -> None:
    """Make the file if there is none, and see whether a ledger can be kept in it.

    What may pass by itself (it is locked, the disk is full) is for the first operation to tell.

    Raises:
        ConfigurationError: no folder, no file, garbage, another application's database, a newer version.
    """
    path = Path(location.path)
    if not path.parent.is_dir():
        raise ConfigurationError(f"there is no folder {path.parent} for the ledger: create it first")
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder: name a file in it, as in 'sqlite:///{path}/budget.db'")
    try:
        connect(location, make=True).close()
    except sqlite3.Error as error:
        if code(error) in (_CORRUPT, _NOT_A_DATABASE, _CANT_OPEN):
            raise ConfigurationError(why(error, location)) from error


def unavailable(error: BaseException, location: Location) -> LedgerUnavailable:
    """The error for a file that can't be used now: raise it `from` its cause."""
    return LedgerUnavailable(
        f"{why(error, location)}. Nothing was sent; on_ledger_error='allow' lets calls through unguarded meanwhile"
    )


def why(error: BaseException, location: Location) -> str:
    """What is wrong, and what to do about it."""
    if isinstance(error, ConfigurationError):
        return str(error)
    path = location.path
    match _CANT_OPEN if isinstance(error, FileNotFoundError) else code(error):
        case 5 | 6:  # SQLITE_BUSY, SQLITE_LOCKED
            return (
                f"{path} was locked by another process for {location.busy_timeout:g} s: see who holds it, "
                "or wait for longer (?busy_timeout=30)"
            )
        case 8:  # SQLITE_READONLY
            return f"{path} can't be written: it, its folder or its file system is read-only for this process"
        case 13:  # SQLITE_FULL
            return f"the disk of {path} is full"
        case 11:  # SQLITE_CORRUPT
            return f"{path} is damaged: restore it from a backup, or move it away to begin with a new one"
        case 26:  # SQLITE_NOTADB
            return f"{path} is not an SQLite database: move it away, or name another file"
        case 14:  # SQLITE_CANTOPEN
            return f"{path} can't be opened: it was removed, or this process may not read it or write to its folder"
        case _:
            return f"{path} can't be used ({error})"


def code(error: BaseException) -> int:
    """SQLite's primary result code; 0 for errors that aren't SQLite's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_busy(error: BaseException) -> bool:
    return code(error) in (_BUSY, _LOCKED)
