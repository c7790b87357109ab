"""Many processes with many threads race for a tight limit."""

from __future__ import annotations

import pytest
from tests.ledgers.servers import new_prefix, valkey

from llm_token_budget.ledgers.base import Amounts

from .workers import NOTHING, Worker, balance_of

LIMIT = 300


def race() -> None:
    url, prefix = valkey().url, new_prefix()
    workers = [Worker(url=url, prefix=prefix, task="race", threads=8, calls=8, limit=LIMIT) for _ in range(8)]
    said = [word for worker in workers for word in worker.all()]
    assert sum("granted" in word for word in said) == LIMIT
    assert sum("settled" in word for word in said) == LIMIT
    seen = balance_of(url, prefix)
    assert (seen.spent, seen.reserved) == (Amounts(7 * LIMIT, 0, LIMIT), NOTHING)
    assert seen.blocked == 8 * 8 * 8 - LIMIT


def test_what_is_admitted_is_exactly_what_is_allowed():
    """8 processes x 8 threads ask for 512 calls where 300 are allowed: 300 are granted, none more, none fewer."""
    race()


@pytest.mark.slow
def test_what_is_admitted_is_exactly_what_is_allowed_many_times():
    """The same, 20 times."""
    for _ in range(20):
        race()
