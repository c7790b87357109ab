"""`reserve`: room that is held, then replaced by the truth, given back, or charged as unconfirmed."""

from __future__ import annotations

import asyncio
import gc
import logging
import pickle
import threading
from decimal import Decimal, localcontext

import pytest

from llm_token_budget import (
    BudgetExceeded,
    BudgetManager,
    ConfigurationError,
    LedgerUnavailable,
    Limit,
    MemoryLedger,
    ReservationConflict,
    UnknownModelPrice,
    Usage,
)
from llm_token_budget.usage import Terms

USAGE = Usage(input_tokens=8, output_tokens=5)


def held(budget):
    stats = budget.get_global_stats()
    return stats.reserved.tokens, stats.total_tokens, stats.unconfirmed.tokens


def small(budget, **more):
    return budget.reserve(model="small", input_tokens=10, max_output_tokens=20, **more)


def test_nothing_is_held_before_it_is_entered(make_budget):
    """Making one is free, and so is dropping it."""
    budget = make_budget()
    reservation = small(budget)
    assert held(budget) == (0, 0, 0)
    assert repr(reservation) == "<Reservation not entered>"
    del reservation
    gc.collect()
    assert held(budget) == (0, 0, 0)


def test_entering_holds_and_settling_replaces(make_budget):
    """The truth counts, at its price; what was held is free again."""
    budget = make_budget(global_token_limit=30)
    with small(budget, user_key="ada") as reservation:
        assert held(budget) == (30, 0, 0)
        assert (reservation.tokens, reservation.input_tokens, reservation.max_output_tokens) == (30, 10, 20)
        assert (reservation.cost, reservation.model) == (Decimal("0.00005"), "small")
        assert not reservation.ended
        assert reservation.settle(USAGE) == Decimal("0.000018")
        assert reservation.ended
    assert held(budget) == (0, 13, 0)
    stats = budget.get_user_stats("ada")
    assert (stats.input_tokens, stats.output_tokens, stats.total_cost) == (8, 5, Decimal("0.000018"))
    assert (stats.requests, stats.unreserved.tokens, stats.overrun.tokens) == (1, 0, 0)


async def test_async_with_does_the_same(make_budget):
    """One object serves both."""
    budget = make_budget(global_token_limit=30)
    async with small(budget) as reservation:
        assert held(budget) == (30, 0, 0)
        assert await reservation.asettle(USAGE) == Decimal("0.000018")
    assert held(budget) == (0, 13, 0)
    async with small(budget, min_output_tokens=5) as reservation:
        await reservation.arelease()
    assert held(budget) == (0, 13, 0)


def test_plain_money(make_budget):
    """A paid tool: no model, no tokens."""
    budget = make_budget(global_cost_limit="0.10")
    with budget.reserve(usd="0.04") as reservation:
        assert (reservation.cost, reservation.tokens) == (Decimal("0.04"), 0)
        assert reservation.settle(usd="0.03") == Decimal("0.03")
    with budget.reserve(usd="0.07") as reservation:
        reservation.release()
    with pytest.raises(BudgetExceeded) as caught, budget.reserve(usd="0.070000001"):
        pytest.fail("not reached")
    assert (caught.value.needed, caught.value.remaining) == (Decimal("0.070000001"), Decimal("0.07"))


def test_plain_tokens(make_budget):
    """Tokens of something that has no price here."""
    budget = make_budget(global_token_limit=100)
    with budget.reserve(tokens=100) as reservation:
        assert reservation.settle(tokens=60) == 0
    assert held(budget) == (0, 60, 0)
    with pytest.raises(BudgetExceeded), budget.reserve(tokens=41):
        pytest.fail("not reached")


def test_both_plain_amounts_at_once(make_budget):
    """Each unit is held."""
    budget = make_budget(global_token_limit=100, global_cost_limit=1)
    with budget.reserve(tokens=50, usd="0.5") as reservation:
        assert (reservation.tokens, reservation.cost) == (50, Decimal("0.5"))
        reservation.settle(tokens=40, usd="0.4")
    assert budget.get_global_stats().total_cost == Decimal("0.4")


def test_plain_tokens_under_a_usd_limit_need_a_price(make_budget):
    """No silent zero: tokens without a model cost something, too."""
    with pytest.raises(ConfigurationError, match="names no model"), make_budget(global_cost_limit=1).reserve(tokens=5):
        pytest.fail("not reached")


def test_plain_money_is_not_settled_as_tokens_for_nothing(make_budget):
    """No silent zero: what was reserved in dollars says what it came to in dollars."""
    budget = make_budget(global_cost_limit=1)
    with budget.reserve(usd="0.04") as reservation:
        for wrong in ({"usage": USAGE}, {"tokens": 5}):
            with pytest.raises(ConfigurationError, match=r"settle\(usd="):
                reservation.settle(**wrong)
        assert reservation.settle(USAGE, model="small") == Decimal("0.000018")


def test_a_cost_that_is_known_goes_before_the_price(make_budget):
    """Tokens from the usage, money as said."""
    budget = make_budget()
    with small(budget) as reservation:
        assert reservation.settle(USAGE, usd="0.5") == Decimal("0.5")
    stats = budget.get_global_stats()
    assert (stats.total_tokens, stats.total_cost) == (13, Decimal("0.5"))


def test_the_model_that_answered_is_what_costs(make_budget):
    """Its price if it has one, else that of the model which was asked."""
    budget = make_budget(global_cost_limit=5)
    with small(budget) as reservation:
        assert reservation.settle(USAGE, model="large") == Decimal("0.0018")
    with small(budget) as reservation:
        assert reservation.settle(USAGE, model="no-such-model") == Decimal("0.000018")
    assert budget.get_global_stats().overrun.cost == Decimal("0.00175")


def test_a_bill_above_its_reservation_is_counted_in_full(make_budget):
    """Truth is never lost; the overrun is told apart."""
    budget = make_budget(global_token_limit=30)
    with small(budget) as reservation:
        reservation.settle(Usage(input_tokens=100, output_tokens=5))
    stats = budget.get_global_stats()
    assert (stats.total_tokens, stats.overrun.tokens) == (105, 75)
    with pytest.raises(BudgetExceeded) as caught, budget.reserve(tokens=0):
        pytest.fail("not reached")
    assert caught.value.remaining == 0


def test_amounts_that_are_the_callers_are_marked(make_budget):
    """estimated=True is counted apart."""
    budget = make_budget()
    with small(budget) as reservation:
        reservation.settle(USAGE, estimated=True)
    assert budget.get_global_stats().estimated_requests == 1


@pytest.mark.parametrize("end", ["return", "exception"])
def test_left_without_settling_it_is_charged_as_unconfirmed(make_budget, caplog, end):
    """In full, with a warning that says how to give it back; the exception passes through."""
    budget = make_budget(global_token_limit=30)

    def block():
        with small(budget) as reservation:
            if end == "exception":
                raise KeyError("mine")
        return reservation

    if end == "exception":
        with pytest.raises(KeyError, match="mine"):
            block()
    else:
        assert block().ended
    assert held(budget) == (0, 30, 30)
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "llm_token_budget")
    assert "30 tokens and $0.00005 are charged as unconfirmed; budget.refund(" in caplog.text
    reservation_id = record.args[-1]
    assert budget.refund(reservation_id).tokens == 30
    assert held(budget) == (0, 0, 0)


async def test_left_without_settling_in_a_task_it_is_charged_too(make_budget, caplog):
    """Also when the task was cancelled."""
    budget = make_budget(global_token_limit=60)
    entered = asyncio.Event()

    async def call():
        async with small(budget):
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert held(budget) == (0, 30, 30)
    assert "charged as unconfirmed" in caplog.text


def test_a_late_truth_replaces_what_was_unconfirmed(make_budget, caplog):
    """Settling after the block corrects the charge."""
    budget = make_budget(global_token_limit=30)
    with small(budget) as reservation:
        pass
    reservation.settle(USAGE)
    assert held(budget) == (0, 13, 0)
    assert budget.refund(reservation.id) is None


def test_an_expired_reservation_is_charged_and_corrected(make_budget, clock):
    """Its lease ended; the truth that comes later counts."""
    budget = make_budget(lease="15m")
    with small(budget) as reservation:
        clock.advance(899)
        assert held(budget) == (30, 0, 0)
        clock.advance(1)
        assert held(budget) == (0, 30, 30)
        assert not reservation.renew()
        reservation.settle(USAGE)
    assert held(budget) == (0, 13, 0)


def test_renewing_keeps_it_open(make_budget, clock):
    """Another lease from now on."""
    budget = make_budget(lease=60)
    with small(budget) as reservation:
        for _ in range(5):
            clock.advance(59)
            assert reservation.renew()
        assert held(budget) == (30, 0, 0)
        reservation.settle(USAGE)


def test_released_it_costs_nothing(make_budget):
    """Nothing was sent; releasing again changes nothing, settling later counts."""
    budget = make_budget(global_token_limit=30)
    with small(budget) as reservation:
        reservation.release()
        reservation.release()
    stats = budget.get_global_stats()
    assert (held(budget), stats.requests) == ((0, 0, 0), 0)
    reservation.settle(USAGE)
    assert held(budget) == (0, 13, 0)


def test_settling_twice_with_one_amount_counts_once(make_budget):
    """Any number of times has the effect of the first."""
    budget = make_budget()
    with small(budget) as reservation:
        for _ in range(3):
            assert reservation.settle(USAGE) == Decimal("0.000018")
    assert (held(budget), budget.get_global_stats().requests) == ((0, 13, 0), 1)


def test_settling_twice_with_two_amounts_is_a_conflict(make_budget):
    """The first one stands; so it does against a release."""
    budget = make_budget()
    with small(budget) as reservation:
        reservation.settle(USAGE)
        with pytest.raises(ReservationConflict):
            reservation.settle(Usage(input_tokens=9))
        with pytest.raises(ReservationConflict):
            reservation.release()
    assert held(budget) == (0, 13, 0)


def test_entering_twice_is_refused(make_budget):
    """Inside the block and after it."""
    budget = make_budget()
    with small(budget) as reservation:
        with pytest.raises(ConfigurationError, match="entered once"):
            reservation.enter()
        reservation.settle(USAGE)
    with pytest.raises(ConfigurationError, match="entered once"), reservation:
        pytest.fail("not reached")
    assert held(budget) == (0, 13, 0)


def test_a_refused_reservation_can_be_tried_again(make_budget):
    """A refusal held nothing."""
    budget = make_budget(global_token_limit=30)
    reservation = small(budget)
    with small(budget) as other:
        with pytest.raises(BudgetExceeded):
            reservation.enter()
        other.release()
    with reservation:
        reservation.settle(USAGE)
    assert held(budget) == (0, 13, 0)


@pytest.mark.parametrize("verb", ["settle", "release", "renew", "charge_unconfirmed"])
def test_what_was_not_entered_cannot_end(make_budget, verb):
    """The error says what to do; finalizers are quiet."""
    reservation = small(make_budget())
    with pytest.raises(ConfigurationError, match="enter it"):
        getattr(reservation, verb)(*([USAGE] if verb == "settle" else []))
    reservation.settle_later()
    reservation.release_later()


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"usage": None},
        {"usage": {"input_tokens": 5}},
        {"usage": 5},
        {"usage": (1, 2)},
        {"usage": "13"},
        {"tokens": -1},
        {"tokens": 1.5},
        {"tokens": True},
        {"tokens": "5"},
        {"tokens": 2**53},
        {"usd": -1},
        {"usd": float("nan")},
        {"usd": True},
        {"usd": "1e999999"},
        {"usage": USAGE, "tokens": 5},
    ],
    ids=str,
)
def test_what_is_no_usage_is_refused_and_nothing_is_lost(make_budget, arguments):
    """The reservation stays open, so the right usage can still be given."""
    budget = make_budget()
    with small(budget) as reservation:
        with pytest.raises(ConfigurationError):
            reservation.settle(**arguments)
        assert held(budget) == (30, 0, 0)
        reservation.settle(USAGE)


@pytest.mark.parametrize("name", ["input_tokens", "max_output_tokens", "min_output_tokens", "tokens"])
@pytest.mark.parametrize(
    "count", [-1, 1.5, float("nan"), True, "5", [], 2**53, 10**5_000], ids=lambda x: type(x).__name__
)
def test_bad_counts_are_refused_before_anything_is_held(make_budget, name, count):
    """At reserve(), not at the door."""
    with pytest.raises(ConfigurationError, match=name):
        make_budget().reserve(**{"model": "small", name: count} if name != "tokens" else {name: count})


@pytest.mark.parametrize(
    "usd",
    [-1, float("nan"), float("inf"), True, "five", [], "1e999999", 10**5_000],
    ids=lambda x: type(x).__name__,
)
def test_bad_money_is_refused_before_anything_is_held(make_budget, usd):
    """At reserve(), not at the door."""
    with pytest.raises(ConfigurationError, match="usd"):
        make_budget().reserve(usd=usd)


@pytest.mark.parametrize(
    "arguments",
    [
        {"usd": 1, "input_tokens": 5},
        {"usd": 1, "max_output_tokens": 5},
        {"tokens": 1, "model": "small"},
        {"usd": 1, "model": "small"},
        {"tokens": 1, "min_output_tokens": 1},
        {"usd": 1, "service_tier": "flex"},
        {"model": ""},
        {"model": 5},
        {"model": b"small"},
        {"provider": 5},
        {"provider": ""},
        {"usd": 1, "provider": []},
    ],
    ids=str,
)
def test_arguments_that_do_not_go_together_are_refused(make_budget, arguments):
    """A plain amount is not a model's call, and names are names."""
    with pytest.raises(ConfigurationError):
        make_budget().reserve(**arguments)


def test_unknown_arguments_are_pythons_own_error(make_budget):
    """A misspelt maximum must not be ignored."""
    with pytest.raises(TypeError):
        make_budget().reserve(model="small", max_tokens=5)
    with pytest.raises(TypeError):
        make_budget().reserve("small")


def test_all_or_nothing_unless_a_least_is_given(make_budget):
    """min_output_tokens lets the grant shrink, and no further."""
    budget = make_budget(global_token_limit=25)
    with pytest.raises(BudgetExceeded), small(budget):
        pytest.fail("not reached")
    with small(budget, min_output_tokens=15) as reservation:
        assert (reservation.max_output_tokens, reservation.clamped_from, reservation.clamped_to) == (15, 20, 15)
        reservation.release()
    with pytest.raises(BudgetExceeded) as caught, small(budget, min_output_tokens=16):
        pytest.fail("not reached")
    assert caught.value.needed == 26


def test_a_refusal_names_the_call_and_its_cost(make_budget):
    """Model and estimated cost, for logs and dashboards."""
    budget = make_budget(global_cost_limit="0.00001")
    with pytest.raises(BudgetExceeded) as caught, small(budget):
        pytest.fail("not reached")
    error = caught.value
    assert (error.model, error.cost, error.needed) == ("small", Decimal("0.00005"), Decimal("0.00005"))
    assert (error.held, error.retry_after, error.resets_at, error.waited) == (False, None, None, 0.0)


def test_an_unknown_model_is_refused_when_entering(make_budget):
    """Before anything is held."""
    budget = make_budget(global_cost_limit=1)
    with pytest.raises(UnknownModelPrice), budget.reserve(model="no-such-model", input_tokens=5):
        pytest.fail("not reached")
    assert held(budget) == (0, 0, 0)


def test_the_users_of_an_ambient_session_are_charged(make_budget):
    """Who is spending is decided when reserve() is called."""
    budget = make_budget()
    with budget.session(user_key="ada", session_id="s1"):
        reservation = small(budget)
    with budget.session(user_key="bob"), reservation:
        reservation.settle(USAGE)
    assert budget.get_session_stats("ada", "s1").total_tokens == 13
    assert budget.get_user_stats("bob").requests == 0


def test_a_ledger_that_fails_while_leaving_takes_nothing_from_the_caller(clock, make_budget, caplog):
    """The reply goes first: the error is logged, and the charge is made later."""

    class Failing(MemoryLedger):
        def settle(self, handle, charge):
            raise LedgerUnavailable("gone for a moment")

    budget = make_budget(ledger=Failing(clock=clock))

    def call():
        with small(budget):
            return "reply"

    assert call() == "reply"
    assert held(budget) == (0, 30, 30)
    assert "could not be settled now" in caplog.text


def test_dropped_without_leaving_it_is_charged(make_budget):
    """A forgotten one doesn't hold its room for ever, nor is it free."""
    budget = make_budget(global_token_limit=30)
    reservation = small(budget).enter()
    assert held(budget) == (30, 0, 0)
    del reservation
    gc.collect()
    assert held(budget) == (0, 30, 30)
    assert not budget._admissions.open


def test_thousands_dropped_in_cycles_neither_deadlock_nor_leak(make_budget):
    """Collected anywhere, also while the ledger's lock is held."""
    budget = make_budget()
    done = threading.Event()

    def churn():
        for _ in range(2_000):
            with budget.session(user_key="ada"):
                reservation = budget.reserve(tokens=1).enter()
                cycle = [reservation]
                cycle.append(cycle)
                del reservation, cycle
        done.set()

    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        worker = threading.Thread(target=churn, daemon=True)
        worker.start()
        assert done.wait(60)
        worker.join()
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert held(budget) == (0, 2_000, 2_000)
    assert budget.get_user_stats("ada").total_tokens == 2_000
    assert not budget.ledger._open


def test_settling_later_takes_effect_at_the_next_operation(make_budget):
    """For finalizers and signal handlers: it neither blocks nor raises, and only the first end counts."""
    budget = make_budget(global_token_limit=30)
    with small(budget) as reservation:
        budget.ledger._lock.acquire()
        try:
            reservation.settle_later()
        finally:
            budget.ledger._lock.release()
        reservation.release_later()
    assert held(budget) == (0, 30, 30)


def test_amounts_do_not_depend_on_the_callers_context(make_budget):
    """Held, settled, refused and remaining amounts are exact under three digits of precision."""
    budget = make_budget(global_cost_limit="1234.567891")
    with localcontext(prec=3):
        with budget.reserve(usd="234.567892") as reservation:
            assert str(reservation.cost) == "234.567892"
            assert str(reservation.settle(usd="234.567893")) == "234.567893"
        assert str(budget.remaining()[0].remaining) == "999.999998"
        with (
            pytest.raises(BudgetExceeded, match=r"\$999\.999998 left, \$999\.999999 needed"),
            budget.reserve(usd="999.999999"),
        ):
            pytest.fail("not reached")
        assert str(budget.get_global_stats().total_cost) == "234.567893"


def test_fifty_threads_on_a_tight_limit_never_overspend(make_budget):
    """A limit worth 10.5 calls admits ten, in tokens, dollars and requests alike."""
    budget = make_budget(wait_for_held=10, global_token_limit=315, per_user_cost_limit="0.000525")
    start, admitted = threading.Barrier(50), []

    def work():
        start.wait()
        while True:
            try:
                with small(budget, user_key="ada") as reservation:
                    reservation.settle(Usage(input_tokens=10, output_tokens=20))
                    admitted.append(1)
            except BudgetExceeded:
                return

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    stats = budget.get_global_stats()
    assert len(admitted) == stats.requests == 10
    assert (stats.total_tokens, stats.total_cost) == (300, Decimal("0.0005"))
    assert stats.blocked >= 50


async def test_two_hundred_tasks_on_a_tight_limit_never_overspend(make_budget):
    """The same for tasks."""
    budget = make_budget(wait_for_held=10, global_token_limit=315)

    async def work():
        admitted = 0
        while True:
            try:
                async with small(budget) as reservation:
                    await asyncio.sleep(0)
                    await reservation.asettle(Usage(input_tokens=10, output_tokens=20))
                    admitted += 1
            except BudgetExceeded:
                return admitted

    assert sum(await asyncio.gather(*(work() for _ in range(200)))) == 10
    assert budget.get_global_stats().total_tokens == 300


def test_a_call_without_a_maximum_holds_what_it_is_granted() -> None:
    """Left open, the output is bounded by what was granted, and a tenth of what is left at the most above the usual."""
    budget = BudgetManager(global_token_limit=100_000, ledger="memory://")
    with budget.reserve(model="gpt-4o", input_tokens=900) as reservation:
        assert reservation.max_output_tokens == 9_910
        assert reservation.tokens == 10_810
        reservation.release()
    with budget.reserve(model="text-embedding-3-small", input_tokens=900) as reservation:
        assert reservation.tokens == 900
        reservation.release()


def test_a_recorded_call_without_a_price_says_that_its_tokens_are_counted() -> None:
    """It was sent already: the message must not say otherwise."""
    budget = BudgetManager(global_cost_limit=1, ledger="memory://")
    with pytest.raises(UnknownModelPrice, match="The tokens are counted, the money is not") as caught:
        budget.record(input_tokens=5, output_tokens=6, model="gpt-6.3-sol")
    assert caught.value.recorded
    assert pickle.loads(pickle.dumps(caught.value)).recorded
    assert budget.get_global_stats().total_tokens == 11


def test_resetting_a_session_leaves_its_namesakes_alone() -> None:
    """The ids of two users never meet, nor does that of nobody meet theirs."""
    budget = BudgetManager(ledger="memory://")
    for user in ("ada", "bob", None):
        budget.record(input_tokens=5, cost=0, user_key=user, session_id="s1")
    budget.reset("ada", "s1")
    budget.reset(session_id="s1")
    left = {user: budget.get_session_stats(user, "s1").input_tokens for user in ("ada", "bob", None)}
    assert left == {"ada": 0, "bob": 5, None: 0}


@pytest.mark.parametrize("scope", ["users", "User", "Sessions", "models"])
def test_a_slip_in_a_scope_is_no_dimension(scope: str) -> None:
    """A dimension of that name would never apply, and the limit would hold nobody."""
    with pytest.raises(ConfigurationError, match="did you mean"):
        Limit(tokens=5, scope=scope)


def test_a_call_over_midnight_costs_what_it_cost_when_it_was_reserved(clock, make_budget):
    """A dated price that begins before the answer comes counts for later calls, not for this one."""
    prices = [{"input": "1", "output": "1"}, {"input": "100", "output": "100", "since": "2026-11-19"}]
    budget = make_budget(
        global_cost_limit=1, custom_pricing={"asked": {"input": "1", "output": "1"}, "answers": prices}
    )
    budget.prices._clock = clock
    midnight = 1_795_046_400 - clock.now  # 2026-11-19, UTC
    clock.advance(midnight - 60)
    costs = []
    for usage in (Usage(input_tokens=1000), Usage(input_tokens=1000, terms=Terms(service_tier="default"))):
        clock.now = 1_795_046_400 - 60
        for _ in range(2):
            with budget.reserve(model="asked", input_tokens=1000, max_output_tokens=10) as reservation:
                clock.advance(120)
                costs.append(reservation.settle(usage, model="answers"))
    assert costs[1] == 100 * costs[0]
    assert costs[3] == 100 * costs[2]
