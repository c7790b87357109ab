"""The one decision of a reservation, against the plainest way to make it."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_token_budget.ledgers.admission import decide, needed
from llm_token_budget.ledgers.base import REQUESTS, TOKENS, Amounts, Claim, Line

from .building import claim, limit

FAR = 400
"""More output than any room of the property's claims allows."""


def test_without_lines_all_is_granted():
    """Nothing has a say."""
    assert decide(claim("a", want=500), []) == (500, False, [])


def test_the_least_room_decides():
    """What is spent and what is reserved both take room."""
    asked = claim("a", limit(100), limit(100), tokens=10, want=500)
    assert decide(asked, [(100, 30, 20), (100, 50, 0)]) == (40, True, [])


def test_the_standing_counts_not_the_line():
    """An override is the amount that holds."""
    assert decide(claim("a", limit(100), want=500), [(300, 0, 0)]) == (300, True, [])
    assert decide(claim("a", limit(100), want=500), [(None, 0, 0)]) == (500, False, [])


def test_a_line_without_room_is_named():
    """Its index, whether enforced or not."""
    asked = claim("a", limit(5), limit(500), limit(5, enforce=False), tokens=10)
    assert decide(asked, [(5, 0, 0), (500, 0, 0), (5, 0, 0)])[2] == [0, 2]


@pytest.mark.parametrize("unit", [TOKENS, REQUESTS])
def test_zero_is_short_for_a_claim_of_nothing(unit):
    """0 blocks whatever is asked."""
    assert decide(claim("a", limit(0, unit), requests=0), [(0, 0, 0)])[2] == [0]


def test_an_overspent_line_is_short():
    """Room below zero refuses even a claim of nothing."""
    assert decide(claim("a", limit(100), requests=0), [(100, 90, 11)])[2] == [0]


def test_what_is_needed_is_rounded_up():
    """fixed + ceil(slope * at_least / 1000)."""
    asked = Claim("a", (), (), Amounts(7, 0, 1), (1001, 0, 0), want=10, at_least=3)
    assert (needed(asked, TOKENS), needed(asked, REQUESTS)) == (7 + 4, 1)


unit_amounts = st.tuples(*[st.integers(0, 60)] * 3)
lines = st.tuples(
    st.integers(0, 2), st.none() | st.integers(0, 150), st.booleans(), st.integers(0, 80), st.integers(0, 80)
)


def fits(asked: Claim, line: Line, standing: tuple[int | None, int, int], k: int) -> bool:
    """Whether a line has room for k tokens of output, in exact fractions."""
    amount, spent, reserved = standing
    if amount is None:
        return True
    cost = asked.fixed[line.unit] + ceil(Fraction(asked.slope[line.unit] * k, 1000))
    return amount > 0 and spent + reserved + cost <= amount


@settings(max_examples=600, deadline=None)
@given(
    fixed=unit_amounts,
    slope=st.tuples(*[st.sampled_from([0, 1, 400, 999, 1000, 1001, 2500, 70_000])] * 3),
    asked_for=st.tuples(st.integers(0, FAR), st.integers(0, FAR)),
    share=st.sampled_from([0, 0, 1, 3, 10]),
    share_floor=st.integers(0, 50),
    drawn=st.lists(lines, max_size=4),
)
def test_a_decision_is_what_trying_every_output_finds(fixed, slope, asked_for, share, share_floor, drawn):
    """The largest k that fits, the share rule applied; refused exactly if the least doesn't fit an enforced line."""
    at_least, want = sorted(asked_for)
    asked = Claim(
        "a", (), tuple(limit(amount, unit, enforce=enforce) for unit, amount, enforce, _, _ in drawn),
        Amounts(*fixed), slope, want, at_least, share, share_floor,
    )  # fmt: skip
    standings = [(amount, spent, reserved) for _, amount, _, spent, reserved in drawn]
    both = list(zip(asked.lines, standings, strict=True))

    k, bounded, short = decide(asked, standings)

    assert short == [index for index, (line, standing) in enumerate(both) if not fits(asked, line, standing, at_least)]
    enforced = [(line, standing) for line, standing in both if line.enforce and standing[0] is not None]
    if any(asked.lines[index].enforce for index in short):
        return
    binding = [(line, standing) for line, standing in enforced if slope[line.unit]]
    assert bounded == bool(binding)

    def allowed(k: int) -> bool:
        return all(fits(asked, line, standing, k) for line, standing in enforced)

    assert at_least <= k <= want
    assert allowed(k)
    if not share or not binding:
        assert k == max(k for k in range(at_least, want + 1) if allowed(k))
        return
    left = next(k for k in range(want * share + share, -1, -1) if allowed(k))
    assert k == min(want, left, max(left // share, share_floor, at_least))
