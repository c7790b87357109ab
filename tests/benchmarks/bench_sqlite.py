"""What a pair of reserve and settle costs in the SQLite ledger, beside what no such ledger can do without.

    python tests/benchmarks/bench_sqlite.py [--full]

Figures depend on the machine and its disk, so each is also given as a ratio to a floor of the same run; floor and ledger take
turns, so that both meet the same disk. A pair is reserve + settle over three limits. With one thread the floor is two
transactions that change one row; with 32 threads it is a group commit written out by hand for two counters and one table of
open reservations, without leases, ids that are remembered, or answers.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue

sys.path.insert(0, str(Path(__file__).parent))

from bench_ledger import LIMIT, SPENT, claim

from llm_token_budget.ledgers.base import Counter, Granted
from llm_token_budget.ledgers.sqlite import SQLiteLedger

THREADS = 32
ROUNDS = 5
WARM = 200
"""Pairs until both write into a log that has its size: while it grows, the file system has work of its own."""


class Bare:
    """A file with one table of one row."""

    def __init__(self, path: Path, synchronous: str) -> None:
        self.connection = connect(path, synchronous)
        self.connection.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v INTEGER)")
        self.connection.execute("INSERT INTO t VALUES (1, 0)")

    def pair(self, _name: str) -> None:
        for _ in range(2):
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("UPDATE t SET v = v + 1 WHERE k = 1")
            self.connection.execute("COMMIT")


class ByHand:
    """A thread takes what waits, changes the rows, commits, and wakes who waited."""

    def __init__(self, path: Path, synchronous: str) -> None:
        self.path, self.synchronous = path, synchronous
        self.waiting: SimpleQueue[tuple[str, str, int, threading.Lock] | None] = SimpleQueue()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()
        self.ready.wait()

    def pair(self, name: str) -> None:
        for sign in (1, -1):
            gate = threading.Lock()
            gate.acquire()
            self.waiting.put((name, str(hash(name) % 10), sign, gate))
            gate.acquire()

    def close(self) -> None:
        self.waiting.put(None)
        self.thread.join()

    def work(self) -> None:
        connection = connect(self.path, self.synchronous)
        connection.execute("CREATE TABLE counters (k TEXT PRIMARY KEY, spent INTEGER, held INTEGER)")
        connection.execute("CREATE TABLE open (id TEXT PRIMARY KEY, held INTEGER)")
        for key in ["", *map(str, range(10))]:
            connection.execute("INSERT INTO counters VALUES (?, 0, 0)", (key,))
        self.ready.set()
        while (job := self.waiting.get()) is not None:
            jobs = [job]
            try:
                while more := self.waiting.get_nowait():
                    jobs.append(more)
            except Empty:
                pass
            connection.execute("BEGIN IMMEDIATE")
            for name, key, sign, _ in jobs:
                change(connection, name, key, sign)
            connection.execute("COMMIT")
            for *_, gate in jobs:
                gate.release()
        connection.close()


def change(connection: sqlite3.Connection, name: str, key: str, sign: int) -> None:
    for each in ("", key):
        spent, held = connection.execute("SELECT spent, held FROM counters WHERE k = ?", (each,)).fetchone()
        assert spent + held < LIMIT
        new = (spent, held + 1_000) if sign > 0 else (spent + 950, held - 1_000)
        connection.execute("UPDATE counters SET spent = ?, held = ? WHERE k = ?", (*new, each))
    if sign > 0:
        connection.execute("INSERT INTO open VALUES (?, 1000)", (name,))
    else:
        connection.execute("DELETE FROM open WHERE id = ?", (name,))


def connect(path: Path, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    return connection


def pair_of(ledger: SQLiteLedger, users: int = 10) -> Callable[[str], None]:
    def pair(name: str) -> None:
        answer = ledger.reserve(claim(name, str(hash(name) % users)))
        assert type(answer) is Granted
        ledger.settle(answer.handle, SPENT)

    return pair


def alone(title: str, floor: Callable[[str], None], pair: Callable[[str], None], pairs: int) -> None:
    """One thread: the two take turns, pair by pair. Medians."""
    for number in range(WARM):
        floor(f"warm {number}")
        pair(f"warm {number}")
    times = [(timed(floor, f"{number}"), timed(pair, f"{number}")) for number in range(pairs)]
    least, ours = (statistics.median(each) for each in zip(*times, strict=True))
    show(title, least, ours, ours / least)


def timed(pair: Callable[[str], None], name: str) -> float:
    started = time.perf_counter()
    pair(name)
    return (time.perf_counter() - started) * 1e6


def together(pair: Callable[[str], None], label: str, pairs: int) -> float:
    """Microseconds per pair of all threads."""
    barrier = threading.Barrier(THREADS + 1)

    def work(me: int) -> None:
        barrier.wait()
        for number in range(pairs):
            pair(f"{label}-{me}-{number}")

    threads = [threading.Thread(target=work, args=(me,)) for me in range(THREADS)]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - started) / pairs / THREADS * 1e6


def many(title: str, floor: Callable[[str], None], pair: Callable[[str], None], pairs: int) -> None:
    """All threads: the two take turns, round by round. Medians."""
    together(floor, "warm", 20)
    together(pair, "warm", 20)
    rounds = [(together(floor, f"f{n}", pairs), together(pair, f"p{n}", pairs)) for n in range(ROUNDS)]
    least, ours = (statistics.median(times) for times in zip(*rounds, strict=True))
    show(title, least, ours, statistics.median(mine / its for its, mine in rounds))


def show(title: str, least: float, ours: float, ratio: float) -> None:
    print(f"{title:<38} {least:>9.0f} {ours:>9.0f} {ratio:>6.2f} {1 / ratio:>6.2f}", flush=True)


def fill(ledger: SQLiteLedger, users: int, calls: int) -> None:
    for start in range(0, users, 10_000):
        everybody = range(start, min(start + 10_000, users))
        ledger.record(tuple(Counter(("user",), (str(name),), "total") for name in everybody), SPENT)
    pair = pair_of(ledger, max(users, 10))
    if calls:
        together(pair, f"past {users}", calls // THREADS)


def sizes(folder: Path) -> None:
    """Bytes in the file, of one user and of one reservation over two counters."""

    def size(path: Path) -> int:
        connection = sqlite3.connect(path)
        pages, free, each = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        connection.close()
        return int((pages - free) * each)

    path = folder / "sizes.db"
    ledger = SQLiteLedger(str(path), synchronous="normal")
    empty = size(path)
    fill(ledger, 20_000, 0)
    users = size(path)
    granted = [ledger.reserve(claim(f"a-reservation-with-an-id-{number}", "7")) for number in range(5_000)]
    opened = size(path)
    for each in granted:
        assert type(each) is Granted
        ledger.settle(each.handle, SPENT)
    before = size(path)
    for number in range(5_000):
        pair_of(ledger)(f"another-reservation-and-its-id-{number}")
    after = size(path)
    ledger.close()
    print(
        f"\nbytes per user {(users - empty) / 20_000:.0f}, per open reservation {(opened - users) / 5_000:.0f}, ",
        end="",
    )
    print(f"per call that is remembered for a day {(after - before) / 5_000:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="up to 1,000,000 users and 300,000 past calls (minutes)")
    largest, past = (1_000_000, 300_000) if parser.parse_args().full else (100_000, 20_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'us per pair':<38} {'floor':>9} {'ledger':>9} {'ratio':>6} {'rate':>6}")
        for synchronous in ("full", "normal"):
            bare = Bare(folder / f"bare-{synchronous}.db", synchronous)
            by_hand = ByHand(folder / f"hand-{synchronous}.db", synchronous)
            ledger = SQLiteLedger(str(folder / f"{synchronous}.db"), synchronous=synchronous)
            pair = pair_of(ledger)
            alone(f"{synchronous}, 1 thread", bare.pair, pair, 400)
            many(f"{synchronous}, {THREADS} threads", by_hand.pair, pair, 40)
            by_hand.close()
            ledger.close()
        for users, calls in ((1_000, 0), (largest, 0), (1_000, past), (largest, past)):
            bare = Bare(folder / f"bare-{users}-{calls}.db", "full")
            ledger = SQLiteLedger(str(folder / f"{users}-{calls}.db"))
            fill(ledger, users, calls)
            title = f"full, {users:,} users, {calls:,} past calls"
            alone(title, bare.pair, pair_of(ledger, users), 100)
            ledger.close()
        sizes(folder)


if __name__ == "__main__":
    main()
