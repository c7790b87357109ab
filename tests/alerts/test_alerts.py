"""Alerts: once per limit and window, to whoever was named, whatever else goes wrong."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, ConfigurationError, Limit, MemoryLedger, Usage
from llm_token_budget.alerts import Alert, Webhook


class Clock:
    def __init__(self) -> None:
        self.at = 1_900_000_800.0

    def __call__(self) -> float:
        return self.at


def budget_with(told: list[Alert], *, ledger=None, alerts=(0.5, 0.8, 1.0), limits=None) -> BudgetManager:
    return BudgetManager(
        limits=limits or [Limit(tokens=100, scope="user", name="plan")],
        ledger=ledger or MemoryLedger(clock=Clock()),
        alerts=alerts,
        on_alert=told.append,
    )


def spend(budget: BudgetManager, tokens: int, user: str = "ada") -> None:
    with budget.reserve(tokens=tokens, user_key=user) as reservation:
        reservation.settle(Usage(input_tokens=tokens))


def test_each_threshold_is_told_once():
    """However often its limit is looked at."""
    told: list[Alert] = []
    budget = budget_with(told)
    for _ in range(9):
        spend(budget, 10)
        budget.alerts.look()
    assert [alert.threshold for alert in told] == [Decimal("0.5"), Decimal("0.8")]
    assert told[0].spent == 50
    assert told[0].limit.key == ("ada",)
    assert "user 'ada': 50 tokens of 100 tokens spent" in str(told[0])


def test_thresholds_passed_at_once_are_one_alert():
    """Only the highest: nobody needs two messages about one moment."""
    told: list[Alert] = []
    budget = budget_with(told)
    spend(budget, 95)
    budget.alerts.look()
    budget.alerts.look()
    assert [alert.threshold for alert in told] == [Decimal("0.8")]


def test_each_user_has_alerts_of_their_own():
    """One user's alert doesn't silence another's."""
    told: list[Alert] = []
    budget = budget_with(told)
    for user in ("ada", "bob"):
        spend(budget, 60, user)
    budget.alerts.look()
    assert sorted(alert.limit.key[0] for alert in told) == ["ada", "bob"]


def test_a_new_window_tells_anew():
    """What was told yesterday is no news of today."""
    told: list[Alert] = []
    clock = Clock()
    budget = budget_with(told, ledger=MemoryLedger(clock=clock), limits=[Limit(tokens=100, window="1h")])
    for _ in range(2):
        spend(budget, 60)
        budget.alerts.look()
        clock.at += 3600
    assert len(told) == 2
    assert told[0].resets_at is not None


def test_several_processes_tell_it_once():
    """Two managers on one ledger stand for two processes: the ledger knows who has spoken."""
    told: list[Alert] = []
    ledger = MemoryLedger(clock=Clock())
    first, second = budget_with(told, ledger=ledger), budget_with(told, ledger=ledger)
    spend(first, 60)
    spend(second, 1)
    threads = [threading.Thread(target=each.alerts.look) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1


def test_a_refusal_is_the_last_threshold():
    """A limit rarely ends exactly at its amount: what is left is too little, and that is when to be told."""
    told: list[Alert] = []
    budget = budget_with(told, alerts=[1.0])
    spend(budget, 95)
    budget.alerts.look()
    assert told == []
    with pytest.raises(BudgetExceeded):
        spend(budget, 10)
    budget.alerts.look()
    assert [alert.spent for alert in told] == [95]


def test_a_raised_limit_is_measured_at_its_new_amount():
    """`set_limit` takes part, as everywhere."""
    told: list[Alert] = []
    budget = budget_with(told)
    budget.set_limit("plan", "ada", 1000)
    spend(budget, 90)
    budget.alerts.look()
    assert told == []


def test_what_a_receiver_raises_goes_no_further(caplog):
    """It is logged; the other receivers are told."""
    told: list[Alert] = []

    def broken(alert: Alert) -> None:
        raise ValueError("no")

    budget = BudgetManager(global_token_limit=10, alerts=[0.5], on_alert=[broken, told.append])
    spend(budget, 6)
    budget.alerts.look()
    assert len(told) == 1
    assert "an alert's receiver raised" in caplog.text


def test_nobody_named_means_the_log(caplog):
    """An alert that nobody hears would be none."""
    budget = BudgetManager(global_cost_limit="0.10", alerts=[0.5])
    budget.record(cost="0.06")
    budget.alerts.look()
    assert "everyone together: $0.06 of $0.10 spent in total (50% reached)" in caplog.text


def test_closing_looks_a_last_time():
    """What was spent just before the end is told, too."""
    told: list[Alert] = []
    with budget_with(told) as budget:
        spend(budget, 60)
    assert len(told) == 1


def test_a_thread_looks_by_itself():
    """Nobody has to call anything."""
    seen = threading.Event()
    budget = BudgetManager(global_token_limit=10, alerts=[0.5], on_alert=lambda alert: seen.set())
    spend(budget, 6)
    assert seen.wait(20)


@pytest.mark.parametrize("alerts", ["0.5", 0.5, [0], [-1], [float("nan")], [11], ["half"], [True]])
def test_thresholds_that_are_none_are_refused(alerts):
    """50 is not 0.5."""
    with pytest.raises(ConfigurationError, match="alerts"):
        BudgetManager(global_token_limit=10, alerts=alerts)


@pytest.mark.parametrize("receiver", [3, "ftp://somewhere", "nowhere", [None]])
def test_receivers_that_cannot_be_told_are_refused(receiver):
    """A typo in an address must show at once."""
    with pytest.raises(ConfigurationError):
        BudgetManager(global_token_limit=10, alerts=[0.5], on_alert=receiver)


def test_an_address_does_not_show():
    """The path of a webhook is a secret."""
    assert "sesame" not in repr(Webhook("https://hooks.example.com/services/sesame"))
