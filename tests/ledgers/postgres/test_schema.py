"""The tables of a PostgreSQL ledger: who makes them, and what becomes of other versions."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from llm_token_budget.errors import ConfigurationError, LedgerUnavailable
from llm_token_budget.ledgers.base import Expired
from llm_token_budget.ledgers.operations import Reap
from llm_token_budget.ledgers.postgres import PostgresLedger
from llm_token_budget.ledgers.postgres import schema as schemas
from llm_token_budget.ledgers.postgres.address import quoted

from ..building import balance, hold, spent, truth
from ..postgres_server import new_schema, postgres


@pytest.fixture
def make():
    made = []

    def make(schema: str, url: str | None = None, **options: Expired) -> PostgresLedger:
        made.append(PostgresLedger(url or postgres().url, schema=schema, retry_for=0.0, **options))
        return made[-1]

    yield make
    for ledger in made:
        ledger.close()


@pytest.mark.parametrize("first", ["use", "migrate"])
def test_the_tables_are_made_on_first_use_or_by_hand(make, first):
    """Both ways, and again, which changes nothing."""
    schema = new_schema()
    ledger = make(schema)
    ledger.migrate() if first == "migrate" else ledger.ping()
    ledger.settle(hold(ledger, "a", 100), truth(60))
    ledger.migrate()
    assert spent(make(schema)) == 60


def test_threads_that_come_first_at_once_make_them_once(make):
    """Sixteen ledgers without a table between them. (test_processes.py does so with processes.)"""
    schema = new_schema()
    ledgers = [make(schema) for _ in range(16)]
    threads = [threading.Thread(target=hold, args=(ledger, str(number), 1)) for number, ledger in enumerate(ledgers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert balance(ledgers[0]).reserved.tokens == 16


@pytest.mark.parametrize("name", ['quo"te', "it's", "100%s %(x)s", "semi;colon --", "Größe", "new\nline", "select"])
def test_schemas_of_any_name_work(make, name):
    """Quotes, percent signs and keywords are part of the name."""
    ledger = make(f"{name} {new_schema()}")
    ledger.settle(hold(ledger, "a", 100), truth(60))
    ledger.set_limit("x", None, 5)
    assert spent(ledger) == 60


def test_a_version_from_the_future_is_refused(make, database):
    """Nothing is done with tables that this version doesn't know."""
    schema = new_schema()
    make(schema).migrate()
    database.execute(f'UPDATE "{schema}".meta SET version = 1000')
    ledger = make(schema)
    for ask in (ledger.ping, ledger.migrate):
        with pytest.raises(ConfigurationError, match="upgrade it"):
            ask()


def test_an_old_version_is_moved_forward(make, database, monkeypatch):
    """One step after the other, and what was counted stays."""
    schema = new_schema()
    old = make(schema)
    old.settle(hold(old, "a", 100), truth(60))
    scripts = {
        "second": "ALTER TABLE @schema@.counters ADD COLUMN second integer",
        "third": "CREATE TABLE @schema@.third ()",
    }
    read = schemas._script

    def script(name, of):
        text = scripts.get(name)
        return read(name, of) if text is None else text.replace("@schema@", of).encode()

    monkeypatch.setattr(schemas, "_script", script)
    now = schemas.VERSION
    monkeypatch.setattr(schemas, "UPGRADES", {now + 1: "second", now + 2: "third"})
    monkeypatch.setattr(schemas, "VERSION", now + 2)
    assert spent(make(schema)) == 60
    assert database.execute(
        f'SELECT version, (SELECT count(second) FROM "{schema}".counters) FROM "{schema}".meta'
    ).fetchone() == (now + 2, 0)


def test_tables_of_version_1_are_moved_forward(make, database):
    """What is open there is charged when its lease ends, as it was then; what is reserved from now on says itself."""
    schema = new_schema()
    old = make(schema)
    hold(old, "before", 100, lease=0.01)
    database.execute(f'ALTER TABLE "{schema}".reservations DROP COLUMN gives_back')
    database.execute(f'UPDATE "{schema}".meta SET version = 1')
    ledger = make(schema, expired="release")
    hold(ledger, "after", 10, lease=0.01)
    until = time.monotonic() + 10
    while balance(ledger).reserved and time.monotonic() < until:
        ledger.perform(Reap())
    assert spent(ledger) == 100


def test_a_failed_move_changes_nothing(make, database, monkeypatch):
    """The old version goes on working with what was there."""
    schema = new_schema()
    hold(make(schema), "a", 100)
    read = schemas._script
    with monkeypatch.context() as patch:
        patch.setattr(schemas, "_script", lambda name, of: b"SELECT 1/0" if name == "second" else read(name, of))
        patch.setattr(schemas, "UPGRADES", {schemas.VERSION + 1: "second"})
        patch.setattr(schemas, "VERSION", schemas.VERSION + 1)
        with pytest.raises(LedgerUnavailable):
            make(schema).ping()
    assert balance(make(schema)).reserved.tokens == 100


def test_who_may_not_make_tables_may_use_them(make, database):
    """An administrator runs migrate(); the application needs no more than to read and write."""
    schema, role = new_schema(), new_schema()
    make(schema).migrate()
    database.execute(f'CREATE ROLE "{role}" LOGIN')
    database.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"')
    database.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO "{role}"')
    database.execute(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "{schema}" TO "{role}"')
    url = postgres().url.replace("budget@", f"{role.replace(' ', '%20')}@")
    ledger = make(schema, url)
    ledger.settle(hold(ledger, "a", 100), truth(60))
    assert spent(ledger) == 60
    with pytest.raises(LedgerUnavailable) as lost:
        make(new_schema(), url).ping()
    assert isinstance(lost.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_a_schema_that_is_there_is_used(make, database):
    """An administrator may have made it, and given it away."""
    schema = new_schema()
    database.execute(f"CREATE SCHEMA {quoted(schema)}")
    assert hold(make(schema), "a", 1)


def test_tables_that_were_dropped_are_made_again(make, database):
    """The operation that finds them gone fails, the next one begins anew."""
    schema = new_schema()
    ledger = make(schema)
    hold(ledger, "a", 100)
    database.execute(f'DROP SCHEMA "{schema}" CASCADE')
    with pytest.raises(LedgerUnavailable):
        hold(ledger, "b", 1)
    ledger.ping()
    assert balance(ledger).reserved.tokens == 0


def test_threads_that_had_looked_before_see_what_another_has_made_since(make, caplog):
    """Whoever waited for the lock finds the tables, and doesn't try to make them once more: nothing is said in the log."""
    for _ in range(5):
        schema = new_schema()
        ledgers = [make(schema) for _ in range(8)]
        threads = [threading.Thread(target=ledger.ping) for ledger in ledgers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not caplog.records
