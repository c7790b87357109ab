"""Nothing that a call or a stream leaves behind adds up."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from llm_token_budget import BudgetManager, MemoryLedger, wrap

from .driving import closed, first, got, http_library
from .forms import CHAT, MESSAGE

REMEMBERED = 50
"""Ended reservations that the ledger remembers: few, so that this is full before anything is counted."""

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini", "usage": None}
DELTA = {"index": 0, "delta": {"content": "word "}, "finish_reason": None}
WHOLE = {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini", "choices": [
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}}  # fmt: skip
MESSAGE_DELTA = {
    "type": "content_block_delta",
    "index": 0,
    "delta": {"type": "text_delta", "text": "word "},
}


class Body:
    """A stream that would go on for a while."""

    def __init__(self, event: bytes) -> None:
        self._events = [event] * 20

    def __iter__(self) -> Iterator[bytes]:
        yield from self._events

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for event in self._events:
            yield event


@pytest.fixture
def memory(bench):
    """(a wrapped client of a vendor, its budget)."""
    https: list[Any] = []

    def make(vendor: str) -> tuple[Any, BudgetManager]:
        library = http_library(vendor)
        stream: Any = type("Stream", (Body, library.AsyncByteStream, library.SyncByteStream), {})
        chunk = {**CHUNK, "choices": [DELTA]} if vendor == "openai" else MESSAGE_DELTA
        name = f"event: {chunk['type']}\n" if "type" in chunk else ""
        event = f"{name}data: {json.dumps(chunk, separators=(',', ':'))}\n\n".encode()

        def answer(request: Any) -> Any:
            if json.loads(request.content).get("stream"):
                return library.Response(200, headers={"content-type": "text/event-stream"}, stream=stream(event))
            return library.Response(200, json=WHOLE)

        https.append(bench.http_client(vendor, transport=library.MockTransport(answer)))
        budget = BudgetManager(
            global_cost_limit=1000, per_user_token_limit=10**9, ledger=MemoryLedger(remembered=REMEMBERED)
        )
        return wrap(bench.client(vendor, http_client=https[-1]), budget), budget

    yield make
    for http in https:
        bench.run(closed(http))


def objects_left_by(bench: Any, act: Callable[[], None], times: int) -> int:
    """How many more objects there are after so many acts: not one for each. Before, a round fills what is bounded."""
    for _ in range(3 * REMEMBERED):
        act()
    before = objects(bench)
    for _ in range(times):
        act()
    return objects(bench) - before


def objects(bench: Any) -> int:
    """How many the collector knows, once all that was dropped is gone."""
    gc.collect()
    if bench.is_async:
        bench.run(a_few_turns())  # A stream that was dropped is closed by its loop, when that runs again.
        gc.collect()
    return len(gc.get_objects())


async def a_few_turns() -> None:
    """Of the event loop."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_calls_leave_nothing_behind(bench, memory):
    """A thousand of them, of several users."""
    client, budget = memory("openai")
    number = 0

    def call() -> None:
        nonlocal number
        number += 1
        with budget.session(user_key=f"user-{number % 7}"):
            bench.run(got(client.chat.completions.create(**CHAT)))

    assert objects_left_by(bench, call, 1000) < 250
    assert budget.get_global_stats().requests == 1000 + 3 * REMEMBERED
    assert not budget.get_global_stats().reserved


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
@pytest.mark.parametrize("how", ["dropped", "closed", "one event"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_abandoned_streams_leave_nothing_behind(bench, memory, vendor, how):
    """Three hundred streams that are dropped, closed unread, or left after an event."""
    client, budget = memory(vendor)

    async def leave() -> None:
        with budget.session(user_key="ada"):
            if vendor == "openai":
                stream = await got(client.chat.completions.create(**CHAT, stream=True))
            else:
                stream = await got(client.messages.create(**MESSAGE, stream=True))
            if how == "one event":
                await first(stream)
            if how == "closed":
                await closed(stream)

    assert objects_left_by(bench, lambda: bench.run(leave()), 300) < 150
    assert budget.get_global_stats().requests == 300 + 3 * REMEMBERED
    assert not budget.get_global_stats().reserved
