"""The one decision of a reservation: how many output tokens do the limits allow?

Pure arithmetic, shared by every ledger that decides in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from llm_token_budget.ledgers.base import SLOPE_SCALE, Claim, Counter, Shortage
from llm_token_budget.ledgers.rows import Row

Standing = tuple[int | None, int, int]
"""How one line stands: its amount (None: unlimited), what is spent, what is reserved."""


_A_LITTLE_MORE: Final = 1.01 / SLOPE_SCALE
"""Of a slope: a hundredth to spare, so that no rounding matters."""

_LARGE: Final = 2**53
"""Output tokens from which on a float is not exact."""


def decide(claim: Claim, standings: Sequence[Standing]) -> tuple[int, bool, Sequence[int]]:
    """The output tokens to grant, whether a limit had a say in them, and the lines without room for even the least.

    If one of those lines is enforced, the claim is refused whatever the grant.
    """
    # Far from every limit a glance will do. Anything near is reckoned exactly.
    _, _, lines, fixed, slopes, want, least, share, _, _, _ = claim
    if want > _LARGE:
        return decide_closely(claim, standings)
    reach = (max(least, want)) * (share or 1) * _A_LITTLE_MORE
    has_say = False
    for (_, _, unit, _, _, enforce), (amount, spent, reserved) in zip(lines, standings, strict=True):
        if amount is not None:
            slope = slopes[unit]
            if not amount or amount - spent - reserved - fixed[unit] <= slope * reach:
                return decide_closely(claim, standings)
            if slope and enforce:
                has_say = True
    return least if want < least and (share or has_say) else want, has_say, ()


def decide_closely(claim: Claim, standings: Sequence[Standing]) -> tuple[int, bool, Sequence[int]]:
    """`decide`, in whole numbers."""
    _, _, lines, fixed, slopes, want, least, share, floor, _, _ = claim
    allowed, short = None, list[int]()
    standing_lines = enumerate(zip(lines, standings, strict=True))
    for index, ((_, _, unit, _, _, enforce), (amount, spent, reserved)) in standing_lines:
        if amount is None:
            continue
        room = (amount - spent - reserved - fixed[unit]) * SLOPE_SCALE
        slope = slopes[unit]
        # An amount of 0 means blocked, even for a call that needs none of this unit.
        if room < slope * least or not amount:
            short.append(index)
        elif slope and enforce:
            most = room // slope
            if allowed is None or most < allowed:
                allowed = most
    if allowed is not None:
        if share:
            want = min(want, max(allowed // share, floor))
        if want > allowed:
            want = allowed
    if want < least and (share or allowed is not None):
        want = least
    return want, allowed is not None, short


def needed(claim: Claim, unit: int) -> int:
    """The least of a unit that the claim can be admitted with."""
    return claim.fixed[unit] - (-claim.slope[unit] * claim.at_least // SLOPE_SCALE)


def shortage(claim: Claim, index: int, standing: Standing, rows: Sequence[Row | None]) -> Shortage:
    """What a line lacks that has no room for the least of a claim. `rows` are those of the claim's counters."""
    amount, spent, reserved = standing
    assert amount is not None
    line = claim.lines[index]
    least = needed(claim, line.unit)
    row = rows[line.counter] if line.counter >= 0 else None
    counter = claim.counters[line.counter] if line.counter >= 0 else None
    return Shortage(
        line=index,
        amount=amount,
        spent=spent,
        reserved=reserved,
        unconfirmed=row.unconfirmed(line.unit) if row else 0,
        needed=least,
        held=bool(amount) and spent + least <= amount,
        resets_at=None if counter is None else row.frees_at(counter) if row else counter.end,
    )


def is_stale(counters: Iterable[Counter], now: float) -> bool:
    """Whether a window has ended, or not begun, that the caller takes for the current one."""
    return any(counter.start > now or (counter.end is not None and counter.end <= now) for counter in counters)
