"""What closing a budget does with reservations that nobody has ended."""

from __future__ import annotations

import logging
import os
import threading

import pytest

from llm_token_budget import BudgetManager, ConfigurationError, Usage
from llm_token_budget.ledgers import SQLiteLedger

from .ledgers.lent import LentLedger


@pytest.mark.parametrize("stored", [False, True], ids=["memory", "stored"])
def test_a_plain_reservation_left_open_is_charged_and_said(stored, caplog):
    """Nobody knows what became of the call: all that was held, as unconfirmed."""
    budget = BudgetManager(global_token_limit=1000, ledger=LentLedger() if stored else "memory")
    reservation = budget.reserve(tokens=40).enter()
    with caplog.at_level(logging.WARNING):
        budget.close()
    stats = budget.get_global_stats()
    assert (stats.reserved.tokens, stats.unconfirmed.tokens) == (0, 40)
    assert "without settle" in caplog.text
    assert reservation.ended
    budget.close()


def test_a_late_settle_replaces_what_closing_charged():
    """The thread that had it open went on, and knows."""
    budget = BudgetManager(global_token_limit=1000, ledger=LentLedger())
    with budget.reserve(tokens=40) as reservation:
        budget.close()
        reservation.settle(Usage(input_tokens=7))
    stats = budget.get_global_stats()
    assert (stats.total_tokens, stats.unconfirmed.tokens) == (7, 0)
    budget.close()


def test_closing_twice_changes_nothing_more():
    """Neither does closing what was never used."""
    ledger = LentLedger()
    budget = BudgetManager(global_token_limit=1000, ledger=ledger)
    budget.close()
    budget.reserve(tokens=40).enter()
    budget.close()
    before = budget.get_global_stats()
    budget.close()
    budget.close(wait=0.5)
    assert budget.get_global_stats() == before
    budget.close()


def test_closing_waits_for_others_and_not_for_itself():
    """A reservation of another thread ends within the wait; one of the closing thread can't."""
    budget = BudgetManager(global_token_limit=1000)
    held, closing = threading.Event(), threading.Event()

    def work():
        with budget.reserve(tokens=40) as reservation:
            held.set()
            closing.wait(20)
            reservation.settle(Usage(input_tokens=3))

    thread = threading.Thread(target=work)
    thread.start()
    assert held.wait(20)
    own = budget.reserve(tokens=5).enter()
    threading.Timer(0.05, closing.set).start()
    budget.close(wait=60)
    assert own.ended
    stats = budget.get_global_stats()
    assert (stats.total_tokens, stats.unconfirmed.tokens) == (8, 5)
    thread.join(20)


async def test_tasks_wait_for_tasks():
    """`aclose` lets other tasks of the same loop end."""
    import asyncio

    budget = BudgetManager(global_token_limit=1000, ledger=LentLedger())
    held, closing = asyncio.Event(), asyncio.Event()

    async def work():
        async with budget.reserve(tokens=40) as reservation:
            held.set()
            await closing.wait()
            await reservation.asettle(Usage(input_tokens=3))

    task = asyncio.ensure_future(work())
    await held.wait()
    asyncio.get_running_loop().call_later(0.05, closing.set)
    await budget.aclose(wait=60)
    await task
    stats = await budget.aget_global_stats()
    assert (stats.total_tokens, stats.unconfirmed.tokens) == (3, 0)
    await budget.aclose()


@pytest.mark.parametrize("wait", [-1, "soon", None, True])
def test_a_wait_is_a_number_of_seconds(wait):
    """Anything else is an error, before anything was ended."""
    budget = BudgetManager(global_token_limit=1000)
    with budget.reserve(tokens=4) as reservation:
        with pytest.raises(ConfigurationError, match="wait"):
            budget.close(wait=wait)
        assert not reservation.ended
        reservation.release()


def test_nothing_is_remembered_of_what_has_ended():
    """The registers are empty when all is settled."""
    budget = BudgetManager(global_token_limit=1000)
    for _ in range(3):
        with budget.reserve(tokens=4) as reservation:
            reservation.settle(Usage(input_tokens=1))
    budget.reserve(tokens=4).enter()  # Dropped at once.
    assert not budget._admissions.open
    assert not budget._admissions.holders


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_ends_nothing_of_its_parents(tmp_path):
    """Neither when it closes the budget nor when it drops its copy of a reservation."""
    ledger = SQLiteLedger(tmp_path / "budget.db")
    budget = BudgetManager(global_token_limit=1000, ledger=ledger)
    reservation = budget.reserve(tokens=40).enter()
    child = os.fork()
    if not child:
        code = 1
        try:
            budget.close()
            del reservation
            ledger.finish()
            stats = budget.get_global_stats()
            code = 0 if (stats.reserved.tokens, stats.total_tokens) == (40, 0) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    reservation.release()
    budget.close()
