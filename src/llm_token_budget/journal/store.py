"""What a place is asked that keeps a journal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from llm_token_budget.journal.coding import dimensions_as_json
from llm_token_budget.journal.query import Query
from llm_token_budget.journal.row import Row

Column = Literal["user_key", "session_id", "provider", "model", "day", "dimensions"]

DAY: Final = 86_400

PAGE: Final = 1_000
"""Rows that are read, written or dropped in one step."""


class Group(NamedTuple):
    """A part of a sum. Groups of the same values may come several times: they add up."""

    values: tuple[str | int | None, ...]
    """One for each column asked for: keys as text, the day as a number since the epoch, dimensions as their JSON."""
    tokens: int
    nano_usd: int
    requests: int


class Store(ABC):
    """Keeps rows. Used by one writer's thread and any number of readers; raises `LedgerUnavailable` or `OSError` if it fails."""

    name: str
    """The place in messages; no password in it."""
    blocking: bool = True
    """Whether reading is I/O."""
    forgets: bool = True
    """Whether `prune` does something."""
    takes_late: bool = False
    """Whether `append` also takes what rows are made of."""

    @abstractmethod
    def append(self, rows: Sequence[Any]) -> None:
        """Keep them (`Row`; `Late` too where `takes_late` says so). Rows that are there already, by their keys, are there once."""

    @abstractmethod
    def read(self, query: Query) -> Iterator[Row]:
        """The rows that are meant, oldest first, a page at a time."""

    @abstractmethod
    def prune(self, before: float, at_most: int = PAGE) -> int:
        """Drop about so many of those whose `at` is before then; how many it were."""

    def exists(self) -> bool:
        """Whether something was ever written."""
        return True

    def groups(self, query: Query, columns: Sequence[Column]) -> Iterator[Group]:
        """What the rows come to that are meant (but for the dimensions: those are for the caller to look at), by columns."""
        for row in self.read(query):
            delta = row.delta
            values = tuple(_value(row, column) for column in columns)
            yield Group(values, delta.input_tokens + delta.output_tokens, delta.nano_usd, delta.requests)

    def close(self) -> None:  # noqa: B027 - nothing to do unless a store says otherwise
        """Let go of files and connections; the next operation opens them again."""

    def forked(self) -> None:  # noqa: B027
        """In a forked child: forget what is the parent's."""


def _value(row: Row, column: Column) -> str | int | None:
    match column:
        case "day":
            return int(row.at // DAY)
        case "dimensions":
            return dimensions_as_json(row.dimensions)
        case "user_key":
            return row.user_key
        case "session_id":
            return row.session_id
        case "provider":
            return row.provider
        case "model":
            return row.model
