"""Lists from the file, read beside the writer: they keep no call waiting."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from typing import Final

from llm_token_budget.ledgers.base import DAY, Balance, Counted, Counter, Unconfirmed
from llm_token_budget.ledgers.operations import CounterPage, ListCounters, Users
from llm_token_budget.ledgers.sqlite import reservations
from llm_token_budget.ledgers.sqlite.coding import counter_named, from_blob
from llm_token_budget.ledgers.sqlite.rows import HELD, SUMS, family_of, row_of

BY_COST: Final = (
    f"SELECT name, member, id, due, {HELD}, {SUMS} FROM counters WHERE family = ? "  # noqa: S608 - our own columns
    "ORDER BY spent_nano_usd DESC, spent_tokens DESC, member LIMIT ? OFFSET ?"
)


ALL: Final = f"SELECT name, id, due, {HELD}, {SUMS} FROM counters WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608


def users(connection: sqlite3.Connection, operation: Users, now: float) -> list[tuple[str, Balance]]:
    """By cost, highest first; only the page is read."""
    counter, limit, offset = operation
    most = -1 if limit is None else limit
    if not counter.sliding:
        return list(_balances(connection, counter, now, most, offset))
    # What has left a sliding window by now is still in its row: each is looked at, but only the page is kept.
    seen = _balances(connection, counter, now, -1, 0)
    ordered = sorted(seen, key=_by_cost) if limit is None else heapq.nsmallest(offset + limit, seen, key=_by_cost)
    return ordered[offset:]


def counters(connection: sqlite3.Connection, operation: ListCounters, now: float) -> CounterPage:
    """A page of all counters, in the order of their making."""
    found = connection.execute(ALL, (int(operation.after or 0), operation.limit)).fetchall()
    counted: list[Counted] = []
    for name, *columns in found:
        counter = counter_named(name)
        row = row_of(counter, name, tuple(columns))
        if not row.start <= now < row.end:
            continue
        row.slide(counter, now)
        counted.append(Counted(counter, row.balance(), row.spent_by_step()))
    after = str(found[-1][1]) if len(found) == operation.limit else None
    return CounterPage(counted, after, connection.execute("SELECT count(*) FROM open").fetchone()[0])


def unconfirmed(connection: sqlite3.Connection, now: float) -> list[Unconfirmed]:
    """The charges of the horizon that no truth has replaced yet."""
    longest_lease = connection.execute("SELECT longest_lease FROM state").fetchone()[0]
    return reservations.unconfirmed(connection, now - longest_lease - DAY)


def _balances(
    connection: sqlite3.Connection, counter: Counter, now: float, limit: int, offset: int
) -> Iterator[tuple[str, Balance]]:
    for name, member, *found in connection.execute(BY_COST, (family_of(counter), limit, offset)):
        of_one = counter_named(name)
        row = row_of(of_one, name, tuple(found))
        row.slide(of_one, now)
        yield from_blob(member), row.balance()


def _by_cost(pair: tuple[str, Balance]) -> tuple[int, int, str]:
    key, seen = pair
    return -seen.spent.nano_usd, -seen.spent.tokens, key
