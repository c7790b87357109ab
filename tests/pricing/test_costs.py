"""`calculate_cost`."""

from decimal import Decimal, localcontext

import pytest

from llm_token_budget.errors import ConfigurationError, UnknownModelPrice
from llm_token_budget.pricing import CostBreakdown, calculate_cost


@pytest.mark.parametrize(
    ("tokens", "model", "provider", "expected"),
    [
        ((10_000, 2_000), "gpt-4o", None, ("0.025", "0.02", "0.045")),
        ((1, 1), "gpt-4o-mini", None, ("0.00000015", "0.0000006", "0.00000075")),
        ((0, 0), "gpt-4o", None, ("0", "0", "0")),
        ((0, 1_000), "claude-opus-5-5", "anthropic", ("0", "0.02", "0.02")),
        ((272_001, 1_000), "gpt-6.1-terra", None, ("0.544002", "0.0075", "0.551502")),
        ((10**6, 10**6), "llama3:8b", "ollama", ("0", "0", "0")),
        ((1_000, 1_000), "sonar-pro", "perplexity", ("0.017", "0.015", "0.032")),
    ],
)
def test_costs_are_exact_decimals(tokens, model, provider, expected):
    """Not rounded, and written without trailing zeros."""
    cost = calculate_cost(*tokens, model, provider=provider)
    input_cost, output_cost, total_cost = map(Decimal, expected)
    assert cost == CostBreakdown(input_cost=input_cost, output_cost=output_cost, total_cost=total_cost)
    assert f"{cost.total_cost:f}" == expected[2]
    assert cost.currency == "USD"


def test_a_custom_price_is_used():
    """As a fourth argument, like in the npm package."""
    cost = calculate_cost(1_000_000, 1_000_000, "my-model", {"my-model": {"input": "0.50", "output": "1.50"}})
    assert (cost.input_cost, cost.output_cost, cost.total_cost) == (Decimal("0.5"), Decimal("1.5"), Decimal(2))


def test_the_decimal_context_of_the_caller_does_not_matter():
    """An application that computes with five digits gets exact costs all the same."""
    with localcontext(prec=5):
        assert calculate_cost(1_234_567, 7_654_321, "gpt-4o-mini").total_cost == Decimal("4.77777765")


@pytest.mark.parametrize("bad", [-1, 1.0, "5", True, None, float("nan"), Decimal(3), 2**60])
@pytest.mark.parametrize("place", [0, 1])
def test_tokens_are_whole_numbers(bad, place):
    """Anything else is refused before a price is looked for."""
    tokens = [10, 10]
    tokens[place] = bad
    with pytest.raises(ConfigurationError, match="token"):
        calculate_cost(*tokens, "gpt-4o")


def test_an_unknown_model_costs_an_error():
    """Never nothing."""
    with pytest.raises(UnknownModelPrice, match="gpt-4o-cheap"):
        calculate_cost(1, 1, "gpt-4o-cheap")
