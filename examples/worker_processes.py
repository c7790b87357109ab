"""Several worker processes, one budget: uvicorn with three workers over a ledger that they share.

Each worker builds its own BudgetManager over the same file (several hosts: see `redis_deployment.py`). Run as it is, it starts
the workers on this machine, asks from 24 threads until ada's dollar is gone, and compares the provider's bill with the account.
At the end the workers are stopped as a deploy does it, with SIGTERM: nothing is left open or unconfirmed.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from _provider import somewhere_to_call
from _serving import until_refused, uvicorn_workers
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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, somewhere_to_call() as provider:
        os.environ["LLM_TOKEN_BUDGET_LEDGER"] = f"sqlite:///{folder}/budget.db"
        with uvicorn_workers("worker_processes:create_app", 3) as url, ThreadPoolExecutor(24) as threads:
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
