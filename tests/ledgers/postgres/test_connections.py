"""Connections of a PostgreSQL ledger: pools, event loops, forks, poolers in between."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections import Counter as Tally

import pytest

from llm_token_budget.errors import LedgerUnavailable
from llm_token_budget.ledgers.base import Granted
from llm_token_budget.ledgers.postgres import PostgresLedger, connections

from ..building import balance, claim, hold, limit, reserved, sliding, spent, truth, unknown, user

LONG = 30.0
"""Seconds that no passing test comes near to."""


@pytest.fixture
def new_connections(database, schema):
    """Wait until the ledgers of this test have so many connections."""
    of_this_test = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"

    def until(number: int) -> None:
        end = time.monotonic() + LONG
        while (seen := database.execute(of_this_test, (schema,)).fetchone()[0]) != number:
            assert time.monotonic() < end, f"{seen} connections, not {number}"
            time.sleep(0.02)

    return until


def test_nothing_is_connected_before_it_is_needed(make, new_connections):
    """Making a ledger asks nobody; closing it leaves nothing behind."""
    ledger = make()
    new_connections(0)
    ledger.ping()
    new_connections(1)
    ledger.close()
    new_connections(0)


def test_a_closed_ledger_connects_again(make):
    """Closing lets go of connections, not of the ledger."""
    ledger = make()
    hold(ledger, "a", 100)
    ledger.close()
    assert reserved(ledger) == 100


def test_a_dropped_ledger_closes_its_connections(url, schema, new_connections):
    """Nobody has to remember close()."""
    ledger = PostgresLedger(url, schema=schema)
    ledger.ping()
    new_connections(1)
    del ledger
    gc.collect()
    new_connections(0)


def test_threads_share_so_many_connections_as_they_may(make, new_connections):
    """40 threads work with 3 connections, and all get their turn."""
    ledger = make(pool_size=3)
    ledger.ping()
    threads = [threading.Thread(target=hold, args=(ledger, str(number), 1)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reserved(ledger) == 40
    assert ledger._threads.kept.idle
    assert len(ledger._threads.kept.idle) <= 3


def test_a_pool_that_stays_used_up_is_told(make):
    """The message names the option."""
    ledger = make(pool_size=1, timeout=0.1, retry_for=0.0)
    ledger.ping()
    connection, _ = ledger._threads.take()
    with pytest.raises(LedgerUnavailable) as lost:
        ledger.ping()
    assert "pool_size" in str(lost.value.__cause__)
    ledger._threads.give(connection)
    ledger.ping()


async def test_tasks_share_so_many_connections_as_they_may(make):
    """40 tasks work with 3 connections; none waits in vain."""
    ledger = make(pool_size=3)
    answers = await asyncio.gather(*[ledger.areserve(claim(str(number), limit(30), tokens=1)) for number in range(40)])
    assert sum(isinstance(answer, Granted) for answer in answers) == 30
    assert 1 <= len((await ledger._loops.here()).kept.idle) <= 3


async def test_tasks_are_told_of_a_pool_that_stays_used_up(make):
    """As threads are."""
    ledger = make(pool_size=1, timeout=0.1, retry_for=0.0)
    await ledger.areserve(claim("a", tokens=1))
    here = await ledger._loops.here()
    connection, _ = await here.take()
    with pytest.raises(LedgerUnavailable) as lost:
        await ledger.areserve(claim("b", tokens=1))
    assert "pool_size" in str(lost.value.__cause__)
    here.give(connection)


def test_each_event_loop_has_its_own_connections_and_takes_them_with_it(make, new_connections):
    """One ledger, used under asyncio.run again and again, and in a loop that nobody shuts down in order."""
    ledger = make()
    ledger.ping()  # What is due is done in threads, with a connection of theirs.
    for number in range(3):
        asyncio.run(ledger.areserve(claim(f"a {number}", tokens=1)))
        new_connections(1)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(ledger.areserve(claim("b", tokens=1)))
    loop.close()
    asyncio.run(ledger.areserve(claim("c", tokens=1)))
    new_connections(1)


def test_event_loops_in_several_threads(make):
    """Four loops at once on one ledger."""
    ledger = make()
    ledger.ping()

    async def work(me: int) -> None:
        for number in range(5):
            answer = await ledger.areserve(claim(f"{me} {number}", tokens=10))
            await ledger.asettle(answer.handle, truth(7))

    threads = [threading.Thread(target=lambda me=me: asyncio.run(work(me))) for me in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (spent(ledger), reserved(ledger)) == (140, 0)


async def test_a_cancelled_reserve_leaves_nothing_behind(make):
    """At whatever point it is cancelled: it is given back, and the connection can be used again."""
    ledger = make()
    await ledger.areserve(claim("before", tokens=1))
    for number in range(30):
        task = asyncio.create_task(ledger.areserve(claim(f"a {number}", tokens=100)))
        await asyncio.sleep(number * 0.0001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            await ledger.arelease(task.result().handle)
    until = time.monotonic() + LONG
    while (await asyncio.to_thread(balance, ledger)).reserved.tokens != 1:
        assert time.monotonic() < until
    assert isinstance(await ledger.areserve(claim("after", tokens=1)), Granted)


async def test_a_reserve_that_waits_for_a_lock_is_cancelled_at_once(make, database):
    """The server is told to stop, and holds nothing."""
    ledger = make(timeout=LONG)
    await ledger.areserve(claim("before", tokens=1))
    database.execute("BEGIN")
    database.execute(f"LOCK TABLE {ledger._schema}.counters")
    task = asyncio.create_task(ledger.areserve(claim("a", tokens=100)))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < LONG / 3
    database.execute("ROLLBACK")
    assert (await asyncio.to_thread(balance, ledger)).reserved.tokens == 1


async def test_nothing_blocks_the_event_loop(make, monkeypatch):
    """No call of a socket that waits is made on the loop's thread; while 200 operations run, the loop turns all the time."""
    ledger = make()
    await ledger.areserve(claim("before", tokens=1))
    here, blocking = threading.get_ident(), []
    for name in ("take", "give"):
        original = getattr(connections.Threads, name)

        def watched(self, *args, original=original):
            if threading.get_ident() == here:
                blocking.append(original)
            return original(self, *args)

        monkeypatch.setattr(connections.Threads, name, watched)
    turns, working = 0, True

    async def turn() -> None:
        nonlocal turns
        while working:
            turns += 1
            await asyncio.sleep(0)

    watchdog = asyncio.create_task(turn())
    for number in range(100):
        answer = await ledger.areserve(claim(f"a {number}", tokens=10))
        await ledger.asettle(answer.handle, truth(7))
    working = False
    await watchdog
    assert not blocking
    # A loop that waited for the server would have turned about once per operation.
    assert turns > 1_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_uses_connections_of_its_own(make):
    """Parent and child go on with one ledger, neither disturbs the other."""
    ledger = make()
    hold(ledger, "before", 1)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for number in range(20):
                ledger.settle(hold(ledger, f"child {number}", 10), truth(7))
            ledger.close()
            gc.collect()
            status = 0
        finally:
            os._exit(status)
    for number in range(20):
        ledger.settle(hold(ledger, f"parent {number}", 10), truth(7))
    assert os.waitpid(child, 0)[1] == 0
    assert (spent(ledger), reserved(ledger)) == (280, 1)


class OtherSessions:
    """What a pooler in transaction mode does: each statement runs in whatever session is free, and none keeps anything."""

    def __init__(self, monkeypatch) -> None:
        self.seen: Tally[int] = Tally()
        put = connections.Kept.put

        def other(kept, connection) -> None:
            self.seen[connection.info.backend_pid] += 1
            if self.seen.total() % 3:
                put(kept, connection)
                kept.idle.reverse()  # Somebody else's turn.
            else:
                connections.hang_up(connection)

        monkeypatch.setattr(connections.Kept, "put", other)


def test_no_operation_needs_the_session_of_another(make, monkeypatch):
    """Emulated, as there is no PgBouncer here: statements hop between sessions that come and go, and all is counted."""
    sessions = OtherSessions(monkeypatch)
    ledger = make()
    held = [hold(ledger, str(number), 10, user(str(number % 3)), sliding()) for number in range(30)]
    for number, handle in enumerate(held):
        ledger.settle(handle, unknown(10) if number % 2 else truth(7))
    ledger.set_limit("daily", None, 3)
    ledger.refund("1")
    assert balance(ledger, sliding()).spent.tokens == 15 * 7 + 14 * 10
    assert len(sessions.seen) > 10


def test_no_statement_leaves_anything_in_its_session(make):
    """DISCARD ALL, which a pooler may send after each, finds nothing that is missed: no statements, no settings, no locks."""
    ledger = make()
    ledger.settle(hold(ledger, "a", 10), truth(7))
    connection, _ = ledger._threads.take()
    assert connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM pg_settings WHERE source = 'session'").fetchone() == (0,)
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    assert connection.execute(held).fetchone() == (0,)
    connection.execute("DISCARD ALL")
    ledger._threads.give(connection)
    assert spent(ledger) == 7
