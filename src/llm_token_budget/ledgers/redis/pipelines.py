"""Commands of tasks, sent together: what waits while answers are awaited goes out in the next batch.

One client for each event loop; it is closed when its loop shuts its generators down, as `asyncio.run` does.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Final

from redis import exceptions as redis_errors

from llm_token_budget.ledgers.redis.connections import AT_ONCE_AGAIN, NOT_AGAIN, sentinels_of
from llm_token_budget.ledgers.redis.wire import packed

Command = Sequence[Any] | bytes
"""In words; or written as the server reads it, for those who take bytes."""
Waiting = tuple[Command, "asyncio.Future[Any]"]

AT_ONCE: Final = 16
"""Commands of one batch. Many more would keep the event loop longer than a millisecond at a time."""

LANES: Final = 2
"""Batches under way at the same time: while the server works on one, the other is made or read."""


class Pipelines:
    """The commands of one event loop. Only used in it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        # A cluster's client finds the node of each command by itself; others give us their connections.
        self.take_bytes = hasattr(client, "connection_pool")
        """Whether commands may be written as the server reads them."""
        self._exchange = self._exchange_over_connection if self.take_bytes else self._exchange_by_client
        self._idle: list[Any] = []
        self._waiting: deque[Waiting] = deque()
        self._senders: set[asyncio.Task[None] | None] = set()
        self._end: AsyncGenerator[None] | None = None
        self._patience: float | None = None
        """Seconds that a batch may take, as the client's options say."""

    async def run(self, command: Command) -> Any:
        """The answer to a command. Whoever is cancelled meanwhile leaves the others alone; the command may be carried out."""
        loop = asyncio.get_running_loop()
        if self._end is None:
            await self._close_with_loop()
        answer = loop.create_future()
        self._waiting.append((command, answer))
        if len(self._senders) < LANES:
            # In a context of its own: it sends for others too.
            sender = loop.create_task(self._send_all(), context=contextvars.Context())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        return await answer

    async def close(self) -> None:
        """Close the connections; the next command connects again."""
        while self._idle:
            await self._idle.pop().disconnect(nowait=True)
        await self._client.aclose()
        for each in sentinels_of(self._client):
            await each.aclose()

    async def _send_all(self) -> None:
        batch: list[Waiting] = []
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), AT_ONCE))]
                await self._send([(command, answer) for command, answer in batch if not answer.done()])
        finally:
            # Here, not when the loop gets to it: who comes in between must find that nobody sends any more.
            self._senders.discard(asyncio.current_task())
            # Only if this task was cancelled, with its loop: nobody will answer these.
            for _, answer in batch:
                answer.cancel()

    async def _send(self, batch: list[Waiting]) -> None:
        if not batch:
            return
        try:
            replies = await self._exchange([command for command, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            replies = [error] * len(batch)
        for (_, answer), reply in zip(batch, replies, strict=True):
            if answer.done():
                continue
            if isinstance(reply, Exception):
                answer.set_exception(reply)
            else:
                answer.set_result(reply)

    async def _exchange_by_client(self, commands: list[Command]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = await pipeline.execute(raise_on_error=False)
        return replies

    async def _exchange_over_connection(self, commands: list[Command]) -> list[Any]:
        connection = self._idle.pop() if self._idle else await self._new_connection()
        try:
            return await self._exchange_over(connection, commands)
        except AT_ONCE_AGAIN as error:
            await connection.disconnect(nowait=True)
            if isinstance(error, NOT_AGAIN):
                raise
            return await self._exchange_over(connection, commands)
        finally:
            # One that failed has been disconnected: it connects again when it is used.
            self._idle.append(connection)

    async def _new_connection(self) -> Any:
        connection = await self._client.connection_pool.get_connection()
        # One deadline for a batch: redis-py's own, one to write and one for each answer, cost more than these.
        self._patience, connection.socket_timeout = connection.socket_timeout, None
        return connection

    async def _connect_again(self, connection: Any) -> None:
        connection.socket_timeout = self._patience
        try:
            await connection.connect()
        finally:
            connection.socket_timeout = None

    async def _exchange_over(self, connection: Any, commands: list[Command]) -> list[Any]:
        replies: list[Any] = []
        written = b"".join([each if type(each) is bytes else packed(each) for each in commands])
        if not connection.is_connected:
            await self._connect_again(connection)
        try:
            async with asyncio.timeout(self._patience):
                await connection.send_packed_command(written)
                for _ in commands:
                    try:
                        replies.append(await connection.read_response(timeout=math.inf))
                    except redis_errors.ResponseError as error:
                        replies.append(error)
        except TimeoutError:
            await connection.disconnect(nowait=True)
            raise redis_errors.TimeoutError("no answer in time") from None
        return replies

    async def _close_with_loop(self) -> None:
        self._end = self._until_the_end()
        await anext(self._end)

    async def _until_the_end(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self._end = None
            await self.close()


class Loops:
    """The pipelines of each event loop, made when first needed, dropped with their loop."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._pipelines: dict[asyncio.AbstractEventLoop, Pipelines] = {}

    def here(self) -> Pipelines:
        """Those of the running event loop."""
        loop = asyncio.get_running_loop()
        found = self._pipelines.get(loop)
        if found is None:
            with self._lock:
                # A connection refers to its loop: weak references would keep both for ever.
                for closed in [each for each in self._pipelines if each.is_closed()]:
                    del self._pipelines[closed]
                found = self._pipelines[loop] = Pipelines(self._connect())
        return found

    def close(self) -> None:
        """Have the connections closed, each in its own loop, if that still runs."""
        with self._lock:
            pipelines, self._pipelines = self._pipelines, {}
        for loop, each in pipelines.items():
            if loop.is_running():
                asyncio.run_coroutine_threadsafe(each.close(), loop)
