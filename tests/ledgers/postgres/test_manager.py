"""The whole way: a wrapped client, a budget, and its ledger in PostgreSQL."""

from __future__ import annotations

import openai
import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, wrap
from llm_token_budget.testing import Reply

from ..postgres_server import postgres

HELLO = [{"role": "user", "content": "Hello?"}]


@pytest.fixture
def budget(schema):
    url = f"{postgres().url}?schema={schema.replace(' ', '%20')}"
    with BudgetManager(
        ledger=url, per_user_token_limit=1_000, custom_pricing={"small": {"input": "1", "output": "2"}}, wait_for_held=0
    ) as made:
        yield made


def test_a_wrapped_client_is_held_to_a_limit_in_postgres(loopback_provider, budget):
    """Calls are billed and counted alike until the budget refuses; another manager sees the same."""
    loopback_provider.reply(Reply(input_tokens=20, output_tokens=100))
    with openai.OpenAI(base_url=loopback_provider.openai_base_url, api_key="unused", max_retries=0) as client:
        wrapped = wrap(client, budget, user_key="ada")
        refused = False
        while not refused:
            try:
                wrapped.chat.completions.create(model="small", messages=HELLO, max_tokens=100)
            except BudgetExceeded:
                refused = True
    seen = budget.get_user_stats("ada")
    assert seen.total_tokens == loopback_provider.bill.total_tokens
    assert 0 < seen.total_tokens <= 1_000
    assert [each.total_tokens for each in budget.get_all_user_stats()] == [seen.total_tokens]


async def test_an_async_client_is_held_to_a_limit_in_postgres(loopback_provider, budget):
    """The same under asyncio."""
    loopback_provider.reply(Reply(input_tokens=20, output_tokens=100))
    async with openai.AsyncOpenAI(
        base_url=loopback_provider.openai_base_url, api_key="unused", max_retries=0
    ) as client:
        wrapped = wrap(client, budget, user_key="ada")
        refused = False
        while not refused:
            try:
                await wrapped.chat.completions.create(model="small", messages=HELLO, max_tokens=100)
            except BudgetExceeded:
                refused = True
        seen = await budget.aget_user_stats("ada")
    assert seen.total_tokens == loopback_provider.bill.total_tokens
    assert 0 < seen.total_tokens <= 1_000
