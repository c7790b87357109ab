"""The thread that keeps a stored ledger in order: what was left for later, leases that ended, counts of blocked requests."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class Keeper:
    """Runs a piece of work every now and then, as long as the object lives that it belongs to and until it is stopped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self.runs = False

    def start(self, owner: T, work: Callable[[T], float], first: float) -> None:
        """Begin: `work` returns the seconds until it is due again. The owner is not kept alive."""
        with self._lock:
            if self.runs:
                return
            calls: SimpleQueue[_Call] = SimpleQueue()
            self._calls = calls
            reference = weakref.ref(owner, lambda _: calls.put(_STOP))
            threading.Thread(
                target=_run, args=(reference, work, calls, first), name="llm-token-budget-keeper", daemon=True
            ).start()
            self.runs = True

    def wake(self) -> None:
        """Have the work done now. Takes no lock: a finalizer may be the caller."""
        self._calls.put(_WORK)

    def stop(self) -> None:
        """Let the thread end; it can be started again."""
        with self._lock:
            self._calls.put(_STOP)
            self.runs = False


class _Call:
    """What the thread is woken for."""


_WORK, _STOP = _Call(), _Call()


def _run(reference: weakref.ref[T], work: Callable[[T], float], calls: SimpleQueue[_Call], timeout: float) -> None:
    while True:
        try:
            call = calls.get(timeout=timeout)
        except Empty:
            call = _WORK
        owner = reference()
        if owner is None or call is _STOP:
            return
        timeout = work(owner)
        del owner
