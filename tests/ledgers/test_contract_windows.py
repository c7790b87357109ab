"""The contract of every ledger: windows, by the ledger's own clock."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_token_budget.ledgers import MemoryLedger
from llm_token_budget.ledgers.base import Amounts, Stale

from .building import (
    HOUR,
    NOON,
    FakeClock,
    balance,
    claim,
    every,
    grant,
    hold,
    limit,
    refuse,
    reserved,
    sliding,
    spent,
    truth,
    unknown,
    user,
)

CALLS = {
    "reserve": lambda ledger, counter: ledger.reserve(claim("a", counters=(user(), counter), tokens=1)),
    "look": lambda ledger, counter: ledger.look(claim("a", counters=(user(), counter), tokens=1)),
    "record": lambda ledger, counter: ledger.record((user(), counter), truth(1)),
    "read": lambda ledger, counter: ledger.read([user(), counter]),
    "users": lambda ledger, counter: ledger.users(counter),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("offset", "stale"), [(-0.5, True), (0, False), (HOUR - 0.5, False), (HOUR, True), (HOUR + 1, True)]
)
def test_a_window_holds_its_start_but_not_its_end(ledger, clock, call, offset, stale):
    """Before the start and from the end on the answer is `Stale`, with the ledger's time."""
    counter = every(HOUR, clock.at)
    clock.at = counter.start + offset
    answer = CALLS[call](ledger, counter)
    assert isinstance(answer, Stale) is stale
    if stale:
        assert answer == Stale(clock.at)


@pytest.mark.parametrize("call", ["reserve", "record"])
def test_a_stale_answer_changes_nothing(ledger, clock, call):
    """One counter whose window has ended, and none is touched."""
    counter = every(HOUR, clock.at)
    clock.advance(HOUR)
    assert isinstance(CALLS[call](ledger, counter), Stale)
    assert ledger.users(user()) == []


def test_a_new_window_starts_from_nothing(ledger, clock):
    """What was spent in the last window doesn't count in the next."""
    before = every(HOUR, clock.at)
    ledger.settle(grant(ledger, claim("a", limit(100), counters=(before,), tokens=100)).handle, truth(100))
    refuse(ledger, claim("b", limit(100), counters=(before,), tokens=1))
    clock.advance(HOUR)
    grant(ledger, claim("c", limit(100), counters=(every(HOUR, clock.at),), tokens=100))


def test_a_repeated_reserve_is_answered_in_the_next_window_too(ledger, clock):
    """The same id gets the same answer, though its window has ended meanwhile."""
    asked = claim("a", counters=(every(HOUR, clock.at),), tokens=100, lease=2 * HOUR)
    first = grant(ledger, asked)
    clock.advance(HOUR)
    assert ledger.reserve(asked) == first


def test_a_refusal_says_when_its_window_ends(ledger, clock):
    """The shortage carries the window's end, also where nobody has spent anything."""
    hour = every(HOUR, clock.at)
    assert refuse(ledger, claim("a", limit(1), counters=(hour,), tokens=2)).shortages[0].resets_at == hour.end
    assert refuse(ledger, claim("b", limit(1), tokens=2)).shortages[0].resets_at is None


def test_a_sliding_window_keeps_what_was_spent_for_its_whole_length(ledger, clock):
    """Until its length has passed, a charge counts; a step later at the latest it doesn't."""
    ledger.settle(hold(ledger, "a", 100, sliding(60)), truth(100))
    clock.advance(59.9)
    assert spent(ledger, sliding(60)) == 100
    clock.advance(1.2)
    assert spent(ledger, sliding(60)) == 0


def test_a_sliding_window_frees_room_step_by_step(ledger, clock):
    """Only what is older than the window leaves it."""
    for name in "abc":
        ledger.settle(hold(ledger, name, 10, sliding(60)), truth(10))
        clock.advance(20)
    assert spent(ledger, sliding(60)) == 30
    clock.advance(1)
    assert spent(ledger, sliding(60)) == 20


def test_a_reservation_counts_in_a_sliding_window_however_old_it_is(ledger, clock):
    """What is open holds its room until it ends."""
    hold(ledger, "a", 100, sliding(60), lease=HOUR)
    clock.advance(200)
    assert reserved(ledger, sliding(60)) == 100
    refuse(ledger, claim("b", limit(100), counters=(sliding(60),), tokens=1))


def test_a_late_charge_goes_into_the_step_of_its_reserve(ledger, clock):
    """Settled 50 s later, it leaves the window 60 s after it was reserved."""
    handle = hold(ledger, "a", 100, sliding(60))
    clock.advance(50)
    ledger.settle(handle, truth(80))
    assert spent(ledger, sliding(60)) == 80
    clock.advance(11)
    assert spent(ledger, sliding(60)) == 0


def test_a_charge_that_is_older_than_the_window_is_not_counted_in_it(ledger, clock):
    """It gives back what it held, and that is all."""
    handle = hold(ledger, "a", 100, sliding(60))
    clock.advance(100)
    ledger.settle(handle, truth(80))
    assert (spent(ledger, sliding(60)), reserved(ledger, sliding(60))) == (0, 0)


@pytest.mark.parametrize("passed", [0, 50, 61, 200])
@pytest.mark.parametrize("actual", [30, 130])
def test_a_late_truth_never_makes_a_sliding_window_negative(ledger, clock, passed, actual):
    """A guess is replaced where it stands, or not at all if it has left the window."""
    handle = hold(ledger, "a", 100, sliding(60))
    ledger.settle(handle, unknown(100))
    clock.advance(passed)
    ledger.settle(handle, truth(actual))
    assert spent(ledger, sliding(60)) == (actual if passed < 60 else 0)


def test_what_leaves_a_sliding_window_takes_its_unconfirmed_part_along(ledger, clock):
    """Once the guess has left, what is spent is confirmed."""
    ledger.settle(hold(ledger, "a", 100, sliding(60)), unknown(100))
    clock.advance(40)
    ledger.settle(hold(ledger, "b", 100, sliding(60)), truth(100))
    assert balance(ledger, sliding(60)).unconfirmed == Amounts(100, 0, 1)
    clock.advance(21)
    assert balance(ledger, sliding(60)).unconfirmed == Amounts()
    (shortage,) = refuse(ledger, claim("c", limit(100), counters=(sliding(60),), tokens=1)).shortages
    assert (shortage.spent, shortage.unconfirmed) == (100, 0)


def test_a_sliding_window_says_when_its_oldest_part_leaves(ledger, clock):
    """At `resets_at`, and not before, there is room again."""
    ledger.settle(hold(ledger, "a", 100, sliding(60)), truth(100))
    clock.advance(30)
    asked = claim("b", limit(100), counters=(sliding(60),), tokens=100)
    (shortage,) = refuse(ledger, asked).shortages
    clock.at = shortage.resets_at - 0.001
    refuse(ledger, asked)
    clock.at = shortage.resets_at
    grant(ledger, asked)


charges = st.lists(st.tuples(st.floats(0, 40), st.integers(0, 100), st.floats(0, 40)), max_size=30)


@settings(max_examples=100, deadline=None)
@given(charges=charges, seconds=st.sampled_from([1, 7, 60, 100]))
def test_no_sliding_window_is_ever_under_counted(charges, seconds):
    """At each instant the count is at least what was reserved in the window's length before it, a step more at most."""
    clock = FakeClock(NOON)
    ledger, counter = MemoryLedger(clock=clock), sliding(seconds)
    booked: list[tuple[float, int]] = []
    for number, (pause, tokens, delay) in enumerate(charges):
        handle = hold(ledger, str(number), tokens, counter)
        booked.append((clock.at, tokens))
        clock.advance(delay)
        ledger.settle(handle, truth(tokens))
        clock.advance(pause)
        seen = spent(ledger, counter)
        step = seconds / 60
        assert sum(amount for at, amount in booked if clock.at - seconds < at) <= seen
        assert seen <= sum(amount for at, amount in booked if clock.at - seconds - step <= at)
