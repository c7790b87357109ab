"""The usage chunk that a user did not ask for: asked for, counted, and never shown."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from llm_token_budget import wrap
from llm_token_budget.providers import openai as dialect
from llm_token_budget.providers.answer_reading import AnswerReader
from llm_token_budget.providers.guard import GuardedCall, read_guard
from llm_token_budget.testing import Reply

from .driving import Entered, every, got, http_library, plenty
from .forms import CHAT, COMPLETION, chunks_of

USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
ENVELOPE = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini"}


def said(text: str) -> bytes:
    delta = [{"index": 0, "delta": {"content": text}, "finish_reason": None}]
    return b"data: " + json.dumps({**ENVELOPE, "choices": delta, "usage": None}, ensure_ascii=False).encode()


USAGE_ONLY = b"data: " + json.dumps({**ENVELOPE, "choices": [], "usage": USAGE}).encode()
FILTER_RESULTS = b"data: " + json.dumps({**ENVELOPE, "choices": [], "prompt_filter_results": []}).encode()
SHOWN = (FILTER_RESULTS, said("Hello"), b": ping", said(" wörld"))
DONE = b"data: [DONE]"
ENDS = {"lf": b"\n\n", "crlf": b"\r\n\r\n", "cr": b"\r\r"}


def reader(*, hide: bool = True) -> AnswerReader:
    body = {**CHAT, "stream": True}
    call = GuardedCall((read_guard(plenty(), None, None, None),), dialect.CHAT, body, "openai")
    return AnswerReader(dialect.CHAT, call, streamed=True, framing="sse", hide_usage=hide)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("marked", [True, False], ids=["DONE", "no DONE"])
def test_the_usage_chunk_is_taken_out_at_every_split_position(end, marked):
    """Two chunks, cut anywhere: all other bytes come through as they were, and the bill is read."""
    last = (DONE,) if marked else ()
    data = b"".join(event + end for event in (*SHOWN, USAGE_ONLY, *last))
    expected = b"".join(event + end for event in (*SHOWN, *last))
    for at in range(len(data) + 1):
        watched = reader()
        seen = watched.feed(data[:at]) + watched.feed(data[at:]) + watched.finish()
        assert seen == expected
        reading, estimated = watched.reading(ended=True)
        assert (reading.input_tokens, reading.output_tokens, estimated) == (7, 3, False)


def test_a_last_event_without_its_blank_line_is_read_and_hidden():
    """Some servers end the connection there."""
    watched = reader()
    seen = watched.feed(said("Hello") + b"\n\n" + USAGE_ONLY) + watched.finish()
    assert seen == said("Hello") + b"\n\n"
    assert watched.reading(ended=True)[0].output_tokens == 3


def test_what_was_asked_for_is_not_hidden():
    """Then the bytes pass untouched, chunk by chunk."""
    watched = reader(hide=False)
    data = b"".join(event + b"\n\n" for event in (*SHOWN, USAGE_ONLY, DONE))
    assert [watched.feed(data[:50]), watched.feed(data[50:]), watched.finish()] == [data[:50], data[50:], b""]
    assert watched.reading(ended=True)[0].output_tokens == 3


def test_a_chunk_with_usage_and_a_report_of_moderation_is_shown():
    """That report comes without choices, whether usage was asked for or not."""
    chunk = b"data: " + json.dumps({**ENVELOPE, "choices": [], "usage": USAGE, "moderation": {"input": {}}}).encode()
    watched = reader()
    assert watched.feed(chunk + b"\n\n" + DONE + b"\n\n") == chunk + b"\n\n" + DONE + b"\n\n"
    assert watched.reading(ended=True)[0].output_tokens == 3


def test_a_chunk_with_choices_and_usage_is_shown():
    """Only a chunk that is there for the usage alone is taken out."""
    both = {**ENVELOPE, "choices": [{"index": 0, "delta": {"content": "x"}}], "usage": USAGE}
    raw = b"data: " + json.dumps(both).encode() + b"\n\n"
    watched = reader()
    assert watched.feed(raw) == raw


ASKING: list[tuple[str, dict[str, Any], bool]] = [
    ("not asked", {}, False),
    ("asked", {"stream_options": {"include_usage": True}}, True),
    ("asked in extra_body", {"extra_body": {"stream_options": {"include_usage": True}}}, True),
    ("refused", {"stream_options": {"include_usage": False}}, False),
    ("other options", {"stream_options": {"include_obfuscation": False}}, False),
]


@pytest.mark.parametrize("vendor", ["openai", "azure"])
@pytest.mark.parametrize(("arguments", "asked"), [each[1:] for each in ASKING], ids=[each[0] for each in ASKING])
@pytest.mark.parametrize("how", ["create", "raw", "streaming"])
def test_who_asked_for_usage_sees_it_and_nobody_else(bench, vendor, arguments, asked, how):
    """Whatever the form; the account is the bill either way."""
    budget = plenty()
    client = wrap(bench.client(vendor), budget)
    chunks = bench.run(streamed(client, how, arguments))
    assert [bool(chunk.choices) for chunk in chunks].count(False) == asked
    assert all(chunk.usage is None for chunk in chunks if chunk.choices)
    assert budget.get_global_stats().total_tokens == bench.provider.bill.total_tokens


async def streamed(client: Any, how: str, arguments: dict[str, Any]) -> list[Any]:
    completions = client.chat.completions
    match how:
        case "create":
            return await every(await got(completions.create(**CHAT, stream=True, **arguments)))
        case "raw":
            raw = await got(completions.with_raw_response.create(**CHAT, stream=True, **arguments))
            return await every(await got(raw.parse()))
        case _:
            manager = completions.with_streaming_response.create(**CHAT, stream=True, **arguments)
            async with Entered(manager) as response:
                return chunks_of(await every(response.iter_lines()))


def test_completions_hide_their_usage_too(bench):
    """The older endpoint has the same option."""
    budget = plenty()
    client = wrap(bench.client("openai"), budget)

    async def use(**more: Any) -> list[Any]:
        return await every(await got(client.completions.create(**COMPLETION, stream=True, **more)))

    assert all(chunk.choices for chunk in bench.run(use()))
    assert not bench.run(use(stream_options={"include_usage": True}))[-1].choices
    assert budget.get_global_stats().total_tokens == bench.provider.bill.total_tokens


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
@pytest.mark.parametrize("size", [1, 13, 10_000])
@pytest.mark.parametrize("asked", [True, False])
def test_a_compressed_stream_is_read_and_hidden_like_any_other(bench, encoding, size, asked):
    """Proxies compress; what the user decodes has no usage chunk, and the account is right."""
    library = http_library("openai")
    data = b"".join(event + b"\n\n" for event in (*SHOWN, USAGE_ONLY, DONE))
    sent = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}[encoding](data)

    class Source(library.SyncByteStream, library.AsyncByteStream):
        def __iter__(self) -> Any:
            yield from pieces(sent, size)

        async def __aiter__(self) -> Any:
            for piece in pieces(sent, size):
                yield piece

    def answer(request: Any) -> Any:
        headers = {"content-type": "text/event-stream", "content-encoding": encoding}
        return library.Response(200, headers=headers, stream=Source())

    budget = plenty()
    http = bench.http_client("openai", transport=library.MockTransport(answer))
    client = wrap(bench.client("openai", http_client=http), budget)
    more = {"stream_options": {"include_usage": True}} if asked else {}
    chunks = bench.run(streamed(client, "create", more))
    assert [bool(chunk.choices) for chunk in chunks].count(False) == 1 + asked
    assert "".join(chunk.choices[0].delta.content for chunk in chunks if chunk.choices) == "Hello wörld"
    assert budget.get_global_stats().total_tokens == 10
    assert not budget.get_global_stats().estimated_requests


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def test_a_stream_that_was_read_at_once_has_no_usage_chunk_either(bench):
    """Posted without `stream=True`, the answer's events come as one text."""
    budget = plenty()
    client = wrap(bench.client("openai"), budget)

    async def use() -> Any:
        kind = http_library("openai").Response
        return await got(client.post("/chat/completions", body={**CHAT, "stream": True}, cast_to=kind))

    response = bench.run(use())
    assert isinstance(response, http_library("openai").Response)
    assert all(chunk.choices for chunk in chunks_of(response.text.split("\n")))
    assert budget.get_global_stats().total_tokens == bench.provider.bill.total_tokens
    assert not budget.get_global_stats().unconfirmed


def test_groq_streams_stay_as_they_are(bench):
    """Groq tells its usage without being asked: nothing is added and nothing hidden."""
    from .forms import GROQ

    async def use(client: Any) -> list[Any]:
        return await every(await got(client.chat.completions.create(**GROQ, stream=True)))

    bench.provider.reply(Reply(output_tokens=5))
    plain = bench.run(use(bench.client("groq")))
    wrapped = bench.run(use(wrap(bench.client("groq"), plenty())))
    assert len(plain) == len(wrapped)
    assert wrapped[-1].x_groq.usage.completion_tokens == 5
    assert bench.provider.requests[0].body == bench.provider.requests[1].body
