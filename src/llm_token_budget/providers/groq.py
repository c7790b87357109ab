"""Groq: OpenAI's chat format, with its own usage in streams and without what Groq doesn't know."""

from __future__ import annotations

from llm_token_budget.claims import Call
from llm_token_budget.providers import chat
from llm_token_budget.providers.content import items_of
from llm_token_budget.providers.dialect import Body, Defaults, Dialect, Endpoint, Reading, any_of, mapping
from llm_token_budget.providers.openai import EMBEDDINGS
from llm_token_budget.providers.server_tools import groq_tools
from llm_token_budget.providers.usage_reading import with_executed_tools


def _maximum(body: Body) -> tuple[str, ...]:
    return ("max_tokens",) if body.get("max_tokens") is not None else ("max_completion_tokens",)


def _read_answer(body: Body) -> Reading | None:
    reading = chat.read_answer(body)
    return None if reading is None else with_executed_tools(body, reading)


def _runs_tools(body: Body) -> bool:
    """Whether Groq may run tools of its own for a request, which bill by the call and are told of in between."""
    return "compound" in str(body.get("model")) or any(
        mapping(tool).get("type") != "function" for tool in items_of(body.get("tools"))
    )


def _read_call(body: Body, provider: str, defaults: Defaults) -> Call:
    call = chat.read_call(body, provider, defaults)
    if not _runs_tools(body):
        return call
    run_there = groq_tools(body)
    return call._replace(tools=run_there.uses, tools_bounded=run_there.bounded)


CHAT = Endpoint(
    read_call=_read_call,
    read_answer=_read_answer,
    fold=chat.ChatFold,
    maximum=_maximum,
    hidden_output=lambda body, call: chat.hidden_output(body, call) or _runs_tools(body),
    glance=chat.GLANCE,
    reads_all=_runs_tools,
    # The last chunk has `x_groq.usage` without asking.
)

DIALECT = Dialect(
    provider="groq",
    endpoints={"/chat/completions": CHAT, "/embeddings": EMBEDDINGS},
    free=any_of("/files", "/batches/{}/cancel"),
)
