"""Many processes on one PostgreSQL: they race, they are killed, the server is killed."""

from __future__ import annotations

import random
import time

import pytest

from llm_token_budget.ledgers.base import Amounts, Balance, Stale
from llm_token_budget.ledgers.postgres import PostgresLedger

from ..building import EVERYONE, user
from ..postgres_server import PostgresServer, postgres
from .worker import PRICE
from .workers import Worker, counted, said

LONG = 60.0
"""Seconds that no passing test comes near to."""


@pytest.fixture
def durable():
    """A server of one's own, which keeps what it acknowledges."""
    with PostgresServer() as server:
        yield server


def balance_of(url: str, schema: str) -> Balance:
    ledger = PostgresLedger(url, schema=schema, reap_every=0.05)
    try:
        seen = ledger.read([EVERYONE])
        assert not isinstance(seen, Stale)
        return seen[0]
    finally:
        ledger.close()


def balance_when(url: str, schema: str, is_so) -> Balance:
    """The global balance as soon as it is so, or as it is when that takes too long."""
    until = time.monotonic() + LONG
    while not is_so(seen := balance_of(url, schema)) and time.monotonic() < until:
        time.sleep(0.05)
    return seen


def race(schema: str) -> None:
    """8 processes of 8 threads ask for 640 calls, 200 are allowed. The first of them find an empty database."""
    workers = [Worker(url=postgres().url, schema=schema, threads=8, calls=10, limit=200 * PRICE) for _ in range(8)]
    for worker in workers:
        worker.stop()
    tally = counted(workers)
    assert (tally["granted"], tally["refused"], tally["unavailable"]) == (200, 440, 0)
    seen = balance_of(postgres().url, schema)
    assert (seen.spent, seen.reserved) == (Amounts(200 * PRICE, 0, 200), Amounts())


def test_processes_admit_exactly_what_a_limit_allows(schema):
    """No call more, none fewer, whoever makes the tables; claims that name their counters in another order don't get stuck."""
    race(schema)


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(20))
def test_processes_admit_exactly_what_a_limit_allows_each_time(schema, round_):
    """The same, twenty times."""
    race(schema)


def kill_workers(schema: str, kills: int) -> None:
    chance = random.Random(7)
    url, options = (
        postgres().url,
        {"schema": schema, "threads": 4, "limit": 400 * PRICE, "lease": 1.0, "until_closed": True},
    )
    workers = [Worker(url=url, pause=0.05, **options) for _ in range(3)]
    for _ in range(kills):
        victim = chance.choice(workers[-3:])
        victim.wait_until_ready()
        time.sleep(chance.uniform(0.0, 0.15))
        victim.kill()
        workers.remove(victim)
        workers.insert(0, victim)  # Its words still count.
        workers.append(Worker(url=url, pause=0.05, **options))
    for worker in workers[-3:]:
        worker.stop()
    seen = balance_when(url, schema, lambda seen: not seen.reserved)
    bill = len(said(workers, "sent")) * PRICE
    assert seen.reserved == Amounts(), "a counter stays pinned"
    assert bill <= seen.spent.tokens <= 400 * PRICE
    assert seen.overrun == Amounts()
    unknown = seen.unconfirmed.requests
    assert len(said(workers, "settled")) <= seen.spent.requests - unknown
    assert unknown <= kills * 4, "only what a killed thread had in hand ends as unconfirmed"


def test_what_killed_workers_held_is_charged(schema):
    """kill -9 at random points: the bill stays within the limit, every reservation ends, no counter stays pinned."""
    kill_workers(schema, 5)


@pytest.mark.slow
def test_what_many_killed_workers_held_is_charged(schema):
    """The same, fifty times."""
    kill_workers(schema, 50)


def kill_server(server: PostgresServer, schema: str, kills: int) -> None:
    options = {"schema": schema, "threads": 4, "limit": 10**12, "until_closed": True}
    workers = [Worker(url=server.url, **options) for _ in range(2)]
    for worker in workers:
        worker.wait_until_ready()
    for _ in range(kills):
        before = len(said(workers, "settled"))
        until = time.monotonic() + LONG
        while len(said(workers, "settled")) < before + 40:  # They have gone on since the last time.
            assert time.monotonic() < until, "the workers don't go on"
            time.sleep(0.01)
        server.kill()
        server.start()
    for worker in workers:
        worker.stop()
    settled = said(workers, "settled")
    assert len(settled) == len(set(settled)) == len(said(workers, "granted"))
    seen = balance_when(server.url, schema, lambda seen: not seen.reserved)
    assert seen.reserved == Amounts()
    assert (seen.spent, seen.unconfirmed) == (Amounts(len(settled) * PRICE, 0, len(settled)), Amounts())


def test_a_server_that_is_killed_has_lost_nothing_that_it_acknowledged(durable, schema):
    """kill -9 under load, and a restart: each settled call is counted once, nothing else, and the workers go on."""
    kill_server(durable, schema, 2)


@pytest.mark.slow
def test_a_server_that_is_killed_often_has_lost_nothing(durable, schema):
    """The same, fifteen times."""
    kill_server(durable, schema, 15)


def test_users_are_seen_by_every_process(schema):
    """What one process spent for its users, another lists."""
    worker = Worker(url=postgres().url, schema=schema, threads=3, calls=2, limit=10**9)
    worker.stop()
    ledger = PostgresLedger(postgres().url, schema=schema)
    seen = ledger.users(user())
    ledger.close()
    assert {name: balance.spent.requests for name, balance in seen} == {"user 0": 2, "user 1": 2, "user 2": 2}
