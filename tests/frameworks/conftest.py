"""Frameworks with wrapped clients, in front of the loopback provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm_token_budget.testing import LoopbackProvider

from .books import Books


@pytest.fixture
def books(loopback_provider: LoopbackProvider) -> Iterator[Books]:
    made = Books(loopback_provider)
    yield made
    made.close()
