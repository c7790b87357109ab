"""Several processes, one journal: side by side, killed, forked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from llm_token_budget import BudgetManager
from llm_token_budget.journal import Journal
from llm_token_budget.journal.query import Query

from .conftest import spend

WRITER = Path(__file__).with_name("writer.py")


def started(*arguments) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WRITER), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ended(process) -> None:
    process.communicate("\n", timeout=120)
    assert process.returncode == 0


def test_two_processes_append_to_one_file(tmp_path):
    """No line is lost, cut or mixed with another."""
    path = tmp_path / "journal.jsonl"
    writers = [started("memory://", path, "user-" + str(number) * 500, 3_000) for number in range(2)]
    drains = [threading.Thread(target=ended, args=(writer,)) for writer in writers]
    for drain in drains:
        drain.start()
    for drain in drains:
        drain.join()
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 6_000
    totals = Journal(path).totals("user")
    assert [(total.requests, total.cost) for total in totals] == [(3_000, 30), (3_000, 30)]


@pytest.mark.parametrize("kept", ["lines", "ledger"])
def test_a_killed_process_loses_its_last_batch_and_no_settle(tmp_path, kept):
    """What the ledger acknowledged is there; of the journal at most the last moment is missing."""
    ledger = f"sqlite:///{tmp_path / 'budget.db'}?synchronous=normal"
    path = tmp_path / "journal.jsonl"
    process = started(ledger, path if kept == "lines" else "-", "ada", 100_000)
    assert process.stdout is not None
    seen = 0
    # It goes on until it has written for a while, then dies in the midst of it.
    with BudgetManager(global_cost_limit=1_000_000, ledger=ledger, journal=path if kept == "lines" else True) as budget:
        while sum(total.requests for total in budget.journal.totals("user")) < 200:
            process.stdout.readline()
            seen += 1
        process.kill()
        seen += len(process.stdout.read().splitlines())
        process.wait()
        process.stdout.close()
        process.stdin.close()
        spent, entries = budget.get_user_stats("ada").requests, len(list(budget.journal.entries()))
        assert spent >= seen
        assert 200 <= entries <= spent
        spend_of_ours(budget)
        assert len(list(budget.journal.entries())) == entries + 1


def spend_of_ours(budget):
    with budget.reserve(usd="0.01", user_key="bob") as reservation:
        reservation.settle(usd="0.01")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_writes_its_own_entries_alone(place, budget):
    """What waited in the parent is the parent's to write."""
    if not budget.ledger.blocking:
        pytest.skip("a memory ledger belongs to one process")
    spend(budget, "parent")
    child = os.fork()
    if not child:
        code = 1
        try:
            spend(budget, "child")
            code = 0 if budget.journal.flush() else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    spend(budget, "parent")
    assert {total.key: total.requests for total in budget.journal.totals("user")} == {"parent": 2, "child": 1}


def test_a_file_that_was_moved_away_is_begun_anew(make_budget, tmp_path):
    """As logrotate does."""
    path = tmp_path / "journal.jsonl"
    with make_budget(global_cost_limit=1, journal=path) as budget:
        spend(budget, "ada")
        budget.journal.flush()
        path.rename(tmp_path / "old.jsonl")
        spend(budget, "bob")
        assert [entry.user_key for entry in budget.journal.entries()] == ["bob"]
    assert [entry.user_key for entry in Journal(tmp_path / "old.jsonl").entries()] == ["ada"]


def test_a_cut_line_spoils_no_other(make_budget, tmp_path):
    """Of a full disk, or of a process that died."""
    path = tmp_path / "journal.jsonl"
    with make_budget(global_cost_limit=1, journal=path) as budget:
        spend(budget, "ada")
        budget.journal.flush()
        whole = path.read_bytes()
        path.write_bytes(whole + whole[:40])
        spend(budget, "bob")
        assert [entry.user_key for entry in budget.journal.entries()] == ["ada", "bob"]


def test_a_batch_that_is_written_twice_counts_once(budget):
    """After an answer that was lost."""
    spend(budget, "ada")
    budget.journal.flush()
    store = budget.journal.store
    rows = list(store.read(Query()))
    if store.name == "memory":
        pytest.skip("nothing is lost on the way to memory")
    store.append(rows)
    (total,) = budget.journal.totals("user")
    assert total.requests == 1


def test_a_file_is_its_owners_alone(make_budget, tmp_path):
    """It says who spends what."""
    path = tmp_path / "journal.jsonl"
    with make_budget(global_cost_limit=1, journal=path) as budget:
        spend(budget, "ada")
    assert path.stat().st_mode & 0o077 == 0
