"""A model with its price by service tier, whatever the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final, NamedTuple
from zlib import crc32

from llm_token_budget.pricing.rates import RateCard, Tariff, dearest
from llm_token_budget.pricing.surcharges import (
    BATCH_HALVES,
    BATCHES_WITHOUT_CACHE,
    FAST_DOUBLES,
    HALF,
    ONE,
    surcharge,
    tool_fees,
)
from llm_token_budget.pricing.vendors import STANDARD_TIERS, STANDARD_TIERS_OF

STANDARD: Final = "standard"

BATCH: Final = "batch"

CUSTOM: Final = "custom"
"""The provider of prices that the user gave: what they pay, whatever the tier and the place."""


class Circumstances(NamedTuple):
    """What decides, beside the model, which of its prices count."""

    batch: bool = False
    geography: str | None = None
    """Where the request had to be worked on; None: anywhere."""
    discount: tuple[int, int] = ONE
    """(factor, divisor) of what the user pays of the list price."""


_USUAL: Final = Circumstances()


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """One model of one provider and its tariffs; the standard one is among them."""

    provider: str
    model: str
    updated_at: str
    tariffs: Mapping[str, Tariff]
    fees: Mapping[str, Fraction] = field(default_factory=dict[str, Fraction])
    """Pico-USD for each call of a tool, as far as the source of the price lists them."""

    def card(self, service_tier: str | None = None, circumstances: Circumstances = _USUAL) -> RateCard:
        """The rate card of a tier; of a tier that nobody knows, the dearest of all that are known."""
        tier, tariff, share = self._tariff(service_tier, batch=circumstances.batch)
        place = ONE if self.provider == CUSTOM else surcharge(self.provider, self.model, circumstances.geography)
        scale = _product(share, place, circumstances.discount)
        label = tier if place == ONE else f"{tier}+{circumstances.geography}"
        digest = crc32(repr((tariff, scale, circumstances.discount) if scale != ONE else tariff).encode())
        return RateCard(
            id=f"{self.provider}:{self.model}:{label}@{self.updated_at}#{digest:08x}",
            provider=self.provider,
            model=self.model,
            updated_at=self.updated_at,
            tariff=tariff,
            scale=scale,
            fee_scale=circumstances.discount,
            fees=tool_fees(self.provider, self.model, self.fees),
        )

    def _tariff(self, service_tier: str | None, *, batch: bool) -> tuple[str, Tariff, tuple[int, int]]:
        """(the tier's name, its tariff, what is paid of it)."""
        name = (service_tier or STANDARD).lower()
        if self.provider == CUSTOM:
            return STANDARD, self.tariffs[STANDARD], ONE
        batch = batch or name == BATCH
        tier = STANDARD if name == BATCH or self._is_standard(name) else name
        if not batch:
            return self._at_once(tier)
        # A batch names no other tier, but its results say `default`.
        if tier == STANDARD and (tariff := self.tariffs.get(BATCH)) is not None:
            return BATCH, tariff, ONE
        tier, tariff, _ = self._at_once(tier)
        if self.provider not in BATCH_HALVES:
            return tier, tariff, ONE
        label = BATCH if tier == STANDARD else f"{tier}+{BATCH}"
        if self.provider in BATCHES_WITHOUT_CACHE:
            return label, _half_without_cache(tariff), ONE
        return label, tariff, HALF

    def _at_once(self, tier: str) -> tuple[str, Tariff, tuple[int, int]]:
        tariff = self.tariffs.get(tier)
        if tariff is not None:
            return tier, tariff, ONE
        if tier == "fast" and self.provider in FAST_DOUBLES:
            return tier, self.tariffs[STANDARD].times(2), ONE
        return "dearest", dearest(self.tariffs.values()), ONE

    def _is_standard(self, tier: str) -> bool:
        return tier in STANDARD_TIERS or tier in STANDARD_TIERS_OF.get(self.provider, frozenset())


def _half_without_cache(tariff: Tariff) -> Tariff:
    """Half of everything, but that what is cached costs what it costs at once: a half of the input already."""
    half = tariff.times(1, 2)
    return replace(half, bands=tuple(replace(band, cache_read=band.input) for band in half.bands))


def _product(*factors: tuple[int, int]) -> tuple[int, int]:
    product = Fraction(1)
    for factor, divisor in factors:
        product *= Fraction(factor, divisor)
    return product.numerator, product.denominator
