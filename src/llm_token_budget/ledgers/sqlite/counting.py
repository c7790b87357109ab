"""Counting what was not reserved, reading what was counted, and keeping order among it."""

from __future__ import annotations

import sqlite3
from typing import Final

from llm_token_budget.ledgers.admission import is_stale
from llm_token_budget.ledgers.base import Balance, Counter, Stale
from llm_token_budget.ledgers.operations import SOON, CountBlocked, Forget, Read, Reap, Reaped, Record, Reset
from llm_token_budget.ledgers.sqlite.admitting import check_amounts
from llm_token_budget.ledgers.sqlite.coding import as_blob
from llm_token_budget.ledgers.sqlite.ending import book_unreserved, expire
from llm_token_budget.ledgers.sqlite.tables import Tables

AT_ONCE: Final = 200
"""So many leases, rows and ids are looked after in one step."""

SWEPT_AT_ONCE: Final = 2_000
"""So many reservations that have ended are looked at in one step."""

FORGET_RECORDS: Final = "DELETE FROM records WHERE at < ? AND seq IN (SELECT seq FROM records ORDER BY seq LIMIT ?)"

EMPTY: Final = Balance()


def record(tables: Tables, operation: Record, now: float) -> Stale | None:
    record_id, counters, charge, at = operation
    if at is None and is_stale(counters, now):
        return Stale(now)
    check_amounts(charge.amounts)
    try:
        tables.connection.execute("INSERT INTO records (id, at) VALUES (?, ?)", (as_blob(record_id), now))
    except sqlite3.IntegrityError:
        return None  # It was sent before, and its answer got lost.
    rows = [tables.row(counter, now) for counter in counters]
    for counter, row in zip(counters, rows, strict=True):
        row.book(counter, charge, now if at is None else at, now)
        row.touched = now
        book_unreserved(row, charge)
    tables.rows.changed(rows)
    return None


def read(tables: Tables, operation: Read, now: float) -> list[Balance] | Stale:
    if is_stale(operation.counters, now):
        return Stale(now)
    return [_balance(tables, counter, now) for counter in operation.counters]


def _balance(tables: Tables, counter: Counter, now: float) -> Balance:
    row = tables.rows.find(counter)
    if row is None:
        return EMPTY
    row.slide(counter, now)
    return row.balance()


def count_blocked(tables: Tables, operation: CountBlocked, now: float) -> None:
    for counter, count in operation.counts:
        row = tables.rows.find(counter)
        # A stranger's refusal makes no row: hostile keys must not fill the file.
        if row is None and counter.key:
            continue
        row = row or tables.row(counter, now)
        row.blocked += count
        tables.rows.changed((row,))


def reset(tables: Tables, operation: Reset, _now: float) -> None:
    tables.rows.reset(operation.user, operation.session, tables.next_tick())


def forget(tables: Tables, operation: Forget, _now: float) -> None:
    for counter in operation.counters:
        row = tables.rows.find(counter)
        if row is not None and not row.open:
            tables.rows.drop(row)


def reap(tables: Tables, _operation: Reap, now: float) -> Reaped:
    ended = expire(tables, now, AT_ONCE)
    looked_at = _drop_perished(tables, now)
    oldest = now - tables.horizon
    is_more_to_forget = tables.reservations.sweep(oldest, SWEPT_AT_ONCE)
    records = tables.connection.execute(FORGET_RECORDS, (oldest, AT_ONCE)).rowcount
    dues = [tables.reservations.next_expiry()]
    if is_more_to_forget or AT_ONCE in (looked_at, records):
        dues.append(now + SOON)
    return Reaped(ended, min((due for due in dues if due is not None), default=None))


def _drop_perished(tables: Tables, now: float) -> int:
    """Drop rows that nobody will read again. Returns how many were looked at."""
    rows = tables.rows.due(now, AT_ONCE)
    for row in rows:
        due = max(row.touched, row.counter.end or 0) + tables.patience(row.counter)
        if row.open or due > now:
            tables.rows.postpone(row, max(due, now + tables.longest_lease + 1))
        else:
            tables.rows.drop(row)
    return len(rows)
