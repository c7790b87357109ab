"""Whether a store can be reached, as its last operations found out, and what went past it meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from llm_token_budget.ledgers.base import Amounts

logger: Final = logging.getLogger("llm_token_budget")

FRESH: Final = 1.0
"""Seconds after a failure in which nobody tries to catch up with what was left for later."""

HOPELESS: Final = 2.0
"""Seconds of an outage after which a call asks once, not again and again: others have waited in vain."""


class Outage:
    """Says in the log when a store is lost and when it is back: once each, however many calls meet it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._since: float | None = None
        self._failed = 0.0
        self._let_through = 0
        self.unguarded = Amounts()
        """What calls were charged that were let through while the store was away, in this process."""

    @property
    def is_fresh(self) -> bool:
        """Whether the store has just been found away."""
        return self._since is not None and time.monotonic() - self._failed < FRESH

    @property
    def is_hopeless(self) -> bool:
        """Whether it has been away for so long that waiting for it only makes calls slow."""
        return self._since is not None and time.monotonic() - self._since > HOPELESS

    def found_away(self, cause: BaseException | None) -> None:
        with self._lock:
            self._failed = time.monotonic()
            if self._since is not None:
                return
            self._since = self._failed
        logger.error("the ledger at %s can't be reached (%s)", self._name, type(cause).__name__)

    def found_back(self) -> None:
        if self._since is None:
            return  # As nearly always: no lock for that.
        with self._lock:
            since, self._since = self._since, None
            passed, self._let_through = self._let_through, 0
        lasted = time.monotonic() - (since or self._failed)
        logger.warning(
            "the ledger at %s is back after %.1f s; calls let through unguarded meanwhile: %d",
            self._name,
            lasted,
            passed,
        )

    def let_through(self) -> None:
        """A call goes out that no limit was asked about."""
        with self._lock:
            self._let_through += 1

    def charged(self, amounts: Amounts) -> None:
        """Such a call was charged."""
        with self._lock:
            self.unguarded = Amounts(*map(sum, zip(self.unguarded, amounts, strict=True)))


class Attempts:
    """How often and how soon a store is asked again."""

    def __init__(self, patience: float) -> None:
        self._until = time.monotonic() + patience if patience else 0.0
        self._pause = 0.02

    def pause(self) -> float | None:
        """Seconds to wait before the next attempt; None: there is none."""
        pause, self._pause = self._pause, min(self._pause * 2, 0.5)
        return pause if time.monotonic() + pause < self._until else None
