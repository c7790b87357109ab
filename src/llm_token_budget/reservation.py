"""The primitive that everything stands on: hold what a call may cost, then replace it by what it did cost."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import Self

from llm_token_budget.admissions import Admissions, Admitted, logger
from llm_token_budget.claims import Call
from llm_token_budget.context import Identity
from llm_token_budget.errors import BudgetError, ConfigurationError, UnknownModelPrice
from llm_token_budget.ledgers.base import Amounts, Booked, Charge, Handle
from llm_token_budget.limits import Amount
from llm_token_budget.money import nano_from_pico, parse_usd
from llm_token_budget.usage import Usage

_ENDED_UNSETTLED = (
    "a reservation was left without settle() or release(): %s tokens and $%s are charged as unconfirmed; "
    "budget.refund(%r) gives them back"
)


class Reservation:
    """Room that is held for one call.

    Made by `BudgetManager.reserve`; holds nothing before it is entered (`with` or `async with`). Inside, call `settle` with
    what was used, or `release` if nothing was sent. Left without either, it is charged in full, as unconfirmed.
    """

    def __init__(self, admissions: Admissions, call: Call, identity: Identity) -> None:
        self._admissions = admissions
        self._call = call
        self._identity = identity
        self._admitted: Admitted | None = None
        self._ended = False

    @property
    def id(self) -> str:
        """Its id, as `BudgetManager.refund` takes it."""
        return self._handle.id

    @property
    def model(self) -> str | None:
        return self._call.model

    @property
    def tokens(self) -> int:
        """Tokens held."""
        return self._handle.reserved.tokens

    @property
    def cost(self) -> Decimal:
        """USD held."""
        return self._handle.reserved.usd

    @property
    def input_tokens(self) -> int:
        """Input tokens held."""
        return self._handle.input_tokens

    @property
    def max_output_tokens(self) -> int:
        """Output tokens granted, per choice: the call must not be sent with a higher maximum."""
        return self._entered.granted.output_tokens

    @property
    def clamped_from(self) -> int | None:
        """The maximum that the call would have had, where fewer output tokens were granted; None where nothing was changed."""
        return self._entered.plan.at_most if self.clamped_to is not None else None

    @property
    def clamped_to(self) -> int | None:
        """The maximum that the call must be sent with to stay inside its reservation; None if it may stay as it is."""
        granted, call = self._entered.granted, self._call
        if not granted.bounded:
            return None
        own = call.model_maximum if call.max_output_tokens is None else call.max_output_tokens
        return granted.output_tokens if own is None or granted.output_tokens < own else None

    @property
    def waited(self) -> float:
        """Seconds that the call waited for room."""
        return self._entered.waited

    @property
    def ended(self) -> bool:
        """True once it was settled, released, or charged as unconfirmed."""
        return self._ended

    def enter(self) -> Self:
        """Hold the room. `with` does this.

        Raises:
            BudgetExceeded: a limit has no room.
        """
        self._check_fresh()
        self._admitted = self._admissions.admit(self._call, self._identity)
        return self

    async def aenter(self) -> Self:
        """`enter` for tasks."""
        self._check_fresh()
        self._admitted = await self._admissions.aadmit(self._call, self._identity)
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
        self._end(charge, self._admissions.ledger.settle(self._handle, charge))
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
        self._end(charge, await self._admissions.ledger.asettle(self._handle, charge))
        return charge.amounts.usd

    def release(self) -> None:
        """Give back what is held: nothing was sent, or nothing is billed.

        Raises:
            ReservationConflict: it was settled with an amount.
        """
        self._end(None, self._admissions.ledger.release(self._handle))

    async def arelease(self) -> None:
        """`release` for tasks."""
        self._end(None, await self._admissions.ledger.arelease(self._handle))

    def charge_unconfirmed(self, usage: Usage | None = None) -> None:
        """Charge without the provider's word: all that is held, or what a usage comes to. A later `settle` replaces it."""
        charge = self._unconfirmed_charge(usage)
        self._end(charge, self._admissions.ledger.settle(self._handle, charge))

    async def acharge_unconfirmed(self, usage: Usage | None = None) -> None:
        """`charge_unconfirmed` for tasks."""
        charge = self._unconfirmed_charge(usage)
        self._end(charge, await self._admissions.ledger.asettle(self._handle, charge))

    def settle_later(self, usage: Usage | None = None, *, model: str | None = None, estimated: bool = False) -> None:
        """Settle soon, or (without a usage) charge as unconfirmed: for finalizers and signal handlers. Never blocks or raises."""
        if self._admitted is None or self._ended:
            return
        try:
            charge = (
                self._unconfirmed_charge(None)
                if usage is None
                else self._charge(usage, None, None, model, None, estimated=estimated)
            )
        except BudgetError:
            charge = self._unconfirmed_charge(None)
        self._admissions.ledger.settle_later(self._handle, charge)
        self._end(charge, Booked(None, first=True))

    def release_later(self) -> None:
        """Release soon: for finalizers and cancelled tasks. Never blocks or raises."""
        if self._admitted is None or self._ended:
            return
        self._admissions.ledger.settle_later(self._handle, None)
        self._end(None, Booked(None, first=True))

    def renew(self) -> bool:
        """Keep the room for another lease. False if it has been charged or given back meanwhile."""
        return self._admissions.ledger.renew(self._handle, self._entered.plan.claim.lease)

    @property
    def held_usage(self) -> Usage:
        """What is held, as a usage: input at its upper bound, output as granted."""
        held = self._handle
        return Usage(input_tokens=held.input_tokens, output_tokens=held.reserved.tokens - held.input_tokens)

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

    def __del__(self) -> None:
        self.settle_later()

    def _safely(self, end: Callable[[], None]) -> None:
        """End without raising: what the block raised, or returned, goes first. What fails is left to the ledger."""
        try:
            end()
        except Exception:  # noqa: BLE001 - logged, and tried again
            logger.exception("a reservation could not be settled now; it is settled later")
            self.settle_later()

    @property
    def _entered(self) -> Admitted:
        if self._admitted is None:
            raise ConfigurationError(
                "the reservation holds nothing yet: enter it (with budget.reserve(...) as reservation:)"
            )
        return self._admitted

    @property
    def _handle(self) -> Handle:
        return self._entered.granted.handle

    def _check_fresh(self) -> None:
        if self._admitted is not None:
            raise ConfigurationError("a reservation is entered once: call budget.reserve(...) again")

    def _charge(
        self,
        usage: Usage | None,
        usd: Amount | None,
        tokens: int | None,
        model: str | None,
        service_tier: str | None,
        *,
        estimated: bool,
    ) -> Charge:
        if usage is None and usd is None and tokens is None:
            raise ConfigurationError("settle() takes what was used: a Usage(...), usd= or tokens=")
        if tokens is not None and usage is None:
            usage = Usage(input_tokens=tokens)
        usage = usage or Usage()
        money, unpriced = (parse_usd(usd), False) if usd is not None else self._price(usage, model, service_tier)
        return Charge(usage.input_tokens, usage.output_tokens, money, 1, estimated=estimated, unpriced=unpriced)

    def _price(self, usage: Usage, model: str | None, service_tier: str | None) -> tuple[int, bool]:
        """(nano-USD, unpriced): by the model that answered, or else by the one that was asked."""
        card = self._entered.plan.card
        tier = service_tier or self._call.service_tier
        answered = model or self._call.model
        if answered is not None and (card is None or answered != self._call.model or tier != self._call.service_tier):
            try:
                card = self._admissions.prices.rate_card(answered, self._call.provider, service_tier=tier)
            except UnknownModelPrice:
                logger.debug("the answer names a model without a price; the price of the one that was asked counts")
        if card is None:
            return 0, self._call.model is not None
        return nano_from_pico(card.cost_pico(usage)), False

    def _unconfirmed_charge(self, usage: Usage | None) -> Charge:
        if usage is not None:
            return self._charge(usage, None, None, None, None, estimated=False)._replace(unconfirmed=True)
        held = self._handle
        tokens, money, requests = held.reserved
        return Charge(held.input_tokens, tokens - held.input_tokens, money, requests, unconfirmed=True)

    def _end(self, charge: Charge | None, booked: Booked) -> None:
        first, self._ended = not self._ended, True
        self._admissions.open.pop(self.id, None)
        for tally in self._identity.tallies:
            if first:
                tally.give_back(self._handle.reserved)
            if booked.before is not None:
                tally.take_back(booked.before)
            if charge is not None and booked.first:
                tally.book(charge)

    def _warn(self) -> None:
        held: Amounts = self._handle.reserved
        logger.warning(_ENDED_UNSETTLED, held.tokens, held.usd, self.id)

    def __repr__(self) -> str:
        state = "not entered" if self._admitted is None else "ended" if self._ended else "open"
        return f"<Reservation {state}>"
