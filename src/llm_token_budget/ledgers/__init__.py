"""Where amounts are kept: the protocol that every store speaks, and the stores.

- `MemoryLedger`     one process; lives as long as it does
- `SQLiteLedger`     one host, many processes: a file
- `RedisLedger`      many hosts: Redis or Valkey, one server or a cluster
- `PostgresLedger`   many hosts, durable when acknowledged: a schema of a database
- `copy_ledger`      moving from one to another: counters, and amounts set by hand; again brings what is new since

Each class says what survives what, and where its numbers are kept. `ledger.ping()` is a round trip to the store,
`ledger.counters()` all that is counted now, `ledger.open_reservations()` how many calls of all processes hold room. Coming
from counters of your own, `budget.record(cost=..., user_key=..., at=...)` books an opening balance.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from llm_token_budget.ledgers.base import Ledger
from llm_token_budget.ledgers.memory import MemoryLedger

if TYPE_CHECKING:
    from llm_token_budget.ledgers.copying import Copied, copy_ledger
    from llm_token_budget.ledgers.postgres import PostgresLedger
    from llm_token_budget.ledgers.redis import RedisLedger
    from llm_token_budget.ledgers.sqlite import SQLiteLedger

__all__ = ["Copied", "Ledger", "MemoryLedger", "PostgresLedger", "RedisLedger", "SQLiteLedger", "copy_ledger"]

# Their drivers are imported when they are asked for, not before.
_HOMES: Final = {
    "Copied": "copying",
    "PostgresLedger": "postgres",
    "RedisLedger": "redis",
    "SQLiteLedger": "sqlite",
    "copy_ledger": "copying",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
