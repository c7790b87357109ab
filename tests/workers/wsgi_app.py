"""A plain WSGI application, for gunicorn: `gunicorn wsgi_app:app`, or `--preload`."""

from __future__ import annotations

import json
import os
from wsgiref.headers import Headers

from openai import OpenAI

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.integrations.wsgi import BudgetMiddleware

budget = BudgetManager(per_user_token_limit=int(os.environ["BUDGET_LIMIT"]), ledger=os.environ["BUDGET_LEDGER"])
if os.environ.get("BUDGET_USED_BEFORE_THE_FORK"):
    budget.record(input_tokens=1, user_key="the master")
client = wrap(OpenAI(max_retries=0), budget)
left_open = []


def answer(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/chat":
        client.chat.completions.create(
            model="gpt-4.1-mini", messages=[{"role": "user", "content": "Why?"}], max_completion_tokens=100
        )
    elif path == "/leave-open":
        # A stream that is begun, and that nobody reads on.
        stream = client.chat.completions.create(
            model="gpt-4.1-mini",
            messages=[{"role": "user", "content": "Why?"}],
            max_completion_tokens=100,
            stream=True,
        )
        for _ in range(int(environ["QUERY_STRING"] or 0)):
            next(stream)
        left_open.append(stream)
    start_response("200 OK", Headers([("content-type", "application/json")]).items())
    return [json.dumps({"worker": os.getpid()}).encode()]


app = BudgetMiddleware(
    answer, budget, user_key=lambda request: request.headers.get("x-user"), paths=("/chat", "/leave-open")
)


def worker_exit(_server, _worker):
    """gunicorn's own hook: a worker is about to end."""
    budget.close(wait=1)
