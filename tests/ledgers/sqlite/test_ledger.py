"""The ledger as a whole: threads and tasks share transactions, nobody blocks a loop, a manager works with it end to end."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
import time
import weakref
from decimal import Decimal
from itertools import pairwise

import openai
import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, ConfigurationError, wrap
from llm_token_budget.ledgers.base import Amounts, Granted
from llm_token_budget.ledgers.sqlite import SQLiteLedger
from llm_token_budget.testing import Reply

from ..building import EVERYONE, FakeClock, balance, claim, every, hold, limit, session, sliding, spent, truth, user

PRICES = {"small": {"input": "1", "output": "2"}}
HELLO = {"model": "small", "messages": [{"role": "user", "content": "Hello?"}], "max_tokens": 50}


@pytest.fixture
def ledger(path):
    made = SQLiteLedger(path)
    yield made
    made.close()


def transactions(ledger, work) -> int:
    """So many did it take."""
    writer, seen = ledger._writer, []
    before = writer._carry_out
    writer._carry_out = lambda jobs: (seen.append(len(jobs)), before(jobs))
    try:
        work()
    finally:
        writer._carry_out = before
    return len(seen)


def test_tasks_share_a_transaction(ledger):
    """A hundred reserves take a handful of them."""

    async def reserve_all() -> None:
        asked = [ledger.areserve(claim(f"{number}", limit(1_000), tokens=10)) for number in range(100)]
        assert all(isinstance(answer, Granted) for answer in await asyncio.gather(*asked))

    ledger.ping()
    assert transactions(ledger, lambda: asyncio.run(reserve_all())) <= 20
    assert balance(ledger).reserved == Amounts(1_000, 0, 100)


def test_threads_share_a_transaction(ledger):
    """While one is written, the others' operations gather."""
    barrier = threading.Barrier(16)

    def work(me: int) -> None:
        barrier.wait()
        for number in range(10):
            ledger.settle(hold(ledger, f"{me} {number}", 10), truth(7))

    def all_work() -> None:
        threads = [threading.Thread(target=work, args=(me,)) for me in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    ledger.ping()
    assert transactions(ledger, all_work) < 320 / 2
    assert spent(ledger) == 1_120


async def test_the_event_loop_goes_on(ledger):
    """Between two looks of a watchdog, the loop computes for a millisecond at most, whatever the file does."""
    other = sqlite3.connect(ledger.name, isolation_level=None, check_same_thread=False)
    await ledger.areserve(claim("first"))
    other.execute("BEGIN IMMEDIATE")
    looks, stopped, seen_enough = list[float](), False, asyncio.Event()

    async def watch() -> None:
        while not stopped:
            looks.append(time.thread_time())
            if len(looks) > 2_000:
                seen_enough.set()
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    asked = [asyncio.create_task(ledger.areserve(claim(f"{number}", tokens=10))) for number in range(50)]
    await seen_enough.wait()
    assert not any(task.done() for task in asked)
    other.execute("ROLLBACK")
    other.close()
    answers = await asyncio.gather(*asked)
    stopped = True
    await watching
    for answer in answers:
        await ledger.asettle(answer.handle, truth(1))
    # The loop's own time: that others have the processor is not this loop's doing.
    steps = sorted(later - earlier for earlier, later in pairwise(looks))
    assert steps[len(steps) * 99 // 100] < 0.001
    assert spent(ledger) == 50


async def test_a_cancelled_reserve_leaves_nothing_held(ledger):
    """The file may have it by then: it is given back."""
    other = sqlite3.connect(ledger.name, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    asked = asyncio.create_task(ledger.areserve(claim("a", tokens=10)))
    while ledger._writer._turn.acquire(blocking=False):
        ledger._writer._turn.release()
        await asyncio.sleep(0.001)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    other.execute("ROLLBACK")
    other.close()
    await asyncio.to_thread(ledger.finish)
    assert balance(ledger).reserved == Amounts()


def test_loops_come_and_go(ledger):
    """Each run has a loop of its own; one is closed while its task waits."""
    for number in range(3):
        assert isinstance(asyncio.run(ledger.areserve(claim(f"{number}", tokens=10))), Granted)
    loop = asyncio.new_event_loop()
    with ledger._writer._turn:
        task = loop.create_task(ledger.areserve(claim("left", tokens=10)))
        loop.run_until_complete(asyncio.sleep(0.01))
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.close()
    ledger.finish()
    assert balance(ledger).reserved.tokens == 30


def test_a_ledger_that_nobody_holds_is_collected(path):
    """Its threads end."""
    ledger = SQLiteLedger(path)
    asyncio.run(ledger.areserve(claim("a")))
    gone, queue = weakref.ref(ledger), ledger._writer._jobs
    del ledger
    gc.collect()
    assert gone() is None
    deadline = time.monotonic() + 30
    while not queue.empty():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_keys_that_no_text_may_hold(ledger):
    """Lone surrogates and NUL, in keys, ids and names of limits, sorted as Python sorts them."""
    names = ["a\0b", "\ud800", "\uffff", "\U0001f419" * 1_024, "a"]
    for name in names:
        counters = EVERYONE, user(name), session(name, name)
        ledger.settle(hold(ledger, name, 10, *counters), truth(7))
        ledger.set_limit(name, (name,), 5)
    assert [each for each, _ in ledger.users(user())] == sorted(names)
    assert sorted(ledger.overrides()) == sorted((name, (name,), 5) for name in names)
    for name in names:
        ledger.reset(user=name, session=name)
        assert (spent(ledger, user(name)), spent(ledger, session(name, name))) == (7, 0)


def test_an_amount_that_may_not_fit_is_refused(ledger):
    """Sums of many have room in 64 bits."""
    with pytest.raises(ConfigurationError, match=r"2\*\*53"):
        ledger.reserve(claim("a", tokens=2**53 + 1))
    with pytest.raises(ConfigurationError, match=r"2\*\*53"):
        ledger.set_limit("limit", None, 2**60)
    assert isinstance(ledger.reserve(claim("a", limit(2**53), tokens=2**53)), Granted)


def test_users_of_a_sliding_window_are_sorted_by_what_is_still_in_it(path):
    """Not by what once was."""
    clock = FakeClock()
    ledger = SQLiteLedger(path, clock=clock)

    def sliding_of(name: str):
        return sliding(60)._replace(scope=("user",), key=(name,))

    ledger.record((sliding_of("early"),), truth(1, nano_usd=100))
    clock.advance(50)
    ledger.record((sliding_of("late"),), truth(1, nano_usd=10))
    assert [name for name, _ in ledger.users(sliding_of(""))] == ["early", "late"]
    clock.advance(20)
    assert [name for name, _ in ledger.users(sliding_of(""), limit=1)] == ["late"]
    ledger.close()


def test_what_has_ended_is_forgotten_in_time(path):
    """Reservations and records after the horizon, windows after their end, sessions that are idle: the file keeps its size."""
    clock = FakeClock()
    ledger = SQLiteLedger(path, clock=clock, synchronous="normal")
    for number in range(700):
        window = every(60, clock.at, key="ada")
        counters = EVERYONE, window, session(f"{number}")
        ledger.settle(hold(ledger, f"{number}", 10, *counters), truth(7))
        ledger.record((EVERYONE,), truth(1))
        clock.advance(10)
    clock.advance(60 * 86_400)
    for _ in range(10):  # Some with each: no call waits for all.
        ledger.ping()
        clock.advance(1)
    ledger.close()
    connection = sqlite3.connect(path)
    for table, left in (("open", 0), ("ended", 0), ("records", 0), ("counters", 1)):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (left,)
    connection.close()


def test_the_plans_of_all_queries_use_an_index(ledger):
    """What is asked at each call never looks through a table. (Open reservations are few: they are, every few seconds.)"""
    ledger.ping()
    queries = [
        "SELECT id FROM counters WHERE name = ?",
        "SELECT held FROM open WHERE id = ?",
        "SELECT held FROM ended WHERE id = ?",
        "SELECT id FROM ended WHERE tick IS NOT NULL ORDER BY tick",
        "SELECT created FROM ended WHERE id > ? ORDER BY id LIMIT ?",
        "SELECT name FROM counters WHERE due <= ? ORDER BY due LIMIT ?",
        "SELECT amount FROM overrides WHERE name = ? AND key = ?",
        "SELECT name FROM counters WHERE family = ? ORDER BY spent_nano_usd DESC, spent_tokens DESC, member LIMIT ?",
        "UPDATE counters SET since = 0 WHERE owner = ?",
        "UPDATE counters SET since = 0 WHERE session = ?",
    ]
    connection = sqlite3.connect(ledger.name)
    for query in queries:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", ["x"] * query.count("?")).fetchall()
        assert "SEARCH" in plan[0][3] or "USING INDEX" in plan[0][3], (query, plan)
    connection.close()


def test_a_manager_counts_in_a_file(path, loopback_provider):
    """Calls of a wrapped client, by URL; the next manager on the file goes on where this one stopped."""
    loopback_provider.reply(Reply("Hello there.", input_tokens=12))
    for _ in range(2):
        with BudgetManager(ledger=f"sqlite:///{path}", per_user_cost_limit="1", custom_pricing=PRICES) as budget:
            client = openai.OpenAI(base_url=loopback_provider.openai_base_url, api_key="unused", max_retries=0)
            wrap(client, budget, user_key="ada").chat.completions.create(**HELLO)
            stats = budget.get_user_stats("ada")
            assert [each.total_tokens for each in budget.get_all_user_stats()] == [stats.total_tokens]
            client.close()
    assert stats.total_tokens == loopback_provider.bill.total_tokens == 28
    assert stats.total_cost == 2 * (12 + 2 * 2) * Decimal("0.000001")


async def test_a_manager_counts_in_a_file_for_tasks(path, loopback_provider):
    """Sixty at a time: what they spend keeps to the limit."""
    loopback_provider.reply(Reply("Hello there.", input_tokens=12))
    budget = BudgetManager(ledger=f"sqlite:///{path}", per_user_token_limit=500, custom_pricing=PRICES)
    client = openai.AsyncOpenAI(base_url=loopback_provider.openai_base_url, api_key="unused", max_retries=0)
    wrapped = wrap(client, budget, user_key="ada")

    async def call() -> bool:
        try:
            await wrapped.chat.completions.create(**HELLO)
        except BudgetExceeded:
            return False
        return True

    answers = await asyncio.gather(*[call() for _ in range(60)])
    stats = await budget.aget_user_stats("ada")
    assert stats.total_tokens == loopback_provider.bill.total_tokens <= 500
    assert answers.count(True) == loopback_provider.bill.requests
    assert not all(answers)
    await client.close()
    await budget.aclose()
