"""Every way in which a stream can end, and what it is charged."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from llm_token_budget import wrap
from llm_token_budget.testing import Reply

from .driving import Entered, closed, every, first, got, held_tokens, http_library, is_the_vendors, plenty
from .forms import CHAT, COMPLETION, GROQ, MESSAGE, OLLAMA, RESPONSE

LONG = Reply(output_tokens=150)


@dataclass(frozen=True)
class Stream:
    """One way to open a stream."""

    name: str
    vendor: str
    open: Callable[[Any], Any]
    """Gives the stream, perhaps to be awaited."""


STREAMS = [
    Stream("openai chat", "openai", lambda client: client.chat.completions.create(**CHAT, stream=True)),
    Stream("azure chat", "azure", lambda client: client.chat.completions.create(**CHAT, stream=True)),
    Stream("openai completion", "openai", lambda client: client.completions.create(**COMPLETION, stream=True)),
    Stream("openai response", "openai", lambda client: client.responses.create(**RESPONSE, stream=True)),
    Stream("anthropic", "anthropic", lambda client: client.messages.create(**MESSAGE, stream=True)),
    Stream("anthropic beta", "anthropic", lambda client: client.beta.messages.create(**MESSAGE, stream=True)),
    Stream("groq", "groq", lambda client: client.chat.completions.create(**GROQ, stream=True)),
    Stream("ollama chat", "ollama", lambda client: client.chat(**OLLAMA, stream=True)),
    Stream("ollama generate", "ollama", lambda client: client.generate("llama3.2", "The house", stream=True)),
]
EVERY_STREAM = pytest.mark.parametrize("stream", STREAMS, ids=[stream.name for stream in STREAMS])

Leave = Callable[[Any], Coroutine[Any, Any, None]]


async def closed_after_one(stream: Any) -> None:
    await first(stream)
    await closed(stream)


async def closed_after_some(stream: Any) -> None:
    for _ in range(9):
        await first(stream)
    await closed(stream)


async def broken_out_of(stream: Any) -> None:
    if hasattr(stream, "__aiter__"):
        async for _ in stream:
            break
    else:
        for _ in stream:
            break
    await closed(stream)


async def dropped_after_one(stream: Any) -> None:
    await first(stream)


async def closed_unread(stream: Any) -> None:
    await closed(stream)


async def dropped_unread(stream: Any) -> None:
    pass


async def failed_in_the_middle(stream: Any) -> None:
    await first(stream)
    raise KeyError("the user's own")


LEAVES: list[Leave] = [
    closed_after_one,
    closed_after_some,
    broken_out_of,
    dropped_after_one,
    closed_unread,
    dropped_unread,
    failed_in_the_middle,
]


@EVERY_STREAM
@pytest.mark.parametrize("leave", LEAVES)
def test_a_stream_left_early_is_charged_for_what_was_seen(bench, stream, leave):
    """Input and output seen are charged, at most what was reserved, and nothing stays open."""
    bench.provider.reply(Reply(output_tokens=150, chunk_latency=0.001))
    budget = plenty()
    client = wrap(bench.client(stream.vendor), budget)

    async def use() -> None:
        await leave(await got(stream.open(client)))

    with contextlib.suppress(KeyError):
        bench.run(use())
    collected(bench)
    stats = budget.get_global_stats()
    assert not stats.reserved
    unread = leave in (closed_unread, dropped_unread)
    if unread and stream.vendor == "ollama":
        # A generator that never started has sent nothing.
        assert (stats.requests, bench.provider.request_count) == (0, 0)
        return
    assert stats.requests == 1
    assert stats.input_tokens >= budget.ledger.handles[0].input_tokens or stream.vendor == "anthropic"
    assert stats.total_tokens <= held_tokens(budget)
    assert stats.output_tokens < 150
    assert stats.estimated_requests == 1
    if leave is closed_after_some:
        assert stats.output_tokens >= 6


def collected(bench: Any) -> None:
    """Garbage is collected, and an event loop has closed the generators that were dropped."""

    async def turn() -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    gc.collect()
    if bench.is_async:
        bench.run(turn())
        gc.collect()


@EVERY_STREAM
def test_a_stream_read_to_its_end_is_charged_the_truth(bench, stream):
    """The bill and the account are one, whatever the pieces."""
    bench.provider.reply(Reply(output_tokens=150, chunk_tokens=7))
    budget = plenty()
    client = wrap(bench.client(stream.vendor), budget)

    async def use() -> None:
        await every(await got(stream.open(client)))

    bench.run(use())
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert (stats.input_tokens, stats.output_tokens) == (bill.input_tokens, bill.output_tokens)
    assert not stats.estimated_requests
    assert not stats.reserved


@EVERY_STREAM
def test_a_stream_is_settled_when_its_last_word_came(bench, stream):
    """Leaving after the usage came is no early end, and nobody waits for the collector."""
    budget = plenty()
    client = wrap(bench.client(stream.vendor), budget)

    async def use() -> Any:
        opened = await got(stream.open(client))
        await every(opened)
        return opened, budget.get_global_stats()

    _, stats = bench.run(use())
    assert not stats.reserved
    assert stats.total_tokens == bench.provider.bill.total_tokens


@EVERY_STREAM
@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_stream_cut_by_the_server_is_charged_for_what_was_seen(bench, stream, after):
    """The connection is gone in the middle: at least what the provider had produced, at most what was reserved."""
    bench.provider.reply(Reply(output_tokens=150, cut_after=after))
    budget = plenty()
    client = wrap(bench.client(stream.vendor), budget)

    async def use() -> None:
        await every(await got(stream.open(client)))

    with pytest.raises(Exception, match=r".*"):
        bench.run(use())
    bench.provider.wait_until_idle()
    collected(bench)
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert bill.total_tokens <= stats.total_tokens <= held_tokens(budget)
    assert stats.requests == 1
    assert not stats.reserved


@EVERY_STREAM
def test_an_error_in_a_stream_is_charged_for_what_was_seen(bench, stream):
    """The provider gives up in the middle, and says so."""
    bench.provider.reply(Reply(output_tokens=150, error_event_after=6))
    budget = plenty()
    client = wrap(bench.client(stream.vendor), budget)

    async def use() -> None:
        await every(await got(stream.open(client)))

    try:
        bench.run(use())
    except Exception as error:
        is_the_vendors(error)
    bench.provider.wait_until_idle()
    collected(bench)
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert bill.total_tokens <= stats.total_tokens <= held_tokens(budget)
    assert stats.output_tokens < 150
    assert not stats.reserved


@EVERY_STREAM
@pytest.mark.parametrize(
    "usage", ["absent", "null", {}, {"prompt_tokens": -1, "input_tokens": -1, "prompt_eval_count": -1}]
)
def test_a_stream_whose_usage_never_came_is_estimated(bench, stream, usage):
    """Read to its end, but without a bill: what was seen is counted, never too low."""
    bench.provider.reply(Reply(output_tokens=60, usage=usage))
    budget = plenty()
    client = wrap(bench.client(stream.vendor), budget)

    async def use() -> None:
        await every(await got(stream.open(client)))

    try:
        bench.run(use())
    except Exception as error:
        # anthropic's SDK can't do without usage.
        is_the_vendors(error)
    bench.provider.wait_until_idle()
    collected(bench)
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert bill.total_tokens <= stats.total_tokens <= held_tokens(budget)
    assert stats.estimated_requests + stats.unconfirmed.requests == 1
    assert not stats.reserved


HIDDEN: list[tuple[str, str, Callable[[Any], Any]]] = [
    (
        "reasoning chat",
        "openai",
        lambda client: client.chat.completions.create(**CHAT | {"model": "gpt-6.1-terra"}, stream=True),
    ),
    ("two choices", "openai", lambda client: client.chat.completions.create(**CHAT, n=2, stream=True)),
    (
        "reasoning response",
        "openai",
        lambda client: client.responses.create(**RESPONSE | {"model": "gpt-6.1-terra"}, stream=True),
    ),
    (
        "server tool",
        "openai",
        lambda client: client.responses.create(**RESPONSE, tools=[{"type": "web_search"}], stream=True),
    ),
    (
        "thinking",
        "anthropic",
        lambda client: client.messages.create(
            **MESSAGE | {"max_tokens": 3000}, thinking={"type": "enabled", "budget_tokens": 1024}, stream=True
        ),
    ),
    (
        "server tool of anthropic",
        "anthropic",
        lambda client: client.messages.create(
            **MESSAGE, tools=[{"type": "web_search_20250305", "name": "web_search", "max_uses": 1}], stream=True
        ),
    ),
    (
        "reasoning groq",
        "groq",
        lambda client: client.chat.completions.create(**GROQ | {"model": "openai/gpt-oss-120b"}, stream=True),
    ),
]


@pytest.mark.parametrize(("vendor", "open_stream"), [each[1:] for each in HIDDEN], ids=[each[0] for each in HIDDEN])
def test_a_stream_with_hidden_output_left_early_is_charged_in_full(bench, vendor, open_stream):
    """Reasoning, other choices and the server's tools are billed and not seen: what was reserved is charged."""
    bench.provider.reply(LONG)
    budget = plenty()
    client = wrap(bench.client(vendor), budget)

    async def use() -> None:
        await closed_after_one(await got(open_stream(client)))

    bench.run(use())
    collected(bench)
    stats = budget.get_global_stats()
    assert stats.total_tokens == stats.unconfirmed.tokens == held_tokens(budget)
    assert not stats.reserved


HELPERS: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("chat", "openai", lambda client: client.chat.completions.stream(**CHAT)),
    ("response", "openai", lambda client: client.responses.stream(**RESPONSE)),
    ("message", "anthropic", lambda client: client.messages.stream(**MESSAGE)),
    ("message-beta", "anthropic", lambda client: client.beta.messages.stream(**MESSAGE)),
]
EVERY_HELPER = pytest.mark.parametrize(
    ("vendor", "helper"), [each[1:] for each in HELPERS], ids=[each[0] for each in HELPERS]
)


@EVERY_HELPER
@pytest.mark.parametrize("leave", ["read", "unread", "after one", "dropped", "never entered"])
def test_stream_helpers_end_whatever_is_done_with_them(bench, vendor, helper, leave):
    """`.stream()` read, left unread, left early, or dropped without leaving its block: nothing stays open."""
    bench.provider.reply(Reply(output_tokens=30, chunk_latency=0.001))
    budget = plenty()
    client = wrap(bench.client(vendor), budget)

    async def use() -> None:
        manager = Entered(helper(client))
        match leave:
            case "never entered":
                # The async helpers hold a coroutine from the start, which must not be left unawaited.
                if bench.is_async:
                    await closed(await manager.__aenter__())
            case "dropped":
                await first(await manager.__aenter__())
            case _:
                async with manager as stream:
                    if leave == "read":
                        await every(stream)
                    elif leave == "after one":
                        await first(stream)

    bench.run(use())
    collected(bench)
    bench.provider.wait_until_idle()
    collected(bench)
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert not stats.reserved
    assert stats.total_tokens <= held_tokens(budget)
    if leave == "read":
        assert stats.total_tokens == bill.total_tokens
    else:
        assert stats.requests == bench.provider.request_count == len(budget.ledger.handles)


RAW: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("chat", "openai", lambda client: client.chat.completions.with_streaming_response.create(**CHAT, stream=True)),
    ("message", "anthropic", lambda client: client.messages.with_streaming_response.create(**MESSAGE, stream=True)),
    ("groq", "groq", lambda client: client.chat.completions.with_streaming_response.create(**GROQ, stream=True)),
]


@pytest.mark.parametrize(("vendor", "manager"), [each[1:] for each in RAW], ids=[each[0] for each in RAW])
@pytest.mark.parametrize("how", ["read", "iter_lines", "iter_bytes", "iter_text", "one line", "unread"])
def test_streaming_responses_end_whatever_is_done_with_them(bench, vendor, manager, how):
    """Callers that read bytes and lines themselves are counted like any other."""
    bench.provider.reply(Reply(output_tokens=100))
    budget = plenty()
    client = wrap(bench.client(vendor), budget)

    async def use() -> None:
        async with Entered(manager(client)) as response:
            match how:
                case "read":
                    await got(response.read())
                case "one line":
                    await first(response.iter_lines())
                case "unread":
                    pass
                case _:
                    await every(getattr(response, how)())

    bench.run(use())
    collected(bench)
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert not stats.reserved
    assert stats.total_tokens <= held_tokens(budget)
    assert stats.requests == 1
    if how not in ("one line", "unread"):
        assert stats.total_tokens == bill.total_tokens
        assert not stats.estimated_requests


@EVERY_STREAM
def test_a_cancelled_stream_is_charged_for_what_was_seen(async_bench, stream):
    """A task that is cancelled while it waits for the next event leaves nothing open."""
    bench = async_bench
    bench.provider.reply(Reply(output_tokens=150, chunk_latency=10))
    budget = plenty()
    client = wrap(bench.client(stream.vendor), budget)

    async def use() -> None:
        opened = await got(stream.open(client))
        seen = asyncio.Event()

        async def read() -> None:
            async for _ in opened:
                seen.set()

        task = asyncio.ensure_future(read())
        await seen.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    bench.run(use())
    collected(bench)
    stats = budget.get_global_stats()
    assert stats.requests == 1
    assert stats.total_tokens <= held_tokens(budget)
    assert not stats.reserved


CHUNK = 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n'
MESSAGE_START = (
    'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant",'
    '"content":[],"model":"claude-opus-4-8","stop_reason":null,"stop_sequence":null,'
    '"usage":{"input_tokens":9,"output_tokens":1}}}\n\n'
)


def test_thousands_of_abandoned_streams_leave_nothing_open(bench):
    """Dropped, closed unread, left after one event, in helpers and raw: without waiting for a lease."""
    budget = plenty()
    clients = {vendor: abandoning(bench, vendor, budget) for vendor in ("openai", "anthropic", "groq")}
    opened = 0

    async def abandon(number: int) -> None:
        kind = number % 8
        vendor = ("openai", "anthropic", "groq")[number % 3]
        client = clients[vendor]
        if kind == 7 and vendor != "groq":
            helper = client.chat.completions.stream if vendor == "openai" else client.messages.stream
            arguments = CHAT if vendor == "openai" else MESSAGE
            await Entered(helper(**arguments)).__aenter__()
            return
        create = client.messages if vendor == "anthropic" else client.chat.completions
        arguments = {"openai": CHAT, "anthropic": MESSAGE, "groq": GROQ}[vendor]
        if kind == 6:
            await got(create.with_raw_response.create(**arguments, stream=True))
            return
        stream = await got(create.create(**arguments, stream=True))
        if kind in (1, 2, 3):
            await first(stream)
        if kind in (3, 4):
            await closed(stream)
        if kind == 5:
            # A cycle: only the collector can find it.
            stream.itself = stream

    async def all_of_them() -> None:
        nonlocal opened
        for number in range(2000):
            await abandon(number)
            opened += 1

    bench.run(all_of_them())
    collected(bench)
    stats = budget.get_global_stats()
    assert stats.requests == opened == 2000
    assert not stats.reserved
    assert stats.total_tokens <= held_tokens(budget)


def abandoning(bench: Any, vendor: str, budget: Any) -> Any:
    """A wrapped client whose streams need no sockets: a plain client, too, loses the connections of what is dropped."""
    library = http_library(vendor)
    text = CHUNK if vendor != "anthropic" else MESSAGE_START

    class Source(library.SyncByteStream, library.AsyncByteStream):
        def __iter__(self) -> Any:
            yield text.encode()

        async def __aiter__(self) -> Any:
            yield text.encode()

    def answer(request: Any) -> Any:
        return library.Response(200, headers={"content-type": "text/event-stream"}, stream=Source())

    http = bench.http_client(vendor, transport=library.MockTransport(answer))
    return wrap(bench.client(vendor, http_client=http), budget)


def test_ollama_streams_that_are_dropped_leave_nothing_open(bench):
    """Unstarted ones sent nothing; started ones are charged for what was seen."""
    bench.provider.reply(Reply(output_tokens=20))
    budget = plenty()
    client = wrap(bench.client("ollama"), budget)

    async def use() -> None:
        for number in range(60):
            stream = await got(client.chat(**OLLAMA, stream=True))
            if number % 2:
                await first(stream)
                await closed(stream)

    bench.run(use())
    collected(bench)
    stats = budget.get_global_stats()
    assert stats.requests == 30
    assert not stats.reserved


def test_a_stream_in_an_answer_without_a_type_is_read(bench):
    """Servers and test doubles that send no content type stream all the same."""
    library = http_library("openai")
    text = (
        'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":'
        '[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}\n\n'
        'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":[],'
        '"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}\n\n'
        "data: [DONE]\n\n"
    )
    http = bench.http_client(
        "openai", transport=library.MockTransport(lambda _: library.Response(200, content=text.encode()))
    )
    budget = plenty()
    client = wrap(bench.client("openai", http_client=http), budget)

    async def use() -> list[Any]:
        return await every(await got(client.chat.completions.create(**CHAT, stream=True)))

    chunks = bench.run(use())
    assert [bool(chunk.choices) for chunk in chunks] == [True]
    assert budget.get_global_stats().total_tokens == 10
    assert not budget.get_global_stats().unconfirmed
