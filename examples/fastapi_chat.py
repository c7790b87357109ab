"""FastAPI: a chat with a quota per user. Answers are streamed, and a user who has spent it gets a 429.

The middleware asks before each request, and tells the wrapped client who is spending while the answer is streamed: the
handler knows nothing of budgets. Run as it is, it starts a server on this machine and tries itself out.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from _provider import somewhere_to_call
from _serving import asgi_server, try_out
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI
from pydantic import BaseModel

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.integrations.asgi import AsgiRequest, BudgetMiddleware

TOKENS = {"token-of-ada": "ada", "token-of-bob": "bob"}
"""Stands for your sign-in: who may ask is known to the server, and never taken from what a client says of itself."""


class Question(BaseModel):
    question: str


def user_of(request: AsgiRequest) -> str | None:
    """Whose request it is; None for a stranger, who is refused."""
    return TOKENS.get(request.headers.get("authorization", "").removeprefix("Bearer "))


def create_app(budget: BudgetManager) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[dict[str, Any]]:
        async with wrap(AsyncOpenAI(), budget) as client:
            yield {"client": client}

    app = FastAPI(lifespan=lifespan)
    app.add_middleware(BudgetMiddleware, budget=budget, user_key=user_of, paths="/chat")

    @app.post("/chat")
    async def chat(asked: Question, request: Request) -> StreamingResponse:
        return StreamingResponse(words(request.state.client, asked.question), media_type="text/plain")

    return app


async def words(client: AsyncOpenAI, question: str) -> AsyncIterator[str]:
    """The answer, as it comes."""
    chunks = await client.chat.completions.create(
        model="gpt-6.1-terra",
        messages=[{"role": "user", "content": question}],
        max_completion_tokens=400,
        stream=True,
    )
    async for chunk in chunks:
        yield chunk.choices[0].delta.content or ""


def main() -> None:
    with (
        somewhere_to_call() as provider,
        BudgetManager(per_user_cost_limit="0.01") as budget,
        asgi_server(create_app(budget)) as url,
    ):
        try_out(url, budget, provider)


if __name__ == "__main__":
    main()
