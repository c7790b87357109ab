"""Prices that the user gives."""

from decimal import Decimal

import pytest

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.pricing import PriceBook
from llm_token_budget.usage import Usage


def first_band(book, *args, **options):
    return book.rate_card(*args, **options).tariff.bands[0]


@pytest.mark.parametrize(
    ("price", "pico"),
    [
        ("0.50", 500_000),
        (2, 2_000_000),
        (Decimal("0.1"), 100_000),
        (0.1, 100_000),
        ("0", 0),
        ("1e-9", 1),
        ("1e-999999", 1),
    ],
)
def test_a_price_is_usd_per_million_tokens(price, pico):
    """As int, text, Decimal or float through its repr; what is finer than a pico-USD is rounded up."""
    assert first_band(PriceBook({"m": {"input": price, "output": 1}}), "m").input == pico


def test_every_component_can_be_given():
    """Each optional price replaces the one that is filled in."""
    names = [
        "input",
        "output",
        "cache_read",
        "cache_write",
        "cache_write_1h",
        "cache_write_12h",
        "audio_input",
        "audio_output",
    ]
    band = first_band(PriceBook({"m": {name: i for i, name in enumerate(names, 1)}}), "m")
    assert [getattr(band, name) for name in names] == [i * 10**6 for i in range(1, 9)]


def test_missing_prices_never_under_count():
    """Cached and spoken tokens cost what text does until somebody says otherwise."""
    band = first_band(PriceBook({"m": {"input": 1, "output": 3}}), "m")
    assert {band.cache_read, band.cache_write, band.cache_write_1h, band.cache_write_12h, band.audio_input} == {10**6}
    assert band.audio_output == 3 * 10**6


@pytest.mark.parametrize(
    ("model", "write", "write_1h", "write_12h"),
    [
        ("claude-opus-9", 1_250_000, 2_000_000, 2_000_000),
        ("gpt-6.4-sol", 1_250_000, 1_250_000, 2_500_000),
        ("gpt-5.6-sol", 1_250_000, 1_250_000, 2_500_000),
        ("gpt-5.5", 1_000_000, 1_000_000, 1_000_000),
        ("gpt-4o", 1_000_000, 1_000_000, 1_000_000),
    ],
)
def test_cache_writes_without_a_price_have_the_vendors_premium(model, write, write_1h, write_12h):
    """1.25 and 2 times the input with Anthropic, 1.25 and 2.5 times from GPT-5.6 on."""
    band = first_band(PriceBook({model: {"input": 1, "output": 3}}), model)
    assert (band.cache_write, band.cache_write_1h, band.cache_write_12h) == (write, write_1h, write_12h)


@pytest.mark.parametrize(
    ("key", "model", "provider"),
    [
        ("my-model", "my-model", None),
        ("my-model", "my-model", "openai"),
        ("my-model", "my-model", "whoever"),
        ("My-Model", "my-model", None),
        ("my-model", "my-model-2026-01-31", None),
        ("my-model", "my-model-latest", "openai"),
        ("my-model", "openai/my-model", None),
        ("my-model", "openai/my-model-20260131", "openai"),
        ("openai:my-model", "my-model", "openai"),
        ("openai:my-model", "my-model-2026-01-31", "openai"),
        ("openai:my-model", "openai/my-model", None),
        ("openai:my-model", "openai:my-model", None),
        ("gpt-4o", "gpt-4o-2024-08-06", None),
        ("llama3:8b", "llama3:8b", "ollama"),
        ("llama3", "llama3:latest", "ollama"),
        ("ollama", "ollama", None),
        ("openai/gpt-oss-120b", "openai/gpt-oss-120b", "groq"),
    ],
)
def test_a_custom_price_wins(key, model, provider):
    """Under its exact name, and under the name without date and prefix; without loading any price data."""
    book = PriceBook({key: {"input": 7, "output": 9}})
    card = book.rate_card(model, provider, service_tier="priority")
    assert (card.provider, card.updated_at, card.tariff.bands[0].input) == ("custom", "custom", 7 * 10**6)


@pytest.mark.parametrize(
    ("key", "model", "provider", "of_provider"),
    [
        ("openai:gpt-4o", "gpt-4o", "azure", "openai"),
        ("gpt-oss-120b", "openai/gpt-oss-120b", "groq", "groq"),
        ("gpt-4o", "gpt-4o-mini", None, "openai"),
    ],
)
def test_a_custom_price_is_for_its_own_model_only(key, model, provider, of_provider):
    """Another provider's or another name's price stays what it is."""
    assert PriceBook({key: {"input": 7, "output": 9}}).rate_card(model, provider).provider == of_provider


def test_the_most_exact_custom_price_wins():
    """The provider's own before anybody's, a dated name before the undated."""
    book = PriceBook(
        {
            "m": {"input": 1, "output": 1},
            "openai:m": {"input": 2, "output": 1},
            "m-2026-01-31": {"input": 3, "output": 1},
        }
    )
    asked = [("m", None), ("m", "openai"), ("m-2026-01-31", "openai"), ("m-2026-02-01", "openai"), ("m", "groq")]
    assert [first_band(book, *names).input // 10**6 for names in asked] == [1, 2, 3, 2, 1]


def test_the_npm_spelling_is_understood():
    """`inputPer1M` and `outputPer1M`."""
    card = PriceBook({"m": {"inputPer1M": 0.5, "outputPer1M": 1.5}}).rate_card("m")
    assert card.cost_pico(Usage(input_tokens=1, output_tokens=1)) == 2_000_000


@pytest.mark.parametrize(
    ("pricing", "message"),
    [
        ({"m": {"input": "1"}}, "lacks output"),
        ({"m": {}}, "lacks input and output"),
        ({"m": {"input": 1, "output": -1}}, "negative"),
        ({"m": {"input": float("nan"), "output": 1}}, "finite"),
        ({"m": {"input": "Infinity", "output": 1}}, "finite"),
        ({"m": {"input": True, "output": 1}}, "must be a number"),
        ({"m": {"input": None, "output": 1}}, "must be a number"),
        ({"m": {"input": "a lot", "output": 1}}, "must be a number"),
        ({"m": {"input": "1e999999", "output": 1}}, "absurdly large"),
        ({"m": {"input": 1, "output": 1, "cached_read": 1}}, "did you mean 'cache_read'"),
        ({"m": {"input": 1, "output": 1, "above": 1}}, "unknown price 'above'"),
        ({"m": {"input": 1, "output": 1, 3: 1}}, "unknown price 3"),
        ({"m": {"input": 1, "inputPer1M": 1, "output": 1}}, "twice"),
        ({"m": {"input": 1, "output": 1}, "M": {"input": 2, "output": 2}}, "twice"),
        ({"m": 3}, "must be like"),
        ({"": {"input": 1, "output": 1}}, "1 to 256 characters"),
        ({"x" * 257: {"input": 1, "output": 1}}, "1 to 256 characters"),
        ({3: {"input": 1, "output": 1}}, "1 to 256 characters"),
        (["m"], "must be like"),
    ],
)
def test_an_impossible_price_is_refused_at_once(pricing, message):
    """With the name of what is wrong and the way out."""
    with pytest.raises(ConfigurationError, match=message):
        PriceBook(pricing)
