"""Limits: what may be typed, what it means, and how it is said again."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from datetime import timedelta
from decimal import Decimal, localcontext

import pytest

from llm_token_budget import BudgetExceeded, Calendar, ConfigurationError, Limit, MissingUser, Sliding
from llm_token_budget.limits import check_key, check_names, read_limits


class Plans:
    """A callable amount that can be pickled."""

    def __call__(self, user):
        return {"free": 10}.get(user, 1_000)


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ({"tokens": 1000}, 1000),
        ({"tokens": "1000"}, 1000),
        ({"tokens": 1000.0}, 1000),
        ({"tokens": Decimal("1e3")}, 1000),
        ({"tokens": 0}, 0),
        ({"requests": 5}, 5),
        ({"usd": 5}, 5_000_000_000),
        ({"usd": "0.25"}, 250_000_000),
        ({"usd": 0.1}, 100_000_000),
        ({"usd": Decimal("0.0000000001")}, 1),
        ({"usd": "9007199"}, 9_007_199_000_000_000),
        ({"tokens": 2**53 - 1}, 2**53 - 1),
    ],
)
def test_an_amount_is_read_into_whole_units(given, amount):
    """Tokens and requests as they are, money as nano-USD."""
    assert Limit(**given).amount_for(()) == amount


@pytest.mark.parametrize("unit", ["tokens", "usd", "requests"])
@pytest.mark.parametrize(
    "amount",
    [
        *(-1, "-0.5", float("nan"), float("inf"), "NaN", "Infinity", Decimal("-Infinity")),
        *(True, False, "", "lots", b"5", [], 1j, object()),
        *(2**53, "1e999999", 1e300, 10**5_000),
    ],
    ids=lambda amount: type(amount).__name__,
)
def test_what_is_no_amount_is_refused(unit, amount):
    """Negative, NaN, infinite, absurd and wrong types, in every unit."""
    with pytest.raises(ConfigurationError) as caught:
        Limit(**{unit: amount})
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("unit", ["tokens", "requests"])
@pytest.mark.parametrize("amount", [0.5, "10.5", Decimal("1e-9"), "1e-999999999"])
def test_fractions_of_tokens_and_requests_are_refused(unit, amount):
    """There is no half token."""
    with pytest.raises(ConfigurationError, match="whole number"):
        Limit(**{unit: amount})


@pytest.mark.parametrize("given", [{}, {"tokens": 1, "usd": 1}, {"tokens": 1, "usd": 1, "requests": 1}, {"usd": None}])
def test_a_limit_has_exactly_one_unit(given):
    """None, two and three are refused."""
    with pytest.raises(ConfigurationError, match="exactly one of tokens=, usd= and requests="):
        Limit(**given)


@pytest.mark.parametrize("arguments", [{"usd": 1, "windows": "day"}, {"dollars": 1}])
def test_misspelt_arguments_are_refused(arguments):
    """Python says which."""
    with pytest.raises(TypeError):
        Limit(**arguments)


def test_arguments_are_by_name():
    """Limit(2.0, 86400, 1) says nothing to a reader."""
    with pytest.raises(TypeError):
        Limit(5)


@pytest.mark.parametrize(
    ("scope", "scopes", "key_names"),
    [
        ("global", ("global",), ()),
        ("call", ("call",), ()),
        ("user", ("user",), ("user",)),
        ("session", ("session",), ("user", "session")),
        ("run", ("run",), ("run",)),
        ("model", ("model",), ("model",)),
        ("provider", ("provider",), ("provider",)),
        ("org", ("org",), ("org",)),
        (("user", "model"), ("user", "model"), ("user", "model")),
        (("user",), ("user",), ("user",)),
        (("org", "session"), ("org", "session"), ("user", "org", "session")),
    ],
)
def test_a_scope_says_for_whom(scope, scopes, key_names):
    """A name or a tuple of names; a session's key starts with its user."""
    limit = Limit(tokens=1, scope=scope)
    assert (limit.scopes, limit.key_names) == (scopes, key_names)


@pytest.mark.parametrize(
    "scope",
    [
        *(None, "", " ", "two words", "a-b", 5, b"user", [], ["user"], {"user"}, ()),
        *(("user", 5), ("user", "user"), ("global", "user"), ("call", "org"), (("user",),)),
    ],
)
def test_what_is_no_scope_is_refused(scope):
    """Not a name, twice the same, or combined with what has no key."""
    with pytest.raises(ConfigurationError):
        Limit(tokens=1, scope=scope)


@pytest.mark.parametrize(
    ("window", "span"),
    [
        ("total", "total"),
        (3600, "every:3600"),
        (timedelta(hours=1), "every:3600"),
        ("1h", "every:3600"),
        ("1d", "every:86400"),
        ("day", "calendar:day:UTC"),
        ("week", "calendar:week:UTC:1"),
        ("month", "calendar:month:UTC:1"),
        (Calendar("month", "Europe/Berlin", 15), "calendar:month:Europe/Berlin:15"),
        (Sliding(60), "sliding:60"),
    ],
)
def test_a_window_is_read(window, span):
    """All the forms that windows have."""
    assert Limit(tokens=1, window=window).span.id == span


@pytest.mark.parametrize(
    ("window", "hint"),
    [
        ("1mo", "'month' or '30d'"),
        (86_400_000, "the npm option is in milliseconds, this one in seconds"),
        ("fortnightly", "window"),
    ]
    + [(bad, "window") for bad in (0, -1, True, float("nan"), [], b"day", None)],
)
def test_what_is_no_window_is_refused(window, hint):
    """With a hint at what was meant."""
    with pytest.raises(ConfigurationError, match=hint):
        Limit(tokens=1, window=window)


@pytest.mark.parametrize("option", ["required", "enforce"])
@pytest.mark.parametrize("value", [None, 0, 1, "false", "no", []])
def test_switches_are_true_or_false(option, value):
    """enforce="false" must not enforce by being a non-empty string, nor 0 pass for False."""
    with pytest.raises(ConfigurationError, match=option):
        Limit(tokens=1, scope="user", **{option: value})


@pytest.mark.parametrize("name", [5, None, ["x"], b"x"])
def test_a_name_is_a_string(name):
    """Names are how set_limit finds a limit."""
    with pytest.raises(ConfigurationError, match="name"):
        Limit(tokens=1, name=name)


@pytest.mark.parametrize(
    ("limit", "name"),
    [
        (Limit(tokens=1), "global:tokens:total"),
        (Limit(usd=1, scope=("user", "model"), window="day"), "user+model:usd:calendar:day:UTC"),
        (Limit(usd=1, name="plan"), "plan"),
    ],
)
def test_a_limit_has_a_stable_name(limit, name):
    """Made of scope, unit and window, never of the amount."""
    assert limit.name == name


def test_two_limits_cannot_share_a_name():
    """Overrides would meet the wrong one."""
    with pytest.raises(ConfigurationError, match="'plan'"):
        check_names([Limit(usd=1, name="plan"), Limit(tokens=1, name="plan")])


@pytest.mark.parametrize(
    "limits", [Limit(usd=1), 5, None, "limits", [5], [None], [Limit(usd=1), "x"], {"a": Limit(usd=1)}]
)
def test_limits_come_as_a_list_of_limits(limits):
    """A bare Limit, and whatever is none, gets a ConfigurationError."""
    with pytest.raises(ConfigurationError):
        read_limits(limits)


def test_any_iterable_of_limits_will_do():
    """Lists, tuples and generators."""
    limit = Limit(usd=1)
    assert read_limits(each for each in [limit]) == (limit,)


def test_a_mapping_gives_each_key_its_own():
    """Named keys get theirs, all others the default."""
    limit = Limit(usd={"acme": 500, "tiny": "0.5", "free": 0, "vip": None}, default=10, scope="org")
    amounts = [limit.amount_for((key,)) for key in ("acme", "tiny", "free", "vip", "stranger")]
    assert amounts == [500 * 10**9, 5 * 10**8, 0, None, 10**10]


def test_a_stranger_without_a_default_is_refused():
    """A mapping that doesn't name a key, without default=, says so and how to fix it."""
    with pytest.raises(ConfigurationError, match=r"no amount for 'stranger'.*default="):
        Limit(usd={"acme": 500}, scope="org").amount_for(("stranger",))


def test_a_default_of_none_is_unlimited():
    """None is an answer, not an absence."""
    assert Limit(usd={"acme": 500}, default=None, scope="org").amount_for(("stranger",)) is None


def test_a_callable_is_asked_with_the_bare_key():
    """One part comes bare, several as a tuple."""
    asked = []
    Limit(usd=lambda key: asked.append(key) or 1, scope="user").amount_for(("ada",))
    Limit(usd=lambda key: asked.append(key) or 1, scope=("user", "model")).amount_for(("ada", "small"))
    Limit(usd=lambda key: asked.append(key) or 1, scope="session").amount_for(("ada", "s1"))
    assert asked == ["ada", ("ada", "small"), ("ada", "s1")]


@pytest.mark.parametrize("amount", [-1, float("nan"), "lots", True, [], "1e999999"])
def test_a_bad_amount_by_key_is_refused(amount):
    """At once in a mapping and in default=, when it is asked in a callable."""
    with pytest.raises(ConfigurationError):
        Limit(usd={"acme": amount}, scope="org")
    with pytest.raises(ConfigurationError):
        Limit(usd={"acme": 1}, default=amount, scope="org")
    limit = Limit(usd=lambda _: amount, scope="org")
    with pytest.raises(ConfigurationError):
        limit.amount_for(("acme",))


@pytest.mark.parametrize("scope", ["global", "call"])
def test_an_amount_by_key_needs_keys(scope):
    """Everyone together has no key to look up."""
    with pytest.raises(ConfigurationError, match="scope"):
        Limit(usd={"acme": 1}, scope=scope)


def test_a_default_is_for_amounts_by_key():
    """With one amount for all there is nothing to default."""
    with pytest.raises(ConfigurationError, match="default="):
        Limit(usd=5, default=1, scope="user")


def test_a_changed_mapping_takes_effect_on_the_next_call(make_budget):
    """Upgrading a plan is an assignment."""
    plans = {"ada": 10}
    budget = make_budget(limits=[Limit(tokens=plans, default=0, scope="user")])
    assert not budget.check(estimated_input_tokens=11, user_key="ada")
    plans["ada"] = 11
    assert budget.check(estimated_input_tokens=11, user_key="ada")
    plans["ada"] = 0
    assert not budget.check(user_key="ada")
    del plans["ada"]
    assert not budget.check(user_key="ada")


def test_a_callable_is_asked_before_every_call(make_budget):
    """What it says now holds now; None is unlimited, 0 blocks."""
    answers = iter([10, None, 0, "10"])
    budget = make_budget(limits=[Limit(tokens=lambda _: next(answers), scope="user")])
    allowed = [budget.check(estimated_input_tokens=11, user_key="ada").allowed for _ in range(3)]
    assert allowed == [False, True, False]


def test_what_a_callable_raises_reaches_the_caller(make_budget):
    """A database that is down is not a budget that is open."""

    def amount(user):
        raise LookupError(user)

    budget = make_budget(limits=[Limit(tokens=amount, scope="user")])
    with pytest.raises(LookupError, match="ada"):
        budget.check(user_key="ada")


def test_zero_blocks_even_what_needs_nothing_of_it(make_budget):
    """A key with 0 dollars can't make free calls either."""
    budget = make_budget(limits=[Limit(usd={"ada": 0}, default=None, scope="user")])
    with pytest.raises(BudgetExceeded), budget.reserve(tokens=0, user_key="ada"):
        pytest.fail("not reached")


def test_a_scope_of_several_counts_every_combination_apart(make_budget):
    """Ada's small calls don't use up her large ones, nor Bob's."""
    budget = make_budget(limits=[Limit(tokens=10, scope=("user", "model"))])
    budget.record(input_tokens=10, user_key="ada", model="small")
    assert not budget.check(estimated_input_tokens=1, user_key="ada", model="small")
    assert budget.check(estimated_input_tokens=1, user_key="ada", model="large")
    assert budget.check(estimated_input_tokens=1, user_key="bob", model="small")


def test_the_keys_of_a_scope_do_not_run_together(make_budget):
    """('a', 'b+c') and ('a+b', 'c') are two."""
    budget = make_budget(limits=[Limit(tokens=10, scope=("org", "team"))])
    budget.record(input_tokens=10, dimensions={"org": "a", "team": "b:c"})
    assert budget.check(estimated_input_tokens=10, dimensions={"org": "a:b", "team": "c"})


def test_a_required_limit_refuses_calls_without_its_key(make_budget):
    """Only where required= says so; it names what to give."""
    assert make_budget(limits=[Limit(tokens=1, scope="org")]).check(estimated_input_tokens=5)
    budget = make_budget(limits=[Limit(tokens=1, scope="org", required=True)])
    with pytest.raises(ConfigurationError, match=r"dimensions=\{'org'"):
        budget.check(estimated_input_tokens=1)
    with pytest.raises(ConfigurationError, match="session_id="):
        make_budget(limits=[Limit(tokens=1, scope="session", required=True)]).check()


def test_a_required_user_is_asked_for_whatever_missing_user_says(make_budget):
    """required= goes before missing_user="exempt"."""
    budget = make_budget(limits=[Limit(tokens=1, scope="user", required=True)], missing_user="exempt")
    with pytest.raises(MissingUser):
        budget.check(estimated_input_tokens=1)


def test_as_run_keeps_amount_window_and_switches():
    """Left out or 'run': a limit of one run, under its own name if it has one."""
    run = Limit(usd="0.10", window="1h", enforce=False).as_run()
    assert (run.scopes, run.amount_for(("id",)), run.span.id) == (("run",), 10**8, "every:3600")
    assert (run.enforce, run.name) == (False, "run:usd:every:3600")
    assert Limit(usd=1, name="mine").as_run().name == "mine"
    own = Limit(usd=1, scope="run")
    assert own.as_run() is own


@pytest.mark.parametrize("scope", ["user", "session", "call", "org", ("run", "user")])
def test_a_limit_of_another_scope_is_none_of_a_run(scope):
    """Limits of other scopes go to BudgetManager."""
    with pytest.raises(ConfigurationError, match="BudgetManager"):
        Limit(usd=1, scope=scope).as_run()


@pytest.mark.parametrize(
    "key", ["ada", "a" * 1024, "two\nlines", "\x00", "{0}", "ключ", "👩‍🚀", " ", "a:b", "../etc", "'; DROP TABLE"]
)
def test_any_ordinary_text_is_a_key(key):
    """Newlines, braces, other scripts and long ids are fine."""
    assert check_key(key, "user_key") == key


@pytest.mark.parametrize(
    "key", ["", "a" * 1025, "a" * 10_000_000, "\ud800", "a\udfffb", 5, None, b"ada", True, 5.0, ["ada"]]
)
def test_what_no_ledger_can_keep_is_no_key(key):
    """Empty, too long, lone surrogates, and everything that is no str; the message stays short."""
    with pytest.raises(ConfigurationError) as caught:
        check_key(key, "user_key")
    assert str(caught.value).startswith("user_key ")
    assert len(str(caught.value)) < 250


def test_a_limit_is_frozen_and_hashable():
    """It can be shared, and stand in a set."""
    limit = Limit(usd=1)
    with pytest.raises(FrozenInstanceError):
        limit.usd = 2
    assert {limit, limit} == {limit}


@pytest.mark.parametrize(
    "limit",
    [
        Limit(usd="0.25", scope=("user", "model"), window=Calendar("month", "Europe/Berlin", 15), name="plan"),
        Limit(tokens={"acme": 5}, default=None, scope="org", required=True),
        Limit(requests={"acme": 5}, scope="org", window=Sliding(60)),
        Limit(usd=Plans(), scope="user", enforce=False),
    ],
)
def test_a_limit_can_be_pickled_and_copied(limit):
    """Its twin means the same."""
    for twin in (pickle.loads(pickle.dumps(limit)), copy.copy(limit), copy.deepcopy(limit)):
        assert (twin.name, twin.scopes, twin.span, twin.unit) == (limit.name, limit.scopes, limit.span, limit.unit)
        assert (twin.required, twin.enforce) == (limit.required, limit.enforce)
        keys = tuple("acme" for _ in limit.key_names)
        assert twin.amount_for(keys) == limit.amount_for(keys)
        assert twin.describe() == limit.describe()


def test_the_repr_shows_what_was_typed():
    """Enough to recognize a limit in a debugger."""
    text = repr(Limit(usd="0.25", scope="user", window="day"))
    for part in ("usd='0.25'", "scope='user'", "window='day'"):
        assert part in text


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (Limit(usd=25, scope="user", window="month"), "user: $25.00 per calendar month (UTC)"),
        (Limit(tokens=100_000), "global: 100,000 tokens in total"),
        (Limit(requests=1, scope="session", window="1h"), "session: 1 request per 1 hour"),
        (Limit(usd={"a": 1}, default=10, scope="org"), "org: usd by key, default $10.00 in total"),
        (Limit(usd={"a": 1}, default=None, scope="org"), "org: usd by key, default unlimited in total"),
        (Limit(usd=1, enforce=False), "global: $1.00 in total (watched, not enforced)"),
        (Limit(usd="1234.5678", scope=("user", "model")), "user and model: $1,234.5678 in total"),
    ],
)
def test_a_limit_says_itself_in_one_line(limit, text):
    """As describe() prints it, whatever the caller's decimal context."""
    with localcontext(prec=3):
        assert limit.describe() == text
