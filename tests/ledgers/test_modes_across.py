"""The switch for a bad night reaches every process of a ledger, whatever that is kept in."""

from __future__ import annotations

import time

import pytest

from llm_token_budget import BudgetExceeded, BudgetManager
from llm_token_budget.ledgers import PostgresLedger, RedisLedger, SQLiteLedger
from llm_token_budget.modes import LOOK_EVERY

from .postgres_server import new_schema, postgres
from .servers import new_prefix, valkey


@pytest.fixture(params=["sqlite", "redis", "postgres"])
def managers(request, tmp_path):
    """Two budgets with ledgers of their own over one store: as two processes have them."""
    prefix, schema = new_prefix(), new_schema()
    makers = {
        "sqlite": lambda: SQLiteLedger(tmp_path / "budget.db"),
        "redis": lambda: RedisLedger(valkey().url, prefix=prefix),
        "postgres": lambda: PostgresLedger(postgres().url, schema=schema),
    }
    made = [BudgetManager(global_token_limit=10, ledger=makers[request.param]()) for _ in range(2)]
    yield made
    for budget in made:
        budget.close()


def is_refused(budget, tokens):
    try:
        with budget.reserve(tokens=tokens) as reservation:
            reservation.release()
    except BudgetExceeded as refused:
        return refused.reason
    return None


def test_a_switch_reaches_the_other_process(managers, monkeypatch):
    """Blocked, let through without limits, and enforced again; a second later at most."""
    here, there = managers
    now = [time.monotonic()]
    monkeypatch.setattr("llm_token_budget.modes.time.monotonic", lambda: now[0])
    for mode, small, large in [
        ("block", "stopped_by_mode", "stopped_by_mode"),
        ("observe", None, None),
        ("enforce", None, "global_token_limit_exceeded"),
        (None, None, "global_token_limit_exceeded"),
    ]:
        here.set_mode(mode, by="eve")
        now[0] += LOOK_EVERY
        assert (is_refused(there, 1), is_refused(there, 11)) == (small, large)
    assert [each.mode for each in there.mode_history()] == [None, "enforce", "observe", "block"]
    assert {each.by for each in there.mode_history()} == {"eve"}


def test_an_amount_set_there_holds_for_the_next_call_here(managers):
    """Overrides are read in the step that holds the room."""
    here, there = managers
    assert is_refused(here, 10) is None
    there.set_limit("global_token_limit", None, 3)
    assert is_refused(here, 10) == "global_token_limit_exceeded"
    there.clear_limit("global_token_limit", None)
    assert is_refused(here, 10) is None
