"""Groq: OpenAI's chat format, with its own usage in streams and without what Groq doesn't know."""

from __future__ import annotations

from llm_token_budget.providers import chat
from llm_token_budget.providers.dialect import Body, Dialect, Endpoint, any_of
from llm_token_budget.providers.openai import EMBEDDINGS


def _maximum(body: Body) -> tuple[str, ...]:
    return ("max_tokens",) if body.get("max_tokens") is not None else ("max_completion_tokens",)


CHAT = Endpoint(
    read_call=chat.read_call,
    read_answer=chat.read_answer,
    fold=chat.ChatFold,
    maximum=_maximum,
    hidden_output=chat.hidden_output,
    glance=chat.GLANCE,
    # The last chunk has `x_groq.usage` without asking.
)

DIALECT = Dialect(
    provider="groq",
    endpoints={"/chat/completions": CHAT, "/embeddings": EMBEDDINGS},
    free=any_of("/files", "/batches/{}/cancel"),
)
