"""How a reservation ends: its charge is booked, now or soon, and whoever wants to know is told."""

from __future__ import annotations

from typing import Self

from llm_token_budget.ledgers.base import UNTOLD, Amounts, Booked, Charge, Handle, make
from llm_token_budget.receipts import Draft, Receipt
from llm_token_budget.reservation.pricing import Pricing

_FREE = Charge(requests=0)
_NOTHING = Amounts()


class Booking(Pricing):
    """A reservation's end, and its receipt."""

    __slots__ = ()

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

    def _draft(self, handle: Handle, charge: Charge | None) -> Draft:
        """What its receipt is made of."""
        who, answer, call = self._identity, self._answer, self._call
        of_call = handle, call.provider, call.model, call.expected_input_tokens
        of_whom = who.user_key, who.session_id, who.dimensions
        of_answer = charge, None if answer is None else answer[0], self._answered_by, self._priced_by, self._fell_back
        clamped = None if self._clamped_to is None else self._clamped
        return make(Draft, (*of_call, *of_whom, *of_answer, clamped, id(self._admissions.prices)))
