"""What a pair of reserve and settle costs in the PostgreSQL ledger, and what it is made of.

    python tests/benchmarks/bench_postgres.py [--full]

Figures depend on the machine and its disk, so each is also given as a ratio to a floor measured in the same run, in turns with it:
two SELECTs of a function that writes one row, each with its durable commit, over the same kind of connection. Wall time, medians
of rounds. A pair is a reservation and its settlement over three limits on two counters.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from llm_token_budget.ledgers.base import NANO_USD, TOKENS, Amounts, Charge, Claim, Counter, Granted, Line
from llm_token_budget.ledgers.postgres import PostgresLedger

sys.path.insert(0, str(Path(__file__).parents[1] / "ledgers"))
from postgres_server import PostgresServer

EVERYONE = Counter(("global",), (), "total")
LIMIT = 2**52
"""Never reached."""
SPENT = Charge(800, 150, 4_000)
PAIRS = 60
ROUNDS = 15

FLOOR = """
CREATE TABLE IF NOT EXISTS floor (id bigserial PRIMARY KEY, amount bigint);
CREATE OR REPLACE FUNCTION write_one(amount bigint) RETURNS bigint LANGUAGE plpgsql AS $body$
BEGIN INSERT INTO floor (amount) VALUES (write_one.amount); RETURN 1; END $body$;
"""

names = map(str, itertools.count())


def claim(user: str) -> Claim:
    """A call under three limits: everyone's dollars, a user's dollars, a user's tokens; the grant is shared and clamped."""
    key = (user,)
    counters = EVERYONE, Counter(("user",), key, "total")
    lines = (
        Line("global usd", (), NANO_USD, LIMIT, 0),
        Line("user usd", key, NANO_USD, LIMIT, 1),
        Line("user tokens", key, TOKENS, LIMIT, 1),
    )
    return Claim(next(names), counters, lines, Amounts(900, 2_000, 1), (1000, 15_000, 0), 4096, 1024, 10, 4096)


def pair(ledger: PostgresLedger, user: str) -> None:
    answer = ledger.reserve(claim(user))
    assert type(answer) is Granted
    ledger.settle(answer.handle, SPENT)


def two_writes(connection: psycopg.Connection) -> None:
    for _ in range(2):
        connection.execute("SELECT write_one(%s)", (7,)).fetchall()


def timed(work: Callable[[], None]) -> float:
    """Milliseconds of one, over PAIRS of them."""
    started = time.perf_counter()
    for _ in range(PAIRS):
        work()
    return (time.perf_counter() - started) / PAIRS * 1e3


def in_turns(*works: Callable[[], None]) -> list[float]:
    """The medians of several kinds of work, a round of each after the other: the disk's mood is the same for all."""
    rounds = [[timed(work) for work in works] for _ in range(ROUNDS)]
    return [statistics.median(each) for each in zip(*rounds, strict=True)]


def floor(server: PostgresServer) -> psycopg.Connection:
    connection = psycopg.connect(server.url, autocommit=True, prepare_threshold=None)
    connection.execute(FLOOR)
    return connection


def single(
    server: PostgresServer, ledger: PostgresLedger, told: str = "pair of reserve and settle, one client"
) -> None:
    connection, users = floor(server), itertools.cycle([f"user {number}" for number in range(50)])
    for _ in range(50):
        pair(ledger, next(users))
    writes, pairs = in_turns(lambda: two_writes(connection), lambda: pair(ledger, next(users)))
    print(
        f"{told}: {pairs:.2f} ms; floor {writes:.2f} ms; ratio {pairs / writes:.2f}, difference {pairs - writes:.2f} ms"
    )
    connection.close()


def clients(ledger: PostgresLedger, number: int, *, hot: bool, seconds: float = 4.0) -> float:
    """Pairs per second of so many threads, on a row that all of them update or on rows of their own."""
    counts, until = [0] * number, time.perf_counter() + seconds

    def work(me: int) -> None:
        while time.perf_counter() < until:
            asked = claim(f"user {me}")
            if not hot:
                asked = asked._replace(counters=(Counter(("team",), (str(me),), "total"), asked.counters[1]))
            answer = ledger.reserve(asked)
            assert type(answer) is Granted
            ledger.settle(answer.handle, SPENT)
            counts[me] += 1

    threads = [threading.Thread(target=work, args=(me,)) for me in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def contention(server: PostgresServer) -> None:
    ledger = PostgresLedger(server.url, schema="contention", pool_size=32, timeout=30)
    for number in (1, 8, 32):
        hot, own = clients(ledger, number, hot=True), clients(ledger, number, hot=False)
        print(
            f"{number} clients: one row for all {hot:.0f} pairs/s, rows of their own {own:.0f} pairs/s: {own / hot:.1f}x"
        )
    ledger.close()


USERS = """INSERT INTO growth.counters (id, identity, family, name, sliding, touched, ranked_nano_usd, ranked_tokens, nano_usd)
SELECT
    gen_random_uuid(), '[["user"], ["user ' || n || '"], "total", 0, null, 0]', '00000000-0000-0000-0000-000000000001',
    convert_to('user ' || n, 'UTF8'), 0, 0, n, n, n
FROM generate_series(1, %s) AS n"""
PAST = """INSERT INTO growth.reservations
    (id, state, slides, created, expires, input_tokens, output_tokens, bounded, ended, charge)
SELECT gen_random_uuid(), 3, false, now, 0, 900, 4096, true, now, '{1,2,3,1}'
FROM generate_series(1, %s), extract(epoch FROM now()) AS now"""
OPEN = 2_000


def growth(server: PostgresServer, ledger: PostgresLedger, users: int, past: int) -> None:
    """Fill the tables: so many more users and past calls."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        before = size(connection)
        connection.execute(USERS, (users,))
        after = size(connection)
        connection.execute(PAST, (past,))
        last = size(connection)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    print(
        f"{users:,} users: {(after - before) / users:.0f} bytes each; {past:,} past calls: {(last - after) / past:.0f} bytes each"
    )


def open_reservations(server: PostgresServer, ledger: PostgresLedger) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        pair(ledger, "user 0")
        connection.execute("VACUUM FULL growth.reservations")
        before = size(connection)
        for _ in range(OPEN):
            ledger.reserve(claim("user 0"))
        connection.execute("VACUUM FULL growth.counters")
        print(f"an open reservation: {(size(connection) - before) / OPEN:.0f} bytes")


def size(connection: psycopg.Connection) -> int:
    row = connection.execute(
        """SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
        WHERE relnamespace = 'growth'::regnamespace AND relkind = 'r'"""
    ).fetchone()
    assert row is not None
    return int(row[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also contention, and growth to a million users and calls")
    options = parser.parse_args()
    with PostgresServer() as server:
        ledger = PostgresLedger(server.url, schema="growth")
        single(server, ledger)
        if options.full:
            contention(server)
            open_reservations(server, ledger)
        ledger.close()
    if options.full:
        # Without waiting for the disk, so that it can be seen what the size of the tables does.
        with PostgresServer(synchronous_commit="off") as server:
            ledger = PostgresLedger(server.url, schema="growth")
            ledger.migrate()
            for users, past in ((1_000, 1_000), (100_000, 500_000), (900_000, 1_500_000)):
                growth(server, ledger, users, past)
                single(server, ledger, "pair without waiting for the disk")
            ledger.close()


if __name__ == "__main__":
    main()
