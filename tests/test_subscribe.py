"""`BudgetManager.subscribe`: further hooks beside those of the options."""

from __future__ import annotations

import pytest

from llm_token_budget import ConfigurationError


def spend(budget):
    with budget.reserve(tokens=1) as reservation:
        reservation.settle(tokens=1)


def test_subscribers_are_told_beside_the_options_hooks(make_budget):
    """In the order in which they came, and only while they are subscribed."""
    told = []
    budget = make_budget(global_token_limit=100, on_settle=lambda event: told.append("option"))
    end = budget.subscribe(on_settle=lambda event: told.append("subscriber"))
    spend(budget)
    end()
    spend(budget)
    assert told == ["option", "subscriber", "option"]


def test_a_budget_without_hooks_can_be_subscribed_to(make_budget):
    """Reservations that are open already are told of when they end."""
    told = []
    budget = make_budget(global_token_limit=100)
    with budget.reserve(tokens=1) as reservation:
        budget.subscribe(
            on_reserve=lambda event: told.append("reserved"),
            on_settle=lambda event: told.append("settled"),
            on_blocked=lambda event: told.append("blocked"),
        )
        reservation.settle(tokens=1)
    budget.check(estimated_input_tokens=1_000)
    spend(budget)
    assert told == ["settled", "blocked", "reserved", "settled"]


def test_ending_a_subscription_twice_ends_it_once(make_budget):
    """The same function, subscribed twice, is told once after that."""
    told = []
    budget = make_budget(global_token_limit=100)
    end, _ = budget.subscribe(on_settle=told.append), budget.subscribe(on_settle=told.append)
    end()
    spend(budget)
    assert len(told) == 1


def test_a_subscriber_that_raises_keeps_nothing_from_the_others(make_budget, caplog):
    """It is logged; the call and the next subscriber are not affected."""
    told = []
    budget = make_budget(global_token_limit=100)
    budget.subscribe(on_settle=lambda event: 1 / 0)
    budget.subscribe(on_settle=told.append)
    spend(budget)
    assert len(told) == 1
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("hook", [7, "name"])
def test_what_cannot_be_called_is_refused(make_budget, hook):
    """As in the options."""
    with pytest.raises(ConfigurationError, match="on_blocked takes a function"):
        make_budget().subscribe(on_blocked=hook)


def test_coroutine_functions_are_refused(make_budget):
    """Nobody would await them."""

    async def hook(event):
        """Nothing."""

    with pytest.raises(ConfigurationError, match="plain function"):
        make_budget().subscribe(on_settle=hook)
