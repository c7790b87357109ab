"""One model of genai-prices as tariffs: dates, times of day, tiers and kinds of token made into rates.

Importing this module imports genai-prices: see `published`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, PriceVariant, TieredPrices, TimeOfDateConstraint

from llm_token_budget.pricing.compiling import pico_per_request, rates_from
from llm_token_budget.pricing.priced import STANDARD
from llm_token_budget.pricing.rates import Tariff, dearest
from llm_token_budget.pricing.vendors import TIER_CONTEXTS


def tariffs_of(model: ModelInfo, now: datetime) -> dict[str, Tariff]:
    """The tariff of every tier that bills only in ways that are modelled."""
    moments = tuple(_moments(model, now))
    contexts = {STANDARD: None, **_tier_contexts(model)}
    tariffs: dict[str, Tariff] = {}
    for tier, context in contexts.items():
        compiled = [_tariff(model, model.get_prices(moment, context)) for moment in moments]
        known = [tariff for tariff in compiled if tariff is not None]
        if len(known) == len(compiled):
            tariffs[tier] = dearest(known)
    return tariffs


def _tier_contexts(model: ModelInfo) -> dict[str, Mapping[str, str]]:
    conditions = (variant.when for variant in model.price_variants or ())
    return {
        value: {key: value}
        for when in conditions
        if len(when) == 1
        for key, value in when.items()
        if key in TIER_CONTEXTS and value != "default"
    }


def _moments(model: ModelInfo, now: datetime) -> Iterator[datetime]:
    """Now and, where the price depends on the time of day, every time at which it changes."""
    yield now
    for price in conditional_prices(model):
        if isinstance(price.constraint, TimeOfDateConstraint):
            for at in price.constraint.start_time, price.constraint.end_time:
                moment = datetime.combine(now.date(), at, tzinfo=at.tzinfo or UTC).astimezone(UTC)
                yield moment.replace(year=now.year, month=now.month, day=now.day)


# Keys of genai-prices by component of `Rates`. Of several keys the dearest counts, since a usage doesn't tell text from
# images, video, citations or (in a cache) audio.
_COMPONENTS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("audio_input", lambda key: key.startswith("input_audio")),
    ("audio_output", lambda key: key.startswith("output_audio")),
    ("input", lambda key: key.startswith("input")),
    ("output", lambda key: key.startswith("output")),
    ("cache_read", lambda key: "read" in key),
    ("cache_write_1h", lambda key: "write_1h" in key),
    ("cache_write", lambda key: "write" in key),
)


def _tariff(model: ModelInfo, prices: ModelPrice) -> Tariff | None:
    """The prices as a tariff, or None if they bill anything but tokens, requests and calls of tools."""
    listed = {key: price for key, price in prices.__dict__.items() if price is not None and not key.startswith("_")}
    if not listed and model.id.endswith(":free"):
        return Tariff(bands=(rates_from(model.id, {"input": _NOTHING}),))
    if "input_mtok" not in listed or not all(map(_modelled, listed)):
        return None
    tokens = [(_component(key), price) for key, price in listed.items() if key.endswith("_mtok")]
    starts = sorted({0}.union(*(_starts_of(price) for _, price in tokens)))
    bands: list[dict[str, Decimal]] = [{} for _ in starts]
    for band, start in zip(bands, starts, strict=True):
        for component, price in tokens:
            band[component] = max(band.get(component, _NOTHING), _price_at(price, start))
    return Tariff(
        bands=tuple(rates_from(model.id, band, above=start) for band, start in zip(bands, starts, strict=True)),
        request_pico=max(
            pico_per_request(_price_at(listed.get("requests_kcount", _NOTHING), start)) for start in starts
        ),
    )


_NOTHING = Decimal(0)

# A call of a tool is billed apart from the tokens, and only where the request names the tool.
_TOOL_FEES = frozenset(
    {"web_searches_kcount", "social_searches_kcount", "storage_searches_kcount", "code_executions_kcount"}
)


def _modelled(key: str) -> bool:
    return key.endswith("_mtok") or key == "requests_kcount" or key in _TOOL_FEES


def _component(key: str) -> str:
    return next(component for component, belongs in _COMPONENTS if belongs(key))


def _starts_of(price: object) -> set[int]:

    return {tier.start for tier in price.tiers} if isinstance(price, TieredPrices) else set()


def _price_at(price: object, start: int) -> Decimal:

    if isinstance(price, Decimal):
        return price
    if not isinstance(price, TieredPrices):
        raise TypeError(f"genai-prices has a price of an unknown kind: {type(price).__name__}")
    return next((tier.price for tier in reversed(price.tiers) if tier.start <= start), price.base)


def conditional_prices(model: ModelInfo) -> Iterator[ConditionalPrice | PriceVariant]:
    """Every price of a model that depends on a date, a time or a condition."""
    if isinstance(model.prices, list):
        yield from model.prices
    yield from model.price_variants or ()
