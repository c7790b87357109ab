"""What a user, an open reservation and a past call take in the server, and that none of it grows by itself."""

from __future__ import annotations

import time

import pytest
import redis
from tests.ledgers.building import DAY, balance, claim, every, hold, run, session, sliding, truth, unknown, user
from tests.ledgers.servers import Valkey, new_prefix, valkey

from llm_token_budget.ledgers.base import Amounts, Counter
from llm_token_budget.ledgers.redis import RedisLedger


@pytest.fixture
def keys():
    """All keys of a prefix, with what is in them, except what is remembered of past calls."""
    client = redis.Redis(port=valkey().port)

    def all_keys(prefix: str) -> list[bytes]:
        return sorted(key for key in client.keys("*") if key.startswith(prefix.encode()) and b":e:" not in key)

    yield all_keys
    client.close()


def test_an_idle_user_takes_less_than_a_kilobyte():
    """With a key of 36 characters, in the count of everything: row and index."""
    with Valkey() as server:
        ledger, client = RedisLedger(server.url), redis.Redis(port=server.port)
        ledger.record((user(),), truth(1))
        before = client.info("memory")["used_memory"]
        for start in range(0, 5_000, 500):
            everybody = range(start, start + 500)
            ledger.record(tuple(user(f"{number:036}") for number in everybody), truth(1_000, 500, 123_456))
        assert (client.info("memory")["used_memory"] - before) / 5_000 <= 1_024
        client.close()
        ledger.close()


def test_ended_reservations_leave_every_index(keys, clock):
    """After settle, release, expiry and the horizon nothing is left but the sums, and ids that expire by themselves."""
    prefix = new_prefix()
    ledger = RedisLedger(valkey().url, prefix=prefix, clock=clock)
    ledger.settle(hold(ledger, "settled", 5), truth(5))
    ledger.release(hold(ledger, "released", 5))
    ledger.settle(hold(ledger, "unknown", 5), unknown(5))
    hold(ledger, "expired", 5, lease=10)
    clock.advance(20)
    assert len(ledger.unconfirmed()) == 2
    clock.advance(2 * DAY)
    assert ledger.unconfirmed() == []
    # The sums of everyone, and the ledger's state.
    assert [key.rpartition(b"}")[2] for key in keys(prefix)] == [b':c:[["global"],[],"total"]', b":state"]
    client = redis.Redis(port=valkey().port)
    ids = [key for key in client.keys("*") if key.startswith(f"{prefix}:e:".encode())]
    assert len(ids) == 4
    assert all(0 < client.pttl(key) <= 1000 * 3 * DAY for key in ids)
    client.close()
    ledger.close()


def test_finished_windows_and_idle_sessions_leave_nothing(keys, clock):
    """Rows, indexes and marks of what is over are dropped."""
    prefix = new_prefix()
    ledger = RedisLedger(valkey().url, prefix=prefix, clock=clock)
    for _ in range(30):
        over = every(600, clock.at, key="ada"), session("chat"), run("job"), sliding(60)
        ledger.settle(hold(ledger, str(clock.at), 5, *over), truth(5))
        clock.advance(600)
    clock.advance(31 * DAY)
    assert balance(ledger).spent == Amounts()
    assert [key.rpartition(b"}")[2] for key in keys(prefix)] == [b":state"]
    ledger.close()


def test_a_page_of_users_reads_no_more_than_a_page(clock):
    """Of 5,000 users, the dearest 3 take a few small answers."""
    prefix = new_prefix()
    ledger = RedisLedger(valkey().url, prefix=prefix, clock=clock)
    for start in range(0, 5_000, 500):
        for number in range(start, start + 500, 100):
            some = tuple(user(f"{each}") for each in range(number, number + 100))
            ledger.record(some, truth(1, 0, number))
    answers = []
    plain = ledger._send
    ledger._send = lambda step: answers.append(plain(step)) or answers[-1]
    assert [name for name, _ in ledger.users(user(), limit=3)] == ["4900", "4901", "4902"]
    assert len(answers) <= 4
    assert sum(len(repr(answer)) for answer in answers) < 3_000
    ledger.close()


def test_a_million_rows_that_perish_keep_nobody_waiting(clock):
    """Rows are dropped some at a time: a call that comes then does a bounded piece of that work."""
    ledger = RedisLedger(valkey().url, prefix=new_prefix(), clock=clock)
    window = every(60, clock.at)
    for start in range(0, 5_000, 500):
        some = tuple(
            Counter(("user",), (str(n),), window.window, window.start, window.end) for n in range(start, start + 500)
        )
        ledger.record(some, truth(1))
    clock.advance(3_600)
    steps = []
    plain = ledger._send
    ledger._send = lambda step: steps.append(step) or plain(step)
    started = time.perf_counter()
    ledger.reserve(claim("a", tokens=1))
    assert len(steps) <= 5
    assert time.perf_counter() - started < 5
    ledger.close()
