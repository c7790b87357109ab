"""A stream that goes on keeps its room, however long it takes; one that stalls is charged when its lease ends."""

from __future__ import annotations

import pytest
from ollama import Client
from openai import AsyncOpenAI, OpenAI

from llm_token_budget import BudgetManager, MemoryLedger, wrap
from llm_token_budget.providers import ollama_streams, watch
from llm_token_budget.testing import LoopbackProvider, Reply

HELLO = [{"role": "user", "content": "Hello"}]
LEASE = 60


class Clock:
    """One clock for the ledger and for the stream that renews."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watch, "monotonic", clock)
    monkeypatch.setattr(ollama_streams, "monotonic", clock)
    return clock


def test_a_long_stream_outlives_its_lease(loopback_provider: LoopbackProvider, clock: Clock) -> None:
    """Twenty chunks, a sixth of a lease between them: its room is held to the end, and nothing is ever unconfirmed."""
    loopback_provider.reply(Reply(output_tokens=20, chunk_latency=0.003))
    budget = BudgetManager(global_cost_limit=1, lease=LEASE, ledger=MemoryLedger(clock=clock))
    client = wrap(OpenAI(api_key="key", base_url=loopback_provider.openai_base_url), budget)
    seen = 0
    for _ in client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True):
        clock.now += LEASE / 6
        seen += 1
        assert budget.get_global_stats().unconfirmed == 0
    stats = budget.get_global_stats()
    assert seen > 10
    assert (stats.total_cost, stats.unconfirmed, stats.reserved) == (loopback_provider.bill.usd, 0, 0)


async def test_a_long_async_stream_outlives_its_lease(loopback_provider: LoopbackProvider, clock: Clock) -> None:
    """The same for tasks."""
    loopback_provider.reply(Reply(output_tokens=20, chunk_latency=0.003))
    budget = BudgetManager(global_cost_limit=1, lease=LEASE, ledger=MemoryLedger(clock=clock))
    async with AsyncOpenAI(api_key="key", base_url=loopback_provider.openai_base_url) as plain:
        client = wrap(plain, budget)
        async for _ in await client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True):
            clock.now += LEASE / 6
            assert budget.get_global_stats().unconfirmed == 0
    assert budget.get_global_stats().total_cost == loopback_provider.bill.usd


def test_a_long_local_stream_outlives_its_lease(loopback_provider: LoopbackProvider, clock: Clock) -> None:
    """The same for ollama, whose streams have a seam of their own."""
    loopback_provider.reply(Reply(output_tokens=20, chunk_latency=0.003))
    budget = BudgetManager(global_token_limit=100_000, lease=LEASE, ledger=MemoryLedger(clock=clock))
    client = wrap(Client(loopback_provider.ollama_base_url), budget)
    for _ in client.chat(model="llama3.2", messages=HELLO, stream=True):
        clock.now += LEASE / 6
        assert budget.get_global_stats().unconfirmed == 0
    assert budget.get_global_stats().total_tokens == loopback_provider.bill.total_tokens


def test_a_stalled_stream_is_charged_and_its_truth_replaces_it(
    loopback_provider: LoopbackProvider, clock: Clock
) -> None:
    """Two leases without a chunk: charged as unconfirmed; read to its end after all, the truth counts."""
    loopback_provider.reply(Reply(output_tokens=20, chunk_latency=0.003))
    budget = BudgetManager(global_cost_limit=1, lease=LEASE, ledger=MemoryLedger(clock=clock))
    client = wrap(OpenAI(api_key="key", base_url=loopback_provider.openai_base_url), budget)
    stream = client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    next(stream)
    clock.now += LEASE * 2
    assert budget.get_global_stats().unconfirmed
    for _ in stream:
        pass
    stats = budget.get_global_stats()
    assert (stats.total_cost, stats.unconfirmed) == (loopback_provider.bill.usd, 0)
