"""Workers are killed at random points, and the server is killed and comes back."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time

import pytest
from tests.ledgers.building import EVERYONE, balance, claim, limit, user
from tests.ledgers.servers import Valkey, new_prefix, valkey

from llm_token_budget.errors import LedgerUnavailable
from llm_token_budget.ledgers.base import Amounts, Charge, Granted
from llm_token_budget.ledgers.redis import RedisLedger

from .workers import NOTHING, Worker, balance_of, end_all_leases

LIMIT = 100_000


def kill_workers(times: int) -> None:
    url, prefix, said = valkey().url, new_prefix(), []
    some = random.Random(times)
    for _ in range(times):
        worker = Worker(url=url, prefix=prefix, task="go on", threads=4, limit=LIMIT)
        for _ in range(some.randint(1, 60)):
            said.append(worker.hear())
        worker.process.kill()
        said += worker.all()
    end_all_leases(url, prefix)
    seen = balance_of(url, prefix)
    granted = sum("granted" in word for word in said)
    settled = sum("settled" in word for word in said)
    assert seen.reserved == NOTHING
    assert seen.spent.tokens == 7 * seen.spent.requests <= 7 * LIMIT
    # The server may have done what the worker didn't live to say; at most one for each thread.
    assert granted <= seen.spent.requests <= granted + 4 * times
    assert settled <= seen.spent.requests - seen.unconfirmed.requests <= settled + 4 * times


def test_what_killed_workers_held_is_charged_and_nothing_stays_pinned():
    """5 workers are killed -9: what was acknowledged counts, what was open ends, no counter stays reserved."""
    kill_workers(5)


@pytest.mark.slow
def test_what_killed_workers_held_is_charged_and_nothing_stays_pinned_many_times():
    """50 workers."""
    kill_workers(50)


class Load:
    """Threads that go on making calls through whatever happens, and remember what was acknowledged."""

    def __init__(self, ledger: RedisLedger, threads: int = 4) -> None:
        self.ledger = ledger
        self.granted: list[str] = []
        self.settled: list[str] = []
        self.unavailable = 0
        self.going = threading.Event()
        self.going.set()
        self._progress = threading.Condition()
        self._threads = [threading.Thread(target=self._work, args=(me,)) for me in range(threads)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, more: int) -> None:
        """Until so many more were settled."""
        with self._progress:
            until = len(self.settled) + more
            assert self._progress.wait_for(lambda: len(self.settled) >= until, 60)

    def stop(self) -> None:
        self.going.clear()
        for thread in self._threads:
            thread.join(60)
        self.ledger.finish()

    def _work(self, me: int) -> None:
        number = 0
        while self.going.is_set():
            number += 1
            name = f"{me}-{number}"
            try:
                answer = self.ledger.reserve(
                    claim(name, limit(10**9), tokens=7, counters=(EVERYONE, user(str(me))), lease=900)
                )
            except LedgerUnavailable:
                self.unavailable += 1
                continue
            assert isinstance(answer, Granted)
            self.granted.append(name)
            self.ledger.settle(answer.handle, Charge(7, 0, 0, 1))
            with self._progress:
                self.settled.append(name)
                self._progress.notify_all()


@pytest.mark.parametrize("on_error", ["refuse", "allow"])
def test_a_server_that_is_killed_loses_nothing_and_the_workers_go_on(on_error):
    """With its append-only file: every acknowledged call is counted once, before and after, those let through included."""
    with Valkey(appendonly="yes", appendfsync="everysec") as server:
        ledger = RedisLedger(server.url, prefix=new_prefix(), on_error=on_error, retry_for=0.05)
        load = Load(ledger)
        for _ in range(2):
            load.wait_for(100)
            server.kill()
            failed = load.unavailable
            if on_error == "refuse":
                until = time.monotonic() + 30
                while load.unavailable == failed and time.monotonic() < until:
                    ledger.wait(ledger._bell.rung, 0.05)
                assert load.unavailable > failed
            else:
                load.wait_for(20)
            server.start()
            load.wait_for(100)
        load.stop()
        # Who was told of no answer may have been granted all the same: their leases end.
        end_all_leases(server.url, ledger._plans._shapes.prefix.decode())
        seen = balance(ledger)
        assert seen.reserved == NOTHING
        known = seen.spent.requests - seen.unconfirmed.requests
        assert known == len(load.settled)
        assert seen.unconfirmed.requests <= load.unavailable + 8
        assert (ledger.unguarded == Amounts()) is (on_error == "refuse")
        ledger.close()


FORKED = """
import os, sys
from llm_token_budget.ledgers.base import Amounts, Charge, Claim, Counter
from llm_token_budget.ledgers.redis import RedisLedger

everyone = Counter(("global",), (), "total")
ledger = RedisLedger(sys.argv[1], prefix=sys.argv[2])

def call(name):
    handle = ledger.reserve(Claim(name, (everyone,), (), Amounts(1, 0, 1))).handle
    return ledger.settle(handle, Charge(1)).first

assert call("before")
children = []
for child in range(3):
    pid = os.fork()
    if not pid:
        ok = all(call(f"{child}-{number}") for number in range(50))
        ledger.close()
        os._exit(0 if ok else 1)
    children.append(pid)
assert all(call(f"parent-{number}") for number in range(50))
assert not any(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children)
assert ledger.read([everyone])[0].spent.requests == 201
ledger.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks nowhere")
def test_forked_children_have_connections_of_their_own():
    """A server that forks its workers after its budget was used: nobody reads another's answers."""
    command = [sys.executable, "-c", FORKED, valkey().url, new_prefix()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
