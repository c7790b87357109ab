"""How input is counted where the order doesn't say."""

from __future__ import annotations

import sys

import pytest

from llm_token_budget.testing import counting


@pytest.fixture(params=["toktok", "bytes"])
def _counter(request, monkeypatch):
    if request.param == "bytes":
        monkeypatch.setitem(sys.modules, "toktok", None)
    else:
        pytest.importorskip("toktok")
    counting.tokenizer.cache_clear()
    yield
    counting.tokenizer.cache_clear()


@pytest.mark.usefixtures("_counter")
def test_frames_messages_as_published():
    """Three per message, three for the reply; `hi` and `user` are a token each by either count."""
    message = {"role": "user", "content": "hi"}
    assert counting.count_chat([message]) == 2 + 3 + 3
    assert counting.count_chat([message, message]) == 2 * (2 + 3) + 3


@pytest.mark.usefixtures("_counter")
def test_parts_count_like_the_texts_in_them():
    """Content as a list is the same text; media in it count nothing."""
    parts = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "data:" + "A" * 1000}}]
    plain = counting.count_chat([{"role": "user", "content": "hi"}])
    assert counting.count_chat([{"role": "user", "content": parts}]) == plain


@pytest.mark.usefixtures("_counter")
def test_tools_and_arguments_count_as_json():
    """Names of fields are read by the model, too."""
    message = {"role": "user", "content": "hi"}
    tools = [{"type": "function", "function": {"name": "get_weather"}}]
    call = {"type": "tool_use", "id": "x", "name": "f", "input": {"city": "Rome"}}
    assert counting.count_chat([message], tools) - counting.count_chat([message]) == counting.count_texts(
        [counting.json_text(tools)]
    )
    assert list(counting.texts_within(call)) == ["f", '{"city":"Rome"}']


@pytest.mark.usefixtures("_counter")
def test_lone_surrogates_are_counted():
    """JSON can carry them."""
    assert counting.count_texts(["\ud800"]) >= 1


def test_the_toy_count_is_bytes(monkeypatch):
    """Four UTF-8 bytes a token, rounded up per text."""
    monkeypatch.setitem(sys.modules, "toktok", None)
    counting.tokenizer.cache_clear()
    assert counting.count_texts(["", "abcd", "abcde", "äöü"]) == 0 + 1 + 2 + 2
    counting.tokenizer.cache_clear()


def test_made_up_words_are_one_token_each():
    """So the length on order is the length that a tokenizer would find."""
    toktok = pytest.importorskip("toktok")
    from llm_token_budget.testing import Reply
    from llm_token_budget.testing.answer import Order, answer

    text = answer(Order(model="m"), Reply(output_tokens=200), id="x").text
    assert toktok.batch_count([text], "o200k_base") == toktok.batch_count([text], "cl100k_base") == [200]
