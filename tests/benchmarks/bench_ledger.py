"""What a pair of reserve and settle costs in the memory ledger, and that it stays the same as the ledger fills up.

    python tests/benchmarks/bench_ledger.py [--full]

Figures depend on the machine, so each is also given as a ratio to a floor that is measured in the same run: the lock and
dict work that no ledger for these counters can do without, written out by hand. Process time, medians of rounds.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import threading
import time
from collections.abc import Callable

from llm_token_budget.ledgers import MemoryLedger
from llm_token_budget.ledgers.base import NANO_USD, TOKENS, Amounts, Charge, Claim, Counter, Granted, Line

EVERYONE = Counter(("global",), (), "total")
LIMIT = 2**52
"""Never reached."""
SPENT = Charge(800, 150, 4_000)
PAIRS = 2_000


def claim(name: str, user: str) -> Claim:
    """A call under three limits: everyone's dollars, a user's dollars, a user's tokens; the grant is shared and clamped."""
    key = (user,)
    counters = EVERYONE, Counter(("user",), key, "total")
    lines = (
        Line("global usd", (), NANO_USD, LIMIT, 0),
        Line("user usd", key, NANO_USD, LIMIT, 1),
        Line("user tokens", key, TOKENS, LIMIT, 1),
    )
    return Claim(name, counters, lines, Amounts(900, 2_000, 1), (1000, 15_000, 0), 4096, 1024, 10, 4096)


def pairs(ledger: MemoryLedger, claims: list[Claim]) -> None:
    for asked in claims:
        answer = ledger.reserve(asked)
        assert type(answer) is Granted
        ledger.settle(answer.handle, SPENT)


def by_hand(rows: dict[Counter, list[int]], opened: dict[str, tuple[int, int]], claims: list[Claim]) -> None:
    """The floor: lock, look each line up, hold; lock, give back, book. No ids remembered, no leases, no answers."""
    lock = threading.Lock()
    for asked in claims:
        with lock:
            for line in asked.lines:
                row = rows[asked.counters[line.counter]]
                assert row[0] + row[1] + 1_000 <= LIMIT
            for counter in asked.counters:
                rows[counter][1] += 1_000
            opened[asked.id] = (1_000, 0)
        with lock:
            held, _ = opened.pop(asked.id)
            for counter in asked.counters:
                row = rows[counter]
                row[1] -= held
                row[0] += 950


def microseconds(work: Callable[[int], None], rounds: int) -> float:
    """Of one pair: the median over rounds of PAIRS pairs each."""
    gc.collect()
    gc.disable()
    try:
        return statistics.median(_timed(work, number) for number in range(rounds)) / PAIRS * 1e6
    finally:
        gc.enable()


def _timed(work: Callable[[int], None], number: int) -> float:
    started = time.process_time()
    work(number)
    return time.process_time() - started


def claims_of(users: int, label: str, rounds: int) -> list[list[Claim]]:
    """Made beforehand: the ledger is measured, not the making of claims. The users of a round are spread over all."""
    step = max(users // PAIRS, 1)
    return [
        [claim(f"{label}-{number}-{pair}", str(pair * step % users)) for pair in range(PAIRS)]
        for number in range(rounds)
    ]


def floor(users: int, rounds: int) -> float:
    rows = {EVERYONE: [0, 0]} | {Counter(("user",), (str(name),), "total"): [0, 0] for name in range(users)}
    opened: dict[str, tuple[int, int]] = {}
    claims = claims_of(users, "floor", rounds)
    return microseconds(lambda number: by_hand(rows, opened, claims[number]), rounds)


def measure(users: int, past_calls: int, rounds: int) -> float:
    ledger = MemoryLedger()
    for start in range(0, users, 10_000):
        everybody = range(start, min(start + 10_000, users))
        ledger.record(tuple(Counter(("user",), (str(name),), "total") for name in everybody), SPENT)
    for start in range(0, past_calls, 10_000):
        pairs(ledger, [claim(f"past-{number}", str(number % users)) for number in range(start, start + 10_000)])
    claims = claims_of(users, "call", rounds)
    return microseconds(lambda number: pairs(ledger, claims[number]), rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="up to 1,000,000 users and past calls (a minute, 1 GB)")
    full = parser.parse_args().full
    rounds = 15
    largest = 1_000_000 if full else 100_000
    print(f"{'users':>10} {'past calls':>11} {'floor us':>9} {'pair us':>8} {'ratio':>6}")
    for users, past_calls in [(10, 0), (1_000, 0), (largest, 0), (10, largest), (largest, largest)]:
        least = floor(users, rounds)
        pair = measure(users, past_calls, rounds)
        print(f"{users:>10,} {past_calls:>11,} {least:>9.2f} {pair:>8.2f} {pair / least:>6.1f}", flush=True)


if __name__ == "__main__":
    main()
