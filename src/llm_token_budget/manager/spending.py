"""What was spent: booked where it happened elsewhere, and read off by user and session."""

from __future__ import annotations

from typing import Any

from llm_token_budget.claims import ANONYMOUS, Planner
from llm_token_budget.context import Identity
from llm_token_budget.errors import ConfigurationError, UnknownModelPrice
from llm_token_budget.identifiers import new_id
from llm_token_budget.ledgers.base import Amounts, Balance, Charge, Counter, Handle
from llm_token_budget.limits import Amount, check_key
from llm_token_budget.manager.workings import Dimensions, Workings
from llm_token_budget.money import nano_from_pico, parse_usd
from llm_token_budget.options import Instant, check_count, check_name, read_instant
from llm_token_budget.receipts import Draft
from llm_token_budget.statistics import RecordResult, Stats, stats_of
from llm_token_budget.usage import Usage, read_usage


class Spending(Workings):
    """`record`, and the statistics of everyone, a user or a session since the last reset."""

    def record(
        self,
        *,
        input_tokens: int = 0,
        output_tokens: int = 0,
        usage: Usage | None = None,
        cost: Amount | None = None,
        user_key: str | None = None,
        session_id: str | None = None,
        model: str | None = None,
        provider: str | None = None,
        dimensions: Dimensions | None = None,
        at: Instant | None = None,
    ) -> RecordResult:
        """Book what was spent elsewhere. Never refuses; counted apart as `unreserved`.

        `wrap` records by itself: whoever wraps a client deletes their `record` calls.

        Args:
            input_tokens: tokens sent.
            output_tokens: tokens received.
            usage: both, with all their parts, instead.
            cost: USD, where it is known: goes before any price, and needs no model.
            user_key: who spent; the session's user where left out.
            session_id: the session it is part of.
            model: the model; `default_model` where left out.
            provider: whose model it is, where the name alone doesn't say.
            dimensions: further keys, for limits whose scope is a dimension.
            at: when it was spent, in whose windows it counts then: an opening balance, say. A datetime with a time zone, or
                seconds since the epoch; None: now.

        Raises:
            UnknownModelPrice: the model has no price and no `cost=` was given. The tokens are counted first.
            ConfigurationError: a bad argument; nothing is counted.
        """
        identity = self.identify(user_key, session_id, dimensions)
        if usage is None:
            usage = Usage(
                input_tokens=check_count("input_tokens", input_tokens),
                output_tokens=check_count("output_tokens", output_tokens),
            )
        elif input_tokens or output_tokens:
            raise ConfigurationError("record() takes usage= or input_tokens= and output_tokens=, not both")
        usage = read_usage(usage)
        model, provider = self._model(model), check_name("provider", provider)
        money, problem = self._cost_of_record(usage, cost, model, provider, identity)
        unpriced = problem is not None or (cost is None and model is None and usage.total_tokens > 0)
        charge = Charge(usage.input_tokens, usage.output_tokens, money, 1, unpriced=unpriced)
        self._book(identity, model, provider, charge, None if at is None else read_instant("at", at))
        for tally in identity.tallies:
            tally.book(charge)
        if self.journal is not None:
            self.journal.recorded(self._record_draft(identity, model, provider, usage, charge, at))
        if self.alerts is not None:
            self.alerts.spent(self._planner.lines_for(identity, model, provider))
        self._catch_up()
        if problem is not None and self._planner.rules.unknown_model != "tokens_only":
            raise problem
        user, session = identity.user_key, identity.session_id
        return RecordResult(
            cost=charge.amounts.usd,
            global_stats=self.get_global_stats(),
            user_stats=None if user is None else self.get_user_stats(user),
            session_stats=None if session is None else self.get_session_stats(user, session),
        )

    async def arecord(self, **spent: Any) -> RecordResult:
        """`record` for tasks."""
        return await self._ledger.acall(self.record, **spent)

    def get_global_stats(self) -> Stats:
        """What everyone spent since the last reset."""
        return stats_of(self._statistics(("global",), ()))

    async def aget_global_stats(self) -> Stats:
        """`get_global_stats` for tasks."""
        return await self._ledger.acall(self.get_global_stats)

    def get_user_stats(self, user_key: str) -> Stats:
        """What a user spent since the last reset; all zero for a stranger."""
        key = check_key(user_key, "user_key")
        return stats_of(self._statistics(("user",), (key,)), user_key=key)

    async def aget_user_stats(self, user_key: str) -> Stats:
        """`get_user_stats` for tasks."""
        return await self._ledger.acall(self.get_user_stats, user_key)

    def get_session_stats(self, user_key: str | None, session_id: str) -> Stats:
        """What one session of a user spent since the last reset."""
        key = ANONYMOUS if user_key is None else check_key(user_key, "user_key")
        session = check_key(session_id, "session_id")
        return stats_of(self._statistics(("user", "session"), (key, session)), user_key=user_key, session_id=session)

    async def aget_session_stats(self, user_key: str | None, session_id: str) -> Stats:
        """`get_session_stats` for tasks."""
        return await self._ledger.acall(self.get_session_stats, user_key, session_id)

    def get_all_user_stats(self, *, limit: int | None = None, offset: int = 0) -> list[Stats]:
        """The statistics of all users, the one who cost most first. `.user_key` says whose they are.

        Args:
            limit: so many rows at most.
            offset: leave out so many from the top.

        Raises:
            ConfigurationError: not a whole number, 0 or more.
        """
        if limit is not None:
            check_count("limit", limit)
        check_count("offset", offset)
        rows = self._asked(
            lambda: self._ledger.users(self._statistics_counter(("user",), ()), limit=limit, offset=offset)
        )
        self._catch_up()
        return [stats_of(balance, user_key=key) for key, balance in rows]

    async def aget_all_user_stats(self, *, limit: int | None = None, offset: int = 0) -> list[Stats]:
        """`get_all_user_stats` for tasks."""
        return await self._ledger.acall(self.get_all_user_stats, limit=limit, offset=offset)

    def _cost_of_record(
        self, usage: Usage, cost: Amount | None, model: str | None, provider: str | None, identity: Identity
    ) -> tuple[int, UnknownModelPrice | None]:
        """(nano-USD, what to raise once the tokens are counted)."""
        if cost is not None:
            return parse_usd(cost, "cost"), None
        if model is None:
            if usage.total_tokens and self._planner.is_priced(identity):
                return 0, UnknownModelPrice("(no model named)", recorded=True)
            return 0, None
        try:
            if not usage.is_plain:
                return self.prices.bill(usage, model=model, provider=provider).nano_usd, None
            return nano_from_pico(self.prices.rate_card(model, provider).cost_pico(usage)), None
        except UnknownModelPrice as unknown:
            return 0, UnknownModelPrice(
                unknown.model, unknown.provider, prices_as_of=unknown.prices_as_of, recorded=True
            )

    def _book(
        self, identity: Identity, model: str | None, provider: str | None, charge: Charge, at: float | None
    ) -> None:
        if at is not None:
            if at > self._ledger.now() + 60:
                raise ConfigurationError("at= is in the future: what will be spent can be reserved, not recorded")
            then = Planner(self._planner.rules, self.prices)
            then.spans.move_on(at)
            self._ledger.record(then.all_counters(identity, model, provider), charge, at=at)
            return
        self._asked(lambda: self._ledger.record(self._planner.all_counters(identity, model, provider), charge))

    def _record_draft(
        self,
        identity: Identity,
        model: str | None,
        provider: str | None,
        usage: Usage,
        charge: Charge,
        at: Instant | None,
    ) -> Draft:
        """What the journal's entry of something is made of that was booked without asking."""
        created = self._ledger.now() if at is None else read_instant("at", at)
        return Draft(
            handle=Handle(new_id(), (), Amounts(), 0, created),
            provider=provider,
            model=model,
            expected_input_tokens=None,
            user_key=identity.user_key,
            session_id=identity.session_id,
            dimensions=identity.dimensions,
            charge=charge,
            usage=usage,
            answered_by=None,
            prices=None,
            priced_as_requested=False,
            clamped=None,
            book=id(self.prices),
        )

    def _statistics(self, scope: tuple[str, ...], key: tuple[str, ...]) -> Balance:
        balances = self._asked(lambda: self._ledger.read([self._statistics_counter(scope, key)]))
        self._catch_up()
        return balances[0]

    def _statistics_counter(self, scope: tuple[str, ...], key: tuple[str, ...]) -> Counter:
        window = self._planner.rules.statistics_window
        start, end, _ = self._planner.spans.of(window)
        return Counter(scope, key, window.id, start, end)
