"""What is held for a call, and what is known of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from llm_token_budget.admissions import Admissions, Admitted
from llm_token_budget.claims import Call
from llm_token_budget.context import Identity
from llm_token_budget.errors import ConfigurationError
from llm_token_budget.events import Answer
from llm_token_budget.ledgers.base import Charge, Handle

if TYPE_CHECKING:
    from llm_token_budget.pricing import Bill, RateCard


class Held:
    """The facts of a reservation: its call, who spends, what is held, and what it came to so far."""

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
    def lease(self) -> float:
        """Seconds after which it is charged as unconfirmed, unless it has ended or was renewed."""
        return self._entered.plan.claim.lease

    @property
    def ended(self) -> bool:
        """True once it was settled, released, or charged as unconfirmed."""
        return self._ended

    def is_of(self, budget: object) -> bool:
        """Whether a budget made it."""
        return getattr(budget, "prices", None) is self._admissions.prices

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

    @property
    def _clamped(self) -> tuple[int, int] | None:
        """(from, to), where the maximum is lowered."""
        return None if self._clamped_to is None else (self._entered.plan.at_most, self._clamped_to)
