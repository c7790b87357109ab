"""Budgets as code: what a file says is what the budget does, and what it can't mean is refused with its line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, Calendar, ConfigurationError, Sliding

WHOLE = """
global_cost_limit = "100.00"
per_user_token_limit = 100_000
reset_interval = "1d"
default_model = "gpt-4o-mini"
missing_user = "share"

[[limits]]
name = "plans"
usd = { free = "0.50", pro = 25 }
tiered = true
scope = "user"
window = { calendar = "month", time_zone = "Europe/Berlin", reset_day = 5 }

[[limits]]
requests = 60
scope = ["user", "model"]
window = { sliding = "1m" }
enforce = false

[tiers]
default = "free"
members = { pro = ["ada"] }

[prices.my-model]
input = "0.50"
output = "1.50"

[aliases]
prod-chat-01 = "my-model"
"""


@pytest.fixture
def write(tmp_path):
    def written(text: str, name: str = "budgets.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


def build(source, **options) -> BudgetManager:
    return BudgetManager.from_config(source, environment=options.pop("environment", {}), **options)


def test_a_file_says_limits_tiers_prices_and_aliases(write):
    """Every part of the file has its effect."""
    budget = build(write(WHOLE))
    by_name = {limit.name: limit for limit in budget.limits}
    assert by_name["global_cost_limit"].usd == "100.00"
    assert by_name["plans"].window == Calendar("month", "Europe/Berlin", 5)
    assert isinstance(budget.limits[-1].window, Sliding)
    assert budget.limits[-1].scopes == ("user", "model")
    assert not budget.limits[-1].enforce
    assert budget.missing_user == "share"
    assert budget.record(input_tokens=1_000_000, output_tokens=0, model="prod-chat-01", user_key="ada").cost == Decimal(
        "0.50"
    )


def test_tiers_decide_what_a_user_may_spend(write):
    """A member of a tier has its amount, everyone else the default tier's."""
    budget = build(write(WHOLE))
    with budget.reserve(usd="20", user_key="ada"):
        pass
    with pytest.raises(BudgetExceeded), budget.reserve(usd="20", user_key="bob"):
        pass


def test_a_function_may_know_the_tier(write):
    """`tier_of` goes before the members that the file names."""
    budget = build(write(WHOLE), tier_of={"bob": "pro"}.get)
    with budget.reserve(usd="20", user_key="bob"):
        pass


def test_a_table_of_pyproject_is_read(write):
    """`[tool.llm-token-budget]` holds what a file of its own would."""
    text = '[project]\nname = "x"\n\n[tool.llm-token-budget]\nglobal_token_limit = 10\n'
    assert build(write(text, "pyproject.toml")).limits[0].tokens == 10


def test_the_environment_goes_before_the_file(write):
    """A deployment changes a figure without touching the file."""
    environment = {"LLM_TOKEN_BUDGET_GLOBAL_COST_LIMIT": "0.10", "LLM_TOKEN_BUDGET_MISSING_USER": "exempt"}
    budget = build(write(WHOLE), environment=environment)
    assert budget.limits[0].usd == "0.10"
    assert budget.missing_user == "exempt"


def test_arguments_go_before_everything(write):
    """What the program says itself holds."""
    environment = {"LLM_TOKEN_BUDGET_MISSING_USER": "exempt"}
    assert build(write(WHOLE), environment=environment, missing_user="refuse").missing_user == "refuse"


def test_hooks_are_given_beside_the_file(write):
    """A function can't stand in a file."""
    seen: list[object] = []
    budget = build(write('global_token_limit = 10\nmissing_user = "share"'), on_settle=seen.append)
    with budget.reserve(tokens=5) as reservation:
        reservation.release()
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('global_cost_limt = "1"', 1, "did you mean 'global_cost_limit'?"),
        ('\nmissing_user = "nobody"', 2, "missing_user"),
        ("\n\nper_user_token_limit = 1.5", 3, "whole number"),
        ('[[limits]]\nusd = 1\n\n[[limits]]\nusd = 1\nscop = "user"', 6, "did you mean 'scope'?"),
        ('[[limits]]\nusd = 1\n\n[[limits]]\nusd = "-1"', 4, "usd"),
        ('[[limits]]\nusd = 1\nwindow = { calender = "day" }', 3, "window"),
        ('[[limits]]\nusd = 1\nwindow = { calendar = "month", timezone = "UTC" }', 3, "timezone"),
        ("limits = 3", 1, "[[limits]]"),
        ('[tiers]\ndefault = "a"\nmember = {}', 3, "'members'"),
        ('[[limits]]\nusd = { a = 1 }\ntiered = true\nscope = "user"', 2, "[tiers] default"),
        ('[tiers]\ndefault = "b"\n[[limits]]\nusd = { a = 1 }\ntiered = true\nscope = "user"', 4, "the tier 'b'"),
        ('on_settle = "print"', 1, "unknown key 'on_settle'"),
        ("custom_pricing = {}", 1, "unknown key"),
        ('[prices.m]\ninput = "-1"\noutput = 2', 1, "-1"),
    ],
)
def test_what_a_file_cannot_mean_is_refused_with_its_line(write, text, line, says):
    """The message names the file, the line and the way out."""
    with pytest.raises(ConfigurationError) as refused:
        build(write(text))
    assert f"budgets.toml, line {line}" in str(refused.value)
    assert says in str(refused.value)


def test_a_missing_file_is_named(tmp_path):
    """Nobody runs without limits because of a typo in a path."""
    with pytest.raises(ConfigurationError, match="there is no configuration file"):
        build(tmp_path / "budget.toml")


def test_a_file_that_is_no_toml_is_refused(write):
    """With the parser's own place."""
    with pytest.raises(ConfigurationError, match="not TOML"):
        build(write("global_token_limit = = 3"))


def test_a_pyproject_without_the_table_is_refused(write):
    """An empty budget would guard nothing."""
    with pytest.raises(ConfigurationError, match=r"no table \[tool.llm-token-budget\]"):
        build(write("[project]\n", "pyproject.toml"))


def test_a_tier_that_no_limit_names_is_refused_at_the_call(write):
    """A function that answers nonsense must not mean unlimited."""
    budget = build(write(WHOLE), tier_of=lambda key: "gold")
    with pytest.raises(ConfigurationError, match="'gold'"), budget.reserve(usd=1, user_key="ada"):
        pass


def test_a_mapping_will_do():
    """Whoever reads YAML or a settings service brings the mapping."""
    assert build({"global_token_limit": 5}).limits[0].tokens == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('reset_interval = "1mo"', "reset_interval: "),
        ("global_cost_limit = { a = 1 }", "global_cost_limit: "),
        ("journal_retention = -1", "journal_retention"),
        ('ledger = "foo://x"', "ledger= takes"),
        ("wait_for_held = []", "wait_for_held"),
    ],
)
def test_every_option_is_refused_with_its_line(write, text, says):
    """Also where the error itself speaks of something else."""
    with pytest.raises(ConfigurationError) as refused:
        build(write(f"\n\n{text}"))
    assert "budgets.toml, line 3: " in str(refused.value)
    assert says in str(refused.value)


def test_a_variable_is_named_where_it_is_wrong(write):
    """The file is not to blame."""
    with pytest.raises(ConfigurationError) as refused:
        build(write(WHOLE), environment={"LLM_TOKEN_BUDGET_GLOBAL_COST_LIMIT": "abc"})
    assert str(refused.value).startswith("LLM_TOKEN_BUDGET_GLOBAL_COST_LIMIT: ")
    assert "line" not in str(refused.value)


def test_an_argument_is_not_blamed_on_the_file(write):
    """The program's own mistake has no line."""
    with pytest.raises(ConfigurationError) as refused:
        build(write('ledger = "memory://"\nglobal_cost_limit = 5'), ledger="foo://x")
    assert "budgets.toml" not in str(refused.value)


def test_a_misspelt_variable_is_refused():
    """It must not mean that there is no limit; variables of somebody else's are left alone."""
    with pytest.raises(ConfigurationError, match="did you mean 'LLM_TOKEN_BUDGET_GLOBAL_COST_LIMIT'"):
        build({}, environment={"LLM_TOKEN_BUDGET_GLOBAL_COST_LIMT": "1"})
    others = {"LLM_TOKEN_BUDGET_MODE": "enforce", "LLM_TOKEN_BUDGET_TOKEN": "x", "LLM_TOKEN_BUDGET_TEAM": "web"}
    assert build({}, environment=others).limits == ()


@pytest.mark.parametrize("source", [None, 5, b"x", "a\0b", "\ud800", "k" * 10_000_000, "."])
def test_what_is_no_file_is_refused(source):
    """In a message of a bearable length."""
    with pytest.raises(ConfigurationError) as refused:
        build(source)
    assert len(str(refused.value)) < 1200


def test_a_wrong_mode_in_the_environment_is_not_blamed_on_the_file(tmp_path, monkeypatch):
    """No option is wrong, so none is named."""
    monkeypatch.setenv("LLM_TOKEN_BUDGET_MODE", "obsrve")
    path = tmp_path / "budgets.toml"
    path.write_text('ledger = "memory://"\nglobal_cost_limit = 5\n')
    with pytest.raises(ConfigurationError, match="LLM_TOKEN_BUDGET_MODE is one of") as raised:
        BudgetManager.from_config(path)
    assert "budgets.toml" not in str(raised.value)
