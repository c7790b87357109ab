"""The `a` verbs that every ledger gets: inline where nothing blocks, in a thread where something does."""

from __future__ import annotations

import asyncio
import pickle
import threading

import pytest

from llm_token_budget.ledgers import MemoryLedger
from llm_token_budget.ledgers.base import Amounts, Balance, Granted

from .building import EVERYONE, balance, claim, hold, limit, reserved, spent, truth, user


class Blocking(MemoryLedger):
    """A ledger that does I/O, for as long as a test wants."""

    blocking = True

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.entered = threading.Event()
        self.may_go_on = threading.Event()
        self.threads: set[int] = set()

    def _wait_for_the_store(self) -> None:
        self.threads.add(threading.get_ident())
        self.entered.set()
        assert self.may_go_on.wait(60)

    def reserve(self, claim):
        self._wait_for_the_store()
        return super().reserve(claim)

    def settle(self, handle, charge):
        self._wait_for_the_store()
        return super().settle(handle, charge)

    def release(self, handle):
        self._wait_for_the_store()
        return super().release(handle)


@pytest.fixture
def slow(clock):
    return Blocking(clock=clock)


async def test_memory_answers_inline(clock):
    """Nothing blocks, so nothing is handed to a thread: no other task runs in between."""
    ledger, others = MemoryLedger(clock=clock), []
    task = asyncio.create_task(asyncio.sleep(0, others.append("ran")))
    others.clear()
    granted = await ledger.areserve(claim("a", tokens=100))
    await ledger.asettle(granted.handle, truth(60))
    await ledger.arelease((await ledger.areserve(claim("b", tokens=10))).handle)
    assert await ledger.acall(ledger.read, [EVERYONE]) == [balance(ledger)]
    assert not task.done()
    assert spent(ledger) == 60
    await task


async def test_a_blocking_ledger_is_asked_in_a_thread(slow):
    """The loop goes on while the store is waited for."""
    asking = asyncio.create_task(slow.areserve(claim("a", limit(1000), tokens=100)))
    await asyncio.to_thread(slow.entered.wait, 60)
    assert not asking.done()
    slow.may_go_on.set()
    granted = await asking
    assert isinstance(granted, Granted)
    await slow.asettle(granted.handle, truth(60))
    assert threading.get_ident() not in slow.threads
    assert await slow.acall(slow.read, [EVERYONE]) == [Balance(spent=Amounts(60, 0, 1), input_tokens=60)]


async def test_a_cancelled_reserve_leaves_nothing_behind(slow):
    """The thread goes on, and what it comes to hold is given back."""
    asking = asyncio.create_task(slow.areserve(claim("a", tokens=100)))
    await asyncio.to_thread(slow.entered.wait, 60)
    going_on = asyncio.all_tasks() - {asking, asyncio.current_task()}
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert going_on
    slow.may_go_on.set()
    await asyncio.wait(going_on, timeout=60)
    assert balance(slow) == Balance()


@pytest.mark.parametrize("end", ["settle", "release"])
async def test_a_cancelled_end_ends_the_reservation_all_the_same(slow, end):
    """Cancellation stops the caller, not the settling."""
    slow.may_go_on.set()
    handle = hold(slow, "a", 100)
    slow.may_go_on.clear()
    slow.entered.clear()
    ending = asyncio.create_task(slow.asettle(handle, truth(60)) if end == "settle" else slow.arelease(handle))
    await asyncio.to_thread(slow.entered.wait, 60)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    slow.may_go_on.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert (spent(slow), reserved(slow)) == (60 if end == "settle" else 0, 0)


@pytest.mark.parametrize("value", [Amounts(1, 2, 3), truth(5), EVERYONE, Balance(), claim("a", limit(5)), user()])
def test_the_words_of_the_protocol_pickle(value):
    """They travel between processes unchanged."""
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize(
    ("slope", "output", "amounts"),
    [
        ((1000, 0, 0), 7, (17, 20, 1)),
        ((0, 1, 0), 1, (10, 21, 1)),
        ((1500, 2_001, 500), 3, (15, 27, 3)),
        ((9, 9, 9), 0, (10, 20, 1)),
    ],
)
def test_a_claim_says_what_an_output_costs(slope, output, amounts):
    """fixed + ceil(slope * k / 1000), in each unit."""
    assert claim("a", tokens=10, nano_usd=20, per_output=slope).amounts(output) == amounts


def test_amounts_show_money_as_exact_usd():
    """Nano-USD to USD, without a float."""
    assert str(Amounts(nano_usd=1_234_567_891).usd) == "1.234567891"
    assert not Amounts()
    assert Amounts(requests=1)
