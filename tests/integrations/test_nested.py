"""Two doors on one way: a middleware inside a middleware, and FastAPI's dependency behind one."""

from __future__ import annotations

from contextlib import asynccontextmanager
from decimal import Decimal

import httpx2
import pytest
from fastapi import Depends, FastAPI, Request
from openai import AsyncOpenAI

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.integrations import asgi, wsgi
from llm_token_budget.integrations.asgi import BudgetMiddleware
from llm_token_budget.integrations.fastapi import budget_session

from .asking import ask, environ
from .serving import uvicorn_serves


@pytest.fixture
def budget():
    with BudgetManager(
        per_user_token_limit=1_000, per_session_token_limit=800, missing_user="exempt", wait_for_held=0
    ) as made:
        yield made


def header(name):
    return lambda request: request.headers.get(name)


class App:
    """Spends 100 tokens of whoever is ambient."""

    def __init__(self, budget):
        self.budget = budget
        self.identities = []

    async def __call__(self, scope, receive, send):
        with self.budget.reserve(tokens=100) as reservation:
            reservation.settle(tokens=100)
        self.identities.append((scope["state"]["budget_session"].user_key, scope["state"]["budget_session"].session_id))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"said"})


HEADERS = [("x-outer", b"ada"), ("x-chat", b"chat-7")]


async def test_the_inner_door_inherits_what_it_does_not_name(budget):
    """It names a session, the outer one the user: the call is charged once, to both."""
    app = App(budget)
    both = BudgetMiddleware(
        BudgetMiddleware(app, budget, session_id=header("x-chat")), budget, user_key=header("x-outer")
    )
    assert (await ask(both, headers=HEADERS)).status == 200
    assert app.identities == [("ada", "chat-7")]
    assert budget.get_user_stats("ada").total_tokens == budget.get_global_stats().total_tokens == 100
    assert budget.get_user_stats("ada").requests == 1


async def test_the_inner_door_wins(budget):
    """Another user there is somebody else: nothing of the outer one's is theirs, nor the other way round."""
    app = App(budget)
    inner = BudgetMiddleware(app, budget, user_key=header("x-inner"))
    outer = BudgetMiddleware(inner, budget, user_key=header("x-outer"), session_id=header("x-chat"))
    assert (await ask(outer, headers=[*HEADERS, ("x-inner", b"bob")])).status == 200
    assert app.identities == [("bob", None)]
    assert [stats.user_key for stats in budget.get_all_user_stats()] == ["bob"]


@pytest.mark.parametrize("refuses", ["outer", "inner"])
async def test_a_refusal_is_counted_and_answered_once(budget, refuses):
    """Whichever door it is at; the other's `on_blocked` hears nothing."""
    told = []
    spent = "ada" if refuses == "outer" else "bob"
    budget.record(input_tokens=1_000, user_key=spent)
    app = App(budget)
    inner = BudgetMiddleware(
        app, budget, user_key=lambda request: "bob", on_blocked=lambda request, error: told.append("inner")
    )
    outer = BudgetMiddleware(
        inner, budget, user_key=lambda request: "ada", on_blocked=lambda request, error: told.append("outer")
    )
    answered = await ask(outer)
    assert (answered.status, answered.json["reason"]) == (429, "user_token_limit_exceeded")
    assert told == [refuses]
    assert app.identities == []
    assert budget.get_global_stats().blocked == budget.get_user_stats(spent).blocked == 1


async def test_two_budgets_both_have_to_let_in(budget):
    """Each has its own identity, and the session of each is ambient for its own clients."""
    with BudgetManager(global_token_limit=150) as house:
        app = App(budget)
        inner = BudgetMiddleware(app, budget, user_key=header("x-outer"))
        outer = BudgetMiddleware(inner, house)
        assert (await ask(outer, headers=HEADERS)).status == 200
        house.record(input_tokens=150)
        assert (await ask(outer, headers=HEADERS)).json["reason"] == "global_token_limit_exceeded"
        assert budget.get_user_stats("ada").total_tokens == 100
        assert budget.get_global_stats().blocked == 0


def test_wsgi_inside_wsgi(budget):
    """The same there."""
    seen = []

    def app(environ, start_response):
        with budget.reserve(tokens=100) as reservation:
            reservation.settle(tokens=100)
        seen.append(environ[wsgi.STATE]["budget_session"].user_key)
        start_response("200 OK", [])
        return [b"said"]

    inner = wsgi.BudgetMiddleware(app, budget, session_id=header("x-chat"))
    outer = wsgi.BudgetMiddleware(inner, budget, user_key=header("x-outer"))
    with_headers = environ(HTTP_X_OUTER="ada", HTTP_X_CHAT="chat-7")
    assert b"".join(outer(with_headers, lambda *_: None)) == b"said"
    assert seen == ["ada"]
    assert budget.get_user_stats("ada").total_tokens == 100


def test_the_dependency_behind_the_middleware(loopback_provider):
    """Through a real server, with a wrapped client: each call is charged once, the dependency's user wins."""
    with BudgetManager(per_user_cost_limit="0.05", missing_user="refuse", wait_for_held=0) as budget:

        @asynccontextmanager
        async def lifespan(_app):
            async with wrap(
                AsyncOpenAI(base_url=loopback_provider.openai_base_url, api_key="unused"), budget
            ) as client:
                yield {"client": client}

        app = FastAPI(lifespan=lifespan)
        app.add_middleware(asgi.BudgetMiddleware, budget=budget, user_key=header("x-outer"))

        async def answer(request: Request) -> str:
            reply = await request.state.client.chat.completions.create(
                model="gpt-6.1-terra", messages=[{"role": "user", "content": "Hi"}], max_completion_tokens=50
            )
            return reply.choices[0].message.content

        @app.post("/same", dependencies=[Depends(budget_session(budget))])
        async def same(request: Request) -> str:
            await answer(request)
            return request.state.budget_session.user_key

        @app.post("/other", dependencies=[Depends(budget_session(budget, user_key=header("x-inner")))])
        async def other(request: Request) -> str:
            await answer(request)
            return request.state.budget_session.user_key

        with uvicorn_serves(app) as url, httpx2.Client(base_url=url, timeout=30) as web:
            headers = {"x-outer": "ada", "x-inner": "bob"}
            assert web.post("/same", headers=headers).json() == "ada"
            assert web.post("/other", headers=headers).json() == "bob"
            budget.record(cost="0.05", user_key="bob")
            refused = web.post("/other", headers=headers)
        ada, bob = budget.get_user_stats("ada"), budget.get_user_stats("bob")
        assert refused.status_code == 429
        assert refused.json()["detail"]["reason"] == "user_cost_limit_exceeded"
        assert (ada.requests, ada.blocked) == (1, 0)
        assert (bob.requests, bob.blocked) == (2, 1)  # The second is what was recorded by hand.
        assert ada.total_cost + bob.total_cost - Decimal("0.05") == loopback_provider.bill.usd
        assert loopback_provider.bill.requests == 2
