"""Bodies read the short way read as they do the long way."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_token_budget.providers.content import as_sent, is_plain
from llm_token_budget.providers.dialect import parse_object

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES, st.sampled_from(["", " ", "\n"]), st.sampled_from(["", "\r\n", " \t"]))
def test_an_object_is_parsed_as_json_parses_it(value, before, after):
    """With and without space around it; what is no object is nothing."""
    text = before + json.dumps(value) + after
    expected = value if isinstance(value, dict) else None
    assert parse_object(text) == expected
    assert parse_object(text.encode()) == expected


@pytest.mark.parametrize("text", ["", "{", "{}{}", '{"a": 1} x', '{"a"', "{'a': 1}", "\ufeff{}", '{"a": ' * 100_000])
def test_what_is_no_json_is_nothing(text):
    """Cut short, followed by something, or nested too deep."""
    assert parse_object(text) is None


def test_bytes_that_are_no_text_are_nothing():
    """They are not guessed at."""
    assert parse_object(b'{"a": "\xff"}') is None


@given(VALUES)
def test_what_json_is_made_of_is_sent_as_it_is(value):
    """Nothing in it can be used up by reading."""
    assert is_plain(value)
    assert as_sent(value) is value


@pytest.mark.parametrize(
    "wrap",
    [lambda value: value, lambda value: [value], lambda value: {"a": {"b": value}}, lambda value: [{"a": value}]],
)
@pytest.mark.parametrize("value", [iter("ab"), object(), {1}, type("Text", (str,), {})("a")])
def test_what_else_there_is_is_not_taken_for_it(wrap, value):
    """However deep it is."""
    assert not is_plain(wrap(value))
