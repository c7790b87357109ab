"""TLS before a server that has none built in: a proxy with a certificate of its own, on 127.0.0.1."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import Self

import trustme


def certificate(folder: Path, name: str) -> Path:
    """One for 127.0.0.1 by an authority of its own, with its key and the authority's certificate in the same file."""
    authority = trustme.CA()
    path = folder / f"{name}.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(path)
    authority.cert_pem.write_to_path(path, append=True)
    return path


class TLSProxy:
    """Speaks TLS with whoever comes, and plainly with 127.0.0.1:`target`.

    `asked`: clients ask first whether they may (PostgreSQL's way), and are told yes.
    """

    def __init__(self, target: int, certificate: Path, *, asked: bool = False) -> None:
        self._target, self._asked = target, asked
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self.encrypted = 0
        """So many connections came about."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone doesn't wake who accepts.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # Whoever refuses the certificate hangs up: that is an OSError too.
        with contextlib.suppress(OSError), client:
            if self._asked:
                client.recv(8, socket.MSG_WAITALL)
                client.sendall(b"S")
            with (
                self._context.wrap_socket(client, server_side=True) as secure,
                socket.create_connection(("127.0.0.1", self._target)) as server,
            ):
                self.encrypted += 1
                self._forward(secure, server)

    def _forward(self, secure: ssl.SSLSocket, server: socket.socket) -> None:
        answers = threading.Thread(target=_pump, args=(server, secure), daemon=True)
        answers.start()
        _pump(secure, server)
        answers.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
