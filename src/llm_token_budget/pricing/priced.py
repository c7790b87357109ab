"""A model with its price by service tier, whatever the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from llm_token_budget.pricing.rates import RateCard, Tariff, dearest
from llm_token_budget.pricing.vendors import STANDARD_TIERS, STANDARD_TIERS_OF

STANDARD: Final = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """One model of one provider and its tariffs; the standard one is among them."""

    provider: str
    model: str
    updated_at: str
    tariffs: Mapping[str, Tariff]

    def card(self, service_tier: str | None = None) -> RateCard:
        """The rate card of a tier; of a tier that nobody knows, the dearest of all that are known."""
        tier = STANDARD if self._is_standard(service_tier) else str(service_tier).lower()
        tariff = self.tariffs.get(tier)
        if tariff is None:
            tier, tariff = "dearest", dearest(self.tariffs.values())
        return RateCard(
            id=f"{self.provider}:{self.model}:{tier}@{self.updated_at}#{crc32(repr(tariff).encode()):08x}",
            provider=self.provider,
            model=self.model,
            updated_at=self.updated_at,
            tariff=tariff,
        )

    def _is_standard(self, service_tier: str | None) -> bool:
        if service_tier is None:
            return True
        tier = service_tier.lower()
        return tier in STANDARD_TIERS or tier in STANDARD_TIERS_OF.get(self.provider, frozenset())
