"""That a call costs the same however many users there are and however many calls were made, and what an idle user takes.

    python tests/benchmarks/bench_growth.py [memory|sqlite|redis|postgres ...] [--users 1000000] [--calls 10000000]

For each ledger: a pair of reserve and settle over three limits, with few users and with many (each call another user's), with
no past calls and with many. Beside it, in turns, what the same driver needs for two trivial writes; no disk is waited for, so
that what shows is the work. Users are made by the ledger itself (`record`, many at once). Past calls are written straight into
the store, as the rows that calls leave behind (compared with one that was made by a call); the memory ledger makes them. Then:
what users take who have made one call each, and what is left of windows that have ended. Wall-clock medians.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import redis

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

# ruff: noqa: E402
from bench_ledger import SPENT, claim
from bench_memory import resident
from tests.ledgers.postgres_server import PostgresServer
from tests.ledgers.servers import Valkey

from llm_token_budget.ledgers import Ledger, MemoryLedger
from llm_token_budget.ledgers.base import Amounts, Claim, Counter, Granted
from llm_token_budget.ledgers.operations import Reap
from llm_token_budget.ledgers.postgres import PostgresLedger
from llm_token_budget.ledgers.redis import RedisLedger
from llm_token_budget.ledgers.sqlite import SQLiteLedger
from llm_token_budget.ledgers.stored import StoredLedger

FEW = 1_000
PAIRS = 4_000
DAY = 86_400
numbers = itertools.count()


class Store(ABC):
    """A ledger, and what is beside it."""

    ledger: Ledger
    at_once = 500
    idle = 10_000

    @abstractmethod
    def past(self, calls: int) -> None:
        """As if so many calls had been made."""

    @abstractmethod
    def floor(self) -> None:
        """Two trivial writes."""

    @abstractmethod
    def size(self) -> int:
        """Bytes."""

    @abstractmethod
    def rows(self) -> int:
        """Counters that take room."""

    @abstractmethod
    def another(self, clock: Callable[[], float]) -> Ledger:
        """An empty ledger in the same place, on a clock."""


def pair(ledger: Ledger, asked: Claim) -> None:
    answer = ledger.reserve(asked)
    assert type(answer) is Granted
    ledger.settle(answer.handle, SPENT)


def measure(store: Store, users: int) -> tuple[float, float]:
    """Microseconds of the trivial writes and of a pair, each of another user."""
    chosen = random.Random(1).sample(range(users), min(PAIRS, users))
    asked = [claim(f"call-{next(numbers)}", str(chosen[turn % len(chosen)])) for turn in range(PAIRS)]
    for each in asked[:200]:
        pair(store.ledger, each)
    times = [(timed(store.floor), timed(lambda each=each: pair(store.ledger, each))) for each in asked[200:]]
    floor, ours = (statistics.median(each) for each in zip(*times, strict=True))
    return floor, ours


def one_call(ledger: Ledger) -> str:
    """The id of a call that has just been made."""
    asked = claim(f"made-{next(numbers)}", "0")
    pair(ledger, asked)
    return asked.id


def timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e6


def grow(name: str, store: Store, users: int, calls: int) -> None:
    print(f"{name:<10}{'users':>12}{'past calls':>13}{'floor us':>10}{'pair us':>9}{'of the first':>14}", flush=True)
    first = 0.0
    made = done = 0
    for wanted, past in ((FEW, 0), (users, 0), (users, calls // 10), (users, calls)):
        for start in range(made, wanted, store.at_once):
            everybody = range(start, min(start + store.at_once, wanted))
            store.ledger.record(tuple(Counter(("user",), (str(one),), "total") for one in everybody), SPENT)
        if past > done:
            store.past(past - done)
        made, done = wanted, past
        for among in dict.fromkeys((FEW, wanted)):
            floor, ours = measure(store, among)
            first = first or ours / floor
            told = f"{wanted:,}" if among == wanted else f"{among:,} of them"
            print(f"{'':<10}{told:>12}{past:>13,}{floor:>10.1f}{ours:>9.1f}{ours / floor / first:>14.2f}", flush=True)
    store.ledger.close()


def idle(store: Store) -> None:
    """What users take with one window each, and what is left of them when it has ended."""
    now = [1_900_000_000.0]
    ledger = store.another(lambda: now[0])
    start = int(now[0] // DAY) * DAY

    def calls(users: int, label: str) -> int:
        before = store.size()
        for number in range(store.idle):
            counter = Counter(("user",), (f"user-{number % users:032}",), "day", start, start + DAY)
            pair(ledger, Claim(f"{label}-{number:09}", (counter,), (), Amounts(900, 2_000, 1), (1000, 15_000, 0), 500))
        return store.size() - before

    calls(1, "warm")
    alone, each = calls(1, "alone"), calls(store.idle, "each")
    there = store.rows()
    now[0] += 2 * DAY + 3_600
    slowest = max(
        timed(lambda number=number: pair(ledger, claim(f"after-{number}", "ada"))) for number in range(store.idle // 5)
    )
    if isinstance(ledger, StoredLedger):
        # What is left over is due at once, or (rows) in a moment.
        while (due := ledger.perform(Reap()).next_due) is not None and due <= now[0] + 1:
            pass
    print(
        f"{'':<10}bytes of an idle user {(each - alone) / store.idle:,.0f} (bar 1,024), "
        f"of a call of the last day {alone / store.idle:,.0f}\n"
        f"{'':<10}when their day is over: counters {there:,}, then {store.rows():,}; the slowest of {store.idle // 5:,} calls "
        f"meanwhile {slowest / 1000:.1f} ms",
        flush=True,
    )
    ledger.close()


class Memory(Store):
    idle = 100_000

    def __init__(self) -> None:
        self.ledger = self._now = MemoryLedger()
        self._counts: dict[str, int] = {}

    def past(self, calls: int) -> None:
        for _ in range(calls):
            pair(self.ledger, claim(f"past-{next(numbers)}", "0"))

    def floor(self) -> None:
        for _ in range(20):
            self._counts["x"] = self._counts.get("x", 0) + 1

    def size(self) -> int:
        return resident()

    def rows(self) -> int:
        return len(self._now._rows)

    def another(self, clock: Callable[[], float]) -> Ledger:
        self._now = MemoryLedger(clock=clock)
        return self._now


class SQLite(Store):
    at_once = 5_000

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "budget.db"
        self.ledger = SQLiteLedger(self._path, synchronous="normal")
        self._bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self._bare.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = normal; CREATE TABLE t (v); INSERT INTO t VALUES (0)"
        )

    def past(self, calls: int) -> None:
        made, label = one_call(self.ledger), f"past-{next(numbers)}"
        a_call = "SELECT charge, held, covered, at, tick FROM ended WHERE id = ?"
        with sqlite3.connect(self._path) as connection:
            connection.execute(
                "INSERT INTO ended (id, created, charge) WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT ?) "
                "SELECT CAST(? || '-of-0123456789abcdef-' || n AS BLOB), ?, ? FROM n",
                (calls, label, time.time(), "[800,150,4000,1,0,0,0]"),
            )
            like, made = (
                connection.execute(a_call, (name.encode(),)).fetchone()
                for name in (f"{label}-of-0123456789abcdef-1", made)
            )
        assert like == made, (like, made)

    def floor(self) -> None:
        for _ in range(2):
            self._bare.execute("UPDATE t SET v = v + 1")

    def size(self) -> int:
        with sqlite3.connect(self._path) as connection:
            pages, free, each = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        return (pages - free) * each

    def rows(self) -> int:
        with sqlite3.connect(self._path) as connection:
            return connection.execute("SELECT count(*) FROM counters").fetchone()[0]

    def another(self, clock: Callable[[], float]) -> Ledger:
        self._path = self._folder / "another.db"
        return SQLiteLedger(self._path, synchronous="normal", clock=clock)


PAST_IN_REDIS = """
local charge = cmsgpack.pack(800, 150, 4000, 1, 0, 0, 0)
for number = tonumber(ARGV[2]), tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1 do
  redis.call('SET', ARGV[1] .. '-' .. number, 'e' .. charge, 'PX', 87300000)
end
"""


class Redis(Store):
    def __init__(self, server: Valkey) -> None:
        self._server = server
        self._prefix = "{growth}"
        self.ledger = RedisLedger(server.url, prefix=self._prefix)
        self._client = redis.Redis(port=server.port, socket_timeout=60)
        self._sha = self._client.script_load("return redis.call('INCR', KEYS[1])")

    def past(self, calls: int) -> None:
        made, label = one_call(self.ledger), f"past-{next(numbers)}-of-0123456789abcdef"
        for start in range(0, calls, 100_000):
            self._client.eval(PAST_IN_REDIS, 0, f"{self._prefix}:e:{label}", start, min(calls - start, 100_000))
        like, made = (self._client.get(f"{self._prefix}:e:{name}") for name in (f"{label}-0", made))
        assert like == made, (like, made)

    def floor(self) -> None:
        for _ in range(2):
            self._client.evalsha(self._sha, 1, "floor")

    def size(self) -> int:
        return int(self._client.info("memory")["used_memory"])

    def rows(self) -> int:
        return sum(1 for _ in self._client.scan_iter(f"{self._prefix}:c:*", count=10_000))

    def another(self, clock: Callable[[], float]) -> Ledger:
        self._client.flushall(asynchronous=False)
        self._prefix = "{another}"
        return RedisLedger(self._server.url, prefix=self._prefix, clock=clock)


PAST_IN_POSTGRES = """INSERT INTO growth.reservations
    (id, state, slides, created, expires, input_tokens, output_tokens, bounded, ended, charge)
SELECT gen_random_uuid(), state, slides, created, expires, input_tokens, output_tokens, bounded, ended, charge
FROM growth.reservations, generate_series(1, %s) WHERE id = (SELECT id FROM growth.reservations WHERE state = 3 LIMIT 1)"""


class Postgres(Store):
    idle = 5_000

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._schema = "growth"
        self.ledger = PostgresLedger(server.url, schema=self._schema)
        self._connection = psycopg.connect(server.url, autocommit=True, prepare_threshold=None)
        self._connection.execute("CREATE TABLE floor (one int PRIMARY KEY, amount bigint)")
        self._connection.execute("INSERT INTO floor VALUES (1, 0)")
        self._connection.execute(
            "CREATE FUNCTION write_one() RETURNS void LANGUAGE plpgsql AS "
            "$$BEGIN UPDATE floor SET amount = amount + 1 WHERE one = 1; END$$"
        )

    def past(self, calls: int) -> None:
        one_call(self.ledger)
        self._connection.execute(PAST_IN_POSTGRES, (calls,))
        self._connection.execute("VACUUM ANALYZE")
        self._connection.execute("CHECKPOINT")

    def floor(self) -> None:
        for _ in range(2):
            self._connection.execute("SELECT write_one()").fetchall()

    def size(self) -> int:
        for table in ("counters", "reservations"):
            self._connection.execute(f"VACUUM FULL {self._schema}.{table}")
        return self._one(
            "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = %s::regnamespace",
            self._schema,
        )

    def rows(self) -> int:
        return self._one(f"SELECT count(*) FROM {self._schema}.counters")

    def another(self, clock: Callable[[], float]) -> Ledger:
        self._schema = "another"
        ledger = PostgresLedger(self._server.url, schema=self._schema, clock=clock)
        ledger.migrate()
        return ledger

    def _one(self, query: str, *values: Any) -> int:
        row = self._connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return int(row[0])


@contextmanager
def opened(name: str) -> Iterator[Store]:
    match name:
        case "memory":
            yield Memory()
        case "sqlite":
            with tempfile.TemporaryDirectory() as folder:
                yield SQLite(Path(folder))
        case "redis":
            with Valkey() as server:
                yield Redis(server)
        case _:
            with PostgresServer(
                fsync="off", synchronous_commit="off", shared_buffers="512MB", max_wal_size="8GB"
            ) as server:
                yield Postgres(server)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ledgers", nargs="*", default=["memory", "sqlite", "redis", "postgres"])
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=100_000)
    options = parser.parse_args()
    for name in options.ledgers:
        with opened(name) as store:
            grow(name, store, options.users, options.calls)
            idle(store)


if __name__ == "__main__":
    main()
