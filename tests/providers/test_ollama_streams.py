"""Ollama's streams through a wrapped client: generators of parts, of which most pass at a glance."""

from __future__ import annotations

import gc
import json
from collections.abc import Generator
from inspect import isgenerator
from typing import Any

import httpx
import ollama
import pytest

from llm_token_budget import BudgetManager, wrap

MOST: dict[str, Any] = {"options": {"num_predict": 10_000}}
CHAT: dict[str, Any] = {"model": "llama3.2", "messages": [{"role": "user", "content": "Hello"}], "stream": True, **MOST}
GENERATION: dict[str, Any] = {"model": "llama3.2", "prompt": "Hello", "stream": True, **MOST}
ASKED = {"chat": CHAT, "generate": GENERATION}


def chat_part(content: str = "word ", **said: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content, **said}, "done": False}


def generated_part(response: str = "word ", **said: Any) -> dict[str, Any]:
    return {"response": response, "done": False, **said}


PARTS = {"chat": chat_part, "generate": generated_part}
LAST = {"done": True, "prompt_eval_count": 7, "eval_count": 9000}


def client(*parts: dict[str, Any]) -> ollama.Client:
    lines = b"".join(json.dumps(part).encode() + b"\n" for part in parts)
    kind = {"content-type": "application/x-ndjson"}
    return ollama.Client(
        "http://127.0.0.1", transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=kind, content=lines))
    )


def plenty() -> BudgetManager:
    return BudgetManager(global_token_limit=10**9, ledger="memory://")


def asked(budget: BudgetManager, form: str, *parts: dict[str, Any]) -> Generator[Any, None, None]:
    return getattr(wrap(client(*parts), budget), form)(**ASKED[form])


def open_requests(budget: BudgetManager) -> int:
    gc.collect()
    return budget.get_global_stats().reserved.requests


@pytest.mark.parametrize("form", ASKED)
def test_a_stream_is_the_generator_that_the_sdk_gives(form):
    """What asks for a generator gets one."""
    assert isgenerator(getattr(client(LAST), form)(**ASKED[form]))
    assert isgenerator(asked(plenty(), form, LAST))


@pytest.mark.parametrize("form", ASKED)
def test_a_stream_of_more_parts_than_are_kept_is_counted_when_it_is_left(form):
    """However many parts have passed, all that was seen is charged."""
    budget = plenty()
    stream = asked(budget, form, *[PARTS[form]() for _ in range(6000)], LAST)
    for _ in range(5500):
        next(stream)
    stream.close()
    stats = budget.get_global_stats()
    assert 5500 <= stats.output_tokens < 8000
    assert (stats.estimated_requests, open_requests(budget)) == (1, 0)


@pytest.mark.parametrize("form", ASKED)
def test_a_stream_of_more_parts_than_are_kept_is_charged_as_it_says(form):
    """The last part has the counts."""
    budget = plenty()
    parts = [PARTS[form](f"{number} ") for number in range(6000)]
    assert len(list(asked(budget, form, *parts, {**PARTS[form](""), **LAST}))) == 6001
    stats = budget.get_global_stats()
    assert (stats.input_tokens, stats.output_tokens, stats.estimated_requests) == (7, 9000, 0)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"thinking": "hm " * 300}, id="thinking"),
        pytest.param({"tool_calls": [{"function": {"name": "x", "arguments": {"y": "z " * 300}}}]}, id="tools"),
    ],
)
def test_what_is_more_than_text_is_counted_in_the_middle_of_texts(odd):
    """Thoughts and tools are output, wherever they come."""
    budget = plenty()
    parts = [chat_part() for _ in range(100)]
    stream = asked(budget, "chat", *parts, chat_part("", **odd), *parts, *parts)
    for _ in range(150):
        next(stream)
    del stream
    assert open_requests(budget) == 0
    assert 149 + 300 <= budget.get_global_stats().output_tokens < 1500


def test_the_last_part_is_enough():
    """Whoever leaves after the part that says it is done has had the whole answer."""
    budget = plenty()
    for part in asked(budget, "chat", chat_part(), {**chat_part(""), **LAST}):
        if part.done:
            break
    assert budget.get_global_stats().output_tokens == 9000


def test_a_stream_that_is_thrown_into_ends():
    """The error goes through, and what was seen is charged."""
    budget = plenty()
    stream = asked(budget, "chat", chat_part(), chat_part(), LAST)
    next(stream)
    with pytest.raises(LookupError):
        stream.throw(LookupError())
    assert (budget.get_global_stats().estimated_requests, open_requests(budget)) == (1, 0)


@pytest.mark.parametrize("leave", [lambda stream: stream.close(), lambda _: None], ids=["closed", "dropped"])
def test_a_stream_that_is_never_started_costs_nothing(leave):
    """The SDK has sent nothing by then."""
    budget = plenty()
    leave(asked(budget, "chat", LAST))
    assert open_requests(budget) == 0
    assert budget.get_global_stats().total_tokens == 0
