"""The budget: limits, prices and a ledger, and the verbs of the npm package on top of reserve and settle.

`BudgetManager` makes its parts of its options here; its verbs are grouped by what they are for:

- `reserving`    room for a call before it is sent, in somebody's name
- `asking`    what there is room for
- `spending`    what was spent
- `refunds`    what no provider confirmed
- `administration`    limits, resets and modes while it runs
- `closing`    its end in this process
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Unpack

from llm_token_budget.admissions import Admissions, UnknownOutcome
from llm_token_budget.alerts import Alerts, read_alerts
from llm_token_budget.claims import MissingUserPolicy, Planner, Rules, UnknownModelPolicy
from llm_token_budget.durations import parse_seconds
from llm_token_budget.estimation import CacheBound, Count, InputBound, Tokenizer
from llm_token_budget.events import Blocked, Clamped, Overrun, Reserved, Settled
from llm_token_budget.host_prices import HostPrice, HostPrices
from llm_token_budget.ledgers import Ledger, MemoryLedger
from llm_token_budget.ledgers.stored import OnError
from llm_token_budget.limits import Admission, Amount, Limit
from llm_token_budget.manager.administration import Administration
from llm_token_budget.manager.asking import Asking
from llm_token_budget.manager.closing import Closing
from llm_token_budget.manager.opening import (
    check_choices,
    clock_of,
    named_hooks,
    open_estimator,
    open_hooks,
    open_journal,
    open_limits,
    open_own_ledger,
)
from llm_token_budget.manager.refunds import Refunds
from llm_token_budget.manager.reserving import Reserving
from llm_token_budget.manager.spending import Spending
from llm_token_budget.options import (
    Seconds,
    Unmetered,
    UnmeteredCalls,
    check_count,
    check_name,
    check_seconds,
    warn_where_memory_is_short,
)
from llm_token_budget.pricing.custom import CustomPrices
from llm_token_budget.windows import parse_window

if TYPE_CHECKING:
    from llm_token_budget.integrations.door import WebOptions
    from llm_token_budget.journal import Journal

DEFAULT_LEASE: Final = 900
DEFAULT_SESSION_TTL: Final = "30d"
DEFAULT_OUTPUT_SHARE: Final = 10
"""A request without a maximum of its own may have a tenth of what is left."""


class BudgetManager(Reserving, Asking, Spending, Refunds, Administration, Closing):
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
            doesn't fit whole, and server tools whose uses nothing bounds), `"estimate"` (hold what a call is likely to cost
            instead of the most: the likely input, and the call's own maximum output or a quarter of
            `default_max_output_tokens`, whichever is less; requests are never changed, more calls fit at once, and **no limit
            is a hard one**: a bill above its estimate is an overrun, counted as such) or `"observe"` (never refuse; log what
            would have been).
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
            `refund_unconfirmed`. Reservations that are left unsettled are charged in full whatever this says, and
            so are those whose lease ends, unless the ledger gives them back (`?expired=release` in its URL); an attempt that
            a reused connection dropped without a byte of answer costs its input at most.
        wait_for_held: seconds that a call waits for room that calls in flight hold; 0: never.
        count: how the input of a wrapped client's call is counted: `"estimate"` (nothing needs to be installed), `"exact"` (by
            `tokenizer`, or the extra `tokenizers` for OpenAI's models; where neither knows the model, or the extra is missing,
            the estimate counts) or `"provider"` (its free counting endpoint is asked before each call, one more round trip;
            OpenAI's of chats only where they are nothing but texts; where that fails or there is none, the estimate counts).
            An installed extra is not used unasked: it takes half a second to load and some 90 MB, and installing a package
            should not change what is reserved.
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
        lease: seconds (or `"15m"`) after which an open reservation is charged as unconfirmed (or given back: `?expired=release` in
            the ledger's URL).
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
        check_choices(
            missing_user=missing_user,
            unknown_model=unknown_model,
            admission=admission,
            unknown_outcome=unknown_outcome,
            count=count,
            input_bound=input_bound,
            cache_bound=cache_bound,
            on_ledger_error="refuse" if on_ledger_error is None else on_ledger_error,
        )
        window = parse_window("total" if reset_interval is None else reset_interval)
        named_limits = (
            global_token_limit, global_cost_limit, per_user_token_limit, per_user_cost_limit, per_session_token_limit
        )  # fmt: skip
        if default_max_output_tokens is not None:
            check_count("default_max_output_tokens", default_max_output_tokens, least=1)
        if min_output_tokens is not None:
            check_count("min_output_tokens", min_output_tokens)
        rules = Rules(
            limits=open_limits(named_limits, window, limits),
            statistics_window=window,
            admission=admission,
            missing_user=missing_user,
            unknown_model=unknown_model,
            min_output_tokens=min_output_tokens,
            default_max_output_tokens=default_max_output_tokens,
            output_share=check_count("output_share", output_share, least=1),
            lease=float(parse_seconds(lease, "lease")),
        )
        self.limits, self.admission, self.missing_user = rules.limits, admission, missing_user
        self.min_output_tokens, self.default_max_output_tokens = min_output_tokens, default_max_output_tokens
        self.default_model = check_name("default_model", default_model)
        self.prices = HostPrices(custom_pricing, aliases, hosts, discounts=discounts, trust_cost=trust_cost)
        self.estimator = open_estimator(count, input_bound, tokenizer, cache_bound, aliases)
        self._ledger = open_own_ledger(ledger, session_ttl, on_ledger_error)
        self.unmetered = UnmeteredCalls(unmetered, clock_of(self._ledger))
        self._planner = Planner(rules, self.prices)
        self._planner.spans.move_on(self._ledger.now())
        hooks = named_hooks(on_reserve, on_settle, on_blocked, on_overrun, on_clamp)
        self._hooks = open_hooks(hooks, self._ledger) if hooks else None
        thresholds, receivers = read_alerts(alerts, on_alert)
        self.alerts = Alerts(thresholds, receivers, self._ledger, self._planner) if thresholds else None
        self.journal = open_journal(journal, self._ledger, journal_retention)
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

    def __repr__(self) -> str:
        return f"<BudgetManager of {len(self.limits)} limits on {type(self._ledger).__name__}>"

    def __reduce__(self) -> NoReturn:
        """A copy would have limits and no ledger."""
        raise TypeError(
            "a BudgetManager can't be copied or pickled: build one in each process, over a ledger that they share"
        )
