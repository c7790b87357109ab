"""Windows' current bounds, as counters take them."""

from __future__ import annotations

from llm_token_budget.windows import Sliding, Window


class Spans:
    """The current bounds of each window, by the ledger's clock.

    Computed once and kept until the ledger says that they have passed: callers need no clock of their own.
    """

    def __init__(self) -> None:
        self._bounds: dict[str, tuple[int, int | None, int]] = {}
        self._windows: dict[str, Window] = {}
        self.now = 0.0
        self.turn = 0
        """Counts how often the windows have moved on."""

    def of(self, window: Window) -> tuple[int, int | None, int]:
        """(start, end, sliding) as counters take them."""
        bounds = self._bounds.get(window.id)
        return self._compute(window) if bounds is None else bounds

    def move_on(self, now: float) -> None:
        """Compute all windows again for the ledger's present."""
        self.now = now
        self._bounds = {name: bounds for name, bounds in self._bounds.items() if _holds(bounds, now)}
        self.turn += 1

    def _compute(self, window: Window) -> tuple[int, int | None, int]:
        start, end = window.bounds(self.now)
        bounds = start, end, window.seconds if isinstance(window, Sliding) else 0
        self._bounds[window.id] = bounds
        return bounds


def _holds(bounds: tuple[int, int | None, int], now: float) -> bool:
    start, end, _ = bounds
    return start <= now and (end is None or now < end)
