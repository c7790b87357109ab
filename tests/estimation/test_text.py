"""Counting tokens of a text."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation import count_text, estimate_tokens, upper_tokens
from llm_token_budget.estimation.features import ASCII_FEATURES, FEATURES, measure
from llm_token_budget.estimation.text import Memo
from llm_token_budget.estimation.weights import FAMILIES, MARGINS, WEIGHTS, rows_of

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=[]), max_size=200)
MIXED = (
    "Explain `getUserName(id)` in 3 sentences.\n\n```python\nx = {'a': 1, \"b\": [2.5, None]}\n```\n"
    "Überprüfe das bitte. 你好,世界! Привет, мир. 🙂 https://example.com/a?b=1"
)


def test_no_text_is_no_token():
    """An empty text costs nothing, whoever reads it."""
    assert estimate_tokens("") == 0
    assert upper_tokens("", "o200k") == 0
    assert upper_tokens("", None) == 0


def test_estimates_are_pinned_for_every_family():
    """The weights are data: a change of them, or of a feature, shows here."""
    counts = {family: tuple(count_text(MIXED, family)) for family in FAMILIES}
    assert counts == PINNED


def test_a_model_is_counted_with_its_own_tokenizer():
    """The newest Claude makes more tokens of a text than OpenAI's models do."""
    assert estimate_tokens(MIXED, "claude-opus-5") == PINNED["claude47"][0]
    assert estimate_tokens(MIXED, "gpt-4o") == PINNED["o200k"][0] < PINNED["claude47"][0]
    assert estimate_tokens(MIXED) == estimate_tokens(MIXED, "gpt-6.1-terra")


def test_a_tokenizer_that_is_thought_to_count_higher_is_counted_higher():
    """Kimi's own tokenizer isn't measured: a fifth more than OpenAI's."""
    assert estimate_tokens("word " * 100, "kimi-k2-instruct") == pytest.approx(
        1.2 * estimate_tokens("word " * 100), abs=1
    )


def test_an_unknown_model_costs_the_highest_estimate():
    """Nobody knows its tokenizer, so the dearest of the known ones is assumed."""
    assert estimate_tokens(MIXED, "my-own-model") == max(count_text(MIXED, family).expected for family in FAMILIES)
    assert upper_tokens(MIXED, None) > max(upper_tokens(MIXED, family) for family in FAMILIES)


@pytest.mark.parametrize("text", [None, b"bytes", 3, ["list"]])
def test_what_is_no_text_is_refused(text):
    """The message says that a str is wanted, and doesn't show what came instead."""
    with pytest.raises(ConfigurationError, match="text must be a str, not"):
        estimate_tokens(text)


def test_an_unknown_family_is_refused_by_name():
    """A typing error in a family's name doesn't count as an unknown tokenizer."""
    with pytest.raises(ConfigurationError, match="no tokenizer family 'o200'; known are o200k"):
        upper_tokens("hello", "o200")


@given(ANY_TEXT)
def test_the_bound_is_never_below_the_estimate(text):
    """For any text, lone surrogates included, and any family."""
    for family in (*FAMILIES, None):
        count = count_text(text, family)
        assert 0 <= count.expected <= count.upper
        assert bool(text) == (count.expected > 0)


@given(ANY_TEXT, ANY_TEXT)
def test_two_texts_joined_cost_little_more_than_apart(left, right):
    """Where they meet, a word or a run may change: a few tokens and a small part of the whole."""
    apart = estimate_tokens(left) + estimate_tokens(right)
    assert estimate_tokens(left + right) <= 1.35 * apart + 12


@pytest.mark.parametrize(
    "piece", ["a", "A", " ", "\n", "\t", "7", "!", "-", "é", "я", "中", "한", "🙂", "\ud800", "aB", "a.", "\x00"]
)
def test_a_long_repeat_is_counted_in_one_pass(piece):
    """A megabyte of anything finishes, and a tenth of it costs about a tenth."""
    long, short = count_text(piece * 500_000, "o200k"), count_text(piece * 50_000, "o200k")
    assert long.expected == pytest.approx(10 * short.expected, rel=0.05, abs=10)
    assert long.upper <= len((piece * 500_000).encode("utf-8", "surrogatepass"))


def test_features_of_ascii_are_the_beginning_of_all_features():
    """Weights are multiplied in order, and a shorter row of features ends early."""
    assert len(measure("plain text 1 2 3!\n\tx")) == len(measure("ok")) == len(ASCII_FEATURES)
    assert len(measure("naïve")) == len(measure("\ud800")) == len(FEATURES)
    assert len(set(FEATURES)) == len(FEATURES)


@pytest.mark.parametrize("table", [WEIGHTS, MARGINS])
def test_every_weight_belongs_to_a_feature(table):
    """A renamed feature would silently lose its weight."""
    names = [line.split()[0] for line in table.strip().splitlines()[1:]]
    assert len(set(names)) == len(names)
    assert set(names) <= set(FEATURES)
    assert set(rows_of(table, FEATURES)) == set(FAMILIES)


@settings(max_examples=50)
@given(ANY_TEXT)
def test_features_are_finite_and_deterministic(text):
    """The same text is the same row of numbers, and none of them runs away."""
    row = measure(text)
    assert row == measure(text)
    assert all(-len(text) * 4 - 1 <= number <= len(text) * 4 + 1 for number in row)


def test_the_memo_keeps_no_text_and_stays_small():
    """Counts are remembered by hash and length, two generations of them at most."""
    memo = Memo(limit=10)
    count = count_text("hello", "o200k")
    for index in range(1000):
        memo.put(("o200k", index, 5), count)
    assert len(memo) <= 20
    assert memo.get(("o200k", 999, 5)) == count
    assert memo.get(("o200k", 0, 5)) is None


def test_what_is_used_again_survives_a_generation():
    """A system prompt that comes with every request stays in the memo."""
    memo = Memo(limit=4)
    count = count_text("hello", "o200k")
    memo.put(("o200k", 1, 1), count)
    for index in range(2, 50):
        assert memo.get(("o200k", 1, 1)) == count
        memo.put(("o200k", index, 1), count)


def test_importing_the_estimator_imports_nothing_heavy():
    """No SDK, no price data, no tokenizer, no event loop comes with it."""
    code = (
        "import sys; before = set(sys.modules); import llm_token_budget.estimation as e; "
        "e.estimate_tokens('hello', 'gpt-4o'); print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {
        "asyncio",
        "pydantic",
        "httpx",
        "httpx2",
        "genai_prices",
        "toktok",
        "openai",
        "anthropic",
    }


PINNED = {
    "o200k": (64, 78),
    "cl100k": (68, 81),
    "llama3": (67, 81),
    "qwen3": (63, 77),
    "claude3": (82, 98),
    "claude47": (99, 118),
}
