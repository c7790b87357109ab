"""A worker process of the fault tests, run as a script: so that it can be killed, stopped, and have a clock of its own.

    python worker.py '{"url": ..., "prefix": ..., "task": "race", "threads": 8, "calls": 40, "limit": 100}'

It prints one line of JSON for each thing that the server has acknowledged, as soon as it has.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import sys
import threading
import time

from llm_token_budget.ledgers.base import REQUESTS, TOKENS, Amounts, Charge, Claim, Counter, Granted, Line
from llm_token_budget.ledgers.redis import RedisLedger

EVERYONE = Counter(("global",), (), "total")
TOKENS_OF_A_CALL = 7
printing = threading.Lock()


def say(**words: object) -> None:
    line = json.dumps(words) + "\n"
    with printing:
        os.write(1, line.encode())


def claim(name: str, who: str, limit: int, lease: float) -> Claim:
    lines = (
        Line("tokens", (), TOKENS, TOKENS_OF_A_CALL * limit, 0),
        Line("requests", (), REQUESTS, limit, 0),
        Line("of user", (who,), REQUESTS, limit, 1),
    )
    counters = EVERYONE, Counter(("user",), (who,), "total")
    return Claim(name, counters, lines, Amounts(TOKENS_OF_A_CALL, 0, 1), lease=lease)


def call(ledger: RedisLedger, name: str, task: dict[str, object]) -> bool:
    """Reserve and settle; say what was acknowledged. False if it was refused."""
    answer = ledger.reserve(claim(name, name.partition("-")[0], task["limit"], task.get("lease", 900.0)))
    if not isinstance(answer, Granted):
        return False
    say(granted=name)
    ledger.settle(answer.handle, Charge(TOKENS_OF_A_CALL, 0, 0, 1))
    say(settled=name)
    return True


def race(ledger: RedisLedger, task: dict[str, object]) -> None:
    """Every thread makes so many calls, however many are refused."""

    def work(me: int) -> None:
        for number in range(task["calls"]):
            call(ledger, f"{me}-{os.getpid()}-{number}", task)

    threads = [threading.Thread(target=work, args=(me,)) for me in range(task["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def go_on(ledger: RedisLedger, task: dict[str, object]) -> None:
    """Calls until somebody ends this process; some are left open for a moment."""

    def work(me: int) -> None:
        for number in itertools.count():
            if not call(ledger, f"{me}-{os.getpid()}-{number}", task):
                say(refused=1)
                return
            if random.random() < 0.1:
                time.sleep(0.002)

    threads = [threading.Thread(target=work, args=(me,)) for me in range(task["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def hold(ledger: RedisLedger, task: dict[str, object]) -> None:
    """Reserve, and settle when a line comes in."""
    answer = ledger.reserve(claim("held", "ada", task["limit"], task["lease"]))
    assert isinstance(answer, Granted)
    say(granted="held", expires=answer.expires)
    sys.stdin.readline()
    booked = ledger.settle(answer.handle, Charge(3, 0, 0, 1))
    say(settled="held", first=booked.first, before=booked.before is not None)


def main() -> None:
    task = json.loads(sys.argv[1])
    if (skew := task.get("skew")) is not None:
        # The clock of this host is off: the server's is the one that counts.
        right = time.time
        time.time = lambda: right() + skew
    ledger = RedisLedger(task["url"], prefix=task["prefix"])
    {"race": race, "go on": go_on, "hold": hold}[task["task"]](ledger, task)
    ledger.close()
    say(closed=1)


if __name__ == "__main__":
    main()
