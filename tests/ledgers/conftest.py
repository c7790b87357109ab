"""Every ledger speaks one protocol: the contract tests are written once and run over all of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from llm_token_budget.ledgers import Ledger, MemoryLedger

from .building import FakeClock

ALL_LEDGERS: dict[str, Callable[[FakeClock], Ledger]] = {
    "memory": lambda clock: MemoryLedger(clock=clock),
}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=ALL_LEDGERS)
def ledger(request, clock):
    made = ALL_LEDGERS[request.param](clock)
    yield made
    made.close()
