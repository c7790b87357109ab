"""Real SDK clients, plain and async, in front of the loopback provider."""

from __future__ import annotations

import gc

import pytest

from llm_token_budget.testing import LoopbackProvider

from .driving import AsyncDriver, Bench, PlainDriver


@pytest.fixture(autouse=True)
def _collections_are_quick():
    """What was there before a test (the SDKs' thousands of classes) is not looked at by each `gc.collect()` in it."""
    gc.freeze()


@pytest.fixture
def provider(loopback_provider: LoopbackProvider) -> LoopbackProvider:
    return loopback_provider


@pytest.fixture(params=[PlainDriver, AsyncDriver], ids=["sync", "async"])
def bench(request, provider):
    made = Bench(provider, request.param())
    yield made
    made.close()


@pytest.fixture
def plain_bench(provider):
    """Plain clients only: for what an event loop has no part in."""
    made = Bench(provider, PlainDriver())
    yield made
    made.close()


@pytest.fixture
def async_bench(provider):
    """Async clients only."""
    made = Bench(provider, AsyncDriver())
    yield made
    made.close()
