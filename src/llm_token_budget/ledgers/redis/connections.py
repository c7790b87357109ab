"""Commands of threads, each over a connection that no other thread uses meanwhile.

redis-py's connections, without the layers that its client puts around each command: those cost as much again as the trip.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from redis import exceptions as redis_errors

AT_ONCE_AGAIN: Final = (redis_errors.ConnectionError, OSError)
"""The server has closed the connection meanwhile, as it may. Sending the same once more changes nothing."""

NOT_AGAIN: Final = (redis_errors.AuthenticationError, redis_errors.AuthorizationError, redis_errors.BusyLoadingError)


def packed(command: Sequence[Any]) -> bytes:
    """A command as the server reads it. redis-py does this too, at many times the cost in tasks."""
    words = [each if type(each) is bytes else str(each).encode() for each in command]
    return b"*%d\r\n%b" % (len(words), b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words]))


class Connections:
    """The idle connections of one client, made by its pool. Safe from any thread."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._idle: deque[Any] = deque()

    def execute_command(self, *command: Any) -> Any:
        """The answer to a command; an error that the server answers is raised."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._client.connection_pool.get_connection()
        try:
            return self._exchange(connection, command)
        finally:
            # One that failed has been disconnected: it connects again when it is used.
            self._idle.append(connection)

    def ping(self) -> None:
        self.execute_command("PING")

    def close(self) -> None:
        while self._idle:
            self._idle.pop().disconnect()
        self._client.close()

    def _exchange(self, connection: Any, command: Sequence[Any]) -> Any:
        data = [packed(command)]
        try:
            connection.send_packed_command(data)
            return connection.read_response()
        except AT_ONCE_AGAIN as error:
            connection.disconnect()
            if isinstance(error, NOT_AGAIN):
                raise
        except BaseException as error:
            if not isinstance(error, redis_errors.ResponseError):
                connection.disconnect()
            raise
        connection.send_packed_command(data)
        return connection.read_response()
