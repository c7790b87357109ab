"""What an attempt is charged of which nobody knows whether it was billed, and how a stale connection is told apart."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from llm_token_budget import ConfigurationError, wrap
from llm_token_budget.providers import outcome
from llm_token_budget.testing import PROXY_PAGE, Reply

from .driving import first, got, plenty
from .forms import CHAT, GROQ, MESSAGE, OLLAMA

VENDORS = ("openai", "anthropic", "groq", "ollama")
CHOICES = ("charge", "input", "release")

UNKNOWN = {
    "504": Reply(status=504, billed=True),
    "408": Reply(status=408, billed=True),
    "524": Reply(status=524, billed=True),
    "page of a proxy": Reply(status=502, body=PROXY_PAGE, billed=True),
    "dropped": Reply(drop="after"),
    "reset": Reply(drop="before"),
    "cut": Reply(cut_after=1),
    "unreadable": Reply(body="not JSON", headers={"content-type": "application/json"}),
}


async def call(vendor: str, client: Any, **more: Any) -> Any:
    match vendor:
        case "anthropic":
            return await got(client.messages.create(**MESSAGE | more))
        case "ollama":
            return await got(client.chat(**OLLAMA | more))
        case _:
            return await got(client.chat.completions.create(**(GROQ if vendor == "groq" else CHAT) | more))


def fail(bench: Any, vendor: str, client: Any) -> None:
    """A call that can't succeed."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each SDK has its own
        bench.run(call(vendor, client))
    assert not type(caught.value).__module__.startswith("llm_token_budget")


def reserved(budget: Any) -> tuple[int, int]:
    """(input, all) tokens of what was granted last."""
    handle = budget.ledger.handles[-1]
    return handle.input_tokens, handle.reserved.tokens


def charged(budget: Any, choice: str) -> None:
    """The account after one attempt whose outcome nobody knows."""
    stats = budget.get_global_stats()
    assert not stats.reserved
    tokens_in, tokens = reserved(budget)
    match choice:
        case "charge":
            assert (stats.input_tokens, stats.total_tokens) == (tokens_in, tokens)
        case "input":
            assert stats.input_tokens == stats.total_tokens == tokens_in
        case _:
            assert (stats.total_tokens, stats.requests, stats.total_cost) == (0, 0, 0)
    assert stats.unconfirmed.tokens == stats.total_tokens
    assert len(budget.unconfirmed()) == (choice != "release")


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("ending", UNKNOWN)
@pytest.mark.parametrize("vendor", ["openai", "ollama"])
def test_an_unknown_outcome_is_charged_as_the_budget_says(bench, vendor, ending, choice):
    """All that was held, what was held for the input, or nothing."""
    bench.provider.reply(UNKNOWN[ending])
    budget = plenty(unknown_outcome=choice)
    client = wrap(bench.client(vendor), budget)
    fail(bench, vendor, client)
    bench.provider.wait_until_idle()
    charged(budget, choice)


def test_the_input_alone_costs_less_than_the_whole(bench):
    """In money too: at the worst rates of the input."""
    bench.provider.reply(Reply(status=504))
    spent = {}
    for choice in ("charge", "input"):
        budget = plenty(unknown_outcome=choice)
        fail(bench, "openai", wrap(bench.client("openai"), budget))
        spent[choice] = budget.get_global_stats().total_cost
    assert Decimal(0) < spent["input"] < spent["charge"]


@pytest.mark.parametrize("choice", CHOICES)
def test_a_cancelled_call_is_charged_as_the_budget_says(async_bench, choice):
    """It was sent, and nobody waits for its answer any more."""
    budget = plenty(unknown_outcome=choice)
    client = wrap(async_bench.client("openai"), budget)

    async def cancelled() -> None:
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def hang(_: Any) -> Reply:
            loop.call_soon_threadsafe(arrived.set)
            return Reply(hang=True)

        async_bench.provider.on(hang)
        task = asyncio.ensure_future(call("openai", client))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async_bench.run(cancelled())
    charged(budget, choice)


@pytest.mark.parametrize("choice", CHOICES)
def test_a_stream_that_nobody_can_read_to_its_bill(bench, choice):
    """A reasoning model's stream, left early: its input was billed for certain, so that is charged at least."""
    bench.provider.reply(Reply(output_tokens=50, reasoning_tokens=20))
    budget = plenty(unknown_outcome=choice)
    client = wrap(bench.client("openai"), budget)

    async def left_early() -> None:
        stream = await call("openai", client, model="o3-mini", max_tokens=None, max_completion_tokens=500, stream=True)
        await first(stream)
        await got(stream.close())

    bench.run(left_early())
    charged(budget, "charge" if choice == "charge" else "input")


@pytest.mark.parametrize("choice", CHOICES)
def test_what_is_known_is_charged_whatever_the_option_says(bench, choice):
    """An answer costs what it costs, an error of the provider nothing."""
    budget = plenty(unknown_outcome=choice)
    client = wrap(bench.client("openai"), budget)
    bench.run(call("openai", client))
    bench.provider.reply(Reply(status=500))
    fail(bench, "openai", client)
    assert budget.get_global_stats().total_tokens == bench.provider.bill.total_tokens > 0


def test_a_retry_that_succeeds_keeps_the_lost_attempts_charge(bench):
    """Each attempt is charged for itself."""
    bench.provider.enqueue(Reply(status=504), Reply())
    budget = plenty(unknown_outcome="input")
    bench.run(call("openai", wrap(bench.client("openai", max_retries=1), budget)))
    stats = budget.get_global_stats()
    assert stats.requests == 2
    assert stats.unconfirmed.tokens == reserved(budget)[0]
    assert stats.total_tokens - stats.unconfirmed.tokens == bench.provider.bill.total_tokens


def test_a_wrong_choice_is_said_at_once(make_budget):
    """With the choices."""
    with pytest.raises(ConfigurationError, match="'charge', 'input', 'release'"):
        make_budget(unknown_outcome="refund")


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_reused_connection_that_is_dropped_unanswered_costs_the_input(bench, vendor, drop):
    """The server closed (or reset) an idle connection just as the request came."""
    bench.provider.enqueue(Reply(), Reply(drop=drop, billed=False))
    client, free = bench.client(vendor), plenty()
    bench.run(call(vendor, wrap(client, free)))
    budget = plenty()
    fail(bench, vendor, wrap(client, budget))
    charged(budget, "input")


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_fresh_connection_that_is_dropped_stays_unknown(bench, vendor, drop):
    """The request may have been worked on."""
    bench.provider.reply(Reply(drop=drop))
    budget = plenty()
    fail(bench, vendor, wrap(bench.client(vendor), budget))
    charged(budget, "charge")


def test_a_reused_connection_that_is_cut_in_its_answer_stays_unknown(bench):
    """Some of the answer had come."""
    bench.provider.enqueue(Reply(), Reply(cut_after=1))
    client = bench.client("openai")
    bench.run(call("openai", wrap(client, plenty())))
    budget = plenty()
    fail(bench, "openai", wrap(client, budget))
    charged(budget, "charge")


def test_a_reused_connection_that_times_out_stays_unknown(bench):
    """The server may be working on it still."""
    bench.provider.enqueue(Reply(), Reply(hang=True))
    client = bench.client("openai")
    bench.run(call("openai", wrap(client, plenty())))
    budget = plenty()
    with pytest.raises(Exception):  # noqa: B017, PT011
        bench.run(call("openai", wrap(client, budget), timeout=0.05))
    charged(budget, "charge")


def test_a_call_made_while_a_stale_connection_is_handled_is_judged_by_itself(bench):
    """Its error has the earlier one as its context."""
    bench.provider.enqueue(Reply(), Reply(drop="after", billed=False), Reply(drop="after"))
    client, budget = bench.client("openai"), plenty()
    bench.run(call("openai", wrap(client, plenty())))

    async def tries_again() -> None:
        try:
            await call("openai", wrap(client, plenty()))
        except Exception:
            await call("openai", wrap(client, budget))

    with pytest.raises(Exception) as caught:  # noqa: PT011
        bench.run(tries_again())
    assert caught.value.__context__ is not None
    charged(budget, "charge")


def test_release_gives_the_input_of_a_stale_connection_back_too(bench):
    """It gives up whatever is not known."""
    bench.provider.enqueue(Reply(), Reply(drop="after", billed=False))
    client = bench.client("openai")
    bench.run(call("openai", wrap(client, plenty())))
    budget = plenty(unknown_outcome="release")
    fail(bench, "openai", wrap(client, budget))
    charged(budget, "release")


def test_a_retry_after_a_stale_connection_settles_its_own_truth(bench):
    """The usual case: the SDK tries again on a fresh connection, and succeeds."""
    bench.provider.enqueue(Reply(), Reply(drop="after", billed=False), Reply())
    client = bench.client("openai", max_retries=1)
    bench.run(call("openai", wrap(client, plenty())))
    billed = bench.provider.bill.total_tokens
    budget = plenty()
    bench.run(call("openai", wrap(client, budget)))
    stats = budget.get_global_stats()
    assert stats.requests == 2
    assert stats.unconfirmed.tokens == reserved(budget)[0]
    assert stats.total_tokens - stats.unconfirmed.tokens == bench.provider.bill.total_tokens - billed


@pytest.mark.parametrize("name", ["ReadError", "RemoteProtocolError"])
def test_an_error_without_a_connection_stays_unknown(name):
    """As test doubles and transports of one's own raise it."""
    library = __import__("httpx")
    assert outcome.of_exception(getattr(library, name)("Server disconnected without sending a response.")) == "unknown"
