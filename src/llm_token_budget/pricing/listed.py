"""One model of genai-prices as tariffs: dates, times of day, tiers and kinds of token made into rates.

Importing this module imports genai-prices: see `published`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from fractions import Fraction

from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from llm_token_budget.pricing.compiling import PICO_PER_THOUSANDTH, pico_per_request, rates_from
from llm_token_budget.pricing.priced import STANDARD
from llm_token_budget.pricing.rates import Tariff, dearest
from llm_token_budget.pricing.vendors import TIER_CONTEXTS


def tariffs_of(model: ModelInfo, now: datetime, *, tells_images: bool = False) -> dict[str, Tariff]:
    """The tariff of every tier that bills only in ways that are modelled.

    Args:
        model: the model.
        now: the time at which the prices hold.
        tells_images: whether the provider's usage tells images from text. If not, text may cost as much as an image.
    """
    moments = tuple(_moments(model, now))
    tariffs: dict[str, Tariff] = {}
    for tier, context in {STANDARD: None, **_tier_contexts(model)}.items():
        compiled = [_tariff_at(model, moment, context, tells_images) for moment in moments]
        known = [tariff for tariff in compiled if tariff is not None]
        if len(known) == len(compiled):
            tariffs[tier] = dearest(known)
    return tariffs


def fees_of(model: ModelInfo, now: datetime) -> dict[str, Fraction]:
    """Pico-USD for each call of the tools that the model's provider bills by the call, as far as they are listed."""
    listed = _listed(model.get_prices(now))
    fees: dict[str, Fraction] = {}
    for key, tool in _TOOL_FEES.items():
        if key in listed:
            starts = {0}.union(_starts_of(listed[key]))
            fees[tool] = max(Fraction(_price_at(listed[key], start)) for start in starts) * PICO_PER_THOUSANDTH
    return fees


def pico_per_second_of_audio(model: ModelInfo, now: datetime) -> Fraction | None:
    """Pico-USD for each second of sound, of a model that bills by the hour; None for others."""
    listed = _listed(model.get_prices(now))
    price = listed.get("input_audio_hours", listed.get("audio_hours"))
    return None if price is None else Fraction(_price_at(price, 0)) * 10**12 / 3600


def _tariff_at(
    model: ModelInfo,
    moment: datetime,
    context: Mapping[str, str] | None,
    tells_images: bool,  # noqa: FBT001
) -> Tariff | None:
    """The prices under a condition. One that the list has only since later had, before that, the same share of the standard."""
    if context is None or any(_holds(variant, moment) for variant in _variants(model, context)):
        return _tariff(model, model.get_prices(moment, context), tells_images)
    starts = [_start_of(variant) for variant in _variants(model, context)]
    later = min((start for start in starts if start is not None), default=None)
    if later is None:
        return None
    tariff = _tariff(model, model.get_prices(later, context), tells_images)
    standard = _tariff(model, model.get_prices(moment), tells_images)
    standard_later = _tariff(model, model.get_prices(later), tells_images)
    if tariff is None or standard is None or standard_later is None or standard == standard_later:
        return tariff
    share = Fraction(tariff.bands[0].input, standard_later.bands[0].input or 1)
    return standard.times(share.numerator, share.denominator)


def _variants(model: ModelInfo, context: Mapping[str, str]) -> list[PriceVariant]:
    return [variant for variant in model.price_variants or () if variant.when == context]


def _holds(variant: PriceVariant, moment: datetime) -> bool:
    return variant.constraint is None or variant.constraint.active(moment)


def _start_of(variant: PriceVariant) -> datetime | None:
    constraint = variant.constraint
    if not isinstance(constraint, StartDateConstraint):
        return None
    return datetime.combine(constraint.start_date, time(), tzinfo=UTC)


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
# video or citations.
_COMPONENTS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("audio_input", lambda key: key.startswith("input_audio")),
    ("audio_output", lambda key: key.startswith("output_audio")),
    ("image_input", lambda key: key.startswith("input_image")),
    ("image_output", lambda key: key.startswith("output_image")),
    ("input", lambda key: key.startswith("input")),
    ("output", lambda key: key.startswith("output")),
    ("cache_read_audio", lambda key: key.startswith("cache_audio_read")),
    ("cache_read_image", lambda key: key.startswith("cache_image_read")),
    ("cache_read", lambda key: "read" in key),
    ("cache_write_1h", lambda key: "write_1h" in key),
    ("cache_write", lambda key: "write" in key),
)
_UNTOLD = (("image_input", "input"), ("image_output", "output"), ("cache_read_image", "cache_read"))
"""What may hide in what."""


def _tariff(model: ModelInfo, prices: ModelPrice, tells_images: bool) -> Tariff | None:  # noqa: FBT001
    """The prices as a tariff, or None if they bill anything but tokens, requests and calls of tools."""
    listed = _listed(prices)
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
        if not tells_images:
            for hidden, shown in _UNTOLD:
                if hidden in band:
                    band[shown] = max(band.get(shown, _NOTHING), band[hidden])
    return Tariff(
        bands=tuple(rates_from(model.id, band, above=start) for band, start in zip(bands, starts, strict=True)),
        request_pico=max(
            pico_per_request(_price_at(listed.get("requests_kcount", _NOTHING), start)) for start in starts
        ),
    )


_NOTHING = Decimal(0)

# A call of a tool is billed apart from the tokens, and only where the request names the tool.
_TOOL_FEES = {
    "web_searches_kcount": "web_search",
    "social_searches_kcount": "social_search",
    "storage_searches_kcount": "file_search",
    "code_executions_kcount": "code_session",
}


def _listed(prices: ModelPrice) -> dict[str, object]:
    return {key: price for key, price in prices.__dict__.items() if price is not None and not key.startswith("_")}


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
