"""`export`: the journal as CSV and as JSON lines."""

from __future__ import annotations

import csv
import io
import json
import sys

import pytest

from llm_token_budget import BudgetManager

FORMULA = '=HYPERLINK("http://evil.example","click")'


@pytest.fixture
def journal(config):
    """Ada spent $0.30 and $0.02 with a team, a hostile key $0.05; $0.04 of ada's was charged and given back."""
    config.write_text("journal = true\n" + config.read_text())
    with BudgetManager.from_config(config, environment={}) as budget:
        for user, usd, team in (("ada", "0.30", "web"), (FORMULA, "0.05", "@team"), ("ada", "0.02", "api")):
            with budget.reserve(usd=usd, user_key=user, session_id="chat", dimensions={"team": team}) as reservation:
                reservation.settle(usd=usd)
        with budget.reserve(usd="0.04", user_key="ada") as reservation:
            reservation.charge_unconfirmed()
        budget.refund(reservation.id)
        assert budget.journal.flush()
        yield budget


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_json_lines_by_default(journal, llm):
    """One object for each entry, money exact and as text."""
    code, out, err = llm("export")
    assert code == 0, err
    entries = [json.loads(line) for line in out.splitlines()]
    assert [(entry["user_key"], entry["cost"]) for entry in entries] == [
        ("ada", "0.3"), (FORMULA, "0.05"), ("ada", "0.02"), ("ada", "0.04"), ("ada", "0"),
    ]  # fmt: skip
    assert entries[0]["dimensions"] == {"team": "web"}
    assert (entries[-1]["kind"], entries[-1]["delta"]["cost"]) == ("refunded", "-0.04")


def test_a_table_adds_up(journal, llm):
    """The delta columns are what was spent."""
    code, out, _ = llm("export", "--csv")
    assert code == 0
    table = rows(out)
    assert sum(float(row["delta_usd"]) for row in table) == pytest.approx(0.37)
    assert sum(int(row["delta_requests"]) for row in table) == 3
    assert json.loads(table[0]["dimensions"]) == {"team": "web"}
    assert table[0]["at"].endswith("+00:00")


def test_no_cell_is_calculated_by_a_spreadsheet(journal, llm):
    """A key that is a formula becomes text; a negative number stays one."""
    table = rows(llm("export", "--csv")[1])
    assert table[1]["user"] == "'" + FORMULA
    assert table[-1]["delta_usd"] == "-0.04"
    for row in table:
        for name in ("user", "session", "model", "dimensions"):
            assert not row[name].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_questions_are_passed_on(journal, llm):
    """By user, session, time and dimension."""

    def users(*arguments):
        code, out, err = llm("export", *arguments)
        assert code == 0, err
        return [json.loads(line)["user_key"] for line in out.splitlines()]

    assert users("--user", FORMULA) == [FORMULA]
    assert users("--session", "chat") == ["ada", FORMULA, "ada"]
    assert users("--dimension", "team=web") == ["ada"]
    assert users("--dimension", "team=web", "--user", "bob") == []
    assert users("--until", "2020-01-01") == []
    assert len(users("--since", "2020-01-01T00:00+01:00")) == 5
    assert users("--model", "gpt-4o") == []


def test_into_a_file_by_its_name(journal, llm, tmp_path):
    """`.csv` makes a table; what was written is said on standard error."""
    code, out, err = llm("export", "--out", str(tmp_path / "journal.csv"))
    assert (code, out) == (0, "")
    assert "5 entries" in err
    assert len(rows((tmp_path / "journal.csv").read_text())) == 5
    assert llm("export", "--out", str(tmp_path / "journal.txt"))[0] == 0
    assert json.loads((tmp_path / "journal.txt").read_text().splitlines()[0])["user_key"] == "ada"


def test_the_ledgers_journal_is_found_without_a_file_of_options(journal, ledger, llm, tmp_path, monkeypatch):
    """The address of the ledger is enough to read it."""
    journal.journal.flush()
    (tmp_path / "budgets.toml").unlink()
    code, out, _ = llm("export", "--ledger", ledger)
    assert code == 0
    assert len(out.splitlines()) == 5


def test_a_file_of_json_lines_is_read(make_budget, llm, tmp_path):
    """Without a ledger."""
    path = tmp_path / "journal.jsonl"
    with make_budget(global_cost_limit=1, journal=path) as budget:
        budget.record(cost="0.10", input_tokens=5, user_key="ada")
    code, out, err = llm("export", "--journal", str(path), "--csv")
    assert code == 0, err
    assert rows(out)[0]["cost_usd"] == "0.1"
    assert llm("export", "--journal", str(tmp_path / "none.jsonl"))[0] == 2


def test_a_ledger_without_a_journal_says_how_to_keep_one(budget, llm):
    """Exit code 2."""
    code, _, err = llm("export")
    assert code == 2
    assert "journal=True" in err


@pytest.mark.parametrize("wrong", [["--dimension", "team"], ["--since", "soon"], ["--dimension", "=web"]])
def test_wrong_questions(journal, llm, wrong):
    """Exit code 2."""
    assert llm("export", *wrong)[0] == 2


def test_hostile_text_is_written_all_the_same(journal, llm):
    """Line breaks stay in their cell, half characters are spelled out."""
    journal.record(cost="0.01", user_key='a\nb,"c"', model="half \ud800")
    journal.journal.flush()
    row = rows(llm("export", "--csv")[1])[-1]
    assert row["user"] == 'a\nb,"c"'
    assert row["model"] == "half \\ud800"
    assert json.loads(llm("export")[1].splitlines()[-1])["model"] == "half \ud800"


def test_progress_shows_to_whoever_looks(journal, llm, tmp_path, monkeypatch):
    """On a terminal, on standard error, and only if the entries go elsewhere."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    code, _, err = llm("export", "--out", str(tmp_path / "journal.csv"))
    assert code == 0
    assert "entries" in err
