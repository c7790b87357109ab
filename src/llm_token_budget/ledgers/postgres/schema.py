"""The tables and functions of a ledger: made when they are missing, moved forward when they are old."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.ledgers.postgres.address import plain

if TYPE_CHECKING:
    from psycopg import Connection

VERSION: Final = 2
"""Of everything in scripts/. Whoever changes a script counts it up; whoever changes a table also writes the way there."""

UPGRADES: Final[dict[int, str]] = {2: "upgrade_2"}
"""From the version before to this one: the script that changes the tables. Functions are made anew each time."""

FUNCTIONS: Final = (
    "clock",
    "step",
    "horizon",
    "guard_name",
    "guard",
    "make_counters",
    "slide",
    "left_window",
    "change",
    "list_charge",
    "close",
    "expire",
    "replace",
    "reserve",
    "settle",
    "settle_open",
    "renew",
    "refund",
    "unconfirmed",
    "record",
    "numbers",
    "read",
    "users",
    "list_counters",
    "set_limit",
    "clear_limit",
    "overrides",
    "limit_amounts",
    "reset",
    "forget",
    "count_blocked",
    "reap",
)
"""In the order in which they need each other."""


def version_of(connection: Connection, schema: str) -> int | None:
    """The version of what is there; None: nothing is."""
    if not _exists(connection, "SELECT FROM pg_class WHERE relname = 'meta' AND relnamespace IN ({})", schema):
        return None
    row = connection.execute(_script("version", schema)).fetchone()
    return None if row is None else int(row[0])


def migrate(connection: Connection, schema: str) -> None:
    """Make a ledger's tables and functions, or bring them to this version. Any number of processes may do it at once.

    Args:
        connection: in autocommit mode.
        schema: its name, quoted.

    Raises:
        ConfigurationError: a newer version of this library made them.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"llm_token_budget {schema}",))
        version = version_of(connection, schema)
        if version == VERSION:
            return
        check(version, schema)
        if version is None:
            # Asked first: whoever may not make schemas can be given one.
            if not _exists(connection, "{}", schema):
                connection.execute(_script("schema", schema))
            connection.execute(_script("tables", schema))
        else:
            for step in range(version + 1, VERSION + 1):
                connection.execute(_script(UPGRADES[step], schema))
        connection.execute(_script("drop_functions", schema))
        for function in FUNCTIONS:
            connection.execute(_script(function, schema))
        connection.execute(_script("set_version", schema).replace(b"@version@", str(VERSION).encode()))


def check(version: int | None, schema: str) -> None:
    """See that a version is none from the future.

    Raises:
        ConfigurationError: it is.
    """
    if version is not None and version > VERSION:
        raise ConfigurationError(
            f"the tables in schema {schema} are of version {version}, and this llm-token-budget knows versions up to {VERSION}: "
            "upgrade it, or give it another schema (?schema=...)"
        )


def _exists(connection: Connection, query: str, schema: str) -> bool:
    """Looked up in the catalog's tables: what functions like to_regclass remember may be older than a lock that was waited for."""
    named = "SELECT oid FROM pg_namespace WHERE nspname = %s"
    found = connection.execute(f"SELECT EXISTS ({query.format(named)})".encode(), (plain(schema),)).fetchone()
    return found is not None and bool(found[0])


def _script(name: str, schema: str) -> bytes:
    script = files("llm_token_budget.ledgers.postgres").joinpath("scripts", f"{name}.sql").read_text(encoding="utf-8")
    # Without the comments: a name with a line break in it would get out of them.
    text = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("--"))
    return text.replace("@literal@", schema.replace("'", "''")).replace("@schema@", schema).encode()
