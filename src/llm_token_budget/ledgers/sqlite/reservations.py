"""The reservations in the file: open, charged without the provider's word, and for a while those that have ended."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from llm_token_budget.ledgers.base import Amounts, Charge, Granted, Handle, Unconfirmed
from llm_token_budget.ledgers.sqlite.coding import (
    amounts_in,
    amounts_text,
    as_blob,
    charge_in,
    charge_text,
    from_blob,
    handle_in,
    handle_text,
    held_in,
    held_text,
)
from llm_token_budget.ledgers.sqlite.rows import StoredRow

KEPT: Final = 20_000
"""So many open reservations are kept in memory, as long as no other process writes to the file."""

FIND_OPEN: Final = "SELECT created, expires, held FROM open WHERE id = ?"
FIND_ENDED: Final = "SELECT created, charge, held, covered, at, tick FROM ended WHERE id = ?"
OPEN: Final = (
    "INSERT INTO open (id, created, expires, held) SELECT ?1, ?2, ?3, ?4 "
    "WHERE NOT EXISTS (SELECT 1 FROM ended WHERE id = ?1)"
)
CLOSE: Final = "DELETE FROM open WHERE id = ?"
END: Final = "INSERT OR REPLACE INTO ended (id, created, charge) VALUES (?, ?, ?)"
CHARGE: Final = (
    "INSERT OR REPLACE INTO ended (id, created, charge, held, covered, at, tick) VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Held(NamedTuple):
    """An open reservation."""

    granted: Granted
    gives_back: bool = False
    """When its lease ends, it is charged nothing."""


class Charged(NamedTuple):
    """One that was charged without the provider's word."""

    handle: Handle
    charge: Charge
    covered: Amounts
    """What was reserved for it; nothing if it was given back, or lost."""
    at: float
    tick: int


class Ended(NamedTuple):
    charge: Charge | None
    """None: given back."""


class Reservations:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._open: dict[str, Held] = {}
        self._swept = b""

    def find(self, reservation_id: str) -> Held | Charged | Ended | None:
        held = self._open.get(reservation_id)
        if held is not None:
            return held
        key = as_blob(reservation_id)
        if (found := self._connection.execute(FIND_OPEN, (key,)).fetchone()) is not None:
            created, expires, text = found
            held = self._open[reservation_id] = Held(*held_in(text, reservation_id, created, expires))
            return held
        if (found := self._connection.execute(FIND_ENDED, (key,)).fetchone()) is None:
            return None
        created, charge, text, covered, at, tick = found
        if tick is None:
            return Ended(None if charge is None else charge_in(charge))
        handle = handle_in(text, reservation_id, created)
        return Charged(handle, charge_in(charge), amounts_in(covered), at, tick)

    def open(self, held: Held, rows: list[StoredRow]) -> bool:
        """Keep an open one. False if its id is taken."""
        granted, gives_back = held
        handle, _, expires, _, _ = granted
        text = held_text([row.name for row in rows], granted, gives_back=gives_back)
        values = as_blob(handle.id), handle.created, expires, text
        try:
            if not self._connection.execute(OPEN, values).rowcount:
                return False
        except sqlite3.IntegrityError:
            return False
        self._open[handle.id] = held
        return True

    def renew(self, held: Held, expires: float) -> None:
        reservation_id = held.granted.handle.id
        self._connection.execute("UPDATE open SET expires = ? WHERE id = ?", (expires, as_blob(reservation_id)))
        self._open[reservation_id] = held._replace(granted=held.granted._replace(expires=expires))

    def close(self, held: Held) -> None:
        """It is open no more: it ends or is charged in the same transaction."""
        reservation_id = held.granted.handle.id
        self._connection.execute(CLOSE, (as_blob(reservation_id),))
        self._open.pop(reservation_id, None)

    def end(self, handle: Handle, charge: Charge | None) -> None:
        """It has ended, with a truth or given back."""
        text = None if charge is None else charge_text(charge)
        self._connection.execute(END, (as_blob(handle.id), handle.created, text))

    def charge(self, handle: Handle, charge: Charge, covered: Amounts, now: float, tick: int) -> None:
        """It has ended without the provider's word."""
        texts = charge_text(charge), handle_text(handle), amounts_text(covered)
        self._connection.execute(CHARGE, (as_blob(handle.id), handle.created, *texts, now, tick))

    def overdue(self, now: float, most: int) -> list[Held]:
        """Open ones whose lease has ended."""
        ids = self._connection.execute(
            "SELECT id FROM open WHERE expires <= ? ORDER BY expires, id LIMIT ?", (now, most)
        )
        found = (self.find(from_blob(blob)) for (blob,) in ids.fetchall())
        return [held for held in found if isinstance(held, Held)]

    def next_expiry(self) -> float | None:
        expires: float | None = self._connection.execute("SELECT min(expires) FROM open").fetchone()[0]
        return expires

    def sweep(self, oldest: float, most: int) -> bool:
        """Forget those that ended and are older than the horizon. True if more may be left.

        So many are looked at each time, in the order of their ids: one round after the other.
        """
        rows = self._connection.execute(
            "SELECT id, created, at FROM ended WHERE id > ? ORDER BY id LIMIT ?", (self._swept, most)
        ).fetchall()
        self._swept = rows[-1][0] if len(rows) == most else b""
        gone = [(blob,) for blob, created, at in rows if created < oldest and (at is None or at <= oldest)]
        self._connection.executemany("DELETE FROM ended WHERE id = ?", gone)
        return bool(gone and self._swept)

    def forget(self) -> None:
        """The file may say something else by now."""
        self._open.clear()

    @property
    def are_many(self) -> bool:
        return len(self._open) > KEPT


def unconfirmed(connection: sqlite3.Connection, since: float) -> list[Unconfirmed]:
    """The charges without the provider's word that were made after `since`, oldest first."""
    rows = connection.execute(
        "SELECT id, created, held, charge, at FROM ended WHERE tick IS NOT NULL AND at > ? ORDER BY tick", (since,)
    )
    return [
        Unconfirmed(handle_in(text, from_blob(blob), created), charge_in(charge), at)
        for blob, created, text, charge, at in rows
    ]
