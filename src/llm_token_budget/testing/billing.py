"""The provider's own books."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from llm_token_budget.errors import ConfigurationError, shown
from llm_token_budget.testing.prices import Price, Tokens, find_price


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One billed request."""

    id: str
    """The id in the answer, where the wire format has one."""
    provider: str
    path: str
    model: str
    """The model that answered."""
    requested_model: str
    input_tokens: int
    """All input, cached parts included."""
    output_tokens: int
    """All output of all choices, reasoning included."""
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    reasoning_tokens: int = 0
    service_tier: str | None = None
    usd: Decimal | None
    """The exact price; None for a model that has none."""
    streamed: bool
    complete: bool
    """Whether the whole answer was produced; False for a stream that ended early."""
    at: datetime

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Bill:
    """What was billed up to one moment."""

    lines: tuple[BillLine, ...] = ()

    @property
    def requests(self) -> int:
        return len(self.lines)

    @property
    def input_tokens(self) -> int:
        return sum(line.input_tokens for line in self.lines)

    @property
    def output_tokens(self) -> int:
        return sum(line.output_tokens for line in self.lines)

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def usd(self) -> Decimal:
        """The exact sum.

        Raises:
            ConfigurationError: a model has no price; its tokens are on the bill all the same.
        """
        unpriced = sorted({line.model for line in self.lines if line.usd is None})
        if unpriced:
            names = ", ".join(map(shown, unpriced))
            raise ConfigurationError(
                f"the loopback provider has no price for {names}: LoopbackProvider(prices={{{unpriced[0]!r}: "
                "('0.50', '1.50')}) sets one, in USD per million input and output tokens"
            )
        return sum((line.usd for line in self.lines if line.usd is not None), Decimal(0))

    def where(self, *, provider: str | None = None, model: str | None = None, since: datetime | None = None) -> Bill:
        """The lines of one provider, of one answering model, from one moment on."""
        return Bill(
            tuple(
                line
                for line in self.lines
                if (provider is None or line.provider == provider)
                and (model is None or line.model == model)
                and (since is None or line.at >= since)
            )
        )


class Cashier:
    """Books lines from the server's thread, and hands out snapshots to any other."""

    def __init__(self, own_prices: Mapping[str, Price]) -> None:
        self._own_prices = own_prices
        self._lines: list[BillLine] = []
        self._lock = threading.Lock()

    def book(self, line: BillLine) -> None:
        """Book a line, now, at its price."""
        price = find_price(self._own_prices, line.provider, line.model, line.requested_model)
        usd = price.usd(_tokens(line), line.service_tier) if price else None
        with self._lock:
            self._lines.append(replace(line, usd=usd, at=datetime.now(UTC)))

    def bill(self) -> Bill:
        with self._lock:
            return Bill(tuple(self._lines))


def _tokens(line: BillLine) -> Tokens:
    return Tokens(
        input=line.input_tokens,
        cached=line.cached_tokens,
        cache_write=line.cache_write_tokens,
        cache_write_1h=line.cache_write_1h_tokens,
        output=line.output_tokens,
    )
