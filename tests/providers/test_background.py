"""Responses that are worked on in the background: held until somebody asks for the answer."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.providers import background

from .driving import Entered, every, first, got, held_tokens, plenty
from .serving import Server, events

USAGE = {"input_tokens": 20, "output_tokens": 30, "total_tokens": 50}
QUEUED: dict[str, Any] = {"id": "resp_1", "object": "response", "status": "queued", "background": True, "output": []}
WORKING = QUEUED | {"status": "in_progress", "usage": None}
DONE = QUEUED | {"status": "completed", "usage": USAGE}


def ask(client: Any, **more: Any) -> Any:
    return client.responses.create(model="gpt-4o-mini", input="Hello", background=True, max_output_tokens=500, **more)


def total(budget: BudgetManager) -> int:
    return budget.get_global_stats().total_tokens


def test_what_is_queued_is_charged_as_held(bench):
    """Nobody knows yet what it comes to: all that was held, as unconfirmed."""
    server, budget = Server(bench, "/responses", QUEUED), plenty()
    bench.run(got(ask(wrap(server.client, budget))))
    assert len(budget.unconfirmed()) == 1
    assert total(budget) == held_tokens(budget) > 500


async def retrieved(client: Any) -> None:
    await got(client.responses.retrieve("resp_1"))


async def retrieved_raw(client: Any) -> None:
    await got(client.responses.with_raw_response.retrieve("resp_1"))


async def retrieved_in_a_block(client: Any) -> None:
    async with Entered(client.responses.with_streaming_response.retrieve("resp_1")) as answer:
        await got(answer.read())


async def retrieved_by_hand(client: Any) -> None:
    await got(client.get("/responses/resp_1", cast_to=object))


async def cancelled(client: Any) -> None:
    await got(client.responses.cancel("resp_1"))


@pytest.mark.parametrize("ask_again", [retrieved, retrieved_raw, retrieved_in_a_block, retrieved_by_hand, cancelled])
def test_the_answer_replaces_what_was_held(bench, ask_again):
    """By its usage, once, whichever way it is asked for."""
    server, budget = Server(bench, "/responses", QUEUED, WORKING, DONE), plenty()
    client = wrap(server.client, budget)

    async def use() -> None:
        await got(ask(client))
        await ask_again(client)
        assert total(budget) == held_tokens(budget)
        for _ in range(2):
            await ask_again(client)

    bench.run(use())
    stats = budget.get_global_stats()
    assert (stats.input_tokens, stats.output_tokens, stats.requests) == (20, 30, 1)
    assert budget.unconfirmed() == []
    assert all(row.reserved == 0 for row in budget.remaining())


def test_the_answer_may_be_asked_for_as_a_stream(bench):
    """Its last event has the usage."""
    told = events({"type": "response.completed", "response": DONE})
    server, budget = Server(bench, "/responses", QUEUED, told), plenty()
    client = wrap(server.client, budget)

    async def use() -> None:
        await got(ask(client))
        assert await every(await got(client.responses.retrieve("resp_1", stream=True)))

    bench.run(use())
    assert total(budget) == 50
    assert budget.unconfirmed() == []


def test_a_stream_that_is_left_goes_on_in_the_background(bench):
    """What was seen of it is not all: charged as held, until the answer is asked for."""
    begun = events(
        {"type": "response.created", "response": WORKING}, {"type": "response.output_text.delta", "delta": "Hi"}
    )
    server, budget = Server(bench, "/responses", begun, DONE), plenty()
    client = wrap(server.client, budget)

    async def use() -> None:
        stream = await got(ask(client, stream=True))
        await first(stream)
        await got(stream.close())

    bench.run(use())
    assert len(budget.unconfirmed()) == 1
    assert total(budget) == held_tokens(budget)
    bench.run(retrieved(client))
    assert total(budget) == 50
    assert budget.unconfirmed() == []


def test_another_client_of_the_same_budget_may_ask(bench):
    """It is the budget that waits. Another budget has nothing to do with it."""
    server, budget, other = Server(bench, "/responses", QUEUED, DONE), plenty(), plenty()
    bench.run(got(ask(wrap(server.client, budget))))
    bench.run(retrieved(wrap(server.client, other)))
    assert (total(other), len(budget.unconfirmed())) == (0, 1)
    bench.run(retrieved(wrap(server.client, budget)))
    assert (total(budget), len(budget.unconfirmed())) == (50, 0)


def test_both_budgets_of_a_call_wait_for_its_answer(bench):
    """Each is told."""
    server, inner, outer = Server(bench, "/responses", QUEUED, DONE), plenty(), plenty()
    client = wrap(wrap(server.client, inner), outer)
    bench.run(got(ask(client)))
    bench.run(retrieved(client))
    assert (total(inner), total(outer)) == (50, 50)


def test_a_session_sees_the_truth_too(plain_bench):
    """Its statistics had the charge."""
    server, budget = Server(plain_bench, "/responses", QUEUED, DONE), plenty()
    client = wrap(server.client, budget)
    with budget.session(user_key="ada") as session:
        ask(client)
    client.responses.retrieve("resp_1")
    assert session.stats.total_tokens == 50
    assert budget.get_user_stats("ada").total_tokens == 50


def test_an_answer_that_was_refunded_is_charged_all_the_same(bench):
    """A truth that comes later counts."""
    server, budget = Server(bench, "/responses", QUEUED, DONE), plenty()
    client = wrap(server.client, budget)
    bench.run(got(ask(client)))
    budget.refund_unconfirmed()
    assert total(budget) == 0
    bench.run(retrieved(client))
    assert total(budget) == 50


def test_an_answer_that_failed_stays_unconfirmed(bench):
    """It says nothing of a bill."""
    server, budget = Server(bench, "/responses", QUEUED, QUEUED | {"status": "failed"}), plenty()
    client = wrap(server.client, budget)
    bench.run(got(ask(client)))
    bench.run(retrieved(client))
    assert len(budget.unconfirmed()) == 1


def test_answers_of_the_foreground_are_not_waited_for(bench):
    """Asking for an old answer costs nothing and changes nothing."""
    server, budget = Server(bench, "/responses", DONE | {"background": False}), plenty()
    client = wrap(server.client, budget)
    bench.run(got(client.responses.create(model="gpt-4o-mini", input="Hello")))
    for _ in range(2):
        bench.run(retrieved(client))
    assert (total(budget), budget.get_global_stats().requests) == (50, 1)


def test_what_is_waited_for_is_bounded(plain_bench, monkeypatch):
    """The oldest is forgotten, and stays as it was held."""
    monkeypatch.setattr(background, "REMEMBERED", 2)
    names = ["resp_1", "resp_2", "resp_3"]
    server, budget = Server(plain_bench, "/responses", *[QUEUED | {"id": name} for name in names], DONE), plenty()
    client = wrap(server.client, budget)
    for _ in names:
        ask(client)
    for name in names:
        client.responses.retrieve(name)
    assert len(budget.unconfirmed()) == 1


def test_a_budget_is_not_kept_for_its_answers(plain_bench):
    """What it waits for goes with it."""
    gc.collect()
    before = len(background._waiting)
    budget = plenty()
    ask(wrap(Server(plain_bench, "/responses", QUEUED).client, budget))
    assert len(background._waiting) == before + 1
    del budget
    gc.collect()
    assert len(background._waiting) == before


def test_the_request_is_sent_as_it_is(plain_bench):
    """Asking for an answer adds nothing to it."""
    server, budget = Server(plain_bench, "/responses", QUEUED, DONE), plenty()
    client = wrap(server.client, budget)
    ask(client)
    assert json.loads(server.last.content)["background"] is True
    client.responses.retrieve("resp_1")
    assert server.last.method == "GET"
    assert server.last.content == b""
