"""CPU that a wrapped client adds to a stream, against the plain client in the same run.

    python tests/benchmarks/bench_stream.py

The provider is a transport in memory that sends a thousand events, each in a piece of its own. Plain and wrapped streams take
turns; the figures are medians of this thread's CPU. To be reached: 5 us for each chunk, 10 % of a stream.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import httpx2
from anthropic import Anthropic
from ollama import Client
from openai import OpenAI

from llm_token_budget import BudgetManager, wrap

ROUNDS = 31
CHUNKS = 1000
WORDS = ["The ", "harbour ", "lay ", "quiet ", "under ", "a ", "thin ", "fog, "]
MESSAGES: Any = [
    {"role": "user", "content": "Tell me about the tides of the northern sea, and what they leave behind."}
]


def words() -> Iterator[tuple[int, str]]:
    return ((number, WORDS[number % len(WORDS)]) for number in range(CHUNKS))


def chat_events() -> Iterator[bytes]:
    head = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "gpt-4o-2024-08-06",
    }
    head |= {"service_tier": "default", "system_fingerprint": "fp_3f58d112f7", "usage": None}
    for _, word in words():
        choice = {"index": 0, "delta": {"content": word}, "logprobs": None, "finish_reason": None}
        yield sse({**head, "choices": [choice], "obfuscation": "aB3dE6gH"})
    yield sse({**head, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]})
    yield sse(
        {**head, "choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": CHUNKS, "total_tokens": 1030}}
    )
    yield b"data: [DONE]\n\n"


def message_events() -> Iterator[bytes]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-8", "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 30, "output_tokens": 1}}
    yield named({"type": "message_start", "message": message})
    yield named({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for _, word in words():
        yield named({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}})
    yield named({"type": "content_block_stop", "index": 0})
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    yield named({"type": "message_delta", "delta": delta, "usage": {"output_tokens": CHUNKS}})
    yield named({"type": "message_stop"})


def response_events() -> Iterator[bytes]:
    response = {"id": "resp_1", "object": "response", "created_at": 1_700_000_000, "model": "gpt-4o-2024-08-06"}
    response |= {"output": [], "status": "in_progress", "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    yield named({"type": "response.created", "sequence_number": 0, "response": {**response, "usage": None}})
    for number, word in words():
        delta = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": word, "logprobs": []}
        yield named({"type": "response.output_text.delta", "sequence_number": number + 1, **delta})
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    usage = {"input_tokens": 30, "output_tokens": CHUNKS, "total_tokens": 1030, **details}
    done = {**response, "status": "completed", "usage": usage}
    yield named({"type": "response.completed", "sequence_number": CHUNKS + 1, "response": done})


def line_events() -> Iterator[bytes]:
    head = {"model": "llama3.2", "created_at": "2026-11-24T12:00:00.000000Z"}
    for _, word in words():
        yield json.dumps({**head, "message": {"role": "assistant", "content": word}, "done": False}).encode() + b"\n"
    counts = {"total_duration": 5, "prompt_eval_count": 30, "eval_count": CHUNKS}
    end = {**head, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop", **counts}
    yield json.dumps(end).encode() + b"\n"


def sse(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body, separators=(',', ':'))}\n\n".encode()


def named(body: dict[str, Any]) -> bytes:
    return f"event: {body['type']}\n".encode() + sse(body)


def transport(http: Any, events: Iterator[bytes], kind: str) -> Any:
    """Sends all events of a stream, one by one, to whoever asks."""
    pieces = list(events)

    class Body(http.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return iter(pieces)

    return http.MockTransport(lambda _: http.Response(200, headers={"content-type": kind}, stream=Body()))


def clients() -> Iterator[tuple[str, Any, Callable[[Any], Any]]]:
    """(name, a plain client, how it is asked for a stream)."""
    key: dict[str, Any] = {"api_key": "key", "base_url": "http://127.0.0.1/v1"}
    to = partial(transport, httpx2, kind="text/event-stream")
    yield (
        "openai chat",
        OpenAI(http_client=httpx2.Client(transport=to(chat_events())), **key),
        lambda client: client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True),
    )
    yield (
        "openai chat, read as lines",
        OpenAI(http_client=httpx2.Client(transport=to(chat_events())), **key),
        chat_lines,
    )
    yield (
        "anthropic messages",
        Anthropic(http_client=httpx2.Client(transport=to(message_events())), **key),
        lambda client: client.messages.create(model="claude-opus-4-8", max_tokens=2000, messages=MESSAGES, stream=True),
    )
    yield (
        "openai responses",
        OpenAI(http_client=httpx2.Client(transport=to(response_events())), **key),
        lambda client: client.responses.create(model="gpt-4o", input="Tell me about the tides.", stream=True),
    )
    yield (
        "ollama chat",
        Client("http://127.0.0.1", transport=transport(httpx, line_events(), "application/x-ndjson")),
        lambda client: client.chat(model="llama3.2", messages=MESSAGES, stream=True),
    )


def chat_lines(client: Any) -> Iterator[str]:
    create = client.chat.completions.with_streaming_response.create
    with create(model="gpt-4o", messages=MESSAGES, stream=True) as response:
        yield from response.iter_lines()


def main() -> None:
    for name, plain, ask in clients():
        budget = BudgetManager(global_cost_limit=1_000_000, per_user_token_limit=10**12, ledger="memory://")
        wrapped = wrap(plain, budget, user_key="ada")
        base, ours = interleaved(partial(read, plain, ask), partial(read, wrapped, ask))
        stats = budget.get_global_stats()
        assert stats.output_tokens == CHUNKS * stats.requests, "the account is not what the streams said"
        print(
            f"{name:28} plain {base / CHUNKS:6.2f} us a chunk   added {(ours - base) / CHUNKS:5.2f} us a chunk   "
            f"x{ours / base:.3f} a stream"
        )


def read(client: Any, ask: Callable[[Any], Any]) -> None:
    for _ in ask(client):
        pass


def interleaved(one: Callable[[], Any], other: Callable[[], Any]) -> tuple[float, float]:
    """Medians in microseconds of two functions that take turns."""
    for _ in range(3):
        one()
        other()
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        for which in (0, 1) if number % 2 else (1, 0):
            times[which].append(timed((one, other)[which]))
    return statistics.median(times[0]), statistics.median(times[1])


def timed(function: Callable[[], Any]) -> float:
    """Microseconds of this thread's CPU."""
    start = time.thread_time_ns()
    function()
    return (time.thread_time_ns() - start) / 1000


if __name__ == "__main__":
    main()
