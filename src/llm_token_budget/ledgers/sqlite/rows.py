"""The rows of counters in the file, as one transaction sees them: read when asked for, written when it ends."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from llm_token_budget.ledgers.base import Counter
from llm_token_budget.ledgers.rows import Row
from llm_token_budget.ledgers.sqlite.coding import as_blob, counter_name, counter_named

KEPT: Final = 20_000
"""So many rows are kept in memory from one transaction to the next, as long as no other process writes to the file."""

SUMS: Final = (
    "spent_tokens, spent_nano_usd, spent_requests, input_tokens, output_tokens, blocked, "
    "unconfirmed_tokens, unconfirmed_nano_usd, unconfirmed_requests, overrun_tokens, overrun_nano_usd, overrun_requests, "
    "unreserved_tokens, unreserved_nano_usd, unreserved_requests, estimated, unpriced, buckets, since"
)
HELD: Final = "reserved_tokens, reserved_nano_usd, reserved_requests, open, touched"

FIND: Final = f"SELECT id, due, {HELD}, {SUMS} FROM counters WHERE name = ?"  # noqa: S608 - our own columns, here and below
MAKE: Final = "INSERT INTO counters (name, family, member, owner, session, since, due) VALUES (?, ?, ?, ?, ?, ?, ?)"
SAVE_HELD: Final = f"UPDATE counters SET ({HELD}) = (?, ?, ?, ?, ?) WHERE id = ?"  # noqa: S608
SAVE: Final = f"UPDATE counters SET ({HELD}, {SUMS}) = ({', '.join('?' * 24)}) WHERE id = ?"  # noqa: S608
RESET: Final = "UPDATE counters SET " + ", ".join(  # noqa: S608
    f"{column} = {'NULL' if column == 'buckets' else '0'}" for column in SUMS.split(", ") if column != "since"
)


class StoredRow(Row):
    """A row and its place in the file."""

    __slots__ = ("counter", "due", "id", "name", "unsaved")

    def __init__(self, counter: Counter, since: int, row_id: int, name: str, due: float | None) -> None:
        super().__init__(counter, since)
        self.counter = counter
        self.id = row_id
        self.name = name
        self.due = due
        self.unsaved = SAVED


SAVED, HELD_UNSAVED, UNSAVED = range(3)
"""What of a row is not in the file yet: nothing, what is held, everything."""


class Rows:
    """Every change is told (`changed`), and written by `save`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[Counter, StoredRow] = {}
        self._unsaved: list[StoredRow] = []

    def find(self, counter: Counter) -> StoredRow | None:
        row = self._known.get(counter)
        if row is None:
            name = counter_name(counter)
            found = self._connection.execute(FIND, (name,)).fetchone()
            if found is None:
                return None
            row = self._known[counter] = row_of(counter, name, found)
        return row

    def make(self, counter: Counter, since: int, due: float | None) -> StoredRow:
        """A row for a counter that has none."""
        name = counter_name(counter)
        named = dict(zip(counter.scope, map(as_blob, counter.key), strict=False))
        values = (
            name,
            family_of(counter) if counter.key else None,
            as_blob(counter.key[-1]) if counter.key else None,
            named.get("user"),
            named.get("session"),
            since,
            due,
        )
        made = self._connection.execute(MAKE, values).lastrowid
        assert made is not None
        row = self._known[counter] = StoredRow(counter, since, made, name, due)
        return row

    def held(self, rows: Iterable[StoredRow]) -> None:
        """Only what these rows hold has changed."""
        for row in rows:
            if row.unsaved == SAVED:
                row.unsaved = HELD_UNSAVED
                self._unsaved.append(row)

    def changed(self, rows: Iterable[StoredRow]) -> None:
        """Anything in these rows has changed."""
        for row in rows:
            if row.unsaved == SAVED:
                self._unsaved.append(row)
            row.unsaved = UNSAVED

    def drop(self, row: StoredRow) -> None:
        self.save()
        self._connection.execute("DELETE FROM counters WHERE id = ?", (row.id,))
        self._known.pop(row.counter, None)

    def postpone(self, row: StoredRow, due: float) -> None:
        """See later whether the row can be dropped."""
        row.due = due
        self._connection.execute("UPDATE counters SET due = ? WHERE id = ?", (due, row.id))

    def due(self, now: float, most: int) -> list[StoredRow]:
        """Rows that may be dropped by now."""
        names = self._connection.execute("SELECT name FROM counters WHERE due <= ? ORDER BY due LIMIT ?", (now, most))
        found = (self.find(counter_named(name)) for (name,) in names.fetchall())
        return [row for row in found if row is not None]

    def reset(self, user: str | None, session: str | None, since: int) -> None:
        """Zero all but what is held."""
        self.save()
        named = [(column, as_blob(key)) for column, key in (("owner", user), ("session", session)) if key is not None]
        where = " AND ".join(f"{column} = ?" for column, _ in named)
        self._connection.execute(
            f"{RESET}, since = ?" + (f" WHERE {where}" if where else ""), (since, *(key for _, key in named))
        )
        self.forget()

    def save(self) -> None:
        """Write what has changed."""
        if not self._unsaved:
            return
        execute = self._connection.execute
        for row in self._unsaved:
            if row.unsaved == HELD_UNSAVED:
                execute(SAVE_HELD, (*row.reserved, row.open, row.touched, row.id))
            else:
                execute(SAVE, (*row.reserved, row.open, row.touched, *_sums(row), row.id))
            row.unsaved = SAVED
        self._unsaved.clear()

    def forget(self) -> None:
        """The file may say something else by now."""
        self._known.clear()
        self._unsaved.clear()

    @property
    def are_many(self) -> bool:
        return len(self._known) > KEPT


def family_of(counter: Counter) -> str:
    """What the counters of all users (or whatever the scope is) have in common."""
    return counter_name(counter._replace(key=()))


def row_of(counter: Counter, name: str, found: tuple[Any, ...]) -> StoredRow:
    """The row from the columns of `FIND`."""
    row_id, due, tokens, money, requests, is_open, touched, *sums, since = found
    row = StoredRow(counter, since, row_id, name, due)
    row.reserved = tokens, money, requests
    row.open, row.touched = is_open, touched
    row.spent = sums[0], sums[1], sums[2]
    row.input_tokens, row.output_tokens, row.blocked = sums[3:6]
    if any(sums[6:17]):
        aside = row.aside
        aside.unconfirmed, aside.overrun, aside.unreserved = sums[6:9], sums[9:12], sums[12:15]
        aside.estimated, aside.unpriced = sums[15:17]
    if counter.sliding:
        row.buckets = {step: amounts for step, *amounts in json.loads(sums[17] or "[]")}
    return row


def _sums(row: StoredRow) -> tuple[Any, ...]:
    seen = row.balance()
    buckets = None if row.buckets is None else json.dumps([(step, *amounts) for step, amounts in row.buckets.items()])
    return (
        *seen.spent,
        seen.input_tokens,
        seen.output_tokens,
        seen.blocked,
        *seen.unconfirmed,
        *seen.overrun,
        *seen.unreserved,
        seen.estimated_requests,
        seen.unpriced_requests,
        buckets,
        row.since,
    )
