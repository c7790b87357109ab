"""The bytes of a text as a bound that needs no statistics."""

import pytest
import toktok
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_token_budget.estimation import Estimator, RequestParts, Text, count_text
from llm_token_budget.estimation.byte_bound import ByteCounter

ENCODINGS = {"o200k": "o200k_base", "cl100k": "cl100k_base"}


@pytest.mark.parametrize("family", ENCODINGS)
@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_no_text_has_more_tokens_than_its_bound(family, text):
    """Whatever is typed, for byte-level tokenizers."""
    assert toktok.batch_count([text], ENCODINGS[family], threads=1)[0] <= ByteCounter(count_text)(text, family).upper


def test_the_bound_is_the_bytes_where_that_is_a_proof_and_more_elsewhere():
    """Claude's tokenizers rewrite a text and mark its words."""
    counter = ByteCounter(count_text)
    assert counter("hello", "o200k").upper == 5
    assert counter("日本", "llama3").upper == 6
    assert counter("日本", "claude47").upper > 6
    assert counter("", "claude47") == (0, 0)


def test_what_is_expected_stays_the_estimate():
    """Only what is held becomes larger."""
    request = RequestParts("openai", "gpt-4o", (Text("How are you today, my friend?"),))
    plain, by_bytes = Estimator()(request), Estimator(input_bound="bytes")(request)
    assert by_bytes.expected == plain.expected
    assert by_bytes.upper > plain.upper
    assert by_bytes.method == "bytes"


def test_bills_do_not_lower_a_proof():
    """What calls were billed has no say in it."""
    estimator = Estimator(input_bound="bytes")
    request = RequestParts("openai", "gpt-4o", (Text("How are you today, my friend?"),))
    before = estimator(request)
    for _ in range(100):
        estimator.learn(estimator(request), 10)
    assert estimator(request)[:3] == before[:3]
