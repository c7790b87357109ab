"""Beginnings of requests that a provider has cached."""

import pytest

from llm_token_budget.estimation import Estimator, Image, RequestParts, Text, Tool
from llm_token_budget.estimation.prefixes import KEPT, Seen, SeenPrefixes, fingerprints

SYSTEM = Text("You are an agent with a long memory. " * 2000, "system")


def request(*messages, tools=(), model="claude-opus-5-5", lifetime="5m"):
    parts = (SYSTEM, *map(Text, messages), *tools)
    return RequestParts("anthropic", model, parts, messages=1 + len(messages), longest_cache=lifetime)


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("llm_token_budget.estimation.estimator.time.monotonic", lambda: now[0])
    return now


def test_a_longer_conversation_is_reckoned_from_the_last_bill(clock):
    """What was billed is known exactly; only what was added is estimated."""
    estimator = Estimator(cache_bound="seen")
    first = estimator(request("one"))
    estimator.learn(first, 20_000, 19_990)
    second = estimator(request("one", "two", "three"))
    assert second.seen_tokens == 19_990
    assert 20_000 < second.expected < 20_030
    assert 20_000 < second.upper < 20_200


def test_without_the_option_nothing_is_taken_for_cached(clock):
    """The default is a hard bound."""
    estimator = Estimator()
    estimator.learn(estimator(request("one")), 20_000, 19_990)
    assert estimator(request("one", "two")).seen_tokens == 0


@pytest.mark.parametrize(("lifetime", "kept", "gone"), [("5m", 280, 300), ("1h", 3500, 3600), ("none", 280, 300)])
def test_what_the_provider_has_forgotten_is_not_cached(clock, lifetime, kept, gone):
    """After its lifetime, less a little, the whole price counts again."""
    estimator = Estimator(cache_bound="seen")
    estimator.learn(estimator(request("one", lifetime=lifetime)), 20_000, 19_990)
    clock[0] += kept
    assert estimator(request("one", "two", lifetime=lifetime)).seen_tokens == 19_990
    clock[0] += gone - kept
    assert estimator(request("one", "two", lifetime=lifetime)).seen_tokens == 0


@pytest.mark.parametrize(
    "other",
    [
        request("another", "two"),
        request("one", "two", model="claude-sonnet-5-5"),
        request("one", "two", tools=(Tool("{}"),)),
    ],
)
def test_another_beginning_is_not_cached(clock, other):
    """Another message, model or set of tools at the beginning is another cache."""
    estimator = Estimator(cache_bound="seen")
    estimator.learn(estimator(request("one")), 20_000, 19_990)
    assert estimator(other).seen_tokens == 0


def test_a_bill_without_a_cache_promises_none(clock):
    """The length of the beginning is known, its price is not lowered."""
    estimator = Estimator(cache_bound="seen")
    estimator.learn(estimator(request("one")), 20_000, 0)
    assert estimator(request("one", "two")).seen_tokens == 0


def test_tools_come_before_messages_wherever_they_stand():
    """A dialect may list them last; the provider's cache begins with them."""
    short = request("one", tools=(Tool("{}"),))
    assert fingerprints(short)[-1] in fingerprints(request("one", "two", tools=(Tool("{}"),)))


def test_images_are_told_apart_by_what_is_in_them():
    """Two files are two beginnings."""
    one, other = (RequestParts("openai", "gpt-4o", (Image(data=data),)) for data in ("abc", "abd"))
    assert fingerprints(one) != fingerprints(other)


def test_only_so_many_are_kept():
    """Memory is bounded, whatever is sent."""
    prefixes = SeenPrefixes()
    for number in range(2 * KEPT):
        prefixes.remember(RequestParts("openai", "m", (Text(str(number)),)), Seen(1, 1, 1, 1, 1.0))
    assert len(prefixes) == KEPT
