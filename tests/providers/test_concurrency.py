"""The promise itself: many callers at once, one limit, and the provider's own bill as the judge."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from anthropic import Anthropic
from openai import AsyncOpenAI, OpenAI

from llm_token_budget import BudgetExceeded, BudgetManager, wrap
from llm_token_budget.testing import LoopbackProvider, Reply

MODEL = "gpt-4o"
ANSWER = 1200
MESSAGES: Any = [{"role": "user", "content": "Say something about the sea, and take your time about it."}]

FORMS = pytest.mark.parametrize(
    ("maximum", "streamed"),
    [(None, False), (ANSWER, False), (None, True), (ANSWER, True)],
    ids=["open", "max_tokens", "open-streamed", "max_tokens-streamed"],
)


def request(maximum: int | None, *, streamed: bool) -> dict[str, Any]:
    own = {} if maximum is None else {"max_tokens": maximum}
    return {"model": MODEL, "messages": MESSAGES, "stream": streamed, **own}


def one_call(provider: LoopbackProvider) -> Decimal:
    """What the provider bills for one whole call."""
    client = OpenAI(api_key="key", base_url=provider.openai_base_url)
    client.chat.completions.create(**request(None, streamed=False))
    return provider.bill.usd


@FORMS
def test_fifty_threads_stay_under_the_limit_and_use_it(
    loopback_provider: LoopbackProvider, maximum: int | None, streamed: bool
) -> None:
    """On a limit of 10.5 calls the provider bills at least 9 calls' worth and never more than the limit."""
    loopback_provider.reply(Reply(output_tokens=ANSWER))
    price = one_call(loopback_provider)
    limit = price * Decimal("10.5")
    budget = BudgetManager(global_cost_limit=limit)
    client = wrap(OpenAI(api_key="key", base_url=loopback_provider.openai_base_url), budget)

    def until_refused() -> None:
        while True:
            try:
                answer = client.chat.completions.create(**request(maximum, streamed=streamed))
                if streamed:
                    for _ in answer:
                        pass
            except BudgetExceeded as refused:
                if not refused.held:
                    return

    with ThreadPoolExecutor(50) as threads:
        for each in [threads.submit(until_refused) for _ in range(50)]:
            each.result()
    billed = loopback_provider.bill.usd - price
    assert 9 * price <= billed <= limit
    stats = budget.get_global_stats()
    assert stats.total_cost == billed
    assert not stats.reserved
    refused_without_traffic(
        loopback_provider, lambda: client.chat.completions.create(**request(maximum, streamed=streamed))
    )


@FORMS
async def test_two_hundred_tasks_stay_under_the_limit_and_use_it(
    loopback_provider: LoopbackProvider, maximum: int | None, streamed: bool
) -> None:
    """The same for tasks."""
    loopback_provider.reply(Reply(output_tokens=ANSWER))
    price = one_call(loopback_provider)
    limit = price * Decimal("10.5")
    budget = BudgetManager(global_cost_limit=limit)
    async with AsyncOpenAI(api_key="key", base_url=loopback_provider.openai_base_url) as plain:
        client = wrap(plain, budget)

        async def until_refused() -> None:
            while True:
                try:
                    answer = await client.chat.completions.create(**request(maximum, streamed=streamed))
                    if streamed:
                        async for _ in answer:
                            pass
                except BudgetExceeded as refused:
                    if not refused.held:
                        return

        await asyncio.gather(*(until_refused() for _ in range(200)))
        billed = loopback_provider.bill.usd - price
        assert 9 * price <= billed <= limit
        assert budget.get_global_stats().total_cost == billed
        assert not budget.get_global_stats().reserved
        before = loopback_provider.request_count
        for _ in range(20):
            with pytest.raises(BudgetExceeded):
                await client.chat.completions.create(**request(maximum, streamed=streamed))
        assert loopback_provider.request_count == before


def refused_without_traffic(provider: LoopbackProvider, call: Callable[[], object]) -> None:
    before, billed = provider.request_count, provider.bill.usd
    for _ in range(20):
        with pytest.raises(BudgetExceeded):
            call()
    assert (provider.request_count, provider.bill.usd) == (before, billed)


def test_users_are_held_apart(loopback_provider: LoopbackProvider) -> None:
    """Each of eight users, four threads each, stays under her own limit; nobody pays for another."""
    loopback_provider.reply(Reply(output_tokens=ANSWER))
    price = one_call(loopback_provider)
    budget = BudgetManager(per_user_cost_limit=price * 3)
    plain = OpenAI(api_key="key", base_url=loopback_provider.openai_base_url)

    def spend(user: str) -> None:
        client = wrap(plain, budget, user_key=user)
        while True:
            try:
                client.chat.completions.create(**request(ANSWER, streamed=False))
            except BudgetExceeded as refused:
                if not refused.held:
                    return

    with ThreadPoolExecutor(32) as threads:
        for each in [threads.submit(spend, f"user-{number % 8}") for number in range(32)]:
            each.result()
    rows = budget.get_all_user_stats()
    assert len(rows) == 8
    assert all(price * 2 <= row.total_cost <= price * 3 for row in rows)
    assert sum(row.total_cost for row in rows) == loopback_provider.bill.usd - price


@pytest.mark.parametrize(("calls", "least_used", "most_cut"), [(200, 0.98, 0.03), (50, 0.95, 1.0)])
def test_a_shared_budget_is_used_up_before_anyone_is_refused(
    loopback_provider: LoopbackProvider, calls: int, least_used: float, most_cut: float
) -> None:
    """16 workers with calls of mixed length and no maximum: no overspend, hardly anything left, hardly an answer cut."""
    lengths = random.Random(7)
    wanted = [round(lengths.lognormvariate(6.3, 0.7)) for _ in range(4096)]
    mean = sum(wanted) / len(wanted)
    served = iter(wanted)
    lock = threading.Lock()

    def next_answer(_: object) -> Reply:
        with lock:
            return Reply(output_tokens=next(served), input_tokens=18, latency=0.002)

    loopback_provider.on(next_answer)
    price_in, price_out = Decimal("2.50"), Decimal(10)
    limit = (18 * price_in + Decimal(mean) * price_out) / 1_000_000 * calls
    budget = BudgetManager(global_cost_limit=limit)
    client = wrap(OpenAI(api_key="key", base_url=loopback_provider.openai_base_url), budget)
    used_at_first_refusal: list[Decimal] = []
    finished: list[str] = []

    def until_refused() -> None:
        while True:
            try:
                answer = client.chat.completions.create(**request(None, streamed=False))
                finished.append(answer.choices[0].finish_reason)
            except BudgetExceeded as refused:
                with lock:
                    used_at_first_refusal.append(Decimal(refused.spent))
                return

    workers = [threading.Thread(target=until_refused) for _ in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    used = used_at_first_refusal[0] / limit
    cut = finished.count("length") / len(finished)
    print(f"{calls} calls' worth: {used:.1%} used at the first refusal, {cut:.1%} of {len(finished)} answers cut")
    assert loopback_provider.bill.usd <= limit
    assert budget.get_global_stats().total_cost == loopback_provider.bill.usd
    assert used >= least_used
    assert cut <= most_cut


def test_threads_and_vendors_share_one_limit(loopback_provider: LoopbackProvider) -> None:
    """Two SDKs on one budget, in tokens: the sum of their bills is under the limit."""
    loopback_provider.reply(Reply(output_tokens=300))
    budget = BudgetManager(global_token_limit=6000, min_output_tokens=64)
    openai = wrap(OpenAI(api_key="key", base_url=loopback_provider.openai_base_url), budget)
    anthropic = wrap(Anthropic(api_key="key", base_url=loopback_provider.anthropic_base_url), budget)

    def spend(number: int) -> None:
        while True:
            try:
                if number % 2:
                    openai.chat.completions.create(**request(None, streamed=False))
                else:
                    anthropic.messages.create(model="claude-sonnet-5-5", max_tokens=300, messages=MESSAGES)
            except BudgetExceeded as refused:
                if not refused.held:
                    return

    with ThreadPoolExecutor(20) as threads:
        for each in [threads.submit(spend, number) for number in range(20)]:
            each.result()
    assert 5000 <= loopback_provider.bill.total_tokens <= 6000
    assert budget.get_global_stats().total_tokens == loopback_provider.bill.total_tokens
