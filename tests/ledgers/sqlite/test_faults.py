"""A file that can't be written: it is said why, and no settle is lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from contextlib import contextmanager

import pytest

from llm_token_budget.errors import LedgerUnavailable
from llm_token_budget.ledgers.base import Granted
from llm_token_budget.ledgers.operations import Record, Reserve
from llm_token_budget.ledgers.sqlite import SQLiteLedger, writer
from llm_token_budget.ledgers.sqlite.steps import STEPS

from ..building import EVERYONE, claim, grant, hold, limit, reserved, spent, truth, user
from .workers import wait_until

EMOJI = "\N{OCTOPUS}" * 1_024


@pytest.fixture
def ledger(path):
    made = SQLiteLedger(path, busy_timeout=0.05, retry_for=0.0, reap_every=0.02)
    made.ping()
    yield made
    made.close()


@contextmanager
def locked(ledger):
    """Another process writes, and doesn't come to an end."""
    other = sqlite3.connect(ledger.name, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@contextmanager
def read_only(ledger):
    """As SQLite says it of a file that this process may not write: file modes keep no superuser out."""
    connection = ledger._writer._connection
    connection.execute("PRAGMA query_only = ON")
    yield
    connection.execute("PRAGMA query_only = OFF")


@contextmanager
def full(ledger):
    """No page can be added."""
    connection = ledger._writer._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    yield
    connection.execute("PRAGMA max_page_count = 1000000")


FAULTS = {"locked": (locked, "locked by another process for 0.05 s"), "read-only": (read_only, "read-only"),
          "full": (full, "the disk of .* is full")}  # fmt: skip


@pytest.fixture(params=FAULTS)
def fault(request):
    return FAULTS[request.param]


def large(name: str):
    """A claim that needs room on the disk."""
    return claim(f"{name} {EMOJI}", limit(1_000), tokens=10, counters=(EVERYONE, user(name + EMOJI)))


def test_a_call_is_refused_and_told_why(ledger, fault):
    """With what to do about it; when it is over, calls go on, and nothing is held by the one that was refused."""
    broken, message = fault
    with broken(ledger), pytest.raises(LedgerUnavailable, match=message) as refused:
        ledger.reserve(large("a"))
    assert refused.value.unsent
    assert isinstance(refused.value.__cause__, sqlite3.OperationalError)
    grant(ledger, large("b"))
    assert reserved(ledger) == 10


async def test_a_task_is_told_the_same(ledger, fault):
    """Within the deadline."""
    broken, message = fault
    with broken(ledger), pytest.raises(LedgerUnavailable, match=message):
        await ledger.areserve(large("a"))


def test_a_settle_is_kept_and_carried_out_once(ledger, fault):
    """By itself, as soon as the file can be written; sending it again changes nothing."""
    handle = grant(ledger, large("a")).handle._replace(id="a handle of a lost file " + EMOJI)
    with fault[0](ledger):
        assert ledger.settle(handle, truth(60)).first
        assert ledger.settle(handle, truth(60)).first
        assert ledger._later
    ledger.finish()
    assert spent(ledger) == 60
    assert not ledger.settle(handle, truth(60)).first
    assert spent(ledger) == 60


def test_a_record_is_kept_too(ledger, fault):
    """It never refuses."""
    with fault[0](ledger):
        assert ledger.record((EVERYONE, user(EMOJI)), truth(60)) is None
    ledger.finish()
    assert spent(ledger, user(EMOJI)) == spent(ledger) == 60


def test_calls_go_out_unguarded_if_so_chosen(path, caplog):
    """And are booked when the file can be written again."""
    ledger = SQLiteLedger(path, busy_timeout=0.05, retry_for=0.0, on_error="allow")
    ledger.ping()
    with locked(ledger):
        granted = ledger.reserve(claim("a", limit(5), tokens=10))
        assert isinstance(granted, Granted)
        ledger.settle(granted.handle, truth(60))
    ledger.finish()
    assert spent(ledger) == 60
    wait_until(lambda: ledger.unguarded.tokens == 60)
    assert "locked" not in caplog.text or "is back" in caplog.text
    ledger.close()


def test_reading_goes_on_while_another_process_writes(ledger):
    """As it does on a full disk."""
    ledger.record((EVERYONE,), truth(60))
    with locked(ledger):
        assert spent(ledger) == 60
        assert ledger.users(user()) == []
        assert isinstance(ledger.look(claim("a", limit(100), tokens=10)), Granted)


def test_a_file_that_is_free_again_in_time_is_waited_for(path):
    """Nobody notices but for the moment."""
    ledger = SQLiteLedger(path, busy_timeout=60)
    ledger.ping()

    async def reserve_while_locked() -> object:
        with locked(ledger):
            asked = asyncio.create_task(ledger.areserve(claim("a", limit(100), tokens=10)))
            await asyncio.sleep(0.05)
            assert not asked.done()
        return await asked

    assert isinstance(asyncio.run(reserve_while_locked()), Granted)
    ledger.close()


def test_a_file_that_was_removed_is_not_begun_anew(ledger, path, monkeypatch):
    """A budget that is gone is no budget that is unspent."""
    monkeypatch.setattr(writer, "LOOK_EVERY", 0.0)
    ledger.record((EVERYONE,), truth(60))
    shutil.move(path, path + ".moved")
    with pytest.raises(LedgerUnavailable, match="was removed"):
        ledger.reserve(claim("a"))
    assert not os.path.exists(path)
    shutil.move(path + ".moved", path)
    assert spent(ledger) == 60


def test_a_backup_that_was_put_in_its_place_is_used(ledger, path, tmp_path, monkeypatch):
    """The file that was opened is another one by now."""
    monkeypatch.setattr(writer, "LOOK_EVERY", 0.0)
    backup = SQLiteLedger(str(tmp_path / "backup.db"))
    backup.record((EVERYONE,), truth(7))
    backup.close()
    ledger.record((EVERYONE,), truth(60))
    for name in ("-wal", "-shm"):
        os.remove(path + name)
    os.replace(tmp_path / "backup.db", path)
    assert spent(ledger) == 7


def test_damage_is_said_while_running(ledger, path):
    """The settle is kept: a repaired file gets it."""
    handle = hold(ledger, "a", 100)
    ledger.close()
    shutil.copy(path, path + ".whole")
    with open(path, "r+b") as file:
        file.write(b"garbage " * 1_000)
    with pytest.raises(LedgerUnavailable, match="not an SQLite database"):
        ledger.reserve(claim("b"))
    ledger.settle(handle, truth(60))
    os.replace(path + ".whole", path)
    ledger.finish()
    assert (spent(ledger), reserved(ledger)) == (60, 0)


def test_an_interrupted_operation_changes_nothing(ledger, monkeypatch):
    """Ctrl-C in the middle of a transaction: it is taken back, and the next one finds nobody at the file."""
    tables = ledger._writer._tables

    def interrupt() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tables, "save", interrupt)
        with pytest.raises(KeyboardInterrupt):
            ledger.reserve(claim("a", tokens=10))
    ledger.finish()
    assert reserved(ledger) == 0
    assert hold(ledger, "b", 5)


def test_an_operation_within_another_one_is_refused_not_stuck(ledger, monkeypatch):
    """A signal's handler that asks the ledger in the middle of an operation of its own thread."""
    tables = ledger._writer._tables
    save, seen = tables.save, []

    def handler_comes() -> None:
        try:
            ledger._writer.ask(None)
        except LedgerUnavailable as refused:
            seen.append(str(refused))
        save()

    monkeypatch.setattr(tables, "save", handler_comes)
    hold(ledger, "a", 10)
    assert "signal's handler" in seen[0]
    assert reserved(ledger) == 10


def test_one_operation_that_breaks_harms_no_other(ledger, monkeypatch):
    """They share a transaction: it is taken back, and each is carried out by itself."""
    monkeypatch.setitem(STEPS, Record, lambda *_: 1 / 0)
    jobs = [
        writer.Job(Reserve(claim("a", tokens=10))),
        writer.Job(Record("b", (EVERYONE,), truth(1))),
        writer.Job(Reserve(claim("c", tokens=10))),
    ]
    with ledger._writer._turn:
        ledger._writer._carry_out(jobs)
    assert [type(job.error) for job in jobs] == [type(None), ZeroDivisionError, type(None)]
    assert reserved(ledger) == 20
