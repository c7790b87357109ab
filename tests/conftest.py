"""What tests of the budget share: a clock that stands still until it is told, and budgets on it."""

from __future__ import annotations

import pytest

from llm_token_budget import BudgetManager, MemoryLedger

PRICES = {"small": {"input": "1", "output": "2"}, "large": {"input": "100", "output": "200"}}
"""USD per million tokens: a small one costs a micro-dollar per input token, two per output token."""


class Clock:
    """Seconds since the epoch, moved by hand. Starts on 2026-11-18 10:30 UTC, a Wednesday."""

    def __init__(self, now=1_794_997_800.0):
        self.now = now

    def __call__(self):
        return self.now

    def advance(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_budget(clock):
    """Build budgets with our own prices, on the clock; nobody waits unless a test says so."""

    def make(**options):
        options.setdefault("ledger", MemoryLedger(clock=clock))
        options.setdefault("custom_pricing", PRICES)
        options.setdefault("wait_for_held", 0)
        return BudgetManager(**options)

    return make
