"""Money: exact, rounded up once, and never at the mercy of somebody's decimal context."""

from __future__ import annotations

import time
from decimal import ROUND_FLOOR, Decimal, DefaultContext, Inexact, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_token_budget import ConfigurationError
from llm_token_budget.money import MAX_AMOUNT, format_usd, nano_from_pico, parse_usd, to_decimal, usd_from_nano

NANO_AMOUNTS = st.integers(min_value=0, max_value=9_007_199 * 10**9)


class NumPyLikeFloat(float):
    """A float whose repr is not that of a float."""

    def __repr__(self):
        return f"np.float64({float(self)!r})"


@pytest.mark.parametrize(
    ("amount", "nano"),
    [
        (0, 0),
        (5, 5_000_000_000),
        ("0.25", 250_000_000),
        (Decimal("0.25"), 250_000_000),
        (0.1, 100_000_000),
        (0.1 + 0.2, 300_000_001),
        (1e-9, 1),
        (5e-324, 1),
        (NumPyLikeFloat(0.1), 100_000_000),
        ("1e-9", 1),
        ("0.0000000011", 2),
        ("0.1000000000000000000000000000000000000001", 100_000_001),
        ("1e-999999999", 1),
        ("-0", 0),
        (" 2.50 ", 2_500_000_000),
        (9_007_199, 9_007_199_000_000_000),
    ],
)
def test_an_amount_is_read_exactly_and_rounded_up_to_nano_usd(amount, nano):
    """Floats are read through their shortest repr; what is finer than a nano-USD goes up."""
    assert parse_usd(amount) == nano


@pytest.mark.parametrize(
    "amount",
    [
        *(None, True, False, [], {}, b"5", 1j, object(), "", "five", "$5", "5 USD", "1,000", "0x10"),
        *(
            "nan",
            "sNaN",
            "inf",
            "-inf",
            float("nan"),
            float("inf"),
            Decimal("NaN"),
            Decimal("sNaN"),
            Decimal("Infinity"),
        ),
        *(-1, -0.01, "-5", Decimal("-1e-30"), -(10**5_000)),
        *("9007199.1", 9_007_200, 10**30, 1e300, "1e999999", "9" * 100_000, 10**5_000),
    ],
    ids=lambda amount: type(amount).__name__,
)
def test_what_is_no_amount_is_refused(amount):
    """Not a number, negative, NaN, infinite and absurd: a ConfigurationError that is short."""
    with pytest.raises(ConfigurationError) as caught:
        parse_usd(amount, "usd")
    assert str(caught.value).startswith("usd ")
    assert len(str(caught.value)) < 250


def test_absurd_exponents_are_refused_at_once():
    """1e999999 is never written out."""
    start = time.perf_counter()
    for amount in ("1e999999", "1e999999999999", Decimal("1e999999999"), "1e-999999999999"):
        try:
            parse_usd(amount)
        except ConfigurationError:
            continue
    assert time.perf_counter() - start < 0.1


def test_the_error_names_what_was_wrong():
    """The name of the option stands in front."""
    with pytest.raises(ConfigurationError, match=r"^global_cost_limit must not be negative: -1$"):
        to_decimal(-1, "global_cost_limit")


@given(NANO_AMOUNTS)
def test_parsing_and_printing_are_inverse(nano):
    """Nothing is lost on the way to Decimal and back."""
    usd = usd_from_nano(nano)
    assert Fraction(usd) == Fraction(nano, 10**9)
    assert parse_usd(usd) == nano
    assert parse_usd(str(usd)) == nano


@given(st.decimals(min_value=0, max_value=9_007_199, allow_nan=False, allow_infinity=False))
def test_reading_never_rounds_down(usd):
    """The nano amount is the smallest that is not below the amount."""
    nano = parse_usd(usd)
    assert Fraction(nano - 1, 10**9) < Fraction(usd) <= Fraction(nano, 10**9)


@pytest.mark.parametrize("nano", [0, 1, -1, 123_456_789_012_345_678, -1_500_000_000, 10**60 + 1, MAX_AMOUNT])
def test_printing_does_not_depend_on_the_callers_context(nano):
    """A caller with five digits, or with traps, sees all of the amount."""
    with localcontext(prec=5, rounding=ROUND_FLOOR) as context:
        context.traps[Inexact] = True
        usd = usd_from_nano(nano)
    assert Fraction(usd) == Fraction(nano, 10**9)


def test_reading_does_not_depend_on_the_callers_context():
    """Five digits of precision don't turn $1,234.5678 into $1,234.6."""
    with localcontext(prec=5, rounding=ROUND_FLOOR) as context:
        context.traps[Inexact] = True
        assert parse_usd("1234567.123456789") == 1_234_567_123_456_789
        assert parse_usd(1234.5678) == 1_234_567_800_000


def test_reading_does_not_depend_on_the_contexts_of_new_threads(monkeypatch):
    """A tiny DefaultContext changes nothing either."""
    monkeypatch.setattr(DefaultContext, "prec", 3)
    assert parse_usd("1234567.123456789") == 1_234_567_123_456_789


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0", "$0.00"),
        ("2", "$2.00"),
        ("0.5", "$0.50"),
        ("0.0345", "$0.0345"),
        ("0.000000001", "$0.000000001"),
        ("1E+3", "$1,000.00"),
        ("1234567.125", "$1,234,567.125"),
        ("-0.25", "-$0.25"),
        ("2.500", "$2.50"),
    ],
)
def test_dollars_are_printed_with_two_decimals_or_more(usd, text):
    """At least two decimals, and as many more as it takes, whatever the context."""
    assert format_usd(Decimal(usd)) == text
    with localcontext(prec=2):
        assert format_usd(Decimal(usd)) == text


@pytest.mark.parametrize(("pico", "nano"), [(0, 0), (1, 1), (1000, 1), (1001, 2), (10**30 + 1, 10**27 + 1)])
def test_pico_usd_are_rounded_up_once(pico, nano):
    """The one rounding of a cost goes up."""
    assert nano_from_pico(pico) == nano
