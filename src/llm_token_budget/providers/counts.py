"""Counts in an answer, read so that a broken one is never an under-count, and said once."""

from __future__ import annotations

import logging
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from llm_token_budget.providers.dialect import ABSURD, Body

logger: Final = logging.getLogger("llm_token_budget")

_SAID: Final[set[str]] = set()


def counted(body: Body, name: str) -> int | None:
    """A count that an answer must have; None, and a line in the log, if it is no count. A missing one is just None."""
    value = body.get(name)
    if type(value) is int and 0 <= value < ABSURD:
        return value
    return None if value is None else _odd(name, value)


def part(body: Body, name: str) -> int:
    """A count that an answer may have; 0 if it is missing or no count: then what it is a part of costs the full price."""
    value = body.get(name)
    if not value:
        return 0
    if type(value) is int and 0 < value < ABSURD:
        return value
    return _odd(name, value) or 0


def money(value: Any) -> Decimal | None:
    """USD as somebody reports them; None if they are missing, negative or no number."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        usd = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        return None
    return usd if usd.is_finite() and 0 <= usd < ABSURD else None


def _odd(name: str, value: Any) -> int | None:
    """A count in another form: a whole float."""
    if type(value) is float and value.is_integer() and 0 <= value < ABSURD:
        return int(value)
    say_once(name)
    return None


def say_once(name: str) -> None:
    """Log that a field of a usage can't be read. Once for each field: its value is nobody's business."""
    if name not in _SAID:
        _SAID.add(name)
        logger.warning("an answer reports %s as no sensible count: it is reckoned high (said once)", name)
