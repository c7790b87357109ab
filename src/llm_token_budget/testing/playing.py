"""Playing a performance to a client that may leave at any time, and booking what that costs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

from llm_token_budget.testing.events import Event
from llm_token_budget.testing.http1 import LAST_CHUNK, chunk, response_head
from llm_token_budget.testing.performance import Performance

Book = Callable[[Performance, int, bool], None]
"""Books a performance: the output tokens produced, and whether the answer is complete."""


class Listener(Protocol):
    """The client's end of the connection."""

    keeps_alive: bool
    gone: asyncio.Future[None]

    async def is_there_after(self, seconds: float) -> bool: ...
    async def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def abort(self, *, with_reset: bool = False) -> None: ...


async def play(performance: Performance, listener: Listener, book: Book) -> None:
    """Answer one request, as ordered."""
    reply = performance.reply
    if isinstance(performance.body, bytes) or reply.drop or reply.hang:
        # Such an answer is computed as a whole, whether or not the client waits for it.
        _book_all(performance, book)
    if reply.drop:
        if not await listener.is_there_after(reply.latency):
            return
        if reply.drop == "before":
            listener.abort(with_reset=True)
        else:
            listener.close()
    elif reply.hang:
        await listener.gone
    elif isinstance(performance.body, bytes):
        await _play_whole(performance, performance.body, listener)
    elif await listener.is_there_after(reply.latency):
        await _play_stream(performance, performance.body, listener, book)
    else:
        _book_all(performance, book)


def _book_all(performance: Performance, book: Book) -> None:
    if performance.line is not None:
        book(performance, performance.line.output_tokens, True)  # noqa: FBT003


async def _play_whole(performance: Performance, body: bytes, listener: Listener) -> None:
    reply = performance.reply
    if not await listener.is_there_after(reply.latency):
        return
    head = response_head(performance.status, performance.headers, length=len(body), keeps_alive=listener.keeps_alive)
    if reply.cut_after is None:
        await listener.write(head + body)
    else:
        await listener.write(head + body[: len(body) // 2])
        listener.close()


async def _play_stream(performance: Performance, events: Iterator[Event], listener: Listener, book: Book) -> None:
    meter = _Meter(performance, book)
    try:
        await _send_events(performance, events, listener, meter)
    finally:
        meter.end()


async def _send_events(performance: Performance, events: Iterator[Event], listener: Listener, meter: _Meter) -> None:
    reply = performance.reply
    head = response_head(performance.status, performance.headers, length=None, keeps_alive=listener.keeps_alive)
    await listener.write(head)
    for number, event in enumerate(events):
        if number == reply.cut_after:
            listener.close()
            return
        if number == reply.error_event_after and performance.error_event is not None:
            await listener.write(chunk(performance.error_event.data) + LAST_CHUNK)
            return
        if number and not await listener.is_there_after(reply.chunk_latency):
            return
        meter.produced(event.output_tokens)
        await listener.write(chunk(event.data))
        # Others are served between two events, and a client that left is noticed.
        await asyncio.sleep(0)
    await listener.write(LAST_CHUNK)


class _Meter:
    """Counts what a stream produces, and books it once: when all is produced, or when it ends."""

    def __init__(self, performance: Performance, book: Book) -> None:
        self._performance = performance
        self._book = book
        self._tokens = 0
        self._is_booked = performance.line is None

    def produced(self, tokens: int) -> None:
        self._tokens += tokens
        line = self._performance.line
        if tokens and line is not None and self._tokens >= line.output_tokens:
            self._book_once(complete=True)

    def end(self) -> None:
        line = self._performance.line
        self._book_once(complete=line is not None and self._tokens >= line.output_tokens)

    def _book_once(self, *, complete: bool) -> None:
        if not self._is_booked:
            self._is_booked = True
            self._book(self._performance, self._tokens, complete)
