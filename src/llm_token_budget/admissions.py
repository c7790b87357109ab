"""Asking the ledger for room, and waiting for it where waiting can help. Twice: for threads and for tasks."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from llm_token_budget.alerts import Alerts
from llm_token_budget.claims import Call, Plan, Planner
from llm_token_budget.context import Identity, Tally
from llm_token_budget.errors import BudgetExceeded, Refusal, stopped
from llm_token_budget.events import Hooks
from llm_token_budget.last_costs import LastCosts
from llm_token_budget.ledgers.base import NANO_USD, Charge, Granted, Ledger, Refused, Shortage, Stale, make
from llm_token_budget.modes import ModeSwitch
from llm_token_budget.money import usd_from_nano
from llm_token_budget.pricing.answering import AnswerPrices
from llm_token_budget.reckoning import ReckonedPart, Reckoning
from llm_token_budget.statistics import in_unit

if TYPE_CHECKING:
    from llm_token_budget.journal import Journal
    from llm_token_budget.pricing import PriceBook

logger: Final = logging.getLogger("llm_token_budget")

HELD_RETRY_AFTER: Final = 1.0
"""Seconds that a caller is told to wait for room that calls in flight hold."""

REPORT_EVERY: Final = 60.0
"""Seconds between two log lines about one limit that would have refused."""

SAID_ONCE: Final = 1024
"""So many things are said once each; then we are silent: names of models come from requests, and must not fill memory."""

DOUBTS: Final = 10_000
"""So many unconfirmed charges are remembered for the statistics of blocks. An older one stays in them after a refund."""

LOOKED_AT: Final = 0.02
"""Seconds after which a budget that is closing looks again whether calls in flight have ended."""

UnknownOutcome = Literal["charge", "input", "release"]


class Admitted(NamedTuple):
    """A call that may be sent."""

    plan: Plan
    granted: Granted
    waited: float
    """Seconds."""


class Holder(Protocol):
    """Whoever knows how a reservation that nobody ends any more should end."""

    def end_early(self) -> None:
        """End it as truthfully as can be told now. Never blocks; what it ends is booked by the ledger soon."""


class _Patience:
    """How long a call still waits. Asks for the time only once there is something to wait for."""

    __slots__ = ("_since", "_whole", "left")

    def __init__(self, seconds: float) -> None:
        self.left = self._whole = seconds
        self._since = 0.0

    @property
    def waited(self) -> float:
        """Seconds since the first refusal."""
        return time.monotonic() - self._since if self._since else 0.0

    def runs_out(self) -> bool:
        """Note the time; whether there is none left."""
        self._since = self._since or time.monotonic()
        self.left = self._whole - self.waited
        return self.left <= 0


class Doubts:
    """The unconfirmed charges in the statistics of this process's blocks, so that a refund can be taken out of them.

    Single operations on a dict, no lock: finalizers take part.
    """

    def __init__(self) -> None:
        self._charges: OrderedDict[str, tuple[Charge, tuple[weakref.ref[Tally], ...]]] = OrderedDict()

    def add(self, reservation_id: str, charge: Charge, tallies: Sequence[Tally]) -> None:
        """A charge that nobody has confirmed was counted."""
        self._charges[reservation_id] = charge, tuple(map(weakref.ref, tallies))
        if len(self._charges) > DOUBTS:
            self._charges.popitem(last=False)

    def take_back(self, reservation_id: str) -> None:
        """The charge was refunded, or a truth has come: count it no more. Only the first time."""
        charge, tallies = self._charges.pop(reservation_id, _NO_DOUBT)
        for reference in tallies:
            if charge is not None and (tally := reference()) is not None:
                tally.take_back(charge)


_NO_DOUBT: Final[tuple[Charge | None, tuple[weakref.ref[Tally], ...]]] = (None, ())


class Admissions:
    """The door between calls and a ledger."""

    def __init__(
        self,
        ledger: Ledger,
        planner: Planner,
        prices: PriceBook,
        *,
        wait_for_held: float,
        unknown_outcome: UnknownOutcome = "charge",
        hooks: Hooks | None = None,
        alerts: Alerts | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.switch = ModeSwitch(ledger, lambda mode: planner.observe(on=mode == "observe"))
        self.ledger = ledger
        self.planner = planner
        self.prices = prices
        self.answers = AnswerPrices(prices)
        self.wait_for_held = wait_for_held
        self.unknown_outcome: UnknownOutcome = unknown_outcome
        self.hooks = hooks
        """None where nobody wants to know what happens."""
        self.alerts = alerts
        """None where nobody is told of limits that are nearly spent."""
        self.journal = journal
        """None where nobody wants an entry for each call."""
        self.open: dict[str, object] = {}
        """The owners of reservations that are open in this process. Single dict operations only: finalizers take part."""
        self.holders: dict[str, weakref.ref[Holder]] = {}
        """Who can end them, should the budget be closed before that has happened. Single dict operations only, too."""
        self.inherited: frozenset[str] = frozenset()
        """What was open in the process that this one was forked from: that one's to end."""
        self.doubts = Doubts()
        self.last_costs = LastCosts()
        self._reported: dict[str, float] = {}
        self._said: set[str] = set()
        _everybody.add(self)

    def admit(self, call: Call, identity: Identity, own_id: str | None = None) -> Admitted:
        """Hold what a call may cost at most, waiting for room that is only held.

        Args:
            call: what is known of it.
            identity: who spends.
            own_id: the reservation's id, where it isn't a new one.

        Raises:
            BudgetExceeded: an enforced limit has no room.
            ReservationConflict: a reservation of that id has ended.
        """
        switch = self.switch
        if time.monotonic() >= switch.due:
            switch.look()
        if switch.mode == "block":
            raise self._stopped(call, identity)
        owner: object = threading.get_ident()
        patience: _Patience | None = None
        while True:
            patient = patience.left > 0 if patience else self.wait_for_held > 0
            plan = self.planner.plan(call, identity, patient=patient)
            if own_id is not None:
                plan = plan._replace(claim=plan.claim._replace(id=own_id))
            answer = self.ledger.reserve(plan.claim)
            if type(answer) is Granted:
                return self._admitted(plan, answer, owner, patience)
            if isinstance(answer, Refused):
                patience = patience or _Patience(self.wait_for_held)
                if patience.left <= 0 or not answer.held:
                    raise self._exceeded(plan, answer, patience.waited)
                if patience.runs_out() or _loop_runs_here() or self._stalls_itself(owner):
                    patience.left = 0.0  # One last try, which counts as blocked if it fails.
                else:
                    self.ledger.wait(answer.freed, min(patience.left, self.ledger.poll))
            elif isinstance(answer, Stale):
                self.planner.spans.move_on(answer.now)

    async def aadmit(self, call: Call, identity: Identity, own_id: str | None = None) -> Admitted:
        """`admit` for tasks."""
        switch = self.switch
        if time.monotonic() >= switch.due:
            await self.ledger.acall(switch.look)
        if switch.mode == "block":
            raise self._stopped(call, identity)
        owner = _task()
        patience: _Patience | None = None
        while True:
            patient = patience.left > 0 if patience else self.wait_for_held > 0
            plan = self.planner.plan(call, identity, patient=patient)
            if own_id is not None:
                plan = plan._replace(claim=plan.claim._replace(id=own_id))
            answer = await self.ledger.areserve(plan.claim)
            if type(answer) is Granted:
                return self._admitted(plan, answer, owner, patience)
            if isinstance(answer, Refused):
                patience = patience or _Patience(self.wait_for_held)
                if patience.left <= 0 or not answer.held:
                    raise self._exceeded(plan, answer, patience.waited)
                if patience.runs_out() or self._stalls_itself(owner):
                    patience.left = 0.0
                else:
                    await self.ledger.await_room(answer.freed, min(patience.left, self.ledger.poll))
            elif isinstance(answer, Stale):
                self.planner.spans.move_on(answer.now)

    def look(self, call: Call, identity: Identity) -> tuple[Plan, Granted | Refused]:
        """What `admit` would be told now, holding nothing and waiting for nothing. A refusal counts as blocked.

        Raises:
            BudgetExceeded: somebody has stopped all calls.
        """
        if time.monotonic() >= self.switch.due:
            self.switch.look()
        if self.switch.mode == "block":
            raise self._stopped(call, identity)
        while True:
            plan = self.planner.plan(call, identity)
            answer = self.ledger.look(plan.claim, count_blocked=True)
            if not isinstance(answer, Stale):
                break
            self.planner.spans.move_on(answer.now)
        if isinstance(answer, Refused) and self.hooks is not None:
            refusals = self.refusals(plan, answer.shortages, held=answer.held)
            self.hooks.blocked(plan.call, plan.identity, refusals)
        return plan, answer

    def let_finish(self, seconds: float) -> None:
        """Wait for what others have in flight. Not for one's own: it can't go on meanwhile."""
        until = time.monotonic() + seconds
        own = threading.get_ident()
        while time.monotonic() < until and not _loop_runs_here() and self._others(own):
            time.sleep(LOOKED_AT)

    async def alet_finish(self, seconds: float) -> None:
        """`let_finish` for tasks."""
        until = time.monotonic() + seconds
        own = _task()
        while time.monotonic() < until and self._others(own):
            import asyncio

            await asyncio.sleep(LOOKED_AT)

    def end_open(self) -> None:
        """End what is open in this process, each as truthfully as can be told now. What nobody knows is unconfirmed."""
        for reference in list(self.holders.values()):
            if (holder := reference()) is None:
                continue
            try:
                holder.end_early()
            except Exception:
                logger.exception("a reservation could not be ended; it is charged when its lease ends")

    def forked(self) -> None:
        """In a forked child: what the parent has open is the parent's to end."""
        self.inherited = self.inherited.union(self.open)
        self.open.clear()
        self.holders.clear()

    def _others(self, own: object) -> bool:
        return any(owner != own for owner in list(self.open.values()))

    def say_once(self, about: str, message: str, *details: object) -> None:
        """Log a line, the first time that it is about this."""
        if about not in self._said and len(self._said) < SAID_ONCE:
            self._said.add(about)
            logger.info(message, *details)

    def refusals(
        self, plan: Plan, shortages: tuple[Shortage, ...], *, held: bool, waited: float = 0.0
    ) -> list[Refusal]:
        """Shortages in words, the one that an error speaks of first."""
        ordered = sorted(shortages, key=lambda shortage: plan.limits[shortage.line].rank)
        return [self._refusal(plan, shortage, held=held, waited=waited) for shortage in ordered]

    def _admitted(self, plan: Plan, granted: Granted, owner: object, patience: _Patience | None) -> Admitted:
        handle = granted.handle
        self.open[handle.id] = owner
        for tally in plan.identity.tallies:
            tally.hold(handle.reserved)
            tally.settle_up()
        if granted.shadow:
            self._report(plan, granted.shadow)
        for problem in plan.problems:
            self._log(type(problem).__name__, "not enforced: %s", problem)
        return make(Admitted, (plan, granted, patience.waited if patience else 0.0))

    def _exceeded(self, plan: Plan, refused: Refused, waited: float) -> BudgetExceeded:
        for tally in plan.identity.tallies:
            tally.block()
        refusals = self.refusals(plan, refused.shortages, held=refused.held, waited=waited)
        if self.hooks is not None:
            self.hooks.blocked(plan.call, plan.identity, refusals)
        if self.alerts is not None and not refused.held:
            watched = plan.watched
            self.alerts.refused([watched[shortage.line] for shortage in refused.shortages])
        return BudgetExceeded(refusals[0], tuple(refusals))

    def _stopped(self, call: Call, identity: Identity) -> BudgetExceeded:
        """Somebody has stopped all calls: the ledger isn't asked."""
        for tally in identity.tallies:
            tally.block()
        refusal = stopped(call.model)
        if self.hooks is not None:
            self.hooks.blocked(call, identity, [refusal])
        return BudgetExceeded(refusal, (refusal,))

    def _refusal(self, plan: Plan, shortage: Shortage, *, held: bool, waited: float) -> Refusal:
        limit = plan.limits[shortage.line]
        line = plan.claim.lines[shortage.line]
        resets_at = shortage.resets_at
        retry_after = HELD_RETRY_AFTER if held else None
        if not held and resets_at is not None:
            retry_after = max(resets_at - self.ledger.now(), 0.0)
        return Refusal(
            reason=limit.reason,
            limit=limit.view(line.key, shortage.amount),
            needed=in_unit(line.unit, shortage.needed),
            spent=in_unit(line.unit, shortage.spent),
            reserved=in_unit(line.unit, shortage.reserved),
            unconfirmed=in_unit(line.unit, shortage.unconfirmed),
            held=held,
            resets_at=None if resets_at is None else datetime.fromtimestamp(resets_at, UTC),
            retry_after=retry_after,
            model=plan.call.model,
            cost=self._cost(plan),
            waited=waited,
            usual_cost=self._usual_cost(plan),
            reckoning=_reckoning(plan),
        )

    def _usual_cost(self, plan: Plan) -> Decimal | None:
        nano_usd = self.last_costs.of(plan.identity.user_key, plan.call.model) if plan.call.usd is None else None
        return None if nano_usd is None else usd_from_nano(nano_usd)

    def _cost(self, plan: Plan) -> Decimal | None:
        if plan.card is None and plan.call.usd is None:
            return None
        claim = plan.claim
        k = claim.at_least if plan.call.max_output_tokens is None else claim.want
        return usd_from_nano(claim.amounts(k)[NANO_USD])

    def _stalls_itself(self, owner: object) -> bool:
        """Whether the asker holds a reservation of its own, such as an unread stream: waiting might never end."""
        return owner in list(self.open.values())

    def _report(self, plan: Plan, shortages: tuple[Shortage, ...]) -> None:
        for refusal in self.refusals(plan, shortages, held=False):
            limit = refusal.limit
            self._log(limit.name, "not enforced: %s would have been refused: %s", limit.subject, refusal.reason)

    def _log(self, about: str, message: str, *details: object) -> None:
        now = time.monotonic()
        if now - self._reported.get(about, -REPORT_EVERY) >= REPORT_EVERY:
            self._reported[about] = now
            logger.warning(message, *details)


def _reckoning(plan: Plan) -> Reckoning:
    claim, call, card = plan.claim, plan.call, plan.card
    k = claim.at_least if call.max_output_tokens is None else claim.want
    fixed, whole = claim.fixed, claim.amounts(k)
    priced = card is not None
    kinds = () if call.estimate is None else call.estimate.parts
    parts = [ReckonedPart("input", fixed.tokens, usd_from_nano(fixed.nano_usd) if priced else None)]
    parts += [ReckonedPart(part.kind, part.upper) for part in kinds if part.upper]
    parts += [ReckonedPart(f"uses of {tool}", calls) for tool, calls in call.tools]
    if call.choices:
        usd = usd_from_nano(whole[NANO_USD] - fixed.nano_usd) if priced else None
        parts.append(ReckonedPart("output", k * call.choices, usd))
    seen = 0 if call.estimate is None else min(call.estimate.seen_tokens, fixed.tokens)
    return Reckoning(tuple(parts) if fixed.tokens or k else (), card.id if card is not None else None, seen)


_everybody: Final[weakref.WeakSet[Admissions]] = weakref.WeakSet()


def _forked() -> None:
    for admissions in list(_everybody):
        admissions.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _loop_runs_here() -> bool:
    asyncio = sys.modules.get("asyncio")  # Nobody runs a loop of asyncio without having imported it.
    return asyncio is not None and asyncio._get_running_loop() is not None  # noqa: SLF001 - the one that does not raise


def _task() -> object:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or not _loop_runs_here():
        return threading.get_ident()
    return id(asyncio.current_task())
