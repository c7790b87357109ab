"""Celery with prefork: identity comes with the task, a refusal is final, redelivered work is held once, SIGTERM leaves nothing."""

from __future__ import annotations

import importlib
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from llm_token_budget import BudgetManager
from llm_token_budget.testing import Reply

from .serving import HERE, environment

LIMIT = 1_500


class Bench:
    """A worker of three processes, the application that sends it tasks, and what the tasks have told."""

    def __init__(self, folder, provider, monkeypatch):
        self.folder, self.provider = folder, provider
        for name in ("queue", "control", "told"):
            (folder / name).mkdir()
        self.ledger = f"sqlite:///{folder}/budget.db"
        self.env = environment(
            self.ledger, provider.openai_base_url, BUDGET_LIMIT=str(LIMIT), CELERY_FOLDER=str(folder)
        )
        monkeypatch.setenv("CELERY_FOLDER", str(folder))
        monkeypatch.syspath_prepend(str(HERE))
        monkeypatch.delitem(sys.modules, "celery_app", raising=False)
        self.app = importlib.import_module("celery_app")

    def told(self, what):
        return len(list((self.folder / "told").glob(f"{what}-*")))

    def wait_for(self, arrived):
        until = time.monotonic() + 60
        while not arrived():
            assert time.monotonic() < until, sorted((self.folder / "told").iterdir())
            time.sleep(0.02)

    @contextmanager
    def worker(self):
        options = ["--pool", "prefork", "--concurrency", "3", "--loglevel", "critical"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "celery_app", "worker", *options, *quiet]
        running = subprocess.Popen(
            command, cwd=HERE, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield
            running.send_signal(signal.SIGTERM)
            running.wait(60)
        finally:
            if running.poll() is None:
                running.kill()
                running.wait()

    def stats(self):
        with BudgetManager(per_user_token_limit=LIMIT, ledger=self.ledger) as budget:
            return budget.get_user_stats("ada")


@pytest.fixture
def bench(tmp_path, loopback_provider, monkeypatch):
    loopback_provider.reply(Reply(output_tokens=60, chunk_latency=0.001))
    made = Bench(tmp_path, loopback_provider, monkeypatch)
    yield made
    made.app.app.close()


def test_the_limit_holds_and_a_refusal_is_not_retried(bench):
    """Forty tasks of one user, more than they can pay: each was answered or refused, once."""
    for _ in range(40):
        bench.app.chat.delay(user_key="ada")
    with bench.worker():
        bench.wait_for(lambda: bench.told("answered") + bench.told("refused") >= 40)
    stats = bench.stats()
    assert bench.told("answered") + bench.told("refused") == 40
    assert bench.told("refused")
    assert stats.requests == bench.told("answered") == bench.provider.request_count
    assert stats.total_tokens == bench.provider.bill.total_tokens <= LIMIT
    assert not stats.reserved
    assert not stats.unconfirmed


def test_sigterm_leaves_nothing_open_and_nothing_unconfirmed(bench):
    """Streams that tasks began and nobody reads on."""
    with bench.worker():
        for _ in range(4):
            bench.app.leave_open.delay(user_key="ada")
        bench.wait_for(lambda: bench.told("left") == 4)
    stats = bench.stats()
    assert stats.requests == stats.estimated_requests == 4
    assert not stats.reserved
    assert not stats.unconfirmed


def test_a_redelivered_task_holds_once_and_is_charged_once(bench):
    """Its first worker was killed in the middle of it: the second finds what that one held."""
    with bench.worker():
        bench.app.killed_once.delay(user_key="ada")
        bench.wait_for(lambda: bench.told("done"))
    stats = bench.stats()
    assert (bench.told("killed"), bench.told("done")) == (1, 1)
    assert (stats.requests, stats.total_tokens) == (1, 7)
    assert not stats.reserved
