"""A receipt of one call: who spent what on which model, what was expected, and how sure it is.

A `Draft` is what is kept of a call that has ended: references to what exists anyway, and nothing of what was asked or
answered. The receipt is made of it when somebody asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from llm_token_budget.money import usd_from_nano
from llm_token_budget.statistics import Portion, portion_of
from llm_token_budget.usage import Usage

if TYPE_CHECKING:
    from llm_token_budget.ledgers.base import Charge, Handle
    from llm_token_budget.pricing import Bill, RateCard

Outcome = Literal["billed", "estimated", "unconfirmed", "free"]

KEPT: Final = 100
"""So many receipts a session keeps: the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one call came to. A call through a wrapped client that is tried again has one for each attempt."""

    id: str
    """The reservation's, as `BudgetManager.refund` takes it."""
    at: datetime
    """When it was admitted, by the ledger's clock."""
    user_key: str | None
    session_id: str | None
    dimensions: Mapping[str, str] = field(default_factory=dict[str, str])
    """The other keys that it is charged to, such as `{"org": "acme"}`."""
    provider: str | None
    """Whose model was asked for, where the call says."""
    model: str | None
    """The model that was asked for."""
    answered_by: str | None
    """The model that the answer names."""
    usage: Usage
    """The tokens that were charged, by kind; where nobody knows them, input and output as they were held."""
    cost: Decimal
    """USD that were charged: whole nano-USD, rounded up."""
    cost_nano_usd: int
    rate_card_id: str | None
    """Names the prices that it was charged at; None where none were needed, or nobody knows them."""
    prices_updated_at: str | None
    """The date of those prices."""
    priced_as_requested: bool
    """Nobody can price the model that answered: the price is that of the model that was asked for."""
    held: Portion
    """What was reserved: an upper bound, unless the budget's `admission` is `"estimate"`."""
    held_input_tokens: int
    expected_input_tokens: int | None
    """What the input was likely to be, where it was estimated."""
    outcome: Outcome
    """`billed`: by the provider's word. `estimated`: by our own count. `unconfirmed`: nobody knows whether it was billed.
    `free`: given back, nothing was charged."""
    unpriced: bool
    """Nobody knows the price: the money is missing."""
    clamped_from: int | None
    """The maximum output that the call would have had, where it was sent with a lower one."""
    clamped_to: int | None

    @property
    def estimated(self) -> bool:
        """Whether the tokens are ours rather than the provider's."""
        return self.outcome == "estimated"

    @property
    def unconfirmed(self) -> bool:
        """Whether it was charged without the provider's word. A truth that comes later replaces it, or a refund."""
        return self.outcome == "unconfirmed"

    @property
    def input_error(self) -> float | None:
        """How far off the estimate of the input was, as a part of the truth: 0.1 is a tenth too high, -0.1 too low.

        None where there was no estimate, or the provider didn't say.
        """
        if self.expected_input_tokens is None or self.outcome != "billed" or not self.usage.input_tokens:
            return None
        return self.expected_input_tokens / self.usage.input_tokens - 1

    @property
    def unused(self) -> Decimal:
        """USD that were held and not needed; negative where the bill was higher."""
        return self.held.cost - self.cost


class Draft(NamedTuple):
    """What is known of a call that has ended."""

    handle: Handle
    provider: str | None
    model: str | None
    expected_input_tokens: int | None
    user_key: str | None
    session_id: str | None
    dimensions: Mapping[str, str]
    charge: Charge | None
    """None: it was given back."""
    usage: Usage | None
    """What was charged for, where more of it is known than the totals in the charge."""
    answered_by: str | None
    prices: RateCard | Bill | None
    priced_as_requested: bool
    clamped: tuple[int, int] | None
    """(from, to), where the maximum was lowered."""
    book: int
    """The identity of the budget's price book, which tells the budgets of a process apart."""

    def is_of(self, budget: object) -> bool:
        """Whether it is a call of a budget."""
        return id(getattr(budget, "prices", None)) == self.book

    @property
    def receipt(self) -> Receipt:
        """The receipt."""
        charge, handle = self.charge, self.handle
        confirmed = charge is not None and not charge.unconfirmed
        return Receipt(
            id=handle.id,
            at=datetime.fromtimestamp(handle.created, UTC),
            user_key=self.user_key,
            session_id=self.session_id,
            dimensions=dict(self.dimensions),
            provider=self.provider,
            model=self.model,
            answered_by=self.answered_by if confirmed else None,
            usage=self._usage(),
            cost=usd_from_nano(charge.nano_usd if charge else 0),
            cost_nano_usd=charge.nano_usd if charge else 0,
            rate_card_id=None if self.prices is None or charge is None else self.prices.id,
            prices_updated_at=None if self.prices is None or charge is None else self.prices.updated_at,
            priced_as_requested=self.priced_as_requested and confirmed,
            held=portion_of(handle.reserved),
            held_input_tokens=handle.input_tokens,
            expected_input_tokens=self.expected_input_tokens,
            outcome=_outcome(charge),
            unpriced=charge is not None and charge.unpriced,
            clamped_from=None if self.clamped is None else self.clamped[0],
            clamped_to=None if self.clamped is None else self.clamped[1],
        )

    def _usage(self) -> Usage:
        charge, usage = self.charge, self.usage
        if charge is None:
            return Usage()
        totals = charge.input_tokens, charge.output_tokens
        if usage is not None and not charge.unconfirmed and (usage.input_tokens, usage.output_tokens) == totals:
            return usage
        return Usage(input_tokens=totals[0], output_tokens=totals[1])


def _outcome(charge: Charge | None) -> Outcome:
    if charge is None:
        return "free"
    if charge.unconfirmed:
        return "unconfirmed"
    return "estimated" if charge.estimated else "billed"


def new_drafts() -> deque[Draft]:
    """Room for the drafts of one session. Appending takes no lock: finalizers may do it."""
    return deque(maxlen=KEPT)


def receipts_of(drafts: Iterable[Draft]) -> list[Receipt]:
    """The receipts of a session's calls, the latest last; of a call that was charged anew, the latest."""
    latest = {draft.handle.id: draft for draft in list(drafts)}
    return [draft.receipt for draft in latest.values()]
