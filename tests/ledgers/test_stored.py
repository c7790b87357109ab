"""What happens around a store: outages, lost answers, cancelled callers, dropped streams, forks."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
import time
import weakref

import pytest

from llm_token_budget import BudgetManager, LedgerUnavailable, MemoryLedger, Usage
from llm_token_budget.ledgers.base import Amounts, Granted
from llm_token_budget.ledgers.operations import CountBlocked, Reap, Record, Reserve, Settle
from llm_token_budget.ledgers.stored import StoredLedger

from .building import EVERYONE, balance, claim, grant, limit, reserved, spent, truth
from .lent import LentLedger


def lent(**options) -> LentLedger:
    return LentLedger(retry_for=0.0, **options)


def wait_until(true, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.005)


def test_a_store_that_is_away_refuses_before_anything_is_sent():
    """With the cause, and the option that decides otherwise."""
    ledger = lent()
    ledger.away = True
    with pytest.raises(LedgerUnavailable, match="on_ledger_error='allow'") as refused:
        ledger.reserve(claim("a", limit(100), tokens=10))
    assert isinstance(refused.value.__cause__, ConnectionError)


def test_a_reserve_whose_answer_was_lost_is_asked_again_and_held_once():
    """Under the same id: nothing is held twice, and the call goes on."""
    ledger = LentLedger(retry_for=10.0)
    ledger.ping()
    ledger.deaf = 2
    granted = ledger.reserve(claim("a", limit(100), tokens=10))
    assert isinstance(granted, Granted)
    assert [type(asked) for asked in ledger.asked].count(Reserve) == 3
    assert reserved(ledger) == 10


async def test_so_it_is_for_tasks():
    """The event loop goes on meanwhile."""
    ledger = LentLedger(retry_for=10.0)
    ledger.deaf = 1
    assert isinstance(await ledger.areserve(claim("a", limit(100), tokens=10)), Granted)
    assert reserved(ledger) == 10


@pytest.mark.parametrize("lost", ["asked", "answer"])
def test_a_settle_that_does_not_get_through_is_kept_and_applied_once(lost):
    """Whether the store had done it already or not."""
    ledger = lent()
    handle = grant(ledger, claim("a", limit(100), tokens=10)).handle
    if lost == "asked":
        ledger.away = True
    else:
        ledger.deaf = 1
    assert ledger.settle(handle, truth(7)).first
    ledger.away = False
    wait_until(lambda: not ledger._later)
    assert (spent(ledger), reserved(ledger)) == (7, 0)


def test_a_long_outage_loses_no_settle():
    """A thousand of them, in the order in which they came, each once."""
    ledger = lent()
    handles = [grant(ledger, claim(str(number), tokens=1)).handle for number in range(1000)]
    ledger.away = True
    for handle in handles:
        ledger.settle(handle, truth(1))
    ledger.away = False
    wait_until(lambda: not ledger._later)
    assert (spent(ledger), reserved(ledger)) == (1000, 0)


def test_a_record_that_does_not_get_through_is_kept_and_booked_once():
    """`record` never refuses."""
    ledger = lent()
    ledger.deaf = 1
    assert ledger.record((EVERYONE,), truth(5)) is None
    wait_until(lambda: not ledger._later)
    assert spent(ledger) == 5
    ledger.away = True
    assert ledger.record((EVERYONE,), truth(6)) is None
    ledger.away = False
    wait_until(lambda: not ledger._later)
    assert spent(ledger) == 11


def test_allow_lets_calls_through_and_says_so(caplog):
    """What goes past the limits is said in the log, counted, and in the account when the store is back."""
    ledger = lent(on_error="allow")
    ledger.away = True
    with caplog.at_level(logging.WARNING, "llm_token_budget"):
        granted = grant(ledger, claim("a", limit(5), tokens=10, want=100))
        assert granted.output_tokens == 100
        ledger.settle(granted.handle, truth(60))
        ledger.away = False
        wait_until(lambda: not ledger._later)
    assert spent(ledger) == 60
    assert ledger.unguarded == Amounts(60, 0, 1)
    assert "can't be reached" in caplog.text
    assert "calls let through unguarded meanwhile: 1" in caplog.text


def test_what_was_let_through_is_told_to_the_store():
    """So that it is booked as unreserved, not as an overrun."""
    ledger = lent(on_error="allow")
    ledger.away = True
    handle = grant(ledger, claim("a", tokens=10)).handle
    ledger.away = False
    ledger.settle(handle, truth(10))
    (settle,) = [asked for asked in ledger.asked if isinstance(asked, Settle)]
    assert settle.unguarded


def test_a_manager_chooses_by_its_option():
    """`on_ledger_error` goes before the ledger's own."""
    ledger = lent()
    budget = BudgetManager(global_token_limit=5, ledger=ledger, on_ledger_error="allow")
    ledger.away = True
    with budget.reserve(tokens=50) as reservation:
        reservation.settle(Usage(input_tokens=50))
    ledger.away = False
    wait_until(lambda: not ledger._later)
    assert budget.get_global_stats().total_tokens == 50


async def test_a_cancelled_reserve_leaves_nothing_held():
    """Wherever the cancellation strikes: its release follows."""
    ledger = lent()
    inside, go_on = threading.Event(), threading.Event()
    carry_out = ledger._carry_out

    def slowly(operation):
        if isinstance(operation, Reserve):
            inside.set()
            assert go_on.wait(20)
        return carry_out(operation)

    ledger._carry_out = slowly
    asking = asyncio.create_task(ledger.areserve(claim("a", limit(100), tokens=10)))
    await asyncio.to_thread(inside.wait, 20)
    asking.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asking
    wait_until(lambda: reserved(ledger) == 0 and not ledger._later)


async def test_a_cancelled_settle_is_carried_out():
    """Once, with its amount."""
    ledger = lent()
    handle = grant(ledger, claim("a", limit(100), tokens=10)).handle
    settling = asyncio.create_task(ledger.asettle(handle, truth(7)))
    await asyncio.sleep(0)
    settling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await settling
    wait_until(lambda: spent(ledger) == 7 and reserved(ledger) == 0)


def test_settle_later_needs_no_further_call():
    """A thread of the ledger's carries it out."""
    ledger = lent()
    handle = grant(ledger, claim("a", limit(100), tokens=10)).handle
    ledger.settle_later(handle, truth(7))
    wait_until(lambda: ledger.store.read([EVERYONE])[0].spent.tokens == 7)


def test_settle_later_is_safe_in_a_finalizer_under_every_lock():
    """A collector that strikes inside our own locked parts deadlocks nothing."""
    ledger = lent()

    class Stream:
        def __init__(self, number):
            self.me = self
            handle = grant(ledger, claim(f"stream {number}", tokens=1)).handle
            weakref.finalize(self, ledger.settle_later, handle, truth(1))

    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for number in range(500):
            Stream(number)
    finally:
        gc.set_threshold(*before)
    gc.collect()
    wait_until(lambda: spent(ledger) == 500 and reserved(ledger) == 0)


def test_blocked_requests_are_counted_many_at_once():
    """A refusal writes nothing; a look at the figures brings them along."""
    ledger = lent()
    for number in range(50):
        ledger.reserve(claim(f"refused {number}", limit(5), tokens=10))
    assert not any(isinstance(asked, CountBlocked) for asked in ledger.asked)
    balance(ledger)
    (told,) = [asked for asked in ledger.asked if isinstance(asked, CountBlocked)]
    assert told.counts == ((EVERYONE, 50),)


def test_the_keeper_looks_for_ended_leases_by_itself():
    """As long as any worker lives, a dead one's reservations end."""
    ledger = lent(reap_every=0.01)
    ledger.ping()
    before = len(ledger.asked)
    wait_until(lambda: any(isinstance(asked, Reap) for asked in ledger.asked[before:]))


def test_closing_carries_out_what_is_left():
    """Before connections go."""
    ledger = lent()
    handle = grant(ledger, claim("a", tokens=10)).handle
    ledger.away = True
    ledger.settle(handle, truth(7))
    ledger.away = False
    ledger.close()
    assert ledger.store.read([EVERYONE])[0].spent.tokens == 7


def test_a_ledger_that_nobody_holds_is_collected():
    """Its thread keeps it from nothing, and ends."""
    ledger = lent()
    ledger.ping()
    reference = weakref.ref(ledger)
    threads = [thread for thread in threading.enumerate() if thread.name == "llm-token-budget-keeper"]
    del ledger
    gc.collect()
    wait_until(lambda: reference() is None)
    wait_until(lambda: not all(thread.is_alive() for thread in threads))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_forked_child_starts_anew():
    """What the parent still has to settle is the parent's; the child has a keeper of its own."""
    ledger = lent()
    handle = grant(ledger, claim("a", tokens=10)).handle
    ledger.away = True
    ledger.settle(handle, truth(7))
    child = os.fork()
    if child == 0:
        ledger.store, ledger.away = MemoryLedger(), False
        ledger.ping()
        fine = not ledger._later and ledger._keeper.runs and not any(isinstance(a, Settle) for a in ledger.asked)
        os._exit(0 if fine else 1)
    assert os.waitpid(child, 0)[1] == 0
    ledger.away = False
    wait_until(lambda: spent(ledger) == 7)


def test_a_store_learns_nothing_it_need_not(caplog):
    """A refusal of the protocol is no outage."""
    ledger = lent()
    handle = grant(ledger, claim("a", tokens=10)).handle
    ledger.settle(handle, truth(7))
    ledger.settle_later(handle, truth(9))
    wait_until(lambda: not ledger._later)
    assert "can't be reached" not in caplog.text
    assert spent(ledger) == 7


def test_a_subclass_says_what_it_is():
    """The base carries nothing out by itself."""
    with pytest.raises(TypeError, match="abstract"):
        StoredLedger("nothing")  # type: ignore[abstract]


def test_a_record_has_an_id_of_its_own():
    """So that sending it again books nothing."""
    ledger = lent()
    ledger.record((EVERYONE,), truth(1))
    ledger.record((EVERYONE,), truth(1))
    ids = [asked.id for asked in ledger.asked if isinstance(asked, Record)]
    assert len(set(ids)) == 2
    assert spent(ledger) == 2
