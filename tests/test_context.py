"""Sessions: who is spending, across blocks, threads, tasks and executors."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from llm_token_budget import BudgetExceeded, ConfigurationError, Limit, Usage


def spend(budget, tokens, **who):
    """Reserve and settle so many tokens; say who was charged."""
    with budget.reserve(tokens=tokens, **who) as reservation:
        reservation.settle(tokens=tokens)
    identity = budget.identify(**who)
    return identity.user_key, identity.session_id


def who(budget):
    identity = budget.identify()
    return identity.user_key, identity.session_id, dict(identity.dimensions)


def test_calls_inside_are_charged_to_the_sessions_user(make_budget):
    """And calls after it to nobody."""
    budget = make_budget()
    with budget.session(user_key="ada", session_id="s1", dimensions={"org": "acme"}):
        assert who(budget) == ("ada", "s1", {"org": "acme"})
        spend(budget, 7)
    assert who(budget) == (None, None, {})
    assert budget.get_user_stats("ada").total_tokens == 7
    assert budget.get_session_stats("ada", "s1").total_tokens == 7


def test_a_session_is_left_when_the_block_fails(make_budget):
    """An exception doesn't leave the user behind."""
    budget = make_budget()
    with pytest.raises(RuntimeError), budget.session(user_key="ada"):
        raise RuntimeError
    assert who(budget) == (None, None, {})


async def test_async_with_is_the_same(make_budget):
    """For those who are used to it."""
    budget = make_budget()
    async with budget.session(user_key="ada"):
        assert who(budget)[0] == "ada"
    assert who(budget)[0] is None


def test_an_inner_session_inherits_what_it_does_not_say(make_budget):
    """User and session from outside; dimensions add up, the inner one's first."""
    budget = make_budget()
    with budget.session(user_key="ada", session_id="s1", dimensions={"org": "acme", "feature": "chat"}):
        with budget.session(dimensions={"feature": "search"}):
            assert who(budget) == ("ada", "s1", {"org": "acme", "feature": "search"})
        with budget.session(session_id="s2"):
            assert who(budget)[:2] == ("ada", "s2")
        with budget.session(user_key="ada"):
            assert who(budget)[:2] == ("ada", "s1")
        assert who(budget) == ("ada", "s1", {"org": "acme", "feature": "chat"})


def test_another_user_never_inherits_a_session(make_budget):
    """Bob inside Ada's chat is not part of it, named by a block or by an argument."""
    budget = make_budget()
    with budget.session(user_key="ada", session_id="s1"):
        with budget.session(user_key="bob"):
            assert who(budget)[:2] == ("bob", None)
        assert spend(budget, 5, user_key="bob") == ("bob", None)
    assert budget.get_session_stats("ada", "s1").requests == 0


def test_sessions_of_two_users_with_one_id_do_not_meet(make_budget):
    """A session's key is its user and its id."""
    budget = make_budget(per_session_token_limit=10)
    spend(budget, 10, user_key="ada", session_id="s1")
    assert budget.check(estimated_input_tokens=10, user_key="bob", session_id="s1")
    assert not budget.check(estimated_input_tokens=1, user_key="ada", session_id="s1")


def test_a_session_of_nobody_is_not_a_users(make_budget):
    """An anonymous session keeps apart from one of the same id."""
    budget = make_budget(per_session_token_limit=10)
    spend(budget, 10, session_id="s1")
    assert not budget.check(estimated_input_tokens=1, session_id="s1")
    assert budget.check(estimated_input_tokens=10, user_key="ada", session_id="s1")


def test_an_argument_is_nearer_than_a_session(make_budget):
    """What the call says wins."""
    budget = make_budget()
    with budget.session(user_key="ada"):
        spend(budget, 5, user_key="bob")
    assert budget.get_user_stats("ada").requests == 0
    assert budget.get_user_stats("bob").total_tokens == 5


def test_sessions_of_two_budgets_do_not_meet(make_budget):
    """Each budget sees its own innermost session."""
    one, other = make_budget(), make_budget()
    with one.session(user_key="ada"), other.session(user_key="bob"), other.session(user_key="eve"):
        assert who(one)[0] == "ada"
        assert who(other)[0] == "eve"
        with one.session(user_key="zoe"):
            assert (who(one)[0], who(other)[0]) == ("zoe", "eve")
    assert (who(one)[0], who(other)[0]) == (None, None)


def test_two_sessions_may_be_left_in_any_order(make_budget):
    """Leaving the outer one first keeps the inner one."""
    budget = make_budget()
    outer, inner = budget.session(user_key="ada"), budget.session(user_key="bob")
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    assert who(budget)[0] == "bob"
    inner.__exit__(None, None, None)
    assert who(budget)[0] is None


def test_a_session_may_be_entered_again(make_budget):
    """Nested in itself, and after it was left."""
    budget = make_budget()
    session = budget.session(user_key="ada")
    with session, session:
        assert who(budget)[0] == "ada"
    with session:
        assert who(budget)[0] == "ada"
    assert who(budget)[0] is None


def test_plain_threads_start_with_nobody(make_budget):
    """A thread inherits no session; nothing is charged to whoever happened to start it."""
    budget, seen = make_budget(), []
    with budget.session(user_key="ada"):
        thread = threading.Thread(target=lambda: seen.append(who(budget)[0]))
        thread.start()
        thread.join()
    assert seen == [None]


def test_bind_carries_a_session_into_threads_and_executors(make_budget):
    """Two users' functions in one pool, each charged to its own; results and arguments pass through."""
    budget = make_budget()
    ada, bob = budget.session(user_key="ada"), budget.session(user_key="bob")

    def work(tokens, *, extra=0):
        return spend(budget, tokens + extra)[0]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ada.bind(work), [1] * 20)) + list(pool.map(bob.bind(work), [2] * 20))
        found.append(pool.submit(ada.bind(work), 0, extra=10).result())
        assert pool.submit(lambda: who(budget)[0]).result() is None
    assert found == ["ada"] * 20 + ["bob"] * 20 + ["ada"]
    assert budget.get_user_stats("ada").total_tokens == ada.stats.total_tokens == 30
    assert budget.get_user_stats("bob").total_tokens == bob.stats.total_tokens == 40


async def test_bind_carries_a_session_into_coroutines(make_budget):
    """A bound coroutine function stays one; so does one that only returns a coroutine."""
    budget = make_budget()
    session = budget.session(user_key="ada")

    async def work():
        await asyncio.sleep(0)
        return who(budget)[0]

    assert asyncio.iscoroutinefunction(session.bind(work))
    assert session.bind(work).__name__ == "work"
    assert await contextvars.Context().run(asyncio.ensure_future, session.bind(work)()) == "ada"
    assert await session.bind(lambda: work())() == "ada"


def test_bind_carries_a_session_into_generators(make_budget):
    """The steps run in the session, the consumer's code between them does not."""
    budget = make_budget()

    def steps():
        yield who(budget)[0]
        yield who(budget)[0]

    found = []
    for seen in budget.session(user_key="ada").bind(steps)():
        found += [seen, who(budget)[0]]
    assert found == ["ada", None, "ada", None]


async def test_tasks_keep_their_sessions_apart(make_budget):
    """gather() over many users: everybody pays for themselves."""
    budget = make_budget()

    async def work(user, tokens):
        with budget.session(user_key=user):
            for _ in range(tokens):
                await asyncio.sleep(0)
                async with budget.reserve(tokens=1) as reservation:
                    await asyncio.sleep(0)
                    await reservation.asettle(tokens=1)
                assert who(budget)[0] == user

    await asyncio.gather(*(work(f"user-{number}", number) for number in range(1, 21)))
    assert [budget.get_user_stats(f"user-{number}").total_tokens for number in range(1, 21)] == list(range(1, 21))
    assert who(budget)[0] is None


async def test_tasks_and_to_thread_inherit_the_session(make_budget):
    """What is started inside belongs to the session, even after it was left."""
    budget = make_budget()
    go = asyncio.Event()

    async def late():
        await go.wait()
        return who(budget)[0]

    with budget.session(user_key="ada"):
        task = asyncio.create_task(late())
        assert await asyncio.to_thread(lambda: who(budget)[0]) == "ada"
    go.set()
    assert await task == "ada"


def test_a_sessions_limits_cap_this_block_alone(make_budget):
    """Two runs of one user each have their own."""
    budget = make_budget()
    for _ in range(2):
        with budget.session(user_key="ada", limits=[Limit(tokens=10)]):
            spend(budget, 10)
            with pytest.raises(BudgetExceeded) as caught:
                spend(budget, 1)
            assert caught.value.reason == "run_token_limit_exceeded"
            assert caught.value.scope == "run"
    assert spend(budget, 100, user_key="ada")


def test_outer_limits_hold_inside_inner_sessions(make_budget):
    """An agent's sub-agent spends from both."""
    budget = make_budget()
    with budget.session(limits=[Limit(tokens=10)]) as outer:
        with budget.session(limits=[Limit(tokens=6)]) as inner:
            spend(budget, 6)
            with pytest.raises(BudgetExceeded):
                spend(budget, 1)
        with budget.session(limits=[Limit(tokens=1000)]), pytest.raises(BudgetExceeded) as caught:
            spend(budget, 5)
        assert caught.value.limit.amount == 10
        spend(budget, 4)
    assert (outer.stats.total_tokens, inner.stats.total_tokens) == (10, 6)


def test_outer_limits_hold_for_sessions_made_elsewhere(make_budget):
    """A session that was made before is capped by the block that it is entered in."""
    budget = make_budget()
    made_before = budget.session(user_key="ada")
    with budget.session(limits=[Limit(tokens=10)]) as outer, made_before:
        spend(budget, 10)
        with pytest.raises(BudgetExceeded):
            spend(budget, 1)
    assert outer.stats.total_tokens == 10
    with made_before:
        spend(budget, 1)
    assert (outer.stats.total_tokens, made_before.stats.total_tokens) == (10, 11)


def test_a_sessions_limits_hold_for_other_users_inside(make_budget):
    """A run caps all that happens in it, whoever is charged."""
    budget = make_budget()
    with budget.session(user_key="ada", limits=[Limit(tokens=10)]):
        spend(budget, 10, user_key="bob")
        with pytest.raises(BudgetExceeded):
            spend(budget, 1)


def test_a_run_in_many_threads_has_one_limit(make_budget):
    """Bound into 16 threads, a limit of 10.5 calls admits 10."""
    budget = make_budget()
    session = budget.session(user_key="ada", limits=[Limit(tokens=105)])
    start = threading.Barrier(16)

    def work():
        start.wait()
        admitted = 0
        try:
            while True:
                spend(budget, 10)
                admitted += 1
        except BudgetExceeded:
            return admitted

    with ThreadPoolExecutor(16) as pool:
        admitted = [each.result() for each in [pool.submit(session.bind(work)) for _ in range(16)]]
    assert sum(admitted) == 10
    assert session.stats.total_tokens == 100


@pytest.mark.parametrize(
    "limits",
    [
        [Limit(usd=1, scope="user")],
        Limit(usd=1),
        [5],
        5,
        [Limit(usd=1), Limit(usd=2)],
        [Limit(usd=1), Limit(usd=2, scope="run")],
    ],
)
def test_bad_limits_of_a_session_are_refused(make_budget, limits):
    """Another scope, no limits at all, and two of one name."""
    with pytest.raises(ConfigurationError):
        make_budget().session(limits=limits)


def test_a_sessions_usd_limit_needs_a_price(make_budget):
    """A run's dollar limit is one like all others: no silent zero."""
    budget = make_budget()
    with budget.session(limits=[Limit(usd="0.000050")]):
        with budget.reserve(model="small", input_tokens=10, max_output_tokens=20) as reservation:
            reservation.settle(Usage(input_tokens=10, output_tokens=20))
        with pytest.raises(BudgetExceeded), budget.reserve(model="small", input_tokens=1, max_output_tokens=0):
            pytest.fail("not reached")


def test_session_stats_count_this_block(make_budget):
    """Tokens, cost, requests, refusals, what is held and what is unconfirmed."""
    budget = make_budget(global_token_limit=100)
    with budget.session(user_key="ada", session_id="s1") as session:
        with budget.reserve(model="small", input_tokens=10, max_output_tokens=20) as reservation:
            assert session.stats.reserved.tokens == 30
            assert session.stats.total_tokens == 0
            reservation.settle(Usage(input_tokens=9, output_tokens=5))
        with pytest.raises(BudgetExceeded):
            spend(budget, 1000)
        with budget.reserve(model="small", input_tokens=1, max_output_tokens=0) as reservation:
            reservation.charge_unconfirmed()
        budget.record(input_tokens=1, output_tokens=1, model="small")
    stats = session.stats
    assert (stats.user_key, stats.session_id) == ("ada", "s1")
    assert (stats.input_tokens, stats.output_tokens, stats.total_tokens) == (11, 6, 17)
    assert stats.total_cost == Decimal("0.000023")
    assert (stats.requests, stats.blocked) == (3, 1)
    assert stats.reserved == 0
    assert stats.unconfirmed.tokens == 1
    assert budget.get_user_stats("ada").total_cost == stats.total_cost


def test_settling_twice_counts_once_in_session_stats(make_budget):
    """A repeat changes nothing."""
    budget = make_budget()
    with budget.session() as session, budget.reserve(tokens=10) as reservation:
        reservation.settle(tokens=7)
        reservation.settle(tokens=7)
    assert session.stats.total_tokens == 7
    assert session.stats.requests == 1
    assert session.stats.reserved == 0


def test_a_late_truth_corrects_session_stats(make_budget):
    """What was unconfirmed is replaced, not added to."""
    budget = make_budget()
    with budget.session() as session, budget.reserve(tokens=10) as reservation:
        reservation.charge_unconfirmed()
        assert (session.stats.total_tokens, session.stats.unconfirmed.tokens) == (10, 10)
        reservation.settle(tokens=7)
    assert (session.stats.total_tokens, session.stats.requests) == (7, 1)
    assert session.stats.unconfirmed == 0


def test_an_expired_reservation_settled_late_counts_once_in_session_stats(make_budget, clock):
    """The ledger charged it meanwhile; the block counts the truth."""
    budget = make_budget(lease=60)
    with budget.session() as session, budget.reserve(tokens=10) as reservation:
        clock.advance(61)
        assert budget.get_global_stats().unconfirmed.tokens == 10
        reservation.settle(tokens=7)
    assert (session.stats.total_tokens, session.stats.requests) == (7, 1)
    assert session.stats.unconfirmed == 0
    assert budget.get_global_stats().total_tokens == 7


def test_session_stats_stay_short_over_a_long_run(make_budget):
    """10,000 calls leave no list behind."""
    budget = make_budget()
    with budget.session() as session:
        for _ in range(10_000):
            spend(budget, 1)
        assert len(session._tally._added) < 1_000
    assert session.stats.total_tokens == 10_000


def test_a_run_that_is_over_leaves_nothing_in_the_ledger(make_budget):
    """Its counters go when nobody can spend in it any more."""
    budget = make_budget()
    for _ in range(100):
        with budget.session(user_key="ada", limits=[Limit(tokens=10), Limit(usd=1)]):
            budget.record(input_tokens=1, model="small")
    gc.collect()
    budget.get_global_stats()
    assert not [counter for counter in budget.ledger._rows if counter.scope == ("run",)]


def test_inner_sessions_of_a_long_run_leave_nothing_behind(make_budget):
    """A run that opens a million blocks keeps no trace of each."""
    budget = make_budget()
    with budget.session(limits=[Limit(tokens=10)]):
        before = len(weakref.finalize._registry)
        for _ in range(1_000):
            with budget.session(user_key="ada"):
                pass
        assert len(weakref.finalize._registry) - before < 10


BAD_KEYS = ["", 5, True, b"ada", "\ud800", "x" * 10_000_000, ["ada"], 1.5]


@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: type(key).__name__)
@pytest.mark.parametrize("name", ["user_key", "session_id"])
def test_bad_keys_are_refused(make_budget, name, key):
    """By sessions and by every verb, at once."""
    budget = make_budget()
    for verb in (budget.session, budget.check, budget.record, budget.reserve, budget.remaining, budget.reset):
        with pytest.raises(ConfigurationError, match=name):
            verb(**{name: key})


@pytest.mark.parametrize(
    "dimensions",
    [
        *({"user": "ada"}, {"global": "x"}, {"model": "x"}, {"run": "x"}, {"a b": "x"}, {5: "x"}, {"": "x"}),
        *({"org": ""}, {"org": 5}, {"org": None}, {"org": "x" * 2000}),
        *(["org"], "org", 5, [("org", "acme")]),
    ],
    ids=str,
)
def test_bad_dimensions_are_refused(make_budget, dimensions):
    """Taken names, names that are none, values that are no keys, and no mapping at all."""
    budget = make_budget()
    for verb in (budget.session, budget.check, budget.record, budget.reserve):
        with pytest.raises(ConfigurationError):
            verb(dimensions=dimensions)


def test_dimensions_are_read_once(make_budget):
    """Changing the dict later changes nobody's bill."""
    budget, dimensions = make_budget(), {"org": "acme"}
    session = budget.session(dimensions=dimensions)
    dimensions["org"] = "other"
    with session:
        assert who(budget)[2] == {"org": "acme"}


def test_a_session_shows_whose_it_is(make_budget):
    """In a debugger; keys are cut."""
    text = repr(make_budget().session(user_key="ada" * 300, session_id="s1"))
    assert text.startswith("<Session user_key='adaada")
    assert len(text) < 150
