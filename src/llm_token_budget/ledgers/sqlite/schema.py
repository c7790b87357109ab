"""What is in the file, and how a file of an older version becomes one of this version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib import resources
from typing import Final

from llm_token_budget.errors import ConfigurationError

MIGRATIONS: tuple[str, ...] = ("schema.sql",)
"""Each takes a file from the version that is its place here to the next one; a new file goes through all of them."""

APPLICATION: Final = 0x6C746267
"""Tells a ledger's file from other databases (`PRAGMA application_id`)."""


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Bring a file to this version. Safe in many processes at the same time.

    Raises:
        ConfigurationError: the file is of a newer version, or another application's.
    """
    if _version(connection, path) == len(MIGRATIONS):
        # Damage shows here, in what every operation reads, rather than at the first call.
        connection.execute("SELECT * FROM state, counters LIMIT 1").fetchone()
        return
    # Of a new file. Each operation changes a few rows here and there: smaller pages are less to write.
    connection.execute("PRAGMA page_size = 2048")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Whoever was first has done it by now.
        for version in range(_version(connection, path), len(MIGRATIONS)):
            for statement in statements(_script(MIGRATIONS[version])):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: `executescript` would end the transaction that they belong to."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _version(connection: sqlite3.Connection, path: str) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if application != APPLICATION and (
        application or version or connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    ):
        raise ConfigurationError(
            f"{path} is another application's database: give the ledger a file of its own, as in 'sqlite:///budget.db'"
        )
    if version > len(MIGRATIONS):
        raise ConfigurationError(
            f"{path} was written by a newer llm-token-budget (its version is {version}, this one reads {len(MIGRATIONS)}): "
            "upgrade the package in every process that uses the file"
        )
    return version


def _script(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")
