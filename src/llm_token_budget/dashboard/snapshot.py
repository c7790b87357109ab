"""Everything that a page shows, as data: read once, from the ledger alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from llm_token_budget.dashboard.rates import Rates
from llm_token_budget.dashboard.spending import JournalLook, Spending
from llm_token_budget.errors import ConfigurationError
from llm_token_budget.manager import BudgetManager
from llm_token_budget.statistics import Remaining, Stats

PAGE: Final = 50
"""Users on a page."""

SEARCHED: Final = 5_000
"""So many users, the dearest, are looked through for a part of a name. A whole name is found among all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """One limit and how it stands."""

    standing: Remaining
    per_second: Decimal | None
    """In the limit's own unit; None if not known yet."""
    exhausted_in: timedelta | None
    """At that rate; None if never, or not known."""
    at_reset: Decimal | None
    """What will have been spent when the window ends, at that rate."""

    @property
    def spent_part(self) -> float:
        """Of the amount, 0 to 1."""
        return _part(self.standing.spent, self.standing.limit.amount)

    @property
    def held_part(self) -> float:
        return min(_part(self.standing.reserved, self.standing.limit.amount), 1 - self.spent_part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A budget at one moment."""

    at: datetime
    mode: str
    everyone: Stats
    limits: tuple[LimitRow, ...]
    users: tuple[Stats, ...]
    page: int
    """From 0."""
    has_more: bool
    search: str
    spending: Spending | None
    """None: there is no journal."""


def take_snapshot(
    budget: BudgetManager,
    rates: Rates,
    *,
    users: Sequence[str] = (),
    page: int = 0,
    search: str = "",
    look: JournalLook | None = None,
) -> Snapshot:
    """Read it.

    Args:
        budget: the budget.
        rates: what was seen before; a new one knows no rates yet.
        users: whose limits are shown beside everyone's.
        page: which page of users, from 0.
        search: a user's name, or a part of it.
        look: remembers the journal from one snapshot to the next; None: it is read now, if there is one.

    Raises:
        LedgerUnavailable: the ledger can't be reached.
    """
    now = time.time()
    standing = {(row.limit.name, row.limit.key): row for row in budget.remaining()}
    for user in users:
        standing |= {(row.limit.name, row.limit.key): row for row in budget.remaining(user)}
    found = _found(budget, search) if search else budget.get_all_user_stats(limit=PAGE + 1, offset=page * PAGE)
    return Snapshot(
        at=datetime.fromtimestamp(now, UTC),
        mode=budget.mode,
        everyone=budget.get_global_stats(),
        limits=tuple(_limit_row(row, rates, now) for row in standing.values()),
        users=tuple(found[:PAGE]),
        page=page,
        has_more=len(found) > PAGE,
        search=search,
        spending=(look or JournalLook(budget)).look(now),
    )


def _found(budget: BudgetManager, search: str) -> list[Stats]:
    """The user of exactly this name first, then the dearest whose name holds it."""
    try:
        exact = budget.get_user_stats(search)
    except ConfigurationError:
        return []  # No user can have such a name.
    known = [exact] if exact.requests or exact.blocked or exact.reserved else []
    sought = search.casefold()
    return known + [
        stats
        for stats in budget.get_all_user_stats(limit=SEARCHED)
        if stats.user_key != search and sought in (stats.user_key or "").casefold()
    ]


def _limit_row(row: Remaining, rates: Rates, now: float) -> LimitRow:
    rate = rates.note(row, now)
    exhausted = at_reset = None
    if rate:
        seconds = min(Decimal(row.remaining) / rate, Decimal(10**9))
        exhausted = timedelta(seconds=int(seconds))
    if rate is not None and row.resets_at is not None:
        left = Decimal(max(row.resets_at.timestamp() - now, 0))
        at_reset = Decimal(row.spent) + rate * left
    return LimitRow(standing=row, per_second=rate, exhausted_in=exhausted, at_reset=at_reset)


def _part(amount: int | Decimal, whole: int | Decimal) -> float:
    return min(float(Decimal(amount) / Decimal(whole)), 1.0) if whole else 1.0
