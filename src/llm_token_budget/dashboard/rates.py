"""How fast limits are spent, by what was seen of them."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import Final

from llm_token_budget.statistics import Remaining

RATE_OVER: Final = 60.0
"""Seconds over which a burn rate is reckoned."""


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
