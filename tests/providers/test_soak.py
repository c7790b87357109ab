"""Everything at once, for a while: threads and tasks, all vendors, random failures and ways of leaving."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from anthropic import Anthropic, AsyncAnthropic
from groq import Groq
from ollama import Client as Ollama
from openai import AsyncOpenAI, OpenAI

from llm_token_budget import BudgetError, BudgetExceeded, BudgetManager, wrap
from llm_token_budget.testing import LoopbackProvider, Reply

HELLO: Any = [
    {"role": "user", "content": "Tell me about the tides of the northern sea, and of what they leave behind."}
]

REPLIES = [
    *[Reply(output_tokens=40)] * 12,
    Reply(output_tokens=400),
    Reply(status=429),
    Reply(status=500),
    Reply(status=504),
    Reply(status=529),
    Reply(output_tokens=30, drop="after"),
    Reply(output_tokens=30, drop="before"),
    Reply(output_tokens=30, usage="absent"),
    Reply(output_tokens=30, usage="null"),
    Reply(output_tokens=30, cut_after=3),
    Reply(output_tokens=30, error_event_after=3),
]


USER_LIMIT = Decimal("0.20")
"""Per second: tight enough to be met now and then."""


class Mix:
    """Clients of one budget, and random calls through them until the time is over."""

    def __init__(self, provider: LoopbackProvider, budget: BudgetManager, seconds: float) -> None:
        self.provider = provider
        self.budget = budget
        self.until = time.monotonic() + seconds
        self.calls = 0
        self.unexpected: list[BaseException] = []
        key: dict[str, Any] = {"api_key": "key", "max_retries": 0}
        self.openai = wrap(OpenAI(base_url=provider.openai_base_url, **key), budget)
        self.anthropic = wrap(Anthropic(base_url=provider.anthropic_base_url, **key), budget)
        self.groq = wrap(Groq(base_url=provider.groq_base_url, **key), budget)
        self.ollama = wrap(Ollama(provider.ollama_base_url), budget)

    def thread(self, number: int) -> None:
        rng = random.Random(number)
        while time.monotonic() < self.until:
            with self.budget.session(user_key=f"user-{rng.randrange(6)}"):
                self.attempt(lambda: self.one(rng))

    def attempt(self, call: Callable[[], None]) -> None:
        self.calls += 1
        try:
            call()
        except BudgetExceeded:
            return
        except BudgetError as ours:
            self.unexpected.append(ours)
        except Exception as vendors:
            # What the vendors' SDKs make of failures is theirs; ours must not be among it.
            if "llm_token_budget" in type(vendors).__module__:
                self.unexpected.append(vendors)

    def one(self, rng: random.Random) -> None:
        match rng.randrange(7):
            case 0:
                self.openai.chat.completions.create(model="gpt-4o", messages=HELLO)
            case 1:
                leave(self.openai.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True), rng)
            case 2:
                self.anthropic.messages.create(model="claude-opus-4-8", max_tokens=300, messages=HELLO)
            case 3:
                with self.anthropic.messages.stream(model="claude-opus-4-8", max_tokens=300, messages=HELLO) as stream:
                    leave(stream, rng)
            case 4:
                leave(
                    self.groq.chat.completions.create(model="llama-3.3-70b-versatile", messages=HELLO, stream=True), rng
                )
            case 5:
                leave(self.ollama.chat(model="llama3.2", messages=HELLO, stream=True), rng)
            case _:
                self.openai.embeddings.create(model="text-embedding-3-small", input="tides")

    async def task(self, number: int, openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> None:
        rng = random.Random(1000 + number)
        while time.monotonic() < self.until:
            self.calls += 1
            with self.budget.session(user_key=f"user-{rng.randrange(6)}"):
                try:
                    await asyncio.wait_for(self.aone(rng, openai, anthropic), rng.choice([5, 5, 5, 0.02]))
                except TimeoutError:
                    continue
                except BudgetExceeded:
                    await asyncio.sleep(0)
                except BudgetError as ours:
                    self.unexpected.append(ours)
                except Exception as vendors:
                    if "llm_token_budget" in type(vendors).__module__:
                        self.unexpected.append(vendors)

    async def aone(self, rng: random.Random, openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> None:
        if rng.random() < 0.5:
            await openai.chat.completions.create(model="gpt-4o", messages=HELLO)
        elif rng.random() < 0.5:
            async for _ in await openai.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True):
                pass
        else:
            async with anthropic.messages.stream(model="claude-opus-4-8", max_tokens=300, messages=HELLO) as stream:
                async for _ in stream:
                    pass

    async def tasks(self) -> None:
        key: dict[str, Any] = {"api_key": "key", "max_retries": 0}
        async with (
            AsyncOpenAI(base_url=self.provider.openai_base_url, **key) as openai,
            AsyncAnthropic(base_url=self.provider.anthropic_base_url, **key) as anthropic,
        ):
            wrapped = wrap(openai, self.budget), wrap(anthropic, self.budget)
            await asyncio.gather(*(self.task(number, *wrapped) for number in range(12)))


def leave(stream: Any, rng: random.Random) -> None:
    """Read a stream to its end, or close it after one event, or unread.

    None is dropped: the collector may find it inside httpcore's lock, which then waits for itself, wrapped or not.
    """
    match rng.randrange(5):
        case 0:
            next(iter(stream))
            stream.close()
        case 1:
            stream.close()
        case _:
            for _ in stream:
                pass


@pytest.mark.parametrize("seconds", [4, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_whatever_happens_the_account_is_between_the_bill_and_the_limit(
    loopback_provider: LoopbackProvider, seconds: int
) -> None:
    """At the end nothing is held, no limit is passed, and the provider has billed no more than we have charged."""
    rng = random.Random(3)
    loopback_provider.on(lambda _: rng.choice(REPLIES))
    budget = BudgetManager(
        global_cost_limit=100, per_user_cost_limit=USER_LIMIT * seconds, wait_for_held=0.2, ledger="memory://"
    )
    mix = Mix(loopback_provider, budget, seconds)
    threads = [threading.Thread(target=mix.thread, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    asyncio.run(mix.tasks())
    for thread in threads:
        thread.join()
    del threads
    gc.collect()
    loopback_provider.wait_until_idle()
    stats = budget.get_global_stats()
    print(
        f"{mix.calls} calls, {loopback_provider.bill.requests} billed, ${loopback_provider.bill.usd} of ${stats.total_cost}"
    )
    assert not mix.unexpected
    assert mix.calls > 100
    for vendor in ("openai", "anthropic", "groq", "ollama"):
        assert loopback_provider.bill.where(provider=vendor).requests
    assert not stats.reserved
    assert loopback_provider.bill.usd <= stats.total_cost
    for user in budget.get_all_user_stats():
        assert user.total_cost <= USER_LIMIT * seconds
        assert not user.overrun
