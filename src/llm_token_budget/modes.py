"""The switch for a bad night: stop everything, or stop enforcing, in all processes and without a deploy."""

from __future__ import annotations

import getpass
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, cast, get_args

from llm_token_budget.errors import ConfigurationError, LedgerUnavailable, shown_value
from llm_token_budget.ledgers.base import REQUESTS, Ledger, Line

logger: Final = logging.getLogger("llm_token_budget")

Mode = Literal["enforce", "observe", "block"]

MODES: Final[tuple[Mode, ...]] = get_args(Mode)
VARIABLE: Final = "LLM_TOKEN_BUDGET_MODE"

LOOK_EVERY: Final = 1.0
"""Seconds after which a process asks the ledger again: so late at most does a switch reach its calls."""

_NAME: Final = "(mode)"
_HISTORY: Final = "(mode history)"
_NOW: Final = ("now",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """Somebody switched the mode."""

    mode: Mode | None
    """None: back to what each process was started with."""
    by: str
    at: datetime


class ModeSwitch:
    """The mode that holds now: the ledger's, or else the environment's, or else "enforce".

    The switch is kept where overrides of limits are kept, so every ledger has it. A process asks at most once a second, in
    the course of a call, and keeps to what it last knew while the ledger is away.
    """

    def __init__(self, ledger: Ledger, changed: Callable[[Mode], object]) -> None:
        self._ledger = ledger
        self._changed = changed
        self._start: Mode = read_mode(os.environ.get(VARIABLE) or "enforce", VARIABLE)
        self.mode: Mode = "enforce"
        self.due = 0.0
        """When to look again, by the monotonic clock. A ledger in memory is only switched here, and needs no looks."""
        self._take(self._start)
        if not ledger.blocking:
            self.due = float("inf")

    def look(self) -> None:
        """Ask the ledger."""
        self.due = time.monotonic() + LOOK_EVERY if self._ledger.blocking else float("inf")
        try:
            (code,) = self._ledger.limit_amounts([Line(_NAME, _NOW, REQUESTS, None, -1)])
        except LedgerUnavailable:
            return  # The call itself will say so.
        self._take(self._start if code is None else MODES[code] if code < len(MODES) else "block")

    def switch(self, mode: Mode | None, by: str | None) -> None:
        """Switch all processes; None: back to what each was started with."""
        who = (by or _somebody())[:200]
        if mode is None:
            self._ledger.clear_limit(_NAME, _NOW)
        else:
            self._ledger.set_limit(_NAME, _NOW, MODES.index(mode))
        now = self._ledger.now()
        self._ledger.set_limit(_HISTORY, (f"{now:.6f}", mode or "", who), int(now))
        self.look()

    def history(self) -> list[Switched]:
        """Who switched when, the latest first."""
        found = [
            Switched(mode=cast("Mode | None", key[1] or None), by=key[2], at=datetime.fromtimestamp(float(key[0]), UTC))
            for name, key, _ in self._ledger.overrides()
            if name == _HISTORY and key is not None
        ]
        return sorted(found, key=lambda switched: switched.at, reverse=True)

    def _take(self, mode: Mode) -> None:
        if mode == self.mode:
            return
        logger.warning("budgets: mode %r now, %r before", mode, self.mode)
        self.mode = mode
        self._changed(mode)


def read_mode(value: object, what: str) -> Mode:
    """A mode as somebody wrote it.

    Raises:
        ConfigurationError: none of them: a typo must not mean that nothing is enforced.
    """
    for mode in MODES:
        if mode == value:
            return mode
    raise ConfigurationError(f"{what} is one of {', '.join(map(repr, MODES))}, not {shown_value(value)}")


def _somebody() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # A container without a name for its user.
        return "somebody"
