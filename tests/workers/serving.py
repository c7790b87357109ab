"""Real servers with several worker processes, in front of a provider of our own, over a ledger that they share."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import psutil

HERE = Path(__file__).parent


def environment(ledger: str, provider: str, **more: str) -> dict[str, str]:
    """What the applications read."""
    return os.environ | {"BUDGET_LEDGER": ledger, "OPENAI_BASE_URL": provider, "OPENAI_API_KEY": "none"} | more


@contextmanager
def serving(command: list[str], env: dict[str, str], port: int, workers: int = 3) -> Generator[subprocess.Popen[str]]:
    """A server with its workers, once they run. Whoever uses it ends it; what is left over is killed."""
    running = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=HERE, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        until = time.monotonic() + 60
        while status(port, "/ready") != 200 or len(psutil.Process(running.pid).children()) < workers:
            if time.monotonic() > until or running.poll() is not None:
                running.kill()
                raise RuntimeError(running.communicate()[0])
            time.sleep(0.05)
        yield running
    finally:
        if running.poll() is None:
            running.kill()
        running.communicate()


def stopped(running: subprocess.Popen[str]) -> str:
    """End a server as a deploy does, and give what it said."""
    running.send_signal(signal.SIGTERM)
    said = running.communicate(timeout=60)[0]
    assert "Traceback" not in said, said
    return said


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        return int(chosen.getsockname()[1])


def status(port: int, path: str, user: str = "ada") -> int:
    """What a request is answered; 0 if nobody answers."""
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers={"x-user": user}), timeout=60) as answer:
            answer.read()
            return int(answer.status)
    except HTTPError as refused:
        with refused:
            refused.read()
        return refused.code
    except (URLError, OSError):
        return 0


def until_refused(port: int, threads: int) -> Counter[int]:
    """Ask from many threads until each was refused; how often each status came."""

    def ask(_: int) -> Counter[int]:
        statuses = Counter[int]()
        while not statuses[429] and len(statuses) < 3 and statuses.total() < 200:
            statuses[status(port, "/chat")] += 1
        return statuses

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(ask, range(threads)), Counter[int]())
