"""Commands of threads, each over a connection that no other thread uses meanwhile.

redis-py's connections, without the layers that its client puts around each command: those cost as much again as the trip.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from redis import exceptions as redis_errors

from llm_token_budget.ledgers.redis.wire import packed

AT_ONCE_AGAIN: Final = (redis_errors.ConnectionError, OSError)
"""The server has closed the connection meanwhile, as it may. Sending the same once more changes nothing."""

NOT_AGAIN: Final = (redis_errors.AuthenticationError, redis_errors.AuthorizationError, redis_errors.BusyLoadingError)


class Connections:
    """The idle connections of one client, made by its pool. Safe from any thread."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._idle: deque[Any] = deque()

    def execute_command(self, *command: Any) -> Any:
        """The answer to a command; an error that the server answers is raised."""
        return self.exchange(packed(command))

    def exchange(self, command: bytes) -> Any:
        """The same for a command that is written as the server reads it."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._client.connection_pool.get_connection()
        try:
            answer = self._exchange(connection, command)
        except redis_errors.ResponseError:
            self._idle.append(connection)
            raise
        except BaseException:
            # Back to where it is from: only there is a Sentinel asked where the primary is by now.
            connection.disconnect()
            self._client.connection_pool.release(connection)
            raise
        self._idle.append(connection)
        return answer

    def ping(self) -> None:
        self.execute_command("PING")

    def close(self) -> None:
        while self._idle:
            self._idle.pop().disconnect()
        self._client.close()
        for each in sentinels_of(self._client):
            each.close()

    def _exchange(self, connection: Any, command: bytes) -> Any:
        data = (command,)
        try:
            connection.send_packed_command(data)
            return connection.read_response()
        except AT_ONCE_AGAIN as error:
            connection.disconnect()
            if isinstance(error, NOT_AGAIN):
                raise
        connection.connect()
        connection.send_packed_command(data)
        return connection.read_response()


def sentinels_of(client: Any) -> list[Any]:
    """The clients that ask Sentinels where the server is: closing it leaves them open."""
    manager = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
    return [] if manager is None else list(manager.sentinels)
