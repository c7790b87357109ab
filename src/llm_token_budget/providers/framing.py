"""Cutting a stream's bytes into events: server-sent events and JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llm_token_budget.providers.dialect import Body, Framing, parse_object

DONE: Final = b"[DONE]"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""The standard lets a stream begin with one."""


class Splitter:
    """Cuts bytes, however they arrive, into whole events, the bytes of each kept as they were."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._rest = b""

    def split(self, chunk: bytes) -> Iterator[bytes]:
        """The events that are complete with this chunk."""
        data = self._rest + chunk if self._rest else chunk
        ends = _line_ends(data) if self._framing == "ndjson" else _blank_lines(data)
        start = 0
        for end in ends:
            yield data[start:end]
            start = end
        self._rest = data[start:]

    def rest(self) -> bytes:
        """What came after the last complete event."""
        rest, self._rest = self._rest, b""
        return rest


def event_of(raw: bytes, framing: Framing) -> Body | None:
    """The JSON object of an event; None for comments, `[DONE]` and what is no JSON object."""
    if framing == "ndjson":
        return parse_object(raw)
    data = _data_of(raw)
    return None if data is None or data == DONE else parse_object(data)


def is_done_marker(raw: bytes) -> bool:
    """Whether an event is the one with which OpenAI and Groq end a stream."""
    return DONE in raw and _data_of(raw) == DONE


def _data_of(raw: bytes) -> bytes | None:
    """What an event carries; None for comments."""
    if raw.startswith(BYTE_ORDER_MARK):
        raw = raw[3:]
    # Cheap for the common event of one data line; several are joined, as the standard says.
    data = [line[5:].strip(b" ") for line in raw.splitlines() if line.startswith(b"data:")]
    return data[0] if len(data) == 1 else b"\n".join(data) if data else None


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
