"""The contract of every ledger: how reservations end."""

from __future__ import annotations

import pickle

import pytest

from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers.base import Amounts, Balance, Booked, Charge

from .building import (
    DAY,
    EVERYONE,
    balance,
    balance_at,
    claim,
    every,
    grant,
    hold,
    limit,
    reserved,
    session,
    sliding,
    spent,
    truth,
    unknown,
    user,
)


@pytest.mark.parametrize(("actual", "overrun"), [(0, 0), (60, 0), (100, 0), (130, 30)])
def test_the_truth_replaces_what_was_reserved(ledger, actual, overrun):
    """Below, equal or above: what was used is spent, nothing stays reserved, and what was above is counted apart."""
    handle = hold(ledger, "a", 100)
    assert ledger.settle(handle, truth(actual)) == Booked(None, first=True)
    assert balance(ledger) == Balance(
        spent=Amounts(actual, 0, 1), overrun=Amounts(overrun), input_tokens=actual, output_tokens=0
    )


def test_overrun_is_counted_per_unit(ledger):
    """Fewer tokens at a higher price: only the money is above."""
    handle = grant(ledger, claim("a", tokens=100, nano_usd=500)).handle
    ledger.settle(handle, truth(60, 0, 700))
    assert balance(ledger).overrun == Amounts(0, 200, 0)


def test_input_and_output_are_counted_apart(ledger):
    """A balance knows both kinds of tokens."""
    ledger.settle(hold(ledger, "a", 100), truth(30, 12))
    assert (balance(ledger).input_tokens, balance(ledger).output_tokens, spent(ledger)) == (30, 12, 42)


def test_room_that_is_given_back_can_be_used(ledger):
    """A settle below the reservation frees the difference."""
    handle = grant(ledger, claim("a", limit(100), tokens=100)).handle
    ledger.settle(handle, truth(30))
    assert grant(ledger, claim("b", limit(100), want=500)).output_tokens == 70


def test_settling_again_with_the_same_amounts_changes_nothing(ledger):
    """A repeat is told apart, and is told what was charged."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, truth(60, 5))
    before = balance(ledger)
    assert ledger.settle(handle, truth(60, 5)) == Booked(truth(60, 5), first=False)
    assert balance(ledger) == before


@pytest.mark.parametrize("other", [truth(61), truth(59), truth(30, 30), truth(60, 0, 1), truth(60, 0, 0, 2)])
def test_settling_again_with_another_amount_is_a_conflict(ledger, other):
    """The first amount stands, whichever part differs."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, truth(60))
    before = balance(ledger)
    with pytest.raises(ReservationConflict, match="another amount"):
        ledger.settle(handle, other)
    assert balance(ledger) == before


def test_not_knowing_does_not_contradict_the_truth(ledger):
    """An unconfirmed charge after the truth is a repeat, not a conflict: finalizers know no better."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, truth(60))
    assert ledger.settle(handle, unknown(100)) == Booked(truth(60), first=False)
    assert spent(ledger) == 60


def test_releasing_gives_everything_back(ledger):
    """Nothing was billed: nothing is spent and nothing is held."""
    handle = hold(ledger, "a", 100)
    assert ledger.release(handle) == Booked(None, first=True)
    assert balance(ledger) == Balance()


def test_releasing_again_changes_nothing(ledger):
    """A repeated release is told apart from the first."""
    handle = hold(ledger, "a", 100)
    ledger.release(handle)
    assert not ledger.release(handle).first
    assert balance(ledger) == Balance()


def test_releasing_what_was_settled_is_a_conflict(ledger):
    """A bill can't be wished away."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, truth(60))
    with pytest.raises(ReservationConflict, match="with an amount"):
        ledger.release(handle)
    assert spent(ledger) == 60


def test_releasing_what_was_settled_with_nothing_is_no_conflict(ledger):
    """Charged nothing and given back are the same amount."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, truth(0, requests=0))
    assert not ledger.release(handle).first


def test_the_truth_is_counted_after_a_release(ledger):
    """Given back too early: all of the bill was unforeseen, and is counted as overrun."""
    handle = hold(ledger, "a", 100)
    ledger.release(handle)
    assert ledger.settle(handle, truth(60)) == Booked(None, first=True)
    assert (spent(ledger), balance(ledger).overrun) == (60, Amounts(60, 0, 1))


def test_the_truth_after_a_release_is_counted_once(ledger):
    """The late truth ends the reservation for good."""
    handle = hold(ledger, "a", 100)
    ledger.release(handle)
    ledger.settle(handle, truth(60))
    assert not ledger.settle(handle, truth(60)).first
    with pytest.raises(ReservationConflict):
        ledger.settle(handle, truth(61))
    assert spent(ledger) == 60


def test_not_knowing_after_a_release_charges_nothing(ledger):
    """Who released knew that nothing was billed."""
    handle = hold(ledger, "a", 100)
    ledger.release(handle)
    assert not ledger.settle(handle, unknown(100)).first
    assert spent(ledger) == 0


def test_an_unknown_outcome_is_charged_and_listed(ledger, clock):
    """An unconfirmed charge is part of what is spent, and can be seen."""
    handle = hold(ledger, "a", 100)
    clock.advance(5)
    ledger.settle(handle, unknown(100))
    assert (balance(ledger).spent, balance(ledger).unconfirmed) == (Amounts(100, 0, 1), Amounts(100, 0, 1))
    (listed,) = ledger.unconfirmed()
    assert (listed.handle, listed.charge, listed.at) == (handle, unknown(100), clock.at)


def test_unconfirmed_charges_are_listed_oldest_first(ledger, clock):
    """In the order in which they were charged."""
    handles = [hold(ledger, name, 10) for name in "abc"]
    for handle in (handles[1], handles[2], handles[0]):
        clock.advance(1)
        ledger.settle(handle, unknown(10))
    assert [listed.handle.id for listed in ledger.unconfirmed()] == ["b", "c", "a"]


@pytest.mark.parametrize(("charged", "actual", "overrun"), [(100, 60, 0), (100, 100, 0), (100, 130, 30), (40, 60, 20)])
def test_a_late_truth_replaces_an_unconfirmed_charge(ledger, charged, actual, overrun):
    """Above or below; what is more than what was still covered is overrun, as its room may be somebody else's by now."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, unknown(charged))
    assert ledger.settle(handle, truth(actual)) == Booked(unknown(charged), first=True)
    assert balance(ledger) == Balance(spent=Amounts(actual, 0, 1), overrun=Amounts(overrun), input_tokens=actual)
    assert list(ledger.unconfirmed()) == []


@pytest.mark.parametrize(("actual", "overrun"), [(60, 0), (100, 0), (120, 20), (150, 50), (180, 80)])
def test_a_late_truth_takes_back_the_overrun_of_a_guess(ledger, actual, overrun):
    """Overrun is what the bill was above the reservation, also where a guess had been higher still."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, unknown(150))
    assert balance(ledger).overrun == Amounts(50)
    ledger.settle(handle, truth(actual))
    assert balance(ledger).overrun == Amounts(overrun)


@pytest.mark.parametrize("give_back", ["refund", "release"])
def test_giving_back_a_guess_takes_back_its_overrun(ledger, give_back):
    """Nothing is spent, so nothing is above anything."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, unknown(150))
    ledger.refund("a") if give_back == "refund" else ledger.release(handle)
    assert balance(ledger) == Balance()


def test_the_late_truth_is_final(ledger):
    """After it, another amount is a conflict."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, unknown(100))
    ledger.settle(handle, truth(60))
    assert not ledger.settle(handle, truth(60)).first
    with pytest.raises(ReservationConflict):
        ledger.settle(handle, truth(100))


def test_an_unknown_outcome_is_charged_once(ledger):
    """The first guess stands until a truth comes."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, unknown(100))
    assert ledger.settle(handle, unknown(40)) == Booked(unknown(100), first=False)
    assert spent(ledger) == 100


def test_a_refund_gives_an_unconfirmed_charge_back(ledger):
    """A person who knows better frees the room, and is told how much it was."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, unknown(90, 10, 70))
    assert ledger.refund("a") == Amounts(100, 70, 1)
    assert balance(ledger) == Balance()
    assert list(ledger.unconfirmed()) == []


@pytest.mark.parametrize("state", ["nobody's", "open", "settled", "released", "refunded"])
def test_only_unconfirmed_charges_are_refunded(ledger, state):
    """What is open, known or given back stays as it is."""
    if state != "nobody's":
        handle = hold(ledger, "a", 100)
    if state == "settled":
        ledger.settle(handle, truth(60))
    elif state == "released":
        ledger.release(handle)
    elif state == "refunded":
        ledger.settle(handle, unknown(100))
        ledger.refund("a")
    before = balance(ledger)
    assert ledger.refund("a") is None
    assert balance(ledger) == before


def test_the_truth_is_counted_after_a_refund(ledger):
    """The person was wrong: the bill counts, all of it as overrun."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, unknown(100))
    ledger.refund("a")
    assert ledger.settle(handle, truth(60)).first
    assert (spent(ledger), balance(ledger).overrun) == (60, Amounts(60, 0, 1))


def test_releasing_an_unconfirmed_charge_gives_it_back(ledger):
    """Who learns late that nothing was billed says so."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, unknown(100))
    assert ledger.release(handle) == Booked(unknown(100), first=True)
    assert balance(ledger) == Balance()


def test_an_open_reservation_is_charged_when_its_lease_ends(ledger, clock):
    """Whoever vanished is charged what was reserved, as unconfirmed, with the input told apart."""
    grant(ledger, claim("a", tokens=100, nano_usd=30, want=20, lease=60))
    clock.advance(59.9)
    assert (spent(ledger), reserved(ledger)) == (0, 120)
    clock.advance(0.1)
    seen = balance(ledger)
    assert (seen.spent, seen.reserved, seen.unconfirmed) == (Amounts(120, 30, 1), Amounts(), Amounts(120, 30, 1))
    assert (seen.input_tokens, seen.output_tokens) == (100, 20)
    assert [listed.handle.id for listed in ledger.unconfirmed()] == ["a"]


def test_leases_end_in_their_own_time(ledger, clock):
    """The order of the leases counts, not that of the reservations."""
    hold(ledger, "long", 1, lease=100)
    hold(ledger, "short", 10, lease=10)
    clock.advance(50)
    assert (spent(ledger), reserved(ledger)) == (10, 1)


@pytest.mark.parametrize(("actual", "overrun"), [(60, 0), (130, 30)])
def test_the_truth_replaces_what_an_expiry_charged(ledger, clock, actual, overrun):
    """A settle that comes after the lease is counted as if it had come in time."""
    handle = hold(ledger, "a", 100, lease=60)
    clock.advance(61)
    assert ledger.settle(handle, truth(actual)).first
    assert (spent(ledger), balance(ledger).overrun.tokens, balance(ledger).unconfirmed) == (actual, overrun, Amounts())


def test_a_settle_that_finds_the_lease_ended_is_told_what_was_charged(ledger, clock):
    """Expiry comes first, even if this very settle notices it."""
    handle = hold(ledger, "a", 100, lease=60)
    clock.advance(61)
    assert ledger.settle(handle, truth(60)).before == unknown(100)


def test_renewing_keeps_a_reservation_open(ledger, clock):
    """A stream that goes on is not charged yet; its lease counts from now."""
    handle = hold(ledger, "a", 100, lease=60)
    clock.advance(50)
    assert ledger.renew(handle, 60)
    clock.advance(59)
    assert reserved(ledger) == 100
    clock.advance(1)
    assert (spent(ledger), reserved(ledger)) == (100, 0)


def test_renewing_never_shortens_a_lease(ledger, clock):
    """A small renewal is no reason to be charged earlier."""
    handle = hold(ledger, "a", 100, lease=600)
    assert ledger.renew(handle, 1)
    clock.advance(300)
    assert reserved(ledger) == 100


@pytest.mark.parametrize("end", ["settled", "released", "expired"])
def test_an_ended_reservation_is_not_renewed(ledger, clock, end):
    """The caller learns that it is over."""
    handle = hold(ledger, "a", 100, lease=60)
    if end == "settled":
        ledger.settle(handle, truth(1))
    elif end == "released":
        ledger.release(handle)
    else:
        clock.advance(60)
    before = balance(ledger)
    assert not ledger.renew(handle, 60)
    assert balance(ledger) == before


def test_a_truth_within_the_horizon_is_counted(ledger, clock):
    """A day and the longest lease later it is still known who it was."""
    handle = hold(ledger, "a", 100, lease=60)
    balance(ledger)
    clock.advance(60)
    balance(ledger)
    clock.advance(DAY + 59)
    assert ledger.settle(handle, truth(60)).first
    assert spent(ledger) == 60


def test_after_the_horizon_an_unconfirmed_charge_stands(ledger, clock):
    """No truth replaces it, no refund finds it, and it is listed no more; it remains part of what was spent."""
    handle = hold(ledger, "a", 100, lease=60)
    clock.advance(60)
    balance(ledger)
    clock.advance(DAY + 60)
    assert list(ledger.unconfirmed()) == []
    with pytest.raises(ReservationConflict):
        ledger.settle(handle, truth(60))
    assert ledger.refund("a") is None
    assert (spent(ledger), balance(ledger).unconfirmed) == (100, Amounts(100, 0, 1))


@pytest.mark.parametrize("end", ["released", "refunded", "never known"])
def test_a_handle_older_than_the_horizon_is_refused(ledger, clock, end):
    """Its truth is not applied, whatever had become of the reservation."""
    handle = hold(ledger, "a", 100, lease=60)
    if end == "never known":
        handle = handle._replace(id="from a store that was lost")
    ledger.settle(handle, unknown(100)) if end == "refunded" else None
    ledger.refund("a") if end == "refunded" else ledger.release(handle)
    clock.advance(DAY + 61)
    before = balance(ledger)
    with pytest.raises(ReservationConflict, match="older than what is remembered"):
        ledger.settle(handle, truth(60))
    assert balance(ledger) == before


def test_the_longest_lease_lengthens_the_horizon(ledger, clock):
    """The horizon is a day more than the longest lease that was ever given."""
    handle = hold(ledger, "a", 100, lease=60)
    hold(ledger, "long", 1, lease=2 * DAY)
    ledger.release(handle)
    clock.advance(2.5 * DAY)
    assert ledger.settle(handle, truth(60)).first


def test_a_long_renewal_lengthens_the_horizon(ledger, clock):
    """A lease counts as given however it was given."""
    handle, long = hold(ledger, "a", 100, lease=60), hold(ledger, "long", 1, lease=60)
    assert ledger.renew(long, 2 * DAY)
    ledger.release(handle)
    clock.advance(2.5 * DAY)
    assert ledger.settle(handle, truth(60)).first


def test_a_reservation_that_stays_open_is_never_too_old(ledger, clock):
    """A lease that is renewed for days ends with the truth."""
    handle = hold(ledger, "a", 100, lease=HALF_A_DAY)
    for _ in range(10):
        clock.advance(HALF_A_DAY - 1)
        assert ledger.renew(handle, HALF_A_DAY)
    assert ledger.settle(handle, truth(60)).first
    assert (spent(ledger), reserved(ledger)) == (60, 0)


HALF_A_DAY = DAY / 2


def test_a_handle_settles_after_a_journey(ledger):
    """A handle is complete in itself: pickled and read back, it is the same."""
    handle = pickle.loads(pickle.dumps(hold(ledger, "a", 100)))
    ledger.settle(handle, truth(60))
    assert (spent(ledger), reserved(ledger)) == (60, 0)


def test_a_handle_settles_in_a_ledger_that_lost_it(ledger):
    """The truth of a reservation that nobody remembers is counted, once, and all of it as overrun."""
    handle = hold(ledger, "a", 100)._replace(id="lost")
    assert ledger.settle(handle, truth(60)).first
    assert not ledger.settle(handle, truth(60)).first
    assert (spent(ledger), balance(ledger).overrun) == (60, Amounts(60, 0, 1))


def test_an_unknown_outcome_of_a_lost_reservation_can_be_replaced(ledger):
    """Also where the record was lost, a guess is listed, and a truth takes its place."""
    handle = hold(ledger, "a", 100)._replace(id="lost")
    ledger.settle(handle, unknown(100))
    assert [listed.handle.id for listed in ledger.unconfirmed()] == ["lost"]
    ledger.settle(handle, truth(60))
    assert (spent(ledger), balance(ledger).overrun, balance(ledger).unconfirmed) == (60, Amounts(60, 0, 1), Amounts())


def test_an_unknown_outcome_of_a_lost_reservation_can_be_refunded(ledger):
    """Also where the record was lost, a person can give a guess back."""
    handle = hold(ledger, "a", 100)
    ledger.release(handle)
    ledger.settle(handle._replace(id="lost"), unknown(100))
    assert ledger.refund("lost") == Amounts(100, 0, 1)
    assert balance(ledger) == Balance()


def test_releasing_a_lost_reservation_changes_nothing(ledger):
    """There is nothing to give back."""
    handle = hold(ledger, "a", 100)
    assert not ledger.release(handle._replace(id="lost")).first
    assert reserved(ledger) == 100


def test_estimates_and_missing_prices_are_counted(ledger):
    """How many charges are ours rather than the provider's, and how many lack their price."""
    ledger.settle(hold(ledger, "a", 100), truth(60)._replace(estimated=True))
    ledger.settle(hold(ledger, "b", 100), truth(60)._replace(unpriced=True))
    ledger.settle(hold(ledger, "c", 100), truth(60))
    assert (balance(ledger).estimated_requests, balance(ledger).unpriced_requests) == (1, 1)


def test_a_truth_takes_the_marks_of_a_guess_away(ledger):
    """A guess without a price that is replaced by a priced truth is no longer counted as unpriced."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, Charge(100, 0, 0, 1, unconfirmed=True, estimated=True, unpriced=True))
    assert (balance(ledger).estimated_requests, balance(ledger).unpriced_requests) == (1, 1)
    ledger.settle(handle, truth(60, 0, 5))
    assert (balance(ledger).estimated_requests, balance(ledger).unpriced_requests) == (0, 0)


def test_every_counter_of_a_reservation_is_settled(ledger, clock):
    """One settle books into all its counters, whatever their windows."""
    counters = EVERYONE, user(), session("chat"), every(3600, clock.at), sliding(60)
    ledger.settle(hold(ledger, "a", 100, *counters), truth(60))
    assert [(each.spent.tokens, each.reserved.tokens) for each in ledger.read(counters)] == [(60, 0)] * 5


@pytest.mark.parametrize("end", ["settled", "unconfirmed", "expired", "replaced"])
def test_an_end_is_booked_into_the_window_of_the_reserve(ledger, clock, end):
    """A call that ends in the next window was spent in the one in which it was reserved."""
    before = every(3600, clock.at)
    handle = hold(ledger, "a", 100, before, lease=4000)
    clock.advance(3601)
    after = every(3600, clock.at)
    match end:
        case "settled":
            ledger.settle(handle, truth(60))
        case "unconfirmed":
            ledger.settle(handle, unknown(60))
        case "expired":
            clock.advance(500)
        case _:
            ledger.settle(handle, unknown(100))
            ledger.settle(handle, truth(60))
    assert balance(ledger, after) == Balance()
    seen = balance_at(ledger, clock, before, before.end - 1)
    assert (seen.spent.tokens, seen.reserved.tokens) == (100 if end == "expired" else 60, 0)


def test_the_truth_after_a_release_is_booked_into_the_window_of_the_reserve(ledger, clock):
    """A closed window that is still kept gets its late truth."""
    before = every(3600, clock.at)
    handle = hold(ledger, "a", 100, before, lease=4000)
    ledger.release(handle)
    clock.advance(3601)
    ledger.settle(handle, truth(60))
    assert balance_at(ledger, clock, before, before.end - 1).spent.tokens == 60


def test_settling_later_is_done_by_the_next_operation(ledger):
    """A finalizer's settle is queued, and counted before anything else is answered."""
    handle = hold(ledger, "a", 100)
    ledger.settle_later(handle, truth(60))
    assert (spent(ledger), reserved(ledger)) == (60, 0)


def test_releasing_later_is_done_by_the_next_operation(ledger):
    """None means: nothing was billed."""
    handle = hold(ledger, "a", 100)
    ledger.settle_later(handle, None)
    assert balance(ledger) == Balance()


def test_what_is_settled_later_makes_room_for_the_next_claim(ledger):
    """The queue is emptied before a claim is decided."""
    handle = grant(ledger, claim("a", limit(100), tokens=100)).handle
    ledger.settle_later(handle, None)
    grant(ledger, claim("b", limit(100), tokens=100))


@pytest.mark.parametrize("late", [truth(99), unknown(100), None])
def test_settling_later_what_had_ended_changes_nothing(ledger, late):
    """A finalizer that comes after the truth disturbs nobody."""
    handle = hold(ledger, "a", 100)
    ledger.settle(handle, truth(60))
    before = balance(ledger)
    ledger.settle_later(handle, late)
    assert balance(ledger) == before
