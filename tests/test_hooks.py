"""Hooks: what they are told, when, and that they can't hurt."""

from __future__ import annotations

import gc
import logging
import pickle
import threading
from decimal import Decimal

import pytest

from llm_token_budget import BudgetExceeded, ConfigurationError, Portion, Usage, wrap
from llm_token_budget.testing import Reply

NAMES = ("on_reserve", "on_settle", "on_blocked", "on_overrun", "on_clamp")


class Told:
    """Notes what every hook is called with."""

    def __init__(self):
        self.events = []

    @property
    def hooks(self):
        return dict.fromkeys(NAMES, self.events.append)

    @property
    def kinds(self):
        return [type(event).__name__ for event in self.events]

    def last(self, kind):
        return next(event for event in reversed(self.events) if type(event).__name__ == kind)


@pytest.fixture
def told():
    return Told()


def test_a_call_is_told_from_its_reservation_to_its_end(make_budget, told, clock):
    """Who, which model, when, what was held and what it came to."""
    budget = make_budget(global_cost_limit=1, **told.hooks)
    with budget.session("ada", "chat", dimensions={"org": "acme"}):
        reservation = budget.reserve(model="small", input_tokens=100, max_output_tokens=50)
    with reservation:
        assert told.kinds == ["Reserved"]
        clock.advance(5)
        cost = reservation.settle(Usage(input_tokens=90, output_tokens=20, cache_read_tokens=40))
    reserved, settled = told.events
    for event in (reserved, settled):
        assert (event.user_key, event.session_id, event.dimensions) == ("ada", "chat", {"org": "acme"})
        assert (event.model, event.provider) == ("small", None)
        assert event.reservation_id == reservation.id
        assert event.held.tokens == 150
        assert event.held.cost > 0
    assert (reserved.input_tokens, reserved.output_tokens, reserved.waited) == (100, 50, 0)
    assert (settled.at - reserved.at).total_seconds() == 5
    assert settled.charged == Portion(tokens=110, cost=cost, requests=1)
    assert settled.usage == Usage(input_tokens=90, output_tokens=20, cache_read_tokens=40)
    assert not any((settled.unconfirmed, settled.estimated, settled.unpriced, settled.cut_by_us, settled.replaced))


async def test_tasks_are_told_the_same(make_budget, told):
    """`async with` and asettle call the same hooks."""
    budget = make_budget(global_token_limit=1_000, **told.hooks)
    async with budget.reserve(model="small", input_tokens=1, max_output_tokens=1) as reservation:
        await reservation.asettle(Usage(input_tokens=1, output_tokens=1))
    assert told.kinds == ["Reserved", "Settled"]


def test_what_was_given_back_is_settled_with_nothing(make_budget, told):
    """Every Reserved gets a Settled."""
    with make_budget(global_token_limit=1_000, **told.hooks).reserve(tokens=10) as reservation:
        reservation.release()
    assert told.events[-1].charged == Portion()
    assert told.events[-1].held.tokens == 10


def test_a_truth_that_comes_later_says_what_it_replaces(make_budget, told):
    """An unconfirmed charge, then the truth; a repeat of it is told to nobody."""
    budget = make_budget(global_token_limit=1_000, **told.hooks)
    with budget.reserve(tokens=10) as reservation:
        reservation.charge_unconfirmed()
    assert told.events[-1].unconfirmed
    assert told.events[-1].replaced is None
    reservation.settle(tokens=4)
    reservation.settle(tokens=4)
    assert told.kinds == ["Reserved", "Settled", "Settled"]
    assert told.events[-1].replaced == Portion(tokens=10, requests=1)
    assert told.events[-1].charged == Portion(tokens=4, requests=1)


def test_a_truth_after_an_expired_lease_replaces_nothing_that_was_told(make_budget, told, clock):
    """The ledger's charge had been told to nobody."""
    budget = make_budget(global_token_limit=1_000, lease=60, **told.hooks)
    with budget.reserve(tokens=10) as reservation:
        clock.advance(61)
        assert budget.get_global_stats().unconfirmed.tokens == 10
        reservation.settle(tokens=4)
    assert told.kinds == ["Reserved", "Settled"]
    assert (told.events[-1].replaced, told.events[-1].charged.tokens) == (None, 4)


def test_a_refusal_is_told_with_all_its_limits(make_budget, told):
    """From reserve and from check; nothing is reserved."""
    budget = make_budget(global_token_limit=5, per_user_token_limit=3, **told.hooks)
    with pytest.raises(BudgetExceeded) as caught:
        budget.reserve(tokens=10, user_key="ada").enter()
    assert not budget.check(estimated_input_tokens=10, user_key="ada", model="small")
    assert told.kinds == ["Blocked", "Blocked"]
    first, second = told.events
    assert first.refusals == caught.value.refusals
    assert first.refusal.reason == caught.value.reason == "global_token_limit_exceeded"
    assert (first.user_key, second.user_key) == ("ada", "ada")
    assert [refusal.reason for refusal in second.refusals] == [
        "global_token_limit_exceeded",
        "user_token_limit_exceeded",
    ]


def test_an_overrun_is_told_after_its_charge(make_budget, told):
    """By how much the bill was above what was held."""
    budget = make_budget(global_token_limit=1_000, **told.hooks)
    with budget.reserve(tokens=10) as reservation:
        reservation.settle(tokens=25)
    assert told.kinds == ["Reserved", "Settled", "Overrun"]
    assert told.events[-1].above == Portion(tokens=15)
    assert budget.get_global_stats().overrun == told.events[-1].above


@pytest.mark.parametrize("first", ["release", "charge_unconfirmed"])
def test_the_overruns_that_are_told_are_those_of_the_ledger(make_budget, told, first):
    """After a release all of a late truth was unforeseen; after an unconfirmed charge only what is above it."""
    budget = make_budget(global_token_limit=1_000, **told.hooks)
    with budget.reserve(tokens=10) as reservation:
        getattr(reservation, first)()
    reservation.settle(tokens=25)
    assert budget.get_global_stats().overrun.tokens == told.last("Overrun").above.tokens


def test_a_clamp_is_told_and_logged_once_per_model(make_budget, told, caplog):
    """From and to; the log says it once, without the user."""
    caplog.set_level(logging.INFO, "llm_token_budget")
    budget = make_budget(global_token_limit=3_000, min_output_tokens=10, **told.hooks)
    for _ in range(2):
        with budget.reserve(model="small", max_output_tokens=5_000, min_output_tokens=10, user_key="ada") as clamped:
            assert (clamped.clamped_from, clamped.clamped_to) == (5_000, 3_000)
            clamped.release()
    assert told.kinds == ["Reserved", "Clamped", "Settled"] * 2
    assert (told.last("Clamped").clamped_from, told.last("Clamped").clamped_to) == (5_000, 3_000)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1
    assert "'small'" in lines[0]
    assert "5000 to 3000" in lines[0]
    assert "ada" not in lines[0]


@pytest.mark.parametrize(("output", "cut"), [(3_000, True), (2_999, False)])
def test_an_answer_as_long_as_its_clamp_was_cut_by_us(make_budget, told, output, cut):
    """It says so on its account."""
    budget = make_budget(global_token_limit=3_000, **told.hooks)
    with budget.reserve(model="small", max_output_tokens=5_000, min_output_tokens=10) as reservation:
        reservation.settle(Usage(output_tokens=output))
    settled = told.last("Settled")
    assert (settled.cut_by_us, settled.clamped_from, settled.clamped_to) == (cut, 5_000, 3_000)


def test_an_answer_that_reached_its_own_maximum_was_not_cut_by_us(make_budget, told):
    """Nor is one that was only charged in full because nobody knows."""
    budget = make_budget(global_token_limit=3_000, **told.hooks)
    with budget.reserve(model="small", max_output_tokens=500) as reservation:
        reservation.settle(Usage(output_tokens=500))
    assert not told.last("Settled").cut_by_us
    with budget.reserve(model="small", max_output_tokens=5_000, min_output_tokens=10) as reservation:
        reservation.charge_unconfirmed()
    assert told.last("Settled").clamped_to == 2_500
    assert not told.last("Settled").cut_by_us


@pytest.mark.parametrize("name", NAMES)
def test_a_hook_that_raises_is_logged_and_breaks_nothing(make_budget, name, caplog):
    """The call goes on, the account is right, the next hook is called."""

    def broken(event):
        raise RuntimeError("a broken hook")

    budget = make_budget(global_token_limit=3_000, **{name: broken})
    with budget.reserve(model="small", max_output_tokens=5_000, min_output_tokens=10) as reservation:
        reservation.settle(Usage(output_tokens=4_000))
    with pytest.raises(BudgetExceeded):
        budget.reserve(tokens=10_000).enter()
    stats = budget.get_global_stats()
    assert (stats.total_tokens, stats.blocked) == (4_000, 1)
    assert not stats.reserved
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]


def test_no_lock_is_held_while_a_hook_runs(make_budget):
    """Another thread uses the budget while the hook has not returned."""
    seen = []

    def slow(event):
        other = threading.Thread(
            target=lambda: seen.append(budget.check(estimated_input_tokens=1, model="small").allowed)
        )
        other.start()
        other.join(timeout=5)
        assert not other.is_alive()
        # The hook itself may use the budget too.
        budget.get_global_stats()

    budget = make_budget(global_token_limit=1_000, on_reserve=slow, on_settle=slow, on_overrun=slow)
    with budget.reserve(tokens=10) as reservation:
        reservation.settle(tokens=20)
    assert seen == [True, True, True]


def test_an_interrupt_inside_a_hook_leaves_nothing_held(make_budget):
    """Whoever asked never learns of the room."""

    def interrupted(event):
        raise KeyboardInterrupt

    budget = make_budget(global_token_limit=1_000, on_reserve=interrupted)
    with pytest.raises(KeyboardInterrupt):
        budget.reserve(tokens=10).enter()
    stats = budget.get_global_stats()
    assert not stats.reserved
    assert stats.total_tokens == 0


@pytest.mark.parametrize(
    "operation",
    [
        lambda budget: budget.get_global_stats(),
        lambda budget: budget.get_all_user_stats(),
        lambda budget: budget.remaining(),
        lambda budget: budget.unconfirmed(),
        lambda budget: budget.refund("nothing"),
        lambda budget: budget.record(input_tokens=1, cost=0),
        lambda budget: budget.reserve(tokens=1).enter().release(),
        lambda budget: budget.close(),
    ],
)
def test_what_ends_in_a_finalizer_is_told_by_the_next_operation(make_budget, told, operation):
    """No code of the user's runs inside a finalizer."""
    budget = make_budget(global_token_limit=1_000, on_settle=told.events.append)
    lost = budget.reserve(tokens=10).enter()
    lost_id = lost.id
    del lost
    gc.collect()
    assert told.events == []
    operation(budget)
    assert told.events[0].reservation_id == lost_id
    assert told.events[0].unconfirmed
    assert told.events[0].charged.tokens == 10


def test_a_plain_record_is_told_to_nobody(make_budget, told):
    """It returns what it did."""
    make_budget(global_token_limit=1_000, **told.hooks).record(input_tokens=10, cost=0)
    assert told.events == []


def test_events_are_values(make_budget, told):
    """Frozen, equal by content, and they go through pickle."""
    with make_budget(global_token_limit=1_000, **told.hooks).reserve(tokens=10, user_key="ada") as reservation:
        reservation.settle(tokens=20)
    for event in told.events:
        with pytest.raises(AttributeError):
            event.user_key = "eve"
        assert pickle.loads(pickle.dumps(event)) == event


def test_what_a_hook_does_to_an_event_does_not_reach_the_session(make_budget):
    """The dimensions of an event are its own."""
    budget = make_budget(global_token_limit=1_000, on_reserve=lambda event: event.dimensions.clear())
    with budget.session("ada", dimensions={"org": "acme"}) as session:
        budget.reserve(tokens=1).enter().release()
    assert session.identity.dimensions == {"org": "acme"}


async def _awaited(event):
    pass


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("hook", "hint"), [(5, "function of one argument"), (_awaited, "plain function")])
def test_what_is_no_hook_is_said_at_once(make_budget, name, hook, hint):
    """Not callable, or a coroutine function that nobody would await."""
    with pytest.raises(ConfigurationError, match=hint) as caught:
        make_budget(**{name: hook})
    assert name in str(caught.value)


def test_a_wrapped_client_tells_every_attempt(told, loopback_provider, make_budget):
    """A retry is a reservation of its own; the answer's model and usage are in its end; a cut one says so."""
    import openai

    loopback_provider.enqueue(Reply(status=504), Reply(output_tokens=9_000, input_tokens=12, model="gpt-4o-2024-08-06"))
    client = openai.OpenAI(base_url=loopback_provider.openai_base_url, api_key="unused", max_retries=1)
    client._calculate_retry_timeout = lambda *_, **__: 0.0
    budget = make_budget(global_token_limit=20_000, **told.hooks)
    wrap(client, budget, user_key="ada").chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "Hello"}], max_tokens=12_000
    )
    client.close()
    assert told.kinds == ["Reserved", "Settled", "Reserved", "Clamped", "Settled"]
    lost, answered = told.events[1], told.events[4]
    assert lost.unconfirmed
    assert lost.charged.tokens == lost.held.tokens
    assert (answered.usage.input_tokens, answered.answered_by) == (12, "gpt-4o-2024-08-06")
    assert answered.cut_by_us
    assert answered.usage.output_tokens == answered.clamped_to < 9_000
    assert {event.user_key for event in told.events} == {"ada"}
    assert answered.charged.cost == budget.get_global_stats().total_cost - lost.charged.cost > Decimal(0)


def test_a_dropped_stream_is_told_by_the_next_operation(told, loopback_provider, make_budget):
    """With what was seen of it, as an estimate."""
    import openai

    loopback_provider.reply(Reply(output_tokens=50))
    client = openai.OpenAI(base_url=loopback_provider.openai_base_url, api_key="unused", max_retries=0)
    budget = make_budget(global_token_limit=20_000, **told.hooks)
    stream = wrap(client, budget).chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "Hello"}], max_tokens=100, stream=True
    )
    next(iter(stream))
    stream.response.close()
    del stream
    gc.collect()
    budget.get_global_stats()
    client.close()
    assert told.kinds == ["Reserved", "Settled"]
    assert told.events[-1].estimated
    assert 0 < told.events[-1].charged.tokens < told.events[-1].held.tokens
