"""Websockets through a real server and a real client: who is spending while one is open, and how one is refused."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI, WebSocket
from openai import AsyncOpenAI
from starlette.concurrency import run_in_threadpool

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.integrations.asgi import BudgetMiddleware

from .serving import uvicorn_serves
from .talking import talk


@pytest.fixture
def budget():
    with BudgetManager(per_user_token_limit=200, wait_for_held=0) as made:
        yield made


@pytest.fixture
def url(budget, loopback_provider):
    """An application that answers each text with one call for whoever opened the socket."""

    @asynccontextmanager
    async def lifespan(_app):
        async with wrap(AsyncOpenAI(base_url=loopback_provider.openai_base_url, api_key="unused"), budget) as client:
            yield {"client": client}

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/chat")
    async def chat(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            question = await socket.receive_text()
            if question == "who am I?":
                await socket.send_text(await run_in_threadpool(lambda: budget.session().user_key))
                continue
            reply = await socket.state.client.chat.completions.create(
                model="gpt-6.1-terra", messages=[{"role": "user", "content": question}], max_completion_tokens=20
            )
            await socket.send_text(reply.choices[0].message.content)

    app.add_middleware(BudgetMiddleware, budget=budget, user_key=lambda request: request.headers.get("x-user"))
    with uvicorn_serves(app) as address:
        yield address


def test_calls_of_an_open_socket_are_charged_to_whoever_opened_it(url, budget, loopback_provider):
    """Side by side, each to their own; in worker threads, too."""
    with talk(url, "/chat", x_user="ada") as (status, ada), talk(url, "/chat", x_user="bob") as (_, bob):
        assert status == 101
        for socket, name in ((ada, "ada"), (bob, "bob"), (ada, "ada")):
            socket.say("who am I?")
            assert socket.hear() == name
            socket.say("Why is the sky blue?")
            assert isinstance(socket.hear(), str)
    assert budget.get_user_stats("ada").requests == 2
    assert budget.get_user_stats("bob").requests == 1
    assert budget.get_global_stats().total_tokens == loopback_provider.bill.total_tokens


def test_a_budget_that_ends_closes_the_socket(url, budget):
    """With 1008 and the reason; nothing of it is sent."""
    with talk(url, "/chat", x_user="ada") as (status, ada):
        assert status == 101
        budget.record(input_tokens=190, user_key="ada")
        ada.say("Why is the sky blue?")
        assert ada.hear() == (1008, "user_token_limit_exceeded")
    assert budget.get_user_stats("ada").blocked == 1


def test_room_that_is_only_held_closes_it_with_the_other_code(url, budget):
    """1013: try again later."""
    with talk(url, "/chat", x_user="ada") as (_, ada), budget.reserve(tokens=190, user_key="ada") as reservation:
        ada.say("Why is the sky blue?")
        assert ada.hear() == (1013, "user_token_limit_exceeded")
        reservation.release()


def test_a_spent_budget_opens_none(url, budget):
    """The server answers the handshake with 403; the handler hears nothing of it."""
    budget.record(input_tokens=200, user_key="ada")
    with talk(url, "/chat", x_user="ada") as (status, _):
        assert status == 403
    with talk(url, "/chat", x_user="bob") as (status, _):
        assert status == 101
    assert budget.get_user_stats("ada").blocked == 1


def test_nobody_opens_none(url):
    """Under a limit per user somebody has to be named."""
    with talk(url, "/chat") as (status, _):
        assert status == 403
