"""The contract of every ledger: reserving and looking."""

from __future__ import annotations

import pytest

from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers.base import NANO_USD, REQUESTS, TOKENS, Amounts, Balance, Granted, Refused

from .building import EVERYONE, balance, claim, grant, hold, limit, refuse, reserved, spent, truth, user


def test_all_that_is_wanted_is_granted_where_there_is_room(ledger):
    """A claim that fits gets its `want`, and input plus output are held."""
    answer = grant(ledger, claim("a", limit(1000), tokens=100, want=500))
    assert (answer.output_tokens, answer.handle.reserved.tokens) == (500, 600)
    assert reserved(ledger) == 600


def test_the_largest_output_that_fits_is_granted(ledger):
    """Near the limit the grant shrinks to the last token, and not one below it."""
    answer = grant(ledger, claim("a", limit(1000), tokens=100, want=5000, at_least=10))
    assert answer.output_tokens == 900
    assert reserved(ledger) == 1000


def test_the_grant_is_the_least_that_any_limit_allows(ledger):
    """Limits in tokens, dollars and requests shrink the grant together."""
    lines = limit(1000, TOKENS), limit(5_000, NANO_USD), limit(3, REQUESTS)
    answer = grant(ledger, claim("a", *lines, tokens=100, nano_usd=1_000, per_output=(1000, 7_500, 0), want=5000))
    # (5,000 - 1,000) nano-USD at 7.5 nano-USD per token: 533.33 tokens.
    assert answer.output_tokens == 533
    assert answer.handle.reserved == Amounts(633, 1_000 + 3_998, 1)


@pytest.mark.parametrize(
    ("slope", "output", "held"), [(1, 1, 1), (999, 1, 1), (1000, 7, 7), (1001, 1, 2), (1001, 999, 1000)]
)
def test_fractions_of_a_unit_are_rounded_up(ledger, slope, output, held):
    """What is reserved is fixed + ceil(slope * k / 1000), in whole units."""
    answer = grant(ledger, claim("a", counters=(EVERYONE,), nano_usd=5, per_output=(0, slope, 0), want=output))
    assert answer.handle.reserved.nano_usd == 5 + held


def test_a_claim_whose_least_does_not_fit_is_refused(ledger):
    """One token short of `at_least` is a refusal that says what was needed and what there is."""
    hold(ledger, "before", 850)
    (shortage,) = refuse(ledger, claim("a", limit(1000), tokens=100, want=500, at_least=51)).shortages
    assert (shortage.amount, shortage.spent, shortage.reserved, shortage.needed) == (1000, 0, 850, 151)
    assert grant(ledger, claim("b", limit(1000), tokens=100, want=500, at_least=50)).output_tokens == 50


def test_a_fixed_part_that_does_not_fit_is_refused(ledger):
    """An input that is larger than the room has no grant, not even one of no output."""
    refuse(ledger, claim("a", limit(99), tokens=100))


def test_an_exactly_used_budget_still_fits(ledger):
    """The limit itself may be reached."""
    assert grant(ledger, claim("a", limit(100), tokens=100)).output_tokens == 0


@pytest.mark.parametrize(
    ("share", "floor", "output"), [(0, 0, 900), (10, 0, 90), (10, 200, 200), (10, 5000, 900), (1, 0, 900)]
)
def test_a_share_leaves_room_for_others(ledger, share, floor, output):
    """At most 1/share of what is left is granted, but the floor at least, and never more than there is."""
    asked = claim("a", limit(1000), tokens=100, want=5000, share=share, share_floor=floor)
    assert grant(ledger, asked).output_tokens == output


def test_a_share_is_never_below_the_least(ledger):
    """A claim that needs more than its share gets what it needs."""
    assert grant(ledger, claim("a", limit(1000), want=5000, at_least=300, share=10)).output_tokens == 300


def test_a_share_of_no_limit_is_all_that_is_wanted(ledger):
    """Where nothing limits there is nothing to share."""
    assert grant(ledger, claim("a", limit(None), want=5000, share=10)).output_tokens == 5000


def test_a_refusal_changes_nothing_but_the_blocked_count(ledger):
    """After a refusal each balance is as before, but for `blocked`."""
    everyone, ada = EVERYONE, user("ada")
    handle = hold(ledger, "before", 60, everyone, ada)
    ledger.settle(handle, truth(60))
    before = ledger.read([everyone, ada])
    refuse(ledger, claim("a", limit(100, on=1), counters=(everyone, ada), tokens=50))
    assert ledger.read([everyone, ada]) == [balance._replace(blocked=1) for balance in before]


def test_a_refusal_makes_no_rows_for_unknown_keys(ledger):
    """Hostile keys can't fill the ledger: who was only ever refused is not listed."""
    refuse(ledger, claim("a", limit(10, on=1), counters=(EVERYONE, user("mallory")), tokens=50))
    assert ledger.users(user()) == []
    assert balance(ledger).blocked == 1
    assert balance(ledger, user("mallory")) == Balance()


def test_one_limit_without_room_holds_nothing_on_the_others(ledger):
    """All or nothing, over counters."""
    ada, bob = user("ada"), user("bob")
    refuse(ledger, claim("a", limit(100, on=0), limit(10, on=1), counters=(ada, bob), tokens=50))
    assert ledger.read([ada, bob]) == [Balance(), Balance()]


def test_one_unit_without_room_holds_nothing_of_the_others(ledger):
    """All or nothing, over units."""
    refuse(ledger, claim("a", limit(100), limit(10, NANO_USD), tokens=50, nano_usd=11))
    assert balance(ledger).reserved == Amounts()


def test_two_limits_on_one_counter_both_hold(ledger):
    """Each line has its say, also where several look at one counter."""
    (shortage,) = refuse(ledger, claim("a", limit(100), limit(40, name="tight"), tokens=50)).shortages
    assert (shortage.line, shortage.amount) == (1, 40)


def test_every_shortage_is_reported(ledger):
    """A refusal names each enforced line without room, in the order of the lines."""
    answer = refuse(ledger, claim("a", limit(1), limit(1000), limit(0, REQUESTS), tokens=50))
    assert [shortage.line for shortage in answer.shortages] == [0, 2]


def test_a_limit_on_the_single_call_looks_at_no_counter(ledger):
    """A line of counter -1 caps each call by itself, whatever was spent before."""
    per_call = limit(100, on=-1)
    assert grant(ledger, claim("a", per_call, tokens=60, want=500)).output_tokens == 40
    assert grant(ledger, claim("b", per_call, tokens=60, want=500)).output_tokens == 40
    refused = refuse(ledger, claim("c", per_call, tokens=101))
    assert not refused.held
    assert refused.shortages[0].resets_at is None


@pytest.mark.parametrize("unit", [TOKENS, NANO_USD, REQUESTS])
def test_an_amount_of_zero_blocks(ledger, unit):
    """0 means blocked, even for a call that needs none of this unit; and waiting can't help."""
    assert not refuse(ledger, claim("a", limit(0, unit), requests=0)).held


def test_no_amount_is_unlimited(ledger):
    """A line whose amount is None never refuses and has no say in the grant."""
    answer = grant(ledger, claim("a", limit(None), tokens=10**12, want=10**9))
    assert (answer.output_tokens, answer.bounded) == (10**9, False)


@pytest.mark.parametrize(
    ("lines", "bounded"),
    [
        ((), False),
        ((limit(None),), False),
        ((limit(10**6),), True),
        ((limit(10**6, on=-1),), True),
        ((limit(10**6, REQUESTS),), False),
        ((limit(10**6, NANO_USD),), False),
        ((limit(10**6, enforce=False),), False),
        ((limit(10**6, REQUESTS), limit(10**6)), True),
    ],
)
def test_bounded_says_whether_an_enforced_limit_had_a_say_in_the_output(ledger, lines, bounded):
    """Only then must the request be changed: not for shadow lines, nor for units that output doesn't use."""
    assert grant(ledger, claim("a", *lines, tokens=10, want=10)).bounded is bounded


def test_a_shadow_line_never_refuses_and_is_reported(ledger):
    """What a line that isn't enforced would have refused is in the grant; nobody was blocked."""
    answer = grant(ledger, claim("a", limit(10, enforce=False), tokens=50, want=7))
    (shortage,) = answer.shadow
    assert (shortage.line, shortage.amount, shortage.needed) == (0, 10, 50)
    assert answer.output_tokens == 7
    assert balance(ledger).blocked == 0


def test_a_shadow_line_does_not_shrink_the_grant(ledger):
    """A grant is held to enforced lines only."""
    assert grant(ledger, claim("a", limit(10, enforce=False), limit(100), want=500)).output_tokens == 100


def test_a_refusal_reports_enforced_lines_only(ledger):
    """Where both refuse, the shadow line is not among the reasons."""
    answer = refuse(ledger, claim("a", limit(10, enforce=False), limit(20), tokens=50))
    assert [shortage.line for shortage in answer.shortages] == [1]


def test_the_same_id_is_held_once(ledger):
    """A reserve that is repeated while it is open gets the same answer and holds nothing more."""
    asked = claim("a", limit(1000), limit(5, name="shadow", enforce=False), tokens=100, want=50)
    first = grant(ledger, asked)
    assert ledger.reserve(asked) == first
    assert reserved(ledger) == 150


@pytest.mark.parametrize("end", ["settled", "unconfirmed", "released", "refunded", "expired"])
def test_an_ended_id_is_not_reserved_again(ledger, clock, end):
    """A reservation that has ended stays ended: a new call needs a new id."""
    handle = hold(ledger, "a", 10)
    match end:
        case "settled":
            ledger.settle(handle, truth(10))
        case "unconfirmed":
            ledger.settle(handle, truth(10)._replace(unconfirmed=True))
        case "released":
            ledger.release(handle)
        case "refunded":
            ledger.settle(handle, truth(10)._replace(unconfirmed=True))
            ledger.refund("a")
        case _:
            clock.advance(1000)
    with pytest.raises(ReservationConflict, match="new id"):
        ledger.reserve(claim("a", tokens=10))
    assert reserved(ledger) == 0


def test_a_refused_id_may_ask_again(ledger):
    """A refusal ends nothing: the same claim is granted once there is room."""
    handle = hold(ledger, "before", 100)
    asked = claim("a", limit(100), tokens=10)
    refuse(ledger, asked)
    ledger.release(handle)
    grant(ledger, asked)


def test_looking_holds_nothing(ledger):
    """`look` answers what `reserve` would, and leaves no trace."""
    asked = claim("a", limit(1000), tokens=100, want=5000)
    looked = ledger.look(asked)
    assert isinstance(looked, Granted)
    assert balance(ledger) == Balance()
    assert ledger.reserve(asked) == looked


@pytest.mark.parametrize(("count", "blocked"), [(False, 0), (True, 1)])
def test_looking_counts_as_blocked_only_on_request(ledger, count, blocked):
    """A refused `look` is counted where the caller says so."""
    assert isinstance(ledger.look(claim("a", limit(10), tokens=11), count_blocked=count), Refused)
    assert balance(ledger).blocked == blocked


def test_held_means_that_only_open_reservations_are_in_the_way(ledger):
    """Room that is reserved may come back; room that is spent doesn't."""
    handle = hold(ledger, "before", 60)
    asked = claim("a", limit(100), tokens=50)
    assert refuse(ledger, asked).held
    ledger.settle(handle, truth(60))
    assert not refuse(ledger, asked).held


def test_a_claim_larger_than_its_limit_is_not_held(ledger):
    """What would never fit doesn't wait for anybody."""
    hold(ledger, "before", 60)
    assert not refuse(ledger, claim("a", limit(100), tokens=101)).held


def test_held_needs_every_refusing_limit_to_be_held(ledger):
    """One limit that is truly spent makes waiting pointless."""
    hold(ledger, "before", 60, EVERYONE, user())
    ledger.settle(hold(ledger, "spent", 45, user()), truth(45))
    lines = limit(100, on=0), limit(90, on=1)
    assert not refuse(ledger, claim("a", *lines, counters=(EVERYONE, user()), tokens=50)).held
    assert refuse(ledger, claim("b", lines[0], counters=(EVERYONE, user()), tokens=50)).held


def test_a_patient_caller_is_not_counted_as_blocked_while_the_room_is_held(ledger):
    """Whoever waits has not been blocked yet; where waiting can't help it is counted."""
    handle = hold(ledger, "before", 60)
    asked = claim("a", limit(100), tokens=50, patient=True)
    refuse(ledger, asked)
    assert balance(ledger).blocked == 0
    ledger.settle(handle, truth(60))
    refuse(ledger, asked)
    assert balance(ledger).blocked == 1


def test_reservations_without_limits_are_counted(ledger):
    """A budget without limits still knows what it spent."""
    ledger.settle(hold(ledger, "a", 10, EVERYONE, user()), truth(12))
    assert (spent(ledger), spent(ledger, user())) == (12, 12)


def test_the_handle_says_when_and_until_when(ledger, clock):
    """A grant carries the ledger's clock and the end of its lease."""
    answer = grant(ledger, claim("a", tokens=10, want=5, lease=60))
    assert (answer.handle.created, answer.expires, answer.handle.input_tokens) == (clock.at, clock.at + 60, 10)
