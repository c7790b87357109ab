"""Exact tokenizers, and what happens without one."""

# ruff: noqa: RUF001

import builtins
import logging

import pytest
import toktok

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation import Estimator, RequestParts, Text, Tokenizer, count_text, estimate_parts
from llm_token_budget.estimation.tokenizers import ToktokTokenizer, installed_tokenizer, read_tokenizer

TEXTS = ["Hello there, how are you?", "naïve café – 你好，世界 🙂", "x = {'a': [1, 2.5, None]}\n", "word " * 500]


@pytest.fixture
def _fresh():
    installed_tokenizer.cache_clear()
    yield
    installed_tokenizer.cache_clear()


@pytest.mark.parametrize(
    ("model", "encoding"), [("gpt-4o", "o200k_base"), ("gpt-6.1-terra", "o200k_base"), ("gpt-4", "cl100k_base")]
)
def test_the_extra_counts_openais_models_exactly(model, encoding):
    """Every text, to the token."""
    for text in TEXTS:
        assert ToktokTokenizer().count(text, model) == toktok.batch_count([text], encoding, threads=1)[0]


@pytest.mark.parametrize("model", ["claude-opus-5", "llama3.1:8b", "qwen3:8b", "kimi-k2", "who-knows"])
def test_the_extra_says_which_models_it_does_not_know(model):
    """Their estimates stay estimates."""
    assert ToktokTokenizer().count("hello", model) is None
    assert Estimator("exact")(RequestParts("openai", model, (Text("hello"),))).method == "heuristic"


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4"])
def test_chats_of_published_framing_have_no_error(model):
    """3 a message, 1 for its role, 3 for the reply, 1 for a name: OpenAI's rule with exact texts."""
    encoding = {"gpt-4o": "o200k_base", "gpt-4": "cl100k_base"}[model]
    parts = tuple(Text(text) for text in TEXTS)
    true = sum(toktok.batch_count(TEXTS, encoding, threads=1)) + 4 * len(TEXTS) + 3
    estimate = Estimator("exact")(RequestParts("openai", model, parts, messages=len(TEXTS)))
    assert (estimate.expected, estimate.method) == (true, "exact")
    assert true <= estimate.upper <= 1.05 * true + 16


def test_halves_of_characters_are_counted_as_marks():
    """As OpenAI's own library does; nothing is raised."""
    assert ToktokTokenizer().count("a\ud800b", "gpt-4o") == ToktokTokenizer().count("a\ufffdb", "gpt-4o")


@pytest.mark.usefixtures("_fresh")
def test_without_the_extra_the_estimate_counts_and_the_log_says_so(monkeypatch, caplog):
    """A missing package is no error."""
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "toktok":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with caplog.at_level(logging.INFO, "llm_token_budget"):
        estimator = Estimator("exact")
    request = RequestParts("openai", "gpt-4o", (Text("hello"),))
    assert estimator(request)[:3] == estimate_parts(request)[:3]
    assert "llm-token-budget[tokenizers]" in caplog.text


@pytest.mark.usefixtures("_fresh")
def test_a_tokenizer_that_miscounts_is_not_used(monkeypatch, caplog):
    """Some known texts are counted when it is loaded."""
    monkeypatch.setattr(toktok, "batch_count", lambda texts, encoding, threads: [7 for _ in texts])
    assert installed_tokenizer() is None
    assert "miscounts" in caplog.text


def test_nothing_is_loaded_unasked():
    """The default needs no package, installed or not."""
    assert Estimator()(RequestParts("openai", "gpt-4o", (Text("hello"),))).method == "heuristic"


class Words:
    """Somebody's own tokenizer: a word is a token, for one model."""

    def __init__(self):
        self.asked = 0

    def count(self, text, model):
        self.asked += 1
        return len(text.split()) if model == "my-model" else None


def test_a_tokenizer_of_ones_own_counts_the_models_that_it_knows():
    """And no text twice."""
    words = Words()
    assert isinstance(words, Tokenizer)
    estimator = Estimator(tokenizer=words)
    request = RequestParts("openai", "my-model", (Text("one two three"),), messages=0)
    assert (estimator(request).expected, estimator(request).method) == (3, "exact")
    asked = words.asked
    estimator(request)
    assert words.asked == asked
    assert estimator(request._replace(model="gpt-4o")).method == "heuristic"


@pytest.mark.parametrize("answer", [-1, None, "3", 2.5, True])
def test_a_tokenizer_that_answers_nonsense_is_not_believed(answer):
    """The estimate counts."""

    class Odd:
        def count(self, text, model):
            return 1 if text == "a" else answer

    request = RequestParts("openai", "gpt-4o", (Text("hello there"),), messages=0)
    assert Estimator(tokenizer=Odd())(request).expected == count_text("hello there", "o200k").expected


def test_a_tokenizer_that_raises_is_logged_without_the_text(caplog):
    """What people write stays out of the log, and the call goes on."""

    class Broken:
        def count(self, text, model):
            raise RuntimeError("no vocabulary")

    request = RequestParts("openai", "gpt-4o", (Text("a very secret text"),))
    assert Estimator(tokenizer=Broken())(request)[:3] == estimate_parts(request)[:3]
    assert "no vocabulary" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("wrong", ["gpt-4o", 3, object(), Words])
def test_what_can_not_count_is_refused(wrong):
    """A class, a name or a function: the message says what is wanted."""
    with pytest.raises(ConfigurationError, match=r"count\(text, model\)"):
        read_tokenizer(wrong)


def test_a_request_can_be_counted_again_exactly():
    """For one whose margin alone would make it dearer: narrower than the estimate's bound, and never below the truth."""
    estimator = Estimator()
    request = RequestParts("openai", "gpt-4o", (Text("some words of a long text " * 2000),))
    counted = estimator.recount(request)
    assert ToktokTokenizer().count(request.parts[0].text, "gpt-4o") < counted < estimator(request).upper
    assert estimator.recount(request._replace(model="claude-opus-5")) is None
