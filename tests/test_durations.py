from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_token_budget.durations import in_words, parse_seconds, whole_seconds
from llm_token_budget.errors import ConfigurationError

HOUR, DAY = 3_600, 86_400
CENTURY = 36_525 * DAY


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30s", 30),
        ("1h", HOUR),
        (" 24 Hours ", DAY),
        ("1.5h", 5_400),
        ("900", 900),
        (900, 900),
        (900.0, 900),
        (timedelta(days=30), 30 * DAY),
        ("86400000s", 86_400_000),
        (CENTURY, CENTURY),
    ],
)
def test_parse_seconds(value: object, seconds: int) -> None:
    """The forms that people write."""
    assert parse_seconds(value, "lease") == seconds


@pytest.mark.parametrize(
    ("value", "way_out"),
    [
        ("day", "'1d'?"),
        ("monthly", "'30d'?"),
        ("1mo", "mean '30d'?"),
        ("2y", "mean '730d'?"),
        ("rolling", "mean '1h'?"),
        ("fortnite", "mean '2w'?"),
        ("5 minuts", "mean '5 minutes'?"),
        ("1500ms", "mean '1s'?"),
        ("total", "'30s', '15m'"),
        (None, "'30s', '15m'"),
        (86_400_000, "86400?"),
        (-1, "at least 1"),
        (0.5, "without a fraction"),
        (timedelta(microseconds=1), "without a fraction"),
        (CENTURY + 1, "at most 100 years"),
        (math.nan, "finite"),
    ],
)
def test_parse_seconds_names_the_option_and_the_way_out(value: object, way_out: str) -> None:
    """Its errors speak of lengths only: an option that takes seconds has no calendar."""
    with pytest.raises(ConfigurationError) as caught:
        parse_seconds(value, "session_ttl")
    assert str(caught.value).startswith("session_ttl")
    assert way_out in str(caught.value)
    assert "calendar" not in str(caught.value)
    assert "'month'" not in str(caught.value)


def test_a_word_without_a_length_gets_no_suggestion() -> None:
    """Who writes "forever" means no length at all: only the forms are named."""
    with pytest.raises(ConfigurationError) as caught:
        parse_seconds("forever", "lease")
    assert "Did you mean" not in str(caught.value)


def test_code_is_taken_at_its_word() -> None:
    """A number that looks like milliseconds is refused as an option, and accepted where code builds a window."""
    assert whole_seconds(86_400_000, "Every(seconds)") == 86_400_000
    with pytest.raises(ConfigurationError, match="milliseconds"):
        parse_seconds(86_400_000, "lease")


@given(st.integers(1, CENTURY))
def test_what_is_said_in_words_reads_back(seconds: int) -> None:
    """Every length in words is a form that people may write, and is the same length."""
    assert parse_seconds(in_words(seconds).replace(",", ""), "lease") == seconds


@given(st.text() | st.from_regex(r"[+-]?[0-9]{0,25}\.?[0-9]{0,3} ?[a-zA-Z]{0,9}", fullmatch=True))
def test_any_text_is_a_length_or_a_configuration_error(text: str) -> None:
    """Nothing that a configuration file holds raises anything else."""
    try:
        seconds = parse_seconds(text, "lease")
    except ConfigurationError:
        return
    assert 1 <= seconds <= CENTURY
