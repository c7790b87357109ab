"""Unconfirmed charges: listed and given back by time and by user, and out of the statistics of a session again."""

from __future__ import annotations

import gc
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from llm_token_budget import BudgetExceeded, ConfigurationError, Portion, wrap
from llm_token_budget.testing import Reply


def charge(budget, tokens, user=None):
    """An unconfirmed charge; its id."""
    with budget.reserve(tokens=tokens, user_key=user) as reservation:
        reservation.charge_unconfirmed()
    return reservation.id


@pytest.fixture
def charged(make_budget, clock):
    """A budget that was charged 1 token for ada, 10 for bob, 100 for ada, 1,000 for nobody, a minute apart each."""
    budget = make_budget(global_token_limit=10_000)
    for tokens, user in ((1, "ada"), (10, "bob"), (100, "ada"), (1_000, None)):
        charge(budget, tokens, user)
        clock.advance(60)
    return budget


START = 1_794_997_800.0


def at(seconds):
    return datetime.fromtimestamp(START + seconds, UTC)


FILTERS = [
    ({}, 1_111),
    ({"since": at(0)}, 1_111),
    ({"since": at(1)}, 1_110),
    ({"since": at(60)}, 1_110),
    ({"until": at(60)}, 1),
    ({"until": at(61)}, 11),
    ({"since": at(60), "until": at(180)}, 110),
    ({"since": START + 60, "until": int(START) + 180}, 110),
    ({"since": at(60).astimezone(timezone(timedelta(hours=-5))), "until": START + 180}, 110),
    ({"since": at(60), "until": at(60)}, 0),
    ({"since": at(3_600)}, 0),
    ({"user_key": "ada"}, 101),
    ({"user_key": "ada", "since": at(60)}, 100),
    ({"user_key": "eve"}, 0),
]


@pytest.mark.parametrize(("which", "tokens"), FILTERS)
def test_charges_are_listed_and_given_back_by_time_and_user(charged, which, tokens):
    """From `since` on, before `until`; nothing else changes."""
    assert sum(entry.charged.tokens for entry in charged.unconfirmed(**which)) == tokens
    assert charged.refund_unconfirmed(**which).tokens == tokens
    stats = charged.get_global_stats()
    assert stats.total_tokens == stats.unconfirmed.tokens == 1_111 - tokens
    assert charged.unconfirmed(**which) == []
    assert charged.refund_unconfirmed(**which) == Portion()


async def test_tasks_refund_the_same_way(charged):
    """aunconfirmed and arefund_unconfirmed take the same filters."""
    assert len(await charged.aunconfirmed(user_key="ada", until=at(61))) == 1
    assert await charged.arefund_unconfirmed(user_key="ada") == Portion(tokens=101, requests=2)
    assert len(await charged.aunconfirmed()) == 2


def test_a_confirmed_charge_is_not_given_back(make_budget):
    """Nor is one that a truth has replaced."""
    budget = make_budget(global_token_limit=1_000)
    with budget.reserve(tokens=5) as reservation:
        reservation.settle(tokens=5)
    with budget.reserve(tokens=7) as reservation:
        reservation.charge_unconfirmed()
    reservation.settle(tokens=6)
    assert budget.refund_unconfirmed() == Portion()
    assert budget.get_global_stats().total_tokens == 11


@pytest.mark.parametrize("ask", ["unconfirmed", "refund_unconfirmed"])
@pytest.mark.parametrize(
    ("which", "hint"),
    [
        ({"since": datetime(2026, 11, 18)}, "time zone"),  # noqa: DTZ001
        ({"until": datetime(2026, 11, 18)}, "time zone"),  # noqa: DTZ001
        ({"since": "yesterday"}, "seconds since the epoch"),
        ({"since": True}, "seconds since the epoch"),
        ({"since": float("nan")}, "seconds since the epoch"),
        ({"since": Decimal(5)}, "seconds since the epoch"),
        ({"since": 20, "until": 10}, "before"),
        ({"user_key": ""}, "user_key"),
        ({"user_key": 7}, "user_key"),
    ],
)
def test_a_bad_filter_gives_nothing_back(charged, ask, which, hint):
    """The error names it."""
    with pytest.raises(ConfigurationError, match=hint):
        getattr(charged, ask)(**which)
    assert charged.get_global_stats().unconfirmed.tokens == 1_111


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_refund_shows_in_the_statistics_of_the_session(make_budget, one_by_one):
    """Of the session and of the one around it, while they last; another session's stay."""
    budget = make_budget(global_token_limit=1_000)
    with budget.session("ada") as outer, budget.session(session_id="chat") as inner:
        kept = charge(budget, 5)
    with budget.session("bob") as other:
        charge(budget, 7)
    if one_by_one:
        assert budget.refund(kept) == Portion(tokens=5, requests=1)
    else:
        assert budget.refund_unconfirmed(user_key="ada") == Portion(tokens=5, requests=1)
    for session in (outer, inner):
        assert (session.stats.total_tokens, session.stats.requests, session.stats.unconfirmed) == (0, 0, 0)
    assert other.stats.total_tokens == other.stats.unconfirmed.tokens == 7


def test_a_truth_after_a_refund_is_counted_once(make_budget):
    """By the ledger and by the session alike."""
    budget = make_budget(global_token_limit=1_000)
    with budget.session("ada") as session, budget.reserve(tokens=5) as reservation:
        reservation.charge_unconfirmed()
        assert budget.refund(reservation.id) is not None
        assert budget.refund(reservation.id) is None
        reservation.settle(tokens=3)
    assert session.stats.total_tokens == budget.get_global_stats().total_tokens == 3
    assert not session.stats.unconfirmed


def test_the_session_of_a_dropped_call_sees_its_refund_too(make_budget):
    """What a finalizer charged is remembered like any other charge."""
    budget = make_budget(global_token_limit=1_000)
    with budget.session("ada") as session:
        dropped = budget.reserve(tokens=5).enter()
    dropped_id = dropped.id
    del dropped
    gc.collect()
    assert session.stats.unconfirmed.tokens == 5
    assert budget.refund(dropped_id) is not None
    assert session.stats.total_tokens == 0


USERS = [f"user-{number}" for number in range(12)]
LIMIT = Decimal("0.05")


def test_ten_minutes_of_504s_over_many_users(make_budget, clock, loopback_provider):
    """Each is charged what was reserved, until nothing is left; one refund by time gives all of it back, and no more."""
    import openai

    client = openai.OpenAI(base_url=loopback_provider.openai_base_url, api_key="unused", max_retries=0)
    budget = make_budget(per_user_cost_limit=LIMIT)
    guarded = {user: wrap(client, budget, user_key=user) for user in USERS}

    def call(user):
        return guarded[user].chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "Hello"}], max_tokens=1_000
        )

    for user in USERS:
        call(user)
    before = {user: left(budget, user) for user in USERS}
    assert all(0 < LIMIT - amount < Decimal("0.01") for amount in before.values())

    loopback_provider.reply(Reply(status=504))
    clock.advance(60)
    outage, refused = clock.now, 0
    for _ in range(10):
        for user in USERS:
            with pytest.raises((openai.InternalServerError, BudgetExceeded)) as caught:
                call(user)
            if isinstance(caught.value, BudgetExceeded):
                refused += 1
                assert caught.value.unconfirmed > Decimal("0.03")
                assert "unconfirmed" in str(caught.value)
        clock.advance(60)

    assert refused == len(USERS) * 6  # A cent is held for each call: four of ten fit.
    for user in USERS:
        assert left(budget, user) < Decimal("0.011")
        stats = budget.get_user_stats(user)
        assert stats.unconfirmed.requests == 4
        assert stats.unconfirmed.cost + left(budget, user) == before[user]

    first = USERS[0]
    assert budget.refund_unconfirmed(since=outage, until=clock.now, user_key=first).requests == 4
    assert [left(budget, user) == before[user] for user in USERS] == [True] + [False] * 11
    assert budget.refund_unconfirmed(since=outage, until=clock.now).requests == 4 * 11
    assert {user: left(budget, user) for user in USERS} == before
    assert not budget.get_global_stats().unconfirmed

    loopback_provider.reply(Reply())
    for user in USERS:
        call(user)
    assert budget.get_global_stats().total_cost == loopback_provider.bill.usd
    client.close()


def left(budget, user):
    return budget.remaining(user)[0].remaining
