"""A command line, and a budget on a file that it looks at."""

from __future__ import annotations

import json

import pytest

from llm_token_budget import BudgetManager
from llm_token_budget.cli.app import run

CONFIG = """
ledger = "{ledger}"
global_cost_limit = "1.00"
missing_user = "share"

[[limits]]
name = "plan"
usd = "0.50"
scope = "user"
"""


@pytest.fixture
def ledger(tmp_path):
    return f"sqlite:///{tmp_path / 'budget.db'}"


@pytest.fixture
def config(tmp_path, ledger, monkeypatch):
    """Where budgets.toml lies, the commands find it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LLM_TOKEN_BUDGET_LEDGER", raising=False)
    path = tmp_path / "budgets.toml"
    path.write_text(CONFIG.format(ledger=ledger))
    return path


@pytest.fixture
def budget(config):
    """What an application has spent: ada $0.30, bob $0.05, and 10 of ada's tokens unconfirmed."""
    with BudgetManager.from_config(config, environment={}) as budget:
        for user, usd in (("ada", "0.30"), ("bob", "0.05")):
            with budget.reserve(usd=usd, user_key=user) as reservation:
                reservation.settle(usd=usd)
        yield budget


@pytest.fixture
def llm(capsys):
    """Run a command line: (exit code, what it printed, what it complained of)."""

    def called(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return called


@pytest.fixture
def ask(llm):
    """Run a command line with --json: what it answered."""

    def asked(*arguments: str):
        code, out, err = llm(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return asked
