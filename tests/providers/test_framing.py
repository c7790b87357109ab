"""Bytes cut into events, however they arrive."""

from __future__ import annotations

import base64
import json
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_token_budget.providers.framing import Splitter, event_of, is_done_marker

ENDS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}


def stream(end: bytes, *events: bytes) -> bytes:
    """Server-sent events with one kind of line end."""
    return b"".join(event.replace(b"\n", end) + end + end for event in events)


EVENTS = (
    b'data: {"a": 1}',
    b": a comment",
    b'event: delta\ndata: {"text": "two\\n\\nlines"}',
    'data: {"text": "äöü…"}'.encode(),
    b'data: {"b":\ndata: 2}',
    b"data: [DONE]",
)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_events_are_found_at_every_split_position(end):
    """Two chunks, cut anywhere: the same events, and not a byte lost or changed."""
    data = stream(end, *EVENTS)
    for at in range(len(data) + 1):
        splitter = Splitter("sse")
        found = [*splitter.split(data[:at]), *splitter.split(data[at:])]
        rest = splitter.rest()
        assert b"".join(found) + rest == data
        events = [event_of(raw, "sse") for raw in [*found, rest] if raw]
        assert [event for event in events if event] == [
            {"a": 1},
            {"text": "two\n\nlines"},
            {"text": "äöü…"},
            {"b": 2},
        ]


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_events_are_found_byte_by_byte(end):
    """The smallest chunks there are."""
    data = stream(end, *EVENTS)
    splitter = Splitter("sse")
    found = [raw for byte in data for raw in splitter.split(bytes([byte]))]
    assert b"".join(found) + splitter.rest() == data
    assert len([raw for raw in found if event_of(raw, "sse")]) == 4


@given(st.lists(st.integers(0, 400), max_size=12), st.sampled_from(list(ENDS.values())))
@settings(max_examples=60, deadline=None)
def test_no_cut_loses_a_byte(cuts, end):
    """Any number of chunks of any size, mixed line ends included."""
    data = stream(end, *EVENTS) + stream(b"\r\n", *EVENTS[:2])
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    splitter = Splitter("sse")
    found = [raw for start, stop in pairwise(places) for raw in splitter.split(data[start:stop])]
    assert b"".join(found) + splitter.rest() == data


def test_json_lines_are_found_at_every_split_position():
    """Ollama's framing, with an empty line and a last line without an end."""
    lines = [json.dumps({"n": number, "text": "ä\n"}, ensure_ascii=False).encode() for number in range(3)]
    data = lines[0] + b"\n\n" + lines[1] + b"\r\n" + lines[2]
    for at in range(len(data) + 1):
        splitter = Splitter("ndjson")
        found = [*splitter.split(data[:at]), *splitter.split(data[at:])]
        rest = splitter.rest()
        assert b"".join(found) + rest == data
        events = [event_of(raw, "ndjson") for raw in [*found, rest]]
        assert [event["n"] for event in events if event] == [0, 1, 2]


@pytest.mark.parametrize(
    "raw", [b"data: [DONE]\n\n", b"data:[DONE]\n\n", b"data: [DONE]\r\n\r\n", b"event: end\ndata: [DONE]\n\n"]
)
def test_the_marker_at_the_end_of_a_stream_is_known(raw):
    """However it is written."""
    assert is_done_marker(raw)
    assert event_of(raw, "sse") is None


@pytest.mark.parametrize("raw", [b'data: {"text": "[DONE]"}\n\n', b": [DONE]\n\n", b"\n\n", b"data: [DONE] soon\n\n"])
def test_what_only_looks_like_the_marker_is_none(raw):
    """A model may write [DONE] itself."""
    assert not is_done_marker(raw)


@pytest.mark.parametrize("raw", [b"data: nonsense\n\n", b"data: [1, 2]\n\n", b"data: \xff\xfe\n\n", b"data:\n\n", b""])
def test_what_is_no_object_is_no_event(raw):
    """Broken JSON, lists and bytes that are no text are passed over, not raised."""
    assert event_of(raw, "sse") is None


def test_a_stream_may_begin_with_a_byte_order_mark():
    """The standard allows one."""
    assert event_of(b'\xef\xbb\xbfdata: {"a": 1}\n\n', "sse") == {"a": 1}


def message(payload: bytes, **headers: str) -> bytes:
    """One message of Amazon's event stream, with its checksums."""
    written = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + len(text).to_bytes(2) + text.encode()
        for name, text in headers.items()
    )
    prelude = (16 + len(written) + len(payload)).to_bytes(4) + len(written).to_bytes(4)
    unsigned = prelude + zlib.crc32(prelude).to_bytes(4) + written + payload
    return unsigned + zlib.crc32(unsigned).to_bytes(4)


def carrying(event: object) -> bytes:
    """A message with an event, in Base64, as Bedrock sends it."""
    inner = base64.b64encode(json.dumps(event).encode()).decode()
    return message(json.dumps({"bytes": inner, "p": "abcdef"}).encode(), **{":event-type": "chunk"})


def test_amazons_messages_are_found_at_every_split_position():
    """Two chunks, cut anywhere: the same events, and not a byte lost or changed."""
    events = [{"type": "message_start"}, {"text": "äöü"}, {"type": "message_stop"}]
    data = b"".join(map(carrying, events))
    for at in range(len(data) + 1):
        splitter = Splitter("aws")
        found = [*splitter.split(data[:at]), *splitter.split(data[at:])]
        assert b"".join(found) == data
        assert splitter.rest() == b""
        assert [event_of(raw, "aws") for raw in found] == events


@pytest.mark.parametrize(
    "raw",
    [
        message(b'{"message": "throttled"}', **{":message-type": "exception"}),
        message(b'{"bytes": "!"}'),
        message(b'{"bytes": 5}'),
        message(b'{"bytes": "e30"}'),
        message(b'{"bytes": "bm8gSlNPTg=="}'),
        message(b"[]"),
        message(b"\xff"),
        message(b""),
        b"\x00\x00\x00\x10",
        b"",
    ],
)
def test_messages_without_an_event_are_none(raw):
    """Errors, Base64 that is none, and what carries no JSON object."""
    assert event_of(raw, "aws") is None


@pytest.mark.parametrize("junk", [b"\x00" * 40, b"\xff" * 40, b"data: not a message of Amazon's at all\n\n"])
def test_what_is_no_message_is_not_kept(junk):
    """A length that can't be is not waited for: the bytes go on to the user, and memory doesn't grow."""
    splitter = Splitter("aws")
    assert list(splitter.split(junk)) == [junk]
    assert splitter.rest() == b""
