"""Amazon's event stream, in which Bedrock passes Claude's streams on: what they bill is read from it."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from typing import Any

import anthropic
import pytest

from llm_token_budget import BudgetManager, wrap

from .driving import Entered, closed, every, first, got, http_library, plenty
from .forms import ASKED

OPUS = "claude-opus-4-8"
WORDS = ["The ", "tide ", "goes ", "out."]
USAGE = {"input_tokens": 70, "cache_read_input_tokens": 5, "output_tokens": 1}
EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": OPUS,
     "content": [], "stop_reason": None, "stop_sequence": None, "usage": USAGE}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    *[{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}} for word in WORDS],
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 12}},
    {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 70, "outputTokenCount": 12}},
]  # fmt: skip


def frame(payload: bytes, **headers: str) -> bytes:
    """One message of the event stream."""
    written = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + len(text).to_bytes(2) + text.encode()
        for name, text in headers.items()
    )
    prelude = (16 + len(written) + len(payload)).to_bytes(4) + len(written).to_bytes(4)
    unsigned = prelude + zlib.crc32(prelude).to_bytes(4) + written + payload
    return unsigned + zlib.crc32(unsigned).to_bytes(4)


def chunk(event: dict[str, Any]) -> bytes:
    """An event of Claude's, as Bedrock wraps it."""
    inner = base64.b64encode(json.dumps(event).encode()).decode()
    kind = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    return frame(json.dumps({"bytes": inner, "p": "abcd"}).encode(), **kind)


THROTTLED = frame(
    b'{"message": "Too many tokens"}',
    **{":exception-type": "throttlingException", ":content-type": "application/json", ":message-type": "exception"},
)


class Body:
    """Bytes in pieces that know nothing of messages."""

    def __init__(self, content: bytes, piece: int) -> None:
        self._pieces = [content[at : at + piece] for at in range(0, len(content), piece)]

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class Bedrock:
    """A client of Bedrock in front of an answer."""

    def __init__(self, bench: Any, content: bytes, *, piece: int = 100, usual: bool = True) -> None:
        self._bench = bench
        library = http_library("anthropic")
        body: Any = type("Stream", (Body, library.AsyncByteStream, library.SyncByteStream), {})
        kind = {"content-type": "application/vnd.amazon.eventstream" if usual else "application/json"}
        self.paths: list[str] = []

        def answer(request: Any) -> Any:
            self.paths.append(request.url.path)
            return library.Response(200, headers=kind, stream=body(content, piece))

        self._http = bench.http_client("anthropic", transport=library.MockTransport(answer))
        cls: Any = anthropic.AsyncAnthropicBedrock if bench.is_async else anthropic.AnthropicBedrock
        try:
            self.client = cls(http_client=self._http, max_retries=0, aws_region="us-east-1", api_key="secret")
        except TypeError:
            pytest.skip("this SDK's Bedrock takes no key, and signs with botocore")

    def close(self) -> None:
        self._bench.run(closed(self._http))


@pytest.fixture
def bedrock(bench):
    made: list[Bedrock] = []

    def make(content: bytes, **options: Any) -> Bedrock:
        made.append(Bedrock(bench, content, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


ARGUMENTS: dict[str, Any] = {"model": f"anthropic.{OPUS}", "messages": ASKED, "max_tokens": 200}
WHOLE = b"".join(map(chunk, EVENTS))


def counted(budget: BudgetManager) -> tuple[int, int, int]:
    stats = budget.get_global_stats()
    assert not stats.reserved.tokens
    assert stats.total_cost > 0
    return stats.input_tokens, stats.output_tokens, stats.estimated_requests


@pytest.mark.parametrize("piece", [1, 7, 100, 10**6])
def test_a_stream_is_charged_what_it_says(bench, bedrock, piece):
    """However its bytes arrive, and they pass unchanged."""
    budget = plenty()
    answer = bedrock(WHOLE, piece=piece)
    client = wrap(answer.client, budget)

    async def read() -> bytes:
        async with Entered(client.messages.with_streaming_response.create(**ARGUMENTS, stream=True)) as response:
            return b"".join(await every(response.iter_bytes()))

    assert bench.run(read()) == WHOLE
    assert answer.paths == [f"/model/anthropic.{OPUS}/invoke-with-response-stream"]
    assert counted(budget) == (75, 12, 0)


def test_a_stream_that_is_cut_is_charged_for_what_was_seen(bench, bedrock):
    """Input as reported, output counted high, never as much as was held."""
    budget = plenty()
    cut = b"".join(map(chunk, EVENTS[:4])) + THROTTLED
    client = wrap(bedrock(cut).client, budget)

    async def read() -> None:
        async with Entered(client.messages.with_streaming_response.create(**ARGUMENTS, stream=True)) as response:
            await every(response.iter_bytes())

    bench.run(read())
    tokens_in, tokens_out, estimated = counted(budget)
    assert (tokens_in, estimated) == (75, 1)
    assert 2 <= tokens_out < 20


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"not a frame at all", THROTTLED], ids=repr)
def test_a_stream_that_cannot_be_read_is_charged_as_held(bench, bedrock, content):
    """Nobody knows what it billed."""
    budget = plenty()
    client = wrap(bedrock(content).client, budget)

    async def read() -> None:
        async with Entered(client.messages.with_streaming_response.create(**ARGUMENTS, stream=True)) as response:
            await every(response.iter_bytes())

    bench.run(read())
    stats = budget.get_global_stats()
    assert stats.unconfirmed.tokens >= 200
    assert not stats.reserved.tokens


async def a_few_turns() -> None:
    """Of the event loop, which closes what was dropped."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_stream_that_is_dropped_is_settled(bench, bedrock):
    """Unread or half read, without being closed."""
    budget = plenty()
    client = wrap(bedrock(WHOLE).client, budget)

    async def drop() -> None:
        raw = await got(client.messages.with_raw_response.create(**ARGUMENTS, stream=True))
        response = raw.http_response
        await first(response.aiter_raw() if bench.is_async else response.iter_raw())

    bench.run(drop())
    gc.collect()
    if bench.is_async:
        bench.run(a_few_turns())
    assert not budget.get_global_stats().reserved.tokens
    assert budget.get_global_stats().requests == 1


def test_an_answer_that_is_not_streamed_is_charged_what_it_says(bench, bedrock):
    """Plain JSON, with Bedrock's own path."""
    budget = plenty()
    body = {"id": "m", "type": "message", "role": "assistant", "model": OPUS, "stop_reason": "end_turn",
            "stop_sequence": None, "content": [{"type": "text", "text": "Hello"}],
            "usage": {**USAGE, "output_tokens": 9}}  # fmt: skip
    answer = bedrock(json.dumps(body).encode(), usual=False)
    message = bench.run(got(wrap(answer.client, budget).messages.create(**ARGUMENTS)))
    assert message.usage.output_tokens == 9
    assert answer.paths == [f"/model/anthropic.{OPUS}/invoke"]
    assert counted(budget) == (75, 9, 0)


@pytest.mark.skipif(find_spec("botocore") is None, reason="the SDK reads Bedrock's streams with botocore")
@pytest.mark.parametrize("helper", [False, True], ids=["create", "stream"])
def test_the_sdk_reads_a_stream_as_without_us(bench, bedrock, helper):
    """The same events of the same types, and the account is what they say."""
    budget = plenty()

    async def read(client: Any) -> list[Any]:
        if not helper:
            return await every(await got(client.messages.create(**ARGUMENTS, stream=True)))
        async with Entered(client.messages.stream(**ARGUMENTS)) as stream:
            return await every(stream)

    plain = bench.run(read(bedrock(WHOLE).client))
    ours = bench.run(read(wrap(bedrock(WHOLE).client, budget)))
    assert len(plain) >= len(EVENTS)
    assert [(type(each), each.model_dump()) for each in ours] == [(type(each), each.model_dump()) for each in plain]
    assert counted(budget) == (75, 12, 0)
