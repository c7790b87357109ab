"""Every way in which a call without a stream can end, and what it is charged."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from dataclasses import dataclass
from typing import Any

import pytest

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.testing import PROXY_PAGE, Reply

from .driving import Entered, got, held_tokens, http_library, is_the_vendors, plenty
from .forms import CHAT, GROQ, MESSAGE, OLLAMA

SDKS = ("openai", "anthropic", "groq")
STATUSES_OF_ERRORS = (400, 401, 403, 404, 409, 413, 422, 429)


async def call(vendor: str, client: Any, **more: Any) -> Any:
    """A plain call, raw if the vendor's name says so."""
    match vendor:
        case "openai" | "azure":
            return await got(client.chat.completions.create(**CHAT | more))
        case "anthropic":
            return await got(client.messages.create(**MESSAGE | more))
        case "groq":
            return await got(client.chat.completions.create(**GROQ | more))
        case _:
            return await got(client.chat(**OLLAMA | more))


@dataclass(frozen=True)
class Ending:
    """What the provider does, and what is charged: nothing ("free"), what was reserved ("held"), or the bill ("truth")."""

    name: str
    reply: Reply
    charge: str


ENDINGS = [
    Ending("success", Reply(), "truth"),
    Ending("success, reasoning", Reply(reasoning_tokens=30), "truth"),
    Ending("success, cached", Reply(input_tokens=90, cached_tokens=40), "truth"),
    *(Ending(f"{status}", Reply(status=status), "free") for status in STATUSES_OF_ERRORS),
    *(Ending(f"{status} with the provider's body", Reply(status=status), "free") for status in (500, 502, 503, 529)),
    *(
        Ending(f"{status} page of a proxy", Reply(status=status, body=PROXY_PAGE, billed=True), "held")
        for status in (500, 502, 503)
    ),
    *(Ending(f"{status}", Reply(status=status, billed=True), "held") for status in (408, 504, 520, 524)),
    Ending("dropped after reading", Reply(drop="after"), "held"),
    Ending("reset", Reply(drop="before"), "held"),
    Ending("cut in the middle", Reply(cut_after=1), "held"),
    Ending("unreadable", Reply(body="not JSON at all", headers={"content-type": "application/json"}), "held"),
    Ending("a page", Reply(body=PROXY_PAGE), "held"),
]


@pytest.mark.parametrize("vendor", [*SDKS, "azure", "ollama"])
@pytest.mark.parametrize("ending", ENDINGS, ids=[ending.name for ending in ENDINGS])
def test_an_ending_is_charged_as_the_table_says(bench, vendor, ending):
    """Errors of the provider are free, answers cost what they say, and what nobody knows costs what was reserved."""
    bench.provider.reply(ending.reply)
    budget = plenty()
    attempt(bench, vendor, wrap(bench.client(vendor), budget))
    check(bench, budget, ending.charge)
    if ending.charge == "truth" and vendor != "ollama":
        assert budget.get_global_stats().total_cost == bench.provider.bill.usd


def attempt(bench: Any, vendor: str, client: Any, **more: Any) -> None:
    """A call that may fail, as the vendor's SDK has it."""
    try:
        bench.run(call(vendor, client, **more))
    except Exception as error:
        # Never one of ours.
        is_the_vendors(error)


def check(bench: Any, budget: BudgetManager, charge: str, attempts: int = 1) -> None:
    """The account after calls whose attempts all ended in one way."""
    bench.provider.wait_until_idle()
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert not stats.reserved
    assert stats.total_tokens >= bill.total_tokens
    match charge:
        case "free":
            assert (stats.total_tokens, stats.requests, stats.total_cost) == (0, 0, 0)
        case "held":
            assert stats.total_tokens == held_tokens(budget) > 0
            assert stats.unconfirmed.tokens == stats.total_tokens
            assert stats.unconfirmed.requests == stats.requests == attempts
        case _:
            assert (stats.total_tokens, stats.requests) == (bill.total_tokens, attempts)
            assert not stats.unconfirmed


USAGES: list[tuple[str, Any]] = [
    ("absent", "absent"),
    ("null", "null"),
    ("empty", {}),
    ("negative", {"prompt_tokens": -5, "completion_tokens": -1, "input_tokens": -5, "output_tokens": -1}),
    ("absurd", {"prompt_tokens": 10**15, "completion_tokens": 10**15, "input_tokens": 10**15, "output_tokens": 10**15}),
    ("texts", {"prompt_tokens": "9", "completion_tokens": "9", "input_tokens": "9", "output_tokens": "9"}),
    ("fractions", {"prompt_tokens": 9.5, "completion_tokens": 0.5, "input_tokens": 9.5, "output_tokens": 0.5}),
    ("input only", {"prompt_tokens": 30, "input_tokens": 30}),
    ("output only", {"completion_tokens": 16, "output_tokens": 16}),
    ("lists", {"prompt_tokens": [], "completion_tokens": {}, "input_tokens": [], "output_tokens": {}}),
    ("true", {"prompt_tokens": True, "completion_tokens": True, "input_tokens": True, "output_tokens": True}),
]


@pytest.mark.parametrize("vendor", [*SDKS, "ollama"])
@pytest.mark.parametrize("usage", [usage for _, usage in USAGES], ids=[name for name, _ in USAGES])
def test_an_odd_usage_is_never_an_under_count(bench, vendor, usage):
    """A usage that is missing or nonsense is replaced by an estimate, marked so, which the bill does not exceed."""
    if vendor == "ollama":
        names = {"prompt_tokens": "prompt_eval_count", "completion_tokens": "eval_count"}
        usage = {names.get(name, name): count for name, count in usage.items()} if isinstance(usage, dict) else usage
    bench.provider.reply(Reply(usage=usage))
    budget = plenty()
    attempt(bench, vendor, wrap(bench.client(vendor), budget))
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert bill.total_tokens <= stats.total_tokens <= held_tokens(budget)
    assert stats.estimated_requests + stats.unconfirmed.requests == 1
    assert not stats.reserved


def test_a_whole_number_written_as_a_float_is_read(bench):
    """Some servers write counts as 30.0."""
    bench.provider.reply(Reply(usage={"prompt_tokens": 30.0, "completion_tokens": 16.0, "total_tokens": 46}))
    budget = plenty()
    attempt(bench, "groq", wrap(bench.client("groq"), budget))
    assert budget.get_global_stats().total_tokens == 46
    assert budget.get_global_stats().estimated_requests == 0


def test_parts_above_their_total_make_nothing_cheaper(bench):
    """An answer with more cached tokens than input tokens costs at least what the input would."""
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 5000}}
    bench.provider.reply(Reply(usage=usage))
    budget, honest = plenty(), plenty()
    attempt(bench, "openai", wrap(bench.client("openai"), budget))
    bench.provider.reply(Reply(usage={"prompt_tokens": 100, "completion_tokens": 10}))
    attempt(bench, "openai", wrap(bench.client("openai"), honest))
    assert budget.get_global_stats().total_cost >= honest.get_global_stats().total_cost
    assert budget.get_global_stats().total_tokens == 110


@pytest.mark.parametrize("vendor", [*SDKS, "ollama"])
def test_a_refused_connection_is_free(bench, vendor):
    """Nothing left the machine."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    budget = plenty()
    more = {} if vendor == "ollama" else {"max_retries": 2}
    attempt(bench, vendor, wrap(bench.client(vendor, base_url=address, **more), budget))
    check(bench, budget, "free")
    assert len(budget.ledger.handles) == (1 if vendor == "ollama" else 3)


@pytest.mark.parametrize("vendor", SDKS)
@pytest.mark.parametrize("name", ["ConnectTimeout", "PoolTimeout", "ProxyError", "ConnectError"])
def test_a_call_that_never_left_is_free(bench, vendor, name):
    """Connect and pool timeouts, failing proxies and names that don't resolve are not billed."""
    library = http_library(vendor)

    def fail(request: Any) -> Any:
        raise getattr(library, name)("no way out", request=request)

    budget = plenty()
    http = bench.http_client(vendor, transport=library.MockTransport(fail))
    attempt(bench, vendor, wrap(bench.client(vendor, http_client=http), budget))
    check(bench, budget, "free")
    assert len(budget.ledger.handles) == 1


@pytest.mark.parametrize("vendor", SDKS)
@pytest.mark.parametrize("name", ["ReadTimeout", "WriteTimeout", "ReadError", "WriteError", "RemoteProtocolError"])
def test_a_call_that_was_lost_on_the_way_is_charged(bench, vendor, name):
    """Each attempt of the SDK, retries included, is charged what it had reserved."""
    library = http_library(vendor)

    def fail(request: Any) -> Any:
        raise getattr(library, name)("lost", request=request)

    budget = plenty()
    http = bench.http_client(vendor, transport=library.MockTransport(fail))
    attempt(bench, vendor, wrap(bench.client(vendor, http_client=http, max_retries=2), budget))
    check(bench, budget, "held", attempts=3)


@pytest.mark.parametrize("vendor", [*SDKS, "ollama"])
def test_a_read_timeout_is_charged_per_attempt(bench, vendor):
    """The provider computes on, and bills each attempt that the SDK gave up."""
    bench.provider.reply(Reply(hang=True))
    budget = plenty()
    timeout = http_library(vendor).Timeout(10.0, read=0.05)
    attempts = 1 if vendor == "ollama" else 3
    more = {} if vendor == "ollama" else {"max_retries": 2}
    attempt(bench, vendor, wrap(bench.client(vendor, timeout=timeout, **more), budget))
    check(bench, budget, "held", attempts=attempts)
    assert bench.provider.bill.requests == attempts


@pytest.mark.parametrize("vendor", SDKS)
@pytest.mark.parametrize(
    ("lost", "charged"),
    [
        (Reply(status=429), False),
        (Reply(status=503), False),
        (Reply(status=504, billed=True), True),
        (Reply(status=502, body=PROXY_PAGE, billed=True), True),
        (Reply(drop="after"), True),
    ],
    ids=["429", "503", "504", "proxy", "dropped"],
)
def test_a_retry_that_succeeds_keeps_the_lost_attempts_charge(bench, vendor, lost, charged):
    """The answer settles its own attempt; the attempt before it stays charged if it may have been billed."""
    bench.provider.enqueue(lost)
    budget = plenty()
    bench.run(call(vendor, wrap(bench.client(vendor, max_retries=2), budget)))
    bench.provider.wait_until_idle()
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert bench.provider.request_count == 2
    answer = bill.lines[-1].total_tokens
    lost_tokens = budget.ledger.handles[0].reserved.tokens if charged else 0
    assert stats.total_tokens == answer + lost_tokens
    assert stats.unconfirmed.tokens == lost_tokens
    assert stats.requests == 1 + charged
    assert not stats.reserved


@pytest.mark.parametrize("vendor", SDKS)
@pytest.mark.parametrize("status", [400, 429, 500, 502])
def test_errors_of_raw_and_streamed_calls_are_free_too(bench, vendor, status):
    """The error's body may be unread or closed: its status and type say enough."""
    bench.provider.reply(Reply(status=status))
    budget = plenty()
    client = wrap(bench.client(vendor, max_retries=1), budget)
    attempt(bench, vendor, client, stream=True)
    resource = client.messages if vendor == "anthropic" else client.chat.completions
    arguments = {"openai": CHAT, "anthropic": MESSAGE, "groq": GROQ}[vendor]

    async def streaming() -> None:
        async with Entered(resource.with_streaming_response.create(**arguments)) as response:
            await got(response.read())

    async def raw() -> None:
        await got(resource.with_raw_response.create(**arguments))

    for form in (streaming, raw):
        with pytest.raises(Exception, match=r"loopback|Error|error"):
            bench.run(form())
    check(bench, budget, "free")


def test_a_plain_answer_closed_unread_is_charged(bench):
    """Nobody read what it says: what was reserved is charged."""
    budget = plenty()
    client = wrap(bench.client("openai"), budget)

    async def unread() -> None:
        async with Entered(client.chat.completions.with_streaming_response.create(**CHAT)):
            pass

    bench.run(unread())
    check(bench, budget, "held")


def test_a_plain_answer_dropped_unread_is_charged(bench):
    """Even if nobody closes it: after garbage collection nothing is open."""
    budget = plenty()
    client = wrap(bench.client("openai"), budget)

    async def dropped() -> None:
        options = {"headers": {"X-Stainless-Raw-Response": "stream"}}
        await got(client.post("/chat/completions", body=dict(CHAT), cast_to=object, options=options))

    bench.run(dropped())
    gc.collect()
    check(bench, budget, "held")


@pytest.mark.parametrize("vendor", [*SDKS, "ollama"])
async def test_a_cancelled_task_is_charged(provider, vendor):
    """The request had left: what was reserved is charged, and nothing stays open."""
    from .driving import AsyncDriver, Bench

    arrived = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(request: Any) -> Reply:
        loop.call_soon_threadsafe(arrived.set)
        return Reply(hang=True)

    provider.on(hang)
    budget = plenty()
    bench = Bench(provider, AsyncDriver())
    plain = bench.client(vendor)
    client = wrap(plain, budget)
    for stream in (False, True):
        arrived.clear()
        task = asyncio.ensure_future(started(vendor, client, stream=stream))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    stats = budget.get_global_stats()
    assert stats.total_tokens == stats.unconfirmed.tokens == held_tokens(budget)
    assert stats.requests == 2
    assert not stats.reserved
    await (plain._client.aclose() if vendor == "ollama" else plain.close())
    bench.driver.close()


async def started(vendor: str, client: Any, *, stream: bool) -> None:
    """A call, with the first event of its stream if it has one."""
    answer = await call(vendor, client, stream=stream)
    if stream:
        await anext(aiter(answer))


async def test_a_task_cancelled_before_sending_is_free(provider):
    """Cancelled while it waits for a connection of the pool, a call has not left."""
    import openai

    library = http_library("openai")
    waiting = asyncio.Event()

    class Stuck(library.AsyncBaseTransport):
        async def handle_async_request(self, request: Any) -> Any:
            waiting.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise library.PoolTimeout("no connection", request=request) from None

    budget = plenty()
    http = library.AsyncClient(transport=Stuck())
    client = wrap(openai.AsyncOpenAI(api_key="secret", max_retries=0, http_client=http), budget)
    task = asyncio.ensure_future(call("openai", client))
    await waiting.wait()
    task.cancel()
    with pytest.raises(openai.APIConnectionError):
        await task
    assert budget.get_global_stats().requests == 0
    assert not budget.get_global_stats().reserved
    await http.aclose()


@pytest.mark.parametrize("vendor", SDKS)
def test_an_interrupt_is_charged_and_passes(plain_bench, vendor):
    """KeyboardInterrupt while waiting for an answer reaches the user, and the call is charged what it had reserved."""
    bench = plain_bench
    library = http_library(vendor)

    def interrupted(request: Any) -> Any:
        raise KeyboardInterrupt

    budget = plenty()
    http = bench.http_client(vendor, transport=library.MockTransport(interrupted))
    client = wrap(bench.client(vendor, http_client=http), budget)
    with pytest.raises(KeyboardInterrupt):
        bench.run(call(vendor, client))
    check(bench, budget, "held")


def test_calls_of_a_dead_thread_are_not_left_open(bench):
    """A thread that dies of an error in its call leaves nothing reserved."""
    bench.provider.reply(Reply(drop="after"))
    budget = plenty()
    client = wrap(bench.client("openai"), budget)
    thread = threading.Thread(target=attempt, args=(bench, "openai", client))
    thread.start()
    thread.join()
    check(bench, budget, "held")
