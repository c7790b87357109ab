"""What each operation does to the tables. Transactions are the writer's: it puts as many operations into one as wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llm_token_budget.ledgers.operations import (
    ClearLimit,
    CountBlocked,
    Forget,
    LimitAmounts,
    ListOverrides,
    Look,
    Operation,
    Ping,
    Read,
    Reap,
    Record,
    Refund,
    Renew,
    Reserve,
    Reset,
    SetLimit,
    Settle,
)
from llm_token_budget.ledgers.sqlite.admitting import check_amounts, look, reserve
from llm_token_budget.ledgers.sqlite.counting import count_blocked, forget, read, reap, record, reset
from llm_token_budget.ledgers.sqlite.ending import refund, renew, settle_or_release
from llm_token_budget.ledgers.sqlite.tables import STATE, Tables

READING: Final = frozenset({Look, Read, ListOverrides, LimitAmounts, Ping})
"""Operations that change nothing."""


def carry_out(tables: Tables, operation: Operation, now: float) -> Any:
    """One operation. It raises before it has changed anything, or not at all."""
    return STEPS[type(operation)](tables, operation, now)


def _set_limit(tables: Tables, operation: SetLimit, _now: float) -> None:
    if operation.amount is not None:
        check_amounts((operation.amount,))
    tables.overrides.put(*operation)


def _clear_limit(tables: Tables, operation: ClearLimit, _now: float) -> None:
    tables.overrides.remove(operation.name, operation.key)


def _list_overrides(
    tables: Tables, _operation: ListOverrides, _now: float
) -> list[tuple[str, tuple[str, ...] | None, int | None]]:
    return tables.overrides.listed()


def _limit_amounts(tables: Tables, operation: LimitAmounts, _now: float) -> list[int | None]:
    return [tables.overrides.amount(line) for line in operation.lines]


def _ping(tables: Tables, _operation: Ping, _now: float) -> None:
    tables.connection.execute(STATE).fetchone()


STEPS: Final[dict[type, Callable[[Tables, Any, float], Any]]] = {
    Reserve: reserve,
    Look: look,
    Settle: settle_or_release,
    Renew: renew,
    Refund: refund,
    Record: record,
    Read: read,
    SetLimit: _set_limit,
    ClearLimit: _clear_limit,
    ListOverrides: _list_overrides,
    LimitAmounts: _limit_amounts,
    Reset: reset,
    Forget: forget,
    CountBlocked: count_blocked,
    Reap: reap,
    Ping: _ping,
}
