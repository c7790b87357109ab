"""Asking what there is room for: nothing is held or spent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from llm_token_budget.claims import Call
from llm_token_budget.errors import BudgetExceeded
from llm_token_budget.ledgers.base import Balance, Counter, Refused, Stale
from llm_token_budget.limits import UNITS, Amount, Limit
from llm_token_budget.manager.workings import Dimensions, Workings
from llm_token_budget.money import nano_from_pico, parse_usd, usd_from_nano
from llm_token_budget.options import check_count, check_name
from llm_token_budget.statistics import CheckResult, Remaining, in_unit


class Asking(Workings):
    """Whether a call would be admitted, and what is left of each limit."""

    def check(
        self,
        *,
        estimated_input_tokens: int = 0,
        estimated_output_tokens: int = 0,
        user_key: str | None = None,
        session_id: str | None = None,
        model: str | None = None,
        provider: str | None = None,
        dimensions: Dimensions | None = None,
        usd: Amount | None = None,
    ) -> CheckResult:
        """Would such a call be admitted now? Holds nothing: two callers can both be told yes. `reserve` and `wrap` hold.

        A refusal counts as blocked. What calls in flight hold counts as used.

        Args:
            estimated_input_tokens: tokens to be sent.
            estimated_output_tokens: tokens to be received.
            user_key: who would spend; the session's user where left out.
            session_id: the session it would be part of.
            model: the model; `default_model` where left out.
            provider: whose model it is, where the name alone doesn't say.
            dimensions: further keys, for limits whose scope is a dimension.
            usd: what it would cost, where that is known: then no model is asked for a price, and limits per model have no say.

        Raises:
            UnknownModelPrice: a USD limit applies and the model has no price.
            ConfigurationError: a bad argument, or nobody is named under a per-user limit.
        """
        output = check_count("estimated_output_tokens", estimated_output_tokens)
        check_name("provider", provider)
        call = Call(
            provider=provider,
            model=self._model(model),
            input_tokens=check_count("estimated_input_tokens", estimated_input_tokens),
            max_output_tokens=output,
            min_output_tokens=output,
            expected_output_tokens=output,
        )
        if usd is not None:
            call = call._replace(model=None, usd=parse_usd(usd))
        try:
            plan, answer = self._admissions.look(call, self.identify(user_key, session_id, dimensions))
        except BudgetExceeded as stopped:
            return CheckResult(allowed=False, reason=stopped.reason, would_cost=None, refusal=stopped.refusals[0])
        cost: Decimal | None = None if call.usd is None else usd_from_nano(call.usd)
        if plan.card is not None:
            cost = usd_from_nano(nano_from_pico(plan.card.plain_cost_pico(call.input_tokens, output)))
        if not isinstance(answer, Refused):
            return CheckResult(allowed=True, reason=None, would_cost=cost)
        refusal = self._admissions.refusals(plan, answer.shortages, held=answer.held)[0]
        return CheckResult(allowed=False, reason=refusal.reason, would_cost=cost, refusal=refusal)

    async def acheck(self, **call: Any) -> CheckResult:
        """`check` for tasks."""
        return await self._ledger.acall(self.check, **call)

    def remaining(
        self,
        user_key: str | None = None,
        session_id: str | None = None,
        *,
        dimensions: Dimensions | None = None,
        model: str | None = None,
        provider: str | None = None,
    ) -> list[Remaining]:
        """How each limit stands, for whoever is named (or the current session): a row per limit that applies."""
        identity = self.identify(user_key, session_id, dimensions)
        found = [
            (limit, key)
            for limit, key in self._planner.lines_for(identity, model or self.default_model, provider)
            if limit.scopes != ("call",)
        ]
        counters, balances = self._asked(lambda: self._read(found))
        self._catch_up()
        amounts = self._ledger.limit_amounts(self._planner.lines(found))
        rows = zip(found, counters, balances, amounts, strict=True)
        return [
            _remaining(limit, key, counter, balance, amount)
            for (limit, key), counter, balance, amount in rows
            if amount is not None
        ]

    async def aremaining(
        self, user_key: str | None = None, session_id: str | None = None, **keys: Any
    ) -> list[Remaining]:
        """`remaining` for tasks."""
        return await self._ledger.acall(self.remaining, user_key, session_id, **keys)

    def describe(self) -> str:
        """The limits in words, a line each, with their next reset."""
        self._planner.spans.move_on(self._ledger.now())
        lines = [_described(limit, self._planner.spans.of(limit.span)[1]) for limit in self.limits]
        if self.admission == "estimate":
            lines = [f"{line} (not a hard limit: admission='estimate')" for line in lines]
        return "\n".join(lines) if lines else "no limits"

    def _read(self, found: Iterable[tuple[Limit, tuple[str, ...]]]) -> tuple[list[Counter], list[Balance]] | Stale:
        counters = [self._planner.counter(limit, key) for limit, key in found]
        balances = self._ledger.read(counters)
        return balances if isinstance(balances, Stale) else (counters, balances)


def _remaining(limit: Limit, key: tuple[str, ...], counter: Counter, balance: Balance, amount: int) -> Remaining:
    unit = UNITS.index(limit.unit)
    return Remaining(
        limit=limit.view(key, amount),
        spent=in_unit(unit, balance.spent[unit]),
        reserved=in_unit(unit, balance.reserved[unit]),
        unconfirmed=in_unit(unit, balance.unconfirmed[unit]),
        overrun=in_unit(unit, balance.overrun[unit]),
        resets_at=None if counter.end is None else datetime.fromtimestamp(counter.end, UTC),
    )


def _described(limit: Limit, end: int | None) -> str:
    if end is None:
        return limit.describe()
    zone = "" if getattr(limit.span, "time_zone", "UTC") == "UTC" else " UTC"
    return f"{limit.describe()}, next reset {datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M}{zone}"
