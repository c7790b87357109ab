"""The primitive that everything stands on: hold what a call may cost, then replace it by what it did cost."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self

from llm_token_budget.admissions import Admissions, Admitted, Holder, logger
from llm_token_budget.claims import Call
from llm_token_budget.context import Identity
from llm_token_budget.errors import ConfigurationError, UnknownModelPrice, shown
from llm_token_budget.events import Answer
from llm_token_budget.ledgers.base import UNTOLD, Amounts, Booked, Charge, Handle, make, reserved_charge
from llm_token_budget.limits import Amount
from llm_token_budget.money import nano_from_pico, parse_usd
from llm_token_budget.receipts import Draft, Receipt
from llm_token_budget.usage import Usage, read_usage

if TYPE_CHECKING:
    from llm_token_budget.pricing import Bill, RateCard

_ENDED_UNSETTLED = (
    "a reservation was left without settle() or release(): %s tokens and $%s are charged as unconfirmed; "
    "budget.refund(%r) gives them back"
)

_FREE = Charge(requests=0)
_NOTHING = Amounts()


class Reservation:
    """Room that is held for one call.

    Made by `BudgetManager.reserve`; holds nothing before it is entered (`with` or `async with`). Inside, call `settle` with
    what was used, or `release` if nothing was sent. Left without either, it is charged in full, as unconfirmed.
    """

    __slots__ = (
        "__weakref__",
        "_admissions",
        "_admitted",
        "_answer",
        "_answered_by",
        "_booked",
        "_call",
        "_clamped_to",
        "_ended",
        "_fell_back",
        "_identity",
        "_own_id",
        "_priced_by",
    )

    def __init__(self, admissions: Admissions, call: Call, identity: Identity, own_id: str | None = None) -> None:
        self._admissions = admissions
        self._call = call
        self._identity = identity
        self._own_id = own_id
        self._admitted: Admitted | None = None
        self._ended = False
        self._booked: Charge | None = None
        """What the sessions' own statistics have of it."""
        self._clamped_to: int | None = None
        self._answer: Answer | None = None
        """What was last priced."""
        self._answered_by: str | None = None
        self._priced_by: RateCard | Bill | None = None
        """The prices of that."""
        self._fell_back = False
        """Whether those are only the requested model's, since nobody can price the one that answered."""

    @property
    def id(self) -> str:
        """Its id, as `BudgetManager.refund` takes it."""
        return self._handle.id

    @property
    def call(self) -> Call:
        """What was known of the call before it was sent."""
        return self._call

    def forget_request(self) -> None:
        """Let go of what was sent: the reservation may have to be kept for long."""
        self._call = self._call._replace(estimate=None)

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
    def output_tokens(self) -> int:
        """Output tokens held, all choices together."""
        return self._handle.reserved.tokens - self._handle.input_tokens

    @property
    def most_output_tokens(self) -> int:
        """Output tokens that the call can bring, all choices together: more than is held under `admission="estimate"`."""
        plan = self._entered.plan
        return plan.at_most * self._call.choices if plan.expects else self.output_tokens

    @property
    def max_output_tokens(self) -> int:
        """Output tokens granted, per choice: the call must not be sent with a higher maximum.

        Under `admission="estimate"` the call's own, whatever is held.
        """
        plan = self._entered.plan
        return plan.at_most if plan.expects else self._entered.granted.output_tokens

    @property
    def clamped_from(self) -> int | None:
        """The maximum that the call would have had, where fewer output tokens were granted; None where nothing was changed."""
        return self._entered.plan.at_most if self.clamped_to is not None else None

    @property
    def clamped_to(self) -> int | None:
        """The maximum that the call must be sent with to stay inside its reservation; None if it may stay as it is."""
        return self._clamped_to if self._admitted is not None or self._entered else None

    @property
    def waited(self) -> float:
        """Seconds that the call waited for room."""
        return self._entered.waited

    @property
    def receipt(self) -> Receipt | None:
        """What it came to, and how that came about; None while it is open."""
        return self._draft(self._handle, self._booked).receipt if self._ended else None

    @property
    def kept(self) -> Self | Draft:
        """What to keep for its receipt: once the provider has said what it billed, nothing of what was asked."""
        booked = self._booked
        if booked is None or booked.unconfirmed:
            return self
        return self._draft((self._admitted or self._entered).granted.handle, booked)

    def is_of(self, budget: object) -> bool:
        """Whether a budget made it."""
        return getattr(budget, "prices", None) is self._admissions.prices

    @property
    def ended(self) -> bool:
        """True once it was settled, released, or charged as unconfirmed."""
        return self._ended

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

    def book(self, charge: Charge | None) -> None:
        """End with a charge, or (with None) for free.

        Raises:
            ReservationConflict: it ended before, with another amount.
        """
        ledger, handle = self._admissions.ledger, (self._admitted or self._entered).granted.handle
        self._end(handle, charge, ledger.release(handle) if charge is None else ledger.settle(handle, charge))
        if (hooks := self._admissions.hooks) is not None:
            hooks.catch_up()

    async def abook(self, charge: Charge | None) -> None:
        """`book` for tasks."""
        ledger, handle = self._admissions.ledger, self._handle
        self._end(handle, charge, await (ledger.arelease(handle) if charge is None else ledger.asettle(handle, charge)))
        if (hooks := self._admissions.hooks) is not None:
            hooks.catch_up()

    def book_later(self, charge: Charge | None) -> None:
        """`book` soon. Never blocks or raises."""
        handle = self._handle
        if handle.id in self._admissions.inherited and not self._own_id:
            return  # A forked child's copy, dropped.
        self._admissions.ledger.settle_later(handle, charge)
        self._end(handle, charge, UNTOLD)

    def charge_for(
        self, usage: Usage, *, model: str | None = None, service_tier: str | None = None, estimated: bool = False
    ) -> Charge:
        """What a usage comes to: at the price of the model that answered, or else of the one that was asked."""
        self._answer = usage, model
        return self._priced(usage, usage.input_tokens, usage.output_tokens, model, service_tier, estimated)

    def charge_for_totals(
        self, input_tokens: int, output_tokens: int, model: str | None, service_tier: str | None, *, estimated: bool
    ) -> Charge:
        """`charge_for` a usage without parts, as most are: no `Usage` is made unless somebody wants to know of it."""
        usage = None
        if self._admissions.hooks is not None:
            usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
            self._answer = usage, model
        return self._priced(usage, input_tokens, output_tokens, model, service_tier, estimated)

    def unconfirmed_charge(self) -> Charge:
        """All that is held, as a charge that nobody has confirmed."""
        return reserved_charge(self._handle)

    def unconfirmed_input(self) -> Charge:
        """What is held for the input, as a charge that nobody has confirmed."""
        fixed = self._entered.plan.claim.fixed
        return Charge(fixed.tokens, 0, fixed.nano_usd, fixed.requests, unconfirmed=True)

    def unknown_charge(self, *, begun: bool = False) -> Charge | None:
        """What is charged if nobody knows whether the call was billed: as the budget's `unknown_outcome` says.

        Args:
            begun: some of the answer has come, so that the input at least is billed for certain.
        """
        match self._admissions.unknown_outcome:
            case "input":
                return self.unconfirmed_input()
            case "release":
                return self.unconfirmed_input() if begun else None
            case _:
                return self.unconfirmed_charge()

    def unread_charge(self) -> Charge | None:
        """What is charged if the server went away before it said a word, which it does before it answers: the input."""
        return None if self._admissions.unknown_outcome == "release" else self.unconfirmed_input()

    @property
    def lease(self) -> float:
        """Seconds after which it is charged as unconfirmed, unless it has ended or was renewed."""
        return self._entered.plan.claim.lease

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
        return (self._admitted or self._entered).granted.handle

    def _refuse_again(self) -> NoReturn:
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
        if usage is not None and tokens is not None:
            raise ConfigurationError("settle() takes a Usage(...) or plain tokens=, not both")
        usage = read_usage(usage) if tokens is None else Usage(input_tokens=tokens)
        if usd is not None:
            return Charge(usage.input_tokens, usage.output_tokens, parse_usd(usd), estimated=estimated)
        if model is None and self._call.usd:
            raise ConfigurationError("this reservation is of plain money: settle(usd=...) says what it came to")
        return self.charge_for(usage, model=model, service_tier=service_tier, estimated=estimated)

    def _priced(
        self,
        usage: Usage | None,
        input_tokens: int,
        output_tokens: int,
        model: str | None,
        service_tier: str | None,
        estimated: bool,  # noqa: FBT001 - for every call, and a fact of the answer
    ) -> Charge:
        """The charge by the prices of the model that answered, or else of the one that was asked; no usage: without parts."""
        card, call = (self._admitted or self._entered).plan.card, self._call
        tier = service_tier or call.service_tier
        answered = model or call.model
        self._answered_by, self._fell_back = model, False
        if usage is not None and not usage.is_plain and (bill := self._bill(usage, answered, tier)) is not None:
            self._priced_by, self._fell_back = bill, bill.fell_back
            return make(Charge, (input_tokens, output_tokens, bill.nano_usd, 1, False, estimated, False))
        if answered is not None and (card is None or answered != call.model or tier != call.service_tier):
            found = self._admissions.answers.card(call.provider, call.model, answered, tier, call.geography)
            if found is not None:
                card = found
            else:
                self._fell_back = card is not None
                self._admissions.say_once(
                    f"priced as {call.model}",
                    "an answer names a model that nobody can price: it is charged as %s, which was asked for (said once per model)",
                    shown(call.model or "(no model)"),
                )
        self._priced_by = card
        if card is None:
            # Plain money comes to what was reserved, until `usd=` says otherwise.
            money, unpriced = call.usd or 0, call.usd is None and call.model is not None
        else:
            pico = card.plain_cost_pico(input_tokens, output_tokens) if usage is None else card.cost_pico(usage)
            money, unpriced = nano_from_pico(pico), False
        return make(Charge, (input_tokens, output_tokens, money, 1, False, estimated, unpriced))

    def _bill(self, usage: Usage, answered: str | None, tier: str | None) -> Bill | None:
        """The bill of a usage that is more than tokens; None if nobody can price it."""
        call = self._call
        try:
            return self._admissions.prices.bill(
                usage,
                model=answered,
                provider=call.provider,
                requested=call.model,
                service_tier=tier,
                geography=call.geography,
            )
        except UnknownModelPrice:
            return None

    def _draft(self, handle: Handle, charge: Charge | None) -> Draft:
        """What its receipt is made of."""
        who, answer, call = self._identity, self._answer, self._call
        of_call = handle, call.provider, call.model, call.expected_input_tokens
        of_whom = who.user_key, who.session_id, who.dimensions
        of_answer = charge, None if answer is None else answer[0], self._answered_by, self._priced_by, self._fell_back
        clamped = None if self._clamped_to is None else self._clamped
        return make(Draft, (*of_call, *of_whom, *of_answer, clamped, id(self._admissions.prices)))

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

    def _end(self, handle: Handle, charge: Charge | None, booked: Booked) -> None:
        first, self._ended = not self._ended, True
        self._admissions.open.pop(handle.id, None)
        self._admissions.holders.pop(handle.id, None)
        # An expired lease was charged by the ledger, which the sessions did not see: only what they have is taken back.
        before, self._booked = self._booked, charge if booked.first else self._booked
        if (hooks := self._admissions.hooks) is not None and booked.first:
            covered = handle.reserved if first else before.amounts if before is not None else _NOTHING
            hooks.ended(
                self._call,
                self._identity,
                handle,
                charge or _FREE,
                before=before,
                covered=covered,
                clamped=self._clamped,
                answer=self._answer,
                draft=self._draft(handle, charge),
            )
        tallies, journal = self._identity.tallies, self._admissions.journal
        draft = self._draft(handle, charge) if booked.first and (tallies or journal is not None) else None
        if journal is not None and draft is not None:
            # What was refunded meanwhile, as the ledger knows, is not there to be replaced.
            there = booked is UNTOLD or booked.before is not None
            journal.settled(draft, before if there else None)
        if charge is not None and charge.nano_usd and not charge.unconfirmed:
            self._admissions.last_costs.note(self._identity.user_key, self._call.model, charge.nano_usd)
        if (alerts := self._admissions.alerts) is not None:
            alerts.spent(self._entered.plan.watched)
        if not tallies:
            return
        if booked.first and before is not None:
            self._admissions.doubts.take_back(handle.id)
        if booked.first and charge is not None and charge.unconfirmed:
            self._admissions.doubts.add(handle.id, charge, tallies)
        for tally in tallies:
            if draft is not None:
                tally.drafts.append(draft)
            if first:
                tally.give_back(handle.reserved)
            if booked.first and before is not None and not before.unconfirmed:
                tally.take_back(before)
            if booked.first and charge is not None:
                tally.book(charge)

    @property
    def _clamped(self) -> tuple[int, int] | None:
        """(from, to), where the maximum is lowered."""
        return None if self._clamped_to is None else (self._entered.plan.at_most, self._clamped_to)

    def _warn(self) -> None:
        held: Amounts = self._handle.reserved
        logger.warning(_ENDED_UNSETTLED, held.tokens, held.usd, self.id)

    def __repr__(self) -> str:
        state = "not entered" if self._admitted is None else "ended" if self._ended else "open"
        return f"<Reservation {state}>"
