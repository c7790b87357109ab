"""What a journal adds to a settle, against the same settle without it in the same run.

    python tests/benchmarks/bench_journal.py

With and without take turns. `settle` is the median of single settles, as a caller sees them; `per call` is the processor's time
for a reserve and a settle, that of the thread included which writes the journal.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from llm_token_budget import BudgetManager, Usage

ROUNDS = 15
CALLS = {"memory": 1_000, "sqlite": 100}


class Figures(NamedTuple):
    settle: float
    call: float


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        places = {
            "memory ledger, kept in memory": ("memory://", "memory://", True),
            "memory ledger, JSON lines": ("memory://", "memory://", here / "journal.jsonl"),
            "SQLite ledger, in its file": (f"sqlite:///{here}/plain.db", f"sqlite:///{here}/with.db", True),
            "SQLite ledger, JSON lines": (
                f"sqlite:///{here}/plain2.db",
                f"sqlite:///{here}/with2.db",
                here / "j2.jsonl",
            ),
        }
        print(f"{'':32}{'settle':>10}{'with':>10}{'adds':>8}{'per call':>12}{'with':>10}{'adds':>8}   (us)")
        for name, (plain, beside, journal) in places.items():
            report(name, *in_turns(budget(plain, None), budget(beside, journal)))


def budget(ledger: str, journal: object) -> BudgetManager:
    return BudgetManager(
        global_cost_limit=1_000_000,
        per_user_cost_limit=100_000,
        custom_pricing={"small": {"input": "1", "output": "2"}},
        ledger=ledger,
        journal=journal,  # type: ignore[arg-type]
    )


def in_turns(plain: BudgetManager, beside: BudgetManager) -> tuple[Figures, Figures]:
    seen: dict[BudgetManager, list[Figures]] = {plain: [], beside: []}
    with plain, beside:
        for each in (plain, beside):
            calls(each)
        for _ in range(ROUNDS):
            for each in (plain, beside):
                seen[each].append(calls(each))
    first, second = (
        Figures(*(statistics.median(column) for column in zip(*figures, strict=True))) for figures in seen.values()
    )
    return first, second


def calls(budget: BudgetManager) -> Figures:
    clock, settles = time.perf_counter_ns, list[int]()
    used = Usage(input_tokens=871, output_tokens=112)
    number_of_calls = CALLS["sqlite" if budget.ledger.blocking else "memory"]
    began = time.process_time_ns()
    for number in range(number_of_calls):
        reservation = budget.reserve(
            model="small", input_tokens=900, max_output_tokens=500, user_key=f"user-{number % 100}", session_id="chat"
        ).enter()
        before = clock()
        reservation.settle(used)
        settles.append(clock() - before)
    if budget.journal is not None:
        # What is still waiting belongs to these calls.
        budget.journal.flush()
    return Figures(statistics.median(settles) / 1_000, (time.process_time_ns() - began) / number_of_calls / 1_000)


def report(name: str, plain: Figures, beside: Figures) -> None:
    print(
        f"{name:32}{plain.settle:10.1f}{beside.settle:10.1f}{beside.settle / plain.settle - 1:8.0%}"
        f"{plain.call:12.1f}{beside.call:10.1f}{beside.call / plain.call - 1:8.0%}"
    )


if __name__ == "__main__":
    main()
