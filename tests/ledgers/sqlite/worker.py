"""A worker process of the fault tests.

    python worker.py PATH JOB '{"limit": 200, ...}'

It says what it knows in lines: `ready`, `granted`, `settled` (one for each call), `done`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

from llm_token_budget.ledgers.base import REQUESTS, TOKENS, Amounts, Charge, Claim, Counter, Granted, Line
from llm_token_budget.ledgers.sqlite import SQLiteLedger

EVERYONE = Counter(("global",), (), "total")
PRICE = 10
"""Tokens of a call: what is reserved, and what it turns out to be."""


def claim(name: str, limit: int, lease: float) -> Claim:
    counters = EVERYONE, Counter(("user",), (name.split()[-1],), "total")
    lines = Line("requests", (), REQUESTS, limit, 0), Line("tokens", (), TOKENS, limit * PRICE, 0)
    return Claim(name, counters, lines, Amounts(PRICE, 0, 1), lease=lease)


def say(word: str) -> None:
    os.write(1, f"{word}\n".encode())


def race(ledger: SQLiteLedger, options: dict[str, Any], me: int) -> None:
    """Call until the limit is truly spent."""
    number = 0
    while True:
        number += 1
        answer = ledger.reserve(claim(f"{os.getpid()} {number} {me}", options["limit"], 900))
        if isinstance(answer, Granted):
            say("granted")
            ledger.settle(answer.handle, Charge(PRICE))
        elif not answer.held:
            return


def spend(ledger: SQLiteLedger, options: dict[str, Any], me: int) -> None:
    """Call until killed."""
    number = 0
    while True:
        number += 1
        answer = ledger.reserve(claim(f"{os.getpid()} {number} {me}", options["limit"], options["lease"]))
        if isinstance(answer, Granted):
            say("granted")
            ledger.settle(answer.handle, Charge(PRICE))
            say("settled")


def hold(ledger: SQLiteLedger, options: dict[str, Any], me: int) -> None:
    """Hold a call until told to settle it."""
    answer = ledger.reserve(claim(f"held {me}", options["limit"], options["lease"]))
    assert isinstance(answer, Granted)
    say("granted")
    sys.stdin.readline()
    ledger.settle(answer.handle, Charge(PRICE // 2))
    say("settled")


def main() -> None:
    path, job, text = sys.argv[1:]
    options = json.loads(text)
    ledger = SQLiteLedger(
        path,
        reap_every=options.get("reap_every", 0.2),
        synchronous=options.get("synchronous", "normal"),
        busy_timeout=60,
    )
    say("ready")
    work = {"race": race, "spend": spend, "hold": hold}[job]
    threads = [
        threading.Thread(target=work, args=(ledger, options, me), daemon=True)
        for me in range(options.get("threads", 1))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.close()
    say("done")


if __name__ == "__main__":
    main()
