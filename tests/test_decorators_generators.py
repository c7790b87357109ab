"""`@budgeted` on generators and async generators: every step of a run, and nothing between them."""

from __future__ import annotations

import asyncio
import contextvars
import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from llm_token_budget import BudgetExceeded, Limit, budgeted

SETTING = contextvars.ContextVar("setting", default="outside")


def spend(budget, tokens):
    with budget.reserve(tokens=tokens) as reservation:
        reservation.settle(tokens=tokens)


def who(budget):
    return budget.identify().user_key


@pytest.fixture
def budget(make_budget):
    return make_budget()


def test_a_generators_steps_are_charged_and_its_consumer_is_not(budget):
    """The consumer's code in between stays outside."""

    @budgeted(budget, user_key="ada")
    def steps():
        for _ in range(3):
            spend(budget, 1)
            yield who(budget)

    found = []
    for seen in steps():
        found += [seen, who(budget)]
        spend(budget, 10)
    assert found == ["ada", None] * 3
    assert budget.get_user_stats("ada").total_tokens == 3


def test_what_a_generator_sets_stays_in_it(budget):
    """Context variables and bare sessions inside neither leak to the consumer nor get lost between steps."""

    @budgeted(budget, user_key="ada")
    def steps():
        SETTING.set("inside")
        with budget.session(user_key="bob"):
            yield SETTING.get(), who(budget)
            yield SETTING.get(), who(budget)
        yield SETTING.get(), who(budget)

    found = []
    for seen in steps():
        found.append(seen)
        assert (SETTING.get(), who(budget)) == ("outside", None)
    assert found == [("inside", "bob"), ("inside", "bob"), ("inside", "ada")]


def test_send_throw_close_and_return_reach_a_generator(budget):
    """All of a generator's protocol, in the session."""
    seen = []

    @budgeted(budget, user_key="ada")
    def steps():
        try:
            got = yield 1
            seen.append((got, who(budget)))
            try:
                yield 2
            except KeyError as error:
                seen.append((error.args, who(budget)))
            yield 3
        finally:
            seen.append(("closed", who(budget)))
        return "done"

    first = steps()
    assert [next(first), first.send("hello"), first.throw(KeyError("x"))] == [1, 2, 3]
    with pytest.raises(StopIteration) as stopped:
        next(first)
    assert stopped.value.value == "done"
    second = steps()
    next(second)
    second.close()
    third = steps()
    next(third)
    with pytest.raises(ValueError, match="mine"):
        third.throw(ValueError("mine"))
    assert seen == [("hello", "ada"), (("x",), "ada"), ("closed", "ada"), ("closed", "ada"), ("closed", "ada")]
    assert who(budget) is None


def test_a_delegating_generator_gets_the_return_value(budget):
    """`yield from` works on decorated generators."""

    @budgeted(budget, user_key="ada")
    def inner():
        got = yield who(budget)
        return got

    def outer():
        return (yield from inner())

    steps = outer()
    assert next(steps) == "ada"
    with pytest.raises(StopIteration) as stopped:
        steps.send("value")
    assert stopped.value.value == "value"


def test_a_generator_broken_off_or_dropped_is_closed_in_its_session(budget):
    """What its `finally` spends is charged to its user."""

    @budgeted(budget, user_key="ada")
    def steps():
        try:
            yield 1
            yield 2
        finally:
            spend(budget, 5)

    for _ in steps():
        break
    gc.collect()
    assert budget.get_user_stats("ada").total_tokens == 5


def test_a_generator_run_has_one_limit_over_all_its_steps(budget):
    """And two runs stepped alternately have one each."""

    @budgeted(budget, user_key="user", limit=Limit(tokens=10))
    def steps(user):
        while True:
            spend(budget, 4)
            yield who(budget)

    one, other = steps("ada"), steps("bob")
    assert [next(one), next(other), next(one), next(other)] == ["ada", "bob", "ada", "bob"]
    for run in (one, other):
        with pytest.raises(BudgetExceeded):
            next(run)


def test_nested_generators_charge_each_their_own(budget):
    """One decorated generator that consumes another one."""

    @budgeted(budget, user_key="bob")
    def inner():
        yield who(budget)
        yield who(budget)

    @budgeted(budget, user_key="ada")
    def outer():
        for seen in inner():
            yield seen, who(budget)

    assert list(outer()) == [("bob", "ada")] * 2


def test_a_generator_may_be_stepped_in_another_thread(budget):
    """Its context goes with it."""

    @budgeted(budget, user_key="ada")
    def steps():
        yield who(budget)
        yield who(budget)

    run = steps()
    with ThreadPoolExecutor(1) as pool:
        assert [next(run), pool.submit(next, run).result()] == ["ada", "ada"]


async def test_an_async_generators_steps_are_charged_and_its_consumer_is_not(budget):
    """Also after awaits."""

    @budgeted(budget, user_key="ada")
    async def steps():
        for _ in range(3):
            await asyncio.sleep(0)
            spend(budget, 1)
            yield who(budget)

    found = []
    async for seen in steps():
        found += [seen, who(budget)]
        spend(budget, 10)
    assert found == ["ada", None] * 3
    assert budget.get_user_stats("ada").total_tokens == 3


async def test_what_an_async_generator_sets_stays_in_it(budget):
    """Context variables and bare sessions inside neither leak to the consumer nor get lost between steps."""

    @budgeted(budget, user_key="ada")
    async def steps():
        SETTING.set("inside")
        with budget.session(user_key="bob"):
            yield SETTING.get(), who(budget)
            await asyncio.sleep(0)
            yield SETTING.get(), who(budget)
        yield SETTING.get(), who(budget)

    found = []
    async for seen in steps():
        found.append(seen)
        assert (SETTING.get(), who(budget)) == ("outside", None)
    assert found == [("inside", "bob"), ("inside", "bob"), ("inside", "ada")]


async def test_asend_athrow_and_aclose_reach_an_async_generator(budget):
    """All of an async generator's protocol, in the session."""
    seen = []

    @budgeted(budget, user_key="ada")
    async def steps():
        try:
            got = yield 1
            seen.append((got, who(budget)))
            try:
                yield 2
            except KeyError as error:
                await asyncio.sleep(0)
                seen.append((error.args, who(budget)))
            yield 3
        finally:
            await asyncio.sleep(0)
            seen.append(("closed", who(budget)))

    first = steps()
    assert [await anext(first), await first.asend("hello"), await first.athrow(KeyError("x"))] == [1, 2, 3]
    with pytest.raises(StopAsyncIteration):
        await anext(first)
    second = steps()
    await anext(second)
    await second.aclose()
    third = steps()
    await anext(third)
    with pytest.raises(ValueError, match="mine"):
        await third.athrow(ValueError("mine"))
    assert seen == [("hello", "ada"), (("x",), "ada"), ("closed", "ada"), ("closed", "ada"), ("closed", "ada")]
    assert who(budget) is None


async def test_what_an_async_generator_raises_passes_through(budget):
    """Untouched; the generator is over then."""

    @budgeted(budget, user_key="ada")
    async def steps():
        yield 1
        raise KeyError("mine")

    run = steps()
    assert await anext(run) == 1
    with pytest.raises(KeyError, match="mine"):
        await anext(run)
    with pytest.raises(StopAsyncIteration):
        await anext(run)


async def test_an_async_generator_broken_off_is_closed_in_its_session(budget):
    """What its `finally` spends is charged to its user."""

    @budgeted(budget, user_key="ada")
    async def steps():
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            spend(budget, 5)

    run = steps()
    async for _ in run:
        break
    await run.aclose()
    assert budget.get_user_stats("ada").total_tokens == 5
    assert who(budget) is None


async def test_a_cancelled_async_generator_is_closed(budget):
    """Cancellation arrives inside, and its `finally` runs in the session."""
    seen = []

    @budgeted(budget, user_key="ada")
    async def steps():
        try:
            yield 1
            await asyncio.Event().wait()
            yield 2
        except asyncio.CancelledError:
            seen.append(who(budget))
            raise

    async def consume():
        async for _ in steps():
            started.set()

    started = asyncio.Event()
    task = asyncio.create_task(consume())
    await started.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["ada"]


async def test_two_async_generators_stepped_alternately_keep_apart(budget):
    """In one task and in two, each has its own user and its own limit."""

    @budgeted(budget, user_key="user", limit=Limit(tokens=10))
    async def steps(user):
        while True:
            await asyncio.sleep(0)
            spend(budget, 4)
            yield who(budget)

    one, other = steps("ada"), steps("bob")
    assert [await anext(one), await anext(other)] == ["ada", "bob"]
    assert await asyncio.gather(anext(one), anext(other)) == ["ada", "bob"]
    for run in (one, other):
        with pytest.raises(BudgetExceeded):
            await anext(run)
    assert who(budget) is None


async def test_timeouts_and_task_groups_work_inside_an_async_generator(budget):
    """Steps in a context of their own are still steps of the task."""

    @budgeted(budget, user_key="ada")
    async def steps():
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            task = group.create_task(asyncio.to_thread(who, budget))
        yield task.result()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        yield asyncio.current_task()

    assert [each async for each in steps()] == ["ada", asyncio.current_task()]


async def test_a_refusal_reaches_the_consumer_of_a_stream(budget):
    """BudgetExceeded comes out of the step that would have spent, unwrapped."""

    @budgeted(budget, user_key="ada", limit=Limit(tokens=10))
    async def stream():
        for tokens in (6, 6):
            async with budget.reserve(tokens=tokens) as reservation:
                await reservation.asettle(tokens=tokens)
            yield tokens

    steps = stream()
    assert await anext(steps) == 6
    with pytest.raises(BudgetExceeded):
        await anext(steps)
