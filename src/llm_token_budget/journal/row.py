"""A line of the journal as it is kept: plain values, made where nobody waits for it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from llm_token_budget.ledgers.base import make
from llm_token_budget.usage import COUNTS, Usage

if TYPE_CHECKING:
    from llm_token_budget.ledgers.base import Charge
    from llm_token_budget.receipts import Draft

Kind = Literal["settled", "recorded", "refunded"]

NO_DIMENSIONS: Final[Mapping[str, str]] = {}

_TOTALS: Final = ("input_tokens", "output_tokens")


class Sum(NamedTuple):
    """What was charged, or taken back."""

    input_tokens: int = 0
    output_tokens: int = 0
    nano_usd: int = 0
    requests: int = 0


_NOTHING: Final = Sum()


class Row(NamedTuple):
    """One line."""

    key: str
    """Its place among those of the same `at`, and its name: written twice, it is there once. ASCII."""
    kind: Kind
    id: str
    """The reservation's."""
    at: float
    """When the call was admitted, in seconds since the epoch: its window in the ledger."""
    booked_at: float
    user_key: str | None
    session_id: str | None
    provider: str | None
    model: str | None
    dimensions: Mapping[str, str]
    charged: Sum
    replaced: Sum | None
    """What an earlier line of the same reservation had charged, which this one replaces."""
    outcome: str
    details: Mapping[str, Any]
    """All else that is not nothing: see `details_of`."""

    @property
    def delta(self) -> Sum:
        """By how much this line changes the sums."""
        if self.replaced is None:
            return self.charged
        return Sum(*(now - before for now, before in zip(self.charged, self.replaced, strict=True)))


class Late(NamedTuple):
    """What a row is made of, where it can be made when somebody asks."""

    kind: Kind
    draft: Draft
    replaced: Charge | None
    booked_at: float

    def row(self) -> Row:
        return row_of(*self)


_process = os.urandom(6).hex()
_numbers = itertools.count()


def new_key(booked_at: float) -> str:
    """A key that sorts by time, then by the order of this process."""
    return f"{booked_at:017.6f}-{next(_numbers):010d}-{_process}"


def _reseed() -> None:
    """A forked child must not mint its parent's keys."""
    global _process
    _process = os.urandom(6).hex()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reseed)


def row_of(kind: Kind, draft: Draft, replaced: Charge | None, booked_at: float) -> Row:
    """The line of a call that ended."""
    handle, charge = draft.handle, draft.charge
    values = (
        new_key(booked_at),
        kind,
        handle.id,
        handle.created,
        booked_at,
        draft.user_key,
        draft.session_id,
        draft.provider,
        draft.model,
        draft.dimensions or NO_DIMENSIONS,
        _NOTHING if charge is None else _sum(charge),
        None if replaced is None else _sum(replaced),
        _outcome(charge),
        details_of(draft),
    )
    return make(Row, values)


def refund_of(row: Row, booked_at: float) -> Row:
    """The line of a refund: it replaces what was charged by nothing."""
    return row._replace(
        key=new_key(booked_at),
        kind="refunded",
        booked_at=booked_at,
        charged=Sum(),
        replaced=row.charged,
        outcome="free",
        details={name: value for name, value in row.details.items() if name.startswith("held")},
    )


def details_of(draft: Draft) -> dict[str, Any]:
    """What else is known of a call, by the names that its receipt gives it; nothing that is zero, false or unknown."""
    handle, charge, prices, clamped = draft.handle, draft.charge, draft.prices, draft.clamped
    details: dict[str, Any] = {}
    if handle.reserved:
        details["held"] = handle.reserved
        if handle.input_tokens:
            details["held_input_tokens"] = handle.input_tokens
    if draft.expected_input_tokens is not None:
        details["expected_input_tokens"] = draft.expected_input_tokens
    if clamped is not None:
        details["clamped_from"], details["clamped_to"] = clamped
    if charge is None:
        return details
    if prices is not None:
        details["rate_card_id"] = prices.id
        details["prices_updated_at"] = prices.updated_at
    if charge.unpriced:
        details["unpriced"] = True
    if charge.unconfirmed:
        return details
    if draft.answered_by is not None:
        details["answered_by"] = draft.answered_by
    if draft.priced_as_requested:
        details["priced_as_requested"] = True
    usage = draft.usage
    if usage is not None and (usage.input_tokens, usage.output_tokens) == charge[:2] and (parts := parts_of(usage)):
        details["usage"] = parts
    return details


def parts_of(usage: Usage) -> dict[str, Any]:
    """A usage but for its totals, as JSON takes it."""
    parts: dict[str, Any] = {name: count for name in COUNTS if (count := getattr(usage, name)) and name not in _TOTALS}
    if usage.is_plain:
        return parts
    if usage.tools:
        parts["tools"] = [list(use) for use in usage.tools]
    if usage.iterations:
        parts["iterations"] = [
            [each.model, each.usage.input_tokens, each.usage.output_tokens, parts_of(each.usage)]
            for each in usage.iterations
        ]
    if (terms := usage.terms) is not None:
        reported = terms.reported_cost
        named = {
            "service_tier": terms.service_tier,
            "speed": terms.speed,
            "geography": terms.geography,
            "batch": terms.batch,
            "reported_cost": None if reported is None else str(reported),
        }
        parts["terms"] = {name: value for name, value in named.items() if value}
    return parts


def _sum(charge: Charge) -> Sum:
    return make(Sum, charge[:4])


def _outcome(charge: Charge | None) -> str:
    if charge is None:
        return "free"
    if charge.unconfirmed:
        return "unconfirmed"
    return "estimated" if charge.estimated else "billed"
