"""The demonstration: many threads on one small budget, and the provider's own bill as the judge."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from llm_token_budget.errors import BudgetExceeded, ConfigurationError
from llm_token_budget.manager import BudgetManager
from llm_token_budget.providers import wrap
from llm_token_budget.testing import LoopbackProvider, Reply

if TYPE_CHECKING:
    from openai import OpenAI

MODEL: Final = "gpt-4o"
ANSWER: Final = 1_000
"""Output tokens of each answer."""
LATENCY: Final = 0.15
"""Seconds until the provider answers: as long as that, other threads still see the old account."""
CALLS: Final = 10
"""The budget is worth so many calls and a half."""
QUESTION: Final = "Say something about the sea, and take your time about it."


class Outcome(NamedTuple):
    """How one way of keeping a budget went."""

    name: str
    billed: Decimal
    """USD, by the provider's own bill."""
    calls: int
    """Answered and billed."""
    refused: int
    """Threads that were told no."""


class Trial(NamedTuple):
    """Both ways, on the same budget."""

    threads: int
    limit: Decimal
    """USD."""
    outcomes: tuple[Outcome, ...]


def hold_trial(threads: int, said: Callable[[str], object] = lambda _: None) -> Trial:
    """Check-then-record, then the wrapped client: each thread asks until it is refused. Nothing leaves this machine.

    Raises:
        ConfigurationError: openai's SDK is not installed.
    """
    limit = _price_of_a_call() * CALLS + _price_of_a_call() / 2
    outcomes: list[Outcome] = []
    for name, ask_of in (("check, then record", _check_then_record), ("wrapped client", _wrapped)):
        said(name)
        with LoopbackProvider() as provider:
            provider.reply(Reply(output_tokens=ANSWER, latency=LATENCY))
            ask = ask_of(_client(provider), BudgetManager(global_cost_limit=limit))
            refused = _all_ask(ask, threads)
            provider.wait_until_idle()
            outcomes.append(Outcome(name, provider.bill.usd, provider.bill.requests, refused))
    return Trial(threads, limit, tuple(outcomes))


def _check_then_record(client: OpenAI, budget: BudgetManager) -> Callable[[], bool]:
    def ask() -> bool:
        if not budget.check(estimated_input_tokens=20, estimated_output_tokens=ANSWER, model=MODEL).allowed:
            return False
        usage = _send(client).usage
        budget.record(input_tokens=usage.prompt_tokens, output_tokens=usage.completion_tokens, model=MODEL)
        return True

    return ask


def _wrapped(client: OpenAI, budget: BudgetManager) -> Callable[[], bool]:
    guarded = wrap(client, budget)

    def ask() -> bool:
        try:
            _send(guarded)
        except BudgetExceeded:
            return False
        return True

    return ask


def _all_ask(ask: Callable[[], bool], threads: int) -> int:
    together = threading.Barrier(threads)

    def until_refused() -> None:
        together.wait()
        while ask():
            pass

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(until_refused) for _ in range(threads)]:
            done.result()
    return threads


def _price_of_a_call() -> Decimal:
    with LoopbackProvider() as provider:
        provider.reply(Reply(output_tokens=ANSWER))
        _send(_client(provider))
        return provider.bill.usd


def _client(provider: LoopbackProvider) -> OpenAI:
    try:
        from openai import OpenAI
    except ModuleNotFoundError:
        raise ConfigurationError(
            "the demonstration calls a provider through openai's SDK: pip install 'llm-token-budget[cli,openai]'"
        ) from None
    return OpenAI(api_key="not-a-key", base_url=provider.openai_base_url, max_retries=0)


def _send(client: OpenAI) -> Any:
    return client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": QUESTION}], max_completion_tokens=ANSWER
    )
