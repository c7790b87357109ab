"""Where amounts are kept: the protocol that every store speaks, and the stores."""

from llm_token_budget.ledgers.base import Ledger
from llm_token_budget.ledgers.memory import MemoryLedger

__all__ = ["Ledger", "MemoryLedger"]
