"""Where amounts are kept: the protocol that every store speaks, and the stores."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from llm_token_budget.ledgers.base import Ledger
from llm_token_budget.ledgers.memory import MemoryLedger

if TYPE_CHECKING:
    from llm_token_budget.ledgers.postgres import PostgresLedger
    from llm_token_budget.ledgers.redis import RedisLedger
    from llm_token_budget.ledgers.sqlite import SQLiteLedger

__all__ = ["Ledger", "MemoryLedger", "PostgresLedger", "RedisLedger", "SQLiteLedger"]

# Their drivers are imported when they are asked for, not before.
_HOMES: Final = {"PostgresLedger": "postgres", "RedisLedger": "redis", "SQLiteLedger": "sqlite"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
