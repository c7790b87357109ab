"""What `wrap` says to what it can't take: what is wrong, and the way out."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import anthropic
import groq
import ollama
import openai
import pytest

from llm_token_budget import BudgetManager, ConfigurationError, MissingUser, wrap
from llm_token_budget.providers import stainless

from .driving import plenty
from .test_endings import call


@pytest.fixture
def budget():
    return BudgetManager()


class Homemade:
    """A client nobody knows."""

    def request(self) -> None: ...


@pytest.mark.parametrize(
    "client",
    [object(), None, "client", 5, Homemade(), SimpleNamespace(request=print), print, BudgetManager()],
    ids=["object", "None", "str", "int", "homemade", "namespace", "function", "budget"],
)
def test_what_is_no_known_client_is_refused(budget, client):
    """The message names what was passed, what is known, and how to guard anything else."""
    with pytest.raises(ConfigurationError, match=r"openai, anthropic, groq and ollama.*budget\.reserve"):
        wrap(client, budget)


@pytest.mark.parametrize("cls", [openai.OpenAI, anthropic.AsyncAnthropic, groq.Groq, ollama.Client, ollama.AsyncClient])
def test_a_class_is_refused(budget, cls):
    """A class has no connection to guard: the message shows how to make an instance."""
    with pytest.raises(ConfigurationError, match=rf"wrap\({cls.__name__}\(\)"):
        wrap(cls, budget)


@pytest.mark.parametrize("module", [openai, anthropic, groq, ollama, sys])
def test_a_module_is_refused(budget, module):
    """The SDKs' module-level functions belong to no client that could be wrapped."""
    with pytest.raises(ConfigurationError, match=rf"module '?{module.__name__}.*instance|client"):
        wrap(module, budget)


def test_a_part_of_a_client_is_refused(budget):
    """The client is wrapped, not one of its resources."""
    with openai.OpenAI(api_key="secret") as client, pytest.raises(ConfigurationError, match="wrap"):
        wrap(client.chat.completions, budget)


@pytest.mark.parametrize("budget", [object(), None, "budget", 5, {}, BudgetManager, openai])
def test_what_is_no_budget_is_refused(plain_bench, budget):
    """The message says what it takes."""
    client: Any = plain_bench.client("openai")
    with pytest.raises(ConfigurationError, match="BudgetManager or a session"):
        wrap(client, budget)


def test_client_and_budget_in_the_wrong_order_are_refused(plain_bench, budget):
    """Not taken for something else."""
    with pytest.raises(ConfigurationError, match="BudgetManager"):
        wrap(budget, plain_bench.client("openai"))  # type: ignore[type-var]


@pytest.mark.parametrize("key", ["", 5, b"ada", "x" * 10**7, ["ada"]], ids=["empty", "int", "bytes", "10 MB", "list"])
@pytest.mark.parametrize("name", ["user_key", "session_id"])
def test_bad_keys_are_refused(plain_bench, budget, name, key):
    """When wrapping, not at the first call; the message does not repeat ten megabytes."""
    client: Any = plain_bench.client("openai")
    with pytest.raises(ConfigurationError, match=name) as refused:
        wrap(client, budget, **{name: key})
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize("dimensions", [{"user": "x"}, {"org": ""}, {"org": 5}, {5: "x"}, "org"], ids=str)
def test_bad_dimensions_are_refused(plain_bench, budget, dimensions):
    """Reserved names, empty and wrong keys."""
    client: Any = plain_bench.client("openai")
    with pytest.raises(ConfigurationError):
        wrap(client, budget, dimensions=dimensions)


def test_an_sdk_without_the_hooks_is_refused(plain_bench, budget, monkeypatch):
    """A version that can't be guarded is not wrapped and left open."""
    monkeypatch.setattr(stainless, "HOOKS", (*stainless.HOOKS, "_a_hook_of_tomorrow"))
    with pytest.raises(ConfigurationError, match=r"openai can't be guarded.*_a_hook_of_tomorrow"):
        wrap(plain_bench.client("openai"), budget)


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "groq"])
@pytest.mark.parametrize("hook", stainless.HOOKS[1:])
def test_a_version_without_one_of_the_hooks_is_refused(budget, vendor, hook):
    """Whichever it lacks: the message names the SDK, the class and the hook, and the client stays as it was."""

    class Before:
        """A client of a version that has all the other hooks."""

        __module__ = f"{vendor}._client"

    for name in stainless.HOOKS:
        if name != hook:
            setattr(Before, name, lambda self: None)
    client = Before()
    with pytest.raises(ConfigurationError, match=rf"version of {vendor} can't be guarded: its Before has no {hook}$"):
        wrap(client, budget)
    assert type(client) is Before


def test_nobody_under_a_per_user_limit_is_refused(bench):
    """The message names the ways to say who is spending, and nothing is sent."""
    client = wrap(bench.client("openai"), plenty(per_user_token_limit=1000))
    with pytest.raises(MissingUser, match=r"session\(user_key=.*wrap\(client, budget, user_key="):
        bench.run(call("openai", client))
    assert bench.provider.request_count == 0


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "groq", "ollama"])
def test_subclasses_of_users_are_wrapped(bench, vendor):
    """A user's own subclass stays one, with what it adds."""
    base = bench.class_of(vendor)
    own = type("OwnClient", (base,), {"greet": lambda self: "hello"})
    plain = bench.client(vendor)
    made = own.__new__(own)
    made.__dict__.update(vars(plain))
    budget = plenty()
    client = wrap(made, budget)
    assert isinstance(client, own)
    assert client.greet() == "hello"
    bench.run(call(vendor, client))
    assert budget.get_global_stats().total_tokens == bench.provider.bill.total_tokens
