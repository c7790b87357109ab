"""Long runs of one character."""

import string

import pytest
import toktok

from llm_token_budget.estimation import count_text
from llm_token_budget.estimation.runs import SHORTEST, Run, cut_runs
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
