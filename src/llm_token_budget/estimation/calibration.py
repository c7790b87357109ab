"""Learning from bills how far estimates are off, per model and kind of request, in this process.

Per process, as what is learned is cheap to learn again (thirty calls), and a shared store would put a round trip into
every call. Nothing of a request is kept but numbers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import ceil, exp, floor, log
from threading import Lock
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

EAGER: Final = 64
"""So many bills are learned from as they come; later ones in batches."""

BATCH: Final = 32
"""So many bills wait at most: what one of thousands teaches can wait, unless it went above its bound."""

_STEP: Final = 0.02
_BINS: Final = 71
_FIRST: Final = -35
"""Bins of the logarithm of billed / estimated, a fiftieth each: from one half to two."""


Key = tuple[str, str, int]
"""Requests that are off in the same way: provider, model, traits (`TokenEstimate.traits`: tools, media)."""


Lesson = tuple[Key, int, int, int]
"""One bill, and what had been said of it: its kind, what was expected before any correction, what was held, what was billed."""


class _Learner:
    """The bills of one kind of request."""

    __slots__ = ("bins", "corrects", "count", "likely", "mean", "most", "raised", "total")

    def __init__(self) -> None:
        self.bins = [0.0] * _BINS
        self.total = 0.0
        self.count = 0
        self.mean = 1.0
        self.corrects = False
        """Whether it has anything to say yet."""
        self.likely = 1.0
        """What is expected, as a multiple of the estimate."""
        self.most: float | None = None
        """The bound, as a multiple of the estimate; None while too few bills are known."""
        self.raised = 0.0
        """A bound that a bill went above, so that the next is held to be higher at once; 0 if none did."""

    def learn(self, lessons: Iterable[Lesson]) -> None:
        bins, count, mean, raised = self.bins, self.count, self.mean, self.raised
        before = count
        for _, expected, upper, billed in lessons:
            ratio = (billed - SLACK if billed > SLACK else 1) / expected
            if billed > upper:
                raised = max(raised, min(ratio * MARGIN, MOST))
            elif raised:
                raised = 1.0 + (raised - 1.0) * FORGIVEN if raised > LEAST else 0.0
            if expected < TELLING:
                continue
            count += 1
            mean += (WEIGHT if count > _MANY else 1 / count) * (billed / expected - mean)
            place = floor(log(ratio) / _STEP) + 1 - _FIRST
            bins[0 if place < 0 else place if place < _BINS else _BINS - 1] += 1.0
        self.count, self.mean, self.raised = count, mean, raised
        self.total += count - before
        if self.total >= FULL:
            self.bins = [weight / 2 for weight in bins]
            self.total /= 2
        if count >= ENOUGH:
            self.likely = min(max(mean, 1 / MOST), MOST)
            if self.most is None or before // 8 != count // 8:
                self.most = min(max(self._quantile() * MARGIN, LEAST), MOST)
        self.corrects = raised > 0.0 or self.most is not None

    def _quantile(self) -> float:
        """The ratio that all but a hundredth of the bills stay below, rounded up to the end of its bin."""
        above, allowed = 0.0, self.total * (1 - QUANTILE)
        for place in range(_BINS - 1, -1, -1):
            above += self.bins[place]
            if above > allowed:
                return exp((place + _FIRST) * _STEP)
        return 1.0


class Calibration:
    """What was learned from bills.

    Bills wait in a queue and one thread at a time learns from them; nothing blocks, so that finalizers may bring some.
    """

    def __init__(self) -> None:
        self.learners: dict[Key, _Learner] = {}
        self._waiting: deque[Lesson] = deque()
        self._learned = 0
        self._learning = Lock()
        self.turn = 0
        """Counts how often something was learned: what was corrected before may be corrected otherwise now."""

    def __len__(self) -> int:
        return len(self.learners)

    def corrected(self, key: Key, expected: int, upper: int) -> tuple[int, int]:
        """An estimate and its bound, as earlier bills have them.

        The bound is lowered only once enough bills are known, and raised at once when one bill went above it.
        """
        learner = self.learners.get(key)
        if learner is None or not learner.corrects:
            return expected, upper
        most, raised = learner.most, learner.raised
        bound = upper if most is None else min(upper, ceil(expected * most) + SLACK)
        if raised:
            bound = max(bound, ceil(expected * raised) + SLACK)
        expected = round(expected * learner.likely)
        return expected, max(bound, expected)

    def learn(self, key: Key, expected: int, upper: int, billed: int) -> None:
        """Take a bill: what was expected before any correction, what was reserved, and what it came to.

        The first ones, and those above what was reserved, count at once; others when a few have come together.
        """
        if expected <= 0 or billed <= 0:
            return
        waiting = self._waiting
        waiting.append((key, expected, upper, billed))
        if billed > upper or len(waiting) >= BATCH or self._learned < EAGER:
            self._learn()

    def _learn(self) -> None:
        # Asked again after the lock is free: a bill that came while it was held is nobody else's.
        while self._waiting and self._learning.acquire(blocking=False):
            try:
                self._learn_all()
            finally:
                self._learning.release()

    def _learn_all(self) -> None:
        by_kind: dict[Key, list[Lesson]] = {}
        for _ in range(len(self._waiting)):
            lesson = self._waiting.popleft()
            by_kind.setdefault(lesson[0], []).append(lesson)
            self._learned += 1
        for key, lessons in by_kind.items():
            learner = self.learners.get(key)
            if learner is None:
                if len(self.learners) >= KEPT:
                    self.learners.pop(next(iter(self.learners)), None)
                learner = self.learners[key] = _Learner()
            learner.learn(lessons)
        self.turn += 1
