"""What is told when a limit is nearly spent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from llm_token_budget.errors import LimitView, format_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A limit has reached a part of its amount."""

    threshold: Decimal
    """The part, as it was asked for: 0.8."""
    limit: LimitView
    """Whose limit, over which window."""
    spent: int | Decimal
    """In the limit's own unit: tokens, requests, or USD as Decimal."""
    resets_at: datetime | None
    """When its window ends; None if it never does, or slides."""
    at: datetime
    """When it was seen, by the ledger's clock."""

    def __str__(self) -> str:
        limit = self.limit
        whole, spent = (self._shown(amount) for amount in (limit.amount, self.spent))
        until = "" if self.resets_at is None else f", until {self.resets_at:%Y-%m-%d %H:%M} UTC"
        return f"{limit.subject}: {spent} of {whole} spent {limit.window} ({self.threshold:.0%} reached{until})"

    def as_json(self) -> dict[str, Any]:
        """As a webhook sends it. `text` is what Slack and its like show."""
        return {
            "text": str(self),
            "threshold": format(self.threshold, "f"),
            "limit": self.limit.name,
            "scope": list(self.limit.scope),
            "key": list(self.limit.key),
            "unit": self.limit.unit,
            "amount": str(self.limit.amount),
            "spent": str(self.spent),
            "window": self.limit.window,
            "resets_at": None if self.resets_at is None else self.resets_at.isoformat(),
            "at": self.at.isoformat(),
        }

    def _shown(self, amount: int | Decimal) -> str:
        if isinstance(amount, Decimal):
            return format_usd(amount)
        return f"{amount:,} {self.limit.unit}"
