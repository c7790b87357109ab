"""The amounts that `set_limit` stored, as one transaction sees them."""

from __future__ import annotations

import sqlite3
from typing import Final

from llm_token_budget.ledgers.base import Line
from llm_token_budget.ledgers.sqlite.coding import as_blob, from_blob, key_in, key_text

KEPT: Final = 20_000
"""So many answers are kept in memory, as long as no other process writes to the file."""


class Overrides:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._none: bool | None = None
        """Whether there are none at all, as nearly always; None: not known."""
        self._known: dict[tuple[str, tuple[str, ...] | None], tuple[int | None] | None] = {}

    def amount(self, line: Line) -> int | None:
        """The amount that holds for a line."""
        if self._none is None:
            self._none = self._connection.execute("SELECT 1 FROM overrides LIMIT 1").fetchone() is None
        if self._none:
            return line.amount
        found = self._find(line.name, line.key) or self._find(line.name, None)
        return line.amount if found is None else found[0]

    def put(self, name: str, key: tuple[str, ...] | None, amount: int | None) -> None:
        values = as_blob(name), key_text(key), amount
        self._connection.execute("INSERT OR REPLACE INTO overrides (name, key, amount) VALUES (?, ?, ?)", values)
        self.forget()

    def remove(self, name: str, key: tuple[str, ...] | None) -> None:
        self._connection.execute("DELETE FROM overrides WHERE name = ? AND key = ?", (as_blob(name), key_text(key)))
        self.forget()

    def listed(self) -> list[tuple[str, tuple[str, ...] | None, int | None]]:
        """All of them."""
        found = self._connection.execute("SELECT name, key, amount FROM overrides").fetchall()
        return [(from_blob(name), key_in(key), amount) for name, key, amount in found]

    def forget(self) -> None:
        """The file may say something else by now."""
        self._none = None
        self._known.clear()

    def _find(self, name: str, key: tuple[str, ...] | None) -> tuple[int | None] | None:
        try:
            return self._known[name, key]
        except KeyError:
            if len(self._known) > KEPT:
                self._known.clear()
        found = self._connection.execute(
            "SELECT amount FROM overrides WHERE name = ? AND key = ?", (as_blob(name), key_text(key))
        ).fetchone()
        self._known[name, key] = found
        return found  # type: ignore[no-any-return]
