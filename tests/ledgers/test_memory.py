"""What is the memory ledger's own: bounds, forgetting, forks."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers import MemoryLedger
from llm_token_budget.ledgers.base import Balance

from .building import (
    DAY,
    EVERYONE,
    HOUR,
    NOON,
    FakeClock,
    balance,
    balance_at,
    claim,
    every,
    hold,
    limit,
    refuse,
    reserved,
    run,
    session,
    sliding,
    spent,
    truth,
    unknown,
    user,
)


@pytest.fixture
def ledger(clock):
    return MemoryLedger(clock=clock)


def end_many(ledger, clock, count: int, *counters) -> None:
    for number in range(count):
        clock.advance(0.001)
        ledger.settle(hold(ledger, f"many-{number}", 1, *counters), truth(1))


def test_what_was_forgotten_is_refused_and_never_applied(clock):
    """Only so many ended reservations are remembered: a repeat for an older one is refused, not counted twice."""
    ledger = MemoryLedger(clock=clock, remembered=10)
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, truth(60))
    end_many(ledger, clock, 10)
    before = balance(ledger)
    for charge in (truth(60), truth(61), unknown(100)):
        with pytest.raises(ReservationConflict, match="older than what is remembered"):
            ledger.settle(handle, charge)
    with pytest.raises(ReservationConflict):
        ledger.release(handle)
    assert balance(ledger) == before


def test_what_is_remembered_is_counted_though_others_were_forgotten(clock):
    """A released reservation that is still remembered gets its truth, however old it is compared to forgotten ones."""
    ledger = MemoryLedger(clock=clock, remembered=10)
    handle = hold(ledger, "a", 100)
    end_many(ledger, clock, 5)
    ledger.release(handle)
    for number in range(9):
        ledger.settle(hold(ledger, f"more-{number}", 1), truth(1))
    assert ledger.settle(handle, truth(60)).first


def test_open_and_unconfirmed_reservations_are_never_forgotten(clock):
    """The bound is on what has ended for good."""
    ledger = MemoryLedger(clock=clock, remembered=10)
    first, second = hold(ledger, "open", 100), hold(ledger, "unconfirmed", 100)
    ledger.settle(second, unknown(100))
    end_many(ledger, clock, 100, user())
    ledger.settle(first, truth(60))
    ledger.settle(second, truth(30))
    assert spent(ledger) == 90


def test_the_memory_of_ended_reservations_is_bounded(clock):
    """Past calls leave nothing in any heap or index but the last ones."""
    ledger = MemoryLedger(clock=clock, remembered=10)
    end_many(ledger, clock, 2_000)
    assert len(ledger._ended) == 10
    assert len(ledger._leases) <= 70
    assert not ledger._open
    assert not ledger._charged


def test_runs_that_are_over_leave_nothing_behind(ledger):
    """A forgotten counter leaves the list of what perishes too."""
    for number in range(2_000):
        counter = run(str(number))
        ledger.settle(hold(ledger, str(number), 10, counter), truth(10))
        ledger.forget_later((counter,))
    balance(ledger)
    assert not ledger._rows
    assert len(ledger._perishable) <= 70


def test_a_counter_that_comes_back_after_it_was_forgotten_perishes_once(ledger, clock):
    """A session that is forgotten and used again is dropped when it has been idle, not earlier."""
    for _ in range(200):
        ledger.record((session("chat"),), truth(10))
        ledger.forget_later((session("chat"),))
    clock.advance(20 * DAY)
    ledger.record((session("chat"),), truth(10))
    assert len(ledger._perishable) <= 67
    clock.advance(20 * DAY)
    assert spent(ledger, session("chat")) == 10
    clock.advance(11 * DAY)
    assert spent(ledger, session("chat")) == 0
    assert not ledger._rows


def test_ended_windows_are_dropped(ledger, clock):
    """The rows of past windows don't pile up."""
    for _ in range(100):
        ledger.settle(hold(ledger, str(clock.at), 10, every(HOUR, clock.at), sliding(60)), truth(10))
        clock.advance(HOUR)
    balance(ledger)
    assert len(ledger._rows) <= 2
    assert len(ledger._perishable) <= 70


def test_an_ended_window_is_kept_while_a_reservation_is_open_on_it(ledger, clock):
    """Its settle finds it, days later."""
    window = every(HOUR, clock.at)
    handle = hold(ledger, "a", 100, window, lease=3 * DAY)
    clock.advance(2 * DAY)
    assert balance_at(ledger, clock, window, window.end - 1).reserved.tokens == 100
    ledger.settle(handle, truth(60))
    seen = balance_at(ledger, clock, window, window.end - 1)
    assert (seen.spent.tokens, seen.reserved.tokens) == (60, 0)
    clock.advance(7 * DAY)
    balance(ledger)
    assert window not in ledger._rows


def test_a_late_truth_does_not_bring_back_a_dropped_window(ledger, clock):
    """Nobody reads it any more: the row isn't made again, the other counters are charged."""
    window = every(HOUR, clock.at)
    handle = hold(ledger, "a", 100, window, EVERYONE)
    ledger.release(handle)
    clock.advance(10 * HOUR)
    balance(ledger)
    ledger.settle(handle, truth(60))
    assert window not in ledger._rows
    assert spent(ledger) == 60


def test_a_guess_in_a_dropped_window_is_replaced_where_it_still_counts(ledger, clock):
    """The window is gone, the total is corrected."""
    window = every(HOUR, clock.at)
    handle = hold(ledger, "a", 100, window, EVERYONE)
    ledger.settle(handle, unknown(100))
    clock.advance(10 * HOUR)
    ledger.settle(handle, truth(60))
    assert window not in ledger._rows
    assert spent(ledger) == 60


def test_idle_sessions_are_dropped_after_the_time_that_was_chosen(clock):
    """`idle_seconds` says how long sessions and runs are kept."""
    ledger = MemoryLedger(clock=clock, idle_seconds=60)
    ledger.record((session("chat"), EVERYONE), truth(10))
    clock.advance(61)
    assert (spent(ledger, session("chat")), spent(ledger)) == (0, 10)


def test_refusals_of_strangers_leave_no_rows(ledger):
    """100 unknown users are refused, and the ledger is as small as before."""
    for number in range(100):
        counters = EVERYONE, user(str(number)), session("chat", str(number))
        refuse(ledger, claim(str(number), limit(0), counters=counters, tokens=1))
    assert list(ledger._rows) == [EVERYONE]


def test_leases_of_many_open_reservations_all_end(ledger, clock):
    """Also after the heap was rebuilt and some were renewed, each lease ends in its own time."""
    handles = [hold(ledger, str(number), 1, lease=100 + number) for number in range(500)]
    for handle in handles[::2]:
        ledger.release(handle)
    for handle in handles[1::4]:
        ledger.renew(handle, 10_000)
    end_many(ledger, clock, 500, user())
    clock.advance(1_000)
    assert (reserved(ledger), spent(ledger)) == (125, 125)
    clock.advance(10_000)
    assert (reserved(ledger), spent(ledger)) == (0, 250)


def test_the_default_clock_is_the_wall_clock():
    """Without a clock the ledger tells the time of this machine."""
    assert MemoryLedger().now() > NOON - 50 * 365 * DAY


FORKED = """
import os, sys
from llm_token_budget.errors import ConfigurationError
from llm_token_budget.ledgers import MemoryLedger
from llm_token_budget.ledgers.base import Amounts, Charge, Claim, Counter

everyone = Counter(("global",), (), "total")
claim = Claim("a", (everyone,), (), Amounts(1, 0, 1))
used, fresh = MemoryLedger(), MemoryLedger()
handle = used.reserve(claim).handle
calls = [
    lambda: used.reserve(claim), lambda: used.look(claim), lambda: used.settle(handle, Charge(1)),
    lambda: used.release(handle), lambda: used.renew(handle, 1), lambda: used.refund("a"), used.unconfirmed,
    lambda: used.record((everyone,), Charge(1)), lambda: used.read([everyone]), lambda: used.users(everyone),
    lambda: used.set_limit("x", None, 1), lambda: used.clear_limit("x", None), lambda: used.limit_amounts([]), used.reset,
]
child = os.fork()
if child == 0:
    raised = 0
    for call in calls:
        try:
            call()
        except ConfigurationError as error:
            raised += "forked" in str(error)
    ok = raised == len(calls) and fresh.settle(fresh.reserve(claim).handle, Charge(1)).first
    os._exit(0 if ok else 1)
_, status = os.waitpid(child, 0)
assert used.settle(handle, Charge(1)).first
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks nowhere")
def test_a_forked_child_must_not_use_its_parents_counts():
    """Every method raises in the child of a process that had used the ledger; an unused one is free, and so is the parent."""
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_clock_that_steps_back_breaks_nothing(ledger, clock):
    """Time is set back by a second: counts stay, and nothing is negative."""
    handle = hold(ledger, "a", 100, EVERYONE, sliding(60))
    clock.advance(-1)
    ledger.settle(handle, truth(60))
    assert (spent(ledger), spent(ledger, sliding(60))) == (60, 60)
    assert balance(ledger, user()) == Balance()


class Dropped:
    """Settles when the collector finds it, and notes whether that was inside the ledger's locked part."""

    def __init__(self, ledger, handle, inside: list[bool]) -> None:
        self._ledger, self._handle, self._inside = ledger, handle, inside
        self._myself = self

    def __del__(self) -> None:
        self._inside.append(self._ledger._lock.locked())
        self._ledger.settle_later(self._handle, truth(7))


def test_a_finalizer_may_run_inside_the_locked_part(ledger):
    """The collector does run there, and what it settles is counted all the same."""
    claims = [claim(str(number), tokens=10) for number in range(500)]
    inside: list[bool] = []
    thresholds = gc.get_threshold()
    gc.freeze()
    try:
        for number, asked in enumerate(claims):
            gc.set_threshold(1 + number % 7)  # So that the collector comes at ever other places.
            Dropped(ledger, ledger.reserve(asked).handle, inside)
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
    gc.collect()
    assert inside.count(True) > 100
    assert (spent(ledger), reserved(ledger)) == (3_500, 0)


def test_two_ledgers_share_nothing():
    """Each is a world of its own."""
    one, other = MemoryLedger(clock=FakeClock()), MemoryLedger(clock=FakeClock())
    hold(one, "a", 100)
    assert balance(other) == Balance()
