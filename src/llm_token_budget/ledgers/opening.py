"""From a URL to its ledger. A store's driver is imported when it is asked for, not before."""

from __future__ import annotations

import re
from typing import Final, cast
from urllib.parse import parse_qsl

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.ledgers.base import DAY, Expired, Ledger
from llm_token_budget.ledgers.memory import MemoryLedger
from llm_token_budget.ledgers.stored import OnError

KNOWN: Final = (
    "'memory', 'sqlite:///budget.db', 'redis://...', 'rediss://...', 'redis+cluster://...', 'postgresql://...'"
)


def open_ledger(ledger: object, *, idle_seconds: float = 30 * DAY, on_error: OnError = "refuse") -> Ledger:
    """The ledger that a URL names.

    Args:
        ledger: a URL, `"memory"`, or a ledger, which is returned as it is. `expired=release` in any URL's query: reservations
            that nobody has ended when their lease ends are given back (see `StoredLedger`).
        idle_seconds: counters of sessions and runs that nobody has touched for so long are dropped.
        on_error: what a call gets if the store can't be reached.

    Raises:
        ConfigurationError: nothing that this version knows, or a driver that is not installed.
    """
    if isinstance(ledger, Ledger):
        return ledger
    if ledger in ("memory", "memory://"):
        return MemoryLedger(idle_seconds=idle_seconds)
    if isinstance(ledger, str) and ledger.startswith("memory://?"):
        return MemoryLedger(idle_seconds=idle_seconds, expired=_expired_in(ledger))
    # Only the scheme goes into messages: the rest of a URL, and any other string, may hold a password.
    if not isinstance(ledger, str):
        raise _unknown(f"{type(ledger).__name__} objects")
    scheme = re.match(r"[a-z][a-z0-9+.-]{0,40}(?=://)", ledger, re.IGNORECASE)
    match scheme[0].lower() if scheme else "":
        case "sqlite":
            from llm_token_budget.ledgers.sqlite import SQLiteLedger

            return SQLiteLedger.from_url(ledger, idle_seconds=idle_seconds, on_error=on_error)
        case "redis" | "rediss" | "valkey" | "valkeys" | "redis+cluster" | "rediss+cluster" | "redis+sentinel":
            from llm_token_budget.ledgers.redis import RedisLedger

            return RedisLedger.from_url(ledger, idle_seconds=idle_seconds, on_error=on_error)
        case "postgresql" | "postgres":
            from llm_token_budget.ledgers.postgres import PostgresLedger

            return PostgresLedger.from_url(ledger, idle_seconds=idle_seconds, on_error=on_error)
        case _:
            raise _unknown(f"URLs like {scheme[0]!r}" if scheme else "such a string")


def _expired_in(url: str) -> Expired:
    """The one option that a memory URL has."""
    options = dict(parse_qsl(url.partition("?")[2], keep_blank_values=True))
    if unknown := options.keys() - {"expired"}:
        raise ConfigurationError(f"memory URLs know the option expired, not {min(unknown)!r:.40}")
    return cast("Expired", options.get("expired", "charge"))


def _unknown(named: str) -> ConfigurationError:
    return ConfigurationError(f"ledger= takes {KNOWN} or a Ledger; this version has none for {named}")
