"""From a call to a claim: which limits have a say, what the call may cost at most, what may be granted.

Pure: no I/O, no vendor, no clock of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from llm_token_budget.context import NOBODY, Identity
from llm_token_budget.errors import BudgetError, ConfigurationError, MissingUser, UnknownModelPrice
from llm_token_budget.identifiers import new_id
from llm_token_budget.ledgers.base import NANO_USD, SLOPE_SCALE, Amounts, Claim, Counter, Line, make
from llm_token_budget.limits import UNITS, Admission, Limit
from llm_token_budget.money import nano_from_pico
from llm_token_budget.pricing.names import canonical_provider
from llm_token_budget.usage import ToolUse, Usage
from llm_token_budget.windows import Sliding, Window

if TYPE_CHECKING:
    from llm_token_budget.estimation import TokenEstimate
    from llm_token_budget.pricing import CacheLifetime, PriceBook, RateCard

MissingUserPolicy = Literal["refuse", "share", "exempt"]
UnknownModelPolicy = Literal["refuse", "upper_bound", "tokens_only"]

ANONYMOUS: Final = ""
"""The key of whoever has no name, where `missing_user="share"` lets them call."""

LONGEST_NAME: Final = 256
"""Of a model or a provider, as a key."""

_NO_PROVIDERS: Final = {"custom", "any"}
"""What rate cards name instead of a provider where they are the user's own, or an upper bound of all."""

REMEMBERED: Final = 4096
"""Callers (user, session, model) whose limits are remembered."""

MIN_OUTPUT_TOKENS: Final = 1024
DEFAULT_MAX_OUTPUT_TOKENS: Final = 4096
"""Where neither the call nor the budget says."""

EXPECTED_PART: Final = 4
"""Under `admission="estimate"`, an answer is expected to be a quarter of what is usual for a request without a maximum."""


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


class Spans:
    """The current bounds of each window, by the ledger's clock.

    Computed once and kept until the ledger says that they have passed: callers need no clock of their own.
    """

    def __init__(self) -> None:
        self._bounds: dict[str, tuple[int, int | None, int]] = {}
        self._windows: dict[str, Window] = {}
        self.now = 0.0
        self.turn = 0
        """Counts how often the windows have moved on."""

    def of(self, window: Window) -> tuple[int, int | None, int]:
        """(start, end, sliding) as counters take them."""
        bounds = self._bounds.get(window.id)
        return self._compute(window) if bounds is None else bounds

    def move_on(self, now: float) -> None:
        """Compute all windows again for the ledger's present."""
        self.now = now
        self._bounds = {name: bounds for name, bounds in self._bounds.items() if _holds(bounds, now)}
        self.turn += 1

    def _compute(self, window: Window) -> tuple[int, int | None, int]:
        start, end = window.bounds(self.now)
        bounds = start, end, window.seconds if isinstance(window, Sliding) else 0
        self._bounds[window.id] = bounds
        return bounds


def _holds(bounds: tuple[int, int | None, int], now: float) -> bool:
    start, end, _ = bounds
    return start <= now and (end is None or now < end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A budget's options that say what a call may ask for."""

    limits: tuple[Limit, ...]
    statistics_window: Window
    admission: Admission
    missing_user: MissingUserPolicy
    unknown_model: UnknownModelPolicy
    min_output_tokens: int | None
    """None: 1,024."""
    default_max_output_tokens: int | None
    """None: 4,096."""
    output_share: int
    lease: float


@dataclass(frozen=True, slots=True)
class _Say:
    """The limits that have a say in a call, as a claim takes them."""

    turn: int
    """The windows' turn that it holds in."""
    card: RateCard | None
    """The prices that it was found with: they name the model whose limits apply."""
    counters: tuple[Counter, ...]
    lines: tuple[Line, ...]
    limits: tuple[Limit, ...]
    problems: tuple[BudgetError, ...]


_Planned = tuple[tuple[int, int], Plan]
"""A plan, and the turns of windows and prices that it holds in."""


class Planner:
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
        self._remembered: dict[tuple[str | None, ...], _Say] = {}
        self._recurring: dict[tuple[int, str | None, str | None], _Planned] = {}

    def observe(self, *, on: bool) -> None:
        """Let no limit refuse anything for a while (mode "observe"), or go back to the rules."""
        self._enforces = not on and self.rules.admission != "observe"
        self._insists_on_price = self._price_is_a_must()
        self._remembered.clear()
        self._recurring.clear()
        self.spans.turn += 1  # What is being computed by the old rules is not remembered.

    def _price_is_a_must(self) -> bool:
        return any(limit.unit == "usd" and self._insists(limit) for limit in self.rules.limits)

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

    def _find_say(self, identity: Identity, provider: str | None, model: str | None, card: RateCard | None) -> _Say:
        model, provider = _counted_as(card, model, provider)
        # Before the windows are read: should they move on meanwhile, nothing stale is remembered.
        turn = self.spans.turn
        places = {counter: place for place, counter in enumerate(self.statistics_counters(identity))}
        lines: list[Line] = []
        limits: list[Limit] = []
        problems: list[BudgetError] = []
        for limit, key in self._applicable(identity, provider, model, problems):
            try:
                amount = limit.amount_for(key)
            except ConfigurationError as problem:
                if self._insists(limit):
                    raise
                problems.append(problem.with_traceback(None))
                continue
            place = -1
            if limit.scopes != ("call",):
                place = places.setdefault(self.counter(limit, key), len(places))
            unit = UNITS.index(limit.unit)
            lines.append(Line(limit.name, key, unit, amount, place, self._insists(limit)))
            limits.append(limit)
        return _Say(turn, card, tuple(places), tuple(lines), tuple(limits), tuple(problems))

    def _insists(self, limit: Limit) -> bool:
        """Whether it may refuse a call, rather than watch it."""
        return limit.enforce and self._enforces

    def lines_for(
        self, identity: Identity, model: str | None, provider: str | None
    ) -> list[tuple[Limit, tuple[str, ...]]]:
        """The limits that a key is known for, and those keys. Asks for nobody's name."""
        model, provider = self._counted(model, provider)
        return list(self._applicable(identity, provider, model))

    def lines(self, found: Sequence[tuple[Limit, tuple[str, ...]]]) -> list[Line]:
        """Lines of a claim for some limits and keys, looking at no counter."""
        return [Line(limit.name, key, UNITS.index(limit.unit), limit.amount_for(key), -1) for limit, key in found]

    def counter(self, limit: Limit, key: tuple[str, ...]) -> Counter:
        """The counter that a limit looks at, in its current window."""
        start, end, sliding = self.spans.of(limit.span)
        return Counter(limit.key_names or limit.scopes, key, limit.span.id, start, end, sliding)

    def statistics_counters(self, identity: Identity) -> list[Counter]:
        """Where a call is counted whatever the limits: for everyone, the user and the session."""
        window = self.rules.statistics_window
        start, end, _ = self.spans.of(window)
        counters = [Counter(("global",), (), window.id, start, end)]
        user, session = identity.user_key, identity.session_id
        if user is not None or self.rules.missing_user == "share":
            counters.append(Counter(("user",), (user or ANONYMOUS,), window.id, start, end))
        if session is not None:
            counters.append(Counter(("user", "session"), (user or ANONYMOUS, session), window.id, start, end))
        return counters

    def all_counters(self, identity: Identity, model: str | None, provider: str | None) -> tuple[Counter, ...]:
        """Every counter that something spent by somebody belongs to."""
        model, provider = self._counted(model, provider)
        counters = dict.fromkeys(self.statistics_counters(identity))
        for limit, key in self._applicable(identity, provider, model):
            if limit.scopes != ("call",):
                counters[self.counter(limit, key)] = None
        return tuple(counters)

    def _applicable(
        self, identity: Identity, provider: str | None, model: str | None, problems: list[BudgetError] | None = None
    ) -> list[tuple[Limit, tuple[str, ...]]]:
        """The limits that apply, and their keys. With a list for problems, missing keys are asked for."""
        found: list[tuple[Limit, tuple[str, ...]]] = []
        for limit in self.rules.limits:
            if not limit.key_names:
                found.append((limit, ()))
                continue
            try:
                key = self._key(limit, identity, provider, model, ask=problems is not None)
            except ConfigurationError as problem:
                if problems is None or self._insists(limit):
                    raise
                problems.append(problem.with_traceback(None))
                continue
            if key is not None:
                found.append((limit, key))
        for run in identity.runs:
            found += [(limit, (run.id,)) for limit in run.limits]
        return found

    def _key(
        self, limit: Limit, identity: Identity, provider: str | None, model: str | None, *, ask: bool
    ) -> tuple[str, ...] | None:
        """Whose limit it is in this call; None if it doesn't apply."""
        parts: list[str] = []
        for name in limit.key_names:
            match name:
                case "user":
                    part = identity.user_key
                    if part is None and "user" in limit.scopes and self.rules.missing_user != "share":
                        if ask and (self.rules.missing_user == "refuse" or limit.required):
                            raise _missing_user(limit)
                        return None
                    part = part or ANONYMOUS
                case "session":
                    part = identity.session_id
                case "model":
                    part = model
                case "provider":
                    part = provider
                case _:
                    part = identity.dimensions.get(name)
            if part is None:
                if limit.required and ask:
                    raise _missing_part(limit, name)
                return None
            parts.append(part)
        return tuple(parts)

    def _counted(self, model: str | None, provider: str | None) -> tuple[str | None, str | None]:
        """`_counted_as` for what has no claim. Asks for no price where no limit depends on it."""
        if model is None or not any({"model", "provider"} & set(limit.scopes) for limit in self.rules.limits):
            return model, provider
        try:
            return _counted_as(self._prices.rate_card(model, provider), model, provider)
        except UnknownModelPrice:
            return _counted_as(None, model, provider)

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

    def _claim(self, call: Call, card: RateCard | None, say: _Say, *, patient: bool) -> Claim:
        money, slope = call.usd or 0, 0
        input_tokens, choices, audio = call.input_tokens, call.choices, call.audio
        if self._expects and call.expected_input_tokens is not None:
            input_tokens = min(call.expected_input_tokens, input_tokens)
        if self.rules.admission == "strict" and call.estimate is not None and call.estimate.is_open:
            _refuse_unseen(say.lines)
        if call.tools and not call.tools_bounded and self.rules.admission == "strict":
            _refuse_unbounded(call.tools, say.lines)
        if card is not None:
            if self._expects:
                pico = card.cost_pico(Usage(input_tokens=input_tokens))
            else:
                if (estimate := call.estimate) is not None:
                    input_tokens = _narrowed(estimate, card, input_tokens)
                pico = _worst_input(call, card, input_tokens)
            if call.tools:
                uses = [ToolUse(tool, 1) for tool, _ in call.tools] if self._expects else call.tools
                pico += self._prices.tool_fees_pico(card, uses, call.provider, call.model)
            money += nano_from_pico(pico)
            slope = card.worst_output_pico(input_tokens, audio=audio) * choices
        want, at_least, share, floor = self._output(call, say.lines) if choices else (0, 0, 0, 0)
        fixed = make(Amounts, (input_tokens, money, 1))
        slopes = (SLOPE_SCALE * choices, slope, 0)
        lease = self.rules.lease
        return make(
            Claim, (new_id(), say.counters, say.lines, fixed, slopes, want, at_least, share, floor, lease, patient)
        )

    def _usual(self, call: Call) -> int:
        return call.default_max_output_tokens or self.rules.default_max_output_tokens or DEFAULT_MAX_OUTPUT_TOKENS

    def _at_most(self, call: Call) -> int:
        """What a request that stays as it is may bring, per choice."""
        if not call.choices:
            return 0
        if call.max_output_tokens is not None:
            return call.max_output_tokens
        return call.model_maximum or self._usual(call)

    def _output(self, call: Call, lines: Sequence[Line]) -> tuple[int, int, int, int]:
        """(want, at_least, share, share_floor) of the claim's free variable."""
        rules = self.rules
        if self._expects:
            expected = call.expected_output_tokens
            if expected is None:
                expected = min(self._at_most(call), max(self._usual(call) // EXPECTED_PART, 1))
            return expected, expected, 0, 0
        least = call.min_output_tokens
        if least is None:
            least = MIN_OUTPUT_TOKENS if rules.min_output_tokens is None else rules.min_output_tokens
        if call.max_output_tokens is not None:
            want = call.max_output_tokens
            return want, want if rules.admission == "strict" else min(want, least), 0, 0
        if rules.admission == "strict" and call.model_maximum is None and any(line.unit <= NANO_USD for line in lines):
            raise ConfigurationError(
                f"admission='strict' never changes a request, and nobody knows how much {call.model!r:.80} writes at most: "
                "set the request's own maximum (max_tokens or the like), or use admission='clamp'"
            )
        floor = self._usual(call)
        want = call.model_maximum or floor
        if rules.admission != "clamp":
            return want, want if rules.admission == "strict" else min(want, least), 0, 0
        least = min(want, least)
        return (want, least, rules.output_share, max(floor, least)) if call.model_maximum else (want, least, 0, 0)


def _refuse_unseen(lines: Sequence[Line]) -> None:
    if any(line.unit <= NANO_USD for line in lines):
        raise ConfigurationError(
            "admission='strict' holds only what it can see, and a part of this request is kept by the server "
            "(previous_response_id, a stored prompt, a conversation): send the whole input, or use admission='clamp', which "
            "holds the model's whole context for it"
        )


def _refuse_unbounded(tools: Sequence[ToolUse], lines: Sequence[Line]) -> None:
    if any(line.unit == NANO_USD for line in lines):
        names = ", ".join(dict.fromkeys(use.tool for use in tools))
        raise ConfigurationError(
            f"admission='strict' holds only what is bounded, and this request lets the provider use tools that it bills by the "
            f"call ({names}) as often as it likes: set max_uses on the tool (Anthropic) or max_tool_calls (OpenAI), or use "
            "admission='clamp', which holds a few uses of each"
        )


def _narrowed(estimate: TokenEstimate, card: RateCard, most: int) -> int:
    """The bound of the input: counted exactly where only its margin would make the whole call dearer."""
    bands = card.tariff.bands
    if len(bands) == 1 or not any(estimate.expected <= band.above < most for band in bands[1:]):
        return most
    if estimate.learner is None or estimate.request is None:
        return most
    counted = estimate.learner.recount(estimate.request)
    return most if counted is None else min(counted, most)


def _worst_input(call: Call, card: RateCard, input_tokens: int) -> int:
    """The most pico-USD that the input can cost. What an earlier bill calls cached is reckoned at the price of reading it."""
    worst = card.worst_input_pico(input_tokens, longest_cache=call.longest_cache, audio=call.audio)
    estimate = call.estimate
    if estimate is None or not estimate.seen_tokens or not input_tokens:
        return worst
    seen = min(estimate.seen_tokens, input_tokens)
    request = card.worst_input_pico(0)
    read = card.cost_pico(Usage(input_tokens=input_tokens, cache_read_tokens=input_tokens)) - request
    fresh = input_tokens - seen
    return request + -(-((worst - request) * fresh + read * seen) // input_tokens)


def _counted_as(card: RateCard | None, model: str | None, provider: str | None) -> tuple[str | None, str | None]:
    """The model and provider whose limits a call counts towards: all names of a model are one."""
    if card is not None and card.provider != "any":
        model = card.model
    elif model is not None:
        model = model[:LONGEST_NAME]
    if provider is not None:
        return model, canonical_provider(provider[:LONGEST_NAME])
    return model, None if card is None or card.provider in _NO_PROVIDERS else card.provider


_NO_MODEL: Final = (
    "a USD limit applies and the call names no model: give model= (or default_model= to BudgetManager), "
    "or usd= beside plain tokens="
)


def _missing_user(limit: Limit) -> MissingUser:
    return MissingUser(
        f"limit {limit.name!r} is per user, and nobody said who is spending: enter budget.session(user_key=...), "
        "use wrap(client, budget, user_key=...), or choose BudgetManager(missing_user='share' or 'exempt')"
    )


def _missing_part(limit: Limit, name: str) -> ConfigurationError:
    option = "session_id=" if name == "session" else f"dimensions={{{name!r}: ...}}"
    return ConfigurationError(
        f"limit {limit.name!r} is required, and the call has no {name}: give {option} to session() or wrap()"
    )
