"""Orders that make no sense are refused when they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.testing import Reply
from llm_token_budget.testing.answer import Order, answer


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"output_tokens": -1}, "output_tokens"),
        ({"input_tokens": 1.5}, "input_tokens"),
        ({"reasoning_tokens": True}, "reasoning_tokens"),
        ({"cut_after": -1}, "cut_after"),
        ({"chunk_tokens": 0}, "chunk_tokens"),
        ({"latency": -0.1}, "latency"),
        ({"chunk_latency": float("inf")}, "chunk_latency"),
        ({"latency": float("nan")}, "latency"),
        ({"text": "a", "output_tokens": 1}, "not both"),
        ({"input_tokens": 5, "cached_tokens": 6}, "more than"),
        ({"status": 100}, "status"),
        ({"drop": "now"}, "drop"),
        ({"usage": "none"}, "usage"),
        ({"headers": {"x": "a\r\nb: c"}}, "headers"),
    ],
)
def test_refuses_what_cannot_be(fields, named):
    """The error names the field."""
    with pytest.raises(ConfigurationError, match=named):
        Reply(**fields)


def test_cached_tokens_raise_a_counted_input():
    """Parts are never more than the whole."""
    answered = answer(Order(model="m", input_tokens=3), Reply(cached_tokens=10), id="x")
    assert (answered.input_tokens, answered.plain_input_tokens) == (10, 0)


@given(text=st.text(), chunk_tokens=st.integers(1, 5))
def test_pieces_add_up_to_the_text(text, chunk_tokens):
    """Whatever the text is: nothing is lost, and every piece but spaces is counted."""
    answered = answer(Order(model="m"), Reply(text, chunk_tokens=chunk_tokens), id="x")
    pieces = list(answered.pieces())
    assert "".join(piece for piece, _ in pieces) == text == answered.text
    assert sum(tokens for _, tokens in pieces) == answered.output_tokens


@given(
    wanted=st.integers(0, 30), reasoning=st.integers(0, 30), maximum=st.none() | st.integers(1, 30), n=st.integers(1, 4)
)
def test_no_answer_is_longer_than_the_maximum(wanted, reasoning, maximum, n):
    """Nor shorter than it could have been."""
    order = Order(model="m", maximum=maximum, choices=n)
    answered = answer(order, Reply(output_tokens=wanted, reasoning_tokens=reasoning), id="x")
    full = wanted + reasoning
    assert answered.tokens_per_choice == (full if maximum is None else min(full, maximum))
    assert answered.is_cut == (answered.tokens_per_choice < full)
    assert answered.output_tokens == n * answered.tokens_per_choice
