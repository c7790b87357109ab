"""A wrapped client is the client: same class, same requests, same everything but the budget."""

from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import re
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, wrap
from llm_token_budget.testing import Reply

from .driving import VENDORS, Entered, PlainDriver, every, got, http_library, plenty
from .forms import ASKED, CHAT, GROQ, MESSAGE, OLLAMA, Form, forms
from .test_endings import call


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_wrapped_client_looks_like_the_client(bench, vendor):
    """Its class, name, representation, headers and address are the plain client's."""
    plain = bench.client(vendor)
    wrapped = wrap(plain, plenty())
    assert wrapped is not plain
    assert isinstance(wrapped, type(plain))
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(type(wrapped), name) == getattr(type(plain), name)
    assert repr(wrapped).partition(" at ")[0] == repr(plain).partition(" at ")[0]
    assert wrapped._client is plain._client
    if vendor == "ollama":
        return
    assert wrapped.user_agent == plain.user_agent
    assert said(wrapped.default_headers) == said(plain.default_headers)
    assert wrapped.auth_headers == plain.auth_headers
    assert wrapped.base_url == plain.base_url
    assert (wrapped.timeout, wrapped.max_retries) == (plain.timeout, plain.max_retries)
    assert inspect.signature(wrapped.with_options) == inspect.signature(plain.with_options)
    assert inspect.signature(wrapped.copy) == inspect.signature(plain.copy)


def said(headers: Any) -> dict[str, str]:
    """Headers without those that are left out, which are marked by an object each."""
    return {name: text for name, text in headers.items() if isinstance(text, str)}


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_client_itself_stays_as_it_is(bench, vendor):
    """Wrapping changes nothing of it, and it is not guarded."""
    plain = bench.client(vendor)
    touch(vendor, plain)
    before, cls = dict(vars(plain)), type(plain)
    wrapped = wrap(plain, BudgetManager(global_token_limit=1))
    with pytest.raises(BudgetExceeded):
        bench.run(call(vendor, wrapped))
    assert type(plain) is cls
    assert vars(plain).keys() == before.keys()
    assert all(vars(plain)[name] is value for name, value in before.items())
    bench.run(call(vendor, plain))
    assert bench.provider.request_count == 1


def touch(vendor: str, client: Any) -> None:
    """Make the client's resources, which it keeps."""
    match vendor:
        case "anthropic":
            assert client.messages.with_raw_response
            assert client.beta.messages.with_streaming_response
            assert client.with_raw_response.messages
        case "ollama":
            pass
        case _:
            assert client.chat.completions.with_raw_response
            assert client.chat.completions.with_streaming_response
            assert client.with_raw_response.chat
            assert client.embeddings


@forms("openai-chat", "openai-response", "anthropic-message", "groq", "ollama")
def test_resources_touched_before_wrapping_are_guarded(bench, form):
    """What the plain client keeps of its resources is not what the wrapped one uses."""
    plain = bench.client(form.vendor)
    touch(form.vendor, plain)
    with pytest.raises(BudgetExceeded):
        bench.run(form.run(wrap(plain, BudgetManager(global_token_limit=1))))
    assert bench.provider.request_count == 0


@forms()
def test_requests_without_limits_are_the_plain_clients(bench, form):
    """Headers and bodies are the same, but for the usage that a stream is asked for."""
    plain, wrapped = requests(bench, form, BudgetManager())
    assert without_asking(wrapped.body) == without_asking(plain.body)
    assert (wrapped.method, wrapped.path, wrapped.query) == (plain.method, plain.path, plain.query)
    assert headers(wrapped) == headers(plain)


@forms()
def test_a_request_that_fits_is_not_changed(bench, form):
    """Under limits with room for the model's own maximum nothing is lowered."""
    plain, wrapped = requests(bench, form, BudgetManager(global_token_limit=10**12, global_cost_limit=10**6))
    if form.name.startswith("ollama_generate"):
        # No maximum of its own, of a model whose maximum nobody knows: it must be given one.
        assert wrapped.body.pop("options") == {"num_predict": 4096}
    assert without_asking(wrapped.body) == without_asking(plain.body)


def requests(bench: Any, form: Form, budget: BudgetManager) -> tuple[Any, Any]:
    """What a plain and a wrapped client send."""
    bench.run(form.run(bench.client(form.vendor)))
    bench.run(form.run(wrap(bench.client(form.vendor), budget)))
    plain, wrapped = bench.provider.requests
    return plain, wrapped


def without_asking(body: dict[str, Any]) -> dict[str, Any]:
    options = {name: value for name, value in body.get("stream_options", {}).items() if name != "include_usage"}
    return {name: value for name, value in body.items() if name != "stream_options"} | (
        {"stream_options": options} if options else {}
    )


def headers(request: Any) -> dict[str, str]:
    """All but what names the moment, the length and the one call."""
    changing = {"content-length", "idempotency-key", "x-stainless-retry-count"}
    return {name: text for name, text in request.headers.items() if name not in changing}


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "groq", "ollama"])
def test_bodies_are_the_same_to_the_byte(bench, vendor):
    """Where nothing is asked for or lowered, not even spaces differ."""
    library = http_library(vendor)
    bodies: list[bytes] = []

    def take(request: Any) -> Any:
        bodies.append(request.content)
        return library.Response(200, json={"choices": [], "content": [], "message": {"role": "assistant"}})

    budget = plenty()
    for wrapped in (False, True):
        if vendor == "ollama":
            client = bench.client(vendor, transport=library.MockTransport(take))
        else:
            client = bench.client(vendor, http_client=bench.http_client(vendor, transport=library.MockTransport(take)))
        bench.run(call(vendor, wrap(client, budget) if wrapped else client))
    assert bodies[0] == bodies[1]
    assert bodies[0]


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "groq", "ollama"])
@pytest.mark.parametrize("stream", [False, True])
def test_what_the_caller_passes_is_not_changed(bench, vendor, stream):
    """Messages, options and extra bodies are the caller's, also where the maximum is lowered."""
    bodies: dict[str, dict[str, Any]] = {
        "openai": CHAT,
        "anthropic": MESSAGE,
        "groq": CHAT | {"model": "llama-3.1-8b-instant"},
    }
    arguments: dict[str, Any] = copy.deepcopy(bodies.get(vendor, OLLAMA))
    maximum = "max_tokens" if vendor == "anthropic" else "max_completion_tokens"
    if vendor == "ollama":
        arguments["options"]["num_predict"] = 5000
    else:
        arguments["extra_body"] = {maximum: 5000, "user": "u"} if vendor == "openai" else {maximum: 5000}
        arguments["extra_headers"] = {"x-mine": "1"}
    before = copy.deepcopy(arguments)
    budget = BudgetManager(global_token_limit=2500)
    client = wrap(bench.client(vendor), budget)

    async def use() -> None:
        answer = await got(created(vendor, client)(**arguments, stream=stream))
        if stream:
            await every(answer)

    bench.run(use())
    assert arguments == before
    body = bench.provider.requests[0].body
    assert (body["options"]["num_predict"] if vendor == "ollama" else body[maximum]) < 5000


def created(vendor: str, client: Any) -> Any:
    if vendor == "ollama":
        return client.chat
    return client.messages.create if vendor == "anthropic" else client.chat.completions.create


def test_iterators_reach_the_provider_whole(bench):
    """Reading the call does not use up messages, blocks and tools that are given as iterators."""
    bodies = []
    for budget in (None, plenty()):
        blocks = ({"type": "text", "text": text} for text in ("What do you see", "from there?"))
        tools = ({"name": name, "input_schema": {"type": "object"}} for name in ("look", "listen"))
        messages: Any = (each for each in [{"role": "user", "content": blocks}])
        plain = bench.client("anthropic")
        client = plain if budget is None else wrap(plain, budget)
        bench.run(got(client.messages.create(**MESSAGE | {"messages": messages, "tools": tools})))
        bodies.append(bench.provider.requests[-1].body)
    assert bodies[0] == bodies[1]
    assert len(bodies[1]["messages"][0]["content"]) == len(bodies[1]["tools"]) == 2


@pytest.mark.parametrize("path", ["/moderations", "/chat/completions"])
def test_a_body_that_contains_itself_is_the_sdks_to_refuse(bench, path):
    """The same error as without a budget, and nothing stays reserved."""
    body: dict[str, Any] = {**CHAT, "metadata": {}}
    body["metadata"]["body"] = body
    budget = plenty()
    with pytest.raises((ValueError, RecursionError)) as plain:
        bench.run(got(bench.client("openai").post(path, body=body, cast_to=object)))
    with pytest.raises(plain.type, match=re.escape(str(plain.value))):
        bench.run(got(wrap(bench.client("openai"), budget).post(path, body=body, cast_to=object)))
    assert bench.provider.request_count == 0
    assert not budget.get_global_stats().reserved


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "groq"])
def test_retries_are_the_sdks_own(bench, vendor):
    """As many as before, and each of them tells its number."""
    bench.provider.enqueue(Reply(status=503), Reply(status=429))
    bench.run(call(vendor, wrap(bench.client(vendor, max_retries=2), plenty())))
    counts = [request.headers.get("x-stainless-retry-count") for request in bench.provider.requests]
    assert counts == ["0", "1", "2"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_copies_and_weak_references_work(bench, vendor):
    """`copy.copy` of a wrapped client is guarded, and nothing keeps a client alive."""
    client = wrap(bench.client(vendor), BudgetManager(global_token_limit=1))
    with pytest.raises(BudgetExceeded):
        bench.run(call(vendor, copy.copy(client)))
    reference = weakref.ref(client)
    assert reference() is client
    del client
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("vendor", ["openai", "azure", "anthropic", "groq"])
def test_options_keep_the_budget_and_the_options(bench, vendor):
    """A chain of copies is still guarded, and takes what it is told."""
    client = wrap(bench.client(vendor), BudgetManager(global_token_limit=1))
    changed = client.with_options(timeout=3).copy(max_retries=7).with_options(default_headers={"x-mine": "1"})
    assert (changed.timeout, changed.max_retries, changed.default_headers["x-mine"]) == (3, 7, "1")
    assert type(changed) is type(client)
    with pytest.raises(BudgetExceeded):
        bench.run(call(vendor, changed))
    assert client.max_retries == 0


@pytest.mark.parametrize("vendor", ["anthropic", "openai"])
def test_context_managers_and_closing_work(bench, vendor):
    """`with` and `close` act on the shared HTTP client, as copies of the SDK's own do."""
    client = wrap(bench.client(vendor), plenty())

    async def use() -> None:
        if bench.is_async:
            async with client as same:
                assert same is client
        else:
            with client as same:
                assert same is client

    bench.run(use())
    assert client.is_closed()


def test_an_http_client_of_the_other_library_is_watched_too(bench):
    """openai 3 still takes clients of httpx: their streams are of another class."""
    httpx: Any = pytest.importorskip("httpx")
    if http_library("openai") is httpx:
        pytest.skip("this SDK sends through httpx anyway")
    made = (httpx.AsyncClient if bench.is_async else httpx.Client)(verify=False)
    budget = plenty()
    client = wrap(bench.client("openai", http_client=made), budget)

    async def use() -> list[Any]:
        return await every(await got(client.chat.completions.create(**CHAT, stream=True)))

    chunks = bench.run(use())
    bench.run(call("openai", client))
    assert all(chunk.choices for chunk in chunks)
    assert budget.get_global_stats().total_tokens == bench.provider.bill.total_tokens


# Twice, and with whom


@pytest.mark.parametrize("vendor", VENDORS)
def test_wrapping_twice_with_one_budget_counts_once(bench, vendor):
    """By the later binding."""
    budget = plenty()
    client = wrap(wrap(bench.client(vendor), budget, user_key="ada"), budget, user_key="bob")
    bench.run(call(vendor, client))
    stats = budget.get_global_stats()
    assert (stats.requests, stats.total_tokens) == (1, bench.provider.bill.total_tokens)
    assert budget.get_user_stats("bob").requests == 1
    assert budget.get_user_stats("ada").requests == 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_wrapping_with_two_budgets_makes_both_hold(bench, vendor):
    """Both count, and a call that either refuses is not sent and holds nothing in the other."""
    team, own = plenty(), BudgetManager(limits=[Limit(requests=1)])
    client = wrap(wrap(bench.client(vendor), team), own)
    bench.run(call(vendor, client))
    with pytest.raises(BudgetExceeded):
        bench.run(call(vendor, client))
    assert team.get_global_stats().total_tokens == own.get_global_stats().total_tokens
    assert team.get_global_stats().requests == bench.provider.request_count == 1
    assert not team.get_global_stats().reserved
    streamed = wrap(wrap(bench.client(vendor), team), plenty())

    async def use() -> None:
        await every(await call(vendor, streamed, stream=True))

    bench.run(use())
    assert team.get_global_stats().requests == 2
    assert not team.get_global_stats().reserved


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_bound_client_charges_its_user_everywhere(bench, vendor):
    """`wrap(user_key=)` and `wrap(client, session)` hold in threads that know no session, and inside others' sessions."""
    budget = plenty(per_user_token_limit=10**6)
    bound = wrap(bench.client(vendor), budget, user_key="ada")
    session = budget.session(user_key="bob", session_id="chat-7")
    of_session = wrap(bench.client(vendor), session)
    with budget.session(user_key="eve"), ThreadPoolExecutor(2) as threads:
        bench.run(call(vendor, bound))
        bench.run(call(vendor, of_session))
        if not bench.is_async:
            for client in (bound, of_session):
                threads.submit(lambda client=client: PlainDriver().run(call(vendor, client))).result()
    calls = 1 if bench.is_async else 2
    assert budget.get_user_stats("ada").requests == calls
    assert budget.get_user_stats("bob").requests == calls
    assert budget.get_session_stats("bob", "chat-7").requests == calls
    assert budget.get_user_stats("eve").requests == 0
    assert session.stats.requests == calls


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_sessions_own_limit_holds_for_its_client(bench, vendor):
    """`session(limits=)` goes where the wrapped client goes."""
    budget = BudgetManager()
    client = wrap(bench.client(vendor), budget.session(user_key="ada", limits=[Limit(requests=1)]))
    bench.run(call(vendor, client))
    with pytest.raises(BudgetExceeded) as refused:
        bench.run(call(vendor, client))
    assert refused.value.scope == "run"


def test_the_ambient_session_is_charged(bench):
    """An unbound client charges whoever's session it is called in, also across tasks."""
    budget = plenty()
    client = wrap(bench.client("openai"), budget)

    async def as_user(name: str) -> None:
        with budget.session(user_key=name):
            if bench.is_async:
                await asyncio.sleep(0)
            await call("openai", client)

    async def both() -> None:
        if bench.is_async:
            await asyncio.gather(as_user("ada"), as_user("bob"))
        else:
            await as_user("ada")
            await as_user("bob")

    bench.run(both())
    assert budget.get_user_stats("ada").requests == budget.get_user_stats("bob").requests == 1


def test_a_stream_is_the_sdks_own(bench):
    """Its type, response and headers are what the SDK gives."""
    kind = openai.AsyncStream if bench.is_async else openai.Stream
    client = wrap(bench.client("openai"), plenty())

    async def use() -> Any:
        stream = await got(client.chat.completions.create(**CHAT, stream=True))
        await every(stream)
        return stream

    stream = bench.run(use())
    assert isinstance(stream, kind)
    assert stream.response.headers["content-type"].startswith("text/event-stream")
    assert stream.response.status_code == 200


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "groq"])
@pytest.mark.parametrize("form", ["stream", "streaming"])
def test_a_response_says_how_long_it_took(bench, vendor, form):
    """httpx2 and the SDKs' tracing ask the byte stream for more than bytes: what the original knows is still found there."""
    client = wrap(bench.client(vendor), plenty())
    resource = client.messages if vendor == "anthropic" else client.chat.completions
    asked: Any = {"openai": CHAT, "anthropic": MESSAGE, "groq": GROQ}[vendor]

    async def use() -> Any:
        if form == "stream":
            stream = await got(resource.create(**asked, stream=True))
            await every(stream)
            return stream.response
        async with Entered(resource.with_streaming_response.create(**asked)) as response:
            await got(response.read())
        return response

    assert bench.run(use()).elapsed.total_seconds() > 0


def test_middleware_runs_per_attempt_and_is_guarded(bench):
    """Anthropic's middleware sees each attempt, its own retries are counted, and errors stay free."""
    try:
        client = bench.client("anthropic", middleware=[])
    except TypeError:
        pytest.skip("this SDK has no middleware")
    seen: list[int] = []

    def plain_twice(request: Any, call_next: Any) -> Any:
        answer = call_next(request)
        seen.append(answer.http_response.status_code)
        return call_next(request) if answer.http_response.status_code == 500 else answer

    async def async_twice(request: Any, call_next: Any) -> Any:
        answer = await call_next(request)
        seen.append(answer.http_response.status_code)
        return await call_next(request) if answer.http_response.status_code == 500 else answer

    bench.provider.enqueue(Reply(status=500), Reply(), Reply(status=429), Reply())
    budget = plenty()
    client = bench.client("anthropic", middleware=[async_twice if bench.is_async else plain_twice], max_retries=1)
    client = wrap(client, budget)
    bench.run(got(client.messages.create(**MESSAGE)))
    bench.run(got(client.messages.create(**MESSAGE)))
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert seen == [500, 429, 200]
    assert (stats.total_tokens, stats.requests) == (bill.total_tokens, 2)
    assert not stats.reserved
    assert not stats.unconfirmed
    refusing = wrap(client, BudgetManager(global_token_limit=1))
    with pytest.raises(BudgetExceeded):
        bench.run(got(refusing.messages.create(**MESSAGE)))


def test_what_middleware_makes_of_a_request_is_what_is_held(bench):
    """Middleware may ask for more than the caller: the attempt is read again."""
    try:
        client = bench.client("anthropic", middleware=[])
    except TypeError:
        pytest.skip("this SDK has no middleware")

    def enlarged(request: Any) -> Any:
        return request.copy(body={**request.json, "max_tokens": 100_000, "model": "claude-opus-5-5"})

    def plain_more(request: Any, call_next: Any) -> Any:
        return call_next(enlarged(request))

    async def async_more(request: Any, call_next: Any) -> Any:
        return await call_next(enlarged(request))

    budget = plenty()
    client = wrap(bench.client("anthropic", middleware=[async_more if bench.is_async else plain_more]), budget)
    bench.run(got(client.messages.create(**MESSAGE | {"messages": ASKED})))
    assert bench.provider.requests[0].body["max_tokens"] == 100_000
    assert budget.ledger.handles[0].reserved.tokens > 100_000
