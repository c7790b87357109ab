"""A real cluster of three nodes: the whole protocol, in one slot."""

from __future__ import annotations

import asyncio

import pytest
import redis
from tests.ledgers.building import EVERYONE, balance, claim, limit, session, truth, user
from tests.ledgers.fuzzing import fuzz
from tests.ledgers.servers import new_prefix, valkey_cluster

from llm_token_budget.ledgers.base import Amounts, Granted, Refused
from llm_token_budget.ledgers.redis import RedisLedger


def url(prefix: str) -> str:
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in valkey_cluster())
    return f"redis+cluster://{hosts}?prefix={prefix}"


@pytest.fixture
def ledger():
    made = RedisLedger(url(new_prefix()))
    yield made
    made.close()


def test_a_cluster_gives_the_memory_ledgers_answers():
    """500 random operations: no script reaches for a key that is elsewhere."""
    fuzz(lambda clock: RedisLedger(url(new_prefix()), clock=clock), operations=500, seed=7)


def test_all_keys_of_a_ledger_are_on_one_node_and_ledgers_spread_over_all(ledger):
    """One hash tag is one slot; other prefixes go elsewhere."""
    homes = set()
    clients = [redis.Redis(port=node.port) for node in valkey_cluster()]
    for _ in range(12):
        prefix = new_prefix()
        each = RedisLedger(url(prefix))
        counters = EVERYONE, user(), session("chat")
        each.settle(each.reserve(claim("a", counters=counters, tokens=5)).handle, truth(5))
        with_keys = [number for number, client in enumerate(clients) if client.keys(f"{prefix}*")]
        assert len(with_keys) == 1
        homes.update(with_keys)
        each.close()
    for client in clients:
        client.close()
    assert homes == {0, 1, 2}


async def test_tasks_share_a_global_limit_over_the_cluster(ledger):
    """100 tasks ask for 60 calls: 60 are granted."""

    async def one(number: int) -> bool:
        answer = await ledger.areserve(claim(str(number), limit(420), counters=(EVERYONE, user(str(number))), tokens=7))
        if isinstance(answer, Refused):
            return False
        assert isinstance(answer, Granted)
        await ledger.asettle(answer.handle, truth(7))
        return True

    assert sum(await asyncio.gather(*map(one, range(100)))) == 60
    seen = await asyncio.to_thread(balance, ledger)
    assert (seen.spent, seen.reserved) == (Amounts(420, 0, 60), Amounts())


async def test_a_clusters_client_of_ones_own(ledger):
    """Its tasks' operations run in threads."""
    client = redis.RedisCluster(host="127.0.0.1", port=valkey_cluster()[1].port)
    own = RedisLedger(client=client, prefix=new_prefix())
    answer = await own.areserve(claim("a", tokens=5))
    assert (await own.asettle(answer.handle, truth(5))).first
    own.close()
    client.close()
