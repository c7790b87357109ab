"""From what a user says to where a journal is kept. A store's module is imported when it is asked for, not before."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, Protocol, cast

from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.journal.journal import DEFAULT_RETENTION, Journal
from llm_token_budget.journal.store import Store
from llm_token_budget.ledgers.base import Ledger

_IN_LEDGERS: Final = {
    "llm_token_budget.ledgers.memory.ledger.MemoryLedger": ("memory", "MemoryStore"),
    "llm_token_budget.ledgers.sqlite.ledger.SQLiteLedger": ("sqlite", "SQLiteStore"),
    "llm_token_budget.ledgers.redis.ledger.RedisLedger": ("redis", "RedisStore"),
    "llm_token_budget.ledgers.postgres.ledger.PostgresLedger": ("postgres", "PostgresStore"),
}


def read_journal(option: object, ledger: Ledger, retention: Any = DEFAULT_RETENTION) -> Journal | None:
    """The journal that an option means: True (the ledger's store), a path (JSON lines), a `Journal`; None or False: none.

    Raises:
        ConfigurationError: something else, no such folder, or a ledger that can't keep one.
    """
    match option:
        case None | False:
            return None
        case Journal():
            return option
        case True:
            return Journal(ledger, retention=retention)
        case str() | os.PathLike() if os.fspath(cast("str", option)):
            return Journal(cast("str", option), retention=retention, now=ledger.now)
        case _:
            raise ConfigurationError(
                "journal= is True (kept by the ledger's store), the path of a file of JSON lines or a Journal, "
                f"not {shown_value(option)}"
            )


class HasJournal(Protocol):
    """A budget, as far as it matters here."""

    @property
    def journal(self) -> Journal | None: ...

    @property
    def ledger(self) -> Ledger: ...


def find_journal(budget: HasJournal) -> Journal | None:
    """The budget's journal, or the one that other processes keep in its ledger's store; None: there is none."""
    if budget.journal is not None:
        return budget.journal
    if not budget.ledger.blocking or _kind_of(budget.ledger) is None:
        return None
    # Only looked at: what is too old is for those to drop who write it.
    journal = Journal(budget.ledger, retention=None)
    if journal.exists():
        return journal
    journal.close()
    return None


def store_at(place: object) -> Store:
    """The store in a ledger, or at a path.

    Raises:
        ConfigurationError: neither.
    """
    if isinstance(place, Store):
        return place
    if isinstance(place, (str, os.PathLike)):
        from llm_token_budget.journal.lines import LinesStore

        return LinesStore(cast("str", place))
    if not isinstance(place, Ledger):
        raise ConfigurationError(f"a journal is kept by a ledger or in a file, not by {shown_value(place)}")
    kind = _kind_of(place)
    if kind is None:
        raise ConfigurationError(
            f"a {type(place).__name__} has no place for a journal: name a file (journal='journal.jsonl')"
        )
    module, name = kind
    store: Callable[..., Store] = getattr(import_module(f"llm_token_budget.journal.{module}"), name)
    return store() if module == "memory" else store(place)


def _kind_of(ledger: Ledger) -> tuple[str, str] | None:
    found = (_IN_LEDGERS.get(f"{kind.__module__}.{kind.__qualname__}") for kind in type(ledger).__mro__)
    return next(filter(None, found), None)
