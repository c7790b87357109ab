"""A process that settles calls and journals them; started by tests.

    python writer.py LEDGER JOURNAL USER NUMBER     JOURNAL is a path, or - for the ledger's own

Says "settled N" after each settle that was acknowledged, and waits for a line before it ends in order.
"""

from __future__ import annotations

import sys

from llm_token_budget import BudgetManager


def main(ledger: str, journal: str, user: str, number: str) -> None:
    with BudgetManager(
        global_cost_limit=1_000_000, ledger=ledger, journal=True if journal == "-" else journal
    ) as budget:
        for each in range(int(number)):
            with budget.reserve(usd="0.01", user_key=user) as reservation:
                reservation.settle(usd="0.01")
            print("settled", each, flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
