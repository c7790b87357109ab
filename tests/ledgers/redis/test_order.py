"""Who spends is put in their place when users are listed, not at each call: the list is as if it had been."""

from __future__ import annotations

import random

import pytest
import redis
from tests.ledgers.building import DAY, EVERYONE, balance, claim, every, hold, limit, run, truth, user
from tests.ledgers.servers import new_prefix, valkey

from llm_token_budget.ledgers.base import Granted, Refused
from llm_token_budget.ledgers.redis import RedisLedger, plans


@pytest.fixture
def ledger(clock, monkeypatch):
    made = RedisLedger(valkey().url, prefix=new_prefix(), clock=clock)
    # Its keeper would put them in order meanwhile.
    monkeypatch.setattr(made, "upkeep", lambda: False)
    yield made
    made.close()


@pytest.fixture
def moved(ledger):
    """How many rows wait to be put in their place."""
    client = redis.Redis(port=valkey().port)
    yield lambda: client.scard(ledger.prefix + b":moved")
    client.close()


def spend(ledger, name, tokens, nano_usd=0, *counters):
    """Call it twice for a user: the first call makes the row, the second finds it as it is most of the time."""
    ledger.settle(hold(ledger, str(random.random()), 10**6, *(counters or (user(name),))), truth(tokens, 0, nano_usd))


def listed(ledger, **page):
    return [(name, seen.spent.tokens) for name, seen in ledger.users(user(), **page)]


def test_users_who_spent_since_are_listed_by_what_they_spent(ledger, moved):
    """In pages too, and again after they spent more; then nobody waits."""
    for name in "abcabcab":
        spend(ledger, name, {"a": 1, "b": 10, "c": 7}[name])
    assert moved() == 3
    assert listed(ledger) == [("b", 30), ("c", 14), ("a", 3)]
    assert moved() == 0
    spend(ledger, "a", 50)
    assert listed(ledger, limit=1) == [("a", 53)]
    spend(ledger, "c", 1, 1)
    assert listed(ledger, limit=1, offset=0) == [("c", 15)]
    assert listed(ledger, limit=1, offset=2) == [("b", 30)]


def test_more_users_than_fit_a_page_are_all_put_in_their_place(ledger, moved, monkeypatch):
    """Page by page, also those whose key is a hash."""
    monkeypatch.setattr(plans, "PAGE", 4)
    names = [f"{number:03}" for number in range(12)] + ["x" * 300, "y" * 300]
    for _ in range(2):
        for place, name in enumerate(names):
            spend(ledger, name, place)
    assert moved() == 13
    assert [name for name, _ in listed(ledger)] == names[::-1]
    assert moved() == 0


def test_the_keeper_puts_a_few_in_order_at_a_time(ledger, moved, monkeypatch):
    """So that a listing finds little to do; it says whether more are waiting."""
    monkeypatch.setattr(plans, "FEW", 2)
    monkeypatch.setattr(plans, "FEW_PAGES", 3)
    for _ in range(2):
        for place in range(9):
            spend(ledger, str(place), place + 1)
    assert RedisLedger.upkeep(ledger)
    assert moved() == 3
    assert not RedisLedger.upkeep(ledger)
    assert moved() == 0
    assert listed(ledger, limit=2) == [("8", 18), ("7", 16)]


@pytest.mark.parametrize("name", ["ada", "x" * 300])
def test_rows_that_are_gone_wait_no_more(ledger, moved, name):
    """Dropped by the server itself, with what was remembered of them."""
    for _ in range(2):
        spend(ledger, name, 1)
    assert moved() == 1
    client = redis.Redis(port=valkey().port)
    for key in client.keys("*"):
        if key.startswith(ledger.prefix + b":c:"):
            client.delete(key)
    client.close()
    assert listed(ledger) == []
    assert moved() == 0


def test_windows_and_runs_that_are_over_wait_no_more(ledger, moved, clock):
    """They leave the set with their row."""
    counters = every(600, clock.at, key="ada"), run("job")
    for _ in range(2):
        spend(ledger, "", 1, 0, *counters)
    assert moved() == 2
    clock.advance(40 * DAY)
    ledger.read([])
    ledger.reserve(claim("later", tokens=1))
    assert moved() == 0


def test_a_reset_in_between_leaves_everyone_at_zero(ledger, moved):
    """Those who wait are not listed with what they had."""
    for name in "abab":
        spend(ledger, name, 5)
    ledger.reset(user="a")
    assert listed(ledger) == [("b", 10), ("a", 0)]
    spend(ledger, "a", 20)
    ledger.reset()
    assert listed(ledger) == [("a", 0), ("b", 0)]
    spend(ledger, "b", 1)
    assert listed(ledger) == [("b", 1), ("a", 0)]
    assert moved() == 0


def test_a_plain_pair_is_one_trip_each(ledger):
    """What isn't plain (a new row, a refusal) takes the script in full, in a second trip."""
    commands = []
    ledger.ping()
    exchange = ledger._client.exchange
    ledger._client.exchange = lambda command: commands.append(command) or exchange(command)

    def trips_of(name: str) -> int:
        return sum(f":e:{name}\r\n".encode() in command for command in commands)

    asked = claim("new", limit(100), counters=(EVERYONE, user()), tokens=5)
    first = ledger.reserve(asked)
    assert isinstance(first, Granted)
    assert trips_of("new") == 2
    ledger.settle(first.handle, truth(5))
    assert trips_of("new") == 3
    second = ledger.reserve(asked._replace(id="again"))
    ledger.settle(second.handle, truth(5))
    assert trips_of("again") == 2
    assert isinstance(ledger.reserve(asked._replace(id="too much", lines=(limit(12),))), Refused)
    assert trips_of("too much") == 2


def test_a_server_that_has_forgotten_the_scripts_is_sent_them_again(ledger):
    """After SCRIPT FLUSH each half of a pair takes two trips more, and those of the next pair take none."""
    asked = claim("first", limit(100), tokens=5)
    ledger.settle(ledger.reserve(asked).handle, truth(5))
    ledger.run(lambda client: client.execute_command("SCRIPT", "FLUSH"))
    commands = []
    exchange = ledger._client.exchange
    ledger._client.exchange = lambda command: commands.append(command) or exchange(command)
    for name, trips in (("second", 6), ("third", 2)):
        commands.clear()
        assert ledger.settle(ledger.reserve(asked._replace(id=name)).handle, truth(5)).first
        assert len(commands) == trips
    assert balance(ledger).spent.tokens == 15
