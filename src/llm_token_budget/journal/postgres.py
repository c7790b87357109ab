"""A journal in the schema of a PostgreSQL ledger: one more table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from typing import Any, Final, TypeVar

from llm_token_budget.journal.columns import NAMES, condition_of, read_groups, read_rows, selected, values_of
from llm_token_budget.journal.query import Query
from llm_token_budget.journal.row import Row
from llm_token_budget.journal.store import DAY, PAGE, Column, Group, Store
from llm_token_budget.ledgers.postgres.ledger import PostgresLedger

T = TypeVar("T")

_TYPES: Final = ("float8[]", "text[]", *["bytea[]"] * 4, "text[]", *["bigint[]"] * 3, "text[]")


class PostgresStore(Store):
    """Keeps rows in the ledger's schema, through its connections. A batch is one statement."""

    def __init__(self, ledger: PostgresLedger) -> None:
        self._ledger = ledger
        self.name = ledger.name
        self._table = f"{ledger.schema}.journal"
        self._made = False

    def append(self, rows: Sequence[Row]) -> None:
        values = [list(column) for column in zip(*map(values_of, rows), strict=True)]
        arrays = ", ".join(f"%s::{kind}" for kind in _TYPES)
        text = f"INSERT INTO {self._table} ({', '.join(NAMES)}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"  # noqa: S608
        self._with_table(lambda connection: connection.execute(text.encode(), values))

    def read(self, query: Query) -> Iterator[Row]:
        wanted = condition_of(query, "%s")
        text = f"SELECT at, key, line FROM {self._table} WHERE {wanted.sql} AND (at, key) > (%s, %s) ORDER BY at, key LIMIT {PAGE}"  # noqa: S608
        return read_rows(query, lambda at, key: self._rows(text, (*wanted.parameters, at, key)))

    def groups(self, query: Query, columns: Sequence[Column]) -> Iterator[Group]:
        wanted, by = condition_of(query, "%s"), selected(columns, f"floor(at / {DAY})::bigint")
        text = f"SELECT {by}, sum(tokens), sum(nano_usd), sum(requests) FROM {self._table} WHERE {wanted.sql} GROUP BY {by}"  # noqa: S608
        return read_groups(self._rows(text, wanted.parameters), columns)

    def prune(self, before: float, at_most: int = PAGE) -> int:
        text = (
            f"DELETE FROM {self._table} WHERE (at, key) IN "  # noqa: S608
            f"(SELECT at, key FROM {self._table} WHERE at < %s ORDER BY at, key LIMIT %s FOR UPDATE SKIP LOCKED)"
        )
        if not self.exists():
            return 0
        return self._ledger.run(lambda connection: int(connection.execute(text.encode(), (before, at_most)).rowcount))

    def exists(self) -> bool:
        def look(connection: Any) -> bool:
            return bool(connection.execute("SELECT to_regclass(%s) IS NOT NULL", (self._table,)).fetchone()[0])

        return self._ledger.run(look)

    def _rows(self, text: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        if not self._made and not self.exists():
            return []
        return self._ledger.run(lambda connection: connection.execute(text.encode(), parameters).fetchall())

    def _with_table(self, work: Callable[[Any], T]) -> T:
        if not self._made:
            if not self.exists():
                self._ledger.run(self._make)
            self._made = True
        try:
            return self._ledger.run(work)
        except Exception:
            self._made = False  # Somebody may have dropped it.
            raise

    def _make(self, connection: Any) -> None:
        text = resources.files(__package__ or "").joinpath("postgres.sql").read_text("utf-8")
        script = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
        with connection.transaction():
            # One after the other: two that make it at once would meet in the catalogue.
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"llm_token_budget {self._table}",)
            )
            connection.execute(script.replace("@schema@", self._ledger.schema).encode())
