"""The network fails in the middle of operations: nothing is applied twice, nothing is lost, nothing hangs."""

from __future__ import annotations

import asyncio
import time

import psycopg
import pytest

from llm_token_budget.errors import LedgerUnavailable
from llm_token_budget.ledgers.base import Amounts, Booked

from ..building import balance, claim, grant, hold, limit, reserved, spent, truth
from ..proxy import Fault

LONG = 30.0
"""Seconds that no passing test comes near to."""
FAULTS = [(fault, answers) for fault in Fault for answers in (False, True)]


def wait_until(is_so) -> None:
    until = time.monotonic() + LONG
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def direct(make):
    """The same tables, past the proxy."""
    return make()


@pytest.mark.parametrize(("fault", "answers"), FAULTS)
def test_a_reserve_in_the_middle_of_a_fault_holds_once(make, direct, proxy, through, fault, answers):
    """Cut, half-closed or silent, on the way there or back: it is asked again under its id, and holds its amount once."""
    ledger = make(through, timeout=0.5)
    ledger.ping()
    proxy.plan(fault, answers=answers)
    asked = claim("a", limit(1000), tokens=100)
    answer = grant(ledger, asked)
    assert proxy.wait_for_fault(0)
    assert direct.reserve(asked) == answer
    assert reserved(direct) == 100


@pytest.mark.parametrize(("fault", "answers"), FAULTS)
def test_a_settle_in_the_middle_of_a_fault_counts_once(make, direct, proxy, through, fault, answers):
    """Whether the server has heard of it or not: it is counted once, at the latest when the ledger catches up."""
    ledger = make(through, timeout=0.5)
    handle = hold(ledger, "a", 100)
    proxy.plan(fault, answers=answers)
    assert ledger.settle(handle, truth(60)).first in (True, False)
    assert proxy.wait_for_fault(0)
    wait_until(lambda: spent(direct) == 60)
    assert ledger.settle(handle, truth(60)) == Booked(truth(60), first=False)
    assert (spent(direct), reserved(direct)) == (60, 0)


@pytest.mark.parametrize(("fault", "answers"), FAULTS)
async def test_tasks_survive_faults_too(make, direct, proxy, through, fault, answers):
    """The same for the asyncio side, a reserve and its settle."""
    ledger = make(through, timeout=0.5)
    await ledger.areserve(claim("before", tokens=1))
    proxy.plan(fault, answers=answers)
    answer = await ledger.areserve(claim("a", tokens=100))
    assert proxy.wait_for_fault(0)
    proxy.plan(fault, answers=answers)
    await ledger.asettle(answer.handle, truth(60))
    await asyncio.to_thread(wait_until, lambda: spent(direct) == 60)
    assert await asyncio.to_thread(reserved, direct) == 1


def test_a_server_that_is_away_is_told_with_its_cause(make, proxy, through):
    """Calls are refused, within seconds, and go on once it is back."""
    ledger = make(through, retry_for=0.1)
    ledger.ping()
    proxy.down = True
    started = time.monotonic()
    with pytest.raises(LedgerUnavailable) as lost:
        ledger.reserve(claim("a", tokens=100))
    assert time.monotonic() - started < LONG
    assert isinstance(lost.value.__cause__, psycopg.OperationalError)
    proxy.down = False
    assert grant(ledger, claim("b", tokens=100))
    ledger.close()


def test_what_is_settled_during_an_outage_is_counted_after_it(make, direct, proxy, through):
    """The settle is kept, and carried out once."""
    ledger = make(through)
    handle = hold(ledger, "a", 100)
    proxy.down = True
    assert ledger.settle(handle, truth(60)) == Booked(None, first=True)
    assert spent(direct) == 0
    proxy.down = False
    wait_until(lambda: spent(direct) == 60)
    assert reserved(direct) == 0


def test_a_reserve_that_was_told_no_holds_nothing(make, direct, proxy, through):
    """The server has granted it, its answer was lost, and so were the others: it is given back when the server is heard again."""
    ledger = make(through, timeout=0.3, retry_for=0.0)
    ledger.ping()
    proxy.plan(Fault.SWALLOW, answers=True)
    with pytest.raises(LedgerUnavailable):
        ledger.reserve(claim("a", tokens=100, lease=900))
    wait_until(lambda: reserved(direct) == 0)
    assert balance(direct).spent == Amounts()


def test_an_unguarded_call_is_counted_apart(make, direct, proxy, through):
    """With on_error="allow" it goes out while the server is away, and is booked as unreserved when it is back."""
    ledger = make(through, on_error="allow", retry_for=0.0)
    ledger.ping()
    proxy.down = True
    answer = grant(ledger, claim("a", limit(10), tokens=100))
    ledger.settle(answer.handle, truth(60))
    proxy.down = False
    wait_until(lambda: spent(direct) == 60)
    seen = balance(direct)
    assert (seen.unreserved, seen.overrun) == (Amounts(60, 0, 1), Amounts())
    assert ledger.unguarded == Amounts(60, 0, 1)


def test_a_slow_network_is_no_outage(make, proxy, through):
    """Answers that come late, but in time, are answers."""
    ledger = make(through, timeout=LONG)
    ledger.ping()
    proxy.delay = 0.2
    assert ledger.settle(hold(ledger, "a", 100), truth(60)).first


def test_kept_connections_that_died_are_replaced(make, database):
    """The server was restarted while nobody asked: the next operation doesn't notice, whatever the pool had kept."""
    ledger = make(retry_for=0.0)
    several = [ledger._threads.take()[0] for _ in range(4)]
    ledger.ping()
    for connection in several:
        connection.execute("SELECT 1")
        ledger._threads.give(connection)
    for connection in several:
        database.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))
    assert hold(ledger, "a", 100)


async def test_kept_connections_of_a_loop_that_died_are_replaced(make, database):
    """The same for tasks."""
    ledger = make(retry_for=0.0)
    await ledger.areserve(claim("a", tokens=1))
    here = await ledger._loops.here()
    connection, fresh = await here.take()
    assert not fresh
    pid = connection.info.backend_pid
    here.give(connection)
    database.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    assert await ledger.areserve(claim("b", tokens=1))


def test_locks_that_others_hold_too_long_count_as_an_outage(make, database):
    """An operation that can't be carried out in time is told so, and holds nothing afterwards."""
    ledger = make(timeout=0.3, retry_for=0.0)
    hold(ledger, "before", 1)
    database.execute("BEGIN")
    database.execute(f"LOCK TABLE {ledger._schema}.counters")
    with pytest.raises(LedgerUnavailable) as lost:
        ledger.reserve(claim("a", tokens=100))
    assert "no answer" in str(lost.value.__cause__)
    database.execute("ROLLBACK")
    other = make()
    wait_until(lambda: reserved(other) == 1)
