"""One way to write a call, two ways to run it: with plain clients and with async ones.

A form is written as a coroutine function. With a plain client nothing in it really waits, so it can be run without an event
loop, exactly as a user's own code would be.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import anthropic
import groq
import ollama
import openai

from llm_token_budget import BudgetManager
from llm_token_budget.ledgers import MemoryLedger
from llm_token_budget.ledgers.base import Claim, Granted, Handle, Refused, Stale
from llm_token_budget.testing import LoopbackProvider

VENDORS = ("openai", "azure", "anthropic", "groq", "ollama")

_CLASSES: dict[str, tuple[Any, Any]] = {
    "openai": (openai.OpenAI, openai.AsyncOpenAI),
    "azure": (openai.AzureOpenAI, openai.AsyncAzureOpenAI),
    "anthropic": (anthropic.Anthropic, anthropic.AsyncAnthropic),
    "groq": (groq.Groq, groq.AsyncGroq),
    "ollama": (ollama.Client, ollama.AsyncClient),
}


async def got(value: Any) -> Any:
    """What a call gives, awaited if it must be."""
    return await value if inspect.isawaitable(value) else value


async def every(stream: Any) -> list[Any]:
    """All that a stream gives, to its end."""
    if hasattr(stream, "__aiter__"):
        return [each async for each in stream]
    return list(stream)


async def first(stream: Any) -> Any:
    """The first event of a stream, which stays open."""
    if hasattr(stream, "__aiter__"):
        return await anext(aiter(stream))
    return next(iter(stream))


async def closed(thing: Any) -> None:
    """Closed, by whatever its closing is called."""
    if isinstance(thing, ollama.Client | ollama.AsyncClient):
        thing = thing._client
    await got(thing.aclose() if hasattr(thing, "aclose") else thing.close())


class Entered:
    """`async with` for managers of both kinds."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    async def __aenter__(self) -> Any:
        if hasattr(self._manager, "__aenter__"):
            return await self._manager.__aenter__()
        return self._manager.__enter__()

    async def __aexit__(self, *error: object) -> Any:
        if hasattr(self._manager, "__aenter__"):
            return await self._manager.__aexit__(*error)
        return self._manager.__exit__(*error)


class PlainDriver:
    """Runs forms with plain clients, without an event loop."""

    name = "sync"
    is_async = False

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        try:
            coroutine.send(None)
        except StopIteration as done:
            return done.value
        coroutine.close()
        raise AssertionError("a plain client's form waited for something")

    def close(self) -> None:
        pass


class AsyncDriver:
    """Runs forms with async clients, in one event loop."""

    name = "async"
    is_async = True

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(coroutine)

    def close(self) -> None:
        self._runner.close()


class Bench:
    """Clients of one kind, plain or async, in front of one loopback provider."""

    def __init__(self, provider: LoopbackProvider, driver: PlainDriver | AsyncDriver) -> None:
        self.provider = provider
        self.driver = driver
        self.run = driver.run
        self.is_async = driver.is_async
        self._clients: list[Any] = []

    def client(self, vendor: str, **options: Any) -> Any:
        """A plain (unwrapped) client that retries nothing unless told, and then at once."""
        cls = self.class_of(vendor)
        if vendor == "ollama":
            client = cls(host=options.pop("base_url", self.provider.ollama_base_url), verify=False, **options)
        else:
            address = {
                "openai": {"base_url": self.provider.openai_base_url},
                "azure": {"azure_endpoint": self.provider.azure_endpoint, "api_version": "2026-01-01"},
                "anthropic": {"base_url": self.provider.anthropic_base_url},
                "groq": {"base_url": self.provider.groq_base_url},
            }[vendor]
            # No certificates are read: a tenth of the time, and the address is plain HTTP.
            settings = {"api_key": "secret", "max_retries": 0, "http_client": self.http_client(vendor)}
            client = cls(**address | settings | options)
            client._calculate_retry_timeout = _at_once
        self._clients.append(client)
        return client

    def http_client(self, vendor: str, **options: Any) -> Any:
        """A client of the HTTP library that the vendor's SDK sends through."""
        library = http_library(vendor)
        options.setdefault("verify", False)
        return (library.AsyncClient if self.is_async else library.Client)(timeout=20.0, **options)

    def class_of(self, vendor: str) -> Any:
        return _CLASSES[vendor][self.is_async]

    def close(self) -> None:
        for client in self._clients:
            self.run(closed(client))
        self.driver.close()


def _at_once(*_: Any, **__: Any) -> float:
    return 0.0


def http_library(vendor: str) -> Any:
    """httpx, or httpx2 where the vendor's SDK sends through that."""
    if vendor == "ollama":
        return sys.modules["httpx"]
    base: Any = sys.modules[f"{_CLASSES[vendor][0].__module__.partition('.')[0]}._base_client"]
    return base.httpx2 if hasattr(base, "httpx2") else base.httpx


def is_the_vendors(error: Exception) -> None:
    """Fail if an error that a vendor's SDK is to raise is one of ours."""
    assert not type(error).__module__.startswith("llm_token_budget"), error


class NotedLedger(MemoryLedger):
    """A memory ledger that notes what it granted."""

    def __init__(self) -> None:
        super().__init__()
        self.handles: list[Handle] = []

    def reserve(self, claim: Claim) -> Granted | Refused | Stale:
        answer = super().reserve(claim)
        if isinstance(answer, Granted):
            self.handles.append(answer.handle)
        return answer

    @property
    def held_tokens(self) -> int:
        """Tokens of all that was ever granted."""
        return sum(handle.reserved.tokens for handle in self.handles)


def plenty(**options: Any) -> BudgetManager:
    """A budget with hard limits that no test reaches."""
    settings: dict[str, Any] = {"global_cost_limit": 1000, "global_token_limit": 10**9, "wait_for_held": 0}
    return BudgetManager(ledger=NotedLedger(), **settings | options)


def held_tokens(budget: BudgetManager) -> int:
    """Tokens of all reservations that a budget of `plenty` ever granted."""
    ledger = budget.ledger
    assert isinstance(ledger, NotedLedger)
    return ledger.held_tokens


Form = Callable[[Any], Coroutine[Any, Any, Any]]
