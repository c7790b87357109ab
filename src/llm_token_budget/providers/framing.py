"""Cutting a stream's bytes into events: server-sent events, JSON lines and Amazon's event stream."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from llm_token_budget.providers.dialect import Body, Framing, parse_object

LINE_FEED: Final = 10
DONE: Final = b"[DONE]"
PRELUDE: Final = 12
"""Bytes of a message of Amazon's before its headers: its length, that of the headers, and a checksum of the two."""

CHECKSUM: Final = 4
"""Bytes of the checksum that ends it."""

LONGEST_MESSAGE: Final = 24 * 2**20
"""Bytes; the most that is sent is a payload of 16 MB and headers of 128 KB."""

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""The standard lets a stream begin with one."""


class Splitter:
    """Cuts bytes, however they arrive, into whole events, the bytes of each kept as they were."""

    def __init__(self, framing: Framing) -> None:
        self._framing: Framing = framing
        self.begun = b""
        """The beginning of an event that has not ended."""

    def split(self, chunk: bytes) -> Iterator[bytes]:
        """The events that are complete with this chunk."""
        data = self.begun + chunk if self.begun else chunk
        self.begun = b""
        ends = _ENDS[self._framing](data)
        start = 0
        for end in ends:
            yield data[start:end]
            start = end
        self.begun = data[start:]

    def rest(self) -> bytes:
        """What came after the last complete event."""
        rest, self.begun = self.begun, b""
        return rest


def event_of(raw: bytes, framing: Framing) -> Body | None:
    """The JSON object of an event; None for comments, `[DONE]` and what is no JSON object."""
    if framing == "ndjson":
        return parse_object(raw)
    if framing == "aws":
        return _object_in(raw)
    data = _data_of(raw)
    return None if data is None or data == DONE else parse_object(data)


def is_done_marker(raw: bytes) -> bool:
    """Whether an event is the one with which OpenAI and Groq end a stream."""
    return DONE in raw and _data_of(raw) == DONE


def _data_of(raw: bytes) -> bytes | None:
    """What an event carries; None for comments."""
    # Nearly all events: one line of data, the last, after the event's name or alone.
    at = raw.find(b"data:")
    if at == 0 or (at > 0 and raw[at - 1] == LINE_FEED):
        data = raw[at + 5 :].strip(b" \n")
        if b"\n" not in data and b"\r" not in data:
            return data
    if raw.startswith(BYTE_ORDER_MARK):
        raw = raw[3:]
    # Several are joined, as the standard says.
    lines = [line[5:].strip(b" ") for line in raw.splitlines() if line.startswith(b"data:")]
    return lines[0] if len(lines) == 1 else b"\n".join(lines) if lines else None


def _object_in(message: bytes) -> Body | None:
    """What a message of Amazon's carries: a JSON object, in Base64 in another one. None for errors, and what is cut short."""
    payload = message[PRELUDE + int.from_bytes(message[4:8]) : -CHECKSUM]
    outer = parse_object(payload)
    inner = None if outer is None else outer.get("bytes")
    if not isinstance(inner, str):
        return None
    try:
        return parse_object(b64decode(inner))
    except ValueError:
        return None


def _message_ends(data: bytes) -> Iterator[int]:
    """Where messages end: each begins with its length. The checksums are the reader's to look at.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
    """
    at, length = 0, len(data)
    while length - at >= PRELUDE:
        size = int.from_bytes(data[at : at + 4])
        if not PRELUDE + CHECKSUM <= size <= LONGEST_MESSAGE:
            yield length  # No message: nothing is kept to wait for its end.
            return
        at += size
        if at > length:
            return
        yield at


def _line_ends(data: bytes) -> Iterator[int]:
    at = data.find(b"\n")
    while at >= 0:
        yield at + 1
        at = data.find(b"\n", at + 1)


def _blank_lines(data: bytes) -> Iterator[int]:
    """Where events end: after a blank line, whichever of the standard's three line ends is used."""
    if b"\r" not in data:
        at = data.find(b"\n\n")
        while at >= 0:
            yield at + 2
            at = data.find(b"\n\n", at + 2)
        return
    at, length, blank = 0, len(data), False
    while at < length:
        byte = data[at]
        if byte == 13:  # \r, perhaps with its \n
            if at + 1 == length:
                return  # Its \n may still come.
            at += 2 if data[at + 1] == 10 else 1
        elif byte == 10:
            at += 1
        else:
            line_end = min((found for mark in (b"\r", b"\n") if (found := data.find(mark, at)) >= 0), default=length)
            at, blank = line_end, False
            continue
        if blank:
            yield at
            blank = False
        else:
            blank = True


_ENDS: Final[Mapping[Framing, Callable[[bytes], Iterator[int]]]] = {
    "sse": _blank_lines,
    "ndjson": _line_ends,
    "aws": _message_ends,
}
