"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest
from llm_token_budget import BudgetExceeded

def spend(session, usd):
    with session.budget.reserve(usd=usd) as reservation:
        reservation.settle(usd=usd)

@pytest.mark.parametrize("number", range({calls}))
def test_call(llm_budget, number):
    spend(llm_budget, "0.10")

@pytest.mark.llm_budget(usd="0.05")
def test_own_limit(llm_budget):
    with pytest.raises(BudgetExceeded):
        spend(llm_budget, "0.06")
"""


@pytest.fixture
def run(pytester, monkeypatch):
    def ran(*options: str, calls: int = 3, text: str = TESTS):
        pytester.makepyfile(text.replace("{calls}", str(calls)))
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options, timeout=120)

    return ran


def test_a_run_within_its_budget_passes_and_says_what_it_spent(run):
    """One line in the summary."""
    result = run("--llm-budget-usd", "0.50")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["llm budget: $0.30 of $0.50 spent, 0 tokens in 3 requests, 1 calls blocked"])


def test_tests_past_the_budget_fail(run):
    """The ones that would go past it, and those that come when nothing is left."""
    result = run("--llm-budget-usd", "0.25")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*BudgetExceeded*"])


def test_tests_past_the_budget_are_skipped_if_asked(run):
    """For a suite whose rest is worth running."""
    result = run("--llm-budget-usd", "0.20", "--llm-budget-skip", "-rs")
    result.assert_outcomes(passed=2, skipped=2)
    result.stdout.fnmatch_lines(["*over budget:*"])


def test_without_options_only_the_marker_limits(run):
    """The fixture works in a run that was given no budget."""
    result = run()
    result.assert_outcomes(passed=4)


def test_a_wrong_marker_is_an_error_of_its_test(run):
    """And says how it is written."""
    result = run(text="import pytest\n@pytest.mark.llm_budget(dollars=1)\ndef test_it(llm_budget): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the marker is llm_budget(usd=...)*"])


def test_workers_share_one_budget(run):
    """Under xdist, 12 tests on 5 calls' worth: 5 pass, whichever worker they are on."""
    result = run("--llm-budget-usd", "0.50", "-n", "2", "-k", "test_call", calls=12)
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] == 5
    assert outcomes.get("failed", 0) + outcomes.get("errors", 0) == 7
    result.stdout.fnmatch_lines(["llm budget: $0.50 of $0.50 spent*"])


def test_it_needs_no_xdist(run):
    """Every run of everybody loads the plugin: most have no pytest-xdist."""
    result = run("-p", "no:xdist", text="def test_it(): pass\n")
    result.assert_outcomes(passed=1)


def test_runs_without_the_fixture_say_nothing(run):
    """Nobody sees the plugin who doesn't use it."""
    result = run(text="def test_it(): pass\n")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*llm budget*")


@pytest.mark.parametrize("amount", ["nan", "-1", "abc"])
def test_an_amount_that_is_none_ends_the_run_at_once(run, amount):
    """One line, and not an error for each test."""
    result = run("--llm-budget-usd", amount)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --llm-budget-usd*"])
    result.stdout.no_fnmatch_line("*test_call*")
