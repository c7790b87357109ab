"""What a call may ask for: the output rules, prices and limits that have a say, seen through what is granted."""

from __future__ import annotations

import pytest

from llm_token_budget import BudgetExceeded, ConfigurationError, Limit, UnknownModelPrice
from llm_token_budget.claims import Call


def granted(budget, **call):
    """(output tokens granted, maximum to send if the request must be changed), and give it back."""
    call.setdefault("model", "small")
    with budget.reserve_call(Call(**call), budget.identify()) as reservation:
        found = reservation.max_output_tokens, reservation.clamped_to
        reservation.release()
    return found


def test_the_requests_own_maximum_is_held_whole(make_budget):
    """Where there is room the request stays as it is."""
    assert granted(make_budget(global_token_limit=1_000_000), max_output_tokens=500) == (500, None)


def test_near_the_limit_the_own_maximum_is_lowered(make_budget):
    """To what is left after the input."""
    budget = make_budget(global_token_limit=5_000)
    assert granted(budget, input_tokens=1_000, max_output_tokens=8_000) == (4_000, 4_000)


@pytest.mark.parametrize(("own", "limit", "expected"), [(500, 500, 500), (8_000, 1_024, 1_024)])
def test_the_least_is_the_smaller_of_own_maximum_and_min_output_tokens(make_budget, own, limit, expected):
    """1,024 by default: a short own maximum asks for no more than itself."""
    assert granted(make_budget(global_token_limit=limit), max_output_tokens=own)[0] == expected
    with pytest.raises(BudgetExceeded) as caught:
        granted(make_budget(global_token_limit=limit - 1), max_output_tokens=own)
    assert caught.value.needed == expected


def test_min_output_tokens_is_the_budgets_or_the_calls(make_budget):
    """The call's own goes first."""
    budget = make_budget(global_token_limit=100, min_output_tokens=100)
    assert granted(budget, max_output_tokens=8_000) == (100, 100)
    with pytest.raises(BudgetExceeded):
        granted(budget, max_output_tokens=8_000, min_output_tokens=101)
    assert granted(make_budget(global_token_limit=1, min_output_tokens=0), max_output_tokens=8_000) == (1, 1)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (10_000_000, (128_000, None)),  # A tenth is more than the model writes: the request stays as it is.
        (1_000_000, (100_000, 100_000)),  # A tenth of what is left.
        (20_000, (4_096, 4_096)),  # A tenth would be less than the usual.
        (3_000, (3_000, 3_000)),  # All that is left.
        (1_024, (1_024, 1_024)),
    ],
)
def test_a_request_without_a_maximum_gets_a_share(make_budget, limit, expected):
    """The larger of a tenth of what is left and 4,096, up to what the model writes."""
    assert granted(make_budget(global_token_limit=limit), model_maximum=128_000) == expected


def test_the_share_is_of_what_is_left(make_budget):
    """Spent, held and the call's own input are taken off before."""
    budget = make_budget(global_token_limit=1_000_000)
    budget.record(input_tokens=300_000, model="small")
    with budget.reserve(tokens=100_000) as open_one:
        assert granted(budget, input_tokens=100_000, model_maximum=128_000) == (50_000, 50_000)
        open_one.release()


def test_share_and_usual_maximum_are_options(make_budget):
    """output_share=2 is a half; default_max_output_tokens is the budget's, or the call's."""
    assert granted(make_budget(global_token_limit=100_000, output_share=2), model_maximum=128_000)[0] == 50_000
    budget = make_budget(global_token_limit=100_000, default_max_output_tokens=20_000)
    assert granted(budget, model_maximum=128_000)[0] == 20_000
    assert granted(budget, model_maximum=128_000, default_max_output_tokens=30_000)[0] == 30_000


def test_a_short_model_is_never_given_more_than_it_writes(make_budget):
    """The model's maximum ends every rule."""
    assert granted(make_budget(global_token_limit=1_000_000), model_maximum=2_000) == (2_000, None)


def test_below_the_least_a_request_without_a_maximum_is_refused(make_budget):
    """1,023 left are not enough."""
    with pytest.raises(BudgetExceeded):
        granted(make_budget(global_token_limit=1_023), model_maximum=128_000)


def test_a_model_whose_maximum_nobody_knows_gets_the_usual(make_budget):
    """And the request must say so, or the answer could be longer."""
    budget = make_budget(global_token_limit=1_000_000)
    assert granted(budget) == (4_096, 4_096)
    assert granted(make_budget(global_token_limit=2_000)) == (2_000, 2_000)


@pytest.mark.parametrize("call", [{}, {"model_maximum": 128_000}, {"max_output_tokens": 100_000}])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"limits": [Limit(requests=5)]},
        {"per_user_token_limit": 5, "missing_user": "exempt"},
        {"limits": [Limit(tokens=5, enforce=False)]},
        {"global_token_limit": 5, "admission": "observe"},
    ],
)
def test_without_a_limit_that_has_a_say_no_request_is_changed(make_budget, options, call):
    """No limits, limits of others, limits that only watch."""
    assert granted(make_budget(**options), **call)[1] is None


def test_several_limits_shrink_together(make_budget):
    """Tokens would allow 5,000, dollars 2,000."""
    budget = make_budget(global_token_limit=5_000, global_cost_limit="0.004")
    assert granted(budget, max_output_tokens=8_000) == (2_000, 2_000)


def test_several_answers_share_what_is_left(make_budget):
    """n=4: each may have a quarter."""
    budget = make_budget(global_token_limit=10_000)
    with budget.reserve_call(Call(model="small", max_output_tokens=8_000, choices=4), budget.identify()) as reservation:
        assert (reservation.max_output_tokens, reservation.tokens) == (2_500, 10_000)
        reservation.release()


def test_calls_without_output_hold_their_input(make_budget):
    """Embeddings ask for no output at all."""
    budget = make_budget(global_token_limit=100)
    assert granted(budget, input_tokens=100, choices=0) == (0, None)


def test_strict_never_changes_a_request(make_budget):
    """What doesn't fit whole is refused."""
    budget = make_budget(global_token_limit=5_000, admission="strict")
    assert granted(budget, max_output_tokens=5_000) == (5_000, None)
    with pytest.raises(BudgetExceeded) as caught:
        granted(budget, max_output_tokens=5_001)
    assert caught.value.needed == 5_001
    assert granted(budget, model_maximum=5_000) == (5_000, None)
    with pytest.raises(BudgetExceeded):
        granted(budget, model_maximum=5_001)


def test_strict_refuses_what_has_no_known_maximum(make_budget):
    """Under a limit on tokens or dollars; a limit on requests needs no maximum."""
    with pytest.raises(ConfigurationError, match="max_tokens"):
        granted(make_budget(global_token_limit=1_000_000, admission="strict"))
    assert granted(make_budget(limits=[Limit(requests=5)], admission="strict"))[1] is None


def test_observe_never_refuses_and_never_changes(make_budget, caplog):
    """It logs what it would have done."""
    budget = make_budget(global_token_limit=5, admission="observe")
    assert granted(budget, max_output_tokens=8_000) == (8_000, None)
    assert budget.check(estimated_input_tokens=100).allowed
    assert "would have been refused: global_token_limit_exceeded" in caplog.text


def test_observe_refuses_for_no_other_reason_either(make_budget, caplog):
    """Nobody named, no price, no amount: reported, and let through."""
    budget = make_budget(per_user_cost_limit=5, limits=[Limit(usd={"a": 1}, scope="org")], admission="observe")
    for call in (
        {"user_key": "ada", "model": "no-such-model"},
        {"model": "small"},
        {"model": None},
        {"model": "small", "user_key": "ada", "dimensions": {"org": "stranger"}},
    ):
        with budget.reserve(input_tokens=10, max_output_tokens=0, **call) as reservation:
            reservation.release()
    assert "not enforced" in caplog.text


# Money


def test_money_is_held_at_the_models_price(make_budget):
    """Ten in, twenty out: 10 + 2 x 20 micro-dollars."""
    budget = make_budget(global_cost_limit="0.000050")
    with budget.reserve(model="small", input_tokens=10, max_output_tokens=20) as reservation:
        assert str(reservation.cost) == "0.00005"
        reservation.release()
    with pytest.raises(BudgetExceeded), budget.reserve(model="small", input_tokens=10, max_output_tokens=21):
        pytest.fail("not reached")


def test_input_is_held_at_its_dearest_rate(make_budget):
    """Whatever the cache makes of it."""
    pricing = {
        "cached": {"input": "1", "output": "2", "cache_read": "0.1", "cache_write": "1.25", "cache_write_1h": "2"}
    }
    budget = make_budget(custom_pricing=pricing)
    call = Call(model="cached", input_tokens=1_000_000, max_output_tokens=0)
    for longest, cost in (("5m", "1.25"), ("1h", "2")):
        with budget.reserve_call(call._replace(longest_cache=longest), budget.identify()) as reservation:
            assert str(reservation.cost) == cost
            reservation.release()


def test_fractions_of_a_nano_dollar_are_held_as_one(make_budget):
    """Rounded up, never to nothing."""
    budget = make_budget(custom_pricing={"tiny": {"input": "0.0001", "output": "0.0001"}})
    with budget.reserve(model="tiny", input_tokens=1, max_output_tokens=0) as reservation:
        assert str(reservation.cost) == "1E-9"
        reservation.release()


def test_a_usd_limit_refuses_an_unknown_model(make_budget):
    """The message says what to add; nothing is held."""
    budget = make_budget(global_cost_limit=5)
    with pytest.raises(UnknownModelPrice, match=r"no price for 'no-such-model' \(price book of 20\d\d-\d\d-\d\d\)"):
        granted(budget, model="no-such-model")
    assert budget.get_global_stats().reserved == 0


def test_without_a_usd_limit_no_price_is_needed(make_budget):
    """Tokens count all the same."""
    assert granted(make_budget(global_token_limit=100), model="no-such-model", max_output_tokens=10)[0] == 10


def test_a_runs_usd_limit_needs_a_price_too(make_budget):
    """Also for calls of no model at all."""
    budget = make_budget()
    with budget.session(limits=[Limit(usd=5)]):
        with pytest.raises(UnknownModelPrice):
            granted(budget, model="no-such-model")
        with pytest.raises(ConfigurationError, match="names no model"):
            granted(budget, model=None, input_tokens=10)


def test_tokens_only_exempts_unknown_models_from_money(make_budget):
    """Their tokens count, their money is missing, and the statistics say so."""
    budget = make_budget(global_cost_limit=5, global_token_limit=100, unknown_model="tokens_only")
    with budget.reserve(model="no-such-model", input_tokens=10, max_output_tokens=10) as reservation:
        assert reservation.cost == 0
        reservation.settle(tokens=15)
    stats = budget.get_global_stats()
    assert (stats.total_tokens, stats.total_cost, stats.unpriced_requests) == (15, 0, 1)


def test_upper_bound_takes_the_dearest_rates(make_budget):
    """More than any model that is known, and enforced."""
    budget = make_budget(global_cost_limit=5, unknown_model="upper_bound")
    with budget.reserve(model="no-such-model", input_tokens=1_000, max_output_tokens=1_000) as reservation:
        with budget.reserve(model="gpt-4o", input_tokens=1_000, max_output_tokens=1_000) as known:
            assert reservation.cost > known.cost > 0
            known.release()
        assert reservation.settle(tokens=1_000) > 0
    with pytest.raises(BudgetExceeded), budget.reserve(model="no-such-model", input_tokens=10**7, max_output_tokens=0):
        pytest.fail("not reached")


# Which limits have a say


def test_all_names_of_a_model_are_one(make_budget):
    """Dates, prefixes and aliases share the model's limit, in reserve, record, check and remaining."""
    budget = make_budget(limits=[Limit(tokens=100, scope="model")], aliases={"prod-chat": "openai:gpt-4o"})
    budget.record(input_tokens=60, model="gpt-4o-2024-08-06")
    with budget.reserve(model="openai/gpt-4o", input_tokens=30, max_output_tokens=0) as reservation:
        reservation.settle(tokens=30)
    assert budget.check(estimated_input_tokens=10, model="gpt-4o")
    assert not budget.check(estimated_input_tokens=11, model="prod-chat")
    assert [row.remaining for row in budget.remaining(model="gpt-4o-2024-08-06")] == [10]
    assert budget.check(estimated_input_tokens=100, model="gpt-4o-mini")


def test_unknown_models_keep_their_own_names(make_budget):
    """Two models at the upper bound are still two."""
    budget = make_budget(limits=[Limit(usd="5", scope="model")], unknown_model="upper_bound")
    with budget.reserve(model="no-such-model", input_tokens=5, max_output_tokens=0) as reservation:
        reservation.settle(tokens=5)
    assert budget.remaining(model="no-such-model")[0].spent > 0
    assert budget.remaining(model="no-other-model")[0].spent == 0


def test_a_providers_limit_applies_without_naming_it(make_budget):
    """The price book knows whose model it is; spellings of one provider are one."""
    budget = make_budget(limits=[Limit(tokens=100, scope="provider")])
    budget.record(input_tokens=60, model="gpt-4o")
    budget.record(input_tokens=40, model="gpt-4o", provider="OpenAI")
    assert not budget.check(estimated_input_tokens=1, model="gpt-4o-mini")
    assert budget.check(estimated_input_tokens=1, model="claude-3-5-haiku")
    assert budget.check(estimated_input_tokens=1, model="small")


def test_a_limit_on_the_single_call_counts_nothing(make_budget):
    """Each call may have so much, any number of times."""
    budget = make_budget(limits=[Limit(tokens=100, scope="call"), Limit(usd="0.0001", scope="call")])
    for _ in range(3):
        with budget.reserve(tokens=100, usd="0.0001") as reservation:
            reservation.settle(usd="0.0001", tokens=100)
    with pytest.raises(BudgetExceeded) as caught, budget.reserve(tokens=101, usd=0):
        pytest.fail("not reached")
    assert caught.value.reason == "call_token_limit_exceeded"
    assert str(caught.value).startswith("one call: 100 tokens")
    assert granted(budget, max_output_tokens=8_000, min_output_tokens=10) == (50, 50)


def test_long_model_names_do_not_fill_the_memory(make_budget):
    """10 MB of a name are not remembered, by limits on models or by anything else."""
    budget = make_budget(global_token_limit=100, limits=[Limit(tokens=50, scope="model")])
    for letter in "ab":
        budget.check(estimated_input_tokens=1, model=letter * 10_000_000)
        budget.record(input_tokens=1, model=letter * 10_000_000, cost=0)
    assert all(len(part) < 1_000 for counter in budget.ledger._rows for part in counter.key)
    assert all(len(part or "") < 1_000 for caller in budget._planner._remembered for part in caller)


def test_every_dimensions_value_is_counted_apart(make_budget):
    """One org's spending, or its being known, is not another's."""
    budget = make_budget(limits=[Limit(tokens=100, scope="org")])
    for org in ("acme", "tiny", "acme", "tiny"):
        budget.record(input_tokens=50, dimensions={"org": org})
        assert budget.check(estimated_input_tokens=0, dimensions={"org": org})
    assert not budget.check(estimated_input_tokens=1, dimensions={"org": "acme"})
    assert budget.check(estimated_input_tokens=100, dimensions={"org": "other"})
    assert budget.check(estimated_input_tokens=1_000)


def test_several_answers_cost_each(make_budget):
    """n=4: the money of four outputs is held."""
    budget = make_budget(global_cost_limit=1)
    with budget.reserve_call(Call(model="small", max_output_tokens=100, choices=4), budget.identify()) as reservation:
        assert str(reservation.cost) == "0.0008"
        reservation.release()


def test_the_dearest_output_counts_where_it_may_be_sound(make_budget):
    """Audio has a price of its own."""
    pricing = {"voice": {"input": "1", "output": "2", "audio_input": "10", "audio_output": "20"}}
    budget = make_budget(custom_pricing=pricing)
    for audio, cost in ((False, "0.00004"), (True, "0.0004")):
        call = Call(model="voice", max_output_tokens=20, audio=audio)
        with budget.reserve_call(call, budget.identify()) as reservation:
            assert str(reservation.cost) == cost
            reservation.release()
