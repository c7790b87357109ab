"""A worker process of the fault tests: spends from one limit until it is told to stop, or killed.

    python worker.py '{"url": ..., "schema": ..., "threads": 8, "calls": 50, ...}'

Each line it prints says what it knows for sure: `granted ID`, `sent ID` (the provider bills from here on), `settled ID`, `refused`.
It works until `calls` per thread are done, or until its standard input is closed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

from llm_token_budget.errors import LedgerUnavailable
from llm_token_budget.ledgers.base import REQUESTS, TOKENS, Amounts, Charge, Claim, Counter, Granted, Line
from llm_token_budget.ledgers.postgres import PostgresLedger

PRICE = 10
"""Tokens of a call: what is reserved, and what it turns out to be."""


def main() -> None:
    options = json.loads(sys.argv[1])
    ledger = PostgresLedger(
        options["url"],
        schema=options["schema"],
        pool_size=options.get("pool_size", 8),
        reap_every=options.get("reap_every", 0.2),
    )
    stopped = threading.Event()
    if options.get("until_closed"):
        threading.Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()
    say("ready")
    threads = [threading.Thread(target=work, args=(ledger, options, me, stopped)) for me in range(options["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.close()
    say("done")


def work(ledger: PostgresLedger, options: dict[str, object], me: int, stopped: threading.Event) -> None:
    everyone, user = Counter(("global",), (), "total"), Counter(("user",), (f"user {me % 3}",), "total")
    lines = (
        Line("tokens", (), TOKENS, options["limit"], 0),
        Line("requests", (), REQUESTS, options["limit"], 0),
        Line("user", user.key, TOKENS, options["limit"], 1),
    )
    for number in range(options.get("calls", 10**9)):
        if stopped.is_set():
            return
        name = f"{os.getpid()}-{me}-{number}"
        claim = Claim(
            name, (everyone, user) if me % 2 else (user, everyone), lines if me % 2 else swapped(lines), Amounts(PRICE, 0, 1),
            lease=options.get("lease", 900.0),
        )  # fmt: skip
        try:
            answer = ledger.reserve(claim)
        except LedgerUnavailable:
            say("unavailable")
            continue
        if not isinstance(answer, Granted):
            say("refused")
            time.sleep(options.get("pause", 0.0))
            continue
        say(f"granted {name}")
        say(f"sent {name}")
        ledger.settle(answer.handle, Charge(PRICE))
        say(f"settled {name}")


def swapped(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The same limits where the counters come in the other order."""
    return tuple(line._replace(counter=1 - line.counter) for line in lines)


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main()
