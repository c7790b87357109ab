"""What is known of a call before it is sent, and the claim that is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llm_token_budget.context import Identity
from llm_token_budget.errors import BudgetError
from llm_token_budget.ledgers.base import Claim
from llm_token_budget.limits import Limit
from llm_token_budget.usage import ToolUse

if TYPE_CHECKING:
    from llm_token_budget.estimation import TokenEstimate
    from llm_token_budget.pricing import CacheLifetime, RateCard


class Call(NamedTuple):
    """What is known of a call before it is sent."""

    provider: str | None = None
    model: str | None = None
    input_tokens: int = 0
    """An upper bound."""
    expected_input_tokens: int | None = None
    """The likely figure; the upper bound where nobody says."""
    max_output_tokens: int | None = None
    """The request's own maximum, per choice; None if it sets none."""
    model_maximum: int | None = None
    """What the model writes at most where the request sets no maximum; None if nobody knows."""
    choices: int = 1
    """How many answers are asked for at once; 0 for calls without output, such as embeddings."""
    min_output_tokens: int | None = None
    """What an answer needs to be of use; None: the budget's `min_output_tokens`."""
    expected_output_tokens: int | None = None
    """The likely figure, per choice, for `admission="estimate"`; None: a quarter of what is usual."""
    default_max_output_tokens: int | None = None
    """What is granted at least to a request without a maximum; None: the budget's own."""
    service_tier: str | None = None
    longest_cache: CacheLifetime = "5m"
    """The longest-lived cache that the input may be written to: writing can cost more than reading fresh."""
    audio: bool = False
    """Whether input or output may be sound."""
    usd: int | None = None
    """A plain amount in nano-USD, for money that is not tokens."""
    estimate: TokenEstimate | None = None
    """How the input was estimated, where it was: for explanations, and for what bills teach."""
    geography: str | None = None
    """Where it has to be worked on, if that may cost more; None: anywhere."""
    recurs: bool = False
    """This same object stands for every request like it, and keeps nothing of what they say: its claims are worth keeping."""
    tools: tuple[ToolUse, ...] = ()
    """What tools of the provider's own may be billed at most, by the call."""
    tools_bounded: bool = True
    """Whether the request sees to it that they are used no oftener."""


class Plan(NamedTuple):
    """A claim, and what is needed to make sense of its answer."""

    claim: Claim
    limits: tuple[Limit, ...]
    """The limits behind the claim's lines, in their order."""
    card: RateCard | None
    call: Call
    identity: Identity
    at_most: int
    """The output tokens that a request which stays as it is may bring, per choice."""
    expects: bool
    """The claim is of what the call is likely to cost, not of the most: the request stays as it is."""
    problems: tuple[BudgetError, ...] = ()
    """Why limits that only watch could not be looked at: nobody is named, there is no price ..."""

    @property
    def watched(self) -> list[tuple[Limit, tuple[str, ...]]]:
        """The limits that have a say, and whose they are."""
        return [(limit, line.key) for limit, line in zip(self.limits, self.claim.lines, strict=True)]
