"""A websocket client: the handshake, texts and the close frame, over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    RejectConnection,
    Request,
    TextMessage,
)


class Talk:
    """One connection."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events: Iterator[Event] = iter(())

    def open(self, host: str, path: str, headers: list[tuple[bytes, bytes]]) -> int:
        """Ask for it: 101, or the status of the answer that refuses it."""
        self._wire.sendall(self._protocol.send(Request(host=host, target=path, extra_headers=headers)))
        event = self._next()
        if isinstance(event, AcceptConnection):
            return 101
        assert isinstance(event, RejectConnection)
        return event.status_code

    def say(self, text: str) -> None:
        self._wire.sendall(self._protocol.send(TextMessage(data=text)))

    def hear(self) -> str | tuple[int, str | None]:
        """A text; or the code and the reason of the end."""
        event = self._next()
        if isinstance(event, CloseConnection):
            self._wire.sendall(self._protocol.send(event.response()))
            return event.code, event.reason
        assert isinstance(event, TextMessage)
        return event.data

    def _next(self) -> Event:
        while True:
            for event in self._events:
                return event
            data = self._wire.recv(65_536)
            assert data, "the server hung up"
            self._protocol.receive_data(data)
            self._events = self._protocol.events()


@contextmanager
def talk(url: str, path: str, **headers: str) -> Iterator[tuple[int, Talk]]:
    """A connection, and the status that its handshake was answered with."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as wire:
        talking = Talk(wire)
        pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        yield talking.open(address.netloc, path, pairs), talking
