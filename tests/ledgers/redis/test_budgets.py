"""End to end: a wrapped client, a budget, and this ledger by its URL."""

from __future__ import annotations

import asyncio

import pytest
from openai import AsyncOpenAI, OpenAI
from tests.ledgers.servers import new_prefix, valkey

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, wrap
from llm_token_budget.testing import Reply

PRICES = {"small": {"input": "1", "output": "2"}}
ASK = {"model": "small", "messages": [{"role": "user", "content": "Hello?"}], "max_tokens": 20}


@pytest.fixture
def url():
    return f"{valkey().url}?prefix={new_prefix()}"


def budget(url: str) -> BudgetManager:
    limits = [Limit(requests=3, window="total", scope="user"), Limit(usd="1", window="day", scope="global")]
    return BudgetManager(ledger=url, limits=limits, custom_pricing=PRICES, wait_for_held=0)


def test_processes_share_a_budget_by_its_url(url, loopback_provider):
    """Two managers, as two processes have them: what one spends, the other has not."""
    loopback_provider.reply(Reply("Hello there.", input_tokens=12))
    one, other = budget(url), budget(url)
    clients = [
        wrap(OpenAI(base_url=loopback_provider.openai_base_url, api_key="unused"), each, user_key="ada")
        for each in (one, other)
    ]
    for client in (clients[0], clients[1], clients[0]):
        client.chat.completions.create(**ASK)
    with pytest.raises(BudgetExceeded):
        clients[1].chat.completions.create(**ASK)
    assert other.get_user_stats("ada").total_tokens == loopback_provider.bill.total_tokens == 3 * 14
    one.close()
    other.close()


async def test_tasks_share_a_budget(url, loopback_provider):
    """10 at once, where 3 are allowed."""
    loopback_provider.reply(Reply("Hello there.", input_tokens=12))
    shared = budget(url)
    client = wrap(AsyncOpenAI(base_url=loopback_provider.openai_base_url, api_key="unused"), shared, user_key="ada")
    done = await asyncio.gather(*[client.chat.completions.create(**ASK) for _ in range(10)], return_exceptions=True)
    assert sum(isinstance(each, BudgetExceeded) for each in done) == 7
    assert loopback_provider.bill.requests == 3
    assert (await shared.aget_user_stats("ada")).total_tokens == 3 * 14
    await shared.aclose()
    await client.close()
