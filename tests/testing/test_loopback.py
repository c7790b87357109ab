"""Orders, requests and the bill."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import openai
import pytest

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.testing import LoopbackProvider, Price, Reply

CHAT = {"model": "gpt-6.1-terra", "messages": [{"role": "user", "content": "How is the weather?"}]}


def ask(provider: LoopbackProvider, path: str = "/chat/completions", **fields) -> httpx.Response:
    return httpx.post(f"{provider.openai_base_url}{path}", json=CHAT | fields)


def said(response: httpx.Response) -> str:
    return response.json()["choices"][0]["message"]["content"]


def test_handlers_come_before_the_queue_and_the_queue_before_the_default(provider):
    """A handler that returns None leaves the request to the next in line."""
    provider.reply(Reply("default"))
    provider.enqueue(Reply("queued"))
    provider.on(lambda request: Reply("handled") if request.body.get("user") == "ada" else None)
    assert [said(ask(provider, user=user)) for user in ("ada", "bob", "bob")] == ["handled", "queued", "default"]


def test_a_handler_sees_free_endpoints_and_can_play_others(provider):
    """Counts can be made up, and unknown paths answered."""
    provider.on(lambda request: Reply(input_tokens=77) if request.path.endswith("input_tokens") else None)
    provider.on(lambda request: Reply(body={"ok": True}) if request.path == "/v1/images/generations" else None)
    assert ask(provider, "/responses/input_tokens").json()["input_tokens"] == 77
    assert ask(provider, "/images/generations").json() == {"ok": True}
    assert provider.bill.requests == 0


def test_a_handler_that_raises_shows_up_at_the_end():
    """The client gets a 500, whoever wrote the test gets the exception."""

    def broken(_request):
        raise ZeroDivisionError("in a handler")

    provider = LoopbackProvider().start()
    provider.on(broken)
    assert ask(provider).status_code == 500
    with pytest.raises(ZeroDivisionError, match="in a handler"):
        provider.stop()
    provider.stop()


def test_requests_are_kept_without_credentials(provider, openai_client):
    """What arrived can be looked at: method, path, headers, body."""
    openai_client.chat.completions.create(**CHAT, extra_headers={"X-Mine": "yes"})
    (request,) = provider.requests
    assert (request.number, request.provider, request.method) == (1, "openai", "POST")
    assert request.path == "/v1/chat/completions"
    assert request.body["messages"] == CHAT["messages"]
    assert request.headers["x-mine"] == "yes"
    assert "secret" not in str(request)


def test_only_the_latest_requests_are_kept():
    """The count goes on."""
    with LoopbackProvider(keep_requests=2) as provider:
        for user in "abc":
            ask(provider, user=user)
        assert [request.body["user"] for request in provider.requests] == ["b", "c"]
        assert provider.request_count == 3


def test_the_bill_can_be_narrowed_down(provider):
    """By provider, by model, by time."""
    ask(provider)
    later = datetime.now(UTC)
    ask(provider, model="gpt-4o")
    assert provider.bill.where(model="gpt-4o").requests == 1
    assert provider.bill.where(since=later).lines == provider.bill.where(model="gpt-4o").lines
    assert provider.bill.where(provider="groq").usd == 0
    assert provider.bill.where(provider="openai").lines == provider.bill.lines


def test_own_prices_come_first():
    """For new models and for known ones, for every provider or for one."""
    half_cached = Price(input=Decimal(2), cached=Decimal(1), output=Decimal(4))
    prices = {"gpt-4o": ("1", "2"), "my-model": (3, 0.5, "1"), "azure:our-chat": half_cached}
    with LoopbackProvider(prices=prices) as provider:
        provider.reply(Reply("yes", input_tokens=1000, cached_tokens=500))
        ask(provider, model="gpt-4o")
        ask(provider, model="my-model")
        url = f"{provider.azure_endpoint}/openai/deployments/our-chat/chat/completions"
        httpx.post(url, json={"messages": CHAT["messages"]})
        assert [line.usd * 1_000_000 for line in provider.bill.lines] == [1002, Decimal("2000.5"), 1504]


def test_a_model_without_a_price_is_not_free(provider):
    """Its tokens are counted; asking for the sum says what to do."""
    ask(provider, model="gpt-99")
    assert provider.bill.total_tokens > 0
    assert provider.bill.lines[0].usd is None
    with pytest.raises(ConfigurationError, match=r"LoopbackProvider\(prices=\{'gpt-99'"):
        _ = provider.bill.usd


def test_a_dated_name_has_the_price_of_its_model(provider):
    """The model that answers names its date."""
    provider.reply(Reply("yes", input_tokens=1000, model="gpt-4o-2024-08-06"))
    ask(provider)
    assert provider.bill.usd == Decimal("0.00251")


@pytest.mark.parametrize(
    "prices",
    [{"m": "1"}, {"m": ("1",)}, {"m": ("a", "b")}, {"m": (1, -1)}, {"m": (1, "NaN")}, {"m": 3}, {"m": (1, None)}],
)
def test_prices_that_are_none(prices):
    """A clear error that names the model."""
    with pytest.raises(ConfigurationError, match=r"prices\['m'\]"):
        LoopbackProvider(prices=prices)


def test_addresses_need_a_running_provider():
    """Before the start and after the stop there is none."""
    provider = LoopbackProvider()
    with pytest.raises(ConfigurationError, match="not running"):
        _ = provider.openai_base_url
    with provider, pytest.raises(ConfigurationError, match="running already"):
        provider.start()
    with pytest.raises(ConfigurationError, match="not running"):
        _ = provider.ollama_base_url


def test_a_provider_can_be_started_again():
    """The bill goes on, on another port."""
    provider = LoopbackProvider()
    for _ in range(2):
        with provider:
            ask(provider)
    assert provider.bill.requests == 2


def test_no_thread_is_left():
    """Not even with connections that were open."""
    before = set(threading.enumerate())
    with LoopbackProvider() as provider, httpx.Client() as client:
        client.post(f"{provider.openai_base_url}/chat/completions", json=CHAT)
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before


def test_an_idle_wait_is_limited(provider):
    """A request that hangs is not idle."""
    provider.reply(Reply(hang=True))
    with httpx.Client() as client, ThreadPoolExecutor(1) as pool:
        arrived = threading.Event()
        provider.on(lambda _request: arrived.set())
        waiting = pool.submit(client.post, f"{provider.openai_base_url}/chat/completions", json=CHAT, timeout=30)
        assert arrived.wait(5)
        with pytest.raises(TimeoutError, match="still being answered"):
            provider.wait_until_idle(timeout=0.01)
        provider.stop()
        assert isinstance(waiting.exception(), httpx.TransportError)


def test_fifty_threads(provider):
    """Every answer that a thread saw is on the bill, once."""
    provider.on(lambda request: Reply(output_tokens=request.number % 7, input_tokens=request.number))
    url = f"{provider.openai_base_url}/chat/completions"

    def work(_worker: int) -> dict[str, int]:
        with httpx.Client(trust_env=False) as client:
            replies = [client.post(url, json=CHAT).json() for _ in range(8)]
        return {reply["id"]: reply["usage"]["total_tokens"] for reply in replies}

    with ThreadPoolExecutor(50) as pool:
        seen = {id_: tokens for part in pool.map(work, range(50)) for id_, tokens in part.items()}
    assert len(seen) == 400 == provider.bill.requests == provider.request_count
    assert seen == {line.id: line.total_tokens for line in provider.bill.lines}


async def test_two_hundred_tasks(provider):
    """Streams and plain answers on 200 connections at a time."""
    provider.reply(Reply(output_tokens=5, latency=0.05))

    async def work(client: openai.AsyncOpenAI, number: int) -> int:
        if number % 2:
            return (await client.chat.completions.create(**CHAT)).usage.total_tokens
        stream = await client.responses.create(model="gpt-6.1-terra", input="Hello", stream=True)
        return [event async for event in stream][-1].response.usage.total_tokens

    async with openai.AsyncOpenAI(base_url=provider.openai_base_url, api_key="secret", max_retries=0) as client:
        seen = await asyncio.gather(*(work(client, number) for number in range(200)))
    assert provider.bill.requests == 200
    assert sum(seen) == provider.bill.total_tokens


async def test_two_hundred_connections_stay_open(provider):
    """All are open at once, and each serves one request after the other."""
    host, port = provider.url.removeprefix("http://").split(":")
    body = json.dumps(CHAT)
    head = f"POST /openai-api/v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    connections = [await asyncio.open_connection(host, port) for _ in range(200)]
    for _ in range(2):
        for _reader, writer in connections:
            writer.write((head + body).encode())
        for reader, _writer in connections:
            answered = await reader.readuntil(b"\r\n\r\n")
            assert answered.startswith(b"HTTP/1.1 200 OK")
            await reader.readexactly(int(answered.rpartition(b"content-length: ")[2].split(b"\r\n")[0]))
    for _reader, writer in connections:
        writer.close()
        await writer.wait_closed()
    assert provider.bill.requests == 400
