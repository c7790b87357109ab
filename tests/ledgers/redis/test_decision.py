"""The decision in the server: the same as in Python, to the last token, also where doubles are at their end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers.building import EVERYONE, NOON, balance, claim, hold, limit, session, truth, user
from tests.ledgers.servers import new_prefix, valkey

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.ledgers.admission import decide
from llm_token_budget.ledgers.base import NANO_USD, TOKENS, Amounts, Charge, Claim, Granted, Line, Refused
from llm_token_budget.ledgers.redis import RedisLedger

numbers = st.integers(0, 2**30) | st.integers(0, 2**52 - 1) | st.sampled_from([0, 1, 999, 1000, 1001])
slopes = st.sampled_from([0, 1, 7, 999, 1000, 1001, 2500, 15_000_000, 600_000_000]) | st.integers(0, 2**40)
outputs = st.integers(0, 100) | st.integers(0, 2**20) | st.integers(0, 2**44)
near_the_end = st.sampled_from([2**53, 2**53 - 1, 2**52, 2**52 + 1])
lines = st.lists(
    st.builds(
        Line,
        st.just("limit"),
        st.just(()),
        st.integers(0, 2),
        st.none() | numbers | near_the_end,
        st.integers(-1, 1),
        st.sampled_from([True, True, False]),
    ),
    max_size=4,
).map(tuple)


@settings(max_examples=300, deadline=None)
@given(
    lines=lines,
    fixed=st.tuples(numbers, numbers, st.integers(0, 3)),
    slope=st.tuples(slopes, slopes, st.sampled_from([0, 0, 1000])),
    wanted=st.tuples(outputs, outputs),
    share=st.sampled_from([0, 0, 1, 3, 10, 1000]),
    floor=outputs,
    spent=st.tuples(numbers, numbers),
    held=st.tuples(numbers, numbers),
)
def test_the_server_decides_as_python_does(lines, fixed, slope, wanted, share, floor, spent, held):
    """Adversarial numbers: grants, what is reserved and shortages are those of `decide`, in whole numbers."""
    ledger = RedisLedger(valkey().url, prefix=new_prefix(), clock=lambda: NOON)
    try:
        counters = EVERYONE, user()
        ledger.record(counters, truth(spent[0], 0, spent[1], 0))
        ledger.reserve(Claim("before", counters, (), Amounts(held[0], held[1], 0)))
        least, want = sorted(wanted)
        asked = Claim("asked", counters, lines, Amounts(*fixed), slope, want, least, share, floor)
        standings = []
        for line in lines:
            known = line.counter >= 0
            standings.append(
                (
                    line.amount,
                    (*spent, 0)[line.unit] if known else 0,
                    (*held, 0)[line.unit] if known else 0,
                )
            )
        try:
            answer = ledger.reserve(asked)
        except ConfigurationError:
            # What would not cross exactly is refused before it is sent.
            assert max(*asked.amounts(want), want * max(share, 1), floor, *slope) >= 2**52
            return
        k, bounded, short = decide(asked, standings)
        refusing = [index for index in short if lines[index].enforce]
        if refusing:
            assert isinstance(answer, Refused)
            assert [shortage.line for shortage in answer.shortages] == refusing
            return
        assert isinstance(answer, Granted)
        assert (answer.output_tokens, answer.bounded) == (k, bounded)
        assert answer.handle.reserved == asked.amounts(k)
        assert [shortage.line for shortage in answer.shadow] == list(short)
        assert balance(ledger).reserved == Amounts(*map(sum, zip(asked.amounts(k), (*held, 0), strict=True)))
    finally:
        ledger.disconnect()


@pytest.fixture
def ledger(clock):
    made = RedisLedger(valkey().url, prefix=new_prefix(), clock=clock)
    yield made
    made.close()


def test_the_highest_limit_is_exact(ledger):
    """2^53, to the last token."""
    half = 2**52 - 1
    for name in "ab":
        ledger.settle(hold(ledger, name, half), truth(half))
    answer = ledger.reserve(claim("c", limit(2**53), want=100))
    assert isinstance(answer, Granted)
    assert answer.output_tokens == 2


@pytest.mark.parametrize("amount", [2**53 + 1, 10**20])
def test_a_limit_that_cannot_be_compared_exactly_is_refused(ledger, amount):
    """Above 2^53: said clearly, in a claim and in an override."""
    with pytest.raises(ConfigurationError, match="2\\^53"):
        ledger.reserve(claim("a", limit(amount)))
    with pytest.raises(ConfigurationError, match="2\\^53"):
        ledger.set_limit("limit", None, amount)


def test_an_amount_that_cannot_be_added_exactly_is_refused(ledger):
    """Of one call, reserved or charged."""
    with pytest.raises(ConfigurationError, match="2\\^52"):
        ledger.reserve(claim("a", tokens=2**52))
    handle = hold(ledger, "b", 1)
    with pytest.raises(ConfigurationError, match="2\\^52"):
        ledger.settle(handle, truth(2**52))
    assert balance(ledger).spent == Amounts()


def test_sums_above_2_to_the_53_stay_exact(ledger):
    """What was spent may be more than any limit: not a token is lost, and every limit refuses."""
    amount = 2**52 - 1
    for number in range(5):
        ledger.settle(hold(ledger, str(number), amount, EVERYONE, user()), truth(amount, 0, amount))
    ledger.settle(hold(ledger, "one", 1, EVERYONE, user()), truth(1, 0, 1))
    assert balance(ledger).spent == Amounts(5 * amount + 1, 5 * amount + 1, 6)
    assert balance(ledger).reserved == Amounts()
    assert ledger.users(user())[0][1].spent.nano_usd == 5 * amount + 1
    for unit in (TOKENS, NANO_USD):
        assert isinstance(ledger.reserve(claim("a", limit(2**53, unit), tokens=1, nano_usd=1)), Refused)
    ledger.reset()
    assert balance(ledger).spent == Amounts()


@pytest.mark.parametrize("name", ["", "\0", "a\0b", "}{", "\n", '"\\', "\ud800", "\N{OCTOPUS}" * 1_024, "x" * 100_000])
def test_hostile_names_are_names(ledger, name):
    """As a user, as a session, in ids: counted apart, listed under their own name."""
    counters = user(name), session(name, name)
    ledger.settle(hold(ledger, name, 5, *counters), truth(5))
    ledger.settle(hold(ledger, "other", 5, user(name + "x")), truth(9, 0, 1))
    assert [(each, seen.spent.tokens) for each, seen in ledger.users(user())] == [(name + "x", 9), (name, 5)]
    assert [each for each, _ in ledger.users(session("", ""))] == [name]
    ledger.reset(user=name, session=name)
    assert [balance(ledger, each).spent.tokens for each in counters] == [5, 0]


def test_sums_beyond_what_a_double_holds_stay_exact_through_pairs():
    """Beside an unconfirmed charge too, which is kept behind the sums, and down to nothing again."""
    ledger = RedisLedger(valkey().url, prefix=new_prefix())
    much = Charge(2**51, 1, 2**52 - 1, 1)
    for _ in range(6):
        ledger.record((EVERYONE,), much)
    guess = ledger.reserve(claim("guess", tokens=3, want=4)).handle
    ledger.settle(guess, Charge(3, 4, 5, 1, unconfirmed=True))
    for name in "abc":
        handle = ledger.reserve(claim(name, tokens=3, want=4)).handle
        ledger.settle(handle, Charge(1, 2, 3, 1))
    seen = balance(ledger)
    assert seen.spent == Amounts(6 * (2**51 + 1) + 7 + 9, 6 * (2**52 - 1) + 5 + 9, 10)
    assert seen.unconfirmed == Amounts(7, 5, 1)
    assert seen.input_tokens == 6 * 2**51 + 3 + 3
    ledger.refund("guess")
    assert balance(ledger).spent == Amounts(6 * (2**51 + 1) + 9, 6 * (2**52 - 1) + 9, 9)
    ledger.reset()
    assert balance(ledger).spent == Amounts()
    ledger.close()
