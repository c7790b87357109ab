"""What is asked of a journal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.journal.row import NO_DIMENSIONS, Row
from llm_token_budget.limits import check_key
from llm_token_budget.options import check_name, read_period


class Query(NamedTuple):
    """Which lines are meant. None: whatever it is."""

    since: float = -math.inf
    """`Row.at` is in [since, until)."""
    until: float = math.inf
    user_key: str | None = None
    session_id: str | None = None
    model: str | None = None
    dimensions: Mapping[str, str] = NO_DIMENSIONS
    outcome: str | None = None

    def means(self, row: Row) -> bool:
        return (
            self.since <= row.at < self.until
            and (self.user_key is None or row.user_key == self.user_key)
            and (self.session_id is None or row.session_id == self.session_id)
            and (self.model is None or row.model == self.model)
            and (self.outcome is None or row.outcome == self.outcome)
            and self.means_dimensions(row.dimensions)
        )

    def means_dimensions(self, dimensions: Mapping[str, str]) -> bool:
        return not self.dimensions or self.dimensions.items() <= dimensions.items()


def read_query(
    since: object,
    until: object,
    user_key: str | None,
    session_id: str | None,
    model: str | None,
    dimensions: Mapping[str, str] | None,
) -> Query:
    """The arguments as they were given.

    Raises:
        ConfigurationError: a bad instant, key or name.
    """
    start, end = read_period(since, until)
    if user_key is not None:
        check_key(user_key, "user_key")
    if session_id is not None:
        check_key(session_id, "session_id")
    check_name("model", model)
    if dimensions is not None and not isinstance(dimensions, Mapping):
        raise ConfigurationError(
            f"dimensions are keys by name, such as {{'team': 'web'}}, not {shown_value(dimensions)}"
        )
    wanted = {name: check_key(key, f"dimensions[{name!r:.40}]") for name, key in (dimensions or {}).items()}
    return Query(start, end, user_key, session_id, model, wanted)
