"""Answers whose usage is only a sum: of all that was read and written."""

from decimal import Decimal

import groq
import httpx
import pytest

from llm_token_budget import BudgetManager, calculate_cost, receipt_for, wrap
from llm_token_budget.providers.dialect import Reading
from llm_token_budget.providers.usage_reading import read_chat, read_response


@pytest.mark.parametrize(
    ("both", "expected"),
    [
        (300, (0, 300)),  # All of it may have been output.
        (500, (0, 500)),
        (700, (200, 500)),  # No more was allowed: the rest was read.
        (1900, (1000, 900)),  # More was read than anybody thought, or written than was allowed: the dearer one.
        (0, (0, 0)),
    ],
)
def test_a_sum_is_taken_for_the_dearer_part_as_far_as_that_can_be(both, expected):
    """1,000 tokens were held for the input and 500 for the output."""
    usage = Reading(total_tokens=both).usage(1000, 500)
    assert (usage.input_tokens, usage.output_tokens) == expected


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"total_tokens": 90}, (None, None, 90)),
        ({"total_tokens": 90, "prompt_tokens": 30}, (30, 60, None)),
        ({"total_tokens": 90, "completion_tokens": 30}, (60, 30, None)),
        ({"total_tokens": 20, "completion_tokens": 30}, (None, 30, None)),
        ({"total_tokens": -5}, (None, None, None)),
        ({"total_tokens": "many", "prompt_tokens": 30}, (30, None, None)),
    ],
)
def test_a_sum_tells_the_count_that_is_missing(usage, expected):
    """In either of OpenAI's formats, if it makes sense."""
    read = read_chat({"usage": usage})
    assert (read.input_tokens, read.output_tokens, read.total_tokens) == expected
    names = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}
    read = read_response({"usage": {names.get(name, name): count for name, count in usage.items()}})
    assert (read.input_tokens, read.output_tokens, read.total_tokens) == expected


def test_a_wrapped_answer_with_a_sum_alone_is_charged_for_that():
    """Not for all that was held; as an estimate, since nobody knows how much of it was output."""
    answer = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "openai/gpt-oss-120b",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}],
        "usage": {"total_tokens": 120},
    }
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    plain = groq.Groq(api_key="unused", http_client=httpx.Client(transport=transport))
    budget = BudgetManager(global_cost_limit=100)
    messages = [{"role": "user", "content": "Hello there."}]
    reply = wrap(plain, budget).chat.completions.create(
        model="openai/gpt-oss-120b", messages=messages, max_completion_tokens=10_000
    )
    receipt = receipt_for(reply)
    assert receipt.usage.total_tokens == 120
    assert receipt.estimated
    assert receipt.cost == calculate_cost(0, 120, "openai/gpt-oss-120b", provider="groq").total_cost
    assert Decimal(0) < receipt.cost < receipt.held.cost
