"""What a call comes to: from a usage, or from the lack of one, to a charge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_token_budget.errors import ConfigurationError, UnknownModelPrice, shown
from llm_token_budget.ledgers.base import Charge, make, reserved_charge
from llm_token_budget.limits import Amount
from llm_token_budget.money import nano_from_pico, parse_usd
from llm_token_budget.reservation.held import Held
from llm_token_budget.usage import Usage, read_usage

if TYPE_CHECKING:
    from llm_token_budget.pricing import Bill


class Pricing(Held):
    """The charges that a reservation can end with. None of them is booked here."""

    __slots__ = ()

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
            reserved_at = (self._admitted or self._entered).granted.handle.created
            found = self._admissions.answers.card(
                call.provider, call.model, answered, tier, call.geography, reserved_at
            )
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
        call, prices = self._call, self._admissions.prices
        try:
            return prices.bill(
                usage,
                model=answered,
                provider=call.provider,
                requested=call.model,
                service_tier=tier,
                geography=call.geography,
                at=prices.day_of((self._admitted or self._entered).granted.handle.created),
            )
        except UnknownModelPrice:
            return None
