"""Nothing that a task does has the event loop wait for a store."""

from __future__ import annotations

import asyncio
import gc
import threading
import time

import pytest
from openai import AsyncOpenAI

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, Usage, wrap
from llm_token_budget.testing import Reply

from .conftest import ALL_LEDGERS
from .lent import LentLedger

STORES = {**ALL_LEDGERS, "lent": lambda clock: LentLedger(clock=clock)}
del STORES["memory"]

CALL = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Why?"}], "max_completion_tokens": 50}


class Guarded:
    """A budget over a store that notes who asks it."""

    def __init__(self, ledger):
        self.asked_by = []
        self._plain = ledger.perform
        ledger.perform = self._perform
        self.ledger = ledger
        self.budget = BudgetManager(
            per_user_token_limit=400,
            limits=[Limit(tokens=10_000, window="day", name="daily")],
            ledger=ledger,
            default_model="gpt-4.1-mini",
            alerts=[0.5, 1.0],
            on_settle=lambda _: None,
            on_blocked=lambda _: None,
            wait_for_held=0.5,
        )

    def _perform(self, operation):
        self.asked_by.append((threading.get_ident(), type(operation).__name__))
        return self._plain(operation)

    def of_this_thread(self):
        return {name for thread, name in self.asked_by if thread == threading.get_ident()}


@pytest.fixture(params=STORES)
def guarded(request):
    return Guarded(STORES[request.param](time.time))


async def verbs(budget):
    """Every verb that has an async form."""
    assert (await budget.acheck(user_key="ada", estimated_input_tokens=1)).allowed
    await budget.arecord(input_tokens=3, user_key="ada", session_id="s")
    await budget.aget_global_stats()
    await budget.aget_user_stats("ada")
    await budget.aget_session_stats("ada", "s")
    await budget.aget_all_user_stats(limit=3)
    await budget.aremaining("ada")
    await budget.aset_limit("daily", None, 9_000)
    await budget.aclear_limit("daily", None)
    await budget.aset_mode("observe", by="eve")
    await budget.aset_mode(None, by="eve")
    await budget.amode_history()
    await budget.aunmetered_calls()
    await budget.aunconfirmed()
    await budget.arefund_unconfirmed()
    await budget.arefund("nobody's")
    await budget.areset("nobody")


async def reservations(budget):
    """Every way through a reservation, the impatient and the refused ones too."""
    async with budget.session(user_key="ada", limits=[Limit(tokens=300)]), budget.reserve(tokens=5) as reservation:
        await reservation.arenew()
        await reservation.asettle(Usage(input_tokens=1))
    async with budget.reserve(tokens=5, user_key="ada", idempotency_key="k") as reservation:
        await reservation.arelease()
    async with budget.reserve(tokens=5, user_key="ada") as reservation:
        await reservation.acharge_unconfirmed()
    async with budget.reserve(tokens=5, user_key="ada"):
        pass  # Left: charged soon.
    with pytest.raises(BudgetExceeded):
        await budget.reserve(tokens=5000, user_key="ada").aenter()
    held = await budget.reserve(tokens=300, user_key="bob").aenter()

    async def wait_and_get():
        async with budget.reserve(tokens=300, user_key="bob") as reservation:
            await reservation.arelease()

    waiting = asyncio.create_task(wait_and_get())
    await asyncio.sleep(0)
    await held.arelease()
    await waiting
    cancelled = asyncio.create_task(budget.reserve(tokens=5, user_key="ada").aenter())
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    await budget.reserve(tokens=5, user_key="ada").aenter()  # Dropped at once.
    gc.collect()


async def wrapped_calls(client):
    """Answers, streams to their end and left early, and refusals."""
    await client.chat.completions.create(**CALL)
    async for _ in await client.chat.completions.create(**CALL, stream=True):
        pass
    stream = await client.chat.completions.create(**CALL, stream=True)
    await anext(aiter(stream))
    await stream.close()
    stream = await client.chat.completions.create(**CALL, stream=True)
    del stream
    gc.collect()
    await client.chat.completions.create(**CALL)
    with pytest.raises(BudgetExceeded):
        await client.chat.completions.create(**{**CALL, "messages": [{"role": "user", "content": "Why? " * 500}]})


async def test_the_loops_thread_never_asks_the_store(guarded, loopback_provider):
    """Verbs, reservations, wrapped calls, streams, and closing: whatever does I/O does it elsewhere."""
    loopback_provider.reply(Reply(output_tokens=20))
    budget = guarded.budget
    await verbs(budget)
    assert not guarded.of_this_thread()
    await reservations(budget)
    assert not guarded.of_this_thread()
    address, key = loopback_provider.openai_base_url, "none"
    async with wrap(AsyncOpenAI(base_url=address, api_key=key, max_retries=0), budget, user_key="eve") as client:
        await wrapped_calls(client)
        assert not guarded.of_this_thread()
        left = await budget.reserve(tokens=5, user_key="ada").aenter()
    await budget.aclose(wait=0.01)
    assert left.ended
    assert not guarded.of_this_thread()
    stats = await budget.aget_global_stats()
    assert not stats.reserved
    await budget.aclose()


async def test_the_loop_turns_while_a_store_is_slow(guarded):
    """A store that takes its time holds up the task that asks it, and no other."""
    turning, plain = asyncio.Event(), guarded.ledger.aperform

    async def slowly(operation):
        await turning.wait()
        return await plain(operation)

    guarded.ledger.aperform = slowly
    asking = asyncio.create_task(guarded.budget.reserve(tokens=5, user_key="ada").aenter())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not asking.done()
    turning.set()
    await (await asking).arelease()
    await guarded.budget.aclose()
