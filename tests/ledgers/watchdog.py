"""Watches an event loop: how long each of its callbacks computes, and for how long it waits for something.

Not by the clock on the wall: where others use the processor too, that says more about them. Computing is the processor time
of the loop's own thread. Waiting is what is left of the wall clock's time without that, and without the time in which the
thread was ready to run while the system let others run (Linux says how long; elsewhere that counts as waiting).
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

Run = Callable[[asyncio.Handle], None]


class Turn(NamedTuple):
    """One callback: milliseconds."""

    computed: float
    waited: float
    name: str


class Watchdog:
    """What the callbacks of one event loop took while it watched."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self._watches = False

    @property
    def most_computed(self) -> Turn:
        return max(self.turns)

    @property
    def longest_wait(self) -> Turn:
        return max(self.turns, key=lambda turn: turn.waited)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the callbacks that this thread runs from now on."""
        plain, switching = asyncio.Handle._run, sys.getswitchinterval()
        with _kept_ready() as kept_ready:
            asyncio.Handle._run = self._watched(plain, kept_ready)
            # So that the interpreter's own lock, which other threads hold in turns, keeps nobody waiting for long; and the
            # garbage of a whole test run is collected in nobody's turn.
            sys.setswitchinterval(1e-4)
            gc.collect()
            gc.disable()
            self._watches = True
            try:
                yield
            finally:
                self._watches = False
                gc.enable()
                sys.setswitchinterval(switching)
                asyncio.Handle._run = plain

    def _watched(self, plain: Run, kept_ready: Callable[[], float]) -> Run:
        me = threading.get_ident()

        def run(handle: asyncio.Handle) -> None:
            if threading.get_ident() != me:
                plain(handle)
                return
            ready, wall, computed = kept_ready(), time.perf_counter(), time.thread_time()
            plain(handle)
            computed, wall = time.thread_time() - computed, time.perf_counter() - wall
            if not self._watches:
                return  # The turn in which the watch ended.
            waited = wall - computed - (kept_ready() - ready)
            self.turns.append(Turn(computed * 1e3, waited * 1e3, _name(handle)))

        return run


@contextmanager
def _kept_ready() -> Iterator[Callable[[], float]]:
    """Tells for how many seconds this thread has been ready to run, and did not."""
    told = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    if not told.exists():
        yield lambda: 0.0
        return
    with told.open("rb", buffering=0) as file:
        yield lambda: int(os.pread(file.fileno(), 64, 0).split()[1]) / 1e9


def _name(handle: Any) -> str:
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        return str(getattr(task.get_coro(), "__qualname__", task))
    return str(getattr(callback, "__qualname__", callback))
