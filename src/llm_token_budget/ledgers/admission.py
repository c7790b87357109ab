"""The one decision of a reservation: how many output tokens do the limits allow?

Pure arithmetic, shared by every ledger that decides in Python.
"""

from __future__ import annotations

from collections.abc import Sequence

from llm_token_budget.ledgers.base import SLOPE_SCALE, Claim

Standing = tuple[int | None, int, int]
"""How one line stands: its amount (None: unlimited), what is spent, what is reserved."""


def decide(claim: Claim, standings: Sequence[Standing]) -> tuple[int, bool, list[int]]:
    """The output tokens to grant, whether a limit had a say in them, and the lines without room for even the least.

    If one of those lines is enforced, the claim is refused whatever the grant.
    """
    fit, short = claim.want, list[int]()
    fixed, slopes, least = claim.fixed, claim.slope, claim.at_least
    allowed = None
    for index, line in enumerate(claim.lines):
        amount, spent, reserved = standings[index]
        if amount is None:
            continue
        unit = line.unit
        room = amount - spent - reserved - fixed[unit]
        slope = slopes[unit]
        # An amount of 0 means blocked, even for a call that needs none of this unit.
        if room < 0 or not amount or slope * least > room * SLOPE_SCALE:
            short.append(index)
        elif slope and line.enforce:
            most = room * SLOPE_SCALE // slope
            if allowed is None or most < allowed:
                allowed = most
    if allowed is not None:
        if claim.share:
            fit = min(fit, max(allowed // claim.share, claim.share_floor))
        fit = max(min(fit, allowed), least)
    elif claim.share:
        fit = max(fit, least)
    return fit, allowed is not None, short


def needed(claim: Claim, unit: int) -> int:
    """The least of a unit that the claim can be admitted with."""
    return claim.fixed[unit] - (-claim.slope[unit] * claim.at_least // SLOPE_SCALE)
