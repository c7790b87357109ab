"""BudgetManager: `check`, `record` and the statistics, and who is spending."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal, localcontext

import pytest

from llm_token_budget import (
    BudgetExceeded,
    BudgetManager,
    ConfigurationError,
    Limit,
    MissingUser,
    Portion,
    UnknownModelPrice,
    Usage,
)

MICRO = Decimal("0.000001")


@pytest.mark.parametrize(
    ("option", "amount", "reason"),
    [
        ("global_token_limit", 100, "global_token_limit_exceeded"),
        ("global_cost_limit", "0.000100", "global_cost_limit_exceeded"),
        ("per_user_token_limit", 100, "user_token_limit_exceeded"),
        ("per_user_cost_limit", "0.000100", "user_cost_limit_exceeded"),
        ("per_session_token_limit", 100, "session_token_limit_exceeded"),
    ],
)
def test_check_says_whether_a_call_would_fit(make_budget, option, amount, reason):
    """Up to the limit and no further, with the npm package's reason; what it would cost comes with it."""
    budget = make_budget(**{option: amount}, default_model="small")
    who = {"user_key": "ada", "session_id": "s1"}
    yes = budget.check(estimated_input_tokens=100, **who)
    assert (yes.allowed, bool(yes), yes.reason, yes.refusal, yes.would_cost) == (True, True, None, None, 100 * MICRO)
    budget.record(input_tokens=60, **who)
    assert budget.check(estimated_input_tokens=40, **who)
    no = budget.check(estimated_input_tokens=41, **who)
    assert (no.allowed, bool(no), no.reason, no.would_cost) == (False, False, reason, 41 * MICRO)
    assert no.refusal.limit.name == option


def test_when_several_limits_refuse_the_first_reason_counts(make_budget):
    """Global, user, session, then all others; tokens before money before requests."""
    limits = [
        Limit(tokens=0, scope="org", name="org"),
        Limit(requests=0, scope="user", name="user requests"),
        Limit(requests=0, name="requests"),
    ]
    options = {
        "per_session_token_limit": 0,
        "per_user_cost_limit": 0,
        "per_user_token_limit": 0,
        "global_cost_limit": 0,
        "global_token_limit": 0,
    }
    budget = make_budget(limits=limits, **options, default_model="small")
    who = {"user_key": "ada", "session_id": "s1", "dimensions": {"org": "acme"}}
    with pytest.raises(BudgetExceeded) as caught, budget.reserve(input_tokens=1, max_output_tokens=0, **who):
        pytest.fail("not reached")
    assert [refusal.reason for refusal in caught.value.refusals] == [
        "global_token_limit_exceeded",
        "global_cost_limit_exceeded",
        "global_request_limit_exceeded",
        "user_token_limit_exceeded",
        "user_cost_limit_exceeded",
        "user_request_limit_exceeded",
        "session_token_limit_exceeded",
        "org_token_limit_exceeded",
    ]
    assert budget.check(estimated_input_tokens=1, **who).reason == "global_token_limit_exceeded"


def test_of_one_scopes_limits_tokens_speak_before_money_before_requests(make_budget):
    """Whatever the order in which they were given."""
    budget = make_budget(limits=[Limit(requests=0), Limit(usd=0), Limit(tokens=0)])
    with pytest.raises(BudgetExceeded) as caught, budget.reserve(tokens=1, usd=1):
        pytest.fail("not reached")
    assert [refusal.limit.unit for refusal in caught.value.refusals] == ["tokens", "usd", "requests"]


def test_check_holds_nothing_and_counts_its_refusals(make_budget):
    """Two callers can both be told yes; a no is one blocked request of everyone, the user and the session."""
    budget = make_budget(global_token_limit=100)
    who = {"user_key": "ada", "session_id": "s1"}
    budget.record(input_tokens=1, **who)
    assert budget.check(estimated_input_tokens=99, **who)
    assert budget.check(estimated_input_tokens=99, **who)
    assert not budget.check(estimated_input_tokens=100, **who)
    assert budget.get_global_stats().reserved == 0
    assert budget.get_global_stats().blocked == 1
    assert budget.get_user_stats("ada").blocked == 1
    assert budget.get_session_stats("ada", "s1").blocked == 1


def test_open_reservations_count_as_used_in_check(make_budget):
    """And as free once they are settled."""
    budget = make_budget(global_token_limit=100)
    with budget.reserve(tokens=60) as reservation:
        assert not budget.check(estimated_output_tokens=41)
        reservation.settle(tokens=10)
    assert budget.check(estimated_output_tokens=90)


def test_what_it_would_cost_is_exact_and_none_without_a_price(make_budget):
    """At the ordinary rates, whatever the caller's decimal context."""
    budget = make_budget()
    with localcontext(prec=3):
        cost = budget.check(estimated_input_tokens=1_234_567, estimated_output_tokens=1, model="small").would_cost
    assert str(cost) == "1.234569"
    assert budget.check(estimated_input_tokens=5, model="no-such-model").would_cost is None
    assert budget.check(estimated_input_tokens=5).would_cost is None


def test_check_needs_a_price_under_a_usd_limit(make_budget):
    """No silent zero here either."""
    budget = make_budget(global_cost_limit=5)
    with pytest.raises(UnknownModelPrice):
        budget.check(estimated_input_tokens=5, model="no-such-model")
    with pytest.raises(ConfigurationError, match="names no model"):
        budget.check(estimated_input_tokens=5)


def test_a_real_models_price_is_known(make_budget):
    """The npm package's own names need no configuration."""
    budget = make_budget(global_cost_limit=1, default_model="gpt-4o")
    check = budget.check(estimated_input_tokens=10_000, estimated_output_tokens=2_000)
    assert check.would_cost == Decimal("0.045")
    assert budget.record(input_tokens=10_000, output_tokens=2_000).cost == Decimal("0.045")


def test_record_books_and_answers(make_budget):
    """The cost, and the statistics of everyone, the user and the session."""
    budget = make_budget()
    booked = budget.record(input_tokens=480, output_tokens=212, user_key="ada", session_id="s1", model="small")
    assert booked.cost == 904 * MICRO
    for stats in (booked.global_stats, booked.user_stats, booked.session_stats):
        assert (stats.input_tokens, stats.output_tokens, stats.total_tokens) == (480, 212, 692)
        assert (stats.total_cost, stats.requests, stats.blocked) == (904 * MICRO, 1, 0)
        assert stats.unreserved == Portion(tokens=692, cost=904 * MICRO, requests=1)
        assert (stats.reserved, stats.unconfirmed, stats.overrun) == (0, 0, 0)
    assert (booked.user_stats.user_key, booked.session_stats.session_id) == ("ada", "s1")
    anonymous = budget.record(input_tokens=1, model="small")
    assert (anonymous.user_stats, anonymous.session_stats) == (None, None)
    assert anonymous.global_stats.total_tokens == 693


def test_record_never_refuses(make_budget):
    """Above every limit, and with nobody named; the next call is refused."""
    budget = make_budget(
        global_token_limit=10, per_user_cost_limit="0.000001", limits=[Limit(tokens=1, scope="org", required=True)]
    )
    budget.record(input_tokens=1_000_000, model="large")
    assert budget.get_global_stats().total_cost == 100
    assert not budget.check(user_key="ada", model="small", dimensions={"org": "acme"})


def test_record_takes_a_usage(make_budget):
    """With all its parts, at their prices."""
    pricing = {"cached": {"input": "1", "output": "2", "cache_read": "0.1"}}
    budget = make_budget(custom_pricing=pricing)
    usage = Usage(input_tokens=1_000, output_tokens=10, cache_read_tokens=900)
    assert budget.record(usage=usage, model="cached").cost == 210 * MICRO


def test_record_takes_a_cost(make_budget):
    """Money that is not tokens: it goes before any price and needs no model, known or unknown."""
    budget = make_budget(global_cost_limit=1)
    assert budget.record(cost="0.04", user_key="ada").cost == Decimal("0.04")
    assert budget.record(cost=0.1).cost == Decimal("0.1")
    assert budget.record(input_tokens=5, cost=0, model="no-such-model").cost == 0
    stats = budget.get_global_stats()
    assert (stats.total_cost, stats.total_tokens, stats.requests, stats.unpriced_requests) == (Decimal("0.14"), 5, 3, 0)
    assert budget.remaining()[0].remaining == Decimal("0.86")


def test_record_without_a_price_counts_the_tokens_first(make_budget):
    """Then it raises, and the statistics say that a cost is missing."""
    budget = make_budget(global_cost_limit=1)
    for arguments in ({"model": "no-such-model"}, {}):
        with pytest.raises(UnknownModelPrice):
            budget.record(input_tokens=7, user_key="ada", **arguments)
    with budget.session(limits=[Limit(usd=1)]) as session, pytest.raises(UnknownModelPrice):
        budget.record(input_tokens=7, user_key="ada")
    stats = budget.get_user_stats("ada")
    assert (stats.total_tokens, stats.total_cost, stats.unpriced_requests) == (21, 0, 3)
    assert (session.stats.total_tokens, session.stats.unpriced_requests) == (7, 1)


def test_record_without_a_model_and_without_a_usd_limit_is_fine(make_budget):
    """Tokens count; the statistics say that their cost is not known."""
    budget = make_budget(global_token_limit=100)
    assert budget.record(input_tokens=7).cost == 0
    assert budget.get_global_stats().unpriced_requests == 1


def test_tokens_only_lets_record_pass(make_budget):
    """unknown_model="tokens_only" says that this is meant."""
    budget = make_budget(global_cost_limit=1, unknown_model="tokens_only")
    assert budget.record(input_tokens=7, model="no-such-model").global_stats.unpriced_requests == 1


def test_costs_are_rounded_up_once_per_call(make_budget):
    """Ten calls of a tenth of a nano-dollar cost ten; one call of ten tokens costs one."""
    budget = make_budget(custom_pricing={"tiny": {"input": "0.0001", "output": "0"}})
    assert budget.record(input_tokens=10, model="tiny").cost == Decimal("1E-9")
    for _ in range(9):
        budget.record(input_tokens=1, model="tiny")
    assert budget.get_global_stats().total_cost == Decimal("1.0E-8")


def test_ten_dimes_are_a_dollar(make_budget):
    """No float touches money."""
    budget = make_budget(global_cost_limit=1)
    for _ in range(10):
        budget.record(cost=0.1)
    assert budget.get_global_stats().total_cost == 1
    assert not budget.check(estimated_input_tokens=1, model="small")


def test_strangers_have_spent_nothing(make_budget):
    """Asking makes no row."""
    budget = make_budget()
    stats = budget.get_user_stats("nobody")
    assert (stats.user_key, stats.total_tokens, stats.total_cost, stats.requests, stats.blocked) == (
        "nobody",
        0,
        0,
        0,
        0,
    )
    assert budget.get_session_stats(None, "s1").requests == 0
    assert budget.get_all_user_stats() == []


def test_all_users_come_by_what_they_cost(make_budget):
    """Highest first, then by tokens and name; each row says whose it is."""
    budget = make_budget()
    for user, tokens, cost in (("bob", 5, "0.2"), ("ada", 9, "0.3"), ("eve", 7, "0.2"), ("zoe", 5, "0.2")):
        budget.record(input_tokens=tokens, cost=cost, user_key=user)
    budget.record(cost=100)
    rows = budget.get_all_user_stats()
    assert [(row.user_key, row.total_tokens) for row in rows] == [("ada", 9), ("eve", 7), ("bob", 5), ("zoe", 5)]
    assert [row.user_key for row in budget.get_all_user_stats(limit=2, offset=1)] == ["eve", "bob"]
    assert budget.get_all_user_stats(limit=0) == []
    assert budget.get_all_user_stats(offset=4) == []


@pytest.mark.parametrize("count", [-1, 1.5, True, "1", float("nan"), []], ids=str)
def test_bad_pages_are_refused(make_budget, count):
    """A negative offset must not count from the end."""
    for arguments in ({"limit": count}, {"offset": count}):
        with pytest.raises(ConfigurationError):
            make_budget().get_all_user_stats(**arguments)


def test_refused_strangers_make_no_rows(make_budget):
    """10,000 made-up users who are refused leave nothing behind."""
    budget = make_budget(per_user_token_limit=0)
    for number in range(10_000):
        budget.check(estimated_input_tokens=1, user_key=f"stranger-{number}", session_id="s")
    assert len(budget.ledger._rows) < 5
    assert budget.get_global_stats().blocked == 10_000


@pytest.mark.parametrize("verb", ["check", "reserve"])
def test_nobody_is_refused_under_a_limit_per_user(make_budget, verb):
    """The message names the ways to say who it is."""
    budget = make_budget(per_user_token_limit=100)
    ask = budget.check if verb == "check" else budget.reserve().enter
    with pytest.raises(MissingUser) as caught:
        ask()
    for way in ("per_user_token_limit", "session(user_key=", "wrap(client, budget, user_key=", "'share'", "'exempt'"):
        assert way in str(caught.value)
    assert make_budget(global_token_limit=100).check(estimated_input_tokens=1)


def test_shared_nobodies_are_one_anonymous_user(make_budget):
    """All of them together have one user's limit, apart from everyone with a name."""
    budget = make_budget(per_user_token_limit=100, missing_user="share")
    budget.record(input_tokens=60, model="small")
    with budget.reserve(tokens=40) as reservation:
        reservation.settle(tokens=40)
    with pytest.raises(BudgetExceeded, match=r"^user \(anonymous\): 100 tokens"):
        budget.reserve(tokens=1).enter()
    assert budget.check(estimated_input_tokens=100, user_key="ada")
    assert [row.total_tokens for row in budget.get_all_user_stats()] == [100]


def test_shared_nobodies_have_statistics(make_budget):
    """Under an empty name; without "share" they are counted for everyone only."""
    budget = make_budget(missing_user="share")
    budget.record(input_tokens=60, model="small")
    assert [(row.user_key, row.total_tokens) for row in budget.get_all_user_stats()] == [("", 60)]
    alone = make_budget(missing_user="exempt")
    alone.record(input_tokens=60, model="small")
    assert alone.get_all_user_stats() == []


def test_exempt_nobodies_meet_only_the_other_limits(make_budget):
    """The global limit holds for them."""
    budget = make_budget(per_user_token_limit=0, global_token_limit=100, missing_user="exempt")
    assert budget.check(estimated_input_tokens=100)
    assert budget.check(estimated_input_tokens=101).reason == "global_token_limit_exceeded"


def test_a_scope_with_a_user_in_it_asks_for_one(make_budget):
    """("user", "model") is per user, too."""
    with pytest.raises(MissingUser):
        make_budget(limits=[Limit(tokens=5, scope=("user", "model"))]).check(model="small")


def test_session_limits_apply_where_a_session_is_named(make_budget):
    """Without one, only the others do."""
    budget = make_budget(per_session_token_limit=10)
    assert budget.check(estimated_input_tokens=1_000, user_key="ada")
    assert not budget.check(estimated_input_tokens=11, user_key="ada", session_id="s1")


def test_a_budget_is_neither_copied_nor_pickled():
    """A copy would have the limits and another account; the error says what to do instead."""
    budget = BudgetManager(global_cost_limit=1)
    for copying in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="build one in each process"):
            copying(budget)
    assert repr(budget) == "<BudgetManager of 1 limits on MemoryLedger>"


def test_a_reservation_is_neither_copied_nor_pickled():
    """Two of them would end one call twice."""
    with BudgetManager(global_cost_limit=1).reserve(usd="0.10") as reservation:
        for copying in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="stands for one call"):
                copying(reservation)
        reservation.release()
