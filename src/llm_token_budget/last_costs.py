"""What the last calls of somebody came to, in this process: told beside what the next may cost at most."""

from __future__ import annotations

from typing import Final

KEPT: Final = 4096
"""So many pairs of user and model; then all are forgotten."""


class LastCosts:
    """A running mean for each user and model, of about the last four bills. Single dict operations, no lock."""

    def __init__(self) -> None:
        self._nano_usd: dict[tuple[str | None, str | None], int] = {}

    def note(self, user_key: str | None, model: str | None, nano_usd: int) -> None:
        """A bill came."""
        key = user_key, model
        before = self._nano_usd.get(key)
        if before is None:
            if len(self._nano_usd) >= KEPT:
                self._nano_usd.clear()
            self._nano_usd[key] = nano_usd
        else:
            self._nano_usd[key] = (3 * before + nano_usd) // 4

    def of(self, user_key: str | None, model: str | None) -> int | None:
        """Nano-USD; None if there was no bill."""
        return self._nano_usd.get((user_key, model))
