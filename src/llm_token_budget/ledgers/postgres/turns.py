"""Threads that want one of a few things get them in the order in which they asked."""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """A semaphore that nobody can overtake at.

    `threading.Semaphore` wakes a waiting thread, and whoever has just released may take the place again before that thread
    runs: with more busy threads than places, somebody waits for seconds.
    """

    def __init__(self, places: int) -> None:
        self._lock = threading.Lock()
        self._free = places
        self._waiting = deque[threading.Lock]()
        """A shut lock for each waiting thread; it is opened when a place is the thread's."""

    def acquire(self, timeout: float) -> bool:
        """A place; False if there is none within so many seconds."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            if mine.acquire(timeout=timeout):
                return True
        except BaseException:
            if not self._gave_up(mine):
                self.release()
            raise
        return not self._gave_up(mine)

    def release(self) -> None:
        """Hand a place to whoever waits longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1

    def _gave_up(self, mine: threading.Lock) -> bool:
        """Stop waiting; False if a place has come in the last instant."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return True
        return False
