"""`admission="estimate"`: what is likely is held instead of the most, nothing is changed, and overruns are counted."""

from __future__ import annotations

import gc
from decimal import Decimal

import pytest

from llm_token_budget import BudgetExceeded, ConfigurationError, Limit, UnknownModelPrice, UnmeteredCall, Usage, wrap
from llm_token_budget.claims import Call
from llm_token_budget.testing import Reply


def held(budget, **call):
    """(input tokens, output tokens) held for a call of a model, and the maximum it must be sent with."""
    call.setdefault("model", "small")
    with budget.reserve_call(Call(**call), budget.identify()) as reservation:
        found = reservation.input_tokens, reservation.output_tokens
        assert reservation.clamped_to is None
        assert reservation.clamped_from is None
        reservation.release()
    return found


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({"input_tokens": 90, "expected_input_tokens": 60, "max_output_tokens": 500}, (60, 500)),
        ({"input_tokens": 90, "max_output_tokens": 500}, (90, 500)),
        ({"input_tokens": 90, "expected_input_tokens": 200, "max_output_tokens": 500}, (90, 500)),
        ({"max_output_tokens": 8_000}, (0, 1_024)),  # A quarter of the usual 4,096.
        ({"max_output_tokens": 8_000, "default_max_output_tokens": 16_384}, (0, 4_096)),
        ({"model_maximum": 128_000}, (0, 1_024)),
        ({"model_maximum": 100}, (0, 100)),
        ({}, (0, 1_024)),
        ({"max_output_tokens": 8_000, "expected_output_tokens": 7_000}, (0, 7_000)),
        ({"max_output_tokens": 1_000, "choices": 3}, (0, 3_000)),
        ({"input_tokens": 5, "choices": 0}, (5, 0)),
        ({"max_output_tokens": 0}, (0, 0)),
    ],
)
def test_the_likely_case_is_held(make_budget, call, expected):
    """The likely input; the call's own maximum output or a quarter of the usual, whichever is less."""
    budget = make_budget(global_token_limit=1_000_000, admission="estimate")
    assert held(budget, **call) == expected


def test_the_quarter_is_of_the_budgets_own_default(make_budget):
    """As `default_max_output_tokens` says."""
    budget = make_budget(global_token_limit=1_000_000, admission="estimate", default_max_output_tokens=800)
    assert held(budget) == (0, 200)


def test_money_is_held_at_the_ordinary_rates(make_budget):
    """Not at the dearest that can apply."""
    budget = make_budget(global_cost_limit=1, admission="estimate")
    call = Call(model="small", input_tokens=1_000, expected_input_tokens=600, max_output_tokens=500, longest_cache="1h")
    with budget.reserve_call(call, budget.identify()) as reservation:
        assert reservation.cost == Decimal("0.0016")  # 600 at $1 and 500 at $2 per million.
        reservation.release()
    worst = make_budget(global_cost_limit=1)
    with worst.reserve_call(call, worst.identify()) as reservation:
        assert reservation.cost >= Decimal("0.002")
        reservation.release()


def test_a_request_keeps_its_maximum(make_budget):
    """However little is held for it."""
    budget = make_budget(global_token_limit=2_000, admission="estimate")
    with budget.reserve(model="small", max_output_tokens=8_000) as reservation:
        assert (reservation.tokens, reservation.max_output_tokens) == (1_024, 8_000)
        reservation.settle(Usage(output_tokens=1_500))
    stats = budget.get_global_stats()
    assert (stats.total_tokens, stats.overrun.tokens) == (1_500, 476)


def test_what_is_likely_not_to_fit_is_refused(make_budget):
    """All or nothing: no call is cut to what is left."""
    budget = make_budget(global_token_limit=1_023, admission="estimate")
    with pytest.raises(BudgetExceeded) as caught:
        held(budget, max_output_tokens=8_000)
    assert caught.value.needed == 1_024


def test_more_calls_fit_at_once_and_may_overrun(make_budget):
    """The label says it: not a hard limit. What is over is counted, and the next call is refused."""
    budget = make_budget(global_token_limit=10_000, admission="estimate")
    opened = [budget.reserve(model="small", max_output_tokens=8_000).enter() for _ in range(9)]
    for reservation in opened:
        reservation.settle(Usage(output_tokens=8_000))
    stats = budget.get_global_stats()
    assert stats.total_tokens == 72_000
    assert stats.total_tokens <= 10_000 + stats.overrun.tokens
    with pytest.raises(BudgetExceeded):
        budget.reserve(tokens=1).enter()


@pytest.mark.parametrize(("output", "allowed"), [(5_000, True), (5_001, False)])
def test_check_takes_the_callers_word_for_what_is_likely(make_budget, output, allowed):
    """It says what it expects: that is asked for, not a quarter of something."""
    budget = make_budget(global_token_limit=5_000, admission="estimate")
    assert budget.check(estimated_output_tokens=output, model="small").allowed is allowed


def test_plain_amounts_are_what_they_are(make_budget):
    """There is nothing to estimate in them."""
    budget = make_budget(global_token_limit=100, global_cost_limit=1, admission="estimate")
    with budget.reserve(tokens=100, usd="0.75") as reservation:
        assert (reservation.tokens, reservation.cost) == (100, Decimal("0.75"))
        reservation.release()


def test_prices_are_asked_for_as_ever(make_budget):
    """A model without a price is refused under a USD limit."""
    with pytest.raises(UnknownModelPrice):
        held(make_budget(global_cost_limit=1, admission="estimate"), model="nobody-knows-it")


def test_the_description_says_that_no_limit_is_hard(make_budget):
    """In every line."""
    options = {"global_token_limit": 5, "limits": [Limit(usd=1, scope="user")]}
    lines = make_budget(admission="estimate", **options).describe().splitlines()
    assert len(lines) == 2
    assert all("not a hard limit" in line for line in lines)
    assert "hard" not in make_budget(**options).describe()


def test_a_wrong_admission_is_said_with_the_choices(make_budget):
    """`estimate` is one of them."""
    with pytest.raises(ConfigurationError, match="'clamp', 'strict', 'estimate', 'observe'"):
        make_budget(admission="guess")


@pytest.fixture
def client(loopback_provider):
    import openai

    made = openai.OpenAI(base_url=loopback_provider.openai_base_url, api_key="unused", max_retries=0)
    yield made
    made.close()


HELLO = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello, how are you today?"}]}


def test_a_wrapped_clients_request_goes_out_as_it_is(client, loopback_provider, make_budget):
    """No maximum is written or lowered; the account is the bill, and its excess an overrun."""
    loopback_provider.reply(Reply(output_tokens=3_000))
    budget = make_budget(global_token_limit=1_500, admission="estimate")
    wrap(client, budget).chat.completions.create(**HELLO)
    assert loopback_provider.requests[0].body == HELLO
    stats = budget.get_global_stats()
    assert (stats.total_tokens, stats.total_cost) == (loopback_provider.bill.total_tokens, loopback_provider.bill.usd)
    assert stats.overrun.tokens > 1_500


def test_a_stream_left_early_costs_what_was_seen_though_less_was_held(client, loopback_provider, make_budget):
    """What was held is no bound of what was seen."""
    loopback_provider.reply(Reply(output_tokens=400, chunk_tokens=20))
    budget = make_budget(global_token_limit=100_000, admission="estimate", default_max_output_tokens=40)
    stream = wrap(client, budget).chat.completions.create(**HELLO, stream=True)
    seen = 0
    for chunk in stream:
        seen += len((chunk.choices[0].delta.content or "").split())
        if seen >= 200:
            break
    stream.close()
    del stream
    gc.collect()
    stats = budget.get_global_stats()
    assert stats.output_tokens >= 200
    assert stats.overrun.tokens > 0


def test_what_can_not_be_measured_is_refused_all_the_same(client, make_budget):
    """An overrun is counted when the bill comes; of this none ever does."""
    with pytest.raises(UnmeteredCall):
        wrap(client, make_budget(global_token_limit=5_000, admission="estimate")).post(
            "/next-months-endpoint", cast_to=object, body={"model": "gpt-4o"}
        )
