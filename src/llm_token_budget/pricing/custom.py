"""Prices that the user gave: `custom_pricing={"my-model": {"input": "0.50", "output": "1.50"}}`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from llm_token_budget.errors import ConfigurationError, shown
from llm_token_budget.money import to_decimal
from llm_token_budget.pricing.compiling import rates_from
from llm_token_budget.pricing.names import MAX_NAME
from llm_token_budget.pricing.priced import STANDARD, Priced
from llm_token_budget.pricing.rates import COMPONENTS, Tariff

_REQUIRED: Final = ("input", "output")
_NPM_SPELLINGS: Final = {"inputPer1M": "input", "outputPer1M": "output"}
_DEAREST: Final = Decimal(10**6)


def read_custom_pricing(pricing: Mapping[str, Mapping[str, object]] | None) -> dict[str, Priced]:
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
    read: dict[str, Priced] = {}
    for model, prices in pricing.items():
        name = _read_name(model)
        if name in read:
            raise ConfigurationError(f"custom_pricing names {shown(name)} twice: upper and lower case are the same")
        read[name] = _read_prices(name, prices)
    return read


def _read_name(model: object) -> str:
    if not isinstance(model, str) or not model.strip() or len(model) > MAX_NAME:
        raise ConfigurationError(f"custom_pricing: a model's name is 1 to {MAX_NAME} characters, not {model!r:.80}")
    return model.strip().lower()


def _read_prices(model: str, prices: object) -> Priced:
    what = f"custom_pricing[{shown(model)}]"
    if not isinstance(prices, Mapping):
        raise ConfigurationError(f"{what} must be like {{'input': '0.50', 'output': '1.50'}}, not {prices!r:.80}")
    given: dict[str, Decimal] = {}
    for key, price in prices.items():  # pyright: ignore[reportUnknownVariableType]
        component = _read_component(what, key)  # pyright: ignore[reportUnknownArgumentType]
        if component in given:
            raise ConfigurationError(f"{what} names the price of {component} twice")
        given[component] = _read_price(f"{what}[{component!r}]", price)  # pyright: ignore[reportUnknownArgumentType]
    if missing := [name for name in _REQUIRED if name not in given]:
        raise ConfigurationError(f"{what} lacks {' and '.join(missing)}: USD per million tokens, 0 if it is free")
    tariff = Tariff(bands=(rates_from(model, given),))
    return Priced(provider="custom", model=model, updated_at="custom", tariffs={STANDARD: tariff})


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
