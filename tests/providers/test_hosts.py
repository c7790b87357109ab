"""Whose prices count: by the client's class, by the host that it sends to, or as the user says. Never by a name alone."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import anthropic
import openai
import pytest

from llm_token_budget import BudgetManager, ConfigurationError, Limit, UnknownModelPrice, wrap
from llm_token_budget.providers.hosts import place_of, provider_at

from .driving import closed, got, http_library, plenty
from .forms import ASKED

ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
}
MESSAGES: Any = [{"role": "user", "content": "Hello " * 900}]

KNOWN = [
    ("https://api.openai.com/v1", "openai"),
    ("https://eu.api.openai.com/v1", "openai"),
    ("https://API.OpenAI.com./v1/", "openai"),
    ("https://api.anthropic.com", "anthropic"),
    ("https://api.groq.com/openai/v1", "groq"),
    ("https://mine.openai.azure.com/openai/v1/", "azure"),
    ("https://mine.services.ai.azure.com/openai/v1/", "azure"),
    ("https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1", "aws"),
    ("https://bedrock-mantle.eu-central-1.api.aws/v1", "aws"),
    ("https://generativelanguage.googleapis.com/v1beta/openai/", "google"),
    ("https://openrouter.ai/api/v1", "openrouter"),
    ("https://api.deepseek.com", "deepseek"),
    ("https://api.together.xyz/v1", "together"),
    ("https://api.fireworks.ai/inference/v1", "fireworks"),
    ("https://api.mistral.ai/v1", "mistral"),
    ("https://api.x.ai/v1", "x-ai"),
    ("https://api.moonshot.cn/v1", "moonshotai"),
    ("https://api.cloudflare.com/client/v4/accounts/me/ai/v1", "cloudflare"),
    ("http://localhost:4000/v1", "vendor"),
    ("http://127.0.0.1:8080", "vendor"),
    ("http://[::1]:8080/v1", "vendor"),
    ("https://llm.internal/v1", "llm.internal"),
    ("https://user:secret@LLM.internal:8443/v1?key=secret", "llm.internal:8443"),
    ("https://api.openai.com.evil.example/v1", "api.openai.com.evil.example"),
    ("https://api.x.ai.evil.example/v1", "api.x.ai.evil.example"),
    ("https://notapi.openai.com/v1", "notapi.openai.com"),
    ("https://openai.internal/api.openai.com", "openai.internal"),
    ("https://api.moonshot.evil.example/v1", "api.moonshot.evil.example"),
]


@pytest.mark.parametrize(("url", "provider"), KNOWN, ids=[each[0] for each in KNOWN])
def test_a_host_says_whose_prices_count(url, provider):
    """Vendors' own hosts, others' as the price data knows them, this machine as the vendor's, and nobody's elsewhere."""
    assert provider_at(url, "vendor") == provider


@pytest.mark.parametrize("url", ["", "nonsense", "http://[half/v1", "http://host:port/v1"])
def test_an_address_that_is_none_says_nothing(url):
    """It is the HTTP library's to complain of."""
    assert place_of(url) == ("", "")
    assert provider_at(url, "vendor") == "vendor"


class Elsewhere:
    """A server at any address, of which the client knows no better than that it speaks OpenAI's language."""

    def __init__(self, bench: Any) -> None:
        self._bench = bench
        self._library = http_library("openai")
        self._http = bench.http_client("openai", transport=self._library.MockTransport(self._answer))
        self.hosts: list[str] = []

    def _answer(self, request: Any) -> Any:
        self.hosts.append(request.url.host)
        return self._library.Response(200, json={**ANSWER, "model": json.loads(request.content)["model"]})

    def client(self, base_url: str) -> Any:
        return self._bench.client("openai", base_url=base_url, http_client=self._http)

    def call(self, client: Any, model: str = "gpt-4o") -> None:
        self._bench.run(got(client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=200)))


@pytest.fixture
def elsewhere(bench):
    made = Elsewhere(bench)
    yield made
    bench.run(closed(made._http))


@pytest.mark.parametrize(
    ("base_url", "model", "cost"),
    [
        ("https://api.openai.com/v1", "gpt-4o", "0.0035"),
        ("https://openrouter.ai/api/v1", "openai/gpt-4o", "0.0035"),
        ("https://api.deepseek.com", "deepseek-chat", None),
        ("http://localhost:4000/v1", "gpt-4o", "0.0035"),
    ],
)
def test_a_call_costs_what_it_costs_where_it_is_sent(elsewhere, base_url, model, cost):
    """The client is OpenAI's in all of them."""
    budget = plenty()
    elsewhere.call(wrap(elsewhere.client(base_url), budget), model)
    stats = budget.get_global_stats()
    assert stats.total_cost > 0
    assert cost is None or stats.total_cost == Decimal(cost)


@pytest.mark.parametrize("base_url", ["https://llm.internal/v1", "https://api.deepseek.com"])
def test_a_vendors_model_name_elsewhere_has_not_the_vendors_price(elsewhere, base_url):
    """Refused before anything is sent; the message names the host and both ways out, and no path or key."""
    client = wrap(elsewhere.client(base_url), plenty())
    with pytest.raises(UnknownModelPrice) as refused:
        elsewhere.call(client)
    assert not elsewhere.hosts
    if "internal" in base_url:
        assert refused.value.provider == "llm.internal"
        assert "hosts={'llm.internal': 'openai'}" in str(refused.value)
        assert "wrap(client, budget, provider='openai')" in str(refused.value)


def test_without_a_usd_limit_any_host_will_do(elsewhere):
    """Tokens need no price."""
    budget = BudgetManager(global_token_limit=10**6)
    elsewhere.call(wrap(elsewhere.client("https://llm.internal/v1"), budget))
    assert budget.get_global_stats().total_tokens == 1100


@pytest.mark.parametrize(
    ("hosts", "cost"),
    [
        ({"llm.internal": "openai"}, "0.0035"),
        ({"LLM.internal:8443": "OpenAI"}, "0.0035"),
        ({"llm.internal": 0}, "0"),
        ({"llm.internal": {"input": "1", "output": "2"}}, "0.0012"),
        ({"llm.internal": 0, "llm.internal:8443": {"input": "1", "output": "2"}}, "0.0012"),
        ({"llm.internal": {"input": "1", "output": "2"}, "llm.internal:9": 0}, "0.0012"),
    ],
    ids=str,
)
def test_the_user_says_whose_prices_count_at_a_host(elsewhere, hosts, cost):
    """A provider's, none, or those of the host, for whatever model; the host with its port goes first."""
    budget = plenty(hosts=hosts)
    elsewhere.call(wrap(elsewhere.client("https://llm.internal:8443/v1"), budget))
    assert budget.get_global_stats().total_cost == Decimal(cost)
    assert budget.get_global_stats().total_tokens == 1100


def test_the_user_says_it_of_this_machine_too(elsewhere):
    """A local server that bills nothing, and one that passes on another vendor's models."""
    budget = plenty(hosts={"localhost:8080": 0, "127.0.0.1": "openrouter"})
    elsewhere.call(wrap(elsewhere.client("http://localhost:8080/v1"), budget), "llama-9-at-home")
    assert budget.get_global_stats().total_cost == 0
    elsewhere.call(wrap(elsewhere.client("http://127.0.0.1:4000/v1"), budget), "openai/gpt-4o")
    assert budget.get_global_stats().total_cost == Decimal("0.0035")


def test_each_budget_has_its_own_say(elsewhere):
    """Two budgets over one client: each counts at the prices that it was told."""
    free, priced = plenty(hosts={"llm.internal": 0}), plenty(hosts={"llm.internal": "openai"})
    elsewhere.call(wrap(wrap(elsewhere.client("https://llm.internal/v1"), free), priced))
    assert free.get_global_stats().total_cost == 0
    assert priced.get_global_stats().total_cost == Decimal("0.0035")


def test_the_user_says_it_of_a_client(elsewhere):
    """wrap(provider=) goes before all else, in copies too."""
    budget = plenty(hosts={"llm.internal": 0})
    client = wrap(elsewhere.client("https://llm.internal/v1"), budget, provider="openai")
    elsewhere.call(client)
    elsewhere.call(client.with_options(timeout=9))
    elsewhere.call(wrap(client, budget, user_key="ada"))
    assert budget.get_global_stats().total_cost == 3 * Decimal("0.0035")


def test_a_copy_that_goes_elsewhere_is_priced_there(elsewhere):
    """with_options(base_url=), a new base_url, and an absolute address in post()."""
    budget = plenty()
    client = wrap(elsewhere.client("https://api.openai.com/v1"), budget)
    elsewhere.call(client)
    with pytest.raises(UnknownModelPrice):
        elsewhere.call(client.with_options(base_url="https://llm.internal/v1"))
    elsewhere.call(client)
    client.base_url = "https://llm.internal/v1"
    with pytest.raises(UnknownModelPrice):
        elsewhere.call(client)
    client.base_url = "https://api.openai.com/v1"
    body = {"model": "gpt-4o", "messages": MESSAGES, "max_tokens": 200}
    with pytest.raises(UnknownModelPrice):
        elsewhere._bench.run(got(client.post("https://llm.internal/v1/chat/completions", body=body, cast_to=object)))
    assert budget.get_global_stats().requests == 2


def test_prices_of_the_users_own_need_no_host(elsewhere):
    """custom_pricing counts anywhere; with the host in front, there alone. An alias says whose model it is."""
    own = {"my-model": {"input": 1, "output": 1}, "llm.internal:gpt-4o": {"input": 2, "output": 2}}
    budget = plenty(custom_pricing=own, aliases={"prod": "gpt-4o-mini"})
    client = wrap(elsewhere.client("https://llm.internal/v1"), budget)
    elsewhere.call(client, "my-model")
    elsewhere.call(client, "gpt-4o")
    elsewhere.call(client, "prod")
    assert budget.get_global_stats().total_cost == Decimal("0.0011") + Decimal("0.0022") + Decimal("0.00021")


def test_limits_per_provider_and_model_count_by_the_host(elsewhere):
    """A host's calls are counted in its own name, and its models under theirs."""
    limits = [Limit(tokens=10**6, scope="provider"), Limit(tokens=10**6, scope="model")]
    budget = BudgetManager(limits=limits, global_cost_limit=9, hosts={"llm.internal": 0, "gw.internal": "openrouter"})
    elsewhere.call(wrap(elsewhere.client("https://llm.internal/v1"), budget), "llama-9-at-home")
    elsewhere.call(wrap(elsewhere.client("https://gw.internal/v1"), budget), "openai/gpt-4o")
    for provider, model in (("llm.internal", "llama-9-at-home"), ("openrouter", "openai/gpt-4o")):
        rows = budget.remaining(provider=provider, model=model)
        assert [row.spent for row in rows if row.limit.unit == "tokens"] == [1100, 1100]


@pytest.mark.parametrize(
    ("library", "name", "options", "provider"),
    [
        ("openai", "AzureOpenAI", {"azure_endpoint": "https://gw.internal", "api_version": "1"}, "azure"),
        ("openai", "BedrockOpenAI", {"aws_region": "us-east-1"}, "aws"),
        ("anthropic", "AnthropicBedrock", {"aws_region": "us-east-1"}, "aws"),
        ("anthropic", "AnthropicVertex", {"region": "us-east5", "project_id": "p", "access_token": "t"}, "google"),
        ("anthropic", "AnthropicFoundry", {"resource": "mine"}, "azure"),
    ],
)
def test_a_class_that_is_made_for_one_provider_says_whose_prices_count(library, name, options, provider):
    """Wherever it sends: a gateway before Azure is still Azure."""
    cls = getattr({"openai": openai, "anthropic": anthropic}[library], name, None)
    if cls is None:
        pytest.skip("this SDK has no such client")
    keys = {} if "access_token" in options else {"api_key": "secret"}
    try:
        plain = cls(**options, **keys)
    except TypeError:
        pytest.skip("this SDK's client takes no key")
    with plain:
        seam = type(wrap(plain, plenty()))._llm_token_budget
        assert [guard.provider for guard in seam.guards_at(plain, "/v1/messages")] == [provider]


@pytest.mark.parametrize(
    "hosts",
    [
        {"https://llm.internal": 0},
        {"user:secret@llm.internal": 0},
        {"llm.internal/v1": 0},
        {"": 0},
        {1: 0},
        {"llm.internal": None},
        {"llm.internal": True},
        {"llm.internal": 1},
        {"llm.internal": "0.5"},
        {"llm.internal": {"input": 1}},
        {"llm.internal": {"input": -1, "output": 1}},
        ["llm.internal"],
    ],
    ids=str,
)
def test_wrong_hosts_are_refused_at_once(hosts):
    """With the option's name, and without what may be a password."""
    with pytest.raises(ConfigurationError, match="hosts") as refused:
        BudgetManager(hosts=hosts)
    assert "secret" not in str(refused.value)


def test_ollama_is_free_unless_somebody_says_otherwise(plain_bench):
    """Its cloud bills, and the user knows what."""
    for hosts, cost in (({}, False), ({"127.0.0.1": {"input": 1, "output": 1}}, True)):
        budget = plenty(hosts=hosts)
        wrap(plain_bench.client("ollama"), budget).chat(model="llama3.2", messages=ASKED)
        assert bool(budget.get_global_stats().total_cost) is cost
