"""The ledger in Redis or Valkey: one server, a server behind sentinels, or a cluster."""

from llm_token_budget.ledgers.redis.ledger import RedisLedger

__all__ = ["RedisLedger"]
