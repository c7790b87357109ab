"""Starting workers, and hearing what they say."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.ledgers.building import EVERYONE

from llm_token_budget.ledgers.base import Amounts, Balance, Stale
from llm_token_budget.ledgers.operations import Reap
from llm_token_budget.ledgers.redis import RedisLedger

SCRIPT = Path(__file__).with_name("worker.py")


class Worker:
    def __init__(self, **task: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), json.dumps(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> dict[str, Any]:
        """The next thing it says."""
        line = self.process.stdout.readline()
        assert line, "the worker has ended"
        return json.loads(line)

    def say(self) -> None:
        self.process.stdin.write("go on\n")
        self.process.stdin.flush()

    def all(self) -> list[dict[str, Any]]:
        """All that it has said and says until it ends."""
        # Not `communicate`: it passes over what `hear` has read ahead.
        with self.process:
            said = self.process.stdout.read()
        # A killed one may have been in the middle of a line.
        return [json.loads(line) for line in said.splitlines() if line.endswith("}")]


def end_all_leases(url: str, prefix: str) -> None:
    """As if they had all run out: a worker comes back, an hour later."""
    late = RedisLedger(url, prefix=prefix, clock=lambda: time.time() + 3_600)
    while (late.perform(Reap()).next_due or float("inf")) <= time.time() + 3_600:
        pass
    late.close()


def balance_of(url: str, prefix: str) -> Balance:
    ledger = RedisLedger(url, prefix=prefix)
    try:
        balances = ledger.read([EVERYONE])
        assert not isinstance(balances, Stale)
        return balances[0]
    finally:
        ledger.close()


NOTHING = Amounts()
