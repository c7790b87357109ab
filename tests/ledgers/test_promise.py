"""The promise on every ledger, in every unit: many callers at once, and the provider's own bill as the judge."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from openai import AsyncOpenAI, OpenAI

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, wrap
from llm_token_budget.testing import Reply

ANSWER = 400
REQUEST = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Tides?"}], "max_tokens": ANSWER}
CALLERS = 16


def amount(unit: str, one) -> int | Decimal:
    """Worth 5.5 calls."""
    return {"usd": one.usd * 11 / 2, "tokens": one.total_tokens * 11 // 2, "requests": 5}[unit]


def billed(unit: str, bill) -> int | Decimal:
    return {"usd": bill.usd, "tokens": bill.total_tokens, "requests": bill.requests}[unit]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("callers", ["threads", "tasks"])
@pytest.mark.parametrize("unit", ["usd", "tokens", "requests"])
def test_a_users_limit_holds(ledger, loopback_provider, unit, callers, streamed):
    """Never billed above it, at least four of five calls get through, and later ones cause no traffic."""
    provider = loopback_provider
    provider.reply(Reply(output_tokens=ANSWER))
    options = {"api_key": "key", "base_url": provider.openai_base_url}
    with OpenAI(**options) as plain:
        plain.chat.completions.create(**REQUEST)
    one = provider.bill
    whole = amount(unit, one)
    budget = BudgetManager(limits=[Limit(**{unit: whole}, scope="user")], ledger=ledger)

    def in_threads() -> None:
        with OpenAI(**options) as client, ThreadPoolExecutor(CALLERS) as pool:
            guarded = wrap(client, budget, user_key="ada")

            def until_refused(_: int) -> None:
                try:
                    while True:
                        answer = guarded.chat.completions.create(**REQUEST, stream=streamed)
                        if streamed:
                            list(answer)
                except BudgetExceeded:
                    return

            list(pool.map(until_refused, range(CALLERS)))

    async def in_tasks() -> None:
        async with AsyncOpenAI(**options) as client:
            guarded = wrap(client, budget, user_key="ada")

            async def until_refused() -> None:
                try:
                    while True:
                        answer = await guarded.chat.completions.create(**REQUEST, stream=streamed)
                        if streamed:
                            async for _ in answer:
                                pass
                except BudgetExceeded:
                    return

            await asyncio.gather(*[until_refused() for _ in range(CALLERS)])

    def ask() -> None:
        in_threads() if callers == "threads" else asyncio.run(in_tasks())

    ask()
    provider.wait_until_idle()
    spent = billed(unit, provider.bill) - billed(unit, one)
    assert spent <= whole
    assert provider.bill.requests - 1 >= 4
    assert budget.get_user_stats("ada").requests == provider.bill.requests - 1
    assert not budget.get_user_stats("ada").reserved
    arrived = provider.request_count
    ask()
    assert provider.request_count == arrived
