"""What the web doors add to a request, against the same application without them in the same run.

    python tests/benchmarks/bench_middleware.py

The applications are called without a server, so that nothing but the door's own work is measured. With and without take
turns; the figure is the difference of the medians.
"""

from __future__ import annotations

import asyncio
import io
import statistics
import time
from collections.abc import Callable
from typing import Any

from llm_token_budget import BudgetManager
from llm_token_budget.integrations import asgi, wsgi

ROUNDS = 4000
HEADERS = [
    (b"host", b"example.org"),
    (b"user-agent", b"curl/8.11.0"),
    (b"accept", b"*/*"),
    (b"content-type", b"application/json"),
    (b"x-user", b"ada"),
]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


def wsgi_app(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [])
    yield b"done"


async def receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Any) -> None:
    """Sent."""


def scope(user: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/v1/chat",
        "query_string": b"",
        "headers": HEADERS,
        "state": {"user": user},
    }


def environ(user: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/v1/chat",
        "REMOTE_USER": user,
        "HTTP_X_USER": user,
        "wsgi.input": io.BytesIO(),
    }


def main() -> None:
    budget = BudgetManager(
        global_cost_limit=1_000_000,
        per_user_token_limit=10**12,
        per_session_token_limit=10**12,
        default_model="gpt-6.1-terra",
        ledger="memory://",
    )
    users = [f"user-{number}" for number in range(1000)]
    estimated: dict[str, Any] = {"estimate": (500, 500), "model": "gpt-6.1-terra", "paths": "/v1"}
    of_state: dict[str, Any] = {
        "user_key": lambda request: request.state.user,
        "session_id": lambda request: "chat-7",
    }
    for name, options in (
        ("ASGI, is anything left?", of_state),
        ("ASGI, an estimate", of_state | estimated),
        ("ASGI, user from a header", {"user_key": asgi.header("x-user")}),
    ):
        door = asgi.BudgetMiddleware(asgi_app, budget, **options)
        report(name, *asyncio.run(tasks_in_turns(asgi_app, door, users)))
    for name, options in (
        ("WSGI, is anything left?", {"user_key": lambda request: request.environ["REMOTE_USER"]}),
        ("WSGI, user from a header", {"user_key": wsgi.header("x-user")}),
    ):
        door = wsgi.BudgetMiddleware(wsgi_app, budget, **options)
        report(name, *in_turns(wsgi_app, door, users))


def report(name: str, base: float, ours: float) -> None:
    print(f"{name:28} without {base:6.1f} us   with {ours:6.1f} us   added {ours - base:6.1f} us")


async def tasks_in_turns(one: Any, other: Any, users: list[str]) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        user = users[number % len(users)]
        for which in (0, 1) if number % 2 else (1, 0):
            asked = scope(user)
            start = time.perf_counter_ns()
            await (one, other)[which](asked, receive, send)
            times[which].append((time.perf_counter_ns() - start) / 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def in_turns(one: Any, other: Any, users: list[str]) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        user = users[number % len(users)]
        for which in (0, 1) if number % 2 else (1, 0):
            asked = environ(user)
            start = time.perf_counter_ns()
            call((one, other)[which], asked)
            times[which].append((time.perf_counter_ns() - start) / 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def call(app: Callable[..., Any], asked: dict[str, Any]) -> None:
    pieces = app(asked, lambda status, headers: None)
    for _ in pieces:
        pass
    pieces.close()


if __name__ == "__main__":
    main()
