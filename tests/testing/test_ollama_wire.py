"""Ollama's wire format, as the real SDK reads it."""

from __future__ import annotations

import json

import httpx
import ollama
import openai
import pytest

from llm_token_budget.testing import Reply

REQUEST = {"model": "llama3.3", "messages": [{"role": "user", "content": "How is the weather?"}]}


def test_chat(provider, ollama_client):
    """Text and counts; free of charge."""
    provider.reply(Reply("Sunny and warm.", input_tokens=12))
    reply = ollama_client.chat(**REQUEST)
    assert reply.message.content == "Sunny and warm."
    assert (reply.done, reply.done_reason, reply.prompt_eval_count, reply.eval_count) == (True, "stop", 12, 3)
    assert provider.bill.total_tokens == 15
    assert provider.bill.usd == 0


def test_generate(provider, ollama_client):
    """The other endpoint, with the texts of prompt and system counted."""
    reply = ollama_client.generate(model="llama3.3", prompt="How are you?", system="Be kind.")
    assert len(reply.response.split()) == 16 == reply.eval_count
    assert reply.prompt_eval_count == provider.bill.input_tokens > 0


@pytest.mark.parametrize("endpoint", ["chat", "generate"])
def test_a_stream_counts_in_its_last_line(provider, ollama_client, endpoint):
    """Only the line that is `done` has the counts."""
    provider.reply(Reply(output_tokens=5, reasoning_tokens=2))
    call = ollama_client.chat if endpoint == "chat" else ollama_client.generate
    arguments = REQUEST if endpoint == "chat" else {"model": "llama3.3", "prompt": "Hello"}
    *lines, last = list(call(**arguments, stream=True))
    assert all(line.eval_count is None and not line.done for line in lines)
    assert (last.done, last.eval_count) == (True, 7)
    assert provider.bill.output_tokens == 7


def test_streams_unless_told_not_to(provider):
    """A request that says nothing gets lines of JSON."""
    reply = httpx.post(f"{provider.ollama_base_url}/api/chat", json=REQUEST)
    assert reply.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["done"] for line in reply.text.splitlines()] == [*[False] * 16, True]


@pytest.mark.parametrize(("num_predict", "length"), [(5, 5), (-1, 16), (0, 16)])
def test_honours_num_predict(provider, ollama_client, num_predict, length):
    """A positive one is a maximum, others are none."""
    reply = ollama_client.chat(**REQUEST, options={"num_predict": num_predict})
    assert reply.eval_count == length
    assert reply.done_reason == ("length" if length == 5 else "stop")


def test_thinking_is_shown_if_asked_for(provider, ollama_client):
    """Its tokens are counted in any case."""
    provider.reply(Reply("Yes.", reasoning_tokens=9))
    assert ollama_client.chat(**REQUEST, think=True).message.thinking
    hidden = ollama_client.chat(**REQUEST)
    assert hidden.message.thinking is None
    assert hidden.eval_count == 10


def test_tools(provider, ollama_client):
    """An ordered tool call has the text as its arguments, streamed or not."""
    provider.reply(Reply('{"city": "Rome"}', tool="get_weather"))
    plain = ollama_client.chat(**REQUEST)
    streamed = list(ollama_client.chat(**REQUEST, stream=True))
    for message in (plain.message, streamed[0].message):
        assert message.tool_calls[0].function.arguments == {"city": "Rome"}
    assert provider.bill.output_tokens == 4


def test_embeddings(provider, ollama_client):
    """One vector per input; the older endpoint reports no count, and is billed all the same."""
    assert len(ollama_client.embed(model="nomic-embed-text", input=["a", "b c"]).embeddings) == 2
    assert ollama_client.embeddings(model="nomic-embed-text", prompt="a b").embedding
    assert [line.input_tokens for line in provider.bill.lines] == [3, 2]


def test_free_endpoints(provider, ollama_client):
    """Lists and versions are no requests on the bill."""
    assert ollama_client.list().models
    assert httpx.get(f"{provider.ollama_base_url}/api/version").json()["version"]
    assert provider.bill.requests == 0


def test_errors(provider, ollama_client):
    """An error status and an error in a stream are the SDK's error."""
    provider.enqueue(Reply(status=500), Reply(error_event_after=1))
    with pytest.raises(ollama.ResponseError) as caught:
        ollama_client.chat(**REQUEST)
    assert caught.value.status_code == 500
    with pytest.raises(ollama.ResponseError, match="an error was encountered"):
        list(ollama_client.chat(**REQUEST, stream=True))


def test_its_openai_shaped_endpoint(provider):
    """An OpenAI client can be pointed at Ollama."""
    with openai.OpenAI(base_url=f"{provider.ollama_base_url}/v1", api_key="none") as client:
        client.chat.completions.create(**REQUEST)
    assert provider.bill.lines[0].provider == "ollama"


async def test_the_async_client(provider):
    """The same, awaited: whole and streamed."""
    client = ollama.AsyncClient(host=provider.ollama_base_url)
    reply = await client.chat(**REQUEST)
    lines = [line async for line in await client.chat(**REQUEST, stream=True)]
    await client._client.aclose()
    assert reply.eval_count + lines[-1].eval_count == provider.bill.output_tokens
