"""Every ledger gives the memory ledger's answers, operation by operation."""

from __future__ import annotations

import pytest

from .fuzzing import fuzz


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_random_operations_are_answered_alike(make_ledger, seed):
    """Two thousand operations in all: claims, endings, refunds, resets, time, hostile keys."""
    fuzz(make_ledger, operations=1_000, seed=seed)


@pytest.mark.slow
def test_a_hundred_thousand_random_operations_are_answered_alike(make_ledger):
    """The same, fifty times as many, on one ledger that fills up."""
    fuzz(make_ledger, operations=100_000, seed=3)
