"""A provider's bill, a budget's account, and wrapped clients between the two."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterable, Callable, Coroutine
from typing import Any

import anthropic
import groq
import openai
import pytest
from pydantic import BaseModel

from llm_token_budget import BudgetExceeded, BudgetManager, find_budget_error, wrap
from llm_token_budget.testing import LoopbackProvider, Reply

OPENAI_MODEL = "gpt-6.1-terra"
ANTHROPIC_MODEL = "claude-opus-4-8"
GROQ_MODEL = "llama-3.1-8b-instant"
EMBEDDING_MODEL = "text-embedding-3-small"
ASKED = "What do you see from the old house over there?"


class Said(BaseModel):
    """What structured forms ask for."""

    text: str


SAID = Reply('{"text": "a house"}')
LOOKS = Reply('{"text": "a house"}', tool="look")


class Books:
    """What tests of frameworks share. Async calls and async clients live in one event loop of its own."""

    def __init__(self, provider: LoopbackProvider) -> None:
        self.provider = provider
        self.budget = BudgetManager(global_cost_limit=100, global_token_limit=10**9, wait_for_held=0)
        self._runner = asyncio.Runner()
        self._clients: list[Any] = []
        self.run(asyncio.sleep(0))  # From now on its loop is the current one, also to frameworks that look for it.

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """What a coroutine gives, run in the caller's context: a Runner's own is the one that it was made in."""
        return self._runner.run(coroutine, context=contextvars.copy_context())

    def every(self, stream: Callable[[], AsyncIterable[Any]]) -> list[Any]:
        """All that an async stream gives."""

        async def read() -> list[Any]:
            return [each async for each in stream()]

        return self.run(read())

    def client(self, cls: Any, **options: Any) -> Any:
        """A wrapped client with the SDK's own retries."""
        address = {
            openai: self.provider.openai_base_url,
            anthropic: self.provider.anthropic_base_url,
            groq: self.provider.groq_base_url,
        }
        base_url = next(url for vendor, url in address.items() if cls.__module__.startswith(vendor.__name__))
        client = cls(base_url=base_url, api_key="secret", **options)
        self._clients.append(client)
        return wrap(client, self.budget)

    def openai(self) -> Any:
        return self.client(openai.OpenAI)

    def async_openai(self) -> Any:
        return self.client(openai.AsyncOpenAI)

    def anthropic(self) -> Any:
        return self.client(anthropic.Anthropic)

    def async_anthropic(self) -> Any:
        return self.client(anthropic.AsyncAnthropic)

    def assert_balanced(self) -> None:
        """The account is the bill, to the token and the nano-dollar, and nothing is open or unclear."""
        self.provider.wait_until_idle()
        stats, bill = self.budget.get_global_stats(), self.provider.bill
        assert bill.requests == self.provider.request_count > 0
        assert stats.requests == bill.requests
        assert (stats.input_tokens, stats.output_tokens) == (bill.input_tokens, bill.output_tokens)
        assert stats.total_cost == bill.usd
        assert stats.estimated_requests == 0
        assert not stats.reserved
        assert not stats.unconfirmed
        assert not stats.overrun

    def assert_charged_to(self, user_key: str) -> None:
        """All that was billed stands on a user's account."""
        stats = self.budget.get_user_stats(user_key)
        assert stats.total_tokens == self.provider.bill.total_tokens > 0
        assert stats.total_cost == self.provider.bill.usd

    def refusal(self, call: Callable[[Books], Any]) -> Exception:
        """What comes out of a call that the budget has no room for; nothing may have been sent."""
        self.budget = BudgetManager(global_token_limit=1)
        with pytest.raises(Exception) as raised:  # noqa: PT011 - what it is, frameworks decide
            call(self)
        assert isinstance(find_budget_error(raised.value), BudgetExceeded)
        assert self.provider.request_count == 0
        assert self.budget.get_global_stats().blocked == 1
        return raised.value

    def close(self) -> None:
        for client in self._clients:
            if asyncio.iscoroutine(closing := client.close()):
                self.run(closing)
        self._runner.close()
