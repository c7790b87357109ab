"""Requests that come again are not read again, and are held and charged as if they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, MemoryLedger, wrap
from llm_token_budget.providers import chat, familiar
from llm_token_budget.testing import LoopbackProvider, Reply

from .driving import every, got

SECRET = "the treasure lies under the third oak"
REQUEST: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": SECRET}], "max_tokens": 50}


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of all messages that were read."""
    read: list[str] = []
    original = chat.message_parts

    def noting(message: Any) -> Any:
        read.append(message["content"])
        return original(message)

    monkeypatch.setattr(chat, "message_parts", noting)
    return read


def test_a_request_is_read_until_it_has_come_twice(bench, readings: list[str]) -> None:
    """Once, then twice for what is remembered of it; then never again."""
    budget = BudgetManager(global_cost_limit=1)
    client = wrap(bench.client("openai"), budget)

    async def calls() -> None:
        for _ in range(10):
            await got(client.chat.completions.create(**REQUEST))

    bench.run(calls())
    assert len(readings) == 3
    assert budget.get_global_stats().total_cost == bench.provider.bill.usd


@pytest.mark.parametrize(
    "other",
    [
        {"max_tokens": 4000},
        {"n": 3},
        {"model": "gpt-4o-mini"},
        {"messages": [{"role": "user", "content": SECRET + "!" * 4000}]},
        {"extra_body": {"n": 3}},
        {"service_tier": "priority"},
        {"messages": [*REQUEST["messages"], *REQUEST["messages"]]},
    ],
    ids=["maximum", "choices", "model", "text", "extra body", "tier", "messages"],
)
def test_another_request_is_never_taken_for_it(plain_bench, other: dict[str, Any]) -> None:
    """Whatever is different, it is held as it is where no request came before."""
    held: list[Any] = []
    budget = BudgetManager(global_cost_limit=1, on_reserve=lambda event: held.append(event.held))
    client = wrap(plain_bench.client("openai"), budget)
    for _ in range(4):
        client.chat.completions.create(**REQUEST)
    client.chat.completions.create(**REQUEST | other)
    fresh: list[Any] = []
    stranger = BudgetManager(global_cost_limit=1, on_reserve=lambda event: fresh.append(event.held))
    wrap(plain_bench.client("openai"), stranger).chat.completions.create(**REQUEST | other)
    assert held[-1] == fresh[0]
    assert held[-1] != held[0]


def test_what_bills_teach_counts_for_what_is_familiar_too(plain_bench, provider: LoopbackProvider) -> None:
    """A bill above its bound raises the next reservation at once."""
    held: list[int] = []
    budget = BudgetManager(global_cost_limit=1, on_reserve=lambda event: held.append(event.held.tokens))
    client = wrap(plain_bench.client("openai"), budget)
    for tokens in (10, 10, 10, 10, 60, 60):
        provider.enqueue(Reply("yes", input_tokens=tokens))
        client.chat.completions.create(**REQUEST)
    assert held[3] == held[4] < held[5]


def test_a_familiar_stream_hides_the_usage_that_we_asked_for(bench) -> None:
    """The fifth stream looks as the first did, and each is charged what it was billed."""
    budget = BudgetManager(global_cost_limit=1)
    client = wrap(bench.client("openai"), budget)

    async def streams() -> list[list[bool]]:
        return [
            [
                chunk.usage is None
                for chunk in await every(await got(client.chat.completions.create(**REQUEST, stream=True)))
            ]
            for _ in range(5)
        ]

    assert all(map(all, bench.run(streams())))
    assert budget.get_global_stats().total_cost == bench.provider.bill.usd


def test_limits_that_change_count_for_what_is_familiar(plain_bench) -> None:
    """A limit lowered at run time, another user, a window's end, a stop of everything: none is overlooked."""
    now = [1_800_000_000.0]
    limits = [Limit(requests=5, scope="user", window="1h", name="calls"), Limit(usd="0.01", window="1h")]
    budget = BudgetManager(limits=limits, ledger=MemoryLedger(clock=lambda: now[0]), wait_for_held=0)
    ada, bob = (wrap(plain_bench.client("openai"), budget, user_key=name) for name in ("ada", "bob"))
    for _ in range(5):
        ada.chat.completions.create(**REQUEST)
    with pytest.raises(BudgetExceeded):
        ada.chat.completions.create(**REQUEST)
    for _ in range(3):
        bob.chat.completions.create(**REQUEST)
    budget.set_limit("calls", "bob", 3)
    with pytest.raises(BudgetExceeded):
        bob.chat.completions.create(**REQUEST)
    now[0] += 3600
    ada.chat.completions.create(**REQUEST)
    assert budget.get_user_stats("bob").requests == 3
    with budget.session(limits=[Limit(requests=1)]):
        ada.chat.completions.create(**REQUEST)
        with pytest.raises(BudgetExceeded):
            ada.chat.completions.create(**REQUEST)
    budget.set_mode("block")
    with pytest.raises(BudgetExceeded, match="stopped"):
        ada.chat.completions.create(**REQUEST)


def test_a_new_price_counts_for_what_is_familiar(plain_bench) -> None:
    """Prices that are dated change at midnight, also for requests and answers that were seen before."""
    now = [1_800_000_000.0]
    prices = {"gpt-4o": [{"input": "1", "output": "1"}, {"input": "100", "output": "100", "since": "2027-01-20"}]}
    budget = BudgetManager(global_cost_limit=1, custom_pricing=prices)
    budget.prices._clock = lambda: now[0]
    client = wrap(plain_bench.client("openai"), budget)
    for _ in range(4):
        client.chat.completions.create(**REQUEST)
    before = budget.get_global_stats().total_cost / 4
    now[0] += 10 * 86_400
    client.chat.completions.create(**REQUEST)
    assert budget.get_global_stats().total_cost == 104 * before


def test_nothing_that_people_wrote_is_kept(plain_bench) -> None:
    """What is remembered of a request are numbers, names of models, and a hash."""
    client = wrap(plain_bench.client("openai"), BudgetManager(global_cost_limit=1))
    for _ in range(3):
        client.chat.completions.create(**REQUEST)
    known = type(client)._llm_token_budget._at[2]
    assert known._known
    texts = [text for text in _strings([known._known, known._once]) if SECRET in text or "treasure" in text]
    assert texts == []


def _strings(value: Any, depth: int = 8) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings([name, inner], depth - 1)
    elif depth and isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner, depth - 1)


def test_no_stream_of_new_requests_fills_memory(plain_bench) -> None:
    """Ten thousand requests that come twice each: a bounded number is known."""
    client = wrap(plain_bench.client("openai"), BudgetManager(global_cost_limit=1))
    client.chat.completions.create(**REQUEST)
    known = type(client)._llm_token_budget._at[2]
    endpoint = chat_endpoint(client)
    for number in range(5 * familiar.KEPT):
        body = REQUEST | {"messages": [{"role": "user", "content": f"number {number}"}]}
        for _ in range(2):
            known.note(("/chat/completions", number, 1), endpoint, body, "openai")
    assert len(known._known) <= familiar.KEPT
    assert len(known._once) <= familiar.KEPT


def chat_endpoint(client: Any) -> Any:
    return type(client)._llm_token_budget.dialect.endpoint("/chat/completions")
