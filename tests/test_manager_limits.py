"""BudgetManager: windows, limits that change while running, what remains, and how it is said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from llm_token_budget import (
    BudgetExceeded,
    Calendar,
    ConfigurationError,
    Limit,
    Portion,
    Sliding,
)

MICRO = Decimal("0.000001")


@pytest.mark.parametrize("interval", [3_600, "1h"])
def test_the_options_and_statistics_start_anew_after_reset_interval(make_budget, clock, interval):
    """At whole multiples from the epoch, by the ledger's clock: in 30 minutes, as it is half past ten."""
    budget = make_budget(per_user_token_limit=100, reset_interval=interval, limits=[Limit(tokens=1_000)])
    budget.record(input_tokens=100, user_key="ada", session_id="s1", model="small")
    clock.advance(1_799)
    assert not budget.check(estimated_input_tokens=1, user_key="ada")
    clock.advance(1)
    assert budget.get_user_stats("ada").total_tokens == budget.get_global_stats().total_tokens == 0
    assert budget.get_session_stats("ada", "s1").total_tokens == 0
    assert budget.get_all_user_stats() == []
    assert budget.check(estimated_input_tokens=100, user_key="ada")
    assert not budget.check(estimated_input_tokens=901, user_key="bob")


def test_a_reservation_settles_into_the_window_it_was_made_in(make_budget, clock):
    """What is settled after the reset doesn't burden the new window."""
    budget = make_budget(global_token_limit=100, reset_interval=3_600)
    with budget.reserve(tokens=80) as reservation:
        clock.advance(1_800)
        assert budget.check(estimated_input_tokens=100)
        reservation.settle(tokens=80)
    assert budget.get_global_stats().total_tokens == 0
    assert budget.check(estimated_input_tokens=100)


def test_a_refusal_says_when_its_window_ends(make_budget, clock):
    """As a date, in seconds, and in words."""
    budget = make_budget(global_token_limit=100, reset_interval="1h")
    budget.record(input_tokens=100, model="small")
    with (
        pytest.raises(BudgetExceeded, match=r"resets 2026-11-18T11:00Z.*wait for the reset") as caught,
        budget.reserve(tokens=1),
    ):
        pytest.fail("not reached")
    assert caught.value.resets_at.isoformat() == "2026-11-18T11:00:00+00:00"
    assert caught.value.retry_after == 1_800


def test_limits_of_several_windows_hold_side_by_side(make_budget, clock):
    """Hour, day and month; the tightest refuses."""
    windows = {"1h": 10, "day": 15, "month": 40}
    budget = make_budget(
        limits=[Limit(tokens=amount, scope="user", window=window) for window, amount in windows.items()]
    )

    def fits(tokens):
        return budget.check(estimated_input_tokens=tokens, user_key="ada").allowed

    budget.record(input_tokens=10, user_key="ada", model="small")
    assert not fits(1)
    clock.advance(3_600)
    assert fits(5)
    assert not fits(6)
    clock.advance(86_400)
    assert fits(10)
    budget.record(input_tokens=30, user_key="ada", model="small")
    clock.advance(86_400)
    assert not fits(1)
    clock.advance(30 * 86_400)
    assert fits(10)


def test_a_sliding_window_frees_what_is_old(make_budget, clock):
    """An hour after it was spent, or at most a sixtieth later."""
    budget = make_budget(limits=[Limit(tokens=100, window=Sliding(3_600))])
    budget.record(input_tokens=100, model="small")
    clock.advance(3_500)
    assert not budget.check(estimated_input_tokens=1)
    clock.advance(161)
    assert budget.check(estimated_input_tokens=100)


@pytest.mark.parametrize(
    "interval",
    [0, -1, 1.5, True, float("nan"), "soon", [], 86_400_000, "1mo", 10**5_000],
    ids=lambda x: type(x).__name__,
)
def test_bad_intervals_are_refused(make_budget, interval):
    """Seconds, "1d" or a timedelta; milliseconds and months get a hint."""
    with pytest.raises(ConfigurationError):
        make_budget(reset_interval=interval)


def test_set_limit_changes_one_key(make_budget):
    """From the next call on; None is unlimited, 0 blocks; clear_limit undoes it."""
    budget = make_budget(per_user_token_limit=100)

    def most(user):
        return next(
            (tokens for tokens in (1_000, 100, 50) if budget.check(estimated_input_tokens=tokens, user_key=user)), 0
        )

    for amount, expected in ((50, 50), (0, 0), (None, 1_000), ("100", 100)):
        budget.set_limit("per_user_token_limit", "ada", amount)
        assert (most("ada"), most("bob")) == (expected, 100)
    budget.set_limit("per_user_token_limit", None, 50)
    assert (most("ada"), most("bob")) == (100, 50)
    budget.clear_limit("per_user_token_limit", "ada")
    budget.clear_limit("per_user_token_limit", None)
    budget.clear_limit("per_user_token_limit", "never set")
    assert (most("ada"), most("bob")) == (100, 100)


def test_set_limit_keeps_what_was_spent(make_budget):
    """Counters are of a key and a window, never of an amount."""
    budget = make_budget(per_user_cost_limit=1)
    budget.record(cost="0.7", user_key="ada")
    budget.set_limit("per_user_cost_limit", "ada", "0.75")
    (row,) = budget.remaining(user_key="ada")
    assert (row.limit.amount, row.spent, row.remaining) == (Decimal("0.75"), Decimal("0.7"), Decimal("0.05"))


def test_set_limit_reaches_every_scope(make_budget):
    """Everyone's, a session's (user and id), a tuple's, a single call's."""
    limits = [Limit(tokens=100, name="all"), Limit(tokens=100, scope="session", name="chat")]
    limits += [Limit(tokens=100, scope=("org", "model"), name="pair"), Limit(tokens=100, scope="call", name="call")]
    budget = make_budget(limits=limits)
    who = {"user_key": "ada", "session_id": "s1", "model": "small", "dimensions": {"org": "acme"}}
    for name, key in (("all", None), ("chat", ("ada", "s1")), ("pair", ("acme", "small")), ("call", None)):
        budget.set_limit(name, key, 5)
        check = budget.check(estimated_input_tokens=6, **who)
        assert check.refusal.limit.name == name
        budget.clear_limit(name, key)
        assert budget.check(estimated_input_tokens=6, **who)


@pytest.mark.parametrize(
    ("name", "key", "amount"),
    [
        ("no such limit", "ada", 5),
        (None, "ada", 5),
        ("per_user_token_limit", "", 5),
        ("per_user_token_limit", 5, 5),
        ("per_user_token_limit", ("ada", "x"), 5),
        ("per_user_token_limit", (), 5),
        ("per_user_token_limit", "x" * 10_000_000, 5),
        ("per_user_token_limit", "ada", -1),
        ("per_user_token_limit", "ada", 1.5),
        ("per_user_token_limit", "ada", True),
        ("per_user_token_limit", "ada", float("nan")),
        ("per_user_token_limit", "ada", "1e999999"),
        ("global_token_limit", "ada", 5),
    ],
    ids=lambda x: str(x)[:20],
)
def test_bad_overrides_are_refused(make_budget, name, key, amount):
    """No such limit, a key of another shape, no amount."""
    budget = make_budget(per_user_token_limit=100, global_token_limit=1_000)
    with pytest.raises(ConfigurationError) as caught:
        budget.set_limit(name, key, amount)
    assert len(str(caught.value)) < 300


def test_refunds_give_back_what_was_unconfirmed(make_budget, caplog):
    """Once; nothing for what was settled, and nothing for ids that nobody knows."""
    budget = make_budget(global_token_limit=30)
    with budget.reserve(model="small", input_tokens=10, max_output_tokens=20) as reservation:
        reservation.charge_unconfirmed()
    assert budget.get_global_stats().unconfirmed == Portion(tokens=30, cost=50 * MICRO, requests=1)
    assert budget.refund(reservation.id) == Portion(tokens=30, cost=50 * MICRO, requests=1)
    assert budget.refund(reservation.id) is None
    assert budget.refund("nobody's") is None
    stats = budget.get_global_stats()
    assert (stats.total_tokens, stats.total_cost, stats.requests, stats.unconfirmed) == (0, 0, 0, 0)
    with budget.reserve(tokens=5) as reservation:
        reservation.settle(tokens=5)
    assert budget.refund(reservation.id) is None


@pytest.mark.parametrize("reservation_id", [None, 5, [], {}, b"id", True])
def test_bad_reservation_ids_are_refused(make_budget, reservation_id):
    """An id is a string."""
    with pytest.raises(ConfigurationError, match="refund"):
        make_budget().refund(reservation_id)


def spend_everywhere(budget):
    for user, session in (("ada", "s1"), ("ada", "s2"), ("bob", "s1")):
        budget.record(input_tokens=10, user_key=user, session_id=session, model="small")


def everywhere(budget):
    return [
        budget.get_global_stats().total_tokens,
        budget.get_user_stats("ada").total_tokens,
        budget.get_user_stats("bob").total_tokens,
        *(
            budget.get_session_stats(user, session).total_tokens
            for user, session in (("ada", "s1"), ("ada", "s2"), ("bob", "s1"))
        ),
    ]


def test_reset_zeroes_everything(make_budget):
    """Every counter, and what limits look at."""
    budget = make_budget(global_token_limit=30, limits=[Limit(tokens=20, scope=("user", "model"))])
    spend_everywhere(budget)
    budget.reset()
    assert everywhere(budget) == [0] * 6
    assert budget.check(estimated_input_tokens=20, user_key="ada", model="small")


def test_reset_of_a_user_zeroes_what_is_theirs(make_budget):
    """Their sessions and combinations included; everyone's total stays."""
    budget = make_budget(limits=[Limit(tokens=20, scope=("user", "model"))])
    spend_everywhere(budget)
    budget.reset(user_key="ada")
    assert everywhere(budget) == [30, 0, 10, 0, 0, 10]
    assert budget.check(estimated_input_tokens=20, user_key="ada", model="small")


def test_reset_of_a_session_zeroes_that_one(make_budget):
    """Neither the user's other sessions nor another user's session of the same id."""
    budget = make_budget()
    spend_everywhere(budget)
    budget.reset(user_key="ada", session_id="s1")
    assert everywhere(budget) == [30, 20, 10, 0, 10, 10]


def test_reset_keeps_what_is_reserved(make_budget):
    """Open reservations settle into the new count."""
    budget = make_budget(global_token_limit=100)
    budget.record(input_tokens=20, model="small")
    with budget.reserve(tokens=80) as reservation:
        budget.reset()
        assert not budget.check(estimated_input_tokens=21)
        reservation.settle(tokens=30)
    assert budget.get_global_stats().total_tokens == 30


def test_remaining_has_a_row_per_limit_that_applies(make_budget):
    """Spent, reserved, unconfirmed, overrun, what is left, and when it resets."""
    budget = make_budget(
        global_token_limit=1_000,
        per_user_cost_limit=1,
        limits=[
            Limit(requests=5, scope="org", window="day"),
            Limit(tokens=10, scope="call"),
            Limit(tokens=5, scope="feature"),
        ],
    )
    who = {"user_key": "ada", "dimensions": {"org": "acme"}}
    budget.record(cost="0.25", **who)
    with budget.reserve(tokens=7, usd="0.5", **who) as reservation:
        rows = {row.limit.name: row for row in budget.remaining(**who)}
        reservation.release()
    assert set(rows) == {"global_token_limit", "per_user_cost_limit", "org:requests:calendar:day:UTC"}
    money = rows["per_user_cost_limit"]
    assert (money.spent, money.reserved, money.remaining) == (Decimal("0.25"), Decimal("0.5"), Decimal("0.25"))
    assert (money.limit.key, money.limit.amount, money.resets_at) == (("ada",), 1, None)
    requests = rows["org:requests:calendar:day:UTC"]
    assert (requests.spent, requests.reserved, requests.remaining) == (1, 1, 3)
    assert requests.resets_at.isoformat() == "2026-11-19T00:00:00+00:00"
    assert (rows["global_token_limit"].reserved, rows["global_token_limit"].remaining) == (7, 993)


def test_remaining_of_the_current_session(make_budget):
    """Its user, its dimensions and its run's own limits."""
    budget = make_budget(per_user_token_limit=100)
    assert budget.remaining() == []
    with budget.session(user_key="ada", limits=[Limit(tokens=10)]):
        budget.record(input_tokens=4, model="small")
        assert {row.limit.scope: row.remaining for row in budget.remaining()} == {("user",): 96, ("run",): 6}


def test_remaining_follows_overrides_and_leaves_out_the_unlimited(make_budget):
    """What set_limit says is what is shown."""
    budget = make_budget(per_user_token_limit=100)
    budget.set_limit("per_user_token_limit", "ada", None)
    assert budget.remaining(user_key="ada") == []
    budget.set_limit("per_user_token_limit", "ada", 7)
    assert budget.remaining(user_key="ada")[0].limit.amount == 7


def test_remaining_is_never_negative(make_budget):
    """An overdrawn limit has nothing left."""
    budget = make_budget(global_cost_limit=1)
    budget.record(cost=3)
    assert budget.remaining()[0].remaining == 0


def test_describe_says_all_limits_in_words(make_budget):
    """A line each, with the next reset by the ledger's clock."""
    budget = make_budget(
        global_cost_limit=100,
        limits=[Limit(usd=25, window="month", scope="user"), Limit(tokens=5, window=Calendar("day", "Asia/Tokyo"))],
    )
    assert budget.describe().splitlines() == [
        "global: $100.00 in total",
        "user: $25.00 per calendar month (UTC), next reset 2026-12-01 00:00",
        "global: 5 tokens per calendar day (Asia/Tokyo), next reset 2026-11-18 15:00 UTC",
    ]
    assert make_budget().describe() == "no limits"


def test_describe_moves_on_with_the_clock(make_budget, clock):
    """The next reset is always ahead."""
    budget = make_budget(global_token_limit=5, reset_interval="1h")
    assert budget.describe().endswith("next reset 2026-11-18 11:00")
    clock.advance(3_600)
    assert budget.describe().endswith("next reset 2026-11-18 12:00")
