"""Answers that come later: a provider works in the background, and says what it billed when it is asked for the answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from llm_token_budget.usage import Usage

if TYPE_CHECKING:
    from llm_token_budget.claims import Call
    from llm_token_budget.ledgers.base import Charge
    from llm_token_budget.manager import BudgetManager
    from llm_token_budget.reservation import Reservation

REMEMBERED: Final = 10_000
"""So many answers are waited for, per budget. What an older one came to stays unconfirmed, as it was held."""

_waiting: Final[WeakKeyDictionary[BudgetManager, OrderedDict[str, Reservation]]] = WeakKeyDictionary()


def remember(budget: BudgetManager, answer_id: str, reservation: Reservation) -> None:
    """The answer of this id will say what a reservation comes to."""
    waiting = _waiting.setdefault(budget, OrderedDict())
    reservation.forget_request()
    waiting[answer_id] = reservation
    if len(waiting) > REMEMBERED:
        waiting.popitem(last=False)


def awaited(budget: BudgetManager, answer_id: str) -> LateReservation | None:
    """The reservation that an answer's usage will settle, if it is waited for."""
    waiting = _waiting.get(budget)
    reservation = None if waiting is None else waiting.get(answer_id)
    if waiting is None or reservation is None:
        return None
    return LateReservation(reservation, lambda: waiting.pop(answer_id, None))


@dataclass(frozen=True, slots=True)
class LateReservation:
    """A reservation that was charged as unconfirmed: the truth replaces that, and nothing else does.

    It stands in for a `Reservation` wherever an answer is read.
    """

    _inner: Reservation
    _forget: Callable[[], object] = field(repr=False)

    @property
    def lease(self) -> float:
        """It needs no more room."""
        return float("inf")

    @property
    def call(self) -> Call:
        return self._inner.call

    @property
    def input_tokens(self) -> int:
        return self._inner.input_tokens

    @property
    def output_tokens(self) -> int:
        return self._inner.output_tokens

    @property
    def most_output_tokens(self) -> int:
        return self._inner.most_output_tokens

    def held_by(self, holder: object) -> None:
        """It holds nothing that would have to be ended."""

    def charge_for(
        self, usage: Usage, *, model: str | None = None, service_tier: str | None = None, estimated: bool = False
    ) -> Charge | None:
        """What the provider says; None as long as it doesn't."""
        if estimated:
            return None
        return self._inner.charge_for(usage, model=model, service_tier=service_tier)

    def charge_for_totals(
        self, input_tokens: int, output_tokens: int, model: str | None, service_tier: str | None, *, estimated: bool
    ) -> Charge | None:
        """`charge_for` a usage without parts."""
        if estimated:
            return None
        return self._inner.charge_for_totals(input_tokens, output_tokens, model, service_tier, estimated=False)

    def unknown_charge(self, *, begun: bool = False) -> None:
        """An answer that says nothing changes nothing."""

    def book(self, charge: Charge | None) -> None:
        """The truth has come. With None it hasn't.

        Raises:
            ReservationConflict: another truth came before.
        """
        if charge is not None:
            self._forget()
            self._inner.book(charge)

    async def abook(self, charge: Charge | None) -> None:
        """`book` for tasks."""
        if charge is not None:
            self._forget()
            await self._inner.abook(charge)

    def book_later(self, charge: Charge | None) -> None:
        """`book` soon. Never blocks or raises."""
        if charge is not None:
            self._forget()
            self._inner.book_later(charge)
