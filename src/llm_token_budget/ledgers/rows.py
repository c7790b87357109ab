"""One counter's numbers in the memory of this process."""

from __future__ import annotations

from llm_token_budget.ledgers.base import Amounts, Balance, Charge, Counter

BUCKETS = 60
"""A sliding window counts in so many steps. One more is kept, so that no window of its length is ever under-counted."""


class Aside:
    """The rarer numbers of a row, made when first needed: most rows never have any."""

    __slots__ = ("estimated", "overrun", "unconfirmed", "unpriced", "unreserved")

    def __init__(self) -> None:
        self.unconfirmed = [0, 0, 0]
        self.overrun = [0, 0, 0]
        self.unreserved = [0, 0, 0]
        self.estimated = 0
        self.unpriced = 0


class Row:
    """The running sums of one counter. Not safe by itself: its ledger holds the lock."""

    __slots__ = (
        "_aside",
        "blocked",
        "buckets",
        "input_tokens",
        "open",
        "output_tokens",
        "reserved",
        "since",
        "spent",
        "touched",
    )

    def __init__(self, counter: Counter, since: int) -> None:
        self.spent = [0, 0, 0]
        self.reserved = [0, 0, 0]
        self.open = 0
        """How many reservations are open on it."""
        self.input_tokens = 0
        self.output_tokens = 0
        self.blocked = 0
        self.touched = 0.0
        self.since = since
        """The ledger's tick of its making or its last reset: charges that are older are not in it."""
        self.buckets: dict[int, list[int]] | None = {} if counter.sliding else None
        """Of a sliding window: what was spent by step, in each unit, and then the unconfirmed part of it."""
        self._aside: Aside | None = None

    @property
    def aside(self) -> Aside:
        if self._aside is None:
            self._aside = Aside()
        return self._aside

    def unconfirmed(self, unit: int) -> int:
        return self._aside.unconfirmed[unit] if self._aside else 0

    def hold(self, amounts: Amounts) -> None:
        tokens, money, requests = amounts
        reserved = self.reserved
        reserved[0] += tokens
        reserved[1] += money
        reserved[2] += requests
        self.open += 1

    def give_back(self, amounts: Amounts) -> None:
        tokens, money, requests = amounts
        reserved = self.reserved
        reserved[0] -= tokens
        reserved[1] -= money
        reserved[2] -= requests
        self.open -= 1

    def book(self, counter: Counter, charge: Charge, at: float, now: float) -> None:
        """Count a charge in the window of `at`."""
        input_tokens, output_tokens, money, requests, unconfirmed, estimated, unpriced = charge
        tokens = input_tokens + output_tokens
        if self.buckets is not None and not self._book_bucket(counter, charge, 1, at, now):
            return
        spent = self.spent
        spent[0] += tokens
        spent[1] += money
        spent[2] += requests
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        if unconfirmed or estimated or unpriced:
            self._book_aside(charge, (tokens, money, requests), 1)

    def take_back(self, counter: Counter, charge: Charge, at: float, now: float) -> None:
        """Undo `book`."""
        if self.buckets is not None and not self._book_bucket(counter, charge, -1, at, now):
            return
        amounts = -charge.input_tokens - charge.output_tokens, -charge.nano_usd, -charge.requests
        for unit in range(3):
            self.spent[unit] += amounts[unit]
        self.input_tokens -= charge.input_tokens
        self.output_tokens -= charge.output_tokens
        self._book_aside(charge, amounts, -1)

    def overrun(self, above: Amounts, sign: int) -> None:
        """Count (or, with sign -1, no longer count) by how much a charge was above what was held for it."""
        overrun = self.aside.overrun
        for unit in range(3):
            overrun[unit] += sign * above[unit]

    def slide(self, counter: Counter, now: float) -> None:
        """Let go of the buckets that have left a sliding window."""
        if not self.buckets:
            return
        oldest = bucket_of(counter, now) - BUCKETS
        for index in [index for index in self.buckets if index < oldest]:
            gone = self.buckets.pop(index)
            for unit in range(3):
                self.spent[unit] -= gone[unit]
                if gone[3 + unit]:
                    self.aside.unconfirmed[unit] -= gone[3 + unit]

    def frees_at(self, counter: Counter) -> float | None:
        """When a window ends, or the oldest part of a sliding one is counted no more; None: never."""
        if not self.buckets:
            return counter.end
        return (min(self.buckets) + BUCKETS + 1) * counter.sliding / BUCKETS

    def reset(self, since: int) -> None:
        """Zero everything but what is reserved."""
        self.spent = [0, 0, 0]
        self.input_tokens = self.output_tokens = self.blocked = 0
        self.since = since
        if self.buckets:
            self.buckets.clear()
        self._aside = None

    def balance(self) -> Balance:
        aside = self._aside or _NOTHING
        return Balance(
            spent=Amounts(*self.spent),
            reserved=Amounts(*self.reserved),
            unconfirmed=Amounts(*aside.unconfirmed),
            overrun=Amounts(*aside.overrun),
            unreserved=Amounts(*aside.unreserved),
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            blocked=self.blocked,
            estimated_requests=aside.estimated,
            unpriced_requests=aside.unpriced,
        )

    def _book_bucket(self, counter: Counter, charge: Charge, sign: int, at: float, now: float) -> bool:
        assert self.buckets is not None
        index = bucket_of(counter, at)
        if index < bucket_of(counter, now) - BUCKETS:
            return False  # That part of the window has passed.
        bucket = self.buckets.setdefault(index, [0, 0, 0, 0, 0, 0])
        for unit, amount in enumerate(charge.amounts):
            bucket[unit] += sign * amount
            if charge.unconfirmed:
                bucket[3 + unit] += sign * amount
        return True

    def _book_aside(self, charge: Charge, amounts: tuple[int, int, int], sign: int) -> None:
        aside = self.aside
        aside.estimated += sign * charge.estimated
        aside.unpriced += sign * charge.unpriced
        if charge.unconfirmed:
            for unit in range(3):
                aside.unconfirmed[unit] += amounts[unit]


def bucket_of(counter: Counter, at: float) -> int:
    return int(at * BUCKETS // counter.sliding)


_NOTHING = Aside()
