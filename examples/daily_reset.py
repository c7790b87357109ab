"""A budget per calendar day in a time zone, and what happens at midnight.

The clock is a parameter of the ledger, so nobody has to wait: the example sets it to the evening before clocks go back in
Berlin, a day of 25 hours. Prints the refusal in the evening, and the answer after midnight. Needs no SDK.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from llm_token_budget import BudgetExceeded, BudgetManager, Calendar, Limit, MemoryLedger, Usage

BERLIN = ZoneInfo("Europe/Berlin")


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now.timestamp()


def spend(budget: BudgetManager, clock: Clock) -> None:
    """One call of 1,000 tokens, through the primitive."""
    try:
        with budget.reserve(input_tokens=400, max_output_tokens=600, user_key="ada") as reservation:
            reservation.settle(Usage(input_tokens=400, output_tokens=600))
        outcome = "answered"
    except BudgetExceeded as refusal:
        wait = timedelta(seconds=round(refusal.retry_after or 0))
        resets_at = refusal.resets_at.astimezone(BERLIN) if refusal.resets_at else None
        outcome = f"refused; resets at {resets_at:%d %b %H:%M} in Berlin, in {wait}"
    print(f"{clock.now.astimezone(BERLIN):%d %b %H:%M}: {outcome}")


def main() -> None:
    clock = Clock(datetime(2026, 10, 24, 22, 30, tzinfo=BERLIN))
    daily = Limit(tokens=2_000, scope="user", window=Calendar("day", "Europe/Berlin"), name="daily")
    budget = BudgetManager(limits=[daily], ledger=MemoryLedger(clock=clock))
    print(budget.describe())

    for _ in range(3):
        spend(budget, clock)
    clock.now += timedelta(hours=1, minutes=31)
    for _ in range(3):
        spend(budget, clock)
    # 25 October has 25 hours: 24 hours after midnight it is still the same day.
    clock.now = datetime(2026, 10, 24, 22, 0, tzinfo=UTC) + timedelta(hours=24)
    spend(budget, clock)
    clock.now += timedelta(hours=1)
    spend(budget, clock)


if __name__ == "__main__":
    main()
