"""The ledger in this process's memory: the default.

- `ledger.py`    the ledger's operations, each under its lock; forks
- `admitting.py`, `ending.py`    what reserving and settling are, once the lock is held
- `tidying.py`, `perishing.py`    what time brings: leases that end, late settles, rows that nobody reads again
- `books.py`    what it knows
"""

from llm_token_budget.ledgers.memory.ledger import REMEMBERED, MemoryLedger
from llm_token_budget.ledgers.memory.perishing import AT_ONCE

__all__ = ["AT_ONCE", "REMEMBERED", "MemoryLedger"]
