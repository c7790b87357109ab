"""Waking those who wait for room: threads and tasks alike."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Bell:
    """Counts how often room was given back, and wakes who waits for the next time.

    Whoever rings or listens holds the ledger's lock; waiting itself happens outside of it.
    """

    def __init__(self) -> None:
        self.rung = 0
        self._sleepers: dict[int, Callable[[], object]] = {}

    def ring(self) -> None:
        self.rung += 1
        if self._sleepers:
            for wake in self._sleepers.values():
                wake()
            self._sleepers.clear()

    def listen(self, rung: int, wake: Callable[[], object]) -> bool:
        """Call `wake` at the next ring. False if it has rung since `rung`, and nothing was arranged."""
        if self.rung != rung:
            return False
        self._sleepers[id(wake)] = wake
        return True

    def leave(self, wake: Callable[[], object]) -> None:
        self._sleepers.pop(id(wake), None)


def wait(bell: Bell, lock: threading.Lock, rung: int, timeout: float) -> None:
    """Block until the bell has rung since `rung`, or for `timeout` seconds."""
    gate = threading.Lock()
    gate.acquire()
    wake = gate.release
    with lock:
        if not bell.listen(rung, wake):
            return
    # To a lock, -1 means forever.
    if not gate.acquire(timeout=max(timeout, 0)):
        with lock:
            bell.leave(wake)


async def await_ring(bell: Bell, lock: threading.Lock, rung: int, timeout: float) -> None:  # noqa: ASYNC109
    """`wait` for a task of asyncio; under another event loop, a look after at most 50 ms."""
    import sys

    asyncio = sys.modules.get("asyncio")
    loop = asyncio._get_running_loop() if asyncio else None  # noqa: SLF001 - the one that does not raise
    if asyncio is None or loop is None:
        import anyio

        await anyio.sleep(min(timeout, 0.05))
        return
    woken = loop.create_future()

    def wake() -> None:
        try:
            loop.call_soon_threadsafe(_resolve, woken)
        except RuntimeError:  # The sleeper's loop was closed meanwhile: nobody is left to wake.
            return

    with lock:
        if not bell.listen(rung, wake):
            return
    try:
        await asyncio.wait([woken], timeout=timeout)
    finally:
        with lock:
            bell.leave(wake)


def _resolve(future: object) -> None:
    if not future.done():  # type: ignore[attr-defined]
        future.set_result(None)  # type: ignore[attr-defined]
