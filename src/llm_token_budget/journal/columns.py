"""What the journals in SQL databases have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from llm_token_budget.journal.coding import as_bytes, as_json, dimensions_as_json, from_bytes, from_json
from llm_token_budget.journal.query import Query
from llm_token_budget.journal.row import Row
from llm_token_budget.journal.store import PAGE, Column, Group

NAMES: Final = (
    "at", "key", "user_key", "session_id", "provider", "model", "dimensions", "tokens", "nano_usd", "requests", "line",
)  # fmt: skip

_KEYS: Final = ("user_key", "session_id", "provider", "model")


def values_of(row: Row) -> tuple[Any, ...]:
    """A row's values, in the order of `NAMES`."""
    delta = row.delta
    return (
        row.at,
        row.key,
        as_bytes(row.user_key),
        as_bytes(row.session_id),
        as_bytes(row.provider),
        as_bytes(row.model),
        dimensions_as_json(row.dimensions),
        delta.input_tokens + delta.output_tokens,
        delta.nano_usd,
        delta.requests,
        as_json(row),
    )


class Condition(NamedTuple):
    """The part of a query that the database looks at: all but the dimensions."""

    sql: str
    parameters: tuple[Any, ...]


def condition_of(query: Query, mark: str) -> Condition:
    """`mark` stands for a parameter."""
    asked: list[tuple[str, Any]] = []
    if query.since > -math.inf:
        asked.append(("at >= ", query.since))
    if query.until < math.inf:
        asked.append(("at < ", query.until))
    for name, key in (("user_key", query.user_key), ("session_id", query.session_id), ("model", query.model)):
        if key is not None:
            asked.append((f"{name} = ", as_bytes(key)))
    if query.outcome is not None:
        # No key can hold this text: quotes are escaped in it.
        asked.append(("line LIKE ", f'%"outcome":"{query.outcome}"%'))
    return Condition(
        " AND ".join(["TRUE", *(f"{name}{mark}" for name, _ in asked)]), tuple(value for _, value in asked)
    )


def selected(columns: Sequence[Column], day: str) -> str:
    """The columns of a grouping, as SQL; `day` is how a database makes a whole number of a time."""
    return ", ".join(day if column == "day" else column for column in columns)


def read_rows(query: Query, page_after: Callable[[float, str], Sequence[tuple[Any, ...]]]) -> Iterator[Row]:
    """The rows that are meant, from pages of (at, key, line), each after a time and a key."""
    place: tuple[float, str] = (-math.inf, "")
    while True:
        found = page_after(*place)
        for at, key, line in found:
            place = at, key
            row = from_json(line)
            if query.means_dimensions(row.dimensions):
                yield row
        if len(found) < PAGE:
            return


def read_groups(rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> Iterator[Group]:
    """What a grouping answered: the columns, then the sums."""
    number = len(columns)
    for row in rows:
        values = tuple(
            from_bytes(value) if column in _KEYS else value for column, value in zip(columns, row[:number], strict=True)
        )
        tokens, nano_usd, requests = map(int, row[number:])
        yield Group(values, tokens, nano_usd, requests)
