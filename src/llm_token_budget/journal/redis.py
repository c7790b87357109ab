"""A journal in the server of a Redis ledger: a sorted set beside its keys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from llm_token_budget.journal.coding import as_json, from_json
from llm_token_budget.journal.query import Query
from llm_token_budget.journal.row import Row
from llm_token_budget.journal.store import PAGE, Store
from llm_token_budget.ledgers.redis.ledger import RedisLedger


class RedisStore(Store):
    """Keeps rows under `<prefix>:journal`, by time. A member begins with its key, so that those of one time have an order."""

    def __init__(self, ledger: RedisLedger) -> None:
        self._ledger = ledger
        self.name = ledger.name
        self._set = ledger.prefix + b":journal"

    def append(self, rows: Sequence[Row]) -> None:
        members = [part for row in rows for part in (repr(row.at), f"{row.key} {as_json(row)}")]
        self._ask("ZADD", *members)

    def read(self, query: Query) -> Iterator[Row]:
        low, high = _bound(query.since), f"({_bound(query.until)}" if query.until < math.inf else "+inf"
        seen, last = 0, ""
        while True:
            found = self._ask("ZRANGEBYSCORE", low, high, "LIMIT", seen, PAGE)
            for member in found:
                row = _row_of(member)
                # The next page begins where this one ends: with those of the same time that were not in it.
                place = _bound(row.at)
                seen = seen + 1 if place == last else 1
                low = last = place
                if query.means(row):
                    yield row
            if len(found) < PAGE:
                return

    def prune(self, before: float, at_most: int = PAGE) -> int:
        high = f"({_bound(before)}"
        # Up to the time of one of them, so that two processes that do this at once drop nothing younger.
        found = self._ask("ZRANGEBYSCORE", "-inf", high, "LIMIT", at_most - 1, 1)
        return int(self._ask("ZREMRANGEBYSCORE", "-inf", _bound(_row_of(found[0]).at) if found else high))

    def exists(self) -> bool:
        return bool(self._ask("EXISTS"))

    def _ask(self, command: str, *arguments: str | int) -> Any:
        return self._ledger.run(lambda client: client.execute_command(command, self._set, *arguments))


def _row_of(member: bytes) -> Row:
    return from_json(bytes(member).partition(b" ")[2])


def _bound(at: float) -> str:
    return repr(at) if math.isfinite(at) else "-inf" if at < 0 else "+inf"
