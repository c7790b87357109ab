"""The switch for a bad night: stop everything, or stop enforcing, for every process of a ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, ConfigurationError, Limit, MemoryLedger, Usage


def call(budget: BudgetManager, tokens: int = 10) -> None:
    with budget.reserve(tokens=tokens) as reservation:
        reservation.settle(Usage(input_tokens=tokens))


def test_block_refuses_every_call():
    """Room or not; the message says who can let them go on."""
    budget = BudgetManager(global_token_limit=1000)
    budget.set_mode("block")
    with pytest.raises(BudgetExceeded, match="set_mode") as refused:
        call(budget)
    assert refused.value.reason == "stopped_by_mode"
    assert not refused.value.held


def test_block_is_what_check_says_too():
    """A web application that asks first gets the same answer."""
    budget = BudgetManager(global_token_limit=1000)
    budget.set_mode("block")
    assert budget.check(estimated_input_tokens=1).reason == "stopped_by_mode"


def test_block_works_without_any_limit():
    """It is no limit: nothing has to be configured for it."""
    budget = BudgetManager()
    budget.set_mode("block")
    with pytest.raises(BudgetExceeded):
        call(budget)


async def test_block_refuses_tasks():
    """As it does threads."""
    budget = BudgetManager(global_token_limit=1000)
    await budget.aset_mode("block")
    with pytest.raises(BudgetExceeded):
        async with budget.reserve(tokens=1):
            pass


def test_observe_refuses_nothing_and_counts_everything():
    """Limits are reported and not enforced; what is spent is in the account."""
    budget = BudgetManager(global_token_limit=15)
    budget.set_mode("observe")
    for _ in range(3):
        call(budget)
    assert budget.get_global_stats().total_tokens == 30


def test_enforce_holds_again_at_once():
    """And no remembered rule of the time before is left over."""
    budget = BudgetManager(global_token_limit=15)
    budget.set_mode("observe")
    call(budget)
    call(budget)
    budget.set_mode("enforce")
    with pytest.raises(BudgetExceeded):
        call(budget)


def test_observe_does_not_lower_maxima():
    """Nothing is changed in a call that nothing limits."""
    budget = BudgetManager(global_cost_limit="0.001")
    budget.set_mode("observe")
    with budget.reserve(model="gpt-4o", input_tokens=10, max_output_tokens=4000, min_output_tokens=1) as reservation:
        assert reservation.max_output_tokens == 4000
        reservation.release()


def test_who_and_when_is_kept():
    """The morning after, somebody asks."""
    budget = BudgetManager(global_token_limit=15)
    budget.set_mode("block", by="ada")
    budget.set_mode(None, by="bob")
    history = budget.mode_history()
    assert [(switched.mode, switched.by) for switched in history] == [(None, "bob"), ("block", "ada")]
    assert abs((history[0].at - datetime.now(UTC)).total_seconds()) < 60
    call(budget)


def test_the_environment_says_how_a_process_starts(monkeypatch):
    """And the switch goes before it."""
    monkeypatch.setenv("LLM_TOKEN_BUDGET_MODE", "block")
    budget = BudgetManager(global_token_limit=15)
    assert budget.mode == "block"
    with pytest.raises(BudgetExceeded):
        call(budget)
    budget.set_mode("enforce")
    call(budget)
    budget.set_mode(None)
    assert budget.mode == "block"


def test_a_typo_in_the_environment_is_refused(monkeypatch):
    """It must not mean that nothing is enforced."""
    monkeypatch.setenv("LLM_TOKEN_BUDGET_MODE", "blok")
    with pytest.raises(ConfigurationError, match="LLM_TOKEN_BUDGET_MODE"):
        BudgetManager(global_token_limit=15)


def test_a_mode_that_is_none_is_refused():
    """By name."""
    with pytest.raises(ConfigurationError, match="'enforce', 'observe', 'block'"):
        BudgetManager().set_mode("stop")  # type: ignore[arg-type]


def test_opening_balances_count_in_the_windows_of_their_time():
    """What another counter of one's own had counted yesterday is yesterday's; this month's counts this month."""
    noon = datetime(2030, 3, 18, 12, tzinfo=UTC).timestamp()
    limits = [Limit(usd=10, window="day", name="day"), Limit(usd=100, window="month", name="month")]
    budget = BudgetManager(limits=limits, ledger=MemoryLedger(clock=lambda: noon))
    budget.record(cost="3.00", user_key="ada", at=datetime(2030, 3, 17, 9, tzinfo=UTC))
    spent = {row.limit.name: row.spent for row in budget.remaining()}
    assert spent == {"day": 0, "month": Decimal("3.00")}
    assert budget.get_user_stats("ada").total_cost == Decimal("3.00")


def test_a_record_of_the_future_is_refused():
    """Nothing is counted."""
    budget = BudgetManager(global_cost_limit=1, ledger=MemoryLedger(clock=lambda: 1_900_000_000.0))
    with pytest.raises(ConfigurationError, match="future"):
        budget.record(cost="0.10", at=1_900_009_000)
    assert budget.get_global_stats().total_cost == 0


@pytest.mark.parametrize("at", [1e15, -1e15, float("nan"), float("-inf"), True, "yesterday"])
def test_an_instant_that_no_calendar_knows_is_refused(at):
    """By our own error, whatever the windows are; nothing is counted."""
    budget = BudgetManager(limits=[Limit(usd=10, window="month Europe/Berlin")])
    with pytest.raises(ConfigurationError, match="at"):
        budget.record(cost="0.10", at=at)
    assert budget.get_global_stats().total_cost == 0


def test_the_farthest_past_can_be_recorded():
    """In windows that ended long ago, also by the calendar of a time zone."""
    budget = BudgetManager(limits=[Limit(usd=10, window="month Europe/Berlin"), Limit(usd=5, window="1d")])
    budget.record(cost="0.10", at=-60_000_000_000)
    assert budget.get_global_stats().total_cost == Decimal("0.10")
