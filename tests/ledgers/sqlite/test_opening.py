"""Opening a file: new ones, old ones, and what is none of ours."""

from __future__ import annotations

import os
import sqlite3
import threading

import pytest

from llm_token_budget import BudgetManager
from llm_token_budget.errors import ConfigurationError, LedgerUnavailable
from llm_token_budget.ledgers.opening import open_ledger
from llm_token_budget.ledgers.sqlite import SQLiteLedger, schema
from llm_token_budget.ledgers.sqlite.schema import MIGRATIONS, statements

from ..building import EVERYONE, claim, grant, hold, spent, truth, user


def pragma(path: str, text: str):
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return connection.execute(f"PRAGMA {text}").fetchone()
    finally:
        connection.close()


def test_what_was_spent_is_there_when_the_file_is_opened_again(path):
    """A ledger is what is in its file."""
    first = SQLiteLedger(path)
    first.settle(hold(first, "a", 100), truth(60))
    first.close()
    second = SQLiteLedger(path)
    assert spent(second) == 60
    second.close()


def test_a_closed_ledger_opens_its_file_again(path):
    """By itself, with the next operation."""
    ledger = SQLiteLedger(path)
    ledger.record((EVERYONE,), truth(1))
    ledger.close()
    ledger.record((EVERYONE,), truth(1))
    assert spent(ledger) == 2
    ledger.close()


def test_a_closed_ledger_leaves_one_file(path):
    """The write-ahead log is in it, and gone."""
    ledger = SQLiteLedger(path)
    ledger.record((EVERYONE,), truth(1))
    ledger.close()
    ledger.close()
    folder = os.path.dirname(path)
    assert os.listdir(folder) == ["budget.db"]


@pytest.mark.parametrize("name", ["with space.db", "100%?#.db", "budgét 🐙.db"])
def test_a_file_may_have_any_name(tmp_path, name):
    """Nothing of it is taken for an option."""
    ledger = SQLiteLedger(str(tmp_path / name))
    ledger.record((EVERYONE,), truth(7))
    ledger.close()
    assert os.listdir(tmp_path) == [name]


def test_a_url_opens_it(path):
    """With its options."""
    ledger = open_ledger(f"sqlite:///{path}?synchronous=normal&busy_timeout=2")
    assert isinstance(ledger, SQLiteLedger)
    ledger.record((EVERYONE,), truth(7))
    assert spent(ledger) == 7
    ledger.close()


def test_a_relative_path_is_one_of_the_working_folder(tmp_path, monkeypatch):
    """And stays it when that changes later."""
    monkeypatch.chdir(tmp_path)
    ledger = SQLiteLedger("here.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ledger.record((EVERYONE,), truth(7))
    assert spent(ledger) == 7
    ledger.close()
    assert (tmp_path / "here.db").exists()
    assert not os.listdir(tmp_path / "elsewhere")


def test_what_reached_the_disk_is_an_option(path):
    """The writer's connection says how."""
    for synchronous, number in (("full", 2), ("normal", 1)):
        ledger = SQLiteLedger(path, synchronous=synchronous)
        ledger.ping()
        assert ledger._writer._connection.execute("PRAGMA synchronous").fetchone() == (number,)
        ledger.close()


def test_a_missing_folder_is_told_at_once(tmp_path):
    """No folder is made by guessing."""
    with pytest.raises(ConfigurationError, match="create it first"):
        BudgetManager(global_token_limit=1, ledger=f"sqlite:///{tmp_path}/nowhere/budget.db")


def test_a_folder_is_no_file(tmp_path):
    """The message names one in it."""
    with pytest.raises(ConfigurationError, match=r"budget\.db"):
        SQLiteLedger(str(tmp_path))


def test_garbage_is_refused(path):
    """And left as it is."""
    with open(path, "wb") as file:
        file.write(b"not a database " * 1000)
    with pytest.raises(ConfigurationError, match="not an SQLite database"):
        SQLiteLedger(path)
    with open(path, "rb") as file:
        assert file.read().startswith(b"not a database")


def test_a_damaged_file_is_refused(path):
    """Its first page is whole, the others are not."""
    ledger = SQLiteLedger(path)
    ledger.record((EVERYONE, *(user(str(number)) for number in range(500))), truth(1))
    ledger.close()
    with open(path, "r+b") as file:
        file.seek(2048)
        file.write(b"\xff" * (os.path.getsize(path) - 2048))
    with pytest.raises(ConfigurationError, match="restore it from a backup"):
        SQLiteLedger(path)


def test_another_applications_database_is_refused(path):
    """Its tables are left alone."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE counters (theirs)")
    connection.close()
    with pytest.raises(ConfigurationError, match="another application's"):
        SQLiteLedger(path)


def test_a_newer_version_is_refused(path):
    """Whoever wrote it knows something that we don't."""
    SQLiteLedger(path).close()
    pragma(path, f"user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(ConfigurationError, match="newer llm-token-budget"):
        SQLiteLedger(path)


def test_an_older_version_is_brought_forward(path, monkeypatch):
    """Once, with all that is in it; the next opening finds nothing to do."""
    ledger = SQLiteLedger(path)
    ledger.record((EVERYONE,), truth(60))
    ledger.close()
    scripts = {"next.sql": "ALTER TABLE counters ADD COLUMN colour TEXT;\nUPDATE state\nSET tick = tick + 100;\n"}
    before = schema._script
    monkeypatch.setattr(schema, "_script", lambda name: scripts.get(name) or before(name))
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, "next.sql"))
    for _ in range(2):
        ledger = SQLiteLedger(path)
        assert spent(ledger) == 60
        ledger.close()
    assert pragma(path, "user_version") == (len(MIGRATIONS) + 1,)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(colour) FROM counters").fetchone() == (0,)
    assert 100 < connection.execute("SELECT tick FROM state").fetchone()[0] < 200
    connection.close()


def test_a_migration_that_fails_changes_nothing(path, monkeypatch):
    """Whatever came before it in the same step is taken back."""
    SQLiteLedger(path).close()
    before = schema._script
    broken = "CREATE TABLE half (done);\nCREATE TABLE counters (again);\n"
    monkeypatch.setattr(schema, "_script", lambda name: broken if name == "broken.sql" else before(name))
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, "broken.sql"))
    ledger = SQLiteLedger(path, retry_for=0)
    with pytest.raises(LedgerUnavailable, match="already exists"):
        ledger.reserve(claim("a"))
    ledger.close()
    monkeypatch.undo()
    assert pragma(path, "user_version") == (len(MIGRATIONS),)
    ledger = SQLiteLedger(path)
    grant(ledger, claim("a"))
    ledger.close()


def test_a_script_is_taken_apart_into_statements():
    """Semicolons in strings and comments end none."""
    script = "CREATE TABLE a (b); -- one;\nINSERT INTO a\nVALUES (';');\n"
    assert [each.strip() for each in statements(script)] == [
        "CREATE TABLE a (b); -- one;",
        "INSERT INTO a\nVALUES (';');",
    ]


def test_many_may_open_a_new_file_at_the_same_moment(path):
    """One makes the tables, the others wait for it."""
    barrier, errors = threading.Barrier(12), []

    def start() -> None:
        barrier.wait()
        try:
            ledger = SQLiteLedger(path)
            ledger.record((EVERYONE,), truth(1))
            ledger.close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    ledger = SQLiteLedger(path)
    assert spent(ledger) == 12
    ledger.close()
