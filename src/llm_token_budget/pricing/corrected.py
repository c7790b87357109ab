"""Corrections compiled to prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

from llm_token_budget.pricing.compiling import pico_per_request, rates_from
from llm_token_budget.pricing.corrections import CHECKED, CORRECTIONS, TIER_MULTIPLES, Correction
from llm_token_budget.pricing.priced import STANDARD, Priced
from llm_token_budget.pricing.rates import Rates, Tariff

_FREE = {"input": "0", "output": "0"}


def find_correction(provider: str, name: str, today: date) -> Correction | None:
    """The row that holds today for exactly this name."""
    rows = [row for row in _by_name().get((provider, name), ()) if row.since <= today]
    return rows[-1] if rows else None


def corrected_names(provider: str) -> Iterator[str]:
    """Every model of a provider that has a row."""
    return (name for owner, name in _by_name() if owner == provider)


def price_of_correction(row: Correction) -> Priced | None:
    """The price that a row states; None if it says that there is none."""
    if row.unpriced:
        return None
    model = row.models[0]
    standard = Tariff(
        bands=tuple(_bands(model, row)),
        request_pico=pico_per_request(Decimal(row.usd_per_thousand_requests)),
    )
    tiers = {tier: standard.times(*factor) for tier, factor in row.tiers.items()}
    if row.batch_usd_per_million:
        tiers["batch"] = Tariff(bands=(rates_from(model, _decimals(row.batch_usd_per_million)),))
    return Priced(
        provider=row.provider,
        model=model,
        updated_at=row.checked.isoformat(),
        tariffs={STANDARD: standard, **tiers},
    )


def free_of_charge(provider: str, model: str) -> Priced:
    """A model that costs nothing because its provider bills nothing."""
    tariff = Tariff(bands=(rates_from(model, {"input": Decimal(0)}),))
    return Priced(provider=provider, model=model, updated_at=CHECKED.isoformat(), tariffs={STANDARD: tariff})


def with_tier_multiples(priced: Priced) -> Priced:
    """The price with the service tiers that only the corrections know."""
    added = {
        row.tier: priced.tariffs[STANDARD].times(row.factor)
        for row in TIER_MULTIPLES
        if row.provider == priced.provider and priced.model in row.models
    }
    return replace(priced, tariffs={**added, **priced.tariffs}) if added else priced


def _bands(model: str, row: Correction) -> Iterator[Rates]:
    yield rates_from(model, _decimals(row.usd_per_million or _FREE))
    if row.long_context:
        above, prices = row.long_context
        yield rates_from(model, _decimals(prices), above=above)


def _decimals(prices: Mapping[str, str]) -> dict[str, Decimal]:
    return {component: Decimal(price) for component, price in prices.items()}


@cache
def _by_name() -> dict[tuple[str, str], list[Correction]]:
    rows: dict[tuple[str, str], list[Correction]] = {}
    for row in sorted(CORRECTIONS, key=lambda row: row.since):
        for model in row.models:
            rows.setdefault((row.provider, model), []).append(row)
    return rows
