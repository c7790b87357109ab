"""Errors: their tree, what they carry, what they say, and how they are found again."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from multiprocessing import get_context

import pytest

from llm_token_budget import (
    BudgetError,
    BudgetExceeded,
    ConfigurationError,
    LedgerUnavailable,
    LimitView,
    MissingUser,
    Refusal,
    ReservationConflict,
    UnknownModelPrice,
    UnmeteredCall,
    calculate_cost,
    find_budget_error,
)

PRICE_MESSAGE = (
    "no price for 'gpt-6.3-sol' (openai; price book of 2026-11-20). Nothing was sent. "
    "Add custom_pricing={...}, aliases={...} or unknown_model='upper_bound'."
)


def a_view(**changes):
    view = LimitView(
        name="per_user_cost_limit",
        unit="usd",
        amount=Decimal(2),
        scope=("user",),
        key=("ada",),
        window="per calendar day (UTC)",
    )
    return replace(view, **changes)


def a_refusal(limit=None, **changes):
    refusal = Refusal(
        reason="user_cost_limit_exceeded",
        limit=limit or a_view(),
        needed=Decimal("0.11"),
        spent=Decimal("1.92"),
        reserved=Decimal("0.05"),
        unconfirmed=Decimal("0.02"),
        held=False,
        resets_at=datetime(2031, 1, 2, tzinfo=UTC),
        retry_after=3600.0,
        model="gpt-4o",
        cost=Decimal("0.14"),
        waited=0.25,
    )
    return replace(refusal, **changes)


def raise_exceeded():
    raise BudgetExceeded(a_refusal(), (a_refusal(), a_refusal(reason="global_cost_limit_exceeded")))


def raise_price():
    raise UnknownModelPrice("gpt-6.3-sol", "openai", prices_as_of="2026-11-20")


def raise_missing_user():
    raise MissingUser("nobody said who is spending")


def raise_unmetered():
    raise UnmeteredCall("POST /videos")


def test_the_tree():
    """Whoever catches BudgetError catches all of it; wiring errors are ValueErrors too."""
    for kind in (BudgetExceeded, UnknownModelPrice, UnmeteredCall, LedgerUnavailable, ReservationConflict):
        assert kind.__mro__[1] is BudgetError
    assert issubclass(ConfigurationError, BudgetError)
    assert issubclass(ConfigurationError, ValueError)
    assert issubclass(MissingUser, ConfigurationError)
    assert not issubclass(BudgetExceeded, ValueError)


def test_a_refusal_carries_all_that_is_known():
    """Every field of the refusal, and what follows from it, stands on the error."""
    refusal = a_refusal()
    error = BudgetExceeded(refusal)
    for field in fields(Refusal):
        assert getattr(error, field.name) == getattr(refusal, field.name)
    assert error.remaining == Decimal("0.03")
    assert (error.scope, error.key) == ("user", "ada")
    assert error.refusals == (refusal,)


@pytest.mark.parametrize(
    ("scope", "key", "shown_scope", "shown_key"),
    [
        (("global",), (), "global", None),
        (("session",), ("ada", "s1"), "session", ("ada", "s1")),
        (("org", "model"), ("acme", "gpt-4o"), ("org", "model"), ("acme", "gpt-4o")),
        (("call",), (), "call", None),
    ],
)
def test_scope_and_key_are_plain_where_they_can_be(scope, key, shown_scope, shown_key):
    """A name alone, a tuple of several, None for everyone's."""
    error = BudgetExceeded(a_refusal(a_view(scope=scope, key=key)))
    assert (error.scope, error.key) == (shown_scope, shown_key)


def test_the_limit_of_an_error_is_frozen():
    """Nobody changes what the limit was."""
    with pytest.raises(FrozenInstanceError):
        BudgetExceeded(a_refusal()).limit.amount = Decimal(5)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize("make", [raise_exceeded, raise_price, raise_missing_user, raise_unmetered])
def test_errors_survive_copying_and_pickling(again, make):
    """The copy says and carries the same."""
    with pytest.raises(BudgetError) as caught:
        make()
    error = caught.value
    twin = again(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    attributes = {name: value for name, value in vars(error).items() if not name.startswith("__")}
    assert {name: vars(twin)[name] for name in attributes} == attributes


OVERSPEND = """
from llm_token_budget import BudgetManager
BudgetManager(global_token_limit=10, ledger="memory://").reserve(tokens=15).enter()
"""


def test_errors_come_back_from_another_process():
    """A process pool hands the refusal on whole."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(BudgetExceeded) as caught:
            pool.submit(exec, OVERSPEND).result(timeout=60)
        with pytest.raises(UnknownModelPrice, match=r"no price for 'gpt-6\.3-sol'"):
            pool.submit(calculate_cost, 1, 1, "gpt-6.3-sol").result(timeout=60)
    assert (caught.value.remaining, caught.value.needed) == (10, 15)
    assert len(caught.value.refusals) == 1


def test_the_message_says_who_what_how_much_when_and_what_to_do():
    """One sentence each, in dollars as people write them."""
    assert str(BudgetExceeded(a_refusal())) == (
        "user 'ada': $2.00 per calendar day (UTC) has no room for this call ($0.03 left, $0.11 needed, "
        "$0.05 held by calls in flight, $0.02 of what was spent is unconfirmed); resets 2031-01-02T00:00Z. "
        "Nothing was sent. Model: 'gpt-4o'. Raise it with budget.set_limit('per_user_cost_limit', ...), or give "
        "unconfirmed charges back with budget.refund(...), or wait for the reset, or send less."
    )


def test_a_used_up_total_is_told_apart():
    """Nothing left, never resets: neither waiting nor sending less is advised."""
    view = a_view(name="global_token_limit", unit="tokens", amount=1000, scope=("global",), key=(), window="in total")
    refusal = a_refusal(view, needed=1, spent=1000, reserved=0, unconfirmed=0, resets_at=None, model=None)
    assert str(BudgetExceeded(refusal)) == (
        "everyone together: 1,000 tokens in total is used up (0 tokens left, 1 token needed). Nothing was sent. "
        "Raise it with budget.set_limit('global_token_limit', ...)."
    )


def test_a_held_limit_advises_to_try_again():
    """What is only held comes back: the message says so and advises nothing else."""
    assert str(BudgetExceeded(a_refusal(held=True))).endswith(
        "Calls in flight hold the room: try again when they have ended."
    )


def test_a_run_is_not_raised_with_set_limit():
    """A run's limit is not one of the budget's: the message says where it was set."""
    message = str(BudgetExceeded(a_refusal(a_view(name="run:usd:total", scope=("run",), key=("id-1",)))))
    assert "set_limit" not in message
    assert "session(limits=...)" in message


def test_remaining_is_never_negative():
    """An overrun shows as 0 left, in the unit's own type."""
    assert a_refusal(spent=Decimal(9)).remaining == Decimal(0)
    tokens = a_refusal(a_view(unit="tokens", amount=10), spent=12, reserved=0)
    assert tokens.remaining == 0
    assert isinstance(tokens.remaining, int)


def test_amounts_do_not_depend_on_the_callers_context():
    """Five digits of precision change neither what is left nor what is said."""
    refusal = a_refusal(a_view(amount=Decimal(9007199)), spent=Decimal("1.123456789"), reserved=Decimal(0))
    expected = BudgetExceeded(refusal)
    with localcontext(prec=5):
        error = BudgetExceeded(refusal)
        assert error.remaining == Decimal("9007197.876543211")
        assert str(error) == str(expected)
    assert "$9,007,197.876543211 left" in str(error)


HOSTILE = {
    "newlines": "ada\nINFO: paid in full\r\n\x1b[2J",
    "braces": "{0} {limit.amount} %s %(x)s",
    "10 MB": "x" * 10_000_000,
    "surrogate": "\ud800",
    "right to left": "\u202egnp.exe",
    "quotes": "'\"'",
    "empty": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_cannot_break_a_message(text):
    """One printable line of bounded length, whatever keys, models and names hold."""
    errors = [
        BudgetExceeded(a_refusal(a_view(key=(text,)), model=text)),
        BudgetExceeded(a_refusal(a_view(name=text or "x"))),
        UnknownModelPrice(text, text or None, prices_as_of="2026-11-20"),
    ]
    for error in errors:
        assert str(error).isprintable()
        assert len(str(error)) < 1_500


def test_the_message_of_an_unknown_price_is_the_agreed_one():
    """What, whose, which book, and what to do."""
    with pytest.raises(UnknownModelPrice) as caught:
        raise_price()
    assert str(caught.value) == PRICE_MESSAGE
    assert (caught.value.model, caught.value.provider) == ("gpt-6.3-sol", "openai")
    assert str(UnknownModelPrice("x")).startswith("no price for 'x'. Nothing was sent.")


def test_an_unmetered_call_names_the_ways_out():
    """The endpoint, and how to call it all the same."""
    message = str(UnmeteredCall("POST /videos"))
    assert message.startswith("POST /videos ")
    assert "record(cost=" in message
    assert "unmetered='allow'" in message


def test_ours_is_found_where_it_is_the_error_itself():
    """No wrapper at all."""
    error = BudgetExceeded(a_refusal())
    assert find_budget_error(error) is error


def test_ours_is_found_through_a_cause():
    """A framework raised its own from ours."""
    error = BudgetExceeded(a_refusal())
    outer = RuntimeError("wrapped")
    outer.__cause__ = KeyError("between")
    outer.__cause__.__cause__ = error
    assert find_budget_error(outer) is error


def test_ours_is_found_through_a_context():
    """A framework raised its own while handling ours, even `from None`."""
    error = BudgetExceeded(a_refusal())

    def framework():
        try:
            raise error
        except BudgetExceeded:
            raise RuntimeError("hidden") from None

    with pytest.raises(RuntimeError) as caught:
        framework()
    assert find_budget_error(caught.value) is error


def test_ours_is_found_in_groups_of_groups():
    """TaskGroup and friends put errors side by side."""
    error = UnknownModelPrice("x")
    group = ExceptionGroup("a", [ValueError("no"), ExceptionGroup("b", [KeyError("no"), error])])
    assert find_budget_error(group) is error
    assert find_budget_error(BaseExceptionGroup("c", [KeyboardInterrupt(), error])) is error


def test_cycles_end():
    """Errors that cause each other are looked at once."""
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    one.__context__ = one
    assert find_budget_error(one) is None
    other.__context__ = error = BudgetExceeded(a_refusal())
    assert find_budget_error(one) is error


@pytest.mark.parametrize("error", [None, ValueError("x"), KeyboardInterrupt()])
def test_nothing_is_found_where_nothing_is(error):
    """None for what is not ours."""
    assert find_budget_error(error) is None


def test_a_chain_of_thousands_is_walked():
    """No recursion: long chains end."""
    error = outer = BudgetExceeded(a_refusal())
    for _ in range(10_000):
        wrapper = RuntimeError("again")
        wrapper.__cause__ = outer
        outer = wrapper
    assert find_budget_error(outer) is error
