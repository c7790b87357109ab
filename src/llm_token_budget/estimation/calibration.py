"""Learning from bills how far estimates are off, per model and kind of request, in this process.

Per process, as what is learned is cheap to learn again (thirty calls), and a shared store would put a round trip into
every call. Nothing of a request is kept but numbers.
"""

from __future__ import annotations

from math import ceil, exp, floor, log
from typing import Final

ENOUGH: Final = 30
"""So many bills are needed before the estimate is corrected by them, or the bound lowered."""

LEAST: Final = 1.08
MOST: Final = 2.0
"""What the bound is at least and at most, as a multiple of the estimate."""

SLACK: Final = 16
"""Tokens that a bound always has to spare: the few that a provider adds say nothing of larger requests."""

TELLING: Final = 64
"""Tokens below which a request is too short to correct others: it only raises a bound."""

KEPT: Final = 512
"""So many kinds of request are told apart; the oldest are forgotten."""

QUANTILE: Final = 0.99
MARGIN: Final = 1.02
"""On top of the quantile."""

WEIGHT: Final = 0.05
"""Of a new bill in the running mean."""

_MANY: Final = 20
"""Bills until which the mean is a plain one."""

FULL: Final = 400.0
"""When so many bills are in the histogram, all of it is halved: what was long ago counts less."""

FORGIVEN: Final = 0.999
"""What is left of the surplus of a raised bound after each bill that would have stayed below it."""

_STEP: Final = 0.02
_BINS: Final = 71
_FIRST: Final = -35
"""Bins of the logarithm of billed / estimated, a fiftieth each: from one half to two."""


Key = tuple[str, str, bool, bool]
"""Requests that are off in the same way: provider, model, whether there are tools, whether there are media."""


class _Learner:
    """The bills of one kind of request."""

    __slots__ = ("bins", "count", "likely", "mean", "most", "raised", "total")

    def __init__(self) -> None:
        self.bins = [0.0] * _BINS
        self.total = 0.0
        self.count = 0
        self.mean = 1.0
        self.likely = 1.0
        """What is expected, as a multiple of the estimate."""
        self.most: float | None = None
        """The bound, as a multiple of the estimate; None while too few bills are known."""
        self.raised = 0.0
        """A bound that a bill went above, so that the next is held to be higher at once; 0 if none did."""

    def learn(self, expected: int, upper: int, billed: int) -> None:
        ratio = (billed - SLACK if billed > SLACK else 1) / expected
        if billed > upper:
            self.raised = max(self.raised, min(ratio * MARGIN, MOST))
        elif self.raised:
            self.raised = 1.0 + (self.raised - 1.0) * FORGIVEN if self.raised > LEAST else 0.0
        if expected < TELLING:
            return
        self.count = count = self.count + 1
        self.mean += (WEIGHT if count > _MANY else 1 / count) * (billed / expected - self.mean)
        place = floor(log(ratio) / _STEP) + 1 - _FIRST
        self.bins[0 if place < 0 else place if place < _BINS else _BINS - 1] += 1.0
        self.total += 1.0
        if self.total >= FULL:
            self.bins = [weight / 2 for weight in self.bins]
            self.total /= 2
        if count >= ENOUGH:
            self.likely = min(max(self.mean, 1 / MOST), MOST)
            if count % 8 == 0 or count == ENOUGH:
                self.most = min(max(self._quantile() * MARGIN, LEAST), MOST)

    def _quantile(self) -> float:
        """The ratio that all but a hundredth of the bills stay below, rounded up to the end of its bin."""
        above, allowed = 0.0, self.total * (1 - QUANTILE)
        for place in range(_BINS - 1, -1, -1):
            above += self.bins[place]
            if above > allowed:
                return exp((place + _FIRST) * _STEP)
        return 1.0


class Calibration:
    """What was learned from bills. Single dict operations: a lost race costs one lesson."""

    def __init__(self) -> None:
        self._learners: dict[Key, _Learner] = {}

    def __len__(self) -> int:
        return len(self._learners)

    def corrected(self, key: Key, expected: int, upper: int) -> tuple[int, int]:
        """An estimate and its bound, as earlier bills have them.

        The bound is lowered only once enough bills are known, and raised at once when one bill went above it.
        """
        learner = self._learners.get(key)
        if learner is None:
            return expected, upper
        most, raised = learner.most, learner.raised
        bound = upper if most is None else min(upper, ceil(expected * most) + SLACK)
        if raised:
            bound = max(bound, ceil(expected * raised) + SLACK)
        expected = round(expected * learner.likely)
        return expected, max(bound, expected)

    def learn(self, key: Key, expected: int, upper: int, billed: int) -> None:
        """Take a bill: what was expected before any correction, what was reserved, and what it came to."""
        if expected <= 0 or billed <= 0:
            return
        learner = self._learners.get(key)
        if learner is None:
            if len(self._learners) >= KEPT:
                self._learners.pop(next(iter(self._learners)), None)
            learner = self._learners[key] = _Learner()
        learner.learn(expected, upper, billed)
