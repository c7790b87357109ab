"""What can't be measured is refused under a limit, what is free passes, and both name themselves."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from llm_token_budget import BudgetManager, Limit, UnknownModelPrice, UnmeteredCall, wrap
from llm_token_budget.testing import Reply

from .driving import got, is_the_vendors, plenty
from .forms import ASKED, CHAT, MESSAGE, OLLAMA

LIMITED: list[BudgetManager | Any] = [
    lambda: BudgetManager(global_token_limit=10**9),
    lambda: BudgetManager(global_cost_limit=10**6),
    lambda: BudgetManager(limits=[Limit(requests=10**6)]),
]


def speech(client: Any) -> Any:
    return client.audio.speech.create(model="tts-1", voice="alloy", input="Hello")


def image(client: Any) -> Any:
    return client.images.generate(model="dall-e-3", prompt="A house")


UNMETERED: list[tuple[str, Any]] = [
    ("openai", speech),
    ("openai", image),
    ("openai", lambda client: client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"RIFF"))),
    (
        "openai",
        lambda client: client.batches.create(completion_window="24h", endpoint="/v1/responses", input_file_id="f"),
    ),
    ("openai", lambda client: client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file="f")),
    ("openai", lambda client: client.post("/threads/thread_1/runs", body={"assistant_id": "a"}, cast_to=object)),
    ("openai", lambda client: client.post("/next/month", body={"model": "gpt-9"}, cast_to=object)),
    ("openai", lambda client: client.post("/chat/completions", body=["no object"], cast_to=object)),
    ("azure", speech),
    ("anthropic", lambda client: client.messages.batches.create(requests=[])),
    ("anthropic", lambda client: client.post("/v1/complete", body={"model": "claude-2.1"}, cast_to=object)),
    ("anthropic", lambda client: client.post("/v1/next", body={"model": "claude-9"}, cast_to=object)),
    ("groq", lambda client: client.audio.speech.create(model="orpheus", voice="troy", input="Hello")),
    ("groq", lambda client: client.post("/openai/v1/next", body={"model": "x"}, cast_to=object)),
    ("ollama", lambda client: client._request_raw("POST", "/v1/next", json={"model": "x"})),
]


@pytest.mark.parametrize(("vendor", "make"), UNMETERED)
@pytest.mark.parametrize("limited", LIMITED, ids=["tokens", "usd", "requests"])
def test_what_cannot_be_measured_is_refused_under_a_limit(bench, vendor, make, limited):
    """Before anything is sent, and by name."""
    client = wrap(bench.client(vendor), limited())

    async def use() -> None:
        await got(make(client))

    with pytest.raises(UnmeteredCall, match="POST /") as refused:
        bench.run(use())
    assert "unmetered='allow'" in str(refused.value)
    assert bench.provider.request_count == 0


@pytest.mark.parametrize(("vendor", "make"), UNMETERED)
@pytest.mark.parametrize(
    "open_budget",
    [
        BudgetManager,
        lambda: BudgetManager(global_token_limit=10, unmetered="allow"),
        lambda: BudgetManager(global_token_limit=10, admission="observe"),
        lambda: BudgetManager(limits=[Limit(tokens=10, enforce=False)]),
    ],
    ids=["no limits", "allowed", "observed", "shadowed"],
)
def test_what_cannot_be_measured_passes_without_a_hard_limit(bench, vendor, make, open_budget):
    """The request reaches the provider (which here knows nothing of it)."""
    client = wrap(bench.client(vendor), open_budget())

    async def use() -> None:
        await got(make(client))

    with pytest.raises(Exception, match=r".*") as failed:
        bench.run(use())
    assert not type(failed.value).__module__.startswith("llm_token_budget")
    assert bench.provider.request_count == 1


FREE: list[tuple[str, Any]] = [
    ("openai", lambda client: client.moderations.create(input="Hello")),
    ("openai", lambda client: client.models.list()),
    ("openai", lambda client: client.models.retrieve("gpt-4o-mini")),
    ("openai", lambda client: client.files.create(file=("a.jsonl", b"{}"), purpose="batch")),
    ("openai", lambda client: client.files.list()),
    ("openai", lambda client: client.uploads.create(bytes=1, filename="a", mime_type="text/plain", purpose="batch")),
    ("openai", lambda client: client.batches.cancel("batch_1")),
    ("openai", lambda client: client.responses.cancel("resp_1")),
    ("openai", lambda client: client.responses.retrieve("resp_1")),
    ("openai", lambda client: client.responses.delete("resp_1")),
    ("openai", lambda client: client.post("/chat/completions/chatcmpl-1", body={"metadata": {}}, cast_to=object)),
    ("openai", lambda client: client.post("/conversations", body={}, cast_to=object)),
    ("openai", lambda client: client.post("/responses/input_tokens", body={"model": "gpt-4o-mini"}, cast_to=object)),
    ("azure", lambda client: client.files.list()),
    ("anthropic", lambda client: client.messages.count_tokens(model="claude-opus-4-8", messages=ASKED)),
    ("anthropic", lambda client: client.beta.messages.count_tokens(model="claude-opus-4-8", messages=ASKED)),
    ("anthropic", lambda client: client.models.list()),
    ("anthropic", lambda client: client.messages.batches.cancel("batch_1")),
    ("groq", lambda client: client.models.list()),
    ("groq", lambda client: client.batches.cancel("batch_1")),
    ("ollama", lambda client: client.list()),
    ("ollama", lambda client: client.show("llama3.2")),
    ("ollama", lambda client: client.ps()),
    ("ollama", lambda client: client.pull("llama3.2")),
    ("ollama", lambda client: client.copy("llama3.2", "mine")),
]


@pytest.mark.parametrize(("vendor", "make"), FREE)
def test_what_is_free_passes_and_costs_nothing(bench, vendor, make):
    """Even with a budget of nothing."""
    bench.provider.on(
        lambda request: None if request.path.endswith(("count_tokens", "models")) else Reply(body={"id": "x"})
    )
    budget = BudgetManager(global_token_limit=0, global_cost_limit=0)
    client = wrap(bench.client(vendor), budget)

    async def use() -> None:
        await got(make(client))

    try:
        bench.run(use())
    except Exception as error:
        # The made-up answers are not all that the SDKs' models ask for.
        is_the_vendors(error)
    assert bench.provider.request_count == 1
    stats = budget.get_global_stats()
    assert (stats.requests, stats.blocked, stats.total_tokens) == (0, 0, 0)


WEBSOCKETS: list[tuple[str, str, Any]] = [
    ("realtime", "openai", lambda client: client.realtime.connect(model="gpt-realtime")),
    ("beta realtime", "openai", lambda client: client.beta.realtime.connect(model="gpt-realtime")),
    ("responses", "openai", lambda client: client.responses.connect()),
    ("live", "openai", lambda client: client.live.connect()),
    ("azure realtime", "azure", lambda client: client.realtime.connect(model="gpt-realtime")),
    ("azure beta realtime", "azure", lambda client: client.beta.realtime.connect(model="gpt-realtime")),
]


class ConnectionAttempt(Exception):
    """Raised in the place of a connection."""


class Anything:
    """Whatever the SDK imports of the library that it connects with."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise ConnectionAttempt


@pytest.fixture
def websockets(monkeypatch):
    """The library for websockets, which is not needed otherwise, in a version that connects nowhere."""
    for name in (
        "",
        ".sync",
        ".sync.client",
        ".asyncio",
        ".asyncio.client",
        ".typing",
        ".exceptions",
        ".uri",
        ".version",
    ):
        module = ModuleType(f"websockets{name}")
        module.__getattr__ = lambda _: Anything  # type: ignore[method-assign]
        module.__path__ = []
        monkeypatch.setitem(sys.modules, module.__name__, module)
    sys.modules.pop("openai.lib._websocket", None)
    yield
    sys.modules.pop("openai.lib._websocket", None)


@pytest.mark.usefixtures("websockets")
@pytest.mark.parametrize(("vendor", "connect"), [each[1:] for each in WEBSOCKETS], ids=[each[0] for each in WEBSOCKETS])
def test_websockets_are_refused_under_a_limit(bench, vendor, connect):
    """They never pass as requests, and bill all the same. Without limits they are the user's to open."""

    async def use(budget: BudgetManager) -> None:
        manager = connect(wrap(bench.client(vendor), budget))
        if bench.is_async:
            await manager.__aenter__()
        else:
            manager.__enter__()

    try:
        bench.run(use(BudgetManager()))
    except (AttributeError, TypeError):
        pytest.skip("this SDK has no such connection")
    except ConnectionAttempt:
        pass
    with pytest.raises(UnmeteredCall, match="websocket"):
        bench.run(use(BudgetManager(global_token_limit=10**9)))


def test_an_address_for_websockets_may_be_set(plain_bench):
    """It is the client's own, and copies keep it."""
    client = wrap(plain_bench.client("openai", websocket_base_url="ws://127.0.0.1:1/v1"), BudgetManager())
    assert client.websocket_base_url == "ws://127.0.0.1:1/v1"
    client.websocket_base_url = "ws://127.0.0.1:2/v1"
    assert client.with_options(timeout=1).websocket_base_url == "ws://127.0.0.1:2/v1"


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "groq"])
def test_a_model_without_a_price_is_refused_under_a_usd_limit(bench, vendor):
    """Never $0, and never sent; with a price of one's own, or with limits in tokens alone, it passes."""
    name = "no-such-model"
    arguments = {"openai": CHAT, "anthropic": MESSAGE, "groq": CHAT}[vendor] | {"model": name}

    async def use(budget: BudgetManager) -> None:
        client = wrap(bench.client(vendor), budget)
        create = client.messages.create if vendor == "anthropic" else client.chat.completions.create
        await got(create(**arguments))

    with pytest.raises(UnknownModelPrice, match=name):
        bench.run(use(BudgetManager(global_cost_limit=100)))
    assert bench.provider.request_count == 0
    priced = BudgetManager(global_cost_limit=100, custom_pricing={name: {"input": "1", "output": "2"}})
    bench.run(use(priced))
    bill = bench.provider.bill
    assert priced.get_global_stats().total_cost * 10**6 == bill.input_tokens + 2 * bill.output_tokens
    counted = BudgetManager(global_token_limit=10**6)
    bench.run(use(counted))
    assert counted.get_global_stats().unpriced_requests == 1


def test_an_alias_prices_a_deployment(bench):
    """Azure sends the names of deployments, in the path."""
    budget = BudgetManager(global_cost_limit=100, aliases={"prod-chat-01": "azure:gpt-4o-mini"})
    bench.provider.reply(Reply(model="gpt-4o-mini"))
    client = wrap(bench.client("azure"), budget)
    bench.run(got(client.chat.completions.create(**CHAT | {"model": "prod-chat-01"})))
    assert budget.get_global_stats().total_cost == bench.provider.bill.usd > 0
    assert "prod-chat-01" in bench.provider.requests[0].path


def test_an_azure_deployment_of_the_client_is_metered(bench):
    """`azure_deployment=` puts it into the base address."""
    budget = plenty(aliases={"mine": "azure:gpt-4o-mini"})
    client = wrap(bench.client("azure", azure_deployment="mine"), budget)
    bench.run(got(client.chat.completions.create(**CHAT)))
    assert budget.get_global_stats().total_tokens == bench.provider.bill.total_tokens > 0


def test_ollama_costs_nothing_and_is_counted(bench):
    """Under a USD limit it passes; its tokens count."""
    budget = BudgetManager(global_cost_limit="0.000000001", global_token_limit=10**6)
    client = wrap(bench.client("ollama"), budget)
    bench.run(got(client.chat(**OLLAMA)))
    stats = budget.get_global_stats()
    assert stats.total_cost == 0
    assert stats.total_tokens == bench.provider.bill.total_tokens > 0
