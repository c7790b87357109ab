"""Prices that the user gave: `custom_pricing={"my-model": {"input": "0.50", "output": "1.50"}}`.

`provider:*` is whatever else a provider serves; a list holds prices that change at dates, each but one with its `since`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, cast

from llm_token_budget.errors import ConfigurationError, shown
from llm_token_budget.money import to_decimal
from llm_token_budget.pricing.compiling import rates_from
from llm_token_budget.pricing.names import MAX_NAME
from llm_token_budget.pricing.priced import CUSTOM, STANDARD, Priced
from llm_token_budget.pricing.rates import COMPONENTS, RateCard, Tariff

_REQUIRED: Final = ("input", "output")
_NPM_SPELLINGS: Final = {"inputPer1M": "input", "outputPer1M": "output"}
_DEAREST: Final = Decimal(10**6)


@dataclass(frozen=True, slots=True)
class Dated:
    """The prices of one model, each from its date on."""

    prices: tuple[tuple[date, Priced], ...]
    """Ascending."""

    def at(self, day: date) -> Priced | None:
        """The price on a day; None before the first one."""
        return next((priced for since, priced in reversed(self.prices) if since <= day), None)

    def card(self, service_tier: str | None = None) -> RateCard:
        """The rate card of the latest price."""
        return self.prices[-1][1].card(service_tier)


CustomPrices = Mapping[str, object] | list[Mapping[str, object]]
"""USD per million tokens by kind, or several of those with the dates `since` which they hold."""


def read_custom_pricing(pricing: Mapping[str, CustomPrices] | None) -> dict[str, Dated]:
    """Read and compile `custom_pricing`, by lower-case name.

    Raises:
        ConfigurationError: an unknown, missing or impossible price.
    """
    if pricing is None:
        return {}
    if not isinstance(pricing, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"custom_pricing must be like {{'my-model': {{'input': '0.50', 'output': '1.50'}}}}, not {pricing!r:.80}"
        )
    read: dict[str, Dated] = {}
    for model, prices in pricing.items():
        name = _read_name(model)
        if name in read:
            raise ConfigurationError(f"custom_pricing names {shown(name)} twice: upper and lower case are the same")
        read[name] = _read_dated(name, prices)
    return read


def _read_dated(name: str, prices: object) -> Dated:
    if not isinstance(prices, list | tuple):
        since, priced = _read_prices(name, prices)
        return Dated(((since, priced),))
    rows = sorted((_read_prices(name, each) for each in cast("list[object]", prices)), key=lambda row: row[0])
    if not rows or len({since for since, _ in rows}) != len(rows):
        raise ConfigurationError(
            f"custom_pricing[{shown(name)}]: of several prices all but one say from when on they hold, each another date: "
            "{'since': '2027-01-01', 'input': '0.50', 'output': '1.50'}"
        )
    return Dated(tuple(rows))


def _read_name(model: object) -> str:
    if not isinstance(model, str) or not model.strip() or len(model) > MAX_NAME:
        raise ConfigurationError(f"custom_pricing: a model's name is 1 to {MAX_NAME} characters, not {model!r:.80}")
    return model.strip().lower()


def _read_prices(model: str, prices: object) -> tuple[date, Priced]:
    what = f"custom_pricing[{shown(model)}]"
    if not isinstance(prices, Mapping):
        raise ConfigurationError(f"{what} must be like {{'input': '0.50', 'output': '1.50'}}, not {prices!r:.80}")
    given: dict[str, Decimal] = {}
    since = date.min
    for key, price in prices.items():  # pyright: ignore[reportUnknownVariableType]
        if key == "since":
            since = _read_date(what, price)  # pyright: ignore[reportUnknownArgumentType]
            continue
        component = _read_component(what, key)  # pyright: ignore[reportUnknownArgumentType]
        if component in given:
            raise ConfigurationError(f"{what} names the price of {component} twice")
        given[component] = _read_price(f"{what}[{component!r}]", price)  # pyright: ignore[reportUnknownArgumentType]
    if missing := [name for name in _REQUIRED if name not in given]:
        raise ConfigurationError(f"{what} lacks {' and '.join(missing)}: USD per million tokens, 0 if it is free")
    tariff = Tariff(bands=(rates_from(model, given),))
    updated_at = CUSTOM if since == date.min else since.isoformat()
    return since, Priced(provider=CUSTOM, model=model, updated_at=updated_at, tariffs={STANDARD: tariff})


def _read_date(what: str, value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ConfigurationError(f"{what}['since'] is a date such as '2027-01-01', not {value!r:.80}") from None


def _read_component(what: str, key: object) -> str:
    component = _NPM_SPELLINGS.get(key, key) if isinstance(key, str) else None
    if component in COMPONENTS:
        return str(component)
    from difflib import get_close_matches

    close = get_close_matches(str(key)[:40].lower(), COMPONENTS, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(COMPONENTS)}"
    raise ConfigurationError(f"{what} has an unknown price {key!r:.80}: {hint}")


def _read_price(what: str, price: object) -> Decimal:
    usd = to_decimal(price, what)
    if usd > _DEAREST:
        raise ConfigurationError(f"{what} is absurdly large: {price!r:.80} (prices are USD per million tokens)")
    return usd
