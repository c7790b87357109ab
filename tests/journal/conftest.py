"""Budgets with a journal in every place that keeps one, on a clock."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ledgers.postgres_server import new_schema, postgres
from tests.ledgers.servers import new_prefix, valkey

from llm_token_budget import BudgetManager, MemoryLedger
from llm_token_budget.ledgers.postgres import PostgresLedger
from llm_token_budget.ledgers.redis import RedisLedger
from llm_token_budget.ledgers.sqlite import SQLiteLedger

PRICES = {"small": {"input": "1", "output": "2"}, "large": {"input": "100", "output": "200"}}

_numbers = itertools.count()

PLACES: dict[str, Callable[[Any, Path], tuple[Any, Any]]] = {
    "memory": lambda clock, folder: (MemoryLedger(clock=clock), True),
    "lines": lambda clock, folder: (MemoryLedger(clock=clock), folder / "journal.jsonl"),
    "sqlite": lambda clock, folder: (
        SQLiteLedger(folder / f"{next(_numbers)}.db", clock=clock, synchronous="normal"),
        True,
    ),
    "redis": lambda clock, folder: (RedisLedger(valkey().url, prefix=new_prefix(), clock=clock), True),
    "postgres": lambda clock, folder: (PostgresLedger(postgres().url, schema=new_schema(), clock=clock), True),
}
"""Makes (ledger, journal=)."""


@pytest.fixture(params=PLACES)
def place(request) -> str:
    return request.param


@pytest.fixture
def budget(place, clock, tmp_path):
    """Without limits that refuse, in each place."""
    ledger, journal = PLACES[place](clock, tmp_path)
    with budget_on(ledger, journal) as made:
        yield made


def budget_on(ledger, journal, **options) -> BudgetManager:
    return BudgetManager(
        global_cost_limit=1_000_000,
        missing_user="exempt",
        custom_pricing=PRICES,
        ledger=ledger,
        journal=journal,
        wait_for_held=0,
        **options,
    )


def spend(budget, user=None, session=None, *, model="small", tokens=1_000, dimensions=None) -> str:
    """One call that is settled with so many input tokens: a micro-dollar each for `small`. Its id."""
    with budget.reserve(
        model=model, input_tokens=tokens, max_output_tokens=10, user_key=user, session_id=session, dimensions=dimensions
    ) as reservation:
        reservation.settle(usage(tokens))
    return reservation.id


def usage(tokens, output=0):
    from llm_token_budget import Usage

    return Usage(input_tokens=tokens, output_tokens=output)
