"""`@budgeted`: functions and coroutines, whose runs are charged to somebody and limited."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import get_type_hints

import pytest

from llm_token_budget import BudgetExceeded, ConfigurationError, Limit, budgeted


def spend(budget, tokens):
    with budget.reserve(tokens=tokens) as reservation:
        reservation.settle(tokens=tokens)


def who(budget):
    return budget.identify().user_key


@pytest.fixture
def budget(make_budget):
    return make_budget()


def test_a_function_is_charged_to_its_user(budget):
    """Arguments and result pass through; afterwards nobody is left behind."""

    @budgeted(budget, user_key="nightly-report", session_id="s1", dimensions={"feature": "report"})
    def report(a, *, b):
        identity = budget.identify()
        spend(budget, 5)
        return a, b, identity.user_key, identity.session_id, dict(identity.dimensions)

    assert report(1, b=2) == (1, 2, "nightly-report", "s1", {"feature": "report"})
    assert who(budget) is None
    assert budget.get_session_stats("nightly-report", "s1").total_tokens == 5


async def test_a_coroutine_is_charged_to_its_user(budget):
    """Across its awaits, and side by side with others."""

    @budgeted(budget, user_key="user")
    async def work(user):
        seen = set()
        for _ in range(5):
            await asyncio.sleep(0)
            seen.add(who(budget))
        return seen

    assert await asyncio.gather(*(work(name) for name in "abc")) == [{"a"}, {"b"}, {"c"}]
    assert who(budget) is None


def test_what_a_function_raises_passes_through(budget):
    """Untouched, and the session is left."""

    @budgeted(budget, user_key="ada")
    def broken():
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        broken()
    assert who(budget) is None


def plain(user: str, /, n: int = 3, *rest: int, flag: bool = False, **more: str) -> list[str]:
    """What it does."""
    return [user]


async def coroutine(user: str) -> int:
    return 1


def generator(user: str):
    yield 1


async def async_generator(user: str):
    yield 1


@pytest.mark.parametrize("function", [plain, coroutine, generator, async_generator])
def test_signature_and_kind_are_kept(budget, function):
    """Frameworks that inspect functions see what they saw before."""
    decorated = budgeted(budget, user_key="user")(function)
    assert inspect.signature(decorated) == inspect.signature(function)
    assert get_type_hints(decorated) == get_type_hints(function)
    for name in ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__"):
        assert getattr(decorated, name) == getattr(function, name)
    assert decorated.__wrapped__ is function
    kinds = [inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction, inspect.isfunction]
    assert [kind(decorated) for kind in kinds] == [kind(function) for kind in kinds]


def test_methods_and_static_methods_can_be_decorated(budget):
    """`self` is an argument like any other."""

    class Agent:
        def __init__(self, owner):
            self.owner = owner

        @budgeted(budget, user_key=lambda self: self.owner)
        def run(self):
            return who(budget)

        @staticmethod
        @budgeted(budget, user_key="user")
        def other(user):
            return who(budget)

        @classmethod
        @budgeted(budget, user_key="user")
        async def third(cls, user):
            return cls.__name__, who(budget)

    assert Agent("ada").run() == "ada"
    assert Agent.other("bob") == "bob"
    assert asyncio.run(Agent.third("eve")) == ("Agent", "eve")


async def test_a_partial_and_a_hidden_coroutine_are_charged(budget):
    """What only returns a coroutine has its calls still before it: they are in the session all the same."""

    async def work(user):
        await asyncio.sleep(0)
        return who(budget)

    @functools.wraps(work)
    def hidden(*args, **kwargs):
        return work(*args, **kwargs)

    assert await budgeted(budget, user_key="ada")(functools.partial(work, "x"))() == "ada"
    assert await budgeted(budget, user_key="ada")(lambda: work("x"))() == "ada"
    assert await budgeted(budget, user_key="user")(hidden)("bob") == "bob"


def test_the_user_is_an_arguments_value(budget):
    """By position, by name and by default."""

    @budgeted(budget, user_key="user", session_id="chat")
    def work(chat, user="ada"):
        identity = budget.identify()
        return identity.user_key, identity.session_id

    assert work("s1") == ("ada", "s1")
    assert work("s2", "bob") == ("bob", "s2")
    assert work(user="eve", chat="s3") == ("eve", "s3")


def test_the_user_is_what_a_callable_says(budget):
    """It gets the arguments as the function does."""

    @budgeted(budget, user_key=lambda request, **_: request["user"], session_id=lambda request, **_: None)
    def work(request, verbose=False):
        return who(budget)

    assert work({"user": "ada"}, verbose=True) == "ada"


def test_the_user_is_a_literal_otherwise(budget):
    """A name that is no argument's."""

    @budgeted(budget, user_key="nightly-report")
    def work(user):
        return who(budget)

    assert work("ada") == "nightly-report"


def test_no_user_means_the_ambient_one(budget):
    """Inside a session the function is charged to that session's user; an argument of None says nobody."""

    @budgeted(budget, user_key="user", limit=Limit(tokens=10))
    def work(user=None):
        return who(budget)

    with budget.session(user_key="ada"):
        assert work() == "ada"
        assert work("bob") == "bob"
    assert work() is None


@pytest.mark.parametrize("user", ["", 5, b"ada", "x" * 10_000_000, "\ud800"], ids=lambda user: type(user).__name__)
def test_a_bad_user_is_refused_at_the_call(budget, user):
    """The function doesn't run, whether an argument or a callable said it."""
    ran = []
    by_name = budgeted(budget, user_key="user")(lambda user: ran.append(user))
    by_callable = budgeted(budget, user_key=lambda _: user)(lambda _: ran.append(user))
    for function in (by_name, by_callable):
        with pytest.raises(ConfigurationError, match="user_key"):
            function(user)
    assert ran == []


def test_wrong_arguments_get_pythons_own_error(budget):
    """A missing argument is a TypeError, as without the decorator."""

    @budgeted(budget, user_key="user")
    def work(user):
        return user

    with pytest.raises(TypeError):
        work()
    with pytest.raises(TypeError):
        work("ada", "bob")


@pytest.mark.parametrize(
    "options",
    [
        {"user_key": 5},
        {"user_key": ""},
        {"session_id": b"s1"},
        {"limit": Limit(usd=1, scope="user")},
        {"limit": 5},
        {"limit": [5]},
        {"limit": "0.10"},
        {"limit": [Limit(usd=1), Limit(usd=2)]},
    ],
    ids=str,
)
def test_bad_options_are_refused_when_decorating(budget, options):
    """Not at the first call in production."""
    with pytest.raises(ConfigurationError):
        budgeted(budget, **options)(lambda: None)


@pytest.mark.parametrize("budget", [None, "budget", lambda: None, Limit(usd=1)])
def test_what_is_no_budget_is_refused(budget):
    """`@budgeted` without its parentheses is one way to get there."""
    with pytest.raises(ConfigurationError, match=r"@budgeted\(budget"):
        budgeted(budget)


def test_what_is_no_function_is_refused(budget):
    """Only what can be called can be budgeted."""
    with pytest.raises(ConfigurationError):
        budgeted(budget)(5)


def test_builtins_can_be_decorated(budget):
    """Functions without a signature need none unless an argument is named."""
    assert budgeted(budget)(max)(1, 2) == 2


def test_each_run_has_a_limit_of_its_own(budget):
    """The first run's spending doesn't narrow the second's."""

    @budgeted(budget, user_key="ada", limit=Limit(tokens=10, scope="run"))
    def run(*steps):
        for tokens in steps:
            spend(budget, tokens)

    for _ in range(3):
        run(6, 4)
    with pytest.raises(BudgetExceeded) as caught:
        run(6, 5)
    assert (caught.value.scope, caught.value.limit.amount) == ("run", 10)
    run(10)
    assert budget.get_user_stats("ada").total_tokens == 46


def test_several_limits_hold_each(budget):
    """Tokens and requests, whichever is first."""

    @budgeted(budget, limit=[Limit(tokens=100), Limit(requests=2)])
    def run(*steps):
        for tokens in steps:
            spend(budget, tokens)

    with pytest.raises(BudgetExceeded, match="2 requests"):
        run(1, 1, 1)
    with pytest.raises(BudgetExceeded, match="100 tokens"):
        run(50, 51)


def test_recursion_nests_runs(budget):
    """Every level has a limit of its own, and all that is below it counts."""

    @budgeted(budget, limit=Limit(tokens=10))
    def run(depth):
        spend(budget, 3)
        return 1 + run(depth - 1) if depth else 1

    assert run(2) == 3
    with pytest.raises(BudgetExceeded):
        run(3)
    assert run(2) == 3


def test_runs_in_threads_keep_apart(budget):
    """Twenty runs at once, each with its own user and limit."""
    start = threading.Barrier(20)

    @budgeted(budget, user_key="user", limit=Limit(tokens=10))
    def run(user):
        start.wait()
        spend(budget, 10)
        with pytest.raises(BudgetExceeded):
            spend(budget, 1)
        return who(budget)

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(run, [f"user-{number}" for number in range(20)])) == [f"user-{n}" for n in range(20)]
