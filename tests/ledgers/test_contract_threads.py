"""The contract of every ledger: real threads, real finalizers."""

from __future__ import annotations

import gc
import itertools
import sys
import threading
from collections import Counter as Tally
from queue import SimpleQueue

import pytest

from llm_token_budget.ledgers.base import REQUESTS, Amounts, Granted, Refused

from .building import EVERYONE, balance, claim, limit, truth, unknown, user

THREADS = 16


@pytest.fixture
def many_switches():
    """Threads change places as often as the interpreter lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def run_all(*works, timeout: float = 120):
    """Run each in a thread of its own, all starting together; what one raises is raised here."""
    barrier, errors = threading.Barrier(len(works)), []

    def start(work):
        barrier.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    if errors:
        raise errors[0]


def test_threads_admit_exactly_what_a_limit_allows(ledger, many_switches):
    """16 threads ask for 3,200 calls where 1,000 are allowed: 1,000 are granted, none more, none fewer."""
    granted, refused = Tally(), Tally()

    def work(me: int) -> None:
        for number in range(200):
            asked = claim(
                f"{me}-{number}", limit(7_000), limit(1_000, REQUESTS), tokens=7, counters=(EVERYONE, user(str(me)))
            )
            answer = ledger.reserve(asked)
            if isinstance(answer, Refused):
                refused[me] += 1
                continue
            granted[me] += 1
            ledger.settle(answer.handle, truth(7))

    run_all(*[lambda me=me: work(me) for me in range(THREADS)])
    assert granted.total() == 1_000
    assert balance(ledger).spent == Amounts(7_000, 0, 1_000)
    assert balance(ledger).reserved == Amounts()
    assert balance(ledger).blocked == refused.total() == THREADS * 200 - 1_000
    assert sum(seen.spent.requests for _, seen in ledger.users(user())) == 1_000


def test_nobody_ever_sees_more_than_the_limit(ledger, many_switches):
    """While calls settle below, above, unknown and not at all, spent + reserved stays within limit + overrun."""
    working = threading.Event()
    working.set()
    seen = []

    def watch() -> None:
        while working.is_set():
            now = balance(ledger)
            seen.append(now.spent.tokens + now.reserved.tokens - now.overrun.tokens)

    def work(me: int) -> None:
        for number in range(150):
            answer = ledger.reserve(claim(f"{me}-{number}", limit(5_000), tokens=10, want=90, at_least=20))
            if isinstance(answer, Granted):
                match number % 5:
                    case 0:
                        ledger.release(answer.handle)
                    case 1:
                        ledger.settle(answer.handle, truth(10, 110))
                    case 2:
                        ledger.settle(answer.handle, unknown(10, 90))
                        ledger.settle(answer.handle, truth(10, 5))
                    case _:
                        ledger.settle(answer.handle, truth(10, 5))

    def all_work() -> None:
        run_all(*[lambda me=me: work(me) for me in range(THREADS)])
        working.clear()

    run_all(watch, all_work)
    assert seen
    assert max(seen) <= 5_000
    assert balance(ledger).reserved == Amounts()


def test_reservations_are_settled_by_other_threads(ledger, many_switches):
    """8 threads reserve, 8 others settle, some twice: each call is counted once."""
    handles = SimpleQueue()

    def reserve(me: int) -> None:
        for number in range(200):
            answer = ledger.reserve(claim(f"{me}-{number}", tokens=10))
            handles.put(answer.handle)
            handles.put(answer.handle)
        handles.put(None)

    firsts = Tally()

    def settle(me: int) -> None:
        while (handle := handles.get()) is not None:
            firsts[me] += ledger.settle(handle, truth(7)).first

    run_all(*[lambda me=me: reserve(me) for me in range(8)], *[lambda me=me: settle(me) for me in range(8)])
    assert firsts.total() == 1_600
    assert balance(ledger).spent == Amounts(7 * 1_600, 0, 1_600)
    assert balance(ledger).reserved == Amounts()


class Abandoned:
    """An object that only the collector ends: its finalizer settles, in the middle of whatever runs."""

    def __init__(self, ledger, handle, charge) -> None:
        self._ledger, self._handle, self._charge = ledger, handle, charge
        self._myself = self

    def __del__(self) -> None:
        self._ledger.settle_later(self._handle, self._charge)


def test_finalizers_neither_deadlock_nor_leak(ledger):
    """10,000 objects are collected inside the ledger's own operations; with the next one all of them have ended."""
    thresholds = gc.get_threshold()
    ends = [truth(5), unknown(10), None, truth(12)]

    # Made beforehand: the first thing that is allocated after an object was abandoned is the ledger's own.
    claims = [
        [claim(f"{me}-{number}", tokens=10, counters=(EVERYONE, user(str(me)))) for number in range(2_500)]
        for me in range(4)
    ]

    def work(me: int) -> None:
        for number, (asked, end) in enumerate(zip(claims[me], itertools.cycle(ends), strict=False)):
            gc.set_threshold(1 + number % 7)  # So that the collector comes at ever other places.
            Abandoned(ledger, ledger.reserve(asked).handle, end)

    gc.freeze()
    try:
        run_all(*[lambda me=me: work(me) for me in range(4)])
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
    gc.collect()
    seen = balance(ledger)
    assert seen.reserved == Amounts()
    assert seen.spent == Amounts(2_500 * (5 + 10 + 12), 0, 7_500)
    assert seen.unconfirmed == Amounts(25_000, 0, 2_500)
    assert len(ledger.unconfirmed()) == 2_500
