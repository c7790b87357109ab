"""Every ledger speaks one protocol: the contract tests are written once and run over all of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from llm_token_budget.ledgers import Ledger, MemoryLedger

from .building import FakeClock
from .files import sqlite_ledger
from .postgres_server import new_ledger
from .servers import redis_ledger

ALL_LEDGERS: dict[str, Callable[[FakeClock], Ledger]] = {
    "memory": lambda clock: MemoryLedger(clock=clock),
    "sqlite": sqlite_ledger,
    "postgres": new_ledger,
    "redis": redis_ledger,
}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=ALL_LEDGERS)
def make_ledger(request):
    """Makes a ledger on a clock, with a fresh store each time."""
    return ALL_LEDGERS[request.param]


@pytest.fixture
def ledger(make_ledger, clock):
    made = make_ledger(clock)
    yield made
    made.close()
