"""Everything that can be ordered to go wrong, and what it does to the client and to the bill."""

from __future__ import annotations

import asyncio
import threading

import anthropic
import groq
import httpx
import ollama
import openai
import pytest

from llm_token_budget.testing import PROXY_PAGE, LoopbackProvider, Reply

MODEL = "gpt-6.1-terra"
MESSAGES = [{"role": "user", "content": "How is the weather?"}]
CHAT = {"model": MODEL, "messages": MESSAGES}
# Long enough that nobody waits for it: these waits end when the client leaves.
FOREVER = 3600.0


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("streams", [False, True])
def test_errors_bill_nothing(provider, openai_client, status, error, streams):
    """An ordered status is the SDK's error, in the vendor's shape."""
    provider.reply(Reply(status=status))
    with pytest.raises(error) as caught:
        openai_client.chat.completions.create(**CHAT, stream=streams)
    assert caught.value.body["message"]
    assert provider.bill.requests == 0
    assert provider.request_count == 1


def test_an_error_can_be_billed_on_order(provider, openai_client):
    """A gateway that gave up does not keep the provider from computing."""
    provider.reply(Reply("one two three", status=504, body=PROXY_PAGE, billed=True))
    with pytest.raises(openai.InternalServerError):
        openai_client.chat.completions.create(**CHAT)
    assert provider.bill.output_tokens == 3


def test_a_page_of_a_proxy(provider, openai_client):
    """A string is sent as it stands, as HTML."""
    provider.reply(Reply(status=502, body=PROXY_PAGE))
    with pytest.raises(openai.InternalServerError) as caught:
        openai_client.chat.completions.create(**CHAT)
    assert caught.value.response.headers["content-type"] == "text/html"
    assert caught.value.response.text == PROXY_PAGE


def test_an_unreadable_answer_is_billed(provider):
    """A 200 that is no JSON was computed all the same."""
    provider.reply(Reply("one two", body="not json"))
    reply = httpx.post(f"{provider.openai_base_url}/chat/completions", json=CHAT)
    assert (reply.status_code, reply.text) == (200, "not json")
    assert provider.bill.output_tokens == 2


def test_the_sdk_tries_again(provider):
    """Errors ahead of an answer: three requests, one line."""
    provider.enqueue(Reply(status=429, retry_after=0), Reply(status=503, headers={"retry-after-ms": "1"}))
    with openai.OpenAI(base_url=provider.openai_base_url, api_key="secret") as client:
        client.chat.completions.create(**CHAT)
    assert provider.request_count == 3
    assert provider.bill.requests == 1


@pytest.mark.parametrize(
    ("usage", "reported"),
    [("absent", None), ("null", None), ({"prompt_tokens": -5, "completion_tokens": 10**18, "total_tokens": 0}, -5)],
)
@pytest.mark.parametrize("streams", [False, True])
def test_odd_usage(provider, openai_client, usage, reported, streams):
    """What is reported can be anything; what is billed stays true."""
    provider.reply(Reply("one two", input_tokens=5, usage=usage))
    options = {"stream": True, "stream_options": {"include_usage": True}} if streams else {}
    reply = openai_client.chat.completions.create(**CHAT, **options)
    seen = (list(reply)[-1] if streams else reply).usage
    assert (seen and seen.prompt_tokens) == reported
    assert provider.bill.total_tokens == 7


def test_odd_usage_elsewhere(provider, anthropic_client, ollama_client):
    """Anthropic's and Ollama's counts can be left out, too."""
    provider.reply(Reply("one two", usage="absent"))
    message = anthropic_client.messages.create(model="claude-sonnet-5-5", max_tokens=9, messages=MESSAGES)
    assert "usage" not in message.model_fields_set
    assert ollama_client.chat(model="llama3.3", messages=MESSAGES).eval_count is None
    assert provider.bill.output_tokens == 4


def test_a_cut_stream(provider, openai_client):
    """The connection ends after the ordered number of events; what was produced is billed."""
    provider.reply(Reply(output_tokens=50, input_tokens=10, reasoning_tokens=3, cut_after=5))
    stream = openai_client.chat.completions.create(**CHAT, stream=True)
    seen = []
    with pytest.raises((openai.APIConnectionError, httpx.RemoteProtocolError)):
        seen.extend(stream)
    assert len(seen) == 5
    provider.wait_until_idle()
    (line,) = provider.bill.lines
    assert (line.input_tokens, line.output_tokens, line.reasoning_tokens, line.complete) == (10, 7, 3, False)


def test_a_cut_answer(provider, openai_client):
    """A plain answer is cut in the middle, and billed in full."""
    provider.reply(Reply(output_tokens=50, cut_after=0))
    with pytest.raises(openai.APIConnectionError):
        openai_client.chat.completions.create(**CHAT)
    assert provider.bill.output_tokens == 50


@pytest.mark.parametrize("how", ["cut_after", "error_event_after"])
def test_aborted_streams_can_be_billed_in_full(how):
    """Some providers go on computing: `bill_aborted="full"`."""
    with LoopbackProvider(bill_aborted="full") as provider:
        provider.reply(Reply(output_tokens=50, **{how: 3}))
        with (
            groq.Groq(base_url=provider.groq_base_url, api_key="secret", max_retries=0) as client,
            pytest.raises((groq.APIError, httpx.RemoteProtocolError)),
        ):
            list(client.chat.completions.create(**CHAT, stream=True))
        provider.wait_until_idle()
        assert provider.bill.output_tokens == 50


def test_an_error_in_a_stream(provider, openai_client, anthropic_client):
    """Each vendor's error event is its SDK's error."""
    provider.reply(Reply(output_tokens=50, error_event_after=4))
    with pytest.raises(openai.APIError, match="server had an error"):
        list(openai_client.chat.completions.create(**CHAT, stream=True))
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        list(anthropic_client.messages.create(model="m", max_tokens=99, messages=MESSAGES, stream=True))
    *_, last = list(openai_client.responses.create(model=MODEL, input="Hello", stream=True))
    assert (last.type, last.code) == ("error", "server_error")
    provider.wait_until_idle()
    assert all(not line.complete for line in provider.bill.lines)


@pytest.mark.parametrize(("drop", "lines"), [("before", 0), ("after", 1)])
def test_dropped_connections(provider, openai_client, drop, lines):
    """No byte of an answer; billed only if it was computed."""
    provider.enqueue(Reply(), Reply(drop=drop))
    openai_client.chat.completions.create(**CHAT)
    with pytest.raises(openai.APIConnectionError) as caught:
        openai_client.chat.completions.create(**CHAT)
    assert not isinstance(caught.value, openai.APITimeoutError)
    assert provider.request_count == 2
    assert provider.bill.requests == 1 + lines


@pytest.mark.parametrize("reply", [Reply(output_tokens=40, hang=True), Reply(output_tokens=40, latency=FOREVER)])
@pytest.mark.parametrize("streams", [False, True])
def test_a_client_that_gives_up_is_billed_in_full(provider, openai_client, reply, streams):
    """A read timeout does not keep the provider from computing."""
    provider.reply(reply)
    with pytest.raises(openai.APITimeoutError):
        openai_client.chat.completions.create(**CHAT, stream=streams, timeout=0.2)
    provider.wait_until_idle()
    assert provider.bill.output_tokens == 40


async def test_a_cancelled_call_is_billed_in_full(provider):
    """So is a task that is cancelled while it waits."""
    provider.reply(Reply(output_tokens=40, latency=FOREVER))
    arrived, loop = asyncio.Event(), asyncio.get_running_loop()
    provider.on(lambda _request: loop.call_soon_threadsafe(arrived.set) and None)
    async with openai.AsyncOpenAI(base_url=provider.openai_base_url, api_key="secret") as client:
        task = asyncio.ensure_future(client.chat.completions.create(**CHAT))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    provider.wait_until_idle()
    assert provider.bill.output_tokens == 40


def test_a_stream_that_the_client_leaves(provider, openai_client):
    """Between two slow chunks the server notices, and bills what it has produced."""
    provider.reply(Reply(output_tokens=50, chunk_latency=0.01))
    stream = openai_client.chat.completions.create(**CHAT, stream=True)
    for _ in range(3):
        next(stream)
    stream.close()
    provider.wait_until_idle()
    (line,) = provider.bill.lines
    assert 2 <= line.output_tokens < 50
    assert not line.complete


def test_a_slow_reader_is_waited_for(provider):
    """A stream larger than the buffers is not produced ahead of a client that reads nothing."""
    provider.reply(Reply(output_tokens=200_000, chunk_tokens=100))
    request = {"model": "llama3.3", "messages": MESSAGES}
    with httpx.stream("POST", f"{provider.ollama_base_url}/api/chat", json=request) as reply:
        next(reply.iter_lines())
    provider.wait_until_idle()
    assert 0 < provider.bill.output_tokens < 200_000


def test_unknown_addresses(provider, openai_client, ollama_client):
    """A 404 in the vendor's shape that is not tried again."""
    with pytest.raises(openai.NotFoundError, match="POST /v1/images/generations"):
        openai_client.images.generate(prompt="A house", model="gpt-image-1")
    with pytest.raises(ollama.ResponseError, match="/api/show"):
        ollama_client.show("llama3.3")
    assert provider.request_count == 2


def test_a_malformed_request_uses_up_no_order(provider, openai_client):
    """The queue is for requests that a vendor would answer."""
    provider.enqueue(Reply("queued"))
    with pytest.raises(openai.BadRequestError):
        openai_client.chat.completions.create(model=MODEL, messages=[])
    assert openai_client.chat.completions.create(**CHAT).choices[0].message.content == "queued"


def test_a_body_that_is_no_json_object(provider):
    """A 400, and no crash."""
    for content in (b"{", b"[1]", b"\xff\xfe"):
        assert httpx.post(f"{provider.openai_base_url}/chat/completions", content=content).status_code == 400
    assert provider.bill.requests == 0


def test_stopping_ends_what_is_open():
    """A client that waits sees the connection end; the bill stays."""
    provider = LoopbackProvider().start()
    stopping = threading.Thread(target=provider.stop)
    provider.reply(Reply(output_tokens=5, hang=True))
    provider.on(lambda _request: stopping.start())
    with (
        openai.OpenAI(base_url=provider.openai_base_url, api_key="secret", max_retries=0) as client,
        pytest.raises(openai.APIConnectionError),
    ):
        client.chat.completions.create(**CHAT)
    stopping.join()
    assert provider.bill.output_tokens == 5
