"""Sums over a journal: what a user, a session, a model, a day or a dimension came to."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple, cast

from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.journal.coding import dimensions_from_json
from llm_token_budget.journal.query import Query
from llm_token_budget.journal.store import DAY, Column, Group, Store
from llm_token_budget.money import usd_from_nano


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalTotal:
    """What all calls of one key came to."""

    key: str | None
    """The user, session, model, provider or day (`2026-11-24`, in UTC); None: calls that have none."""
    user_key: str | None = None
    """Of a session: whose it is. Sessions of two users are two, whatever they are called."""
    cost: Decimal
    """USD."""
    cost_nano_usd: int
    tokens: int
    """Input and output together."""
    requests: int


_COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "user": ("user_key",),
    "session": ("session_id", "user_key"),
    "model": ("model",),
    "provider": ("provider",),
    "day": ("day",),
}

Key = tuple[str | int | None, ...]


class _Amounts(NamedTuple):
    nano_usd: int
    tokens: int
    requests: int


def totals_of(store: Store, query: Query, by: str, limit: int | None) -> list[JournalTotal]:
    """The dearest first; of the same cost those of more tokens, then by key.

    Raises:
        ConfigurationError: `by` is no name.
    """
    if not isinstance(by, str) or not by:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"by= is 'user', 'session', 'model', 'provider', 'day' or the name of a dimension, not {shown_value(by)}"
        )
    own = _COLUMNS.get(by, ())
    asked = own if own and not query.dimensions else (*own, "dimensions")
    sums = _added_up(store.groups(query, asked), query, by, len(own), filtered=len(asked) > len(own))
    ordered = sorted(sums.items(), key=_order) if limit is None else heapq.nsmallest(limit, sums.items(), key=_order)
    return [_total(key, amounts, by) for key, amounts in ordered]


def _added_up(groups: Iterable[Group], query: Query, by: str, own: int, *, filtered: bool) -> dict[Key, _Amounts]:
    sums: dict[Key, _Amounts] = {}
    for values, tokens, nano_usd, requests in groups:
        key: Key = values[:own]
        if filtered:
            dimensions = dimensions_from_json(cast("str", values[own]))
            if not query.means_dimensions(dimensions):
                continue
            key = key or (dimensions.get(by),)
        before = sums.get(key, _NOTHING)
        sums[key] = _Amounts(before.nano_usd + nano_usd, before.tokens + tokens, before.requests + requests)
    return sums


_NOTHING: Final = _Amounts(0, 0, 0)


def _order(item: tuple[Key, _Amounts]) -> tuple[int, int, tuple[str, ...]]:
    key, amounts = item
    return -amounts.nano_usd, -amounts.tokens, tuple(map(str, key))


def _total(key: Key, amounts: _Amounts, by: str) -> JournalTotal:
    name = key[0]
    if by == "day":
        name = f"{datetime.fromtimestamp(cast('int', name) * DAY, UTC):%Y-%m-%d}"
    return JournalTotal(
        key=cast("str | None", name),
        user_key=cast("str | None", key[1]) if by == "session" else None,
        cost=usd_from_nano(amounts.nano_usd),
        cost_nano_usd=amounts.nano_usd,
        tokens=amounts.tokens,
        requests=amounts.requests,
    )
