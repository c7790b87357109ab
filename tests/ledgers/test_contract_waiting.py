"""The contract of every ledger: waiting for room. No test sleeps: who waits is woken, or is told at once."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from .building import claim, hold, limit, refuse, truth, unknown

LONG = 60.0
"""A timeout that no passing test comes near to."""

WAKING = {
    "settle": lambda ledger, handle: ledger.settle(handle, truth(1)),
    "release": lambda ledger, handle: ledger.release(handle),
    "set_limit": lambda ledger, handle: ledger.set_limit("limit", None, 1000),
    "clear_limit": lambda ledger, handle: ledger.clear_limit("limit", None),
    "reset": lambda ledger, handle: ledger.reset(),
}


def refused(ledger) -> int:
    return refuse(ledger, claim("waiting", limit(100), tokens=50)).freed


@pytest.mark.parametrize("waking", WAKING)
def test_a_thread_that_waits_is_woken(ledger, waking):
    """Room that is given back, or a new amount, ends the wait."""
    handle = hold(ledger, "a", 100)
    thread = threading.Thread(target=ledger.wait, args=(refused(ledger), LONG))
    started = time.monotonic()
    thread.start()
    WAKING[waking](ledger, handle)
    thread.join(LONG / 2)
    assert not thread.is_alive()
    assert time.monotonic() - started < LONG / 2


@pytest.mark.parametrize("waking", WAKING)
async def test_a_task_that_waits_is_woken(ledger, waking):
    """As a thread is, by whatever happens on the same loop."""
    handle = hold(ledger, "a", 100)
    waiting = asyncio.create_task(ledger.await_room(refused(ledger), LONG))
    await asyncio.sleep(0)
    assert not waiting.done()
    WAKING[waking](ledger, handle)
    await asyncio.wait_for(waiting, LONG / 2)


async def test_a_task_is_woken_by_another_thread(ledger):
    """A settle in a worker thread wakes a task of the loop."""
    handle = hold(ledger, "a", 100)
    waiting = asyncio.create_task(ledger.await_room(refused(ledger), LONG))
    await asyncio.sleep(0)
    await asyncio.to_thread(ledger.settle, handle, truth(1))
    await asyncio.wait_for(waiting, LONG / 2)


def test_all_who_wait_are_woken(ledger):
    """One settle wakes every thread: each tries again."""
    handle, freed = hold(ledger, "a", 100), refused(ledger)
    threads = [threading.Thread(target=ledger.wait, args=(freed, LONG)) for _ in range(8)]
    for thread in threads:
        thread.start()
    ledger.settle(handle, truth(1))
    for thread in threads:
        thread.join(LONG / 2)
    assert not any(thread.is_alive() for thread in threads)


def test_room_that_was_given_back_before_waiting_ends_the_wait_at_once(ledger):
    """Nothing is missed between the refusal and the wait."""
    handle, started = hold(ledger, "a", 100), time.monotonic()
    freed = refused(ledger)
    ledger.release(handle)
    ledger.wait(freed, LONG)
    assert time.monotonic() - started < LONG / 2


async def test_room_that_was_given_back_before_awaiting_ends_the_wait_at_once(ledger):
    """Nothing is missed by tasks either."""
    handle = hold(ledger, "a", 100)
    freed = refused(ledger)
    ledger.release(handle)
    await asyncio.wait_for(ledger.await_room(freed, LONG), LONG / 2)


@pytest.mark.parametrize("end", ["refund", "late truth", "late release", "expiry"])
def test_room_that_comes_back_late_is_noticed_too(ledger, clock, end):
    """A refund, a truth below the guess, and a lease that ends with what was held."""
    handle = hold(ledger, "a", 100)
    if end != "expiry":
        ledger.settle(handle, unknown(100))
    freed = refused(ledger)
    match end:
        case "refund":
            ledger.refund("a")
        case "late truth":
            ledger.settle(handle, truth(1))
        case "late release":
            ledger.release(handle)
        case _:
            clock.advance(1000)
    assert ledger.look(claim("again", limit(0), tokens=1)).freed != freed


@pytest.mark.parametrize("timeout", [0.0, -1.0, -0.5])
def test_a_wait_that_is_over_before_it_begins(ledger, timeout):
    """A timeout of nothing, or less, returns at once."""
    hold(ledger, "a", 100)
    freed, started = refused(ledger), time.monotonic()
    ledger.wait(freed, timeout)
    assert time.monotonic() - started < LONG / 2


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_an_await_that_is_over_before_it_begins(ledger, seconds):
    """For tasks too."""
    hold(ledger, "a", 100)
    await asyncio.wait_for(ledger.await_room(refused(ledger), seconds), LONG / 2)


def test_a_wait_ends_with_its_timeout(ledger):
    """Where nothing is given back, waiting ends by itself, and leaves nothing behind that a later ring trips over."""
    handle = hold(ledger, "a", 100)
    ledger.wait(refused(ledger), 0.01)
    ledger.settle(handle, truth(1))


async def test_a_cancelled_wait_leaves_nothing_behind(ledger):
    """The task is cancelled at once, and the next settle has nobody to wake."""
    handle = hold(ledger, "a", 100)
    waiting = asyncio.create_task(ledger.await_room(refused(ledger), LONG))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    ledger.settle(handle, truth(1))


def test_a_loop_that_was_closed_while_its_task_waited_disturbs_nobody(ledger):
    """The settle that would have woken it succeeds."""
    handle = hold(ledger, "a", 100)
    freed = refused(ledger)
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(ledger.await_room(freed, LONG))
    loop.run_until_complete(asyncio.sleep(0))
    closed = []

    def close() -> None:
        waiting.cancel()
        loop.run_until_complete(asyncio.gather(waiting, return_exceptions=True))
        loop.close()
        closed.append(True)

    thread = threading.Thread(target=close)
    thread.start()
    thread.join(LONG / 2)
    assert closed
    ledger.settle(handle, truth(1))
