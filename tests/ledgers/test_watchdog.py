"""Nothing of ours keeps an event loop for longer than a millisecond, also while a store is slow."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import contextmanager

import pytest

from llm_token_budget import BudgetManager, Limit, Usage
from llm_token_budget.ledgers.base import Charge, Counter
from llm_token_budget.ledgers.postgres import PostgresLedger
from llm_token_budget.ledgers.redis import RedisLedger
from llm_token_budget.ledgers.sqlite import SQLiteLedger

from .files import new_file
from .lent import LentLedger
from .postgres_server import new_schema, postgres
from .proxy import Proxy
from .servers import new_prefix, valkey
from .watchdog import Watchdog

SLOW = 0.05
"""Seconds that a store takes to answer, or keeps everybody out."""

TASKS = 24
MOST_ROUNDS = 12
USERS = 1_000


@contextmanager
def slow_sqlite():
    """Another writer has the file nearly all the time."""
    path, slow, done = new_file(), threading.Event(), threading.Event()

    def hold():
        slow.wait()
        connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        while not done.is_set():
            connection.execute("BEGIN IMMEDIATE")
            done.wait(SLOW)
            connection.execute("COMMIT")
            done.wait(0.02)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield SQLiteLedger(path, synchronous="normal", busy_timeout=60), slow.set
    finally:
        done.set()
        slow.set()
        holder.join()


@contextmanager
def slow_redis():
    """Answers come late."""
    with Proxy(valkey().port) as proxy:
        ledger = RedisLedger(f"redis://127.0.0.1:{proxy.port}", prefix=new_prefix())
        yield ledger, lambda: setattr(proxy, "delay", SLOW)


@contextmanager
def slow_postgres():
    """Answers come late."""
    with Proxy(postgres().port) as proxy:
        url = postgres().url.replace(str(postgres().port), str(proxy.port))
        yield PostgresLedger(url, schema=new_schema(), timeout=30), lambda: setattr(proxy, "delay", SLOW)


@contextmanager
def slow_lent():
    """A store without an async driver, which keeps those who ask waiting in a queue."""
    ledger = LentLedger()
    plain, slowly = ledger.perform, threading.Lock()

    def perform(operation):
        with slowly:
            time.sleep(SLOW / 10)
            return plain(operation)

    yield ledger, lambda: setattr(ledger, "perform", perform)


STORES = {"sqlite": slow_sqlite, "redis": slow_redis, "postgres": slow_postgres, "lent": slow_lent}


@pytest.fixture(params=STORES)
def slow_budget(request):
    """A budget whose store is slow, with some thousand users, and a thread that uses it beside the tasks."""
    with STORES[request.param]() as (ledger, be_slow):
        budget = BudgetManager(
            per_user_token_limit=10**9, limits=[Limit(tokens=10**12, window="day")], ledger=ledger, alerts=[0.5]
        )
        for start in range(0, USERS, 500):
            counters = tuple(Counter(("user",), (f"u{number}",), "total") for number in range(start, start + 500))
            ledger.record(counters, Charge(1, 1, 1, 1))
        be_slow()
        done = threading.Event()
        beside = threading.Thread(target=use, args=(budget, done))
        beside.start()
        try:
            yield budget
        finally:
            done.set()
            beside.join()
            budget.close()


def use(budget, done):
    while not done.is_set():
        with budget.reserve(tokens=5, user_key="beside") as reservation:
            reservation.settle(Usage(input_tokens=1))
        budget.get_global_stats()


async def task(budget, number):
    """What a request of an application does, and a page for its operators."""
    user = f"u{number}"
    async with budget.reserve(tokens=5, user_key=user) as reservation:
        await reservation.asettle(Usage(input_tokens=1))
    match number % 6:
        case 0:
            assert len(await budget.aget_all_user_stats()) >= USERS
        case 1:
            assert (await budget.acheck(user_key=user, estimated_input_tokens=1)).allowed
        case 2:
            await budget.arecord(input_tokens=3, user_key=user)
        case 3:
            await budget.aremaining(user)
        case 4:
            async with budget.reserve(tokens=5, user_key=user):
                pass  # Left: charged soon.
        case _:
            await budget.aunconfirmed()
    stats = await budget.aget_user_stats(user)
    assert stats.requests


async def test_no_turn_of_the_loop_is_longer_than_a_millisecond(slow_budget):
    """Whatever is reserved, settled, recorded or listed: it neither computes for that long nor waits for a store or a lock.

    A processor that is shared with others makes single turns long. So a turn is too long if there is one in every round; but
    if it was once as long as the store's own delay, it has waited for the store.
    """
    await asyncio.gather(*[task(slow_budget, number) for number in range(TASKS)])
    computed, waited = [], []
    for _ in range(MOST_ROUNDS):
        watchdog = Watchdog()
        with watchdog.watching():
            await asyncio.gather(*[task(slow_budget, number) for number in range(TASKS)])
        computed.append(watchdog.most_computed.computed)
        waited.append(watchdog.longest_wait.waited)
        assert waited[-1] < SLOW * 1000, watchdog.longest_wait
        if min(computed) <= 1.0 and min(waited) <= 1.0:
            return
    raise AssertionError((computed, waited))


@pytest.mark.parametrize("fault", ["computes", "sleeps"])
async def test_the_watchdog_bites(fault):
    """Two milliseconds of either are seen, and said whose they are."""

    async def at_fault():
        await asyncio.sleep(0)
        until = time.thread_time() + 0.002
        while fault == "computes" and time.thread_time() < until:
            pass
        if fault == "sleeps":
            time.sleep(0.002)  # noqa: ASYNC251 - the fault

    watchdog = Watchdog()
    with watchdog.watching():
        await asyncio.gather(at_fault(), asyncio.sleep(0.01))
    turn = watchdog.most_computed if fault == "computes" else watchdog.longest_wait
    assert (turn.computed if fault == "computes" else turn.waited) >= 1.9
    assert turn.name.endswith("at_fault")
