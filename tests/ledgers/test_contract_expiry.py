"""The contract of every ledger whose expired reservations are given back: `expired="release"`."""

from __future__ import annotations

import pytest

from llm_token_budget import BudgetManager, ConfigurationError
from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers import MemoryLedger
from llm_token_budget.ledgers.base import Amounts, Balance, Booked, Charge
from llm_token_budget.ledgers.opening import open_ledger
from llm_token_budget.ledgers.postgres import PostgresLedger
from llm_token_budget.ledgers.redis import RedisLedger
from llm_token_budget.ledgers.sqlite import SQLiteLedger

from .building import (
    EVERYONE,
    FakeClock,
    balance,
    claim,
    every,
    grant,
    hold,
    limit,
    sliding,
    spent,
    truth,
    unknown,
    user,
)
from .files import new_file
from .postgres_server import new_ledger, new_schema, postgres
from .servers import new_prefix, valkey

NOTHING = Charge(requests=0, unconfirmed=True)
DAY = 86_400


def on_sqlite():
    path = new_file()
    return lambda **options: SQLiteLedger(path, synchronous="normal", **options)


def on_postgres():
    schema = new_schema()
    return lambda **options: PostgresLedger(postgres().url, schema=schema, **options)


def on_redis():
    prefix = new_prefix()
    return lambda **options: RedisLedger(valkey().url, prefix=prefix, **options)


STORES = {"sqlite": on_sqlite, "postgres": on_postgres, "redis": on_redis}
LEDGERS = {
    "memory": MemoryLedger,
    "sqlite": lambda **options: on_sqlite()(**options),
    "postgres": lambda **options: new_ledger(**options),
    "redis": lambda **options: on_redis()(**options),
}


@pytest.fixture(params=LEDGERS)
def ledger(request, clock):
    """One that gives back what expires."""
    made = LEDGERS[request.param](clock=clock, expired="release")
    yield made
    made.close()


@pytest.fixture(params=STORES)
def workers(request, clock):
    """Two processes' worth of ledgers over one store: one charges what expires, one gives it back."""
    make = STORES[request.param]()
    made = make(clock=clock, expired="charge"), make(clock=clock, expired="release")
    yield made
    for each in made:
        each.close()


def test_the_room_of_an_expired_reservation_comes_back(ledger, clock):
    """Nothing is charged, in no counter, and another call fits."""
    counters = EVERYONE, user(), every(3600, clock.at), sliding(600)
    hold(ledger, "a", 100, *counters, lease=60)
    clock.advance(60)
    assert ledger.read(counters) == [Balance()] * 4
    assert ledger.open_reservations() == 0
    grant(ledger, claim("b", limit(100), tokens=100))


def test_an_expired_reservation_can_be_seen(ledger, clock):
    """It is listed with when it expired and what it held, and charged nothing."""
    handle = grant(ledger, claim("a", tokens=100, nano_usd=30, want=20, lease=60)).handle
    clock.advance(60)
    ledger.read([EVERYONE])
    (listed,) = ledger.unconfirmed()
    assert (listed.handle, listed.charge, listed.at) == (handle, NOTHING, clock.at)
    assert listed.handle.reserved == Amounts(120, 30, 1)


def test_a_late_truth_is_charged_once(ledger, clock):
    """All of it is overrun, as its room may be somebody else's by now; it is final, and listed no more."""
    handle = hold(ledger, "a", 100, lease=60)
    clock.advance(61)
    assert ledger.settle(handle, truth(60)) == Booked(NOTHING, first=True)
    assert not ledger.settle(handle, truth(60)).first
    with pytest.raises(ReservationConflict):
        ledger.settle(handle, truth(61))
    assert balance(ledger) == Balance(spent=Amounts(60, 0, 1), overrun=Amounts(60, 0, 1), input_tokens=60)
    assert list(ledger.unconfirmed()) == []


def test_a_late_truth_is_booked_into_the_window_of_the_reserve(ledger, clock):
    """As for any other end."""
    before = every(3600, clock.at)
    handle = hold(ledger, "a", 100, before, lease=60)
    clock.advance(61)
    ledger.settle(handle, truth(60))
    assert spent(ledger, before) == 60


def test_the_truth_comes_late_within_the_horizon_only(ledger, clock):
    """After it, what the expiry said stands."""
    handle = hold(ledger, "a", 100, lease=60)
    clock.advance(60)
    ledger.read([EVERYONE])
    clock.advance(DAY + 60)
    with pytest.raises(ReservationConflict):
        ledger.settle(handle, truth(60))
    assert (spent(ledger), list(ledger.unconfirmed())) == (0, [])


@pytest.mark.parametrize("end", ["unknown", "release", "refund"])
def test_who_knows_no_better_changes_nothing(ledger, clock, end):
    """An outcome that stays unknown stays given back, and so does what was never sent."""
    handle = hold(ledger, "a", 100, lease=60)
    clock.advance(61)
    match end:
        case "unknown":
            assert not ledger.settle(handle, unknown(100)).first
        case "release":
            ledger.release(handle)
        case _:
            assert ledger.refund("a") == Amounts()
    assert balance(ledger) == Balance()
    assert len(ledger.unconfirmed()) == (end == "unknown")


def test_a_truth_is_charged_after_it_was_given_up(ledger, clock):
    """Also who said that nothing was sent may have been wrong."""
    handle = hold(ledger, "a", 100, lease=60)
    clock.advance(61)
    ledger.release(handle)
    assert ledger.settle(handle, truth(60)).first
    assert spent(ledger) == 60


def test_renewing_comes_too_late(ledger, clock):
    """What was given back is open no more."""
    handle = hold(ledger, "a", 100, lease=60)
    clock.advance(50)
    assert ledger.renew(handle, 60)
    clock.advance(61)
    assert not ledger.renew(handle, 60)
    assert balance(ledger) == Balance()


def test_an_outcome_that_was_told_unknown_in_time_is_charged(ledger):
    """Only what nobody ended is given back."""
    ledger.settle(hold(ledger, "a", 100), unknown(100))
    assert balance(ledger).unconfirmed.tokens == 100


def test_the_same_answer_comes_again(ledger):
    """A reserve that is sent a second time is told the same, also that a limit had a say in it."""
    asked = claim("a", limit(150), tokens=100, want=500)
    assert grant(ledger, asked) == grant(ledger, asked)
    assert grant(ledger, asked).bounded


@pytest.mark.parametrize("finder", [0, 1])
def test_who_made_a_reservation_decides(workers, clock, finder):
    """Whichever worker finds that the leases have ended: each is charged, or given back, as its own worker said."""
    charging, releasing = workers
    hold(charging, "charged", 100, user("ada"), lease=60)
    hold(releasing, "given back", 10, user("ada"), lease=60)
    clock.advance(61)
    found = workers[finder]
    assert spent(found, user("ada")) == 100
    assert {each.handle.id: each.charge for each in found.unconfirmed()} == {
        "charged": unknown(100),
        "given back": NOTHING,
    }


def test_a_settle_that_finds_it_says_the_same(workers, clock):
    """A truth that comes before anybody has looked finds the lease ended, as its own worker said."""
    charging, releasing = workers
    handle = hold(releasing, "a", 100, lease=60)
    clock.advance(61)
    assert charging.settle(handle, truth(60)) == Booked(NOTHING, first=True)


URLS = {
    "memory": lambda: "memory://",
    "sqlite": lambda: f"sqlite:///{new_file()}",
    "postgres": lambda: postgres().url,
    "redis": lambda: valkey().url,
}


@pytest.mark.parametrize("store", URLS)
def test_the_option_is_in_the_url(store):
    """Wherever a ledger is named by its URL."""
    with BudgetManager(ledger=f"{URLS[store]()}?expired=release", lease=900) as budget:
        assert budget._ledger._gives_back
    with BudgetManager(ledger=URLS[store]()) as budget:
        assert not budget._ledger._gives_back


@pytest.mark.parametrize("store", URLS)
def test_what_is_not_known_is_refused(store):
    """With both ways in the message."""
    with pytest.raises(ConfigurationError, match=r"'charge' .* or 'release'"):
        open_ledger(f"{URLS[store]()}?expired=refund")
    with pytest.raises(ConfigurationError):
        open_ledger(f"{URLS[store]()}?expire=release")


def test_people_see_what_was_given_back():
    """`unconfirmed` names the user, what was held, and that nothing was charged."""
    clock = FakeClock()
    with BudgetManager(per_user_token_limit=1000, ledger=MemoryLedger(clock=clock, expired="release")) as budget:
        left = budget.reserve(tokens=5, user_key="ada").enter()
        clock.advance(3600)
        (listed,) = budget.unconfirmed()
        assert (listed.user_key, listed.held.tokens, listed.charged.tokens) == ("ada", 5, 0)
        assert budget.get_user_stats("ada").requests == 0
        left.settle(tokens=3)
        assert budget.get_user_stats("ada").total_tokens == 3
