"""What the journal adds to a page: models, days and sessions."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from llm_token_budget.journal import Journal, JournalTotal, find_journal
from llm_token_budget.manager import BudgetManager

DAYS: Final = 30
"""So many days are shown, today included."""

ROWS: Final = 50
"""So many models, and sessions: the dearest."""

LEAST_AGE: Final = 5.0
"""Seconds for which what was read is shown again."""

SHARE: Final = 20
"""Reading takes at most one part of so many of the time: a long journal is read less often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day, in UTC."""

    date: str
    """`2026-11-24`."""
    cost: Decimal
    tokens: int
    requests: int
    part: float
    """Of the dearest day, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """The last days, by what they were spent on."""

    since: datetime
    days: tuple[Day, ...]
    """Without a gap, the oldest first."""
    models: tuple[JournalTotal, ...]
    sessions: tuple[JournalTotal, ...]


class JournalLook:
    """Looks at a budget's journal, or at the one that others keep in its ledger, now and then."""

    def __init__(self, budget: BudgetManager) -> None:
        self._budget = budget
        self._journal: Journal | None = None
        self._seen: Spending | None = None
        self._due = 0.0

    def look(self, now: float) -> Spending | None:
        """What it says; None if there is none.

        Raises:
            LedgerUnavailable: it can't be read (a file: OSError).
        """
        began = time.monotonic()
        if began >= self._due:
            self._journal = self._journal or find_journal(self._budget)
            self._seen = None if self._journal is None else read_spending(self._journal, now)
            ended = time.monotonic()
            self._due = ended + max(LEAST_AGE, SHARE * (ended - began))
        return self._seen


def read_spending(journal: Journal, now: float) -> Spending:
    """The last days, until a moment (seconds since the epoch)."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=DAYS - 1)
    return Spending(
        since=since,
        days=_without_gaps(since, journal.totals("day", since=since)),
        models=tuple(journal.totals("model", since=since, limit=ROWS)),
        sessions=tuple(row for row in journal.totals("session", since=since, limit=ROWS + 1) if row.key)[:ROWS],
    )


def _without_gaps(since: datetime, totals: list[JournalTotal]) -> tuple[Day, ...]:
    found = {total.key: total for total in totals}
    dearest = max((total.cost for total in totals), default=Decimal(0))
    days: list[Day] = []
    for number in range(DAYS):
        day = (since + timedelta(days=number)).date().isoformat()
        total = found.get(day)
        cost = Decimal(0) if total is None else total.cost
        days.append(
            Day(
                date=day,
                cost=cost,
                tokens=0 if total is None else total.tokens,
                requests=0 if total is None else total.requests,
                part=max(float(cost / dearest), 0.0) if dearest > 0 else 0.0,
            )
        )
    return tuple(days)
