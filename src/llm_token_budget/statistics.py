"""What people read off a ledger: statistics, what remains, the answers of `check` and `record`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from llm_token_budget.errors import LimitView, Refusal, left_of
from llm_token_budget.ledgers.base import Amounts, Balance, Unconfirmed
from llm_token_budget.money import usd_from_nano


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portion:
    """A part of what was spent, or is held: false, and equal to 0, if it is nothing at all."""

    tokens: int = 0
    cost: Decimal = Decimal(0)
    """USD."""
    requests: int = 0

    def __bool__(self) -> bool:
        return bool(self.tokens or self.cost or self.requests)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Portion):
            return (self.tokens, self.cost, self.requests) == (other.tokens, other.cost, other.requests)
        return not self if other == 0 else NotImplemented

    def __hash__(self) -> int:
        return hash((self.tokens, self.cost, self.requests)) if self else hash(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What was spent by everyone, a user, a session or a block since the last reset."""

    user_key: str | None = None
    session_id: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    total_cost: Decimal = Decimal(0)
    """USD."""
    requests: int = 0
    """Requests that were charged."""
    blocked: int = 0
    """Calls that were refused."""
    reserved: Portion = Portion()
    """Held by calls in flight; not part of the totals."""
    unconfirmed: Portion = Portion()
    """The part of the totals that was charged without the provider's word: of calls whose outcome nobody knows."""
    overrun: Portion = Portion()
    """The part of the totals by which bills were above their reservations."""
    unreserved: Portion = Portion()
    """The part of the totals that `record` booked without asking."""
    estimated_requests: int = 0
    """Requests whose tokens are ours, not the provider's: it sent no usage."""
    unpriced_requests: int = 0
    """Requests whose cost is missing from the total because nobody knew the price."""

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """How one limit stands. Amounts are in its own unit: tokens, requests, or USD as Decimal."""

    limit: LimitView
    spent: int | Decimal
    reserved: int | Decimal
    unconfirmed: int | Decimal
    overrun: int | Decimal
    resets_at: datetime | None
    """None if it never resets, or slides."""

    @property
    def remaining(self) -> int | Decimal:
        """What is neither spent nor reserved; never below 0."""
        return left_of(self.limit.amount, self.spent, self.reserved)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What `check` found. It holds nothing: two callers can both be told yes."""

    allowed: bool
    reason: str | None
    """`user_token_limit_exceeded` and the like; None if allowed."""
    would_cost: Decimal | None
    """USD at the model's ordinary rates; None if there is no price."""
    refusal: Refusal | None = None
    """All that is known of the refusal."""

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordResult:
    """What `record` booked."""

    cost: Decimal
    """USD."""
    global_stats: Stats
    user_stats: Stats | None
    session_stats: Stats | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconfirmedCharge:
    """A call that was charged without the provider's word: its outcome is unknown, or its reservation expired.

    One that expired in a ledger that gives such back (`expired="release"`) is listed too, `charged` nothing.
    """

    id: str
    """As `BudgetManager.refund` takes it."""
    user_key: str | None
    session_id: str | None
    charged: Portion
    held: Portion
    """What was reserved for it."""
    at: datetime
    """When it was charged."""


def unconfirmed_charge_of(entry: Unconfirmed) -> UnconfirmedCharge:
    """A ledger's entry as people read it."""
    keys: dict[str, str] = {}
    for counter in entry.handle.counters:
        keys |= zip(counter.scope, counter.key, strict=False)
    return UnconfirmedCharge(
        id=entry.handle.id,
        user_key=keys.get("user") or None,
        session_id=keys.get("session"),
        charged=portion_of(entry.charge.amounts),
        held=portion_of(entry.handle.reserved),
        at=datetime.fromtimestamp(entry.at, UTC),
    )


def stats_of(balance: Balance, *, user_key: str | None = None, session_id: str | None = None) -> Stats:
    """A counter's balance as people read it."""
    return Stats(
        user_key=user_key,
        session_id=session_id,
        input_tokens=balance.input_tokens,
        output_tokens=balance.output_tokens,
        total_cost=balance.spent.usd,
        requests=balance.spent.requests,
        blocked=balance.blocked,
        reserved=portion_of(balance.reserved),
        unconfirmed=portion_of(balance.unconfirmed),
        overrun=portion_of(balance.overrun),
        unreserved=portion_of(balance.unreserved),
        estimated_requests=balance.estimated_requests,
        unpriced_requests=balance.unpriced_requests,
    )


def portion_of(amounts: Amounts) -> Portion:
    return Portion(tokens=amounts.tokens, cost=amounts.usd, requests=amounts.requests)


def in_unit(unit: int, amount: int) -> int | Decimal:
    """An amount of a ledger's unit as people read it: USD as Decimal."""
    return usd_from_nano(amount) if unit == 1 else amount
