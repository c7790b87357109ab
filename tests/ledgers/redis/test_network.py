"""The network fails in the middle of an operation: it is done once, whoever learns of it."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.ledgers.building import balance, claim, limit, truth
from tests.ledgers.proxy import Fault, Proxy
from tests.ledgers.servers import new_prefix, valkey

from llm_token_budget.errors import LedgerUnavailable
from llm_token_budget.ledgers.base import Amounts, Granted
from llm_token_budget.ledgers.redis import RedisLedger


@pytest.fixture
def proxy():
    with Proxy(valkey().port) as made:
        yield made


@pytest.fixture
def ledger(proxy):
    made = RedisLedger(f"redis://127.0.0.1:{proxy.port}?socket_timeout=0.5", prefix=new_prefix())
    yield made
    proxy.down = False
    made.close()


class Threads:
    """The plain methods."""

    def __init__(self, ledger):
        self.reserve, self.settle, self.release = ledger.reserve, ledger.settle, ledger.release

    def close(self):
        pass


class Tasks:
    """The `a` ones, all in one event loop."""

    def __init__(self, ledger):
        self.runner = asyncio.Runner()
        self.reserve = lambda claim: self.runner.run(ledger.areserve(claim))
        self.settle = lambda handle, charge: self.runner.run(ledger.asettle(handle, charge))
        self.release = lambda handle: self.runner.run(ledger.arelease(handle))

    def close(self):
        self.runner.close()


@pytest.fixture(params=[Threads, Tasks])
def calls(request, ledger):
    made = request.param(ledger)
    made.settle(made.reserve(claim("first", tokens=0, requests=0)).handle, truth(0, requests=0))
    yield made
    made.close()


FAULTS = [
    pytest.param(fault, answers, id=f"{fault.name.lower()} {'answer' if answers else 'request'}")
    for fault in Fault
    for answers in (False, True)
]


@pytest.mark.parametrize(("fault", "answers"), FAULTS)
def test_a_reserve_whose_connection_fails_is_held_once(ledger, proxy, calls, fault, answers):
    """Cut, half-closed or swallowed, on the way there or back: it is asked again under its id and granted once."""
    proxy.plan(fault, answers=answers)
    answer = calls.reserve(claim("a", limit(100), tokens=100))
    assert isinstance(answer, Granted)
    assert proxy.faults == 1
    assert balance(ledger).reserved == Amounts(100, 0, 1)


@pytest.mark.parametrize(("fault", "answers"), FAULTS)
def test_a_settle_whose_connection_fails_is_booked_once(ledger, proxy, calls, fault, answers):
    """The same of a settle: the truth is counted, once."""
    handle = calls.reserve(claim("a", limit(100), tokens=100)).handle
    proxy.plan(fault, answers=answers)
    calls.settle(handle, truth(60))
    assert proxy.wait_for_fault()
    ledger.finish()
    assert (balance(ledger).spent, balance(ledger).reserved) == (Amounts(60, 0, 1), Amounts())


def test_a_settle_without_a_network_is_kept_and_booked_once(ledger, proxy, calls):
    """Nobody gets through: the caller is not kept from going on, and the truth is counted when the store is back."""
    handle = calls.reserve(claim("a", limit(100), tokens=100)).handle
    proxy.down = True
    calls.settle(handle, truth(60))
    with pytest.raises(LedgerUnavailable):
        ledger.read([])
    proxy.down = False
    ledger.finish()
    assert (balance(ledger).spent, balance(ledger).reserved) == (Amounts(60, 0, 1), Amounts())


def test_a_reserve_without_a_network_says_so(ledger, proxy, calls):
    """With its cause, and without the address's password."""
    ledger._retry_for = 0.1
    proxy.down = True
    with pytest.raises(LedgerUnavailable, match="there is no connection") as raised:
        calls.reserve(claim("a", tokens=100))
    assert raised.value.__cause__ is not None
    proxy.down = False
    calls.reserve(claim("b", tokens=100))
    assert balance(ledger).reserved == Amounts(100, 0, 1)


def test_answers_that_come_late_are_still_answers(ledger, proxy, calls):
    """Slower than usual, but within the timeout: nothing is asked twice."""
    proxy.delay = 0.1
    started = time.monotonic()
    calls.settle(calls.reserve(claim("a", limit(100), tokens=100)).handle, truth(60))
    assert time.monotonic() - started >= 0.2
    proxy.delay = 0.0
    assert balance(ledger).spent == Amounts(60, 0, 1)


async def test_a_lost_connection_fails_no_task_of_many(ledger, proxy):
    """50 tasks share connections that are cut in the middle: each of them is granted and settled once."""
    proxy.plan(Fault.CUT, answers=True, skip=3)
    proxy.plan(Fault.CUT, answers=False, skip=5)

    async def one(number: int) -> None:
        answer = await ledger.areserve(claim(str(number), limit(5_000), tokens=7))
        await ledger.asettle(answer.handle, truth(7))

    await asyncio.gather(*map(one, range(50)))
    assert proxy.wait_for_fault()
    await asyncio.to_thread(ledger.finish)
    seen = await asyncio.to_thread(balance, ledger)
    assert (seen.spent, seen.reserved) == (Amounts(350, 0, 50), Amounts())
