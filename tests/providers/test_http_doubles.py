"""Tests of users that replace the network: respx over httpx, pytest-httpx2 over httpx2."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from llm_token_budget import wrap

from .driving import every, got, http_library, plenty
from .forms import CHAT, GROQ, MESSAGE, OLLAMA

CHAT_ANSWER: dict[str, Any] = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-mini",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
}
MESSAGE_ANSWER: dict[str, Any] = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-8",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 3},
}
CHUNKS = (
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":'
    '[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}\n\n'
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":[],'
    '"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}\n\n'
    "data: [DONE]\n\n"
)


@pytest.fixture
def router(request):
    """The double of the library that the SDK under test sends through."""
    vendor = request.getfixturevalue("vendor")
    if http_library(vendor).__name__ == "httpx":
        respx = pytest.importorskip("respx")
        with respx.mock(assert_all_called=False) as mock:
            yield mock
    else:
        yield request.getfixturevalue("httpx2_mock")


def default_client(bench: Any, vendor: str) -> Any:
    """A client with the SDK's own HTTP client, which the doubles replace."""
    return bench.client(vendor) if vendor == "ollama" else bench.client(vendor, http_client=None)


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "groq", "ollama"])
def test_doubled_answers_are_counted(bench, vendor, router):
    """What the double says was used is what is charged, and the request is the plain client's."""
    answers: dict[str, tuple[str, dict[str, Any]]] = {
        "openai": ("/chat/completions", CHAT_ANSWER),
        "groq": ("/chat/completions", CHAT_ANSWER | {"model": "llama-3.1-8b-instant"}),
        "anthropic": ("/v1/messages", MESSAGE_ANSWER),
        "ollama": (
            "/api/chat",
            {
                "model": "llama3.2",
                "done": True,
                "message": {"role": "assistant", "content": "Hello"},
                "prompt_eval_count": 7,
                "eval_count": 3,
            },
        ),
    }
    path, answer = answers[vendor]
    route = router.post(path__regex=rf".*{path}$").mock(return_value=httpx.Response(200, json=answer))
    budget = plenty()
    for client in (default_client(bench, vendor), wrap(default_client(bench, vendor), budget)):
        bench.run(asked(client, vendor))
    assert route.call_count == 2
    assert route.calls[0].request.content == route.calls[1].request.content
    stats = budget.get_global_stats()
    assert (stats.input_tokens, stats.output_tokens, stats.requests) == (7, 3, 1)


async def asked(client: Any, vendor: str) -> None:
    match vendor:
        case "anthropic":
            await got(client.messages.create(**MESSAGE))
        case "ollama":
            await got(client.chat(**OLLAMA))
        case "groq":
            await got(client.chat.completions.create(**GROQ))
        case _:
            await got(client.chat.completions.create(**CHAT))


@pytest.mark.parametrize("vendor", ["openai", "groq"])
@pytest.mark.parametrize("typed", [True, False])
def test_doubled_streams_are_counted_and_hide_their_usage(bench, vendor, router, typed):
    """A double's stream is all there before it is read, and often has no content type."""
    headers = {"content-type": "text/event-stream"} if typed else {}
    response = httpx.Response(200, content=CHUNKS.encode(), headers=headers)
    router.post(path__regex=r".*/chat/completions$").mock(return_value=response)
    budget = plenty()
    client = wrap(default_client(bench, vendor), budget)
    arguments = GROQ if vendor == "groq" else CHAT

    async def use() -> list[Any]:
        return await every(await got(client.chat.completions.create(**arguments, stream=True)))

    chunks = bench.run(use())
    # Groq's usage was not asked for by us, so it is not ours to hide.
    assert [bool(chunk.choices) for chunk in chunks] == ([True, False] if vendor == "groq" else [True])
    stats = budget.get_global_stats()
    assert (stats.input_tokens, stats.output_tokens, stats.estimated_requests) == (7, 3, 0)
    assert not stats.unconfirmed
