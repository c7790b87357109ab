"""Bare threads: they escape no limit, they are told apart where somebody says who they are, and none waits for ever."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, MissingUser, wrap
from llm_token_budget.testing import LoopbackProvider, Reply

MESSAGES: Any = [{"role": "user", "content": "What do you see from the old house over there?"}]
WORKERS = 6
CALLS = 5
ASK: dict[str, Any] = {"model": "gpt-4o-mini", "messages": MESSAGES, "max_tokens": 50}


def client_of(provider: LoopbackProvider, cls: Any = OpenAI) -> Any:
    return cls(api_key="key", base_url=provider.openai_base_url, max_retries=0)


def refusals(client: OpenAI, calls: int) -> Counter[str]:
    """How calls in a pool of plain threads, which know of no session, have ended."""

    def call(_: int) -> str:
        try:
            client.chat.completions.create(**ASK)
        except (BudgetExceeded, MissingUser) as refused:
            return type(refused).__name__
        return "answered"

    with ThreadPoolExecutor(4) as pool:
        return Counter(pool.map(call, range(calls)))


@pytest.mark.parametrize(
    "scope", ["global", "call", ("model",), ("provider",), ("provider", "model")], ids=lambda scope: str(scope)
)
def test_a_bare_pool_cannot_escape_a_limit_that_needs_no_name(loopback_provider: LoopbackProvider, scope: Any) -> None:
    """Whatever context its threads lack: the third request is refused (or, of a call's own limit, each that is too large)."""
    limit = Limit(tokens=20, scope="call") if scope == "call" else Limit(requests=2, scope=scope)
    budget = BudgetManager(limits=[limit], wait_for_held=0)
    client = wrap(client_of(loopback_provider), budget)
    with budget.session(user_key="ada"):
        ended = refusals(client, 12)
    allowed = 0 if scope == "call" else 2
    assert ended == Counter(answered=allowed, BudgetExceeded=12 - allowed)
    assert loopback_provider.bill.requests == allowed


def test_a_bare_pool_cannot_escape_a_limit_per_user(loopback_provider: LoopbackProvider) -> None:
    """Its threads are nobody: refused, never counted as somebody else or not at all."""
    budget = BudgetManager(per_user_token_limit=10**6)
    client = wrap(client_of(loopback_provider), budget)
    with budget.session(user_key="ada"):
        assert refusals(client, 8) == {"MissingUser": 8}
    assert loopback_provider.request_count == 0


def test_a_client_of_a_session_carries_its_user_and_limits_into_a_bare_pool(
    loopback_provider: LoopbackProvider,
) -> None:
    """wrap(client, session): user, session and the session's own limits, in any thread."""
    budget = BudgetManager(per_user_token_limit=10**6)
    with budget.session(user_key="ada", session_id="s", limits=[Limit(requests=3)]) as session:
        client = wrap(client_of(loopback_provider), session)
        assert refusals(client, 8) == {"answered": 3, "BudgetExceeded": 5}
    assert budget.get_user_stats("ada").requests == 3
    assert [user.user_key for user in budget.get_all_user_stats()] == ["ada"]


def test_a_bound_function_carries_its_session_into_a_bare_pool(loopback_provider: LoopbackProvider) -> None:
    """session.bind(fn): each of two users in one pool is charged for their own calls."""
    budget = BudgetManager(per_user_token_limit=10**6)
    client = wrap(client_of(loopback_provider), budget)

    def call() -> None:
        client.chat.completions.create(**ASK)

    with ThreadPoolExecutor(4) as pool:
        for user, calls in (("ada", 5), ("bob", 2)):
            with budget.session(user_key=user) as session:
                for done in [pool.submit(session.bind(call)) for _ in range(calls)]:
                    done.result()
    loopback_provider.wait_until_idle()
    assert {user.user_key: user.requests for user in budget.get_all_user_stats()} == {"ada": 5, "bob": 2}


def test_nobody_starves_who_waits_for_what_is_held(loopback_provider: LoopbackProvider) -> None:
    """Threads and tasks want what only two calls can hold at once: each gets all of its calls, in a fair part of the time."""
    loopback_provider.reply(Reply(output_tokens=3, latency=0.002))
    most = 3000
    budget = BudgetManager(global_token_limit=int(most * 2.5), admission="strict", wait_for_held=60)
    ask = ASK | {"max_tokens": most}
    finished: dict[str, float] = {}
    plain = client_of(loopback_provider)
    client = wrap(plain, budget)
    started = time.monotonic()

    def work(name: str) -> None:
        for _ in range(CALLS):
            client.chat.completions.create(**ask)
        finished[name] = time.monotonic() - started

    async def tasks() -> None:
        async with client_of(loopback_provider, AsyncOpenAI) as plain:
            client = wrap(plain, budget)

            async def work(name: str) -> None:
                for _ in range(CALLS):
                    await client.chat.completions.create(**ask)
                finished[name] = time.monotonic() - started

            await asyncio.gather(*(work(f"task {number}") for number in range(WORKERS)))

    threads = [threading.Thread(target=work, args=(f"thread {number}",)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    asyncio.run(tasks())
    for thread in threads:
        thread.join()
    plain.close()
    assert len(finished) == 2 * WORKERS
    assert budget.get_global_stats().requests == 2 * WORKERS * CALLS
    assert budget.get_global_stats().blocked == 0
    # Nobody was done with everything while another had hardly begun.
    assert min(finished.values()) > max(finished.values()) / (4 * WORKERS)
