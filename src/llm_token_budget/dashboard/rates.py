"""How fast limits are spent, by what was seen of them."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import Any, Final, Protocol

from llm_token_budget.errors import key_names
from llm_token_budget.journal import Journal
from llm_token_budget.statistics import Remaining

RATE_OVER: Final = 60.0
"""Seconds over which a burn rate is reckoned."""


HOUR: Final = 3_600
"""Seconds of the journal over which a burn rate is reckoned."""


class Rates(Protocol):
    """Tells how fast a limit is spent."""

    def note(self, row: Remaining, now: float) -> Decimal | None:
        """Per second, in the limit's own unit; None if that is not known."""
        ...


class BurnRate:
    """Looks at the same limits again and again, and tells how much is spent per second."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, tuple[str, ...]], deque[tuple[float, Decimal]]] = {}

    def note(self, row: Remaining, now: float) -> Decimal | None:
        """Per second, over the last minute, in the limit's own unit; None if too little was seen."""
        seen = self._seen.setdefault((row.limit.name, row.limit.key), deque())
        spent = Decimal(row.spent)
        if seen and spent < seen[-1][1]:
            seen.clear()  # Reset, or a new window.
        seen.append((now, spent))
        while now - seen[0][0] > RATE_OVER:
            seen.popleft()
        elapsed = now - seen[0][0]
        return (spent - seen[0][1]) / Decimal(elapsed) if elapsed > 0 else None


class JournalRate:
    """Tells how much was spent per second in the last hour, as the journal has it: one look is enough."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def note(self, row: Remaining, now: float) -> Decimal | None:
        """As `Rates.note`; None for limits of single runs and of those who have no name."""
        limit = row.limit
        keys = dict(zip(key_names(limit.scope), limit.key, strict=False))
        if "run" in keys or not all(keys.values()):
            return None
        query: dict[str, Any] = {
            "user_key": keys.pop("user", None),
            "session_id": keys.pop("session", None),
            "model": keys.pop("model", None),
        }
        provider = keys.pop("provider", None)
        rows = self._journal.totals("provider", since=now - HOUR, dimensions=keys, **query)
        amounts = [
            {"usd": total.cost, "tokens": Decimal(total.tokens), "requests": Decimal(total.requests)}[limit.unit]
            for total in rows
            if provider in (None, total.key)
        ]
        return max(sum(amounts, Decimal(0)), Decimal(0)) / HOUR
