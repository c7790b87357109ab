"""BudgetManager: its options, its ledger, and the warnings about a short memory."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest

from llm_token_budget import (
    BudgetManager,
    ConfigurationError,
    Limit,
    MemoryLedger,
    Sliding,
    Usage,
)

MICRO = Decimal("0.000001")


@pytest.mark.parametrize("option", ["global_token_limit", "per_user_token_limit", "per_session_token_limit"])
@pytest.mark.parametrize(
    "amount",
    [-1, 1.5, True, float("nan"), float("inf"), "lots", [], 2**53, 10**5_000],
    ids=lambda x: type(x).__name__,
)
def test_bad_token_limits_are_refused(option, amount):
    """When the budget is built."""
    with pytest.raises(ConfigurationError):
        BudgetManager(**{option: amount})


@pytest.mark.parametrize("option", ["global_cost_limit", "per_user_cost_limit"])
@pytest.mark.parametrize(
    "amount",
    [-1, True, float("nan"), float("inf"), "lots", [], "1e999999", 10**7],
    ids=lambda x: type(x).__name__,
)
def test_bad_cost_limits_are_refused(option, amount):
    """When the budget is built."""
    with pytest.raises(ConfigurationError):
        BudgetManager(**{option: amount})


@pytest.mark.parametrize(
    "options",
    [
        {"missing_user": "ignore"},
        {"missing_user": None},
        {"unknown_model": "free"},
        {"unknown_model": []},
        {"admission": "yes"},
        {"admission": True},
        {"unmetered": "maybe"},
        {"default_model": ""},
        {"default_model": 5},
        {"min_output_tokens": -1},
        {"min_output_tokens": True},
        {"min_output_tokens": 1.5},
        {"default_max_output_tokens": 0},
        {"default_max_output_tokens": "4096"},
        {"output_share": 0},
        {"output_share": 2.5},
        {"lease": 0},
        {"lease": "soon"},
        {"session_ttl": -5},
        {"session_ttl": None},
        {"limits": Limit(usd=1)},
        {"limits": [Limit(usd=1), Limit(usd=2)]},
        {"limits": "user"},
        {"limits": 5},
        {"limits": None},
        {"limits": [{"usd": 1}]},
        {"limits": [Limit(usd=1, name="global_cost_limit")], "global_cost_limit": 1},
        {"custom_pricing": {"x": {"input": -1, "output": 1}}},
        {"custom_pricing": {"x": {"input": float("nan"), "output": 1}}},
        {"custom_pricing": {"x": {"input": 1}}},
        {"custom_pricing": [1]},
        {"aliases": {"x": 5}},
        {"aliases": "x"},
    ],
    ids=str,
)
def test_bad_options_are_refused(options):
    """With a ConfigurationError, when the budget is built."""
    with pytest.raises(ConfigurationError):
        BudgetManager(**options)


def test_unknown_options_are_pythons_own_error():
    """The npm package's camelCase is not silently ignored."""
    with pytest.raises(TypeError, match="globalCostLimit"):
        BudgetManager(globalCostLimit=5)
    with pytest.raises(TypeError):
        BudgetManager(5)


@pytest.mark.parametrize("verb", ["check", "record"])
@pytest.mark.parametrize(
    "count", [-1, 1.5, float("nan"), True, "5", None, [], 2**53, 10**5_000], ids=lambda x: type(x).__name__
)
def test_bad_counts_are_refused_by_check_and_record(make_budget, verb, count):
    """And nothing is counted."""
    budget = make_budget()
    names = {
        "check": ("estimated_input_tokens", "estimated_output_tokens"),
        "record": ("input_tokens", "output_tokens"),
    }
    for name in names[verb]:
        with pytest.raises(ConfigurationError, match=name):
            getattr(budget, verb)(**{name: count})
    assert budget.get_global_stats().requests == 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"cost": -1},
        {"cost": float("nan")},
        {"cost": True},
        {"cost": "lots"},
        {"cost": "1e999999"},
        {"usage": 5},
        {"usage": {"input_tokens": 5}},
        {"usage": Usage(input_tokens=1), "input_tokens": 1},
        {"model": ""},
        {"model": 5},
        {"provider": 5},
    ],
    ids=str,
)
def test_record_refuses_what_is_no_amount_and_counts_nothing(make_budget, arguments):
    """A bad argument is a mistake of the caller's, not a call that happened."""
    budget = make_budget()
    with pytest.raises(ConfigurationError):
        budget.record(**arguments)
    assert budget.get_global_stats().requests == 0


@pytest.mark.parametrize("key", ["", None, 5, b"ada", "\ud800", "x" * 10_000_000], ids=lambda x: type(x).__name__)
def test_statistics_refuse_bad_keys(make_budget, key):
    """As everywhere."""
    with pytest.raises(ConfigurationError):
        make_budget().get_user_stats(key)
    with pytest.raises(ConfigurationError):
        make_budget().get_session_stats("ada", key)


def test_aliases_name_deployments(make_budget):
    """A gateway's name has the price of what it stands for."""
    budget = make_budget(global_cost_limit=1, aliases={"prod-chat-01": "azure:gpt-4o", "mine": "small"})
    assert budget.check(
        estimated_input_tokens=10_000, estimated_output_tokens=2_000, model="prod-chat-01"
    ).would_cost == Decimal("0.045")
    assert budget.record(input_tokens=10, model="mine").cost == 10 * MICRO


def test_a_limit_that_is_not_enforced_only_watches(make_budget, caplog):
    """It counts, reports, and lets pass; also whom it can't look at."""
    watched = [Limit(tokens=5, scope="user", enforce=False), Limit(usd=1, enforce=False)]
    budget = make_budget(limits=watched)
    with budget.reserve(model="small", input_tokens=10, user_key="ada") as reservation:
        reservation.settle(tokens=10)
    assert "user 'ada' would have been refused: user_token_limit_exceeded" in caplog.text
    with budget.reserve(model="no-such-model", input_tokens=10) as reservation:
        reservation.settle(tokens=10)
    rows = {row.limit.unit: row for row in budget.remaining(user_key="ada")}
    assert (rows["tokens"].spent, rows["tokens"].limit.enforced) == (10, False)
    assert budget.get_global_stats().blocked == 0


@pytest.mark.parametrize(
    "ledger",
    [
        "mongodb://:hunter2@localhost",
        "mysql://ada:hunter2@db/budget",
        "host=db password=hunter2",
        "hunter2",
        ":hunter2@x",
        "hunter2:x",
        "MEMORY://hunter2",
        b"redis://:hunter2@localhost",
        None,
        5,
        [],
        MemoryLedger,
    ],
)
def test_an_unknown_ledger_is_refused_without_showing_passwords(ledger):
    """The scheme at most, or the type."""
    with pytest.raises(ConfigurationError) as caught:
        BudgetManager(ledger=ledger)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    if str(ledger).startswith("mongodb://"):
        assert "'mongodb'" in str(caught.value)


def test_two_budgets_may_share_a_ledger(clock):
    """What one spends, the other sees."""
    ledger = MemoryLedger(clock=clock)
    one, other = (
        BudgetManager(global_token_limit=10, ledger=ledger),
        BudgetManager(global_token_limit=20, ledger=ledger),
    )
    one.record(input_tokens=10, model="gpt-4o")
    assert one.ledger is other.ledger is ledger
    assert not one.check(estimated_input_tokens=1)
    assert other.check(estimated_input_tokens=10)


def test_two_budgets_of_their_own_do_not_meet(make_budget):
    """The default is a ledger each."""
    one, other = BudgetManager(global_token_limit=10), BudgetManager(global_token_limit=10)
    one.record(input_tokens=10, cost=0)
    assert other.check(estimated_input_tokens=10)


@pytest.fixture
def one_worker(monkeypatch):
    for name in ("WEB_CONCURRENCY", "UVICORN_WORKERS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize(
    ("environment", "warns"),
    [
        ({"WEB_CONCURRENCY": "4"}, True),
        ({"UVICORN_WORKERS": "2"}, True),
        ({"WEB_CONCURRENCY": "1", "UVICORN_WORKERS": "4"}, True),
        ({"WEB_CONCURRENCY": "1"}, False),
        ({"WEB_CONCURRENCY": "0"}, False),
        ({"WEB_CONCURRENCY": ""}, False),
        ({"WEB_CONCURRENCY": "many"}, False),
        ({"WEB_CONCURRENCY": "²"}, False),
        ({"WEB_CONCURRENCY": "-4"}, False),
        ({}, False),
    ],
)
def test_several_workers_are_warned_of_their_own_budgets(monkeypatch, caplog, environment, warns):
    """Each worker has a memory of its own."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    BudgetManager(global_token_limit=5)
    assert ("each worker has a budget of its own" in caplog.text) == warns
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * warns
    caplog.clear()
    BudgetManager(global_token_limit=5, ledger="memory://")
    BudgetManager(global_token_limit=5, ledger=MemoryLedger())
    assert caplog.text == ""


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize(
    ("window", "warns"),
    [
        ("day", True),
        ("1d", True),
        ("month", True),
        (Sliding(86_400), True),
        (86_399, False),
        ("hour", False),
        ("total", False),
    ],
)
def test_long_windows_are_warned_of_a_short_memory(caplog, window, warns):
    """A restart forgets what was spent today."""
    BudgetManager(limits=[Limit(tokens=5, window=window)])
    assert ("a restart forgets what was spent" in caplog.text) == warns
    caplog.clear()
    BudgetManager(limits=[Limit(tokens=5, window=window)], ledger="memory://")
    assert caplog.text == ""


def test_the_manager_is_a_context_manager(make_budget):
    """Of both kinds; closing lets go of the ledger."""
    closed = []

    class Closing(MemoryLedger):
        def close(self):
            closed.append(1)

    with make_budget(ledger=Closing()) as budget:
        assert isinstance(budget, BudgetManager)
        assert closed == []
    assert closed == [1]
    budget.close()
    assert closed == [1, 1]


def test_warming_up_changes_nothing(make_budget):
    """It only loads the prices early."""
    budget = make_budget()
    budget.warm_up()
    assert budget.get_global_stats().requests == 0


@pytest.mark.parametrize("choice", ["", 0, "warn", True])
def test_on_ledger_error_is_one_of_its_choices(choice):
    """None leaves a ledger's own; nothing else is taken for it."""
    with pytest.raises(ConfigurationError, match="on_ledger_error is one of 'refuse', 'allow'"):
        BudgetManager(on_ledger_error=choice)
