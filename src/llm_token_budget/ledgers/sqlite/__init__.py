"""A ledger in an SQLite file, by the standard library's driver.

- `ledger.py`    the ledger; `location.py`: its URL
- `writer.py`    one writer per process: whatever waits goes into one transaction
- `steps.py`    what an operation does in it: `admitting.py`, `ending.py`, `counting.py`
- `tables.py`    what they do it to: `rows.py`, `reservations.py`, `overrides.py`; `coding.py`: values as text
- `reader.py`, `reading.py`    lists, beside the writer
- `connecting.py`, `schema.py`, `schema.sql`, `forking.py`    opening the file, its tables and their versions, forks
"""

from llm_token_budget.ledgers.sqlite.ledger import SQLiteLedger

__all__ = ["SQLiteLedger"]
