"""`BudgetManager(hosts=...)`: whose prices count at which host."""

import pytest

from llm_token_budget import BudgetManager, ConfigurationError


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("opnai", "openai"), ("anthropc", "anthropic"), ("open-router", "openrouter"), ("Bedrok", "bedrock")],
)
def test_a_provider_that_nobody_knows_is_refused_with_the_nearest(typed, meant):
    """A typo must not become a provider without any price."""
    with pytest.raises(ConfigurationError, match=f"did you mean '{meant}'"):
        BudgetManager(hosts={"llm.internal": typed})


def test_a_name_that_is_like_no_other_is_refused_with_the_ways_out():
    """Prices of one's own are given as such."""
    with pytest.raises(ConfigurationError, match="give 0, or its prices"):
        BudgetManager(hosts={"llm.internal": "qqqqqq"})


@pytest.mark.parametrize(
    "known", ["openai", "Bedrock", "vertex", "openrouter", "ollama", "huggingface_groq", "together_ai"]
)
def test_every_provider_of_the_price_book_is_known(known):
    """By the names that SDKs and gateways call it, too."""
    with BudgetManager(hosts={"llm.internal:8080": known}) as budget:
        assert budget.prices.provider_at("llm.internal", "llm.internal:8080")


def test_a_provider_of_ones_own_prices_is_known():
    """Whoever brings prices for it has said who it is."""
    with BudgetManager(hosts={"gpu-7": "ours"}, custom_pricing={"ours:our-model": {"input": 1, "output": 2}}) as budget:
        assert budget.prices.provider_at("gpu-7", "gpu-7") == "ours"
