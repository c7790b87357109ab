"""Files for ledgers under test: each new, all removed when the tests end."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from functools import cache
from pathlib import Path

from llm_token_budget.ledgers.sqlite import SQLiteLedger

from .building import FakeClock

_numbers = itertools.count(1)


@cache
def folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="llm-token-budget-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def new_file() -> str:
    return str(folder() / f"budget {next(_numbers)}.db")


def sqlite_ledger(clock: FakeClock) -> SQLiteLedger:
    """A ledger in a new file. What would survive a loss of power is not what its answers show: so it may be quicker."""
    return SQLiteLedger(new_file(), clock=clock, synchronous="normal")
