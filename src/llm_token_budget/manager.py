"""The budget: limits, prices and a ledger, and the verbs of the npm package on top of reserve and settle."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Self, Unpack, cast, get_args

from llm_token_budget.admissions import Admissions, UnknownOutcome
from llm_token_budget.alerts import Alerts, read_alerts
from llm_token_budget.claims import ANONYMOUS, Call, MissingUserPolicy, Planner, Rules, UnknownModelPolicy
from llm_token_budget.context import Identity, Session, current, read_identity
from llm_token_budget.durations import parse_seconds
from llm_token_budget.errors import BudgetExceeded, ConfigurationError, UnknownModelPrice, shown, shown_value
from llm_token_budget.estimation import CacheBound, Count, Estimator, InputBound, Tokenizer, model_facts
from llm_token_budget.estimation.tokenizers import read_tokenizer
from llm_token_budget.events import Blocked, Clamped, Event, Hook, Hooks, Overrun, Reserved, Settled, read_hooks
from llm_token_budget.host_prices import HostPrice, HostPrices
from llm_token_budget.identifiers import id_of_key, new_id
from llm_token_budget.ledgers import Ledger, MemoryLedger
from llm_token_budget.ledgers.base import Amounts, Balance, Charge, Counter, Handle, Refused, Stale
from llm_token_budget.ledgers.opening import open_ledger
from llm_token_budget.ledgers.stored import OnError, StoredLedger
from llm_token_budget.limits import ADMISSIONS, UNITS, Admission, Amount, Limit, check_key, check_names, read_limits
from llm_token_budget.modes import Mode, Switched, read_mode
from llm_token_budget.money import nano_from_pico, parse_usd, usd_from_nano
from llm_token_budget.options import (
    Unmetered,
    UnmeteredCalls,
    UnmeteredUse,
    check_choice,
    check_count,
    check_name,
    check_seconds,
    read_instant,
    read_period,
    warn_where_memory_is_short,
)
from llm_token_budget.pricing.aliases import read_aliases
from llm_token_budget.pricing.custom import CustomPrices
from llm_token_budget.receipts import Draft
from llm_token_budget.reservation import Reservation
from llm_token_budget.statistics import (
    CheckResult,
    Portion,
    RecordResult,
    Remaining,
    Stats,
    UnconfirmedCharge,
    in_unit,
    portion_of,
    stats_of,
    unconfirmed_charge_of,
)
from llm_token_budget.usage import Usage, read_usage
from llm_token_budget.windows import Window, parse_window

if TYPE_CHECKING:
    from llm_token_budget.integrations.door import WebOptions
    from llm_token_budget.journal import Journal

DEFAULT_LEASE: Final = 900
DEFAULT_SESSION_TTL: Final = "30d"
DEFAULT_OUTPUT_SHARE: Final = 10
"""A request without a maximum of its own may have a tenth of what is left."""

Dimensions = Mapping[str, str]
Seconds = int | float | str | timedelta
Instant = datetime | float
"""A datetime with a time zone, or seconds since the epoch."""


class BudgetManager:
    """A budget: who may spend how much, and where that is kept. One per application; safe from any thread and task.

    Args:
        global_token_limit: tokens, input and output together, of everyone.
        global_cost_limit: USD of everyone.
        per_user_token_limit: tokens of each user.
        per_user_cost_limit: USD of each user.
        per_session_token_limit: tokens of each session.
        default_model: the model that `check`, `record` and `reserve` mean where they name none.
        custom_pricing: USD per million tokens: `{"my-model": {"input": "0.50", "output": "1.50"}}`; `"provider:*"` for
            whatever else a provider serves; a list of prices, each with its `"since": "2027-01-01"`, for prices that change.
        reset_interval: seconds, `"1d"` or a timedelta after which the five limits above and the statistics start anew,
            counted from the Unix epoch. None: never.
        limits: anything the options above can't say.
        ledger: where amounts are kept: `"memory"` (this process), `"sqlite:///budget.db"` (one host, many processes),
            `"redis://..."` or `"redis+cluster://..."` (Redis or Valkey), `"postgresql://..."`, or a `Ledger`.
        on_ledger_error: what a call gets if the ledger can't be reached: `"refuse"` (`LedgerUnavailable`, before anything is
            sent) or `"allow"` (it goes out unguarded, is said in the log and booked as `unreserved` when the ledger is back).
        aliases: what deployments and gateways call a model: `{"prod-chat-01": "azure:gpt-4o"}`.
        hosts: whose prices count where a client's requests go, for hosts that no price data knows (gateways, servers of your
            own): `{"llm.internal": "openai", "localhost:8080": 0, "gpu-7:8000": {"input": "0.10", "output": "0.20"}}`: a
            provider's name, 0, or USD per million tokens of whatever is served there. Under a USD limit calls to a host that
            nobody knows are refused. A local host counts as the client's own vendor where this says nothing else.
        discounts: what you have agreed on with providers, as the fraction that is taken off their list prices:
            `{"openai": "0.10"}` pays nine tenths. Custom prices are what you pay already.
        trust_cost: providers that report what a call came to (`usage.cost`, as OpenRouter does) and are believed:
            `{"openrouter"}`.
        missing_user: what a call gets if a per-user limit applies and nobody is named: `"refuse"` it, let all of them
            `"share"` one anonymous user, or `"exempt"` them from limits per user.
        unknown_model: what a model without a price gets under a USD limit: `"refuse"`, `"upper_bound"` (the dearest known
            rates) or `"tokens_only"` (no USD limit applies to it).
        admission: `"clamp"` (lower a request's maximum output near a limit), `"strict"` (never change a request: refuse what
            doesn't fit whole), `"estimate"` (hold what a call is likely to cost instead of the most: the likely input, and
            the call's own maximum output or a quarter of `default_max_output_tokens`, whichever is less; requests are never
            changed, more calls fit at once, and **no limit is a hard one**: a bill above its estimate is an overrun, counted
            as such) or `"observe"` (never refuse; log what would have been).
        unmetered: what a call gets whose bill can't be measured, under a limit: `"refuse"` or `"allow"`. Refused under
            `admission="estimate"` too: what is never measured is not even counted afterwards. Or a fixed charge in USD per
            call, by endpoint: `{"POST /audio/speech": "0.015", "POST /threads/{id}/runs": "0.25"}`; all other such calls are
            refused. The charge is held and booked like any cost, is yours to choose high enough, and counts no tokens. What
            can be measured at such an endpoint is measured.
            `unmetered_calls` lists what passed without a charge.
        unknown_outcome: what an attempt is charged of which nobody knows whether it was billed: a read timeout, a 504, a
            connection lost after sending, an answer that can't be read, a cancelled call. `"charge"`: all that was held, so
            that the account is never below the bill. `"input"`: what was held for the input; gives up what the provider wrote
            before the connection was lost. `"release"`: nothing; gives up the whole attempt if it was billed after all (if
            some of its answer was seen, its input is charged). Unconfirmed charges can be given back: `refund`,
            `refund_unconfirmed`. Reservations that are left unsettled, or whose lease ends, are charged in full whatever
            this says; an attempt that a reused connection dropped without a byte of answer costs its input at most.
        wait_for_held: seconds that a call waits for room that calls in flight hold; 0: never.
        count: how the input of a wrapped client's call is counted: `"estimate"` (nothing needs to be installed), `"exact"` (by
            `tokenizer`, or the extra `tokenizers` for OpenAI's models; where neither knows the model, or the extra is missing,
            the estimate counts) or `"provider"` (its free counting endpoint is asked before each call, one more round trip;
            where that fails or there is none, the estimate counts). An installed extra is not used unasked: it takes half a
            second to load and some 90 MB, and installing a package should not change what is reserved.
        tokenizer: a `Tokenizer` of your own: its count goes before the estimate, for the models that it knows.
        input_bound: what is held for the input: `"calibrated"` (the estimate and a margin, corrected by what earlier calls of
            the same model in this process were billed; below the bill in less than 2 % of calls), `"bytes"` (the bytes of
            the text: never below it for OpenAI's and Llama's tokenizers, about four times too much) or `"provider"` (as
            `count="provider"`).
        cache_bound: `"miss"`: each call is held as if nothing were cached. `"seen"`: what a bill in this process called cached
            is held at the price of reading it, for as long as the provider keeps it; if it has forgotten it, the excess is an
            overrun, so limits are hard only as far as caches are. For agents with long contexts.
        min_output_tokens: a call that can't have so many output tokens (or its own, lower maximum) is refused, not cut. None:
            1,024; 4,096 for models that reason; for answers that must be whole (JSON by schema, a forced tool)
            `default_max_output_tokens`.
        default_max_output_tokens: output tokens for requests that set no maximum, while there is room. None: 4,096; 16,384
            for models that reason.
        output_share: such a request gets more than that only up to a fraction of what is left: 10 means a tenth.
        lease: seconds (or `"15m"`) after which an open reservation is charged as unconfirmed.
        session_ttl: sessions that nobody used for so long are dropped.
        alerts: parts of limits, such as `[0.5, 0.8, 1.0]`: when one is reached (or, from 1.0 down, when a call is refused
            because too little is left), somebody is told, once per limit and window across all processes. Looked at once a
            second in a thread of the budget's, never in a call.
        on_alert: whom to tell: a function that takes an `Alert`, a `Webhook` or its address, or a list of them. None: the log.
        journal: an entry for each call that ended, with its receipt, kept beside the amounts: True (by the ledger: in its file,
            database or server; in memory the last 100,000), the path of a file of JSON lines, or a `Journal`. Written by a
            thread; no call waits for it, and none fails with it. It never holds prompts, answers or API keys. None: there is none.
        journal_retention: entries of calls that were made longer ago are dropped (`"90d"`); None: none is. A file of JSON lines
            is never rewritten.
        on_reserve: a function that is called with a `Reserved` when a call was admitted.
        on_settle: ... with a `Settled` when a reservation has ended: charged, or given back.
        on_blocked: ... with a `Blocked` when a call was refused, or `check` said no.
        on_overrun: ... with an `Overrun` when a bill was above what was held.
        on_clamp: ... with a `Clamped` when a request's maximum output is lowered.

    Hooks are plain functions, called in the thread or task of the call, with no lock of ours held: a slow one delays that
    call alone (in async code: the event loop). What one raises is logged and goes no further. What ends in a finalizer (a
    dropped stream), in a closed generator or a cancelled task is told by the budget's next operation in this process. When
    a lease ends, the ledger charges the call without a hook; `Settled` follows when its owner ends it, or is collected.
    `record` and refunds call no hook: they return what they did.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(
        self,
        *,
        global_token_limit: int | None = None,
        global_cost_limit: Amount | None = None,
        per_user_token_limit: Any = None,
        per_user_cost_limit: Any = None,
        per_session_token_limit: Any = None,
        default_model: str | None = None,
        custom_pricing: Mapping[str, CustomPrices] | None = None,
        reset_interval: Seconds | None = None,
        limits: Iterable[Limit] = (),
        ledger: str | Ledger = "memory",
        on_ledger_error: OnError | None = None,
        aliases: Mapping[str, str] | None = None,
        hosts: Mapping[str, HostPrice] | None = None,
        discounts: Mapping[str, object] | None = None,
        trust_cost: Collection[str] = (),
        missing_user: MissingUserPolicy = "refuse",
        unknown_model: UnknownModelPolicy = "refuse",
        admission: Admission = "clamp",
        unmetered: Unmetered = "refuse",
        wait_for_held: float = 10.0,
        count: Count = "estimate",
        tokenizer: Tokenizer | None = None,
        input_bound: InputBound = "calibrated",
        cache_bound: CacheBound = "miss",
        min_output_tokens: int | None = None,
        default_max_output_tokens: int | None = None,
        output_share: int = DEFAULT_OUTPUT_SHARE,
        lease: Seconds = DEFAULT_LEASE,
        session_ttl: Seconds = DEFAULT_SESSION_TTL,
        unknown_outcome: UnknownOutcome = "charge",
        alerts: Iterable[Amount] = (),
        on_alert: object = None,
        journal: bool | str | PathLike[str] | Journal | None = None,
        journal_retention: Seconds | None = "90d",
        on_reserve: Callable[[Reserved], object] | None = None,
        on_settle: Callable[[Settled], object] | None = None,
        on_blocked: Callable[[Blocked], object] | None = None,
        on_overrun: Callable[[Overrun], object] | None = None,
        on_clamp: Callable[[Clamped], object] | None = None,
    ) -> None:
        window = parse_window("total" if reset_interval is None else reset_interval)
        amounts = (
            global_token_limit, global_cost_limit, per_user_token_limit, per_user_cost_limit, per_session_token_limit
        )  # fmt: skip
        self.limits: tuple[Limit, ...] = (*_limits_of_options(amounts, window), *read_limits(limits))
        check_names(self.limits)
        for name, choice, choices in (
            ("missing_user", missing_user, get_args(MissingUserPolicy)),
            ("unknown_model", unknown_model, get_args(UnknownModelPolicy)),
            ("admission", admission, ADMISSIONS),
            ("unknown_outcome", unknown_outcome, get_args(UnknownOutcome)),
            ("count", count, get_args(Count)),
            ("input_bound", input_bound, get_args(InputBound)),
            ("cache_bound", cache_bound, get_args(CacheBound)),
            ("on_ledger_error", "refuse" if on_ledger_error is None else on_ledger_error, get_args(OnError)),
        ):
            check_choice(name, choice, choices)
        self.admission: Admission = admission
        self.missing_user: MissingUserPolicy = missing_user
        self.default_model = check_name("default_model", default_model)
        self.prices = HostPrices(custom_pricing, aliases, hosts, discounts=discounts, trust_cost=trust_cost)
        self.default_max_output_tokens = default_max_output_tokens
        if default_max_output_tokens is not None:
            check_count("default_max_output_tokens", default_max_output_tokens, least=1)
        models = {name: target.model for name, target in read_aliases(aliases).items()}
        self.estimator = Estimator(count, input_bound, read_tokenizer(tokenizer), cache_bound, models)
        """How the input of calls is estimated, and what bills have taught about it."""
        self.min_output_tokens = min_output_tokens
        if min_output_tokens is not None:
            check_count("min_output_tokens", min_output_tokens)
        self._ledger = open_ledger(ledger, idle_seconds=parse_seconds(session_ttl, "session_ttl"))
        if on_ledger_error is not None and isinstance(self._ledger, StoredLedger):
            self._ledger.on_error = on_ledger_error
        self.unmetered: Final = UnmeteredCalls(unmetered, time.time if self._ledger.blocking else self._ledger.now)
        rules = Rules(
            limits=self.limits,
            statistics_window=window,
            admission=admission,
            missing_user=missing_user,
            unknown_model=unknown_model,
            min_output_tokens=self.min_output_tokens,
            default_max_output_tokens=self.default_max_output_tokens,
            output_share=check_count("output_share", output_share, least=1),
            lease=float(parse_seconds(lease, "lease")),
        )
        self._planner = Planner(rules, self.prices)
        self._planner.spans.move_on(self._ledger.now())
        hooks = _named_hooks(on_reserve, on_settle, on_blocked, on_overrun, on_clamp)
        self._hooks = self._tell(hooks) if hooks else None
        thresholds, receivers = read_alerts(alerts, on_alert)
        self.alerts = Alerts(thresholds, receivers, self._ledger, self._planner) if thresholds else None
        """Who is told of limits that are nearly spent; None without thresholds."""
        self.journal = _journal(journal, self._ledger, journal_retention)
        """What all calls came to, one by one; None without `journal=`."""
        self._admissions = Admissions(
            self._ledger,
            self._planner,
            self.prices,
            wait_for_held=check_seconds("wait_for_held", wait_for_held),
            unknown_outcome=unknown_outcome,
            hooks=self._hooks,
            alerts=self.alerts,
            journal=self.journal,
        )
        if any(limit.unit == "usd" for limit in self.limits):
            self.prices.warm_up()
        if isinstance(self._ledger, MemoryLedger) and ledger == "memory":
            warn_where_memory_is_short(self.limits)

    @classmethod
    def from_config(
        cls,
        source: str | PathLike[str] | Mapping[str, Any] = "budgets.toml",
        *,
        tier_of: Callable[[Any], str | None] | None = None,
        environment: Mapping[str, str] | None = None,
        **options: Any,
    ) -> BudgetManager:
        """A budget as a TOML file describes it: `llm_token_budget.configuration.from_config` says how."""
        from llm_token_budget.configuration import from_config

        return from_config(source, tier_of=tier_of, environment=environment, **options)

    # The primitive

    def reserve(
        self,
        *,
        model: str | None = None,
        provider: str | None = None,
        input_tokens: int = 0,
        max_output_tokens: int | None = None,
        min_output_tokens: int | None = None,
        usd: Amount | None = None,
        tokens: int | None = None,
        service_tier: str | None = None,
        user_key: str | None = None,
        session_id: str | None = None,
        dimensions: Dimensions | None = None,
        idempotency_key: str | None = None,
    ) -> Reservation:
        """Room for one call: enter it with `with` or `async with`, then settle it. Holds nothing before it is entered.

        Give either a call of a model (`model`, `input_tokens`, `max_output_tokens`), or plain `usd` or `tokens` for what is
        not a model's call (a paid tool, an image).

        Args:
            model: the model; `default_model` where left out.
            provider: whose model it is, where the name alone doesn't say.
            input_tokens: an upper bound of what is sent.
            max_output_tokens: the maximum that the call is sent with. Where left out, `reservation.max_output_tokens` says
                what was granted: send the call with that.
            min_output_tokens: if given, less than `max_output_tokens` may be granted near a limit, but not less than this:
                `reservation.max_output_tokens` says how much. Otherwise all or nothing.
            usd: USD.
            tokens: tokens.
            service_tier: the tier that the call asks for.
            user_key: who spends; the session's user where left out.
            session_id: the session it is part of.
            dimensions: further keys, for limits whose scope is a dimension.
            idempotency_key: names the work, for this user, where it may be begun more than once: the id of a task that a
                queue delivers again, say. While its reservation is open (its worker was killed), entering again holds nothing
                more. Once that has ended, whichever way, entering raises `ReservationConflict`: the work was done before, or
                given up and charged when its lease ended. Work that is to be done anew takes a new key
                (`f"{task_id}:{retries}"`). Ended keys are remembered for a day and the longest lease.

        Raises:
            ConfigurationError: an argument is wrong. (Entering raises `BudgetExceeded` and `UnknownModelPrice`.)
        """
        identity = self.identify(user_key, session_id, dimensions)
        own_id = None
        if idempotency_key is not None:
            own_id = id_of_key(identity.user_key, check_key(idempotency_key, "idempotency_key"))
        check_name("provider", provider)
        check_name("service_tier", service_tier)
        if usd is not None or tokens is not None:
            of_a_call = (model, max_output_tokens, min_output_tokens, service_tier)
            if input_tokens or any(argument is not None for argument in of_a_call):
                raise ConfigurationError(
                    "reserve() takes plain usd= or tokens=, or a model's call with input_tokens=, not both"
                )
            call = Call(
                provider=provider,
                usd=None if usd is None else parse_usd(usd),
                input_tokens=0 if tokens is None else check_count("tokens", tokens),
                choices=0,
            )
            return Reservation(self._admissions, call, identity, own_id)
        output = None if max_output_tokens is None else check_count("max_output_tokens", max_output_tokens)
        least = output if min_output_tokens is None else check_count("min_output_tokens", min_output_tokens)
        model = self._model(model)
        facts = model_facts(model or "", provider)
        call = Call(
            provider=provider,
            model=model,
            input_tokens=check_count("input_tokens", input_tokens),
            max_output_tokens=output,
            model_maximum=facts.max_output_tokens or None,
            # An embedding has no output; neither has a call of no model.
            choices=0 if output is None and (model is None or facts.max_output_tokens == 0) else 1,
            min_output_tokens=least,
            service_tier=service_tier,
        )
        return Reservation(self._admissions, call, identity, own_id)

    def reserve_call(self, call: Call, identity: Identity) -> Reservation:
        """`reserve` for wrapped clients, who have read the call already."""
        return Reservation(self._admissions, call, identity)

    def refuses_unmetered(self, identity: Identity) -> bool:
        """Whether a call that can't be measured is refused: a limit applies to whoever makes it, and no option allows it.

        Under `admission="estimate"` too, whose limits are not hard: an overrun is counted there, such a call never would be.
        """
        if self.unmetered.allowed or self.admission == "observe":
            return False
        return any(limit.enforce for limit, _ in self._planner.lines_for(identity, None, None))

    # The npm package's verbs

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

    def get_global_stats(self) -> Stats:
        """What everyone spent since the last reset."""
        return stats_of(self._statistics(("global",), ()))

    def get_user_stats(self, user_key: str) -> Stats:
        """What a user spent since the last reset; all zero for a stranger."""
        key = check_key(user_key, "user_key")
        return stats_of(self._statistics(("user",), (key,)), user_key=key)

    def get_session_stats(self, user_key: str | None, session_id: str) -> Stats:
        """What one session of a user spent since the last reset."""
        key = ANONYMOUS if user_key is None else check_key(user_key, "user_key")
        session = check_key(session_id, "session_id")
        return stats_of(self._statistics(("user", "session"), (key, session)), user_key=user_key, session_id=session)

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
        while True:
            rows = self._ledger.users(self._statistics_counter(("user",), ()), limit=limit, offset=offset)
            if not isinstance(rows, Stale):
                self._catch_up()
                return [stats_of(balance, user_key=key) for key, balance in rows]
            self._planner.spans.move_on(rows.now)

    def middleware(
        self, *, interface: Literal["asgi", "wsgi", "django"] | None = None, **options: Unpack[WebOptions]
    ) -> Callable[..., Any]:
        """The web door as a function of an application: `app.add_middleware(budget.middleware(user_key=...))`.

        For Flask: `app.wsgi_app = budget.middleware(user_key=...)(app.wsgi_app)`. For Django: keep what this gives under a
        name, and list that in `MIDDLEWARE`.

        Args:
            interface: what the application speaks; where left out, it is looked at.
            options: those of `integrations.asgi.BudgetMiddleware`.

        Raises:
            ConfigurationError: an option is wrong.
        """
        # The one door upwards: the npm package has it here.
        from llm_token_budget.integrations.mounting import mounter

        return mounter(self, interface, options)

    def subscribe(
        self,
        *,
        on_reserve: Callable[[Reserved], object] | None = None,
        on_settle: Callable[[Settled], object] | None = None,
        on_blocked: Callable[[Blocked], object] | None = None,
        on_overrun: Callable[[Overrun], object] | None = None,
        on_clamp: Callable[[Clamped], object] | None = None,
    ) -> Callable[[], None]:
        """Tell further hooks, beside those of the options, of what happens from now on.

        Returns:
            A function that ends it.

        Raises:
            ConfigurationError: one can't be called, or would have to be awaited.
        """
        wanted = _named_hooks(on_reserve, on_settle, on_blocked, on_overrun, on_clamp)
        if self._hooks is None:
            self._hooks = self._admissions.hooks = self._tell({})
        self._hooks.add(wanted)
        return partial(self._hooks.remove, wanted)

    # Sessions, limits, what remains

    def session(
        self,
        user_key: str | None = None,
        session_id: str | None = None,
        *,
        dimensions: Dimensions | None = None,
        limits: Iterable[Limit] = (),
    ) -> Session:
        """A block of calls that are charged to somebody: `with budget.session(user_key="ada"): ...`, in async code too.

        Args:
            user_key: who spends.
            session_id: the session, for limits per session: a session's key is its user and its id.
            dimensions: further keys, such as `{"org": "acme"}`.
            limits: limits on this block alone (one agent run, one job).

        Raises:
            ConfigurationError: a bad key, or a limit that is not one of a run.
        """
        session = Session(self, read_identity(user_key, session_id, dimensions), read_limits(limits))
        if (run := session.run) is not None:
            counters = tuple(Counter(("run",), (run.id,), limit.span.id) for limit in run.limits)
            weakref.finalize(run, self._ledger.forget_later, counters).atexit = False
        return session

    def identify(
        self, user_key: str | None = None, session_id: str | None = None, dimensions: Dimensions | None = None
    ) -> Identity:
        """Who is spending: what is said here, or else the innermost session of this budget."""
        return read_identity(user_key, session_id, dimensions).over(current(self))

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
        while True:
            found = [
                (limit, key)
                for limit, key in self._planner.lines_for(identity, model or self.default_model, provider)
                if limit.scopes != ("call",)
            ]
            counters = [self._planner.counter(limit, key) for limit, key in found]
            balances = self._ledger.read(counters)
            if isinstance(balances, Stale):
                self._planner.spans.move_on(balances.now)
                continue
            self._catch_up()
            amounts = self._ledger.limit_amounts(self._planner.lines(found))
            rows = zip(found, counters, balances, amounts, strict=True)
            return [
                _remaining(limit, key, counter, balance, amount)
                for (limit, key), counter, balance, amount in rows
                if amount is not None
            ]

    def describe(self) -> str:
        """The limits in words, a line each, with their next reset."""
        self._planner.spans.move_on(self._ledger.now())
        lines = [_described(limit, self._planner.spans.of(limit.span)[1]) for limit in self.limits]
        if self.admission == "estimate":
            lines = [f"{line} (not a hard limit: admission='estimate')" for line in lines]
        return "\n".join(lines) if lines else "no limits"

    def set_limit(self, name: str, key: str | tuple[str, ...] | None, amount: Amount | None) -> None:
        """Change a limit while running; it takes effect on the next call, wherever the ledger is shared.

        Args:
            name: the limit's name: the option's (`"per_user_cost_limit"`), or `Limit.name`.
            key: whose: a user, an org, a tuple for a scope of several (a session: user and id); None: everyone's.
            amount: tokens, USD or requests; 0: blocked; None: unlimited.

        Raises:
            ConfigurationError: no such limit, or a bad key or amount.
        """
        limit = self._limit(name)
        self._ledger.set_limit(name, _limit_key(limit, key), limit.read_amount(amount))

    def clear_limit(self, name: str, key: str | tuple[str, ...] | None) -> None:
        """Undo `set_limit`: the limit's own amount holds again."""
        self._ledger.clear_limit(name, _limit_key(self._limit(name), key))

    def unconfirmed(
        self, *, since: Instant | None = None, until: Instant | None = None, user_key: str | None = None
    ) -> list[UnconfirmedCharge]:
        """What was charged without the provider's word and may still be refunded or replaced, oldest first.

        Args:
            since: only what was charged then or later: a datetime with a time zone, or seconds since the epoch.
            until: only what was charged before then.
            user_key: only what this user was charged.

        Raises:
            ConfigurationError: a datetime without a time zone, an `until` before `since`, or a bad key.
        """
        start, end = read_period(since, until)
        if user_key is not None:
            check_key(user_key, "user_key")
        entries = [entry for entry in self._ledger.unconfirmed() if start <= entry.at < end]
        self._catch_up()
        found = map(unconfirmed_charge_of, entries)
        return [charge for charge in found if user_key is None or charge.user_key == user_key]

    def refund(self, reservation_id: str) -> Portion | None:
        """Give back an unconfirmed charge: of a call whose outcome nobody knew, or whose reservation expired.

        Returns:
            What was given back, or None if there is no unconfirmed charge under this id.
        """
        if not isinstance(reservation_id, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"refund() takes a reservation's id, not {shown_value(reservation_id)}")
        amounts = self._refund(reservation_id)
        return None if amounts is None else portion_of(amounts)

    def refund_unconfirmed(
        self, *, since: Instant | None = None, until: Instant | None = None, user_key: str | None = None
    ) -> Portion:
        """Give back all unconfirmed charges of a time and a user: after an outage of a provider, say.

        Without arguments, all that `unconfirmed` lists. Like `refund`, it also takes them out of the statistics of the
        sessions of this process. A truth that comes later is charged all the same.

        Args:
            since: what was charged then or later: a datetime with a time zone, or seconds since the epoch.
            until: what was charged before then.
            user_key: what this user was charged.

        Returns:
            What was given back, all together.

        Raises:
            ConfigurationError: a datetime without a time zone, an `until` before `since`, or a bad key.
        """
        found = self.unconfirmed(since=since, until=until, user_key=user_key)
        # What was settled or refunded since it was listed is nobody's to give back any more.
        refunded = [amounts for charge in found if (amounts := self._refund(charge.id)) is not None]
        return portion_of(Amounts(*map(sum, zip(*refunded, strict=True))))

    def reset(self, user_key: str | None = None, session_id: str | None = None) -> None:
        """Zero what was spent: everything, all of a user's, or one session's. What is reserved stays, and settles anew.

        Args:
            user_key: whose.
            session_id: the session; without `user_key`, that of the current session's user, or of nobody.
        """
        if user_key is not None:
            check_key(user_key, "user_key")
        if session_id is not None:
            check_key(session_id, "session_id")
            user_key = user_key or current(self).user_key or ANONYMOUS
        self._ledger.reset(user=user_key, session=session_id)

    @property
    def mode(self) -> Mode:
        """What holds in this process now: "enforce", "observe" (nothing is refused) or "block" (everything is)."""
        return self._admissions.switch.mode

    def set_mode(self, mode: Mode | None, *, by: str | None = None) -> None:
        """Stop everything (`"block"`), stop enforcing (`"observe"`) or go back (`"enforce"`), for all processes of the ledger.

        Without a deploy: each process notices within a second, in the course of a call. Refusals then have the reason
        `stopped_by_mode`; calls in flight go on. What is spent is counted in every mode.

        Args:
            mode: None: back to what each process was started with (LLM_TOKEN_BUDGET_MODE, or "enforce").
            by: who switches, for `mode_history`; the user of this process where left out.

        Raises:
            ConfigurationError: no such mode.
        """
        self._admissions.switch.switch(None if mode is None else read_mode(mode, "mode"), by)

    def mode_history(self) -> list[Switched]:
        """Who switched the mode, and when; the latest first."""
        return self._admissions.switch.history()

    def unmetered_calls(self) -> list[UnmeteredUse]:
        """What wrapped clients of this process called without its bill being measured, by endpoint, the latest first.

        It passed because of `unmetered="allow"`, or because no limit applied that could refuse it; no account has it. Of
        more than 1,000 endpoints the longest unused are forgotten. Calls with a fixed charge are in the account instead.
        """
        return self.unmetered.noted()

    def require_prices(self, *models: str, provider: str | None = None) -> None:
        """Make sure, when the application starts, that models have a price, rather than at night when they are called.

        Args:
            models: as calls will name them; aliases and `provider:model` too.
            provider: whose models they are, where the names alone don't say.

        Raises:
            UnknownModelPrice: one of them has none.
        """
        self.prices.require(models, provider)

    def warm_up(self) -> None:
        """Load the price book now (about 0.25 s) instead of at the first call."""
        self.prices.warm_up()

    def close(self, wait: float = 0.0) -> None:
        """End what is open in this process, have everything booked, and let go of threads and connections.

        Call it where a worker ends: after the server's last request, in gunicorn's `worker_exit`, Celery's
        `worker_process_shutdown`, or after `signal.signal(SIGTERM, lambda *_: sys.exit())`; not in a signal handler itself,
        which may have interrupted just what it would wait for.

        Streams that are open are charged as if they were closed now: the input, and the output seen. What was never sent is
        given back. Of calls on their way nobody knows: they are charged as `unknown_outcome` says, and should their answer
        come after all, it counts. So does a late `settle` of a plain reservation, which is charged in full until then.

        Closing again does no harm; a budget that is used after it connects again.

        Args:
            wait: seconds that calls in flight in other threads get to end by themselves. Where an event loop runs, a plain
                `close` waits for nothing: `aclose` does.

        Raises:
            ConfigurationError: `wait` is no number of seconds.
        """
        self._admissions.let_finish(check_seconds("wait", wait))
        self._admissions.end_open()
        self._let_go()

    def _let_go(self) -> None:
        self._catch_up()
        if self.alerts is not None:
            self.alerts.close()
        if self.journal is not None:
            self.journal.close()
        self._ledger.close()

    def __repr__(self) -> str:
        return f"<BudgetManager of {len(self.limits)} limits on {type(self._ledger).__name__}>"

    def __reduce__(self) -> NoReturn:
        """A copy would have limits and no ledger."""
        raise TypeError(
            "a BudgetManager can't be copied or pickled: build one in each process, over a ledger that they share"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The same for tasks

    async def acheck(self, **call: Any) -> CheckResult:
        """`check` for tasks."""
        return await self._ledger.acall(self.check, **call)

    async def arecord(self, **spent: Any) -> RecordResult:
        """`record` for tasks."""
        return await self._ledger.acall(self.record, **spent)

    async def aget_global_stats(self) -> Stats:
        """`get_global_stats` for tasks."""
        return await self._ledger.acall(self.get_global_stats)

    async def aget_user_stats(self, user_key: str) -> Stats:
        """`get_user_stats` for tasks."""
        return await self._ledger.acall(self.get_user_stats, user_key)

    async def aget_session_stats(self, user_key: str | None, session_id: str) -> Stats:
        """`get_session_stats` for tasks."""
        return await self._ledger.acall(self.get_session_stats, user_key, session_id)

    async def aget_all_user_stats(self, *, limit: int | None = None, offset: int = 0) -> list[Stats]:
        """`get_all_user_stats` for tasks."""
        return await self._ledger.acall(self.get_all_user_stats, limit=limit, offset=offset)

    async def aremaining(
        self, user_key: str | None = None, session_id: str | None = None, **keys: Any
    ) -> list[Remaining]:
        """`remaining` for tasks."""
        return await self._ledger.acall(self.remaining, user_key, session_id, **keys)

    async def aset_limit(self, name: str, key: str | tuple[str, ...] | None, amount: Amount | None) -> None:
        """`set_limit` for tasks."""
        await self._ledger.acall(self.set_limit, name, key, amount)

    async def aclear_limit(self, name: str, key: str | tuple[str, ...] | None) -> None:
        """`clear_limit` for tasks."""
        await self._ledger.acall(self.clear_limit, name, key)

    async def aunconfirmed(
        self, *, since: Instant | None = None, until: Instant | None = None, user_key: str | None = None
    ) -> list[UnconfirmedCharge]:
        """`unconfirmed` for tasks."""
        return await self._ledger.acall(self.unconfirmed, since=since, until=until, user_key=user_key)

    async def arefund(self, reservation_id: str) -> Portion | None:
        """`refund` for tasks."""
        return await self._ledger.acall(self.refund, reservation_id)

    async def arefund_unconfirmed(
        self, *, since: Instant | None = None, until: Instant | None = None, user_key: str | None = None
    ) -> Portion:
        """`refund_unconfirmed` for tasks."""
        return await self._ledger.acall(self.refund_unconfirmed, since=since, until=until, user_key=user_key)

    async def aset_mode(self, mode: Mode | None, *, by: str | None = None) -> None:
        """`set_mode` for tasks."""
        await self._ledger.acall(self.set_mode, mode, by=by)

    async def amode_history(self) -> list[Switched]:
        """`mode_history` for tasks."""
        return await self._ledger.acall(self.mode_history)

    async def aunmetered_calls(self) -> list[UnmeteredUse]:
        """`unmetered_calls` for tasks."""
        return self.unmetered_calls()

    async def areset(self, user_key: str | None = None, session_id: str | None = None) -> None:
        """`reset` for tasks."""
        await self._ledger.acall(self.reset, user_key, session_id)

    async def aclose(self, wait: float = 0.0) -> None:
        """`close` for tasks: `wait` is for calls in flight in other tasks, and in threads."""
        await self._admissions.alet_finish(check_seconds("wait", wait))
        self._admissions.end_open()
        await self._ledger.acall(self._let_go)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def ledger(self) -> Ledger:
        """Where amounts are kept."""
        return self._ledger

    def _tell(self, hooks: Mapping[type[Event], Hook]) -> Hooks:
        # A ledger elsewhere isn't asked for the time of each event.
        return Hooks(hooks, time.time if self._ledger.blocking else self._ledger.now)

    def _catch_up(self) -> None:
        """Tell the hooks what happened where nothing could be told."""
        if self._hooks is not None:
            self._hooks.catch_up()

    def _refund(self, reservation_id: str) -> Amounts | None:
        amounts = self._ledger.refund(reservation_id)
        if amounts is not None:
            self._admissions.doubts.take_back(reservation_id)
            if self.journal is not None:
                self.journal.refunded(reservation_id)
        self._catch_up()
        return amounts

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
        while (stale := self._ledger.record(self._planner.all_counters(identity, model, provider), charge)) is not None:
            self._planner.spans.move_on(stale.now)

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

    def _model(self, model: str | None) -> str | None:
        if model is None:
            return self.default_model
        return check_name("model", model)

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

    def _statistics_counter(self, scope: tuple[str, ...], key: tuple[str, ...]) -> Counter:
        window = self._planner.rules.statistics_window
        start, end, _ = self._planner.spans.of(window)
        return Counter(scope, key, window.id, start, end)

    def _statistics(self, scope: tuple[str, ...], key: tuple[str, ...]) -> Balance:
        while True:
            balances = self._ledger.read([self._statistics_counter(scope, key)])
            if not isinstance(balances, Stale):
                self._catch_up()
                return balances[0]
            self._planner.spans.move_on(balances.now)

    def _limit(self, name: str) -> Limit:
        for limit in self.limits:
            if limit.name == name:
                return limit
        known = ", ".join(repr(limit.name) for limit in self.limits) or "none"
        raise ConfigurationError(f"no limit is called {shown(str(name))}; the limits of this budget: {known}")


def _named_hooks(
    on_reserve: Hook | None,
    on_settle: Hook | None,
    on_blocked: Hook | None,
    on_overrun: Hook | None,
    on_clamp: Hook | None,
) -> dict[type[Event], Hook]:
    return read_hooks(
        {
            "on_reserve": (Reserved, on_reserve),
            "on_settle": (Settled, on_settle),
            "on_blocked": (Blocked, on_blocked),
            "on_overrun": (Overrun, on_overrun),
            "on_clamp": (Clamped, on_clamp),
        }
    )


def _journal(option: object, ledger: Ledger, retention: Seconds | None) -> Journal | None:
    if retention is not None:
        parse_seconds(retention, "journal_retention")
    if option is None:
        return None
    from llm_token_budget.journal import read_journal

    return read_journal(option, ledger, retention)


_OPTIONS: Final = (
    ("global_token_limit", "global", "tokens"),
    ("global_cost_limit", "global", "usd"),
    ("per_user_token_limit", "user", "tokens"),
    ("per_user_cost_limit", "user", "usd"),
    ("per_session_token_limit", "session", "tokens"),
)
"""The npm package's limits: option, scope, unit."""


def _limits_of_options(amounts: Iterable[Any], window: Window) -> list[Limit]:
    """The limits that `_OPTIONS` make, in their order; None: not given."""
    return [
        Limit(**{unit: amount}, scope=scope, window=window, name=name)
        for (name, scope, unit), amount in zip(_OPTIONS, amounts, strict=True)
        if amount is not None
    ]


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


def _limit_key(limit: Limit, key: Any) -> tuple[str, ...] | None:
    if key is None:
        return None
    parts = cast("tuple[Any, ...]", key if isinstance(key, tuple) else (key,))
    names = limit.key_names
    if len(parts) != len(names):
        raise ConfigurationError(
            f"limit {shown(limit.name)} has a key of {len(names)} ({', '.join(names) or 'nothing: use None'}), not {key!r:.80}"
        )
    return tuple(check_key(part, name) for name, part in zip(names, parts, strict=True))
