"""The ledger in PostgreSQL: `ledger="postgresql://..."`, or `PostgresLedger(...)`. Needs the extra `postgres`."""

from llm_token_budget.ledgers.postgres.ledger import PostgresLedger

__all__ = ["PostgresLedger"]
