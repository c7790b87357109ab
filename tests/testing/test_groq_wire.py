"""Groq's wire format, as the real SDK reads it."""

from __future__ import annotations

from decimal import Decimal

import groq
import pytest

from llm_token_budget.testing import Reply

REQUEST = {"model": "openai/gpt-oss-120b", "messages": [{"role": "user", "content": "How is the weather?"}]}


def test_answers_the_text_that_was_ordered(provider, groq_client):
    """Text, usage and price of a whole completion."""
    provider.reply(Reply("Sunny and warm.", input_tokens=100, cached_tokens=40))
    completion = groq_client.chat.completions.create(**REQUEST)
    assert completion.choices[0].message.content == "Sunny and warm."
    assert completion.usage.prompt_tokens_details.cached_tokens == 40
    # 60 x $0.15 + 40 x $0.075 + 3 x $0.6, per million.
    assert provider.bill.where(provider="groq").usd == Decimal("0.0000138")


def test_a_stream_reports_usage_on_its_last_chunk(provider, groq_client):
    """Unasked, beside the finish reason, as `usage` and as `x_groq.usage`."""
    provider.reply(Reply(output_tokens=6, input_tokens=10))
    *chunks, last = list(groq_client.chat.completions.create(**REQUEST, stream=True, max_completion_tokens=4))
    assert all(chunk.usage is None for chunk in chunks)
    assert chunks[0].x_groq.id
    assert last.choices[0].finish_reason == "length"
    assert last.x_groq.usage.total_tokens == last.usage.total_tokens == 14 == provider.bill.total_tokens


def test_errors_in_a_stream(provider, groq_client):
    """An error event ends the stream with the SDK's error."""
    provider.reply(Reply(error_event_after=2))
    with pytest.raises(groq.APIError, match="server had an error"):
        list(groq_client.chat.completions.create(**REQUEST, stream=True))


async def test_the_async_client(provider):
    """The same, awaited: whole and streamed."""
    async with groq.AsyncGroq(base_url=provider.groq_base_url, api_key="secret") as client:
        completion = await client.chat.completions.create(**REQUEST)
        chunks = [chunk async for chunk in await client.chat.completions.create(**REQUEST, stream=True)]
    assert completion.usage.total_tokens + chunks[-1].usage.total_tokens == provider.bill.total_tokens
