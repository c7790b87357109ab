"""One counter's numbers in the memory of this process."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from llm_token_budget.ledgers.base import Amounts, Balance, Charge, Counter, Handle

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


_ZEROS: tuple[int, int, int] = (0, 0, 0)


class Row:
    """The running sums of one counter. Not safe by itself: its ledger holds the lock."""

    __slots__ = (
        "_aside",
        "blocked",
        "buckets",
        "end",
        "input_tokens",
        "open",
        "output_tokens",
        "reserved",
        "since",
        "spent",
        "start",
        "touched",
    )

    def __init__(self, counter: Counter, since: int) -> None:
        self.start = counter.start
        self.end: float = inf if counter.end is None else counter.end
        self.spent: tuple[int, int, int] = _ZEROS
        self.reserved: tuple[int, int, int] = _ZEROS
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

    def book(self, counter: Counter, charge: Charge, at: float, now: float) -> None:
        """Count a charge in the window of `at`."""
        input_tokens, output_tokens, money, requests, unconfirmed, estimated, unpriced = charge
        if self.buckets is not None and not self._book_bucket(counter, charge, 1, at, now):
            return
        spent_tokens, spent_money, spent_requests = self.spent
        self.spent = spent_tokens + input_tokens + output_tokens, spent_money + money, spent_requests + requests
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        if unconfirmed or estimated or unpriced:
            self._book_aside(charge, charge.amounts, 1)

    def take_back(self, counter: Counter, charge: Charge, at: float, now: float) -> None:
        """Undo `book`."""
        if self.buckets is not None and not self._book_bucket(counter, charge, -1, at, now):
            return
        amounts = -charge.input_tokens - charge.output_tokens, -charge.nano_usd, -charge.requests
        self.spent = _sum(self.spent, amounts)
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
            tokens, money, requests, *unconfirmed = self.buckets.pop(index)
            self.spent = _sum(self.spent, (-tokens, -money, -requests))
            for unit, amount in enumerate(unconfirmed):
                if amount:
                    self.aside.unconfirmed[unit] -= amount

    def frees_at(self, counter: Counter) -> float | None:
        """When a window ends, or the oldest part of a sliding one is counted no more; None: never."""
        if not self.buckets:
            return counter.end
        return (min(self.buckets) + BUCKETS + 1) * counter.sliding / BUCKETS

    def reset(self, since: int) -> None:
        """Zero everything but what is reserved."""
        self.spent = _ZEROS
        self.input_tokens = self.output_tokens = self.blocked = 0
        self.since = since
        if self.buckets:
            self.buckets.clear()
        self._aside = None

    def spent_by_step(self) -> tuple[tuple[int, Amounts], ...]:
        """What is in a sliding window's buckets."""
        return tuple((step, Amounts(*bucket[:3])) for step, bucket in (self.buckets or {}).items())

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


def hold(rows: Sequence[Row], amounts: Amounts, now: float) -> None:
    """Open a reservation on all of its rows."""
    tokens, money, requests = amounts
    for row in rows:
        held_tokens, held_money, held_requests = row.reserved
        row.reserved = held_tokens + tokens, held_money + money, held_requests + requests
        row.open += 1
        row.touched = now


def close(rows: Sequence[Row], handle: Handle, charge: Charge | None, now: float) -> None:
    """End a reservation on all of its rows: give back what it holds, and book what it was charged."""
    _, counters, covered, _, created = handle
    tokens, money, requests = covered
    above, plain = None, False
    used_input = used_output = used_money = used_requests = 0
    if charge is not None:
        used_input, used_output, used_money, used_requests, unconfirmed, estimated, unpriced = charge
        if used_input + used_output > tokens or used_money > money or used_requests > requests:
            above = above_of(charge, covered)
        plain = not (unconfirmed or estimated or unpriced)
    for counter, row in zip(counters, rows, strict=True):
        held_tokens, held_money, held_requests = row.reserved
        row.reserved = held_tokens - tokens, held_money - money, held_requests - requests
        row.open -= 1
        row.touched = now
        if plain and row.buckets is None:
            # `book`, without the call: nearly all charges are such.
            spent_tokens, spent_money, spent_requests = row.spent
            row.spent = (
                spent_tokens + used_input + used_output,
                spent_money + used_money,
                spent_requests + used_requests,
            )
            row.input_tokens += used_input
            row.output_tokens += used_output
        elif charge is not None:
            if row.buckets:
                row.slide(counter, now)
            row.book(counter, charge, created, now)
        if above is not None:
            row.overrun(above, 1)


def above_of(charge: Charge, covered: Amounts) -> Amounts | None:
    """By how much a charge is above what was held for it; None if it isn't."""
    input_tokens, output_tokens, money, requests, *_ = charge
    tokens = input_tokens + output_tokens
    most_tokens, most_money, most_requests = covered
    if tokens <= most_tokens and money <= most_money and requests <= most_requests:
        return None
    return Amounts(max(tokens - most_tokens, 0), max(money - most_money, 0), max(requests - most_requests, 0))


def _sum(one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def bucket_of(counter: Counter, at: float) -> int:
    return int(at * BUCKETS // counter.sliding)


_NOTHING = Aside()
