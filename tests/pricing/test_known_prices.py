"""Prices typed from the vendors' pages, and agreement with genai-prices on usages that nobody picked."""

from decimal import Decimal

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_token_budget.pricing import PriceBook
from llm_token_budget.usage import Usage

BOOK = PriceBook()

# provider, model, then USD per million tokens: input, output, cache read, cache write, 1 h cache write (None: unlisted)
FLAT = [
    ("openai", "gpt-4o", "2.5", "10", "1.25", None, None),
    ("openai", "gpt-4o-2024-05-13", "5", "15", None, None, None),
    ("openai", "gpt-4o-mini", "0.15", "0.6", "0.075", None, None),
    ("openai", "gpt-4-turbo", "10", "30", None, None, None),
    ("openai", "gpt-3.5-turbo", "0.5", "1.5", None, None, None),
    ("openai", "gpt-4.1", "2", "8", "0.5", None, None),
    ("openai", "o1", "15", "60", "7.5", None, None),
    ("openai", "o3", "2", "8", "0.5", None, None),
    ("openai", "o3-mini", "1.1", "4.4", "0.55", None, None),
    ("openai", "gpt-5-mini", "0.25", "2", "0.025", None, None),
    ("anthropic", "claude-3-5-haiku-20241022", "0.8", "4", "0.08", "1", "1.6"),
    ("anthropic", "claude-3-5-sonnet-20241022", "3", "15", "0.3", "3.75", "6"),
    ("anthropic", "claude-3-opus-20240229", "15", "75", "1.5", "18.75", "30"),
    ("anthropic", "claude-sonnet-4-20250514", "3", "15", "0.3", "3.75", "6"),
    ("anthropic", "claude-haiku-4-5", "1", "5", "0.1", "1.25", "2"),
    ("anthropic", "claude-opus-4-5-20251101", "5", "25", "0.5", "6.25", "10"),
    ("anthropic", "claude-opus-5-5", "4", "20", "0.2", "5", "8"),
    ("anthropic", "claude-sonnet-5-5", "2", "10", "0.1", "2.5", "4"),
    ("groq", "openai/gpt-oss-120b", "0.15", "0.6", "0.075", None, None),
    ("groq", "openai/gpt-oss-20b", "0.075", "0.3", "0.0375", None, None),
    ("groq", "llama-3.3-70b-versatile", "0.59", "0.79", None, None, None),
    ("groq", "llama-3.1-8b-instant", "0.05", "0.08", None, None, None),
    ("deepseek", "deepseek-v3.2", "0.2288", "0.3432", None, None, None),
]
# provider, model, threshold, then the same below and above it
LONG = [
    ("openai", "gpt-6.1-terra", 272_000, ("1", "5", "0.05", "1.25"), ("2", "7.5", "0.1", "2.5")),
    ("openai", "gpt-6.1-sol", 272_000, ("2", "10", "0.1", "2.5"), ("4", "15", "0.2", "5")),
    ("openai", "gpt-6.2-sol", 272_000, ("2", "10", "0.1", "2.5"), ("4", "15", "0.2", "5")),
    ("openai", "gpt-6-astra", 272_000, ("10", "50", "1", "12.5"), ("20", "75", "2", "25")),
    ("openai", "gpt-5.4", 272_000, ("2.5", "15", "0.25", "2.5"), ("5", "22.5", "0.5", "5")),
    ("anthropic", "claude-haiku-5-5", 100_000, ("0.1", "0.5", "0.01", "0.125"), ("0.5", "2.5", "0.05", "0.625")),
    ("anthropic", "claude-sonnet-4-5", 200_000, ("3", "15", "0.3", "3.75"), ("6", "22.5", "0.6", "7.5")),
]
# Sonnet 4 has a long-context band that genai-prices lacks, and GPT-6.2 is newer than it.
OURS = {("openai", "gpt-6.2-sol"), ("anthropic", "claude-sonnet-4-20250514")}
COMPARABLE = sorted({(provider, model) for provider, model, *_ in [*FLAT, *LONG]} - OURS)


def usd(pico: int) -> Decimal:
    return Decimal(pico) / 10**12


@pytest.mark.parametrize(("provider", "model", "into", "out", "read", "write", "write_1h"), FLAT)
def test_a_call_costs_what_the_vendor_prints(provider, model, into, out, read, write, write_1h):
    """Each kind of token is charged at its own price."""
    usage = Usage(
        input_tokens=10_000,
        output_tokens=700,
        cache_read_tokens=2_000,
        cache_write_tokens=3_000 if write else 0,
        cache_write_1h_tokens=1_000 if write_1h else 0,
    )
    plain = 10_000 - 2_000 - usage.cache_write_tokens - usage.cache_write_1h_tokens
    expected = plain * Decimal(into) + 700 * Decimal(out) + 2_000 * Decimal(read or into)
    expected += usage.cache_write_tokens * Decimal(write or 0) + usage.cache_write_1h_tokens * Decimal(write_1h or 0)
    assert usd(BOOK.rate_card(model, provider).cost_pico(usage)) == expected / 10**6


@pytest.mark.parametrize(("provider", "model", "threshold", "short", "long"), LONG)
@pytest.mark.parametrize("over", [0, 1])
def test_a_long_context_reprices_the_whole_request(provider, model, threshold, short, long, over):
    """One token above the threshold changes the price of all of them."""
    into, out, read, write = map(Decimal, long if over else short)
    usage = Usage(input_tokens=threshold + over, output_tokens=900, cache_read_tokens=50_000, cache_write_tokens=40_000)
    expected = (threshold + over - 90_000) * into + 900 * out + 50_000 * read + 40_000 * write
    assert usd(BOOK.rate_card(model, provider).cost_pico(usage)) == expected / 10**6


@given(
    where=st.sampled_from(COMPARABLE),
    parts=st.tuples(*[st.integers(0, 300_000)] * 4),
    output=st.integers(0, 300_000),
    hour=st.booleans(),
)
def test_costs_are_those_of_genai_prices(where, parts, output, hour):
    """Compiled integers and genai-prices agree to the last digit."""
    provider, model = where
    plain, read, write, write_1h = parts
    listed = BOOK.rate_card(model, provider).tariff.bands[0]
    # Without a price of its own, a write is something that genai-prices doesn't bill and we do.
    write = write if listed.cache_write != listed.input else 0
    write_1h = write_1h if hour and provider == "anthropic" else 0
    written = {"cache_write_tokens": write + write_1h}
    if write_1h:
        written["cache_write_1h_tokens"] = write_1h
    total = plain + read + write + write_1h
    theirs = genai_prices.types.Usage(input_tokens=total, output_tokens=output, cache_read_tokens=read, **written)
    ours = Usage(
        input_tokens=total,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=write,
        cache_write_1h_tokens=write_1h,
    )
    expected = genai_prices.calc_price(theirs, model, provider_id=provider).total_price
    assert usd(BOOK.rate_card(model, provider).cost_pico(ours)) == expected


@pytest.mark.parametrize("tier", ["flex", "priority", "fast", "batch"])
@pytest.mark.parametrize("model", ["gpt-6.1-terra", "gpt-6-astra", "gpt-5.4"])
def test_tiers_are_those_of_genai_prices(model, tier):
    """A service tier that genai-prices lists has its price, whatever it calls the condition."""
    context = {"processing": "batch"} if tier == "batch" else {"service_tier": tier}
    theirs = genai_prices.types.Usage(input_tokens=300_000, output_tokens=1_000, cache_read_tokens=20_000)
    ours = Usage(input_tokens=300_000, output_tokens=1_000, cache_read_tokens=20_000)
    expected = genai_prices.calc_price(theirs, model, provider_id="openai", price_context=context).total_price
    assert usd(BOOK.rate_card(model, "openai", service_tier=tier).cost_pico(ours)) == expected


def test_every_listed_model_that_is_priced_by_text_tokens_costs_what_genai_prices_says():
    """All models of the three vendors, not only those that somebody looked at."""
    from genai_prices.data_snapshot import get_snapshot

    compared = 0
    for provider in get_snapshot().providers:
        if provider.id not in {"openai", "anthropic", "groq"}:
            continue
        for model in provider.models:
            calculated = model.calc_price(genai_prices.types.Usage(input_tokens=12_345, output_tokens=678), provider)
            keys = {key for key, price in calculated.model_price.__dict__.items() if price is not None}
            if not {"input_mtok", "output_mtok"} <= keys or any("image" in key for key in keys) or "search" in model.id:
                continue
            cost = BOOK.rate_card(model.id, provider.id).cost_pico(Usage(input_tokens=12_345, output_tokens=678))
            assert usd(cost) == calculated.total_price, model.id
            compared += 1
    assert compared > 120
