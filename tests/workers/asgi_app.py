"""A plain ASGI application, for uvicorn: `uvicorn asgi_app:app --workers 3`."""

from __future__ import annotations

import json
import os

from openai import AsyncOpenAI

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.integrations.asgi import BudgetMiddleware

budget = BudgetManager(per_user_token_limit=int(os.environ["BUDGET_LIMIT"]), ledger=os.environ["BUDGET_LEDGER"])
client = wrap(AsyncOpenAI(max_retries=0), budget)
left_open = []

CALL = {
    "model": "gpt-4.1-mini",
    "messages": [{"role": "user", "content": "Why?"}],
    "max_completion_tokens": 100,
}


async def answer(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await budget.aclose(wait=1)
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/chat":
        await client.chat.completions.create(**CALL)
    elif scope["path"] == "/leave-open":
        stream = await client.chat.completions.create(**CALL, stream=True)
        for _ in range(int(scope["query_string"] or 0)):
            await anext(aiter(stream))
        left_open.append(stream)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps({"worker": os.getpid()}).encode()})


app = BudgetMiddleware(
    answer, budget, user_key=lambda request: request.headers.get("x-user"), paths=("/chat", "/leave-open")
)
