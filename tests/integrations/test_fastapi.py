"""FastAPI and Starlette behind real uvicorn: whose calls are whose in handlers, threads, streams and background tasks."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.security import HTTPBearer
from openai import AsyncOpenAI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Route

from llm_token_budget import BudgetManager, ConfigurationError, Session, wrap
from llm_token_budget.integrations.asgi import BudgetMiddleware, header
from llm_token_budget.integrations.fastapi import BudgetRefused, answer_refused, budget_session

from .asking import AwayLedger, ask, spend
from .serving import uvicorn_serves


@pytest.fixture
def budget():
    return BudgetManager(per_user_token_limit=100, ledger="memory://", wait_for_held=0)


def spend_one(budget):
    """One token of whoever is spending."""
    with budget.reserve(tokens=1) as reservation:
        reservation.settle(tokens=1)


def spent_by(budget, user):
    return budget.get_user_stats(user).total_tokens


def make_app(budget, done, *dependencies):
    """Every place where an application may make calls."""
    app = FastAPI(dependencies=dependencies)

    @app.get("/async")
    async def in_a_task():
        spend_one(budget)
        await asyncio.gather(*(asyncio.to_thread(spend_one, budget) for _ in range(3)))

    @app.get("/sync")
    def in_a_thread():
        assert threading.current_thread() is not threading.main_thread()
        spend_one(budget)

    @app.get("/stream")
    async def streamed():
        async def pieces():
            for piece in "abc":
                spend_one(budget)
                yield piece

        return StreamingResponse(pieces())

    @app.get("/sync-stream")
    def streamed_by_threads():
        def pieces():
            for piece in "abc":
                spend_one(budget)
                yield piece

        return StreamingResponse(pieces())

    @app.get("/background")
    async def afterwards(tasks: BackgroundTasks):
        def later():
            spend_one(budget)
            done.set()

        tasks.add_task(later)

    @app.get("/state")
    async def state(request: Request):
        return [request.state.budget is budget, request.state.budget_session.user_key]

    @app.get("/escapes")
    def escapes():
        with budget.reserve(tokens=101):
            pass

    @app.get("/escapes-in-stream")
    def escapes_in_stream():
        def pieces():
            escapes()
            yield "never"

        return StreamingResponse(pieces())

    return app


@pytest.fixture
def done():
    return threading.Event()


@pytest.fixture(params=["middleware", "behind another", "dependency"])
def site(request, budget, done):
    """The application behind uvicorn, with the door of either kind."""
    if request.param == "dependency":
        app = make_app(budget, done, Depends(budget_session(budget, user_key=header("x-user"))))
        app.add_exception_handler(BudgetRefused, answer_refused)
    else:
        app = make_app(budget, done)
        if request.param == "behind another":
            app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
        app.add_middleware(BudgetMiddleware, budget=budget, user_key=header("x-user"))
    with uvicorn_serves(app) as url, httpx.Client(base_url=url, headers={"x-user": "ada"}) as client:
        yield client


async def pass_on(request, call_next):
    return await call_next(request)


@pytest.mark.parametrize(
    ("path", "tokens"), [("/async", 4), ("/sync", 1), ("/stream", 3), ("/sync-stream", 3), ("/background", 1)]
)
def test_calls_are_charged_to_the_user_wherever_they_are_made(site, budget, done, path, tokens):
    """In the handler, its threads, its stream and after the response; nobody else pays."""
    assert site.get(path).status_code == 200
    assert site.get(path, headers={"x-user": "bob"}).status_code == 200
    if path == "/background":
        assert done.wait(10)
        assert site.get("/state").status_code == 200  # By then the connection's first task is over.
    assert (spent_by(budget, "ada"), spent_by(budget, "bob")) == (tokens, tokens)
    assert budget.get_global_stats().total_tokens == 2 * tokens


def test_the_budget_is_on_the_requests_state(site):
    """With the session next to it."""
    assert site.get("/state").json() == [True, "ada"]


@pytest.mark.parametrize("path", ["/async", "/escapes"])
def test_a_refusal_is_the_same_at_the_door_and_from_a_handler(site, budget, path):
    """Status, headers and body."""
    if path == "/async":
        spend(budget, "ada", 100)
    answered = site.get(path)
    assert answered.status_code == 429
    assert set(answered.json()) == {"error", "reason", "message"}
    assert answered.json()["reason"] == "user_token_limit_exceeded"
    assert answered.headers["x-should-retry"] == "false"
    assert int(answered.headers["retry-after"]) > 0


def test_a_stream_that_can_not_begin_is_refused_as_such(budget, done):
    """A 429, not a 200 that breaks off."""
    app = make_app(budget, done)
    app.add_middleware(BudgetMiddleware, budget=budget, user_key=header("x-user"))
    with uvicorn_serves(app) as url:
        answered = httpx.get(f"{url}/escapes-in-stream", headers={"x-user": "ada"})
    assert answered.status_code == 429
    assert answered.json()["error"] == "budget_exceeded"


def test_many_requests_at_once_are_not_mixed_up(budget, done):
    """Twenty users at the same time, each charged for their own."""
    app = make_app(budget, done)
    app.add_middleware(BudgetMiddleware, budget=budget, user_key=header("x-user"))

    async def all_at_once(url):
        async with httpx.AsyncClient(base_url=url) as client:
            await asyncio.gather(
                *(
                    client.get(path, headers={"x-user": f"user-{number}"})
                    for path in ("/async", "/stream", "/sync")
                    for number in range(20)
                )
            )

    with uvicorn_serves(app) as url:
        asyncio.run(all_at_once(url))
    assert {spent_by(budget, f"user-{number}") for number in range(20)} == {8}


def test_a_wrapped_client_in_a_streaming_handler_holds_the_users_limit(loopback_provider):
    """Chats go on until the user's budget has no room; the provider's bill says the same."""
    budget = BudgetManager(per_user_token_limit=1_000, ledger="memory://", wait_for_held=0, min_output_tokens=50)

    @asynccontextmanager
    async def lifespan(app):
        async with wrap(AsyncOpenAI(base_url=loopback_provider.openai_base_url, api_key="unused"), budget) as client:
            yield {"client": client}

    app = FastAPI(lifespan=lifespan)

    @app.get("/chat")
    async def chat(request: Request):
        async def words():
            chunks = await request.state.client.chat.completions.create(
                model="gpt-6.1-terra", messages=[{"role": "user", "content": "Tides?"}], max_tokens=100, stream=True
            )
            async for chunk in chunks:
                yield chunk.choices[0].delta.content or ""

        return StreamingResponse(words())

    app.add_middleware(BudgetMiddleware, budget=budget, user_key=header("x-user"))
    statuses = []
    with uvicorn_serves(app) as url:
        while 429 not in statuses and len(statuses) < 200:
            statuses.append(httpx.get(f"{url}/chat", headers={"x-user": "ada"}).status_code)
        assert httpx.get(f"{url}/chat", headers={"x-user": "bob"}).status_code == 200
    assert statuses.count(200) > 5
    assert statuses[-1] == 429
    assert spent_by(budget, "ada") <= 1_000
    assert loopback_provider.bill.total_tokens == budget.get_global_stats().total_tokens


def test_starlette_takes_the_managers_own_middleware(budget):
    """As `budget.middleware(...)`, the npm package's name."""

    async def home(request):
        return PlainTextResponse(budget.identify().user_key)

    app = Starlette(routes=[Route("/", home)], middleware=[Middleware(budget.middleware(user_key=header("x-user")))])
    with uvicorn_serves(app) as url:
        assert httpx.get(url, headers={"x-user": "ada"}).text == "ada"
        spend(budget, "ada", 100)
        assert httpx.get(url, headers={"x-user": "ada"}).status_code == 429


def test_a_dependency_takes_fastapis_own_dependencies(budget):
    """The user is whoever FastAPI found out by its own means."""

    def signed_in(ticket: Annotated[object, Depends(HTTPBearer())]) -> str:
        if ticket.credentials != "secret-of-ada":
            raise HTTPException(401)
        return "ada"

    spending = Depends(budget_session(budget, user_key=Depends(signed_in), model=Depends(chosen)))
    app = FastAPI()

    @app.get("/")
    async def home(session: Session = spending):
        return session.user_key

    with uvicorn_serves(app) as url:
        assert httpx.get(url, headers={"authorization": "Bearer secret-of-ada"}).json() == "ada"
        assert httpx.get(url, headers={"authorization": "Bearer other"}).status_code == 401
        spend(budget, "ada", 100)
        refused = httpx.get(url, headers={"authorization": "Bearer secret-of-ada"})
    assert refused.status_code == 429
    assert refused.json()["detail"]["reason"] == "user_token_limit_exceeded"
    assert refused.headers["x-should-retry"] == "false"


def chosen(model: str = "small") -> str:
    return model


async def test_a_dependency_answers_503_when_the_ledger_is_away():
    """And 400 for hostile values, in the format that was asked for."""
    budget = BudgetManager(per_user_token_limit=100, ledger=AwayLedger())
    app = FastAPI(dependencies=[Depends(budget_session(budget, user_key=header("x-user"), error_format="openai"))])
    app.add_exception_handler(BudgetRefused, answer_refused)
    app.add_api_route("/", lambda: None)
    away = await ask(app, method="GET", headers=[("x-user", b"ada")])
    assert (away.status, away.json["error"]["code"]) == (503, "budget_unavailable")
    hostile = await ask(app, method="GET", headers=[("x-user", b"a\x01b")])
    assert (hostile.status, hostile.json["error"]["code"]) == (400, "invalid_user_key")


async def test_a_dependencys_on_blocked_may_give_the_body(budget):
    """What it gives stands under `detail`; other errors of handlers are untouched."""
    spend(budget, "ada", 100)
    door = budget_session(
        budget,
        user_key=header("x-user"),
        on_blocked=lambda request, error: {"upgrade": f"/plans?from={request.url.path}"},
    )
    app = FastAPI(dependencies=[Depends(door)])

    @app.get("/chat")
    async def chat():
        raise HTTPException(404, "no such chat")

    refused = await ask(app, "/chat", method="GET", headers=[("x-user", b"ada")])
    assert (refused.status, refused.json) == (429, {"detail": {"upgrade": "/plans?from=/chat"}})
    other = await ask(app, "/chat", method="GET", headers=[("x-user", b"bob")])
    assert (other.status, other.json) == (404, {"detail": "no such chat"})


def test_wrong_options_of_a_dependency_are_refused_at_once(budget):
    """When the route is made, not at its first request."""
    with pytest.raises(ConfigurationError, match=r"header\('x-user'\)"):
        budget_session(budget, user_key="x-user")
    with pytest.raises(ConfigurationError, match="on_blocked"):
        budget_session(budget, on_blocked=7)
