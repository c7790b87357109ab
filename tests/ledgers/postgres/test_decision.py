"""The server's decision is admission.decide's, to the last unit."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_token_budget.ledgers import MemoryLedger
from llm_token_budget.ledgers.base import Amounts, Charge, Claim, Line, Refused

from ..building import EVERYONE, FakeClock, user
from ..postgres_server import new_ledger

EDGES = sorted(
    edge + near for edge in (0, 10**3, 2**31, 2**32, 2**53, 2**62) for near in (-1, 0, 1) if edge + near >= 0
)
numbers = st.one_of(
    st.integers(0, 3_000), st.sampled_from(EDGES), st.integers(0, 2**53), st.integers(2**53 - 5, 2**53 + 5)
)
outputs = st.one_of(st.integers(0, 5_000), st.sampled_from([2**31, 2**53 - 1, 2**53]))
slopes = st.one_of(st.sampled_from([0, 1, 999, 1_000, 1_001, 2_500, 15_000_000, 2**53 - 1]), st.integers(0, 10**7))
spendings = st.tuples(*[st.one_of(st.integers(0, 3_000), st.integers(2**52 - 3, 2**52 + 3))] * 4)
lines = st.builds(
    Line,
    st.just("limit"),
    st.just(()),
    st.integers(0, 2),
    st.one_of(st.none(), numbers),
    st.sampled_from([-1, 0, 1]),
    st.booleans(),
)


@pytest.fixture(scope="module")
def ledgers():
    """One server's ledger for all examples: each has a user of its own."""
    clock = FakeClock()
    made = new_ledger(clock)
    yield clock, made
    made.close()


def claims(counters):
    return st.builds(
        Claim,
        st.just("asked"),
        st.just(counters),
        st.lists(lines, max_size=5).map(tuple),
        st.builds(Amounts, numbers, numbers, st.integers(0, 3)),
        st.tuples(slopes, slopes, st.sampled_from([0, 0, 1_000])),
        outputs,
        outputs,
        st.sampled_from([0, 0, 1, 2, 10]),
        st.one_of(st.integers(0, 5_000), st.just(2**53)),
        st.just(900.0),
        st.just(False),
    )


seen = iter(range(10**9))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), spent=spendings, opened=spendings)
def test_the_server_decides_as_the_others_do(ledgers, data, spent, opened):
    """Amounts beyond 2^53, slopes of any steepness: the grant, its bound and every shortage are the memory ledger's."""
    clock, ledger = ledgers
    counters = user(f"user {next(seen)}"), user("nobody")
    model = MemoryLedger(clock=clock)
    for each in (model, ledger):
        each.record(counters[:1], Charge(*spent))
        each.reserve(Claim(f"open {counters[0].key}", counters[:1], (), Amounts(*opened[:3])))
    claim = data.draw(claims(counters))
    claim = claim._replace(want=max(claim.want, claim.at_least))
    expected, answer = model.look(claim), ledger.look(claim)
    if isinstance(expected, Refused):
        assert isinstance(answer, Refused)
        expected = expected._replace(freed=answer.freed)
    assert answer == expected


def test_amounts_that_no_integer_of_the_server_holds_are_refused():
    """They are not rounded, nor do they look like an outage."""
    from llm_token_budget.errors import ConfigurationError

    ledger = new_ledger(FakeClock())
    with pytest.raises(ConfigurationError, match="64-bit"):
        ledger.reserve(Claim("a", (EVERYONE,), (Line("limit", (), 0, 2**63, 0),), Amounts(1)))
    ledger.close()
