"""What a stream says that is only output is told by a glance, and read only if it must be: the account is the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_token_budget import BudgetManager
from llm_token_budget.providers import answer_reading, anthropic, openai
from llm_token_budget.providers.answer_reading import AnswerReader
from llm_token_budget.providers.dialect import Endpoint
from llm_token_budget.providers.guard import GuardedCall, read_guard

SEPARATORS = {"tight": (",", ":"), "loose": (", ", ": ")}
TEXTS = [
    "The ",
    "tide",
    "",
    "data: x",
    'a "usage" of',
    "[DONE]",
    "message_stop",
    "\n\n",
    "\\",
    "ä€😀",
    "\x00",
    '"response"',
]


def chat(texts: list[str]) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(texts):
        delta: dict[str, Any] = {"content": text}
        if number % 7 == 3:
            delta["tool_calls"] = [{"function": {"name": "look", "arguments": text}}]
        yield {"choices": [{"index": 0, "delta": delta}], "usage": None, "model": "gpt-4o"}
    yield {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5}, "model": "gpt-4o"}


def messages(texts: list[str]) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": {"model": "claude-opus-4-8", "usage": {"input_tokens": 9}}}
    for number, text in enumerate(texts):
        kind = {"type": "input_json_delta", "partial_json": text} if number % 7 == 3 else None
        yield {"type": "content_block_delta", "index": 0, "delta": kind or {"type": "text_delta", "text": text}}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}
    yield {"type": "message_stop"}


def response(texts: list[str]) -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": {"id": "r", "status": "in_progress"}}
    for text in texts:
        yield {"type": "response.output_text.delta", "delta": text, "logprobs": []}
    yield {"type": "response.output_text.done", "text": "all of it"}
    usage = {"input_tokens": 9, "output_tokens": 5}
    yield {"type": "response.completed", "response": {"id": "r", "model": "gpt-4o", "usage": usage}}


STREAMS: dict[str, tuple[Any, Endpoint, bytes]] = {
    "chat": (chat, openai.CHAT, b"data: [DONE]\n\n"),
    "messages": (messages, anthropic.MESSAGES, b""),
    "response": (response, openai.RESPONSES, b""),
}


def written(kind: str, texts: list[str], separators: tuple[str, str], *, ascii_only: bool) -> bytes:
    """A stream's bytes, as one server or another writes them."""
    events, _, end = STREAMS[kind]
    bodies = (json.dumps(body, separators=separators, ensure_ascii=ascii_only) for body in events(texts))
    return "".join(f"data: {body}\n\n" for body in bodies).encode() + end


def reader(endpoint: Endpoint, *, hide: bool = False) -> AnswerReader:
    guard = read_guard(BudgetManager(), None, None, None)
    call = GuardedCall([guard], endpoint, {"model": "gpt-4o", "messages": [], "stream": True}, "openai")
    return AnswerReader(endpoint, call, streamed=True, framing="sse", hide_usage=hide)


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("kept", [0, 300, answer_reading.MOST_KEPT])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_glance_changes_nothing_of_what_a_stream_is_charged(kind, kept, data):
    """Whatever is said, however it is written and cut, and wherever it ends: as if each event had been read."""
    texts = data.draw(st.lists(st.sampled_from(TEXTS) | st.text(max_size=8), max_size=12))
    separators = SEPARATORS[data.draw(st.sampled_from(list(SEPARATORS)))]
    stream = written(kind, texts, separators, ascii_only=data.draw(st.booleans()))
    cut = stream[: data.draw(st.integers(0, len(stream)))] if data.draw(st.booleans()) else stream
    events = [piece + b"\n\n" for piece in cut.split(b"\n\n")[:-1]]
    by_events = data.draw(st.booleans())
    pieces = events if by_events else pieces_of(cut, data.draw(st.lists(st.integers(0, len(stream)), max_size=9)))
    endpoint = STREAMS[kind][1]
    glancing, reading = reader(endpoint), reader(replace(endpoint, glance=None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answer_reading, "MOST_KEPT", kept)
        for each in (glancing, reading):
            shown = b"".join(each.feed(piece) for piece in pieces)
            assert shown == b"".join(pieces)
            each.finish()
        assert glancing.done == reading.done
        for ended in (False, True):
            assert glancing.reading(ended=ended) == reading.reading(ended=ended)


@pytest.mark.parametrize("kind", STREAMS)
def test_most_of_a_stream_is_not_read(kind, monkeypatch):
    """Only what says something of the bill is parsed, if the stream ends well."""
    parsed: list[bytes] = []
    plain = answer_reading.event_of
    monkeypatch.setattr(answer_reading, "event_of", lambda raw, framing: parsed.append(raw) or plain(raw, framing))
    stream = written(kind, ["word "] * 50, (",", ":"), ascii_only=False)
    read = reader(STREAMS[kind][1], hide=True)
    for piece in stream.split(b"\n\n")[:-1]:
        read.feed(piece + b"\n\n")
    (bill, estimated) = read.reading(ended=True)
    assert bill is not None
    assert (bill.input_tokens, bill.output_tokens, estimated) == (9, 5, False)
    assert len(parsed) <= 3


def test_what_waits_to_be_read_is_bounded():
    """A long stream is counted as it goes: neither its bytes nor its text are kept."""
    read = reader(openai.CHAT)
    event = b'data: {"choices":[{"index":0,"delta":{"content":"word word word "}}]}\n\n'
    for _ in range(20_000):
        read.feed(event)
    assert sum(map(len, read._kept)) <= answer_reading.MOST_KEPT
    assert sum(map(len, read._characters)) <= answer_reading.COUNTED_AT
    reading, estimated = read.reading(ended=False)
    assert estimated
    assert reading is not None
    assert reading.output_tokens is not None
    assert reading.output_tokens >= 60_000


@pytest.mark.parametrize("kept", [0, answer_reading.MOST_KEPT])
def test_output_that_cannot_be_counted_keeps_no_answer_from_the_user(kept, monkeypatch, caplog):
    """Its bytes go on; it is charged as reserved, and the log says why."""
    monkeypatch.setattr(answer_reading, "MOST_KEPT", kept)
    monkeypatch.setattr(answer_reading, "COUNTED_AT", 5)
    monkeypatch.setattr(answer_reading, "count_output", lambda *_: 1 // 0)
    read = reader(openai.CHAT)
    event = b'data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
    assert [read.feed(event) for _ in range(5)] == [event] * 5
    assert read.reading(ended=False)[0] is None
    assert "could not be counted" in caplog.text


def test_hidden_chunks_are_found_among_others_in_one_piece():
    """Several chunks at once, the usage chunk among them: that one goes, the others stay as they were."""
    stream = written("chat", ["One ", "two "], (",", ":"), ascii_only=False)
    shown = reader(openai.CHAT, hide=True).feed(stream)
    events = stream.split(b"\n\n")
    assert shown == b"\n\n".join([*events[:2], *events[3:]])
