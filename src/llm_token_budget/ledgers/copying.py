"""Moving from one ledger to another: what was spent, and the limits that were set by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from llm_token_budget.ledgers.base import Balance, Charge, Counted, Counter, Ledger, Stale
from llm_token_budget.ledgers.rows import BUCKETS

T = TypeVar("T")

AT_ONCE: Final = 200
"""Counters whose numbers the target is asked for in one step."""


MOST_AT_ONCE: Final = 2**50
"""No store takes every amount in one charge, but sums of such."""


class Copied(NamedTuple):
    """What `copy_ledger` did."""

    counters: int
    """So many had something that the target did not have yet."""
    overrides: int
    """Amounts that `set_limit` had stored; the mode of the budget, and who switched it, are among them."""
    open_reservations: int
    """They stay in the source. What they come to is in the next copy, once they have ended."""


def copy_ledger(source: Ledger, target: Ledger, *, on_progress: Callable[[int], None] | None = None) -> Copied:
    """Bring a ledger up to another: `copy_ledger(old, new)`. Again brings what is new since, and counts nothing twice.

    So a move takes no longer than a restart: copy while the workers are running, stop them, copy once more, and start them
    with the new ledger. Until then nothing else spends in the target: of what is counted in both, the larger counts.

    Copied are the counters whose window is the present one (tokens sent and received, USD, requests; unconfirmed charges as
    spent, for good), and amounts set by `set_limit`. The target counts what is copied as `unreserved`: it was not asked for it.
    Not copied are open and ended reservations, the list of unconfirmed charges, counts of blocked requests, and a journal.
    What the source has less of than at an earlier copy (after a refund or a reset) stays as it was copied.

    Args:
        source: where to read. Nothing is changed there.
        target: where to write.
        on_progress: is told now and then how many counters of the source have been looked at.

    Raises:
        LedgerUnavailable: one of them can't be reached. Copy again.
    """
    open_reservations = source.open_reservations()
    overrides = source.overrides()
    for name, key, amount in overrides:
        target.set_limit(name, key, amount)
    copied = seen = 0
    for page in _pages(source.counters(), AT_ONCE):
        copied += _brought(page, target)
        seen += len(page)
        if on_progress is not None:
            on_progress(seen)
    return Copied(copied, len(overrides), open_reservations)


def _brought(page: list[Counted], target: Ledger) -> int:
    """How many of some counters the target had less of, and has now."""
    copied = 0
    for counted, there in _compared(page, target):
        charges = _missing(counted, there, target.now())
        for charge, at in charges:
            for part in _in_parts(charge):
                target.record((counted.counter,), part, at=at)
        copied += bool(charges)
    return copied


def _compared(page: list[Counted], target: Ledger) -> Iterator[tuple[Counted, Balance]]:
    """Counters, and what the target has of them; without those whose window ends while they are copied."""
    now = target.now()
    while True:
        page = [counted for counted in page if _holds(counted.counter, now)]
        balances = target.read([counted.counter for counted in page])
        if not isinstance(balances, Stale):
            return zip(page, balances, strict=True)
        now = balances.now


def _missing(counted: Counted, there: Balance, now: float) -> list[tuple[Charge, float]]:
    """What the target has to book, and in the windows of when."""
    counter, here, buckets = counted
    if not counter.sliding:
        charge = Charge(
            max(here.input_tokens - there.input_tokens, 0),
            max(here.output_tokens - there.output_tokens, 0),
            max(here.spent.nano_usd - there.spent.nano_usd, 0),
            max(here.spent.requests - there.spent.requests, 0),
        )
        return [(charge, now)] if charge.amounts else []
    return list(_missing_by_step(counter, here, buckets, there))


def _missing_by_step(
    counter: Counter, here: Balance, buckets: Iterable[tuple[int, tuple[int, int, int]]], there: Balance
) -> Iterator[tuple[Charge, float]]:
    """The latest of a sliding window that the target does not have: what was copied before is older."""
    missing = [max(mine - theirs, 0) for mine, theirs in zip(here.spent, there.spent, strict=True)]
    # Nobody knows which tokens of a step were sent: all together, as many as in the source.
    output_tokens = max(here.output_tokens - there.output_tokens, 0)
    for step, spent in sorted(buckets, reverse=True):
        tokens, nano_usd, requests = taken = tuple(map(min, spent, missing))
        if not any(taken):
            continue
        missing = [before - now for before, now in zip(missing, taken, strict=True)]
        received = min(output_tokens, tokens)
        output_tokens -= received
        # The middle of a step: no rounding leads out of it.
        yield Charge(tokens - received, received, nano_usd, requests), (step + 0.5) * counter.sliding / BUCKETS


def _in_parts(charge: Charge) -> Iterator[Charge]:
    left = list(charge[:4])
    while any(left):
        input_tokens, output_tokens, nano_usd, requests = part = [min(amount, MOST_AT_ONCE) for amount in left]
        left = [amount - taken for amount, taken in zip(left, part, strict=True)]
        yield Charge(input_tokens, output_tokens, nano_usd, requests)


def _holds(counter: Counter, now: float) -> bool:
    return counter.start <= now and (counter.end is None or now < counter.end)


def _pages(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page
