"""The decision of a reservation."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from llm_token_budget.ledgers.admission import Standing, decide, decide_closely
from llm_token_budget.ledgers.base import Amounts, Claim, Line

amounts = st.one_of(st.integers(0, 50), st.integers(0, 10**20))
lines = st.builds(
    Line,
    name=st.just("l"),
    key=st.just(()),
    unit=st.integers(0, 2),
    amount=st.none(),
    counter=st.just(-1),
    enforce=st.booleans(),
)
claims = st.builds(
    Claim,
    id=st.just("r"),
    counters=st.just(()),
    lines=st.lists(lines, max_size=4).map(tuple),
    fixed=st.builds(Amounts, amounts, amounts, st.integers(0, 1)),
    slope=st.tuples(st.integers(0, 5000), st.integers(0, 10**9), st.integers(0, 1)),
    want=st.one_of(st.integers(0, 40_000), st.integers(0, 10**400)),
    at_least=st.integers(0, 5000),
    share=st.integers(0, 20),
    share_floor=st.integers(0, 5000),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Claim, list[Standing]]:
    """A claim, and limits that are mostly about as large as what it asks for."""
    claim = draw(claims)
    standings: list[Standing] = []
    for line in claim.lines:
        spent, reserved = draw(amounts), draw(amounts)
        wanted = (
            claim.amounts(max(claim.want, claim.at_least) * max(claim.share, 1))[line.unit] if claim.want < 10**9 else 0
        )
        near = st.integers(-3, 3).map(lambda off, base=spent + reserved + wanted: max(base + off, 0))
        amount = draw(st.one_of(st.none(), st.just(0), near, st.integers(0, 10**25)))
        standings.append((amount, spent, reserved))
    return claim, standings


@settings(max_examples=2000, deadline=None)
@given(cases())
def test_a_glance_says_what_reckoning_says(case: tuple[Claim, list[Standing]]) -> None:
    """Far from all limits the short way is taken; its answer is that of the exact one."""
    claim, standings = case
    k, bounded, short = decide(claim, standings)
    exact_k, exactly_bounded, exactly_short = decide_closely(claim, standings)
    assert (k, bounded, list(short)) == (exact_k, exactly_bounded, list(exactly_short))
