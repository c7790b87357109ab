"""Whose clock counts: the server's. Workers that sleep through their lease, or live in another time, change nothing."""

from __future__ import annotations

import signal
import time

import pytest
from tests.ledgers.building import balance, balance_at, claim, every, limit, truth
from tests.ledgers.servers import new_prefix, valkey

from llm_token_budget.ledgers.base import Amounts, Charge, Granted, Stale
from llm_token_budget.ledgers.redis import RedisLedger

from .workers import Worker, balance_of, end_all_leases


def test_a_worker_that_was_stopped_past_its_lease_brings_the_truth_late():
    """SIGSTOP; its lease ends and is charged by others; SIGCONT: its truth takes the place of the charge."""
    url, prefix = valkey().url, new_prefix()
    worker = Worker(url=url, prefix=prefix, task="hold", limit=100, lease=900.0)
    assert worker.hear()["granted"]
    worker.process.send_signal(signal.SIGSTOP)
    end_all_leases(url, prefix)
    assert balance_of(url, prefix).unconfirmed == Amounts(7, 0, 1)
    worker.process.send_signal(signal.SIGCONT)
    worker.say()
    assert worker.hear() == {"settled": "held", "first": True, "before": True}
    worker.all()
    seen = balance_of(url, prefix)
    assert (seen.spent, seen.unconfirmed, seen.reserved) == (Amounts(3, 0, 1), Amounts(), Amounts())


@pytest.mark.parametrize("skew", [-600, 600])
def test_a_worker_whose_clock_is_off_reserves_in_the_servers_time(skew):
    """10 minutes early or late: leases end when the server says so."""
    url, prefix = valkey().url, new_prefix()
    worker = Worker(url=url, prefix=prefix, task="hold", limit=100, lease=60.0, skew=skew)
    assert abs(worker.hear()["expires"] - time.time() - 60) < 30
    worker.say()
    worker.all()
    assert balance_of(url, prefix).spent == Amounts(3, 0, 1)


@pytest.mark.parametrize("skew", [-600, 600])
def test_a_worker_whose_clock_is_off_learns_the_servers_time(monkeypatch, skew):
    """Its window is stale; the answer tells the time, and the next windows are right."""
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + skew)
    ledger = RedisLedger(valkey().url, prefix=new_prefix())
    answer = ledger.reserve(claim("a", counters=(every(60, ledger.now()),), tokens=1))
    assert isinstance(answer, Stale)
    assert abs(ledger.now() - right()) < 5
    assert isinstance(ledger.reserve(claim("b", counters=(every(86_400, ledger.now()),), tokens=1)), Granted)
    ledger.close()


def test_a_window_that_rolls_over_during_a_call_is_charged_where_it_began(clock):
    """Reserved in one, settled in the next: the first is charged, the second is empty."""
    ledger = RedisLedger(valkey().url, prefix=new_prefix(), clock=clock)
    before = every(60, clock.at)
    handle = ledger.reserve(claim("a", limit(100), counters=(before,), tokens=100)).handle
    clock.advance(60)
    after = every(60, clock.at)
    assert ledger.settle(handle, truth(60)).first
    assert balance(ledger, after).spent == Amounts()
    assert balance_at(ledger, clock, before, before.start).spent == Amounts(60, 0, 1)
    ledger.close()


def test_rows_of_windows_go_by_themselves(clock):
    """Nobody has to live for it: the server knows when a window's row and its index may go."""
    import redis

    prefix = new_prefix()
    ledger = RedisLedger(valkey().url, prefix=prefix, clock=clock)
    window = every(60, clock.at, key="ada")
    ledger.settle(ledger.reserve(claim("a", counters=(window,), tokens=1, lease=30)).handle, Charge(1))
    client = redis.Redis(port=valkey().port)
    shape = ledger._plans._shapes.of((window,))
    assert all(0 < client.pttl(key) <= 1000 * (60 + 2 * 30 + 86_400) for key in shape.keys)
    client.close()
    ledger.close()
