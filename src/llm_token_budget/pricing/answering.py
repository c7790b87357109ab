"""The prices of the model that answered, which may be called otherwise than the one that was asked."""

from __future__ import annotations

from datetime import date
from math import inf
from typing import TYPE_CHECKING, Final

from llm_token_budget.errors import UnknownModelPrice
from llm_token_budget.pricing.billing import says_more
from llm_token_budget.pricing.names import MAX_NAME

if TYPE_CHECKING:
    from llm_token_budget.pricing.book import PriceBook
    from llm_token_budget.pricing.rates import RateCard

KEPT: Final = 1024
"""So many answers' names are remembered."""

_Key = tuple[str | None, str | None, str, str | None, str | None, date | None]


class AnswerPrices:
    """Looks up answers' prices once for each name, as long as the price book stands. Single dict operations, no lock."""

    def __init__(self, prices: PriceBook) -> None:
        self._prices = prices
        self._known: dict[_Key, tuple[int, RateCard | None]] = {}

    def card(
        self,
        provider: str | None,
        requested: str | None,
        answered: str,
        tier: str | None,
        geography: str | None,
        reserved_at: float = inf,
    ) -> RateCard | None:
        """The prices of an answer; None if nobody can price the model that it names.

        Args:
            provider: who was asked.
            requested: the model that was asked for.
            answered: the model that the answer names.
            tier: the service tier, as the answer or else the request names it.
            geography: where the request had to be worked on.
            reserved_at: when it was reserved, in seconds since the epoch: prices of that day count. Now, where left out.
        """
        prices = self._prices
        turn = prices.turn()
        at = None if reserved_at >= prices.since else prices.day_of(reserved_at)
        key = provider, requested, answered, tier, geography, at
        known = self._known.get(key)
        if known is not None and known[0] == turn:
            return known[1]
        name = requested if requested is not None and says_more(provider, requested, answered) else answered
        try:
            card = prices.rate_card(name, provider, service_tier=tier, geography=geography, at=at)
        except UnknownModelPrice:
            card = None
        if (
            len(answered) + len(requested or "") + len(tier or "") <= MAX_NAME
        ):  # A stranger's answer must not fill memory.
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[key] = turn, card
        return card
