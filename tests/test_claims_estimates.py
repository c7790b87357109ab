"""What a claim makes of an estimate: bands, caches, and what can't be seen."""

import pytest

from llm_token_budget import BudgetManager, ConfigurationError
from llm_token_budget.claims import Call
from llm_token_budget.context import Identity
from llm_token_budget.estimation import Opaque, RequestParts, Text, TokenEstimate


class Recounting:
    """Somebody who knows better how many tokens a request is."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.asked = 0

    def learn(self, estimate, billed, cached=0):
        raise AssertionError("no bill came")

    def recount(self, request):
        self.asked += 1
        return self.tokens


def call(model, expected, upper, learner=None, seen=0, request=None):
    request = request or RequestParts("openai", model, (Text("hi"),))
    estimate = TokenEstimate(expected, upper, "heuristic", (), request, None, seen, learner)
    return Call(
        model=model,
        input_tokens=upper,
        expected_input_tokens=expected,
        max_output_tokens=10,
        estimate=estimate,
        longest_cache="none",
        audio=False,
    )


def held(budget, made):
    return budget.reserve_call(made, Identity()).enter()


@pytest.fixture
def banded():
    """A model whose price doubles above 200,000 input tokens."""
    return BudgetManager(global_cost_limit=1000), "claude-sonnet-4-5"


@pytest.mark.parametrize(("counted", "tokens"), [(195_000, 195_000), (201_000, 201_000), (None, 220_000)])
def test_only_a_margin_that_crosses_a_price_band_is_counted_exactly(banded, counted, tokens):
    """Expected below, the bound above: it is worth to know for certain, where somebody does."""
    budget, model = banded
    learner = Recounting(counted)
    reservation = held(budget, call(model, 190_000, 220_000, learner))
    assert learner.asked == 1
    assert reservation.input_tokens == tokens
    narrow = held(budget, call(model, 150_000, 180_000, learner))
    wide = held(budget, call(model, 250_000, 280_000, learner))
    assert learner.asked == 1
    assert (narrow.input_tokens, wide.input_tokens) == (180_000, 280_000)
    if counted == 195_000:
        assert reservation.cost * 3 < wide.cost * 195 / 280 * 2


def test_what_was_seen_cached_is_held_at_the_price_of_reading_it():
    """The rest at the worst; without the option nothing is."""
    budget = BudgetManager(
        global_cost_limit=1000, custom_pricing={"m": {"input": "1.00", "output": "2.00", "cache_read": "0.10"}}
    )
    plain = held(budget, call("m", 10_000, 10_000))
    seen = held(budget, call("m", 10_000, 10_000, seen=9000))
    output = plain.cost - plain.cost.__class__("0.01")
    assert seen.cost - output == plain.cost.__class__("0.001") + plain.cost.__class__("0.0009")


def test_more_seen_than_there_is_changes_nothing_but_the_price_of_all():
    """A bound that is lower than what an earlier bill says."""
    budget = BudgetManager(
        global_cost_limit=1000, custom_pricing={"m": {"input": "1.00", "output": "2.00", "cache_read": "0.10"}}
    )
    assert held(budget, call("m", 1000, 1000, seen=9000)).cost < held(budget, call("m", 1000, 1000)).cost


def test_strict_admission_refuses_what_only_the_server_has():
    """It holds what it can see; an error says what to do."""
    request = RequestParts("openai", "gpt-4o", (Text("hi"), Opaque(1000, "stored", fills=True)))
    budget = BudgetManager(global_cost_limit=1000, admission="strict")
    unseen = budget.estimator(request)
    made = Call(model="gpt-4o", input_tokens=unseen.upper, max_output_tokens=10, estimate=unseen)
    with pytest.raises(ConfigurationError, match="admission='clamp'"):
        held(budget, made)
    held(BudgetManager(global_cost_limit=1000), made)
    held(BudgetManager(admission="strict"), made)
