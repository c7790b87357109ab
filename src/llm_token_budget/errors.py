"""What can go wrong.

BudgetError
├── BudgetExceeded          a limit has no room for the call; nothing was sent
├── UnknownModelPrice       a USD limit applies and nobody knows what the model costs; nothing was sent
├── UnmeteredCall           a hard limit applies and what this endpoint bills can't be measured; nothing was sent
├── LedgerUnavailable       the place where amounts are kept can't be reached
├── ReservationConflict     a reservation was settled before, with another amount
└── ConfigurationError      an option, an argument or the wiring is wrong (also a ValueError)
    └── MissingUser         a per-user limit applies and nobody said who is spending
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Context, Decimal
from typing import Any, Final, Literal, cast

from llm_token_budget.reckoning import NOT_RECKONED, Reckoning, about

Unit = Literal["tokens", "usd", "requests"]
"""What a limit counts."""

STOPPED: Final = "stopped_by_mode"
"""The reason of refusals while somebody has stopped all calls."""

_EXACT: Final = Context(prec=1000, traps=[])
"""What people see must not depend on the decimal context that a caller happens to have."""


class BudgetError(Exception):
    """Everything that this library raises on its own account."""


class ConfigurationError(BudgetError, ValueError):
    """An option, an argument or the wiring is wrong. Raised before anything is sent."""


class MissingUser(ConfigurationError):
    """A per-user limit applies and nobody said who is spending."""


class UnknownModelPrice(BudgetError):
    """There is no price for the model, and a USD limit applies: nothing was sent.

    From `record`: the tokens were counted, the money was not.

    Attributes:
        model: the name nobody could price.
        provider: whose model it is, if known.
        prices_as_of: the date of the price book.
        recorded: True from `record`, which counts the tokens first.
        required: from `require_prices`, all models that have no price; empty otherwise.
    """

    def __init__(
        self,
        model: str,
        provider: str | None = None,
        *,
        prices_as_of: str | None = None,
        recorded: bool = False,
        required: Iterable[str] = (),
    ) -> None:
        self.required = tuple(required)
        self.model = model
        self.provider = provider
        self.prices_as_of = prices_as_of
        self.recorded = recorded
        owner = provider if provider is None or (provider.isprintable() and len(provider) <= 80) else shown(provider)
        known = "; ".join(filter(None, [owner, f"price book of {prices_as_of}" if prices_as_of else None]))
        super().__init__(
            f"no price for {', '.join(map(shown, self.required or [model]))}{f' ({known})' if known else ''}. "
            + (_RECORDED if recorded else _REQUIRED if self.required else _unpriced(provider))
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_price_error, (self.model, self.provider, self.prices_as_of, self.recorded, self.required)


class UnmeteredCall(BudgetError):
    """A hard limit applies, and what this endpoint bills can't be measured. Nothing was sent.

    Attributes:
        endpoint: the request as `POST /path`.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        super().__init__(
            f"{endpoint} bills in a way that can't be measured, so no limit can hold it. Nothing was sent. "
            "Call it through the unwrapped client and book its cost with budget.record(cost=...), or tell BudgetManager "
            "what a call costs: unmetered={'POST /path': '0.01'} (USD), or unmetered='allow'."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return UnmeteredCall, (self.endpoint,)


class LedgerUnavailable(BudgetError):
    """The ledger can't be reached; `__cause__` says why. Nothing was sent."""

    unsent: bool = False
    """True if the ledger can't have received what it was asked."""


class ReservationConflict(BudgetError):
    """A reservation was settled before, with another amount. The first one stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitView:
    """A limit as it stood for one key at one moment."""

    name: str
    """Its stable name, as `set_limit` takes it."""
    unit: Unit
    amount: int | Decimal
    """Tokens, requests, or USD as Decimal."""
    scope: tuple[str, ...]
    key: tuple[str, ...]
    """Whose limit it is, one part per name of `key_names(scope)`; empty for everyone's."""
    window: str
    """In words: `per calendar month (UTC)`, or `in total`."""
    enforced: bool = True

    @property
    def subject(self) -> str:
        """Whose limit it is, in words: `user 'ada'`, `everyone together`."""
        if not self.key:
            return {"global": "everyone together", "call": "one call"}.get(
                "+".join(self.scope), " and ".join(self.scope)
            )
        names = key_names(self.scope)
        return ", ".join(
            f"{name} {shown(key) if key else '(anonymous)'}" for name, key in zip(names, self.key, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a call was refused: amounts in the limit's own unit (tokens, requests, or USD as Decimal)."""

    reason: str
    """`user_cost_limit_exceeded` and the like: `{scope}_{token|cost|request}_limit_exceeded`."""
    limit: LimitView
    needed: int | Decimal
    """The least that the call could have been admitted with."""
    spent: int | Decimal
    reserved: int | Decimal
    """Held by calls in flight."""
    unconfirmed: int | Decimal
    """The part of `spent` that was charged without the provider's word, for calls whose outcome nobody knows."""
    held: bool
    """True if only calls in flight are in the way: try again when they have ended."""
    resets_at: datetime | None
    """When the window ends; None for a total."""
    retry_after: float | None
    """Seconds after which trying again can help; None if only a person can help."""
    model: str | None
    cost: Decimal | None
    """USD that the call was estimated to cost at most; None where no price was needed."""
    waited: float = 0.0
    """Seconds that the call waited for room."""
    usual_cost: Decimal | None = None
    """USD that the same user's last calls of this model came to, on average, in this process; None if there were none."""
    reckoning: Reckoning = NOT_RECKONED
    """What the call was reckoned at, part by part."""

    @property
    def remaining(self) -> int | Decimal:
        """What is neither spent nor held; never below 0."""
        return left_of(self.limit.amount, self.spent, self.reserved)


class BudgetExceeded(BudgetError):
    """A limit has no room for the call. Nothing was sent, nothing was charged.

    It carries every field of `Refusal`, and pickles. When several limits refuse, it speaks of the first in the order
    global, user, session, others; tokens before USD before requests; `refusals` has them all.
    """

    reason: str
    limit: LimitView
    needed: int | Decimal
    spent: int | Decimal
    reserved: int | Decimal
    unconfirmed: int | Decimal
    held: bool
    resets_at: datetime | None
    retry_after: float | None
    model: str | None
    cost: Decimal | None
    waited: float
    usual_cost: Decimal | None
    reckoning: Reckoning

    def __init__(self, refusal: Refusal, refusals: tuple[Refusal, ...] = ()) -> None:
        self.refusals = refusals or (refusal,)
        for field in fields(refusal):
            setattr(self, field.name, getattr(refusal, field.name))
        self.remaining = refusal.remaining
        super().__init__(_explain(refusal))
        self._refusal = refusal

    @property
    def scope(self) -> str | tuple[str, ...]:
        """What the limit counts over: `"user"`, or `("org", "model")` for a scope of several."""
        scope = self.limit.scope
        return scope[0] if len(scope) == 1 else scope

    @property
    def key(self) -> str | tuple[str, ...] | None:
        """Whose limit it is: a name; several for a scope of several (a session's are user and session); None for everyone's."""
        key = self.limit.key
        return None if not key else key[0] if len(key) == 1 else key

    def explain(self) -> str:
        """The refusal in words, and what the call was reckoned at, a line for each part."""
        lines = self._refusal.reckoning.lines()
        return "\n".join([str(self), *(["What it was reckoned at:", *lines] if lines else [])])

    @property
    def explanation(self) -> dict[str, Any]:
        """The same as data that JSON takes; amounts of money are strings."""
        return {
            "reason": self.reason,
            "model": self.model,
            "held": self.held,
            "cost": None if self.cost is None else str(self.cost),
            "usual_cost": None if self.usual_cost is None else str(self.usual_cost),
            "limits": [_limit_data(refusal) for refusal in self.refusals],
            **self._refusal.reckoning.as_data(),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._refusal, self.refusals)


def _limit_data(refusal: Refusal) -> dict[str, Any]:
    limit = refusal.limit
    amounts = {
        "amount": limit.amount,
        "needed": refusal.needed,
        "spent": refusal.spent,
        "reserved": refusal.reserved,
        "remaining": refusal.remaining,
    }
    shown_amounts = {name: str(value) if limit.unit == "usd" else value for name, value in amounts.items()}
    return {"reason": refusal.reason, "limit": limit.name, "unit": limit.unit, "key": list(limit.key), **shown_amounts}


def stopped(model: str | None) -> Refusal:
    """The refusal of every call while the mode is "block"."""
    return Refusal(
        reason=STOPPED,
        limit=LimitView(name="(mode)", unit="requests", amount=0, scope=("global",), key=(), window="in mode 'block'"),
        needed=1,
        spent=0,
        reserved=0,
        unconfirmed=0,
        held=False,
        resets_at=None,
        retry_after=None,
        model=model,
        cost=None,
    )


def find_budget_error(exc: BaseException | None) -> BudgetError | None:
    """Find our error inside one that a framework wrapped around it.

    Walks `__cause__`, `__context__` and exception groups; instructor and litellm, for instance, wrap everything.
    """
    for inner in _within(exc):
        if isinstance(inner, BudgetError):
            return inner
    return None


def key_names(scope: tuple[str, ...]) -> tuple[str, ...]:
    """What the parts of a key stand for. A session's key starts with its user: ids of two users never meet."""
    if scope in {("global",), ("call",)}:
        return ()
    return ("user", *scope) if "session" in scope and "user" not in scope else scope


def shown(text: str, at_most: int = 80) -> str:
    """A key or name as it may stand in a message: quoted, control characters escaped, cut."""
    return repr(text if len(text) <= at_most else text[:at_most] + "…")


def shown_value(value: object, at_most: int = 80) -> str:
    """Anything that somebody passed as it may stand in a message, cut: numbers too long for Python to print included."""
    if isinstance(value, str):
        return shown(value, at_most)
    try:
        return repr(value)[:at_most]
    except Exception:  # noqa: BLE001 - a message about a bad value must not fail on that value
        return f"a {type(value).__name__} that can't be printed"


def left_of(amount: int | Decimal, *used: int | Decimal) -> int | Decimal:
    """What is left of an amount, exactly; never below 0."""
    if isinstance(amount, int):
        return max(amount - sum(map(int, used)), 0)
    for part in used:
        amount = _EXACT.subtract(amount, part)
    return max(amount, Decimal(0))


def _within(exc: BaseException | None) -> Iterator[BaseException]:
    waiting, seen = [exc], set[int]()
    while waiting:
        inner = waiting.pop(0)
        if inner is None or id(inner) in seen:
            continue
        seen.add(id(inner))
        yield inner
        waiting += [inner.__cause__, inner.__context__]
        if isinstance(inner, BaseExceptionGroup):
            waiting += cast("BaseExceptionGroup[BaseException]", inner).exceptions


def _explain(refusal: Refusal) -> str:
    limit, unit = refusal.limit, refusal.limit.unit
    state = "has no room for this call" if refusal.remaining > 0 else "is used up"
    details = [f"{_amount(unit, refusal.remaining)} left", f"{_amount(unit, refusal.needed)} needed"]
    if refusal.reserved:
        details.append(f"{_amount(unit, refusal.reserved)} held by calls in flight")
    if refusal.unconfirmed:
        details.append(f"{_amount(unit, refusal.unconfirmed)} of what was spent is unconfirmed")
    model = f" Model: {shown(refusal.model)}." if refusal.model else ""
    return (
        f"{limit.subject}: {_amount(unit, limit.amount)} {limit.window} {state} ({', '.join(details)})"
        f"{_when(refusal)}. Nothing was sent.{model}{_both_costs(refusal)} {_advice(refusal)}"
    )


def _both_costs(refusal: Refusal) -> str:
    """What the call may cost, beside what such calls did cost: with a cache the two are far apart."""
    if refusal.cost is None or refusal.usual_cost is None or refusal.limit.unit != "usd":
        return ""
    if refusal.usual_cost * 2 > refusal.cost:
        return ""
    most, usual = about(refusal.cost), about(refusal.usual_cost)
    if refusal.reckoning.seen_tokens:
        return f" The call may cost up to {most}; your last calls cost {usual}."
    return (
        f" The call may cost up to {most} if nothing is cached; your last calls cost {usual} "
        "(cache_bound='seen' counts on the cache)."
    )


def _when(refusal: Refusal) -> str:
    if refusal.resets_at is None:
        return ""
    return f"; resets {refusal.resets_at:%Y-%m-%dT%H:%M}Z"


def _advice(refusal: Refusal) -> str:
    if refusal.held:
        return "Calls in flight hold the room: try again when they have ended."
    if refusal.reason == STOPPED:
        return "Somebody has stopped all calls; `llm-token-budget mode enforce` or budget.set_mode('enforce') lets them go on."
    if refusal.limit.scope == ("run",):
        ways = ["raise it where the run starts: session(limits=...) or @budgeted(limit=...)"]
    else:
        ways = [f"raise it with budget.set_limit({shown(refusal.limit.name, 200)}, ...)"]
    if refusal.unconfirmed:
        ways.append("give unconfirmed charges back with budget.refund(...)")
    if refusal.resets_at is not None:
        ways.append("wait for the reset")
    if refusal.remaining > 0 and refusal.limit.unit != "requests":
        ways.append("send less")
    text = ", or ".join(ways)
    return f"{text[0].upper()}{text[1:]}."


def _amount(unit: Unit, amount: int | Decimal) -> str:
    if unit == "usd":
        return format_usd(Decimal(amount))
    return f"{amount:,} {unit if amount != 1 else unit[:-1]}"


def format_usd(usd: Decimal) -> str:
    """`$2.00`, `$0.0345`: at least two decimals, and as many more as it takes to show the amount."""
    text = f"{usd.normalize(_EXACT):f}"
    whole, _, fraction = text.removeprefix("-").partition(".")
    return f"{'-' if usd < 0 else ''}${int(whole):,}.{fraction:0<2}"


def _rebuild_price_error(
    model: str,
    provider: str | None,
    prices_as_of: str | None,
    recorded: bool,  # noqa: FBT001 - as pickle hands it over
    required: tuple[str, ...] = (),
) -> UnknownModelPrice:
    return UnknownModelPrice(model, provider, prices_as_of=prices_as_of, recorded=recorded, required=required)


def _unpriced(provider: str | None) -> str:
    """The ways out. A provider with a dot or a port in its name is a host that nobody knows."""
    if provider is None or not ("." in provider or ":" in provider):
        return _NOTHING_SENT
    host = shown(provider)
    return (
        f"Nothing was sent. Nobody said whose prices count at {host}: tell BudgetManager, hosts={{{host}: 'openai'}} (0 for a "
        "server of your own), or wrap(client, budget, provider='openai'). Or add custom_pricing={...}, aliases={...} or "
        "unknown_model='upper_bound'."
    )


_NOTHING_SENT = "Nothing was sent. Add custom_pricing={...}, aliases={...} or unknown_model='upper_bound'."
_REQUIRED = (
    "Under a USD limit every such call would be refused, so the application should not start like this: add "
    "custom_pricing={...} or aliases={...}, correct the name, or choose unknown_model='upper_bound'."
)
_RECORDED = "The tokens are counted, the money is not. Give cost=, or add custom_pricing={...} or aliases={...}."
