"""Moving between ledgers: from each store into each, everything that still counts arrives, once."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass

import pytest

from llm_token_budget import BudgetManager, Limit, Usage
from llm_token_budget.ledgers import copy_ledger
from llm_token_budget.ledgers.base import Amounts, Balance, Charge, Counter, Ledger
from llm_token_budget.ledgers.redis import RedisLedger

from .building import EVERYONE, HOUR, NOON, FakeClock, balance, every, hold, run, session, sliding, spent, truth, user
from .conftest import ALL_LEDGERS
from .lent import LentLedger
from .servers import valkey

MAKERS = {**ALL_LEDGERS, "lent": lambda clock: LentLedger(clock=clock)}

HOSTILE = ["ada", "", "a b", "\0", "\n", "é", "🙂" * 300, "x" * 1024, "\ud800", '"]', "{tag}", "*?[a]", "#", "%s", "0"]

COUNTERS = [
    EVERYONE,
    *map(user, HOSTILE),
    *(session(name, "ada\0") for name in HOSTILE),
    run("run-1"),
    Counter(("org", "feature"), ("acme", "chat"), "total"),
    every(HOUR, NOON),
    every(HOUR, NOON, key="ada"),
    every(86_400, NOON, key="ada"),
    sliding(60),
    sliding(86_400),
    Counter(("user",), ("ada",), "sliding:3600", sliding=3600),
]


@dataclass
class Pair:
    source: Ledger
    target: Ledger
    clock: FakeClock


@pytest.fixture(params=itertools.product(MAKERS, MAKERS), ids="-to-".join)
def pair(request, clock):
    source, target = (MAKERS[name](clock) for name in request.param)
    yield Pair(source, target, clock)
    source.close()
    target.close()


@pytest.fixture(params=MAKERS)
def one(request, clock):
    """A ledger, with itself as a target in memory: for what has nothing to do with where it goes."""
    source, target = MAKERS[request.param](clock), ALL_LEDGERS["memory"](clock)
    yield Pair(source, target, clock)
    source.close()


def counted(seen: Balance) -> tuple[Amounts, int, int]:
    return seen.spent, seen.input_tokens, seen.output_tokens


def used(pair: Pair) -> None:
    """Something of everything, at three different instants."""
    for number, counter in enumerate(COUNTERS, 1):
        hold(pair.source, f"call-{number}", 500, counter)
    pair.clock.advance(7)
    for number, counter in enumerate(COUNTERS, 1):
        assert pair.source.record((counter,), Charge(1000 + number, number, 10**9 + number, 2)) is None
        pair.clock.advance(0.3)
    handle = hold(pair.source, "unknown", 33, EVERYONE, user())
    pair.source.settle(handle, Charge(30, 3, 77, 1, unconfirmed=True))


def test_totals_are_equal_in_every_pair(pair):
    """Spent, sent and received of each counter; held amounts stay behind and are told."""
    used(pair)
    done = copy_ledger(pair.source, pair.target)
    assert done.counters == len(COUNTERS)
    assert done.open_reservations == len(COUNTERS)
    for counter in COUNTERS:
        here, there = balance(pair.source, counter), balance(pair.target, counter)
        assert counted(there) == counted(here)
        assert not there.reserved
        assert there.unreserved == here.spent
        assert not there.unconfirmed


def test_a_copy_again_brings_only_what_is_new(pair):
    """Counted once, however often it is copied; open reservations follow once they have ended."""
    handle = hold(pair.source, "late", 500, EVERYONE, user(), sliding(86_400))
    pair.source.record((EVERYONE, user(), sliding(86_400)), truth(40, 2, 9))
    assert copy_ledger(pair.source, pair.target).open_reservations == 1
    assert copy_ledger(pair.source, pair.target).counters == 0
    pair.clock.advance(3000)
    pair.source.renew(handle, 900)
    pair.source.settle(handle, truth(100, 50, 1))
    assert copy_ledger(pair.source, pair.target) == (3, 0, 0)
    for counter in (EVERYONE, user(), sliding(86_400)):
        assert counted(balance(pair.target, counter)) == counted(balance(pair.source, counter))


def test_what_slides_away_in_one_slides_away_in_the_other(pair):
    """Step by step, not all at once."""
    window = sliding(60)
    for _ in range(5):
        pair.source.record((window,), truth(10))
        pair.clock.advance(10)
    copy_ledger(pair.source, pair.target)
    for _ in range(14):
        assert spent(pair.target, window) == spent(pair.source, window)
        pair.clock.advance(5)
    assert spent(pair.target, window) == 0


def test_overrides_arrive(pair):
    """Of one key, of all keys, unlimited and blocked."""
    stored = [("monthly", None, 7), ("monthly", ("ada\0",), None), ("é", ("a", "🙂"), 0), ("big", None, 2**53 - 1)]
    for name, key, amount in stored:
        pair.source.set_limit(name, key, amount)
    pair.target.set_limit("kept", None, 3)
    assert copy_ledger(pair.source, pair.target).overrides == len(stored)
    assert sorted(pair.target.overrides(), key=repr) == sorted([*stored, ("kept", None, 3)], key=repr)


def test_windows_that_have_ended_are_left_out(one):
    """Nobody reads them any more."""
    one.source.record((every(HOUR, NOON), EVERYONE), truth(10))
    one.clock.advance(HOUR)
    one.source.record((every(HOUR, NOON + HOUR),), truth(5))
    assert copy_ledger(one.source, one.target).counters == 2
    assert spent(one.target, every(HOUR, NOON + HOUR)) == 5


def test_an_empty_ledger_gives_an_empty_copy(pair):
    """Nothing is made of nothing."""
    assert copy_ledger(pair.source, pair.target) == (0, 0, 0)
    assert list(pair.target.counters()) == []


def test_many_counters_are_read_page_by_page(one):
    """More than fit into one step; each is there."""
    names = [f"user-{number}" for number in range(1203)]
    for at in range(0, len(names), 100):
        one.source.record(tuple(map(user, names[at : at + 100])), truth(3))
    assert {each.counter for each in one.source.counters()} == set(map(user, names))
    assert copy_ledger(one.source, one.target).counters == len(names)
    assert sum(spent(one.target, user(name)) for name in names) == 3 * len(names)


def test_sums_above_what_one_charge_may_be_arrive_whole(pair):
    """More than 2^53 nano-USD came together in many calls."""
    for _ in range(3):
        pair.source.record((EVERYONE,), Charge(2**51, 1, 2**52 - 1, 1))
    copy_ledger(pair.source, pair.target)
    assert counted(balance(pair.target)) == counted(balance(pair.source))


def test_a_refund_after_a_copy_is_not_taken_back(one):
    """The copy never takes anything away."""
    one.source.record((EVERYONE,), truth(10))
    copy_ledger(one.source, one.target)
    one.source.reset()
    one.source.record((EVERYONE,), truth(4))
    assert copy_ledger(one.source, one.target).counters == 0
    assert spent(one.target) == 10


def test_a_budget_goes_on_where_it_was(pair):
    """The same statistics, the same room left, the same amounts set by hand, and the same mode."""
    limits = [Limit(tokens=1000, scope="user", name="mine"), Limit(usd="5", window="day", name="daily")]
    options = {"default_model": "m", "custom_pricing": {"m": {"input": "1", "output": "2"}}, "wait_for_held": 0}
    old = BudgetManager(limits=limits, ledger=pair.source, **options)
    old.set_limit("mine", "ada", 700)
    old.record(input_tokens=100, output_tokens=20, cost="1.25", user_key="ada", session_id="s")
    with old.reserve(input_tokens=50, max_output_tokens=10, user_key="bob") as reservation:
        reservation.settle(Usage(input_tokens=30))
    old.set_mode("observe", by="eve")
    copy_ledger(pair.source, pair.target)
    new = BudgetManager(limits=limits, ledger=pair.target, **options)
    for name in ("ada", "bob"):
        mine, theirs = old.get_user_stats(name), new.get_user_stats(name)
        assert (mine.total_tokens, mine.total_cost, mine.requests) == (
            theirs.total_tokens,
            theirs.total_cost,
            theirs.requests,
        )
        assert [each.remaining for each in old.remaining(user_key=name)] == [
            each.remaining for each in new.remaining(user_key=name)
        ]
    assert new.get_session_stats("ada", "s").total_tokens == 120
    new.check(user_key="ada")
    assert [(each.mode, each.by) for each in new.mode_history()] == [("observe", "eve")]


@pytest.mark.parametrize("prefix", ["{a*b}", "{[x]}", "q?{t}", "back\\{t}", "{a-b^c}"])
def test_a_redis_ledger_lists_its_own_rows_only(prefix, clock):
    """Whatever signs its prefix has, and whoever else's keys look alike."""
    prefix = f"{prefix}{os.getpid()}"
    mine = RedisLedger(valkey().url, prefix=prefix, clock=clock)
    alike = RedisLedger(
        valkey().url, prefix=prefix.replace("*", "Z").replace("?", "Z").replace("[x]", "x"), clock=clock
    )
    mine.record((user("mine"),), truth(1))
    if alike.prefix != mine.prefix:
        alike.record((user("another's"),), truth(1))
    assert [each.counter for each in mine.counters()] == [user("mine")]
    mine.close()
    alike.close()
