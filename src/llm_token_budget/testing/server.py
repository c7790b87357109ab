"""The server: one thread, one event loop, real sockets on 127.0.0.1.

Importing this module imports asyncio; nothing imports it before a provider is started.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import cast

from llm_token_budget.testing.http1 import CONTINUE, HttpRequest, MalformedRequest, RequestReader, response_head
from llm_token_budget.testing.performance import Performance
from llm_token_budget.testing.playing import play

_BACKLOG = 1024
# Turns of the loop that it takes to accept a connection, read from it and begin an answer.
_TURNS = 6
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Answering = Callable[[HttpRequest], Performance]


class Server:
    """Answers requests by `answering` until it is stopped."""

    def __init__(self, answering: Answering, book: Callable[[Performance, int, bool], None]) -> None:
        self.answering = answering
        self.book = book
        self.connections: set[Connection] = set()
        self._address: Future[tuple[asyncio.AbstractEventLoop, int]] = Future()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="loopback-provider", daemon=True)

    def start(self) -> int:
        """Start serving; returns the port."""
        self._thread.start()
        self._loop, port = self._address.result()
        return port

    def stop(self) -> None:
        """End every connection, and the thread."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def wait_until_idle(self, timeout: float) -> None:
        """Wait until no request is being answered.

        Raises:
            TimeoutError: some still are.
        """
        waiting = asyncio.run_coroutine_threadsafe(self._until_idle(), self._loop)
        try:
            waiting.result(timeout)
        except TimeoutError:
            waiting.cancel()
            raise TimeoutError(f"requests are still being answered after {timeout} seconds") from None

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            if self._address.done():
                raise
            self._address.set_exception(error)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: Connection(self), "127.0.0.1", 0, backlog=_BACKLOG)
        self._address.set_result((loop, listening.sockets[0].getsockname()[1]))
        await self._end.wait()
        listening.close()
        while self.connections:
            for connection in self.connections:
                connection.abort()
            await self._until_idle()
            await asyncio.sleep(0)
        await listening.wait_closed()

    async def _until_idle(self) -> None:
        # A request may still be on its way through the loop: let the sockets be read before looking.
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        while tasks := [connection.task for connection in self.connections if connection.task is not None]:
            await asyncio.wait(tasks)


class Connection(asyncio.Protocol):
    """One client's connection: its requests are answered one after the other."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._reader = RequestReader()
        self._loop = asyncio.get_running_loop()
        self._writable: asyncio.Future[None] | None = None
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.task: asyncio.Task[None] | None = None
        self.keeps_alive = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
        except MalformedRequest:
            self.abort()
            return
        if self.task is None:
            self._next()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it was lost
        if not self.gone.done():
            self.gone.set_result(None)
        self.resume_writing()
        if self.task is None:
            self._server.connections.discard(self)

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    @property
    def is_gone(self) -> bool:
        return self.gone.done()

    async def is_there_after(self, seconds: float) -> bool:
        """Wait, but not for a client that has gone."""
        if seconds > 0:
            await asyncio.wait([self.gone], timeout=seconds)
        return not self.is_gone

    async def write(self, data: bytes) -> None:
        """Send, as fast as the client reads."""
        self._transport.write(data)
        if self._writable is not None:
            await self._writable

    def close(self) -> None:
        """End the connection when everything is sent."""
        self._transport.close()

    def abort(self, *, with_reset: bool = False) -> None:
        """End the connection now; a reset tells the client that its request may not have been read."""
        if with_reset and (raw := self._transport.get_extra_info("socket")) is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    def _next(self) -> None:
        try:
            request = self._reader.next_request()
        except MalformedRequest as error:
            self._transport.write(response_head(error.status, {}, length=0, keeps_alive=False))
            self._transport.close()
            return
        if request is not None:
            self.keeps_alive = request.keeps_alive
            self.task = self._loop.create_task(self._answer(request))
        elif self._reader.take_continue():
            self._transport.write(CONTINUE)

    async def _answer(self, request: HttpRequest) -> None:
        try:
            await play(self._server.answering(request), self, self._server.book)
        finally:
            self.task = None
            if self.is_gone:
                self._server.connections.discard(self)
        if self.is_gone or self._transport.is_closing():
            return
        if self.keeps_alive:
            self._next()
        else:
            self._transport.close()
