"""The primitive that everything stands on: hold what a call may cost, then replace it by what it did cost.

`Reservation` is entered and ended here; the rest stands below it:

- `held`       what is held, and what is known of the call
- `pricing`    from a usage, or from the lack of one, to a charge
- `booking`    the charge's way into the ledger, the statistics and the receipt
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import NoReturn, Self

from llm_token_budget.admissions import Admitted, Holder, logger
from llm_token_budget.errors import ConfigurationError, shown
from llm_token_budget.ledgers.base import Amounts
from llm_token_budget.limits import Amount
from llm_token_budget.reservation.booking import Booking
from llm_token_budget.usage import Usage

_ENDED_UNSETTLED = (
    "a reservation was left without settle() or release(): %s tokens and $%s are charged as unconfirmed; "
    "budget.refund(%r) gives them back"
)


class Reservation(Booking):
    """Room that is held for one call.

    Made by `BudgetManager.reserve`; holds nothing before it is entered (`with` or `async with`). Inside, call `settle` with
    what was used, or `release` if nothing was sent. Left without either, it is charged in full, as unconfirmed.
    """

    __slots__ = ()

    def enter(self, holder: Holder | None = None) -> Self:
        """Hold the room. `with` does this.

        Args:
            holder: who knows better how to end it, should the budget be closed before that has happened.

        Raises:
            BudgetExceeded: a limit has no room.
            ReservationConflict: a reservation of the same `idempotency_key` has ended.
        """
        if self._admitted is not None:
            self._refuse_again()
        self._hold(self._admissions.admit(self._call, self._identity, self._own_id), holder)
        return self

    async def aenter(self, holder: Holder | None = None) -> Self:
        """`enter` for tasks."""
        if self._admitted is not None:
            self._refuse_again()
        self._hold(await self._admissions.aadmit(self._call, self._identity, self._own_id), holder)
        return self

    def settle(
        self,
        usage: Usage | None = None,
        *,
        usd: Amount | None = None,
        tokens: int | None = None,
        model: str | None = None,
        service_tier: str | None = None,
        estimated: bool = False,
    ) -> Decimal:
        """Replace what is held by what was used, and say what it cost in USD.

        Args:
            usage: the tokens, as the provider reported them.
            usd: the cost where it is known otherwise; goes before any price.
            tokens: plain tokens, for a reservation of plain tokens.
            model: the model that answered, if another than was asked: its price counts, if it has one.
            service_tier: the tier that the provider named in its answer.
            estimated: the amounts are yours, not the provider's.

        Raises:
            ReservationConflict: settled before, with another amount.
            ConfigurationError: nothing to settle with, or a bad amount.
        """
        charge = self._charge(usage, usd, tokens, model, service_tier, estimated=estimated)
        self.book(charge)
        return charge.amounts.usd

    async def asettle(
        self,
        usage: Usage | None = None,
        *,
        usd: Amount | None = None,
        tokens: int | None = None,
        model: str | None = None,
        service_tier: str | None = None,
        estimated: bool = False,
    ) -> Decimal:
        """`settle` for tasks."""
        charge = self._charge(usage, usd, tokens, model, service_tier, estimated=estimated)
        await self.abook(charge)
        return charge.amounts.usd

    def release(self) -> None:
        """Give back what is held: nothing was sent, or nothing is billed.

        Raises:
            ReservationConflict: it was settled with an amount.
        """
        self.book(None)

    async def arelease(self) -> None:
        """`release` for tasks."""
        await self.abook(None)

    def charge_unconfirmed(self) -> None:
        """Charge all that is held, without the provider's word. A later `settle` replaces it."""
        self.book(self.unconfirmed_charge())

    async def acharge_unconfirmed(self) -> None:
        """`charge_unconfirmed` for tasks."""
        await self.abook(self.unconfirmed_charge())

    def settle_later(self) -> None:
        """`charge_unconfirmed` soon: for finalizers and signal handlers. Never blocks or raises."""
        if self._admitted is not None and not self._ended:
            self.book_later(self.unconfirmed_charge())

    def release_later(self) -> None:
        """`release` soon: for finalizers and cancelled tasks. Never blocks or raises."""
        if self._admitted is not None and not self._ended:
            self.book_later(None)

    def held_by(self, holder: Holder) -> None:
        """Somebody else knows better how to end it, should the budget be closed before that has happened."""
        self._admissions.holders[self._handle.id] = weakref.ref(holder)

    def end_early(self) -> None:
        """The budget is closed, and nobody knows what became of the call."""
        if not self._ended:
            self._warn()
            self.settle_later()

    def renew(self) -> bool:
        """Keep the room for another lease. False if it has been charged or given back meanwhile."""
        return self._admissions.ledger.renew(self._handle, self._entered.plan.claim.lease)

    async def arenew(self) -> bool:
        """`renew` for tasks."""
        return await self._admissions.ledger.acall(self.renew)

    def __enter__(self) -> Self:
        return self.enter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._ended:
            self._warn()
            self._safely(self.charge_unconfirmed)

    async def __aenter__(self) -> Self:
        return await self.aenter()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._ended:
            self._warn()
            # No await: a cancelled task would skip it.
            self.settle_later()

    def __reduce__(self) -> NoReturn:
        """A copy would end the call a second time."""
        raise TypeError("a Reservation can't be copied or pickled: it stands for one call of this process")

    def __del__(self) -> None:
        if not self._ended:
            self.settle_later()

    def _hold(self, admitted: Admitted, holder: Holder | None) -> None:
        """Room is held: say so."""
        self._admitted = admitted
        plan, granted, _ = admitted
        handle, most, _, bounded, _ = granted
        self._admissions.holders[handle.id] = weakref.ref(holder or self)
        if bounded and not plan.expects:
            call = self._call
            own = call.max_output_tokens
            if own is None:
                own = call.model_maximum
            if own is None or most < own:
                self._clamped_to = most
                self._admissions.say_once(
                    f"clamped {call.model}",
                    "the maximum output of %s is lowered from %s to %s tokens, to fit in what is left (said once per model)",
                    shown(call.model or "(no model)"),
                    plan.at_most,
                    most,
                )
        if (hooks := self._admissions.hooks) is not None:
            try:
                hooks.held(self._call, self._identity, handle, waited=admitted.waited, clamped=self._clamped)
            except BaseException:  # Such as a KeyboardInterrupt: whoever asked for the room never learns of it.
                self.release_later()
                raise

    def _safely(self, end: Callable[[], None]) -> None:
        """End without raising: what the block raised, or returned, goes first. What fails is left to the ledger."""
        try:
            end()
        except Exception:  # noqa: BLE001 - logged, and tried again
            logger.exception("a reservation could not be settled now; it is settled later")
            self.settle_later()

    def _refuse_again(self) -> NoReturn:
        raise ConfigurationError("a reservation is entered once: call budget.reserve(...) again")

    def _warn(self) -> None:
        held: Amounts = self._handle.reserved
        logger.warning(_ENDED_UNSETTLED, held.tokens, held.usd, self.id)

    def __repr__(self) -> str:
        state = "not entered" if self._admitted is None else "ended" if self._ended else "open"
        return f"<Reservation {state}>"
