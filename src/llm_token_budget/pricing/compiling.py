"""Published prices (USD per million tokens) to rates, with missing ones filled in so that they never under-count."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from llm_token_budget.pricing.rates import Rates
from llm_token_budget.pricing.vendors import CACHE_PREMIUMS, NO_PREMIUM, CachePremium

_PICO_PER_TOKEN = Decimal(10**6)  # $1 per million tokens
PICO_PER_THOUSANDTH = 10**9
"""Pico-USD for each of a thousand that cost $1 together."""

_PICO_PER_REQUEST = Decimal(PICO_PER_THOUSANDTH)


def pico_per_token(usd_per_million: Decimal) -> int:
    """Pico-USD per token, rounded up where the price is finer than that."""
    return _round_up(usd_per_million, _PICO_PER_TOKEN)


def pico_per_request(usd_per_thousand: Decimal) -> int:
    """Pico-USD per request, rounded up where the price is finer than that."""
    return _round_up(usd_per_thousand, _PICO_PER_REQUEST)


def rates_from(model: str, prices: Mapping[str, Decimal], *, above: int = 0) -> Rates:
    """Rates of one band.

    Missing prices are read safely: output as input, a cache read as input, cache writes by the vendor's published
    premium (see `vendors.CACHE_PREMIUMS`), else as input or as the dearest shorter-lived write, audio and images as text.

    Args:
        model: decides which vendor's premiums apply.
        prices: USD per million tokens by component of `Rates`; `input` is required.
        above: the number of input tokens from which the band applies.
    """
    known = {name: pico_per_token(price) for name, price in prices.items()}
    plain = known["input"]
    output = known.get("output", plain)
    premium = _premium_of(model)
    write = known.get("cache_write", premium.of(plain, premium.shortest))
    write_1h = known.get("cache_write_1h", max(write, premium.of(plain, premium.hour)))
    write_12h = known.get("cache_write_12h", max(write_1h, premium.of(plain, premium.half_day)))
    read, audio, image = known.get("cache_read"), known.get("audio_input", plain), known.get("image_input", plain)
    return Rates(
        above=above,
        input=plain,
        output=output,
        cache_read=plain if read is None else read,
        cache_write=write,
        cache_write_1h=write_1h,
        cache_write_12h=write_12h,
        audio_input=audio,
        audio_output=known.get("audio_output", output),
        image_input=image,
        image_output=known.get("image_output", output),
        cache_read_audio=known.get("cache_read_audio", audio if read is None else read),
        cache_read_image=known.get("cache_read_image", image if read is None else read),
    )


def _premium_of(model: str) -> CachePremium:
    return next((premium for premium in CACHE_PREMIUMS if premium.models.search(model)), NO_PREMIUM)


def _round_up(price: Decimal, factor: Decimal) -> int:
    if price <= 0:
        return 0
    # A price below what Decimal can multiply without rounding to 0 still costs something.
    return max(1, int((price * factor).to_integral_value(rounding=ROUND_CEILING)))
