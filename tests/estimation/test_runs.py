"""Long runs of one character."""

import string

import pytest
import toktok

from llm_token_budget.estimation import count_text
from llm_token_budget.estimation.runs import SHORTEST, SHORTEST_REPEAT, Repeat, Run, cut_runs, find_repeats
from llm_token_budget.estimation.weights import FAMILIES

ENCODINGS = {"o200k": "o200k_base", "cl100k": "cl100k_base"}


@pytest.mark.parametrize("family", ENCODINGS)
@pytest.mark.parametrize("character", [*string.printable[:94], " ", "\n", "\t", "\r\n", "字", "あ", "я", "é", "🙂"])
def test_a_run_is_counted_as_its_tokenizer_cuts_it(character, family):
    """Two thousand of anything are off by less than a third, and stay below their bound."""
    text = character * 2000
    true = toktok.batch_count([text], ENCODINGS[family], threads=1)[0]
    count = count_text(text, family)
    assert count.expected == pytest.approx(true, rel=0.3 if len(character) == 1 and character.isascii() else 1.0, abs=4)
    assert count.upper >= true


@pytest.mark.parametrize("length", [SHORTEST, SHORTEST + 7, 1000])
@pytest.mark.parametrize("before", ["", "x", "some words before it "])
def test_a_run_is_found_wherever_it_begins(before, length):
    """And nothing of the text is lost."""
    rest, runs = cut_runs(before + "=" * length + " and after")
    assert rest == f"{before}= and after"
    assert runs == [Run("=", length - 1)]


def test_many_runs_are_cut_in_one_pass():
    """A megabyte of short runs of ever other characters: twice as much takes about twice as long, not four times."""
    long = "".join(chr(0x4E00 + number) * 30 for number in range(20_000))
    rest, runs = cut_runs(long)
    assert len(runs) == 20_000
    assert len(rest) == 20_000
    assert sum(run.length for run in runs) + len(rest) == len(long)
    assert cut_runs("ab" * 500_000)[1] == []


def test_text_without_runs_stays_as_it_is():
    """The same object: nothing is copied."""
    text = "ordinary words, and numbers such as 1234567890, for a while" * 3
    assert cut_runs(text) == (text, [])
    assert cut_runs("short")[0] == "short"


def test_line_ends_of_two_characters_are_one():
    """Text from Windows is no longer than text from elsewhere."""
    unix = "a line of text\n" * 50
    assert cut_runs(unix.replace("\n", "\r\n"))[0] == unix


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_knows_every_printable_character(family):
    """A run costs at least something, and no more than a token each and a little."""
    for character in string.printable[:94] + " \n\t":
        count = count_text(character * 500, family)
        assert 1 <= count.expected <= count.upper <= 1.2 * 500 + 8


@pytest.mark.parametrize("family", ENCODINGS)
@pytest.mark.parametrize("times", [10, 60, 1000])
@pytest.mark.parametrize(
    "unit",
    [
        "です",
        "ですです",
        "=-",
        "+-",
        "-=-=",
        "oO",
        "QWERTY",
        "&nbsp;",
        "กข",
        "אב ",
        "ㅋㅋ ",
        "абв",
        "ab",
        "foo ",
        "0x00 ",
        "哈哈 ",
    ],
)
def test_a_repeated_unit_stays_below_its_bound(unit, times, family):
    """Or goes above it by a seventh at most: nobody knows how a tokenizer joins them, but no discount for words adds up."""
    text = unit * times
    true = toktok.batch_count([text], ENCODINGS[family], threads=1)[0]
    assert true <= 1.15 * count_text(text, family).upper + 1


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("unit", ["です", "ありがとう", "है ", "ы ", "的", "การ", "是我"])
def test_a_common_word_for_ever_still_costs_something(unit, family):
    """What is taken off for common words of a language is bounded by what a language has of them."""
    assert count_text(unit * 1000, family).expected >= 150


@pytest.mark.parametrize("unit", ["ab", "oO!", "abcde", "foo bar ", "0x00, "])
@pytest.mark.parametrize("before", ["", "Some words before it, and a few more. "])
def test_repeats_are_found_wherever_they_begin(unit, before):
    """With their unit's length, whatever that is."""
    found = find_repeats(before + unit * 200 + " and after")
    assert len(found) == 1
    assert len(found[0].unit) == len(unit)
    assert found[0].times >= 200 - 96 // len(unit) - 1


def test_ordinary_text_repeats_nothing():
    """Nor does what is too short to matter."""
    assert (
        find_repeats("Nobody says the same words again, and again, for as long as that takes to be found here.") == []
    )
    assert find_repeats("ab" * (SHORTEST_REPEAT // 2 - 1)) == []
    assert find_repeats("ab" * SHORTEST_REPEAT) == [Repeat("ab", SHORTEST_REPEAT)]
