"""Looking after limits, beside the calls: no call waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, cast

from llm_token_budget.alerts.alert import Alert
from llm_token_budget.alerts.webhook import Webhook
from llm_token_budget.errors import ConfigurationError, LedgerUnavailable, shown_value
from llm_token_budget.identifiers import new_id
from llm_token_budget.ledgers.base import (
    REQUESTS,
    Amounts,
    Balance,
    Charge,
    Claim,
    Counter,
    Granted,
    Ledger,
    Line,
    Stale,
)
from llm_token_budget.ledgers.keeper import Keeper
from llm_token_budget.limits import Limit
from llm_token_budget.money import to_decimal
from llm_token_budget.statistics import in_unit

if TYPE_CHECKING:
    from llm_token_budget.claims import Planner

logger: Final = logging.getLogger("llm_token_budget")

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the limits that were spent from."""

REMEMBERED: Final = 100_000
"""So many alerts are known in this process to have been told."""

ASK_AGAIN: Final = 60.0
"""Seconds after which the ledger is asked again whether one was told: after a reset, or when a window slid on, it was not."""

Sink = Callable[[Alert], object]
Watched = tuple[Limit, tuple[str, ...]]
"""A limit, and whose."""


class Alerts:
    """The thresholds of a budget's limits, and whom to tell.

    Whoever settles names the limits that were spent from (`spent`), and whoever is refused those that refused (`refused`). A
    thread looks at them once a second, with one read for all. That an alert was told is kept by the ledger, as a budget of
    one request in the limit's own window: so only one process tells it, and a new window tells it anew.
    """

    def __init__(
        self, thresholds: tuple[Decimal, ...], sinks: tuple[Sink, ...], ledger: Ledger, planner: Planner
    ) -> None:
        self._thresholds = thresholds
        self._sinks = sinks
        self._ledger = ledger
        self._planner = planner
        self._looking = threading.Lock()
        self._touched: deque[tuple[Sequence[Watched], bool]] = deque()
        """What to look at, and whether it has refused a call: then all of it counts as spent."""
        self._told: dict[tuple[Counter, str, Decimal], float] = {}
        self._keeper = Keeper()

    def spent(self, limits: Sequence[Watched]) -> None:
        """These limits were spent from. Takes no lock once the thread runs: a finalizer may be the caller."""
        self._touched.append((limits, False))
        self._start()

    def refused(self, limits: Sequence[Watched]) -> None:
        """These limits have refused a call because too little is left."""
        self._touched.append((limits, True))
        self._start()

    def look(self) -> None:
        """Look now, and tell what there is to tell. Waits for a look that is under way."""
        with self._looking:
            touched: dict[Watched, bool] = {}
            while self._touched:
                limits, refused = self._touched.popleft()
                for watched in limits:
                    if watched[0].scopes != ("call",):
                        touched[watched] = refused or touched.get(watched, False)
            try:
                if touched:
                    self._look_at(touched)
            except LedgerUnavailable:
                # Its outage is in the log; these limits are looked at when it is back.
                for watched, refused in touched.items():
                    self._touched.append(((watched,), refused))

    def close(self) -> None:
        """A last look, and an end of the thread."""
        self._keeper.stop()
        self.look()

    def _start(self) -> None:
        if not self._keeper.runs:
            self._keeper.start(self, Alerts._keep, LOOK_EVERY)

    def _keep(self) -> float:
        try:
            self.look()
        except Exception:
            logger.exception("looking after alerts fails; it is tried again")
        return LOOK_EVERY

    def _look_at(self, touched: dict[Watched, bool]) -> None:
        found = list(touched)
        while True:
            counters = [self._planner.counter(limit, key) for limit, key in found]
            balances = self._ledger.read(counters)
            if not isinstance(balances, Stale):
                break
            self._planner.spans.move_on(balances.now)
        amounts = self._ledger.limit_amounts(self._planner.lines(found))
        for watched, counter, balance, amount in zip(found, counters, balances, amounts, strict=True):
            if amount:
                self._look_at_one(watched, counter, balance, amount, refused=touched[watched])

    def _look_at_one(self, watched: Watched, counter: Counter, balance: Balance, amount: int, *, refused: bool) -> None:
        limit, key = watched
        unit = _UNITS.index(limit.unit)
        spent = balance.spent[unit]
        reached = [part for part in self._thresholds if spent >= part * amount or (refused and part <= 1)]
        now = time.monotonic()
        news = [part for part in reached if now - self._told.get((counter, limit.name, part), -ASK_AGAIN) >= ASK_AGAIN]
        # Of several thresholds passed at once only the highest is told; the others are, too, from now on.
        mine = [part for part in news if self._is_mine(limit, counter, part)]
        if not mine:
            return
        alert = Alert(
            threshold=max(mine),
            limit=limit.view(key, amount),
            spent=in_unit(unit, spent),
            resets_at=None if counter.end is None else datetime.fromtimestamp(counter.end, UTC),
            at=datetime.fromtimestamp(self._ledger.now(), UTC),
        )
        for sink in self._sinks:
            try:
                sink(alert)
            except Exception:
                logger.exception("an alert's receiver raised: %s", alert)

    def _is_mine(self, limit: Limit, counter: Counter, part: Decimal) -> bool:
        """Whether nobody has told it yet in this window: then it is for this process to tell."""
        # In the limit's own scope, so that resetting a user resets what was told of them.
        told = counter._replace(scope=("alert", *counter.scope), key=(f"{limit.name} {part}", *counter.key))
        line = Line("alert", (), REQUESTS, 1, 0)
        answer = self._ledger.reserve(Claim(new_id(), (told,), (line,), Amounts(0, 0, 1)))
        if isinstance(answer, Stale):
            return False  # The window has just ended: there is nothing to tell of it any more.
        if isinstance(answer, Granted):
            self._ledger.settle(answer.handle, Charge(requests=1))
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told[counter, limit.name, part] = time.monotonic()
        return isinstance(answer, Granted)


def read_alerts(alerts: object, on_alert: object) -> tuple[tuple[Decimal, ...], tuple[Sink, ...]]:
    """The options as they were given: thresholds, and whom to tell (the log, where nobody is named).

    Raises:
        ConfigurationError: a threshold that is no part of a limit, or a receiver that can't be told.
    """
    if isinstance(alerts, str) or not isinstance(alerts, Iterable):
        raise ConfigurationError(f"alerts takes parts of limits such as [0.5, 0.8, 1.0], not {shown_value(alerts)}")
    thresholds = sorted({_threshold(part) for part in cast("Iterable[object]", alerts)})
    receivers: list[object] = (
        [] if on_alert is None else list(cast("Any", on_alert)) if isinstance(on_alert, list | tuple) else [on_alert]
    )
    return tuple(thresholds), tuple(_sink(each) for each in receivers or [_log])


def _threshold(part: object) -> Decimal:
    number = to_decimal(part, "alerts")
    if not 0 < number <= 10:
        raise ConfigurationError(f"alerts are parts of limits, above 0 (0.8 is 80 %), not {shown_value(part)}")
    return number


def _sink(receiver: object) -> Sink:
    if isinstance(receiver, str):
        return Webhook(receiver)
    if callable(receiver):
        return receiver
    raise ConfigurationError(
        f"on_alert takes a function, a Webhook, an address, or a list of them, not {shown_value(receiver)}"
    )


def _log(alert: Alert) -> None:
    logger.warning("%s", alert)


_UNITS: Final = ("tokens", "usd", "requests")
