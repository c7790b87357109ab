"""From a call to its claim, by a budget's rules; what recurs is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_token_budget.claims.bounding import Bounding
from llm_token_budget.claims.calls import Call, Plan
from llm_token_budget.claims.rules import Rules
from llm_token_budget.claims.saying import LONGEST_NAME, Say, Saying
from llm_token_budget.claims.spans import Spans
from llm_token_budget.context import NOBODY, Identity
from llm_token_budget.errors import BudgetError, ConfigurationError, UnknownModelPrice
from llm_token_budget.identifiers import new_id
from llm_token_budget.ledgers.base import Claim, make

if TYPE_CHECKING:
    from llm_token_budget.pricing import PriceBook, RateCard

REMEMBERED: Final = 4096
"""Callers (user, session, model) whose limits are remembered."""

_NO_MODEL: Final = (
    "a USD limit applies and the call names no model: give model= (or default_model= to BudgetManager), "
    "or usd= beside plain tokens="
)

_Planned = tuple[tuple[int, int], Plan]
"""A plan, and the turns of windows and prices that it holds in."""


class Planner(Saying, Bounding):
    """Turns calls into claims by a budget's rules."""

    def __init__(self, rules: Rules, prices: PriceBook) -> None:
        self.rules = rules
        self.spans = Spans()
        self._prices = prices
        self._enforces = rules.admission != "observe"
        self._expects = rules.admission == "estimate"
        self._needs_price = any(limit.unit == "usd" for limit in rules.limits)
        self._insists_on_price = self._price_is_a_must()
        self._steady = all(limit.is_steady for limit in rules.limits)
        self._remembered: dict[tuple[str | None, ...], Say] = {}
        self._recurring: dict[tuple[int, str | None, str | None], _Planned] = {}

    def observe(self, *, on: bool) -> None:
        """Let no limit refuse anything for a while (mode "observe"), or go back to the rules."""
        self._enforces = not on and self.rules.admission != "observe"
        self._insists_on_price = self._price_is_a_must()
        self._remembered.clear()
        self._recurring.clear()
        self.spans.turn += 1  # What is being computed by the old rules is not remembered.

    def plan(self, call: Call, identity: Identity, *, patient: bool = False) -> Plan:
        """The claim of a call. `patient`: the caller waits if room is only held.

        Raises:
            MissingUser: a per-user limit applies, nobody is named and `missing_user="refuse"`.
            UnknownModelPrice: a USD limit applies and the model has no price.
            ConfigurationError: a limit is required and its key is missing, or has no amount.
        """
        # Remembered where the limits only depend on who calls what.
        steady = self._steady and not identity.runs and not identity.dimensions
        if not steady or not call.recurs:
            return self._plan(call, identity, patient=patient, steady=steady)
        whose = id(call), identity.user_key, identity.session_id
        planned = self._recurring.get(whose)
        turns = self.spans.turn, self._prices.turn()
        if planned is None or planned[0] != turns or planned[1].call is not call:
            plan = self._plan(call, identity, patient=patient, steady=steady)
            if len(self._recurring) >= REMEMBERED:
                self._recurring.clear()
            # Of whoever has called only what limits depend on.
            self._recurring[whose] = turns, plan._replace(identity=NOBODY)
            return plan
        claim, limits, card, _, _, at_most, expects, problems = planned[1]
        _, counters, lines, fixed, slopes, want, at_least, share, floor, lease, _ = claim
        claim = make(Claim, (new_id(), counters, lines, fixed, slopes, want, at_least, share, floor, lease, patient))
        return make(Plan, (claim, limits, card, call, identity, at_most, expects, problems))

    def _plan(self, call: Call, identity: Identity, *, patient: bool, steady: bool) -> Plan:
        provider, model, tier = call.provider, call.model, call.service_tier
        card = problem = None
        try:
            if model is not None:
                card = self._prices.rate_card(model, provider, service_tier=tier, geography=call.geography)
            elif call.usd is None and call.input_tokens + (call.max_output_tokens or 0):
                problem = self._unpriced(ConfigurationError(_NO_MODEL), identity)
        except UnknownModelPrice as unknown:
            card, problem = self._without_price(unknown, identity)
        who = identity.user_key, identity.session_id, provider, model, tier
        say = self._remembered.get(who) if steady else None
        if say is None or say.card is not card or say.turn != self.spans.turn:
            say = self._find_say(identity, provider, model, card)
            if steady and len(model or "") + len(provider or "") <= LONGEST_NAME:
                if len(self._remembered) >= REMEMBERED:
                    self._remembered.clear()
                self._remembered[who] = say
        claim = self._claim(call, card, say, patient=patient)
        problems = say.problems if problem is None else (problem, *say.problems)
        at_most = self._at_most(call) if self._expects else claim.want
        return make(Plan, (claim, say.limits, card, call, identity, at_most, self._expects, problems))

    def _price_is_a_must(self) -> bool:
        return any(limit.unit == "usd" and self._insists(limit) for limit in self.rules.limits)

    def _without_price(
        self, unknown: UnknownModelPrice, identity: Identity
    ) -> tuple[RateCard | None, BudgetError | None]:
        """What stands in for the price of a model that has none, or the problem that only limits which watch have with that."""
        if self.rules.unknown_model == "tokens_only":
            return None, None
        if self.rules.unknown_model == "upper_bound" and self.is_priced(identity):
            return self._prices.upper_bound_card(), None
        return None, self._unpriced(unknown, identity)

    def _unpriced(self, problem: BudgetError, identity: Identity) -> BudgetError | None:
        """Raise a problem with the price if a limit insists on one; the problem if one only watches."""
        runs = [limit for run in identity.runs for limit in run.limits if limit.unit == "usd"]
        if self._insists_on_price or any(map(self._insists, runs)):
            raise problem
        return problem if self._needs_price or runs else None

    def is_priced(self, identity: Identity) -> bool:
        """Whether a USD limit applies."""
        return self._needs_price or any(limit.unit == "usd" for run in identity.runs for limit in run.limits)
