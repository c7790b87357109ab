"""What a journal answers, wherever it is kept."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from llm_token_budget import ConfigurationError, Usage
from llm_token_budget.journal import Journal, writing
from llm_token_budget.usage import Iteration, Terms, ToolUse

from .conftest import spend, usage

HOSTILE = [
    "line\nbreak\r\n", "nul\0", "{brace}", "quote'\";--", "=1+1", "\u202e", "x" * 1_024, "🦊" * 1_024, " ", "null", "%s",
]  # fmt: skip


def sums(budget, by, **query):
    return {total.key: total.cost_nano_usd for total in budget.journal.totals(by, **query)}


def test_every_settle_is_an_entry_with_its_receipt(budget):
    """All that the receipt says."""
    with budget.reserve(
        model="small", provider="acme", input_tokens=900, max_output_tokens=500, user_key="ada", session_id="chat",
        dimensions={"team": "web"},
    ) as reservation:  # fmt: skip
        reservation.settle(Usage(input_tokens=871, output_tokens=112, cache_read_tokens=5), model="large")
    (entry,) = budget.journal.entries()
    receipt = reservation.receipt
    for name in type(receipt).__slots__:
        if name not in ("prices_updated_at", "rate_card_id"):
            assert getattr(entry, name) == getattr(receipt, name), name
    assert entry.rate_card_id == receipt.rate_card_id
    assert (entry.kind, entry.outcome, entry.replaced, entry.requests) == ("settled", "billed", None, 1)
    assert entry.delta.cost == entry.cost == receipt.cost
    assert entry.delta.tokens == 983


def test_a_usage_comes_back_whole(budget):
    """Parts, tools, iterations and terms."""
    used = Usage(
        input_tokens=100, output_tokens=20, reasoning_tokens=7, cache_write_1h_tokens=3,
        tools=(ToolUse("web_search", 2),),
        iterations=(Iteration("small", Usage(input_tokens=100, output_tokens=20, reasoning_tokens=7)),),
        terms=Terms(service_tier="flex", batch=True, reported_cost=Decimal("0.1200")),
    )  # fmt: skip
    budget.record(usage=used, cost="0.5", user_key="ada")
    (entry,) = budget.journal.entries()
    assert entry.usage == used
    assert (entry.kind, entry.cost) == ("recorded", Decimal("0.5"))


def test_what_is_given_back_is_an_entry_of_nothing(budget):
    """A released reservation."""
    with budget.reserve(usd="1", user_key="ada") as reservation:
        reservation.release()
    (entry,) = budget.journal.entries()
    assert (entry.outcome, entry.cost, entry.requests, entry.held.cost) == ("free", 0, 0, 1)


def test_entries_come_oldest_first(budget, clock, place):
    """By the time of the call, and in the order of one time."""
    late = budget.reserve(usd="1", user_key="first").enter()
    clock.advance(10)
    for user in ("second", "third"):
        spend(budget, user)
    late.settle(usd="1")
    users = [entry.user_key for entry in budget.journal.entries()]
    # A file stands in the order of booking.
    assert users == (["second", "third", "first"] if place == "lines" else ["first", "second", "third"])


def test_questions_by_who_when_and_what(budget, clock):
    """Each alone, and together."""
    start = clock()
    spend(budget, "ada", "one", dimensions={"team": "web", "feature": "chat"})
    clock.advance(60)
    spend(budget, "ada", "two", model="large", dimensions={"team": "web"})
    clock.advance(60)
    spend(budget, "bob", "one")

    def found(**query):
        return [(entry.user_key, entry.session_id) for entry in budget.journal.entries(**query)]

    assert found() == [("ada", "one"), ("ada", "two"), ("bob", "one")]
    assert found(user_key="ada") == [("ada", "one"), ("ada", "two")]
    assert found(session_id="one") == [("ada", "one"), ("bob", "one")]
    assert found(model="large") == [("ada", "two")]
    assert found(dimensions={"team": "web"}) == [("ada", "one"), ("ada", "two")]
    assert found(dimensions={"team": "web", "feature": "chat"}) == [("ada", "one")]
    assert found(dimensions={"team": "other"}) == []
    assert found(since=start + 60) == [("ada", "two"), ("bob", "one")]
    assert found(until=datetime.fromtimestamp(start + 60, UTC)) == [("ada", "one")]
    assert found(since=start + 1, until=start + 120, user_key="ada") == [("ada", "two")]
    assert found(limit=2) == [("ada", "one"), ("ada", "two")]
    assert found(limit=0) == []
    assert found(user_key="nobody") == []


def test_totals_by_everything(budget, clock):
    """The dearest first, and those without a key under None."""
    spend(budget, "ada", "one", tokens=100, dimensions={"team": "web"})
    spend(budget, "bob", "one", model="large", tokens=10, dimensions={"team": "api"})
    clock.advance(86_400)
    spend(budget, "ada", tokens=300)
    assert [(total.key, total.cost, total.tokens, total.requests) for total in budget.journal.totals("user")] == [
        ("bob", Decimal("0.001"), 10, 1),
        ("ada", Decimal("0.0004"), 400, 2),
    ]
    assert sums(budget, "model") == {"large": 1_000_000, "small": 400_000}
    assert sums(budget, "day") == {"2026-11-18": 1_100_000, "2026-11-19": 300_000}
    assert sums(budget, "team") == {"api": 1_000_000, None: 300_000, "web": 100_000}
    assert sums(budget, "provider") == {None: 1_400_000}
    assert [(total.key, total.user_key, total.cost_nano_usd) for total in budget.journal.totals(by="session")] == [
        ("one", "bob", 1_000_000), (None, "ada", 300_000), ("one", "ada", 100_000),
    ]  # fmt: skip
    assert sums(budget, "user", dimensions={"team": "web"}) == {"ada": 100_000}
    assert sums(budget, "user", since=clock() - 1) == {"ada": 300_000}
    assert sums(budget, "user", model="small") == {"ada": 400_000}
    assert sums(budget, "team", user_key="ada") == {None: 300_000, "web": 100_000}
    assert sums(budget, "user", limit=1) == {"bob": 1_000_000}


def test_totals_are_the_statistics(budget):
    """Of each user and everyone: settled, recorded, released, unconfirmed, corrected and refunded."""
    spend(budget, "ada", tokens=100)
    budget.record(input_tokens=50, output_tokens=5, model="large", user_key="bob")
    for end in ("released", "unconfirmed", "corrected", "refunded"):
        with budget.reserve(model="small", input_tokens=70, max_output_tokens=30, user_key="ada") as reservation:
            if end == "released":
                reservation.release()
            else:
                reservation.charge_unconfirmed()
        if end == "corrected":
            reservation.settle(usage(60, 10))
        if end == "refunded":
            assert budget.refund(reservation.id)
    by_user = {total.key: total for total in budget.journal.totals("user")}
    for stats in budget.get_all_user_stats():
        total = by_user.pop(stats.user_key)
        assert (total.cost, total.tokens, total.requests) == (stats.total_cost, stats.total_tokens, stats.requests)
    assert not by_user
    (day,) = budget.journal.totals("day")
    assert day.cost == budget.get_global_stats().total_cost


def test_a_truth_replaces_what_was_charged_without_it(budget):
    """In an entry of its own, which says what it replaces."""
    with budget.reserve(usd="2", user_key="ada") as reservation:
        reservation.charge_unconfirmed()
    reservation.settle(usd="0.50")
    first, second = budget.journal.entries()
    assert (first.outcome, first.cost, first.replaced) == ("unconfirmed", 2, None)
    assert (second.outcome, second.cost, second.replaced.cost) == ("billed", Decimal("0.5"), 2)
    assert second.delta.cost == Decimal("-1.5")
    assert second.delta.requests == 0


def test_a_truth_after_a_refund_replaces_nothing(budget):
    """What was given back is not taken back twice."""
    with budget.reserve(usd="2", user_key="ada") as reservation:
        reservation.charge_unconfirmed()
    budget.refund(reservation.id)
    reservation.settle(usd="0.50")
    _, refunded, settled = budget.journal.entries()
    assert (refunded.kind, refunded.replaced.cost, refunded.user_key) == ("refunded", 2, "ada")
    assert refunded.delta.cost == -2
    assert settled.replaced is None
    assert sums(budget, "user") == {"ada": 500_000_000}


def test_another_processs_charge_is_found_when_it_is_refunded(budget):
    """Through the store: whoever refunds has not made the call."""
    with budget.reserve(usd="2", user_key="ada", dimensions={"team": "web"}) as reservation:
        reservation.charge_unconfirmed()
    budget.journal.flush()
    other = Journal(budget.journal.store, now=budget.ledger.now)
    other.refunded(reservation.id)
    other.refunded("nobody's")
    assert other.flush()
    assert sums(budget, "team") == {"web": 0}
    other.close()


def test_a_refund_waits_for_the_entry_that_it_takes_back(make_budget, monkeypatch):
    """Another process may still have to write it; what never comes is given up."""
    monkeypatch.setattr(writing, "LOOK_AGAIN", 0.0)
    with make_budget(global_cost_limit=5, journal=True) as budget:
        with budget.reserve(usd="2", user_key="ada") as reservation:
            reservation.charge_unconfirmed()
        other = Journal(budget.journal.store, now=budget.ledger.now)
        other.refunded(reservation.id)
        other.refunded("nobody's")
        assert other.flush()
        assert sums(budget, "user") == {"ada": 2_000_000_000}
        assert other.flush()
        assert sums(budget, "user") == {"ada": 0}
        assert other.flush()
        assert not other._waiting._refunds
        other.close()


@pytest.mark.parametrize("key", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_keys_come_back_as_they_were(budget, key):
    """Users, sessions, models, dimensions; and what is asked for by them is theirs alone."""
    budget.record(input_tokens=1, cost="0.01", user_key=key, session_id=key, model=key[:200], dimensions={"team": key})
    budget.record(
        input_tokens=1, cost="0.02", user_key="ada", session_id="ada", model="small", dimensions={"team": "x"}
    )
    (entry,) = budget.journal.entries(user_key=key, session_id=key, model=key[:200], dimensions={"team": key})
    assert (entry.user_key, entry.session_id, entry.model, entry.dimensions["team"]) == (key, key, key[:200], key)
    for by in ("user", "session", "team"):
        assert sums(budget, by)[key] == 10_000_000


def test_old_entries_can_be_dropped(budget, clock, place):
    """Those of calls before a time; a file is never rewritten."""
    for _ in range(3):
        spend(budget, "ada")
        clock.advance(60)
    if place == "lines":
        with pytest.raises(ConfigurationError, match="never rewritten"):
            budget.journal.prune(before=clock() - 90)
        return
    assert budget.journal.prune(before=clock() - 90) == 2
    assert len(list(budget.journal.entries())) == 1
    assert budget.journal.prune(before=clock()) == 1
    assert list(budget.journal.entries()) == []


def test_twenty_thousand_entries_stream(budget, clock, place):
    """Read page by page, all of them, once each, in order; many of one time."""
    written = 20_000
    for number in range(written):
        if not number % 3_000:
            clock.advance(1)
        budget.journal.recorded(draft(budget, f"user-{number % 7}", number))
    started = budget.journal.entries()
    first = list(itertools.islice(started, 10))
    rest = list(started)
    numbers = [int(entry.id) for entry in (*first, *rest)]
    assert numbers == list(range(written))
    assert sum(total.requests for total in budget.journal.totals("user")) == written
    if place != "lines":
        assert budget.journal.prune(before=clock()) == 18_000
        assert len(list(budget.journal.entries())) == 2_000


def draft(budget, user, number):
    """What a call leaves behind, without the call."""
    from llm_token_budget.ledgers.base import Amounts, Charge, Handle
    from llm_token_budget.receipts import Draft

    nothing = dict.fromkeys(Draft._fields)
    return Draft(
        **nothing
        | {
            "handle": Handle(str(number), (), Amounts(), 0, budget.ledger.now()),
            "user_key": user,
            "model": "small",
            "dimensions": {},
            "charge": Charge(100, 20, 1_000, 1),
            "priced_as_requested": False,
        }
    )


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"}, {"since": datetime.fromisoformat("2026-01-01")},
        {"since": 2, "until": 1}, {"user_key": ""}, {"limit": -1},
        {"dimensions": "team"}, {"dimensions": {"team": 3}}, {"model": ""},
    ],
)  # fmt: skip
def test_bad_questions_are_refused_at_once(make_budget, query):
    """Before anything is read."""
    budget = make_budget(journal=True)
    with pytest.raises(ConfigurationError):
        budget.journal.entries(**query)
    with pytest.raises(ConfigurationError):
        budget.journal.totals("user", **query)


def test_totals_need_a_name(make_budget):
    """And say which there are."""
    budget = make_budget(journal=True)
    with pytest.raises(ConfigurationError, match="'user', 'session'"):
        budget.journal.totals("")


async def test_tasks_ask_the_same(budget, clock):
    """`async for`, and totals."""
    async with budget.reserve(usd="1", user_key="ada") as reservation:
        await reservation.asettle(usd="0.25")
    assert [entry.user_key async for entry in budget.journal.aentries()] == ["ada"]
    assert [total.cost for total in await budget.journal.atotals("user")] == [Decimal("0.25")]


def test_an_expired_reservation_has_an_entry_only_once_its_truth_is_settled(budget, clock):
    """Until then the ledger alone charges it; in the end the sums agree."""
    reservation = budget.reserve(model="small", input_tokens=1_000, max_output_tokens=10, user_key="ada").enter()
    clock.advance(3_600)
    (expired,) = budget.unconfirmed()
    assert (expired.id, expired.user_key) == (reservation.id, "ada")
    assert budget.get_user_stats("ada").total_cost == expired.charged.cost > 0
    assert list(budget.journal.entries()) == []
    reservation.settle(usage(900))
    (row,) = budget.journal.totals(by="user")
    assert row.cost == budget.get_user_stats("ada").total_cost == Decimal("0.0009")
