"""A journal that can't be written: no settle is lost, and what waits is written later."""

from __future__ import annotations

import gc
import sqlite3
import threading
import time

import pytest

from llm_token_budget import ConfigurationError, MemoryLedger
from llm_token_budget.journal import Journal, writing
from llm_token_budget.journal.memory import MemoryStore
from llm_token_budget.journal.row import Row

from .conftest import budget_on, spend


class Failing(MemoryStore):
    """Refuses while it is told to; counts how often it was asked."""

    name = "a store"

    def __init__(self):
        super().__init__()
        self.fails = False
        self.asked = threading.Semaphore(0)

    def append(self, rows):
        self.asked.release()
        if self.fails:
            raise OSError("the disk is full")
        super().append(rows)


@pytest.fixture
def store():
    return Failing()


@pytest.fixture
def budget(store, clock, monkeypatch):
    monkeypatch.setattr(writing, "CLOSING", 0.0)
    with budget_on(MemoryLedger(clock=clock), Journal(store)) as made:
        yield made


def users(budget):
    return [entry.user_key for entry in budget.journal.entries()]


def test_a_failure_keeps_settles_and_entries(budget, store, caplog):
    """Said once, and written when the store is back."""
    store.fails = True
    for user in ("ada", "bob"):
        spend(budget, user)
        assert not budget.journal.flush()
    assert budget.get_global_stats().requests == 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "the disk is full" in caplog.text
    assert "1 entries wait" in caplog.text
    store.fails = False
    assert users(budget) == ["ada", "bob"]


def test_a_thread_writes_without_being_asked(budget, store):
    """And tries again."""
    store.fails = True
    spend(budget, "ada")
    assert store.asked.acquire(timeout=30)
    assert store.asked.acquire(timeout=30)
    store.fails = False
    until = time.monotonic() + 30
    while not store._entries:
        assert time.monotonic() < until
        threading.Event().wait(0.01)
    assert store._entries[0].draft.user_key == "ada"


def test_the_oldest_are_dropped_and_counted(budget, store, monkeypatch, caplog):
    """Memory doesn't grow without end."""
    monkeypatch.setattr(writing, "KEPT", 50)
    monkeypatch.setattr(writing, "PAGE", 10)
    store.fails = True
    for number in range(100):
        spend(budget, f"user-{number}")
    store.fails = False
    found = users(budget)
    dropped = sum(int(record.args[0]) for record in caplog.records if "were dropped" in record.msg)
    assert found[-1] == "user-99"
    assert len(found) + dropped == 100
    assert 40 <= len(found) <= 60


def test_a_closed_budget_says_what_is_lost(budget, store, caplog):
    """With their number."""
    store.fails = True
    spend(budget, "ada")
    budget.close()
    assert "1 entries are lost" in caplog.text


def test_closing_writes_what_waits(store, clock):
    """The last calls before the end."""
    with budget_on(MemoryLedger(clock=clock), Journal(store)) as budget:
        spend(budget, "ada")
    assert [entry.draft.user_key for entry in store._entries] == ["ada"]


def test_one_entry_that_cant_be_made_takes_no_other_with_it(budget, caplog):
    """Nor the call."""
    spend(budget, "ada")
    budget.journal.settled(None, None)
    spend(budget, "bob")
    assert users(budget) == ["ada", "bob"]
    assert "can't be made" in caplog.text


def test_a_finalizer_may_be_the_caller(budget):
    """A reservation that is dropped is in the journal, too."""
    reservation = budget.reserve(usd="1", user_key="ada").enter()
    del reservation
    gc.collect()
    (entry,) = budget.journal.entries()
    assert (entry.outcome, entry.cost) == ("unconfirmed", 1)


def test_entries_that_are_too_old_are_dropped_by_the_thread(clock, store):
    """A piece at a time, by the ledger's clock."""
    journal = Journal(store, retention="1d", now=clock)
    with budget_on(MemoryLedger(clock=clock), journal) as budget:
        spend(budget, "ada")
        clock.advance(2 * 86_400)
        spend(budget, "bob")
        journal.flush()
        journal._waiting._keep()
        assert users(budget) == ["bob"]


def test_a_broken_file_of_sqlite_keeps_settles(tmp_path, caplog):
    """The journal's table is spoiled, the ledger's are not."""
    path = tmp_path / "budget.db"
    with budget_on(f"sqlite:///{path}?synchronous=normal", True) as budget:
        spend(budget, "ada")
        budget.journal.flush()
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE journal")
            other.execute("CREATE TABLE journal (spoiled TEXT)")
        other.close()
        spend(budget, "bob")
        assert not budget.journal.flush()
        assert budget.get_global_stats().requests == 2
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE journal")
        other.close()
        assert budget.journal.flush()
        assert users(budget) == ["bob"]
    assert "can't be written" in caplog.text


def test_names_of_keys_stay_out_of_the_log(budget, store, caplog):
    """Who was asking is nobody's business there."""
    store.fails = True
    spend(budget, "ada@example.org")
    budget.journal.flush()
    assert "ada@example.org" not in caplog.text


@pytest.mark.parametrize("option", [3, "", 1.5, ["journal.jsonl"]])
def test_what_is_no_journal_is_refused(make_budget, option):
    """With what would do."""
    with pytest.raises(ConfigurationError, match="JSON lines"):
        make_budget(journal=option)


def test_no_journal_unless_asked(make_budget, tmp_path):
    """None and False."""
    assert make_budget().journal is None
    assert make_budget(journal=False).journal is None
    with pytest.raises(ConfigurationError, match="no folder"):
        make_budget(journal=tmp_path / "nowhere" / "journal.jsonl")
    with pytest.raises(ConfigurationError, match="journal_retention"):
        make_budget(journal=True, journal_retention="soon")


def test_rows_hold_no_more_than_they_say():
    """No field for what was asked, answered, or for a key of a provider."""
    assert Row._fields == (
        "key", "kind", "id", "at", "booked_at", "user_key", "session_id", "provider", "model", "dimensions",
        "charged", "replaced", "outcome", "details",
    )  # fmt: skip


def test_what_is_asked_and_answered_is_not_in_it(tmp_path):
    """A whole call through a wrapped client: no text of either side, and not the API key."""
    openai = pytest.importorskip("openai")
    from llm_token_budget import BudgetManager, wrap
    from llm_token_budget.testing import LoopbackProvider

    with (
        LoopbackProvider() as provider,
        BudgetManager(global_cost_limit=5, ledger="memory://", journal=tmp_path / "journal.jsonl") as budget,
    ):
        client = wrap(openai.OpenAI(base_url=provider.openai_base_url, api_key="sk-very-secret"), budget)
        answer = client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "whisper-of-mine"}], max_tokens=20
        )
        client.close()
    text = (tmp_path / "journal.jsonl").read_text()
    assert "gpt-4o" in text
    assert '"outcome":"billed"' in text
    said = answer.choices[0].message.content
    assert said
    for secret in ("whisper-of-mine", "sk-very-secret", said):
        assert secret not in text
