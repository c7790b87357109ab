"""Many processes, one file: they race, are killed, stopped, forked."""

from __future__ import annotations

import os
import random
import sqlite3
import threading

import pytest

from llm_token_budget.ledgers.base import Amounts
from llm_token_budget.ledgers.sqlite import SQLiteLedger

from ..building import EVERYONE, balance, claim, grant, hold, limit, refuse, spent, truth
from .worker import PRICE
from .workers import Worker, wait_until

LIMIT = 300


def race(path: str) -> None:
    workers = [Worker(path, "race", threads=8, limit=LIMIT) for _ in range(8)]
    assert [worker.end() for worker in workers] == [0] * 8
    assert sum(worker.said["granted"] for worker in workers) == LIMIT
    ledger = SQLiteLedger(path)
    seen = balance(ledger)
    assert (seen.spent, seen.reserved) == (Amounts(LIMIT * PRICE, 0, LIMIT), Amounts())
    assert sum(one.spent.requests for _, one in ledger.users(EVERYONE._replace(scope=("user",)))) == LIMIT
    ledger.close()


def test_eight_processes_of_eight_threads_admit_exactly_what_the_limit_allows(path):
    """300 calls are allowed; 64 threads ask until it is truly spent."""
    race(path)


@pytest.mark.slow
@pytest.mark.parametrize("time", range(20))
def test_they_admit_exactly_that_every_time(path, time):
    """Twenty times."""
    race(path)


def kill_at_random(path: str, kills: int, seed: int) -> None:
    """Workers are killed in the middle of whatever they do, and others take their place."""
    chance, limit = random.Random(seed), 100_000
    options = {"threads": 4, "limit": limit, "lease": 1.0}
    workers = [Worker(path, "spend", **options) for _ in range(3)]
    dead = list[Worker]()
    for _ in range(kills):
        victim = workers.pop(0)
        victim.hears("settled", chance.randint(1, 60))
        victim.kill()
        dead.append(victim)
        workers.append(Worker(path, "spend", **options))
    for worker in workers:
        worker.hears("settled")
        worker.kill()
    told = [*dead, *workers]
    granted, settled = (sum(worker.said[word] for worker in told) for word in ("granted", "settled"))
    # One comes back: it ends what nobody else will.
    ledger = SQLiteLedger(path, reap_every=0.05)
    wait_until(lambda: balance(ledger).reserved == Amounts())
    seen = balance(ledger)
    assert granted <= seen.spent.requests <= limit
    # At each kill, each thread had one call under way at most.
    assert seen.unconfirmed.requests <= 4 * len(told)
    assert settled <= seen.spent.requests - seen.unconfirmed.requests <= settled + 4 * len(told)
    assert seen.spent.requests == len(ledger.unconfirmed()) + seen.spent.requests - seen.unconfirmed.requests
    assert sum(one.spent.requests for _, one in ledger.users(EVERYONE._replace(scope=("user",)))) == seen.spent.requests
    ledger.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM open").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM counters WHERE open OR reserved_tokens").fetchone() == (0,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_killed_workers_leave_nothing_held(path):
    """Five of them: the bill keeps to the limit, every reservation ends, no counter stays pinned."""
    kill_at_random(path, 5, seed=1)


@pytest.mark.slow
def test_fifty_killed_workers_leave_nothing_held(path):
    """The same, ten times as many."""
    kill_at_random(path, 50, seed=2)


def test_a_worker_that_was_stopped_past_its_lease_brings_the_truth(path):
    """Meanwhile another one has charged what was held; the truth replaces it."""
    worker = Worker(path, "hold", limit=100, lease=0.3)
    worker.hears("granted")
    worker.freeze()
    ledger = SQLiteLedger(path, reap_every=0.05)
    wait_until(lambda: balance(ledger).unconfirmed.tokens == PRICE)
    assert [each.handle.id for each in ledger.unconfirmed()] == ["held 0"]
    worker.thaw()
    worker.tell()
    worker.hears("settled")
    assert worker.end() == 0
    seen = balance(ledger)
    assert (seen.spent.tokens, seen.unconfirmed.tokens, seen.reserved.tokens) == (PRICE // 2, 0, 0)
    assert ledger.unconfirmed() == []
    ledger.close()


def test_a_limit_set_by_another_process_holds_for_the_next_call(path):
    """As does what another process spends: nothing that this one remembers outlives it."""
    here, there = SQLiteLedger(path), SQLiteLedger(path)
    asked = [claim(f"{number}", limit(100), tokens=40) for number in range(6)]
    grant(here, asked[0])
    there.set_limit("limit", None, 50)
    refuse(here, asked[1])
    there.clear_limit("limit", None)
    grant(here, asked[2])
    there.record((EVERYONE,), truth(15))
    refuse(here, asked[3])
    there.reset()
    there.release(hold(here, "x", 0))
    grant(here, claim("small", limit(100), tokens=20))
    here.close()
    there.close()


def test_a_refused_call_is_woken_by_what_another_process_gives_back(path):
    """No bell rings over there: it is looked for."""
    here, there = SQLiteLedger(path), SQLiteLedger(path)
    handle = hold(there, "a", 100)
    refused = refuse(here, claim("b", limit(100), tokens=50))
    there.release(handle)
    here.wait(refused.freed, here.poll)
    assert here.poll <= 0.5
    grant(here, claim("b", limit(100), tokens=50))
    here.close()
    there.close()


def in_child(work) -> int:
    """Run in a forked child; its exit code says whether it went well."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_and_its_parent_go_on(path):
    """Each with a connection of its own, while other threads of the parent are at work."""
    ledger = SQLiteLedger(path, synchronous="normal")
    ledger.record((EVERYONE,), truth(1))
    stopped = threading.Event()

    def work() -> None:
        while not stopped.is_set():
            ledger.record((EVERYONE,), truth(1))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()

    def child() -> None:
        for number in range(20):
            ledger.settle(hold(ledger, f"{os.getpid()} {number}", 5), truth(1_000_000))
        ledger.close()

    codes = [in_child(child) for _ in range(5)]
    stopped.set()
    for thread in threads:
        thread.join()
    assert codes == [0] * 5
    assert spent(ledger) // 1_000_000 == 100
    assert balance(ledger).reserved == Amounts()
    ledger.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_no_connection_is_open_while_a_process_forks(path):
    """SQLite's locks would be counted wrongly in the child, and a checkpoint could lose what it writes."""
    ledger = SQLiteLedger(path)
    ledger.ping()
    assert ledger._writer._connection is not None

    def child() -> None:
        assert ledger._writer._connection is None
        assert not any(os.path.samefile(f"/proc/self/fd/{name}", path) for name in os.listdir("/proc/self/fd") if
                       os.path.exists(f"/proc/self/fd/{name}"))  # fmt: skip

    assert in_child(child) == 0
    ledger.ping()
    ledger.close()
