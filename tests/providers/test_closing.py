"""Closing a budget ends what is open, each as truthfully as can be told then."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from llm_token_budget import wrap
from llm_token_budget.testing import Reply

from .driving import first, got, plenty
from .forms import CHAT
from .test_streams import EVERY_STREAM


@EVERY_STREAM
@pytest.mark.parametrize("read", [0, 9])
def test_an_open_stream_is_charged_as_if_it_were_closed(bench, stream, read):
    """The input and the output seen, nothing held and nothing unconfirmed; a generator that never started sent nothing."""
    bench.provider.reply(Reply(output_tokens=150, chunk_latency=0.001))
    budget = plenty()
    client = wrap(bench.client(stream.vendor), budget)

    async def use():
        opened = await got(stream.open(client))
        for _ in range(read):
            await first(opened)
        await budget.aclose()
        stats = budget.get_global_stats()
        assert not stats.reserved
        assert not stats.unconfirmed
        if stream.vendor == "ollama" and not read:
            assert stats.requests == 0
        else:
            assert (stats.requests, stats.estimated_requests) == (1, 1)
            assert stats.input_tokens > 0
            assert stats.output_tokens < 150
            assert not read or stats.output_tokens

    bench.run(use())


def test_a_stream_that_others_read_is_waited_for(plain_bench):
    """With `wait` it ends by itself, and is charged what the provider says."""
    plain_bench.provider.reply(Reply(output_tokens=30, chunk_latency=0.005))
    budget = plenty()
    client = wrap(plain_bench.client("openai"), budget)
    begun = threading.Event()

    def read():
        for _ in client.chat.completions.create(**CHAT, stream=True):
            begun.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert begun.wait(20)
    budget.close(wait=20)
    thread.join(20)
    stats = budget.get_global_stats()
    assert (stats.output_tokens, stats.estimated_requests) == (30, 0)
    assert not stats.unconfirmed


def test_a_call_in_flight_is_waited_for(bench):
    """Whoever has time gets the truth."""
    bench.provider.reply(Reply(output_tokens=30, latency=0.3))
    budget = plenty()

    async def close():
        await (budget.aclose(wait=20) if bench.is_async else in_no_loop(budget.close, 20))

    call_and_meanwhile(bench, wrap(bench.client("openai"), budget), close)
    stats = budget.get_global_stats()
    assert (stats.output_tokens, stats.estimated_requests) == (30, 0)


def test_a_call_whose_answer_comes_after_closing_is_charged_the_truth(bench):
    """Until then nobody knows, and all that was held is unconfirmed."""
    bench.provider.reply(Reply(output_tokens=30, latency=0.5))
    budget = plenty()

    async def close():
        await (budget.aclose() if bench.is_async else in_no_loop(budget.close, 0))
        stats = budget.get_global_stats()
        assert stats.unconfirmed.tokens
        assert not stats.reserved

    call_and_meanwhile(bench, wrap(bench.client("openai"), budget), close)
    stats = budget.get_global_stats()
    assert stats.output_tokens == 30
    assert not stats.unconfirmed
    budget.close()


async def in_no_loop(close, wait):
    """As a plain program calls it."""
    close(wait=wait)


def call_and_meanwhile(bench, client, work):
    """Do something while a call is at the provider: from another task, or from another thread."""
    provider = bench.provider

    async def both():
        call = asyncio.create_task(client.chat.completions.create(**CHAT))
        while not provider.request_count:  # noqa: ASYNC110 - the provider is in another thread
            await asyncio.sleep(0.002)
        await work()
        await call

    if bench.is_async:
        bench.run(both())
        return
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(client.chat.completions.create, **CHAT)
        looking = threading.Event()
        while not provider.request_count:
            looking.wait(0.002)
        bench.run(work())
        call.result(30)
