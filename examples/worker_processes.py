"""Several worker processes, one budget: uvicorn with three workers over a ledger that they share.

Each worker builds its own BudgetManager over the same file (several hosts: `redis://` or `postgresql://` instead). Run as it
is, it starts the workers on this machine, asks from 24 threads until ada's dollar is gone, and compares the provider's bill with
the account. At the end the workers are stopped as a deploy does it, with SIGTERM: nothing is left open or unconfirmed.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from _provider import somewhere_to_call
from _serving import ask
from fastapi import FastAPI, Request
from openai import AsyncOpenAI
from pydantic import BaseModel

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.integrations.asgi import AsgiRequest, BudgetMiddleware

LIMIT = "0.03"


class Question(BaseModel):
    question: str


def user_of(request: AsgiRequest) -> str | None:
    """Stands for your sign-in."""
    return {"token-of-ada": "ada"}.get(request.headers.get("authorization", "").removeprefix("Bearer "))


def new_budget() -> BudgetManager:
    return BudgetManager(per_user_cost_limit=LIMIT, ledger=os.environ["LLM_TOKEN_BUDGET_LEDGER"])


def create_app() -> FastAPI:
    """What each worker runs: `uvicorn --factory worker_processes:create_app --workers 3`."""
    budget = new_budget()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[dict[str, Any]]:
        # On SIGTERM uvicorn lets requests finish, and then leaves this block: the budget carries out what is left.
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
        return {"answer": reply.choices[0].message.content, "worker": str(os.getpid())}

    return app


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def workers(count: int) -> Generator[str]:
    """uvicorn with several worker processes; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "worker_processes:create_app", "--workers", str(count)]
    options = ["--port", str(port), "--log-level", "error"]
    running = subprocess.Popen([*command, *options], cwd=Path(__file__).parent)
    try:
        until = time.monotonic() + 60
        while not answers(port):
            if time.monotonic() > until or running.poll() is not None:
                raise RuntimeError("the workers don't start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


def until_refused(url: str) -> Counter[int]:
    """Ask again and again; how often each status came."""
    statuses = Counter[int]()
    while 429 not in statuses:
        statuses[ask(url, "token-of-ada", "Why is the sky blue?")[0]] += 1
    return statuses


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, somewhere_to_call() as provider:
        os.environ["LLM_TOKEN_BUDGET_LEDGER"] = f"sqlite:///{folder}/budget.db"
        with workers(3) as url, ThreadPoolExecutor(24) as threads:
            counts = sum(threads.map(until_refused, [url] * 24), Counter[int]())
        with new_budget() as budget:
            stats = budget.get_user_stats("ada")
        print(
            f"{counts[200]} answers, {counts[429]} refusals, {sum(counts.values()) - counts[200] - counts[429]} others"
        )
        print(
            f"account ${stats.total_cost:f} of ${LIMIT}, held ${stats.reserved.cost:f}, unconfirmed ${stats.unconfirmed.cost:f}"
        )
        if provider.bill.requests:
            print(f"the provider's bill: ${provider.bill.usd.normalize():f}")


if __name__ == "__main__":
    main()
