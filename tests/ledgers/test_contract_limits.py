"""The contract of every ledger: overrides, resets, records and what can be read."""

from __future__ import annotations

import pytest

from llm_token_budget.ledgers.base import NANO_USD, Amounts, Balance, Charge

from .building import (
    DAY,
    EVERYONE,
    HOUR,
    balance,
    claim,
    every,
    grant,
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

ADA, BOB = ("ada",), ("bob",)


def of(who: tuple[str, ...], amount: int | None = 100):
    return limit(amount, name="daily", key=who)


def ask(ledger, who: tuple[str, ...], name: str, tokens: int):
    return claim(name, of(who), counters=(user(*who),), tokens=tokens)


def test_an_override_for_a_key_goes_before_the_limit(ledger):
    """Raised for one, it stays as it was for the others."""
    ledger.set_limit("daily", ADA, 200)
    grant(ledger, ask(ledger, ADA, "a", 200))
    refuse(ledger, ask(ledger, BOB, "b", 200))


def test_an_override_for_all_goes_before_the_limit(ledger):
    """No key: everyone who has no amount of their own."""
    ledger.set_limit("daily", None, 200)
    ledger.set_limit("daily", BOB, 50)
    grant(ledger, ask(ledger, ADA, "a", 200))
    refuse(ledger, ask(ledger, BOB, "b", 51))


def test_an_override_is_for_its_own_limit(ledger):
    """Other names are not touched."""
    ledger.set_limit("monthly", None, 10**6)
    refuse(ledger, ask(ledger, ADA, "a", 101))


@pytest.mark.parametrize("key", [None, ADA])
def test_an_override_of_none_is_unlimited(ledger, key):
    """None goes before the limit's own amount."""
    ledger.set_limit("daily", key, None)
    answer = grant(ledger, ask(ledger, ADA, "a", 10**9))
    assert not answer.bounded


@pytest.mark.parametrize("key", [None, ADA])
def test_an_override_of_zero_blocks(ledger, key):
    """0 stops a user or everyone at once."""
    ledger.set_limit("daily", key, 0)
    assert not refuse(ledger, ask(ledger, ADA, "a", 0)).held


def test_an_unlimited_key_is_not_stopped_by_an_amount_for_all(ledger):
    """Its own None goes before the 0 for all."""
    ledger.set_limit("daily", None, 0)
    ledger.set_limit("daily", ADA, None)
    grant(ledger, ask(ledger, ADA, "a", 500))


def test_an_override_gives_an_amount_to_a_line_that_has_none(ledger):
    """An unlimited line can be limited while running."""
    ledger.set_limit("daily", None, 10)
    refuse(ledger, claim("a", of(ADA, None), counters=(user(),), tokens=11))


def test_clearing_an_override_brings_the_limit_back(ledger):
    """First the amount for all, then the limit's own; clearing what isn't there is no error."""
    ledger.set_limit("daily", ADA, 1000)
    ledger.set_limit("daily", None, 500)
    ledger.clear_limit("daily", ADA)
    assert ledger.limit_amounts([of(ADA)]) == [500]
    ledger.clear_limit("daily", None)
    ledger.clear_limit("daily", None)
    assert ledger.limit_amounts([of(ADA)]) == [100]


def test_the_amounts_that_hold_can_be_read(ledger):
    """In the order of the lines, overrides applied."""
    ledger.set_limit("daily", ADA, 7)
    ledger.set_limit("daily", ("eve",), None)
    assert ledger.limit_amounts([of(BOB), of(ADA), of(("eve",)), of(BOB, None)]) == [100, 7, None, None]


def test_a_lowered_limit_refuses_what_no_longer_fits(ledger):
    """Below what is spent already, nothing more is granted, and nothing breaks."""
    ledger.settle(grant(ledger, ask(ledger, ADA, "a", 80)).handle, truth(80))
    ledger.set_limit("daily", ADA, 50)
    (shortage,) = refuse(ledger, ask(ledger, ADA, "b", 1)).shortages
    assert (shortage.amount, shortage.spent) == (50, 80)


def test_the_shortage_shows_the_override(ledger):
    """The amount in a refusal is the one that held."""
    ledger.set_limit("daily", ADA, 30)
    assert refuse(ledger, ask(ledger, ADA, "a", 31)).shortages[0].amount == 30


def fill(ledger, clock):
    """Ada has two sessions, Bob one of the same name; each is charged 100 of everything, Ada's first with 30 blocked."""
    hour, slide = every(HOUR, clock.at), sliding(HOUR)
    for name, who, chat in [("a", "ada", "one"), ("b", "ada", "two"), ("c", "bob", "one")]:
        counters = EVERYONE, user(who), session(chat, who), hour, slide
        ledger.settle(hold(ledger, name, 100, *counters), truth(100, 0, 5))


def spent_by(ledger, *counters):
    return [spent(ledger, counter) for counter in counters]


SHOWN = (EVERYONE, user("ada"), user("bob"), session("one", "ada"), session("two", "ada"), session("one", "bob"))


@pytest.mark.parametrize(
    ("whom", "left"),
    [
        ({}, [0, 0, 0, 0, 0, 0]),
        ({"user": "ada"}, [300, 0, 100, 0, 0, 100]),
        ({"user": "ada", "session": "one"}, [300, 200, 100, 0, 100, 100]),
        ({"user": "nobody"}, [300, 200, 100, 100, 100, 100]),
        ({"session": "one"}, [300, 200, 100, 0, 100, 0]),
    ],
)
def test_a_reset_zeroes_what_it_names_and_nothing_else(ledger, clock, whom, left):
    """Everything; a user with all their sessions; one session of theirs. Sessions of the same name of others stay."""
    fill(ledger, clock)
    ledger.reset(**whom)
    assert spent_by(ledger, *SHOWN) == left


def test_a_reset_of_everything_includes_windows(ledger, clock):
    """Fixed and sliding windows start anew too."""
    fill(ledger, clock)
    ledger.reset()
    assert spent_by(ledger, every(HOUR, clock.at), sliding(HOUR)) == [0, 0]
    ledger.settle(hold(ledger, "after", 10, sliding(HOUR)), truth(10))
    assert spent(ledger, sliding(HOUR)) == 10


def test_what_a_reset_zeroed_does_not_leave_a_sliding_window_again(ledger, clock):
    """When its time has come there is nothing left to take away: the count never goes below what was spent since."""
    ledger.record((sliding(60),), truth(100))
    clock.advance(30)
    ledger.reset()
    ledger.record((sliding(60),), truth(10))
    clock.advance(35)
    assert spent(ledger, sliding(60)) == 10


def test_a_reset_zeroes_all_that_was_counted(ledger):
    """Overrun, unconfirmed, unreserved, blocked, the marks: all of it is gone."""
    ledger.settle(hold(ledger, "a", 10), Charge(20, 5, 3, 1, estimated=True, unpriced=True))
    ledger.settle(hold(ledger, "b", 10), unknown(10))
    ledger.record((EVERYONE,), truth(10))
    refuse(ledger, claim("c", limit(0), tokens=1))
    ledger.reset()
    assert balance(ledger) == Balance()


def test_a_reset_keeps_what_is_reserved(ledger):
    """Calls in flight hold their room, and settle into the new count."""
    handle = hold(ledger, "a", 100, EVERYONE, sliding())
    ledger.reset()
    refuse(ledger, claim("b", limit(100), tokens=1))
    ledger.settle(handle, truth(60))
    assert balance(ledger) == Balance(spent=Amounts(60, 0, 1), input_tokens=60, blocked=1)
    assert spent(ledger, sliding()) == 60


def test_a_reset_makes_room(ledger):
    """A used-up budget can be used again."""
    ledger.settle(grant(ledger, claim("a", limit(100), tokens=100)).handle, truth(100))
    ledger.reset()
    grant(ledger, claim("b", limit(100), tokens=100))


@pytest.mark.parametrize("counter", [EVERYONE, sliding()])
@pytest.mark.parametrize("end", ["lower", "higher", "refund", "release"])
def test_a_guess_from_before_a_reset_is_not_taken_from_the_new_count(ledger, counter, end):
    """It went with the old count: replacing it changes nothing, and nothing becomes negative."""
    handle = hold(ledger, "a", 100, counter)
    ledger.settle(handle, unknown(120))
    ledger.reset()
    match end:
        case "lower":
            ledger.settle(handle, truth(60))
        case "higher":
            ledger.settle(handle, truth(160))
        case "refund":
            ledger.refund("a")
        case _:
            ledger.release(handle)
    assert balance(ledger, counter) == Balance()


def test_a_guess_is_replaced_in_the_counters_that_were_not_reset(ledger):
    """A user's reset leaves the count of everyone as it was: there the truth takes the guess's place."""
    handle = hold(ledger, "a", 100, EVERYONE, user())
    ledger.settle(handle, unknown(100))
    ledger.reset(user="ada")
    ledger.settle(handle, truth(60))
    assert spent_by(ledger, EVERYONE, user()) == [60, 0]


def test_a_guess_from_after_a_reset_is_replaced(ledger):
    """The new count takes part in everything as the old one did."""
    handle = hold(ledger, "a", 100)
    ledger.reset()
    ledger.settle(handle, unknown(100))
    ledger.settle(handle, truth(60))
    assert spent(ledger) == 60


def test_a_reset_keeps_overrides(ledger):
    """A reset is about what was spent, not about what may be."""
    ledger.set_limit("daily", ADA, 7)
    ledger.reset()
    assert ledger.limit_amounts([of(ADA)]) == [7]


def test_a_record_is_counted_as_unreserved(ledger):
    """What was spent without asking is part of `spent`, and told apart."""
    assert ledger.record((EVERYONE, user()), truth(60, 5, 9)) is None
    expected = Balance(spent=Amounts(65, 9, 1), unreserved=Amounts(65, 9, 1), input_tokens=60, output_tokens=5)
    assert ledger.read([EVERYONE, user()]) == [expected, expected]


def test_a_record_never_refuses(ledger):
    """It goes above every limit, and the next claim is refused."""
    ledger.record((EVERYONE,), truth(500))
    refuse(ledger, claim("a", limit(100), tokens=1))
    assert spent(ledger) == 500


def test_a_record_counts_its_marks(ledger):
    """Tokens without a price, and our own estimates."""
    ledger.record((EVERYONE,), Charge(10, estimated=True, unpriced=True))
    assert (balance(ledger).estimated_requests, balance(ledger).unpriced_requests) == (1, 1)


def test_a_record_leaves_a_sliding_window_in_time(ledger, clock):
    """It is booked at the moment it is recorded."""
    ledger.record((sliding(60),), truth(60))
    clock.advance(61)
    assert spent(ledger, sliding(60)) == 0


def test_reading_counters_that_nobody_has_used(ledger):
    """All zero, in the order asked for, and reading makes no rows."""
    ledger.settle(hold(ledger, "a", 10), truth(10))
    assert ledger.read([user("x"), EVERYONE, user("y")])[0] == Balance()
    assert ledger.read([]) == []
    assert ledger.users(user()) == []


def test_users_come_by_cost_highest_first(ledger):
    """Then by tokens, then by name."""
    for name, tokens, cost in [("cheap", 900, 1), ("dear", 10, 50), ("wordy", 901, 1), ("b", 0, 0), ("a", 0, 0)]:
        ledger.settle(hold(ledger, name, 0, user(name)), truth(tokens, 0, cost))
    assert [name for name, _ in ledger.users(user())] == ["dear", "wordy", "cheap", "a", "b"]


@pytest.mark.parametrize(
    ("limit", "offset", "names"),
    [(None, 0, "edcba"), (2, 0, "ed"), (2, 3, "ba"), (2, 4, "a"), (2, 9, ""), (0, 0, ""), (None, 3, "ba")],
)
def test_users_come_in_pages(ledger, limit, offset, names):
    """`limit` and `offset` cut the ordered list."""
    for cost, name in enumerate("abcde"):
        ledger.record((user(name),), truth(1, 0, cost))
    assert [name for name, _ in ledger.users(user(), limit=limit, offset=offset)] == list(names)


def test_users_are_those_of_the_same_scope_and_window(ledger, clock):
    """Other scopes, and the same users in other windows, are not listed."""
    hour = every(HOUR, clock.at, key="ada")
    ledger.record((EVERYONE, user("ada"), session("chat", "ada"), hour), truth(10))
    ledger.record((user("bob"),), truth(5))
    assert [(name, seen.spent.tokens) for name, seen in ledger.users(user())] == [("ada", 10), ("bob", 5)]
    assert [name for name, _ in ledger.users(hour)] == ["ada"]


def test_users_of_a_sliding_window_are_seen_as_they_stand_now(ledger, clock):
    """What has left the window is not listed as spent."""
    ada = user("ada")._replace(window="sliding:60", sliding=60)
    ledger.record((ada,), truth(10))
    clock.advance(61)
    assert [seen.spent.tokens for _, seen in ledger.users(ada)] == [0]


def test_forgetting_later_drops_a_counter(ledger):
    """The counter of a run that is over is gone with the next operation."""
    ledger.record((run("a"), run("b")), truth(10))
    ledger.forget_later((run("a"),))
    assert spent_by(ledger, run("a"), run("b")) == [0, 10]
    assert [name for name, _ in ledger.users(run(""))] == ["b"]


def test_a_counter_with_an_open_reservation_is_not_forgotten(ledger):
    """Its room is held until the call has ended."""
    handle = hold(ledger, "a", 100, run("a"))
    ledger.forget_later((run("a"),))
    assert reserved(ledger, run("a")) == 100
    ledger.settle(handle, truth(60))
    assert (spent(ledger, run("a")), reserved(ledger, run("a"))) == (60, 0)


def test_forgetting_several_counters_at_once(ledger):
    """Two counters in one call are both dropped."""
    ledger.record((run("a"), run("b")), truth(10))
    ledger.forget_later((run("a"), run("b"), run("never used")))
    assert ledger.users(run("")) == []


def test_a_late_truth_for_a_forgotten_counter_disturbs_nothing(ledger):
    """The other counters get it."""
    handle = hold(ledger, "a", 100, EVERYONE, run("a"))
    ledger.settle(handle, unknown(100))
    ledger.forget_later((run("a"),))
    ledger.settle(handle, truth(60))
    assert spent_by(ledger, EVERYONE, run("a")) == [60, 0]


@pytest.mark.parametrize("counter", [session("chat"), run("job")])
def test_sessions_and_runs_that_nobody_touches_are_dropped(ledger, clock, counter):
    """After 30 idle days they are gone; a touched one stays."""
    ledger.record((counter,), truth(10))
    clock.advance(29 * DAY)
    ledger.record((counter,), truth(10))
    clock.advance(29 * DAY)
    assert spent(ledger, counter) == 20
    clock.advance(1.1 * DAY)
    assert spent(ledger, counter) == 0


def test_users_are_never_dropped(ledger, clock):
    """A total is a total."""
    ledger.record((EVERYONE, user()), truth(10))
    clock.advance(400 * DAY)
    assert spent_by(ledger, EVERYONE, user()) == [10, 10]


def test_an_idle_session_with_an_open_reservation_is_kept(ledger, clock):
    """What is held is held, however long a stream goes on."""
    handle = hold(ledger, "a", 100, session("chat"), lease=100 * DAY)
    clock.advance(60 * DAY)
    assert reserved(ledger, session("chat")) == 100
    ledger.settle(handle, truth(60))
    assert (spent(ledger, session("chat")), reserved(ledger, session("chat"))) == (60, 0)


@pytest.mark.parametrize("unit_amounts", [(100, 40), (40, 100)])
def test_remaining_room_is_seen_per_unit(ledger, unit_amounts):
    """Tokens and dollars of one counter are balances of their own."""
    tokens, money = unit_amounts
    ledger.settle(hold(ledger, "a", 0), truth(tokens, 0, money))
    asked = claim("b", limit(99), limit(99, NANO_USD), requests=0)
    assert refuse(ledger, asked).shortages[0].line == (0 if tokens > money else 1)
