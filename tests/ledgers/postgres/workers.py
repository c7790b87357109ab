"""Starts workers, listens to them, and ends them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter as Tally
from pathlib import Path
from typing import Any


class Worker:
    """One process of worker.py, and what it has said so far."""

    def __init__(self, **options: Any) -> None:
        self.said: list[str] = []
        self._ready = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py")), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def wait_until_ready(self) -> None:
        assert self._ready.wait(60), "the worker doesn't start"

    def kill(self) -> None:
        """As `kill -9` does."""
        self._process.kill()
        self._end()

    def stop(self, timeout: float = 120) -> None:
        """Let it end what it does, and its ledger be closed."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout)
        self._end()
        assert self._process.returncode == 0

    def names(self, word: str) -> list[str]:
        """Of the calls of which it has said so."""
        return [line.split()[1] for line in self.said if line.startswith(f"{word} ")]

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line == "ready\n":
                self._ready.set()
            elif line.endswith("\n"):
                self.said.append(line.strip())

    def _end(self) -> None:
        self._process.wait()
        self._listener.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()


def said(workers: list[Worker], word: str) -> list[str]:
    return [name for worker in workers for name in worker.names(word)]


def counted(workers: list[Worker]) -> Tally[str]:
    return Tally(line.split()[0] for worker in workers for line in worker.said)
