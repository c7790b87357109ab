"""Starts workers, listens to them, and ends them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Worker:
    """One process of worker.py, and what it has said so far."""

    def __init__(self, path: str, job: str, **options: Any) -> None:
        self.said: Tally[str] = Tally()
        script = str(Path(__file__).with_name("worker.py"))
        self.process = subprocess.Popen(
            [sys.executable, script, path, job, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def hears(self, word: str, times: int = 1) -> None:
        """Wait until it has said so."""
        wait_until(lambda: self.said[word] >= times or self.process.poll() is not None)
        assert self.said[word] >= times

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def tell(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> int:
        """Wait for its end."""
        code = self.process.wait(120)
        self._listener.join()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        return code

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.said[line.strip()] += 1


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Look again and again, as what is waited for happens in other processes."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)
