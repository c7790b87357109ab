"""When the windows of many users end, their rows go, and no call has to wait until all of them have gone."""

from __future__ import annotations

import pytest

from llm_token_budget.ledgers import MemoryLedger
from llm_token_budget.ledgers.base import Charge
from llm_token_budget.ledgers.memory import AT_ONCE
from llm_token_budget.ledgers.operations import SOON, Reap

from .building import DAY, EVERYONE, hold, spent, truth
from .building import every as window
from .conftest import ALL_LEDGERS

USERS = 1_200
STORES = {name: make for name, make in ALL_LEDGERS.items() if name != "memory"}


def fill(ledger, clock):
    """A day of many users."""
    hold(ledger, "a", 1, lease=60)
    for start in range(0, USERS, 300):
        users = [window(DAY, clock.at, key=str(number)) for number in range(start, start + 300)]
        ledger.record(tuple(users), Charge(1, 0, 0, 1))


@pytest.mark.parametrize("store", STORES)
def test_a_step_drops_some_and_says_that_more_are_left(store, clock):
    """In a moment, not at once: calls go before. In the end nothing is left, and nothing is due."""
    ledger = STORES[store](clock)
    fill(ledger, clock)
    ledger.settle(hold(ledger, "b", 1), truth(1))
    clock.advance(2 * DAY)
    due, steps = ledger.perform(Reap()).next_due, 1
    assert due == pytest.approx(clock.at + SOON)
    while due is not None:
        clock.at = max(clock.at, due)
        due, steps = ledger.perform(Reap()).next_due, steps + 1
        assert steps < 100
    assert len(list(ledger.counters())) == 1
    assert steps > 2
    ledger.close()


@pytest.mark.parametrize("store", STORES)
def test_leases_that_have_ended_are_not_left_over(store, clock):
    """They are charged before anything is answered, however many rows wait beside them."""
    ledger = STORES[store](clock)
    fill(ledger, clock)
    for number in range(450):
        hold(ledger, f"left {number}", 1, lease=60)
    clock.advance(2 * DAY)
    assert spent(ledger, EVERYONE) == 451
    ledger.close()


def test_the_memory_ledger_drops_some_with_each_operation(clock):
    """So many, and the rest with the next ones."""
    ledger = MemoryLedger(clock=clock)
    fill(ledger, clock)
    clock.advance(2 * DAY)
    left = len(ledger._rows)
    for _ in range(USERS // AT_ONCE + 1):
        before, left = left, (spent(ledger), len(ledger._rows))[1]
        assert before - left <= AT_ONCE
    assert left == 1
