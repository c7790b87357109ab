"""`copy`: from one ledger to another."""

from __future__ import annotations

import pytest

from llm_token_budget import BudgetManager
from llm_token_budget.cli.commands import copy as copying


@pytest.fixture
def target(tmp_path):
    return f"sqlite:///{tmp_path / 'new.db'}"


def test_what_was_spent_is_there_afterwards(budget, ledger, target, llm, config):
    """For everyone and for each user, and what was set by hand; the old ledger stays as it is."""
    budget.set_limit("plan", "ada", "0.25")
    code, out, err = llm("copy", ledger, target)
    assert (code, err) == (0, "")
    assert "1 amounts set by hand" in out
    with BudgetManager.from_config(config, ledger=target, environment={}) as moved:
        assert str(moved.get_global_stats().total_cost) == "0.35"
        assert [each.user_key for each in moved.get_all_user_stats()] == ["ada", "bob"]
        assert {row.limit.name: str(row.limit.amount) for row in moved.remaining("ada")}["plan"] == "0.25"
    assert str(budget.get_global_stats().total_cost) == "0.35"


def test_again_counts_nothing_twice(budget, ledger, target, ask):
    """Only what is new since."""
    first = ask("copy", ledger, target)
    assert (first["counters"] > 0, first["overrides"], first["open_reservations"]) == (True, 0, 0)
    assert ask("copy", ledger, target)["counters"] == 0
    with budget.reserve(usd="0.01", user_key="bob") as reservation:
        reservation.settle(usd="0.01")
    ask("copy", ledger, target)
    assert ask("stats", "--ledger", target)["total_cost"] == "0.36"


def test_what_is_open_is_said(budget, ledger, target, llm):
    """It stays in the old ledger, and comes with the next copy."""
    with budget.reserve(usd="0.01", user_key="bob") as reservation:
        code, _, err = llm("copy", ledger, target, "--json")
        assert code == 0
        assert "1 reservations are open" in err
        reservation.release()


@pytest.mark.parametrize(
    ("of", "to", "said"),
    [
        ("sqlite:///{}/nothing.db", "sqlite:///{}/new.db", "there is no ledger"),
        ("sqlite:///{}/budget.db", "memory", "TO is a memory ledger"),
        ("memory", "sqlite:///{}/new.db", "FROM is a memory ledger"),
        ("sqlite:///{}/budget.db", "mysql://root:secret@host/x", "mysql"),
    ],
)
def test_what_cannot_be_copied_is_one_line(budget, tmp_path, llm, of, to, said):
    """Exit code 2: it was wrongly asked. No password is repeated, and no file is made."""
    code, out, err = llm("copy", of.format(tmp_path), to.format(tmp_path))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert "secret" not in err
    assert not (tmp_path / "nothing.db").exists()


def test_a_ledger_and_itself(ledger, llm):
    """Wrongly asked."""
    code, _, err = llm("copy", ledger, ledger)
    assert code == 2
    assert "the same" in err


def test_a_server_that_is_away(budget, ledger, llm):
    """Exit code 1, in one line, without the password."""
    code, _, err = llm("copy", ledger, "redis://:secret@127.0.0.1:1/0")
    assert (code, err.count("\n")) == (1, 1)
    assert "127.0.0.1:1" in err
    assert "secret" not in err


def test_progress_shows_where_somebody_looks(budget, ledger, target, llm, monkeypatch):
    """On a terminal, beside what is printed."""
    monkeypatch.setattr(copying.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    code, out, err = llm("copy", ledger, target)
    assert code == 0
    assert "counters" in err
    assert out.startswith("copied: ")
