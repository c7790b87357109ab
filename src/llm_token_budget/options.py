"""Reading the options of a budget: what is wrong with one is said when the budget is made, not at night."""

from __future__ import annotations

import logging
import math
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, cast

from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.ledgers.base import DAY
from llm_token_budget.limits import Amount, Limit
from llm_token_budget.money import MAX_AMOUNT, parse_usd

logger: Final = logging.getLogger("llm_token_budget")

Unmetered = Literal["refuse", "allow"] | Mapping[str, Amount]
"""What calls get whose bill can't be measured: a word for all of them, or USD per call by endpoint."""

Seconds = int | float | str | timedelta
"""A length of time: seconds, or `"15m"`."""
Instant = datetime | float
"""A datetime with a time zone, or seconds since the epoch."""

NOTED: Final = 1000
"""So many endpoints are remembered that passed unmetered: the longest unused ones are forgotten."""

_ENDPOINT: Final = re.compile(r"POST (/[^\s?#]*)")
_PLACEHOLDER: Final = re.compile(r"\\\{[^/{}]*\\\}")
_IDENTIFIER: Final = re.compile(r"(?<=/)(?=[^/]*\d)[^/]{8,}(?=/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmeteredUse:
    """An endpoint that was called without its bill being measured."""

    endpoint: str
    """As `POST /path`; identifiers in it as `{id}`."""
    count: int
    """How often, in this process. Of websockets, how often a client asked for their address: up to four times each."""
    last_at: datetime


class UnmeteredCalls:
    """What calls get whose bill can't be measured, and a note of those that passed.

    The notes are single dict operations: a count may miss one of two calls at the very same time.
    """

    def __init__(self, option: object, now: Callable[[], float]) -> None:
        self._now = now
        self._allows = option == "allow"
        self._charges = _read_charges(option)
        self._noted: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @property
    def allowed(self) -> bool:
        """Whether they pass, whatever limits there are."""
        return self._allows

    def charge(self, endpoint: str) -> int | None:
        """Nano-USD that each call of an endpoint is charged; None if nobody said."""
        return next((usd for pattern, usd in self._charges if pattern.search(endpoint)), None)

    def note(self, endpoint: str) -> None:
        """A call passed unmetered."""
        name = _IDENTIFIER.sub("{id}", endpoint)
        count, _ = self._noted.pop(name, (0, 0.0))
        self._noted[name] = count + 1, self._now()
        if len(self._noted) > NOTED:
            self._noted.popitem(last=False)

    def noted(self) -> list[UnmeteredUse]:
        """What passed, the latest first."""
        return [
            UnmeteredUse(endpoint=name, count=count, last_at=datetime.fromtimestamp(at, UTC))
            for name, (count, at) in reversed(list(self._noted.items()))
        ]


def _read_charges(option: object) -> list[tuple[re.Pattern[str], int]]:
    if not isinstance(option, Mapping):
        if option not in ("refuse", "allow"):
            raise ConfigurationError(
                "unmetered is 'refuse', 'allow' or USD per call by endpoint, such as "
                f"{{'POST /audio/speech': '0.015'}}, not {shown_value(option)}"
            )
        return []
    return [_read_charge(endpoint, usd) for endpoint, usd in cast("Mapping[object, object]", option).items()]


def _read_charge(endpoint: object, usd: object) -> tuple[re.Pattern[str], int]:
    written = _ENDPOINT.fullmatch(endpoint) if isinstance(endpoint, str) else None
    if written is None or not written[1].strip("/"):
        raise ConfigurationError(
            "unmetered names endpoints as 'POST /audio/speech' or 'POST /threads/{id}/runs', without the address before it, "
            f"not {shown_value(endpoint)}"
        )
    path = _PLACEHOLDER.sub("[^/]+", re.escape(written[1].rstrip("/")))
    return re.compile(f"^POST (?:/.*)?{path}/?$"), parse_usd(cast("Amount", usd), f"unmetered[{shown_value(endpoint)}]")


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ConfigurationError(f"{name} is one of {', '.join(map(repr, choices))}, not {shown_value(value)}")


def check_name(what: str, name: str | None) -> str | None:
    if name is not None and (not isinstance(name, str) or not name):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"{what} must be a name, not {shown_value(name)}")
    return name


def check_count(name: str, value: object, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= MAX_AMOUNT:
        raise ConfigurationError(f"{name} must be a whole number, {least} or more, not {shown_value(value)}")
    return value


def check_seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_AMOUNT:
        raise ConfigurationError(f"{name} must be a number of seconds, 0 or more, not {shown_value(value)}")
    return float(value)


FARTHEST: Final = 60_000_000_000
"""Seconds before and after the epoch that an instant may be, some 1,900 years: what calendars can reckon with."""


def read_instant(name: str, value: object) -> float:
    """A point in time, in seconds since the epoch.

    Raises:
        ConfigurationError: neither a number nor a datetime that knows its time zone.
    """
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ConfigurationError(
                f"{name} must be a datetime with a time zone, such as datetime.now(UTC), not {shown_value(value)}"
            )
        return value.timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FARTHEST:
        raise ConfigurationError(
            f"{name} must be a datetime with a time zone, or seconds since the epoch, not {shown_value(value)}"
        )
    return float(value)


def read_period(since: object, until: object) -> tuple[float, float]:
    """[since, until) in seconds since the epoch; None: open on that side.

    Raises:
        ConfigurationError: a bad instant, or an end before the beginning.
    """
    start = -math.inf if since is None else read_instant("since", since)
    end = math.inf if until is None else read_instant("until", until)
    if end < start:
        raise ConfigurationError(f"until={shown_value(until)} is before since={shown_value(since)}")
    return start, end


def warn_where_memory_is_short(limits: Iterable[Limit]) -> None:
    """One process's memory is a short-lived and private place: say so once where that looks wrong."""
    workers = next((name for name in ("WEB_CONCURRENCY", "UVICORN_WORKERS") if _is_several(os.environ.get(name))), None)
    if workers:
        logger.warning(
            "the budget is kept in the memory of this process, and %s=%s: each worker has a budget of its own. "
            "Use a ledger that they share, or ledger='memory://' if this is meant.",
            workers,
            os.environ[workers],
        )
    elif any(_is_long(limit) for limit in limits):
        logger.warning(
            "the budget is kept in the memory of this process and has a window of a day or longer: a restart forgets what was "
            "spent. Use a ledger that lasts, or ledger='memory://' if this is meant."
        )


def _is_several(count: str | None) -> bool:
    return count is not None and re.fullmatch(r"\s*[0-9]{1,9}\s*", count) is not None and int(count) > 1


def _is_long(limit: Limit) -> bool:
    start, end = limit.span.bounds(0)
    return (end is not None and end - start >= DAY) or getattr(limit.span, "seconds", 0) >= DAY
