"""What a refusal says of the sum that didn't fit."""

import json
import pickle
from decimal import Decimal

import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, Usage
from llm_token_budget.last_costs import KEPT, LastCosts
from llm_token_budget.reckoning import about


def refusal(budget, **call):
    with pytest.raises(BudgetExceeded) as caught, budget.reserve(**call):
        pass
    return caught.value


def test_a_refusal_explains_the_sum_part_by_part():
    """Input and output, tokens and money, and which prices: in words and as JSON."""
    error = refusal(
        BudgetManager(global_cost_limit="0.01"), model="gpt-4o", input_tokens=10_000, max_output_tokens=2000
    )
    text, data = error.explain(), json.loads(json.dumps(error.explanation))
    assert text.startswith(str(error))
    assert "input: up to 10,000 tokens" in text
    assert "output: up to 2,000 tokens  $0.02" in text
    assert [part["what"] for part in data["parts"]] == ["input", "output"]
    assert sum(Decimal(part["usd"]) for part in data["parts"]) == error.cost == Decimal(data["cost"])
    assert data["reason"] == "global_cost_limit_exceeded"
    assert data["limits"][0]["amount"] == "0.01"
    assert data["rate_card_id"]


def test_limits_in_tokens_need_no_price_to_explain():
    """Then there is no money in it."""
    error = refusal(BudgetManager(global_token_limit=10), input_tokens=100, max_output_tokens=5, model="who-knows")
    assert "input: up to 100 tokens\n" in error.explain()
    assert error.explanation["rate_card_id"] is None


def test_plain_money_has_no_parts():
    """A paid tool is one amount."""
    error = refusal(BudgetManager(global_cost_limit="0.01"), usd="0.04")
    assert error.explain() == str(error)
    assert error.explanation["parts"] == []


def test_explanations_survive_pickling():
    """Errors come back from process pools."""
    error = refusal(
        BudgetManager(global_cost_limit="0.01"), model="gpt-4o", input_tokens=10_000, max_output_tokens=2000
    )
    again = pickle.loads(pickle.dumps(error))
    assert again.explain() == error.explain()
    assert again.explanation == error.explanation


def test_both_figures_are_told_where_they_are_far_apart():
    """What the call may cost, beside what this user's last calls did cost."""
    budget = BudgetManager(global_cost_limit="1.00", per_user_cost_limit="0.90")
    for user in ("ada", "bob"):
        with budget.reserve(model="gpt-4o", input_tokens=80_000, max_output_tokens=100, user_key=user) as reservation:
            reservation.settle(Usage(input_tokens=8000 if user == "ada" else 80_000, output_tokens=10))
    error = refusal(budget, model="gpt-4o", input_tokens=400_000, max_output_tokens=100, user_key="ada")
    assert "up to $1.01" in str(error) or "up to $1.0" in str(error)
    assert "your last calls cost $0.021" in str(error)
    near = refusal(budget, model="gpt-4o", input_tokens=400_000, max_output_tokens=100, user_key="cid")
    assert "your last calls" not in str(near)


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0.34", "$0.34"),
        ("0.0345", "$0.035"),
        ("0.3", "$0.30"),
        ("0.00671", "$0.0068"),
        ("1234.561", "$1,234.57"),
        ("1", "$1.00"),
    ],
)
def test_amounts_for_people_are_short_and_never_rounded_down(usd, text):
    """Cents, or two digits."""
    assert about(Decimal(usd)) == text


def test_few_last_costs_are_kept():
    """Names come from requests, and must not fill memory."""
    costs = LastCosts()
    for number in range(3 * KEPT):
        costs.note(str(number), "m", 5)
    assert costs.of(str(3 * KEPT - 1), "m") == 5
    assert costs.of("0", "m") is None
