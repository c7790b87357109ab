"""Tools that Groq runs by itself: billed by the call, and told of in the middle of a stream."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import groq
import httpx
import pytest

from llm_token_budget import BudgetManager, receipt_for, wrap
from llm_token_budget.usage import ToolUse

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
BREAKDOWN = {"models": [{"model": "openai/gpt-oss-120b", "usage": USAGE}]}
MESSAGES = [{"role": "user", "content": "What is new?"}]


def _chunk(delta: dict[str, Any], **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "groq/compound"}
    return b"data: " + json.dumps({**head, "choices": [choice], **more}, separators=(",", ":")).encode() + b"\n\n"


SEARCH = {"index": 0, "type": "search", "arguments": "{}"}
STREAM = [
    _chunk({"role": "assistant", "content": ""}, x_groq={"id": "r"}),
    _chunk({"executed_tools": [SEARCH]}),
    _chunk({"executed_tools": [{**SEARCH, "output": "found"}]}),
    *[_chunk({"content": "word "}) for _ in range(20)],
    _chunk({}, x_groq={"id": "r", "usage": USAGE}, usage_breakdown=BREAKDOWN),
    b"data: [DONE]\n\n",
]


@pytest.fixture
def client() -> groq.Groq:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=iter(STREAM), headers={"content-type": "text/event-stream"})

    plain = groq.Groq(api_key="unused", http_client=httpx.Client(transport=httpx.MockTransport(answer)))
    return wrap(plain, BudgetManager(global_cost_limit=100, unknown_model="upper_bound"))


def test_a_search_in_a_stream_is_billed_once(client):
    """It is told of twice, in events that have no usage."""
    stream = client.chat.completions.create(model="groq/compound", messages=MESSAGES, stream=True, max_tokens=200)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "word " * 20
    receipt = receipt_for(stream)
    assert receipt.usage.tools == (ToolUse("web_search", 1),)
    assert receipt.cost == Decimal("0.00021") + Decimal("0.008")


def test_a_stream_that_is_left_while_tools_may_run_is_charged_as_held(client):
    """What the tools have read and written by then is nowhere to be seen."""
    stream = client.chat.completions.create(model="groq/compound", messages=MESSAGES, stream=True, max_tokens=200)
    next(stream)
    stream.close()
    receipt = receipt_for(stream)
    assert receipt.unconfirmed
    assert receipt.cost == receipt.held.cost
