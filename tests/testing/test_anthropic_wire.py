"""Anthropic's wire format, as the real SDK reads it."""

from __future__ import annotations

from decimal import Decimal

import anthropic
import pytest

from llm_token_budget.testing import Reply

MODEL = "claude-sonnet-5-5"
REQUEST = {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "How is the weather?"}]}


def test_answers_the_text_that_was_ordered(provider, anthropic_client):
    """Text and usage of a whole message."""
    provider.reply(Reply("Sunny and warm.", input_tokens=12))
    message = anthropic_client.messages.create(**REQUEST)
    assert message.content[0].text == "Sunny and warm."
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (12, 3)


def test_reports_cached_input_beside_the_input(provider, anthropic_client):
    """`input_tokens` excludes the cache; the bill has each part at its own rate."""
    provider.reply(
        Reply("Yes.", input_tokens=1000, cached_tokens=600, cache_write_tokens=100, cache_write_1h_tokens=50)
    )
    usage = anthropic_client.messages.create(**REQUEST).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (250, 600, 150)
    assert usage.cache_creation.ephemeral_1h_input_tokens == 50
    # 250 x $2 + 600 x $0.1 + 100 x $2.5 + 50 x $4 + 1 x $10, per million.
    assert provider.bill.usd == Decimal("0.00102")


def test_stops_at_the_maximum(provider, anthropic_client):
    """An answer that wants to be longer is cut there and says so."""
    provider.reply(Reply(output_tokens=500))
    message = anthropic_client.messages.create(**REQUEST)
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 100)


def test_a_stream_has_the_input_first_and_the_output_last(provider, anthropic_client):
    """`message_start` knows the input side, `message_delta` the cumulative output."""
    provider.reply(Reply(output_tokens=5, input_tokens=9, cached_tokens=4))
    events = list(anthropic_client.messages.create(**REQUEST, stream=True))
    assert [event.type for event in events] == [
        "message_start",
        "content_block_start",
        *["content_block_delta"] * 5,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert (events[0].message.usage.input_tokens, events[0].message.usage.cache_read_input_tokens) == (5, 4)
    assert events[-2].usage.output_tokens == 5 == provider.bill.output_tokens


def test_the_stream_helper(provider, anthropic_client):
    """`.stream()` collects the message that a plain call gets."""
    provider.reply(Reply("Sunny and warm.", reasoning_tokens=20))
    thinking = {"type": "enabled", "budget_tokens": 1024}
    request = REQUEST | {"max_tokens": 2000, "thinking": thinking}
    with anthropic_client.messages.stream(**request) as stream:
        streamed = stream.get_final_message()
    plain = anthropic_client.messages.create(**request)
    assert [block.type for block in plain.content] == ["thinking", "text"]
    assert [block.type for block in streamed.content] == ["thinking", "text"]
    assert streamed.content[1].text == plain.content[1].text
    assert streamed.usage.output_tokens == plain.usage.output_tokens == 23


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}])
def test_a_forced_tool_is_called(provider, anthropic_client, choice):
    """The scripted text becomes the input, streamed or not."""
    provider.reply(Reply('{"city": "New York"}'))
    tools = [{"name": "get_weather", "input_schema": {"type": "object"}}]
    plain = anthropic_client.messages.create(**REQUEST, tools=tools, tool_choice=choice)
    with anthropic_client.messages.stream(**REQUEST, tools=tools, tool_choice=choice) as stream:
        streamed = stream.get_final_message()
    assert plain.content[0].input == streamed.content[0].input == {"city": "New York"}
    assert plain.stop_reason == streamed.stop_reason == "tool_use"


def test_counting_input_is_free_and_true(provider, anthropic_client):
    """The count of the counting endpoint is the count on the bill."""
    asked = {"model": MODEL, "messages": REQUEST["messages"], "system": "Be kind."}
    counted = anthropic_client.messages.count_tokens(**asked)
    anthropic_client.messages.create(**REQUEST, system="Be kind.")
    assert counted.input_tokens == provider.bill.input_tokens
    assert provider.bill.requests == 1


def test_the_beta_client_is_served(provider, anthropic_client):
    """It is the same endpoint, with or without a query."""
    message = anthropic_client.beta.messages.create(**REQUEST)
    assert message.usage.output_tokens == provider.bill.output_tokens
    assert provider.requests[0].path == "/v1/messages"


def test_a_request_without_a_maximum_is_refused(provider, anthropic_client):
    """`max_tokens` is required."""
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        anthropic_client.post("/v1/messages", cast_to=object, body={"model": MODEL, "messages": REQUEST["messages"]})


def test_long_context_costs_more(provider, anthropic_client):
    """Above 100,000 tokens Haiku's whole request is at five times the rates."""
    provider.reply(Reply("Yes.", input_tokens=100_001))
    anthropic_client.messages.create(**REQUEST | {"model": "claude-haiku-5-5"})
    assert provider.bill.usd == (Decimal(100_001) * Decimal("0.5") + Decimal("2.5")) / 1_000_000


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, anthropic.RateLimitError), (529, anthropic.APIStatusError), (401, anthropic.AuthenticationError)],
)
def test_errors_have_the_vendors_shape(provider, anthropic_client, status, error):
    """The SDK reads type and request id."""
    provider.reply(Reply(status=status))
    with pytest.raises(error) as caught:
        anthropic_client.messages.create(**REQUEST)
    assert caught.value.status_code == status
    assert caught.value.body["type"] == "error"
    assert caught.value.request_id == "req-1"


async def test_the_async_client(provider):
    """The same, awaited: whole and streamed."""
    async with anthropic.AsyncAnthropic(base_url=provider.anthropic_base_url, api_key="secret") as client:
        message = await client.messages.create(**REQUEST)
        async with client.messages.stream(**REQUEST) as stream:
            streamed = await stream.get_final_message()
    assert message.usage.output_tokens + streamed.usage.output_tokens == provider.bill.output_tokens
