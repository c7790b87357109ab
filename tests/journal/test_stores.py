"""What is special about the stores: clusters, tables that two make at once, readers who take their time."""

from __future__ import annotations

import threading

import pytest
import redis
from tests.ledgers.postgres_server import new_schema, postgres
from tests.ledgers.servers import Valkey, new_prefix, valkey, valkey_cluster

from llm_token_budget import LedgerUnavailable, MemoryLedger
from llm_token_budget.journal import Journal, find_journal
from llm_token_budget.journal.memory import MemoryStore
from llm_token_budget.ledgers.base import Ledger
from llm_token_budget.ledgers.postgres import PostgresLedger
from llm_token_budget.ledgers.redis import RedisLedger

from .conftest import budget_on, spend


def redis_ledgers():
    """Every way to reach a server."""
    single, cluster = valkey().url, ",".join(f"127.0.0.1:{node.port}" for node in valkey_cluster())
    return {
        "RESP2": lambda: RedisLedger(f"{single}?protocol=2", prefix=new_prefix()),
        "RESP3": lambda: RedisLedger(f"{single}?protocol=3", prefix=new_prefix()),
        "a client": lambda: RedisLedger(client=redis.Redis.from_url(single), prefix=new_prefix()),
        "a cluster": lambda: RedisLedger(f"redis+cluster://{cluster}", prefix=new_prefix()),
    }


@pytest.mark.parametrize("way", ["RESP2", "RESP3", "a client", "a cluster"])
def test_redis_is_reached_in_every_way(way):
    """Written, read, summed up and dropped."""
    with budget_on(redis_ledgers()[way](), True) as budget:
        for user in ("ada", "bob"):
            spend(budget, user)
        assert [entry.user_key for entry in budget.journal.entries()] == ["ada", "bob"]
        assert budget.journal.exists()
        assert budget.journal.prune(before=budget.ledger.now() + 1) == 2
        assert not list(budget.journal.entries())


def test_looking_makes_nothing(place, budget):
    """A ledger without a journal stays one."""
    other = budget_on(budget.ledger, None)
    assert find_journal(other) is None
    assert find_journal(budget) is budget.journal
    if budget.ledger.blocking:
        spend(budget, "ada")
        budget.journal.flush()
        found = find_journal(other)
        assert found is not None
        assert [entry.user_key for entry in found.entries()] == ["ada"]
        found.close()


def test_several_make_the_table_at_once():
    """The first batches of a new deployment."""
    schema = new_schema()
    ledgers = [PostgresLedger(postgres().url, schema=schema) for _ in range(6)]
    budgets = [budget_on(ledger, True) for ledger in ledgers]
    ready, written = threading.Barrier(len(budgets)), []

    def write(budget, number):
        spend(budget, f"user-{number}")
        ready.wait(30)
        written.append(budget.journal.flush())

    threads = [threading.Thread(target=write, args=(each, number)) for number, each in enumerate(budgets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert written == [True] * len(budgets)
    assert len(budgets[0].journal.totals("user")) == len(budgets)
    for each in budgets:
        each.close()


def test_readers_who_take_their_time_keep_nobody_waiting(budget):
    """A page is read, then others write, then the rest is read."""
    spend(budget, "ada")
    entries = budget.journal.entries()
    assert next(entries).user_key == "ada"
    spend(budget, "bob")
    assert budget.journal.flush()
    assert len(list(budget.journal.entries())) == 2


def test_a_lost_store_is_the_ledgers_own_error():
    """Of readers; writers go on."""
    with Valkey() as server, budget_on(RedisLedger(server.url, retry_for=0.0), True) as budget:
        spend(budget, "ada")
        budget.journal.flush()
        server.kill()
        with pytest.raises(LedgerUnavailable):
            list(budget.journal.entries())
        with pytest.raises(LedgerUnavailable):
            budget.journal.totals("user")
        server.start()
        spend(budget, "bob")
        assert budget.journal.flush()


def test_a_ledger_of_ones_own_has_no_place_for_it(clock):
    """It says what to do instead; a subclass of a known one is that one."""

    class Mine(MemoryLedger):
        pass

    assert isinstance(Journal(Mine(clock=clock)).store, MemoryStore)

    foreign = type("Foreign", (Ledger,), {name: lambda *_: None for name in Ledger.__abstractmethods__})
    with pytest.raises(ValueError, match=r"journal='journal\.jsonl'"):
        Journal(foreign())


def test_so_many_are_kept_in_memory(clock):
    """A bound, not a leak."""
    store = MemoryStore(kept=10)
    with budget_on(MemoryLedger(clock=clock), Journal(store)) as small:
        for number in range(25):
            spend(small, f"user-{number}")
        assert [entry.user_key for entry in small.journal.entries()] == [f"user-{number}" for number in range(15, 25)]
