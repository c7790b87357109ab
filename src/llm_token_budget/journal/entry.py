"""One line of the journal as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from llm_token_budget.journal.row import Kind, Row, Sum
from llm_token_budget.money import usd_from_nano
from llm_token_budget.receipts import Outcome
from llm_token_budget.statistics import Portion
from llm_token_budget.usage import Iteration, Terms, ToolUse, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """What one call came to: a receipt, with what it replaces.

    A sum over entries is one of their `delta`: a charge that was replaced by a truth, or given back, is in the journal twice.
    """

    id: str
    """The reservation's, as `BudgetManager.refund` takes it."""
    kind: Kind
    """`settled`: a reservation ended. `recorded`: `record` booked it. `refunded`: an unconfirmed charge was given back; then
    nothing is charged, and `replaced` is what was."""
    at: datetime
    """When the call was admitted, by the ledger's clock: what it is charged counts in the windows of then."""
    booked_at: datetime
    """When this was booked."""
    user_key: str | None
    session_id: str | None
    dimensions: Mapping[str, str]
    provider: str | None
    """Whose model was asked for, where the call says."""
    model: str | None
    """The model that was asked for."""
    answered_by: str | None
    """The model that the answer names."""
    usage: Usage
    """The tokens that were charged, by kind."""
    requests: int
    """1, or 0 where nothing was charged."""
    cost: Decimal
    """USD that were charged."""
    cost_nano_usd: int
    replaced: Portion | None
    """What an earlier entry of this reservation had charged, which this one replaces; None for the first."""
    delta: Portion
    """By how much this entry changes what was spent: what was charged less what it replaces, which may be below zero."""
    outcome: Outcome
    """`billed`: by the provider's word. `estimated`: by our own count. `unconfirmed`: nobody knows whether it was billed.
    `free`: given back, nothing was charged."""
    rate_card_id: str | None
    """Names the prices that it was charged at; None where none were needed, or nobody knows them."""
    prices_updated_at: str | None
    """The date of those prices."""
    priced_as_requested: bool
    """Nobody can price the model that answered: the price is that of the model that was asked for."""
    unpriced: bool
    """Nobody knows the price: the money is missing."""
    held: Portion
    """What was reserved."""
    held_input_tokens: int
    expected_input_tokens: int | None
    """What the input was likely to be, where it was estimated."""
    clamped_from: int | None
    """The maximum output that the call would have had, where it was sent with a lower one."""
    clamped_to: int | None

    @property
    def estimated(self) -> bool:
        """Whether the tokens are ours rather than the provider's."""
        return self.outcome == "estimated"

    @property
    def unconfirmed(self) -> bool:
        """Whether it was charged without the provider's word."""
        return self.outcome == "unconfirmed"


def entry_of(row: Row) -> JournalEntry:
    """A line as people read it."""
    details = row.details
    held = details.get("held", (0, 0, 0))
    return JournalEntry(
        id=row.id,
        kind=row.kind,
        at=datetime.fromtimestamp(row.at, UTC),
        booked_at=datetime.fromtimestamp(row.booked_at, UTC),
        user_key=row.user_key,
        session_id=row.session_id,
        dimensions=dict(row.dimensions),
        provider=row.provider,
        model=row.model,
        answered_by=details.get("answered_by"),
        usage=_usage_of(row.charged.input_tokens, row.charged.output_tokens, details.get("usage", {})),
        requests=row.charged.requests,
        cost=usd_from_nano(row.charged.nano_usd),
        cost_nano_usd=row.charged.nano_usd,
        replaced=None if row.replaced is None else _portion(row.replaced),
        delta=_portion(row.delta),
        outcome=cast("Outcome", row.outcome),
        rate_card_id=details.get("rate_card_id"),
        prices_updated_at=details.get("prices_updated_at"),
        priced_as_requested=details.get("priced_as_requested", False),
        unpriced=details.get("unpriced", False),
        held=Portion(tokens=held[0], cost=usd_from_nano(held[1]), requests=held[2]),
        held_input_tokens=details.get("held_input_tokens", 0),
        expected_input_tokens=details.get("expected_input_tokens"),
        clamped_from=details.get("clamped_from"),
        clamped_to=details.get("clamped_to"),
    )


def _portion(amounts: Sum) -> Portion:
    return Portion(
        tokens=amounts.input_tokens + amounts.output_tokens,
        cost=usd_from_nano(amounts.nano_usd),
        requests=amounts.requests,
    )


def _usage_of(input_tokens: int, output_tokens: int, parts: Mapping[str, Any]) -> Usage:
    if not parts:
        return Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    given = dict(parts)
    tools = tuple(ToolUse(*use) for use in given.pop("tools", ()))
    iterations = tuple(
        Iteration(model, _usage_of(of_input, of_output, inner))
        for model, of_input, of_output, inner in given.pop("iterations", ())
    )
    terms: dict[str, Any] | None = given.pop("terms", None)
    if terms is not None and "reported_cost" in terms:
        terms = dict[str, Any](terms, reported_cost=Decimal(terms["reported_cost"]))
    return Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        tools=tools,
        iterations=iterations,
        terms=None if terms is None else Terms(**terms),
        **given,
    )
