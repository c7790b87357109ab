"""Work that is begun twice under one key is held and charged once."""

from __future__ import annotations

import pytest

from llm_token_budget import BudgetManager, ConfigurationError, LedgerUnavailable, ReservationConflict, Usage

from .ledgers.conftest import ALL_LEDGERS
from .ledgers.lent import LentLedger


@pytest.fixture(params=[*ALL_LEDGERS, "lent"])
def budget(request, clock):
    ledger = LentLedger(clock=clock) if request.param == "lent" else ALL_LEDGERS[request.param](clock)
    made = BudgetManager(per_user_token_limit=1000, ledger=ledger, wait_for_held=0)
    yield made
    made.close()


def entered(budget, key, user="ada", tokens=400):
    return budget.reserve(tokens=tokens, user_key=user, idempotency_key=key).enter()


def test_entering_again_while_it_is_open_holds_nothing_twice(budget):
    """A redelivered task finds what its killed worker held: there would be no room for a third."""
    first = entered(budget, "task-1")
    again = [entered(budget, "task-1") for _ in range(3)]
    assert {each.id for each in again} == {first.id}
    assert budget.get_user_stats("ada").reserved.tokens == 400
    again[0].settle(Usage(input_tokens=5))
    for each in (first, *again):
        each.settle(Usage(input_tokens=5))
    stats = budget.get_user_stats("ada")
    assert (stats.requests, stats.total_tokens, stats.reserved.tokens) == (1, 5, 0)


@pytest.mark.parametrize("end", ["settle", "release", "charge_unconfirmed"])
def test_what_has_ended_is_not_begun_again(budget, end):
    """Whichever way it ended: the work was done before."""
    reservation = entered(budget, "task-1")
    if end == "settle":
        reservation.settle(Usage(input_tokens=5))
    else:
        getattr(reservation, end)()
    before = budget.get_user_stats("ada")
    with pytest.raises(ReservationConflict):
        entered(budget, "task-1")
    assert budget.get_user_stats("ada") == before
    entered(budget, "task-1:1").release()


async def test_tasks_are_told_the_same(budget):
    """`async with` under the same key."""
    async with budget.reserve(tokens=4, user_key="ada", idempotency_key="x") as reservation:
        await reservation.asettle(Usage(input_tokens=1))
    with pytest.raises(ReservationConflict):
        async with budget.reserve(tokens=4, user_key="ada", idempotency_key="x"):
            raise AssertionError("it was entered")


def test_a_refused_key_can_be_tried_again(budget):
    """Nothing was held, nothing has ended."""
    from llm_token_budget import BudgetExceeded

    with pytest.raises(BudgetExceeded):
        entered(budget, "task-1", tokens=1001)
    entered(budget, "task-1").release()


def test_keys_of_two_users_never_meet(budget):
    """The same key, and keys that would read the same when put together."""
    held = [entered(budget, key, user) for user, key in [("a", "k"), ("b", "k"), ("a:1", "k"), ("a", "1:k")]]
    assert len({each.id for each in held}) == 4
    assert budget.get_user_stats("a").reserved.tokens == 800
    for each in held:
        each.release()


@pytest.mark.parametrize("key", ["", 7, "x" * 1025, "\ud800", b"k"])
def test_a_bad_key_is_refused(budget, key):
    """As any other key is."""
    with pytest.raises(ConfigurationError, match="idempotency_key"):
        budget.reserve(tokens=4, idempotency_key=key)


@pytest.mark.parametrize("key", ["a b", "\0", "once:", "🙂" * 500, "x" * 1024, "'; --", "{tag}\n*"])
def test_hostile_keys_are_kept_apart(budget, key):
    """Whatever a queue calls its tasks."""
    entered(budget, key).settle(Usage(input_tokens=1))
    with pytest.raises(ReservationConflict):
        entered(budget, key)
    entered(budget, key + "x" if len(key) < 1000 else key[1:]).release()


def test_a_key_never_meets_an_id_of_ours(budget):
    """Somebody who knows the id of another's reservation can't name it."""
    other = budget.reserve(tokens=7, user_key="ada").enter()
    mine = entered(budget, other.id)
    assert mine.id != other.id
    assert budget.get_user_stats("ada").reserved.tokens == 407
    mine.release()
    other.release()


def test_a_key_whose_answer_was_lost_can_be_entered_again():
    """The store may hold it: whoever does the work again finds it, and it is not given back under their feet."""
    ledger = LentLedger(retry_for=0)
    budget = BudgetManager(global_token_limit=1000, ledger=ledger)
    assert budget.check(estimated_input_tokens=1).allowed
    ledger.deaf = 1
    with pytest.raises(LedgerUnavailable):
        budget.reserve(tokens=400, idempotency_key="task-1").enter()
    with budget.reserve(tokens=400, idempotency_key="task-1") as reservation:
        reservation.settle(Usage(input_tokens=5))
    stats = budget.get_global_stats()
    assert (stats.total_tokens, stats.reserved.tokens) == (5, 0)
    budget.close()
