"""Flask: a chat with a quota per user. Answers are streamed, and a user who has spent it gets a 429.

The middleware wraps `app.wsgi_app`. The session that it opens holds for the view and for every piece of the stream. Run as
it is, it starts a server on this machine and tries itself out.
"""

from __future__ import annotations

from collections.abc import Iterator

import flask
from _provider import somewhere_to_call
from _serving import try_out, wsgi_server
from openai import OpenAI

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.integrations.wsgi import BudgetMiddleware, WsgiRequest

TOKENS = {"token-of-ada": "ada", "token-of-bob": "bob"}
"""Stands for your sign-in: who may ask is known to the server, and never taken from what a client says of itself."""


def user_of(request: WsgiRequest) -> str | None:
    """Whose request it is; None for a stranger, who is refused."""
    return TOKENS.get(request.headers.get("authorization", "").removeprefix("Bearer "))


def create_app(budget: BudgetManager, client: OpenAI) -> flask.Flask:
    app = flask.Flask(__name__)
    app.wsgi_app = BudgetMiddleware(app.wsgi_app, budget, user_key=user_of, paths="/chat")  # type: ignore[method-assign]

    @app.post("/chat")
    def chat() -> flask.Response:
        return flask.Response(words(client, flask.request.get_json()["question"]), mimetype="text/plain")

    return app


def words(client: OpenAI, question: str) -> Iterator[str]:
    """The answer, as it comes."""
    chunks = client.chat.completions.create(
        model="gpt-6.1-terra",
        messages=[{"role": "user", "content": question}],
        max_completion_tokens=400,
        stream=True,
    )
    for chunk in chunks:
        yield chunk.choices[0].delta.content or ""


def main() -> None:
    with (
        somewhere_to_call() as provider,
        BudgetManager(per_user_cost_limit="0.01") as budget,
        wrap(OpenAI(), budget) as client,
        wsgi_server(create_app(budget, client)) as url,
    ):
        try_out(url, budget, provider)


if __name__ == "__main__":
    main()
