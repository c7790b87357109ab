"""Django, in one file: a chat with a quota per user. Answers are streamed, and a user who has spent it gets a 429.

The middleware is made in code and named in `MIDDLEWARE`; it would serve an asynchronous server as well. Run as it is, it
starts a server on this machine and tries itself out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import django  # type: ignore[import-untyped]
from _provider import somewhere_to_call
from _serving import try_out, wsgi_server
from django.conf import settings  # type: ignore[import-untyped]
from django.core.wsgi import get_wsgi_application  # type: ignore[import-untyped]
from django.http import StreamingHttpResponse  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]
from django.views.decorators.csrf import csrf_exempt  # type: ignore[import-untyped]
from openai import OpenAI

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.integrations.django import budget_middleware

TOKENS = {"token-of-ada": "ada", "token-of-bob": "bob"}
"""Stands for your sign-in: with Django's own, `user_key=signed_in_user` from the same module is all it takes."""


def user_of(request: Any) -> str | None:
    """Whose request it is; None for a stranger, who is refused."""
    return TOKENS.get(request.headers.get("authorization", "").removeprefix("Bearer "))


budget = BudgetManager(per_user_cost_limit="0.01")
middleware = budget_middleware(budget, user_key=user_of, paths="/chat")


@csrf_exempt  # type: ignore[untyped-decorator]
def chat(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(words(json.loads(request.body)["question"]), content_type="text/plain")


def words(question: str) -> Iterator[str]:
    """The answer, as it comes."""
    with wrap(OpenAI(), budget) as client:
        chunks = client.chat.completions.create(
            model="gpt-6.1-terra",
            messages=[{"role": "user", "content": question}],
            max_completion_tokens=400,
            stream=True,
        )
        for chunk in chunks:
            yield chunk.choices[0].delta.content or ""


urlpatterns = [path("chat", chat)]


def main() -> None:
    options = {"ALLOWED_HOSTS": ["127.0.0.1"], "ROOT_URLCONF": __name__, "MIDDLEWARE": [f"{__name__}.middleware"]}
    cast("Any", settings).configure(**options)
    django.setup()
    with somewhere_to_call() as provider, wsgi_server(get_wsgi_application()) as url:
        try_out(url, budget, provider)


if __name__ == "__main__":
    main()
