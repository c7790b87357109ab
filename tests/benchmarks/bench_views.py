"""What looking costs: `watch` and the dashboard over a ledger of many users, and what callers notice of it.

    python tests/benchmarks/bench_views.py redis|postgres|sqlite [users] [calls a second]

First the time of each look by itself. Then callers at a steady pace, each call another user's, with nobody looking, with `watch`
open, and with a page of the dashboard that asks once a second; three rounds, as the machine's own noise is larger than most.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.ledgers.postgres_server import PostgresServer
from tests.ledgers.servers import Valkey

from llm_token_budget import BudgetManager
from llm_token_budget.dashboard import BurnRate, pages, take_snapshot
from llm_token_budget.serialising import plain

CONFIG = """
ledger = "{url}"
global_cost_limit = "1000000"
per_user_cost_limit = "1000"
[[limits]]
name = "daily"
usd = "1000"
window = "day"
scope = "user"
"""
SECONDS = 6
WRITERS = 8
COMMAND = [sys.executable, "-m", "llm_token_budget"]


def fill(budget: BudgetManager, users: int) -> None:
    def part(first: int) -> None:
        for number in range(first, users, WRITERS):
            budget.record(cost=f"0.{number % 9973:04d}", user_key=f"user-{number:06d}")

    threads = [threading.Thread(target=part, args=(first,)) for first in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def time_looks(budget: BudgetManager, users: int) -> None:
    rates = BurnRate()
    looks: dict[str, Callable[[], object]] = {
        "watch": lambda: (budget.remaining(), budget.get_all_user_stats(limit=5)),
        "page": lambda: pages.page(take_snapshot(budget, rates)),
        "JSON": lambda: json.dumps(plain(take_snapshot(budget, rates))),
        "page in the middle": lambda: pages.page(take_snapshot(budget, rates, page=users // 100)),
        "search": lambda: pages.page(take_snapshot(budget, rates, search="user-0420")),
    }
    for name, look in looks.items():
        took: list[float] = []
        for _ in range(6):
            began = time.perf_counter()
            look()
            took.append((time.perf_counter() - began) * 1e3)
        print(f"  {name:20} first {took[0]:7.1f}  median {statistics.median(took):7.1f}  longest {max(took):7.1f} ms")


def call(budget: BudgetManager, users: int, pace: float) -> str:
    took: list[float] = []
    until = time.perf_counter() + SECONDS
    while (began := time.perf_counter()) < until:
        with budget.reserve(usd="0.0002", user_key=f"user-{len(took) * 7919 % users:06d}") as reservation:
            reservation.settle(usd="0.0001")
        took.append(time.perf_counter() - began)
        time.sleep(max(0.0, began + 1 / pace - time.perf_counter()))
    took.sort()
    figures = [statistics.mean(took), took[len(took) // 2], took[len(took) * 99 // 100], took[-1]]
    return (
        f"{len(took):6} pairs, mean, median, p99, longest: "
        + " ".join(f"{each * 1e6:8.0f}" for each in figures)
        + " us"
    )


def with_watch(config: str, work: Callable[[], str]) -> str:
    watching = subprocess.Popen([*COMMAND, "watch", "--config", config, "--json"], stdout=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    watching.stdout.readline()
    try:
        said = work()
    finally:
        watching.terminate()
        lines = [json.loads(line)["at"] for line in watching.stdout.read().splitlines() if line.endswith("}")]
        watching.wait()
    apart = [after - before for before, after in itertools.pairwise(lines)]
    return f"{said}; looks at most {max(apart, default=0):.2f} s apart"


def with_dashboard(config: str, work: Callable[[], str]) -> str:
    command = [*COMMAND, "dashboard", "--config", config, "--port", "0"]
    showing = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert showing.stderr is not None
    address = showing.stderr.readline().strip()
    over, took = threading.Event(), list[float]()

    def look() -> None:
        while not over.is_set():
            began = time.perf_counter()
            urlopen(f"{address}/body").read()
            took.append(time.perf_counter() - began)
            over.wait(max(0.0, 1 - took[-1]))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        said = work()
    finally:
        over.set()
        looking.join()
        showing.terminate()
        showing.wait()
        showing.stderr.close()
    return f"{said}; pages took {statistics.median(took) * 1e3:.0f} ms, {max(took) * 1e3:.0f} at most"


def main() -> None:
    kind, users, pace = [*sys.argv[1:], "", ""][:3]
    count, calls_a_second = int(users or 100_000), float(pace or 250)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        match kind:
            case "redis":
                url = stack.enter_context(Valkey(appendonly="yes")).url + "/0"
            case "postgres":
                url = stack.enter_context(PostgresServer()).url
            case "sqlite":
                url = f"sqlite:///{folder}/budget.db"
            case _:
                sys.exit(str(__doc__))
        config = f"{folder}/budgets.toml"
        Path(config).write_text(CONFIG.format(url=url), encoding="utf-8")
        budget = stack.enter_context(BudgetManager.from_config(config))
        fill(budget, count)
        print(f"{kind}, {count:,} users")
        with BudgetManager.from_config(config) as viewer:
            time_looks(viewer, count)

        def work() -> str:
            return call(budget, count, calls_a_second)

        for _ in range(3):
            print("  nobody looks ", work(), flush=True)
            print("  watch        ", with_watch(config, work), flush=True)
            print("  dashboard    ", with_dashboard(config, work), flush=True)


if __name__ == "__main__":
    main()
