"""Limits: how much of what, for whom, over which window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, cast, get_args

from llm_token_budget.errors import ConfigurationError, LimitView, Unit, format_usd, key_names, shown, shown_value
from llm_token_budget.money import MAX_AMOUNT, parse_usd, to_decimal, usd_from_nano
from llm_token_budget.windows import Window, parse_window

Amount = int | float | str | Decimal
"""A number of tokens, requests or USD. A float is read through its repr: 0.1 is ten cents."""

Amounts = Amount | Mapping[Any, "Amount | None"] | Callable[[Any], "Amount | None"] | None
"""One amount for every key, or one by key: a mapping, or a callable that is asked before each call."""

UNITS: Final = ("tokens", "usd", "requests")
"""The units in the order in which ledgers keep them."""

MAX_KEY_CHARACTERS: Final = 1024
"""The longest user, session or dimension key: far above any id, far below what would fill a ledger."""

_SCOPES: Final = {"global", "user", "session", "run", "call", "model", "provider"}
_WORDS: Final = {"tokens": "token", "usd": "cost", "requests": "request"}
_SCOPE_ORDER: Final = {"global": 0, "user": 1, "session": 2}


class _Unset:
    def __repr__(self) -> str:
        return "(none)"


_UNSET: Final = _Unset()


@dataclass(frozen=True, kw_only=True, eq=False)
class Limit:
    """At most so many tokens, dollars or requests, for somebody, over a window.

    Args:
        tokens: input and output tokens together. Exactly one of `tokens`, `usd` and `requests` is given.
        usd: USD; exact (`"0.25"`, `Decimal`; a float is read through its repr).
        requests: HTTP requests that a provider answered or may have answered.
        scope: `"global"`, `"user"`, `"session"`, `"run"`, `"call"`, `"model"`, `"provider"`, any dimension of your own such
            as `"org"`, or a tuple of them (`("user", "model")`).
        window: `"total"`, `"hour"` / `"day"` / `"week"` / `"month"` (calendar, UTC), seconds, a timedelta, `"1h"`, `"30d"`,
            or a `Calendar(...)` with a time zone and reset day, or `Sliding(...)`.
        default: what a key gets that a mapping doesn't name. None: unlimited. Without it, such a key is refused.
        name: how `set_limit` and errors call it; made from scope, unit and window where left out.
        required: refuse calls that don't say for whom they are (for scopes that need a key).
        enforce: False watches only: calls that would have been refused are reported, not blocked.

    An amount may depend on the key: `usd={"acme": 500}` or `usd=lambda user: plans[user]` (a tuple where the scope has
    several parts). It is asked before every call, so a change takes effect on the next one. 0 blocks; None is unlimited.

    Raises:
        ConfigurationError: not exactly one unit; a bad amount, scope, window or name.
    """

    tokens: Amounts = None
    usd: Amounts = None
    requests: Amounts = None
    scope: str | tuple[str, ...] = "global"
    window: Any = "total"
    default: Amount | _Unset | None = _UNSET
    name: str = ""
    required: bool = False
    enforce: bool = True
    unit: Unit = field(init=False)
    scopes: tuple[str, ...] = field(init=False)
    """The scope as a tuple."""
    key_names: tuple[str, ...] = field(init=False)
    """What the parts of a key stand for: a session's starts with its user."""
    span: Window = field(init=False)
    """The window, read."""
    _by_key: Mapping[Any, object] | None = field(init=False, repr=False)
    _ask: Callable[[Any], object] | None = field(init=False, repr=False)
    _fixed: int | None = field(init=False, repr=False)
    _default: int | _Unset | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        _check_plain(self.name, self.required, self.enforce)
        given = {unit: getattr(self, unit) for unit in UNITS if getattr(self, unit) is not None}
        if len(given) != 1:
            raise ConfigurationError(
                f"a Limit takes exactly one of tokens=, usd= and requests=, not {len(given)} of them"
            )
        put(self, "unit", next(iter(given)))
        put(self, "scopes", _read_scope(self.scope))
        put(self, "key_names", key_names(self.scopes))
        put(self, "span", parse_window(self.window))
        amount: Any = given[self.unit]
        named = isinstance(amount, Mapping)
        asked = callable(amount) and not named
        by_key = named or asked
        put(self, "_by_key", cast("Any", amount) if named else None)
        put(self, "_ask", cast("Any", amount) if asked else None)
        put(self, "_fixed", None if by_key else self._read(cast("Any", amount)))
        if not by_key and not isinstance(self.default, _Unset):
            raise ConfigurationError("default= is for amounts by key: usd={'acme': 500}, default=10")
        put(self, "_default", _UNSET if isinstance(self.default, _Unset) else self._read(self.default))
        for each in (self._by_key or {}).values():
            self._read(each)
        if by_key and not self.key_names:
            raise ConfigurationError("an amount by key needs a scope that has keys, such as scope='user'")
        if not self.name:
            put(self, "name", ":".join(["+".join(self.scopes), self.unit, self.span.id]))

    def amount_for(self, key: tuple[str, ...]) -> int | None:
        """The amount for a key, in whole tokens, requests or nano-USD; None if unlimited.

        Raises:
            ConfigurationError: the mapping has no such key and there is no default; a bad amount.
        """
        if self._fixed is not None:
            return self._fixed
        asked = self.asked(key)
        if self._ask is not None:
            return self._read(self._ask(asked))
        if self._by_key is not None and asked in self._by_key:
            return self._read(self._by_key[asked])
        if isinstance(self._default, _Unset):
            raise ConfigurationError(
                f"limit {shown(self.name)} has no amount for {asked!r:.80}: add it, or default= (None: unlimited)"
            )
        return self._default

    def asked(self, key: tuple[str, ...]) -> str | tuple[str, ...]:
        """A key as mappings, callables and people know it: the bare name where there is one."""
        return key[0] if len(key) == 1 else key

    def read_amount(self, amount: object) -> int | None:
        """An amount of this limit's unit as the ledger keeps it; None stays None."""
        return self._read(amount)

    def as_run(self) -> Limit:
        """This limit as one on a run: what `session(limits=)` and `@budgeted(limit=)` take.

        Raises:
            ConfigurationError: its scope is neither left out nor the run.
        """
        if self.scopes == ("run",):
            return self
        if self.scopes != ("global",):
            raise ConfigurationError(
                f"a limit of one run has the scope 'run' (or none), not {self.scope!r}: limits of other scopes go to BudgetManager"
            )
        given: dict[str, Any] = {self.unit: getattr(self, self.unit)}
        return Limit(
            scope="run", window=self.span, name=self.name if self._named else "", enforce=self.enforce, **given
        )

    @property
    def _named(self) -> bool:
        return self.name != ":".join(["+".join(self.scopes), self.unit, self.span.id])

    @property
    def is_steady(self) -> bool:
        """Whether its amounts are the same for every key, until `set_limit` says otherwise."""
        return self._fixed is not None

    @property
    def reason(self) -> str:
        """`user_cost_limit_exceeded` and the like."""
        return f"{'_'.join(self.scopes)}_{_WORDS[self.unit]}_limit_exceeded"

    @property
    def rank(self) -> tuple[int, int]:
        """Which limit an error speaks of when several refuse: the lowest."""
        scope = _SCOPE_ORDER.get(self.scopes[0], 3) if len(self.scopes) == 1 else 3
        return scope, UNITS.index(self.unit)

    def view(self, key: tuple[str, ...], amount: int) -> LimitView:
        """The limit as it stands for one key."""
        return LimitView(
            name=self.name,
            unit=self.unit,
            amount=usd_from_nano(amount) if self.unit == "usd" else amount,
            scope=self.scopes,
            key=key,
            window=self.span.label,
            enforced=self.enforce,
        )

    def describe(self) -> str:
        """The limit in one line, without its next reset: `user: $25.00 per calendar month (UTC)`."""
        if self._fixed is None:
            amount = f"{self.unit} by key" + (
                "" if isinstance(self._default, _Unset) else f", default {self._worded(self._default)}"
            )
        else:
            amount = self._worded(self._fixed)
        notes = "" if self.enforce else " (watched, not enforced)"
        return f"{' and '.join(self.scopes)}: {amount} {self.span.label}{notes}"

    def _worded(self, amount: int | None) -> str:
        if amount is None:
            return "unlimited"
        if self.unit == "usd":
            return format_usd(usd_from_nano(amount))
        return f"{amount:,} {self.unit if amount != 1 else self.unit[:-1]}"

    def _read(self, amount: object) -> int | None:
        if amount is None:
            return None
        # An error names the option that was typed, where there is one: the limit's own name.
        what = f"{shown(self.name)[1:-1]} ({self.unit})" if self.name else self.unit
        if self.unit == "usd":
            return parse_usd(amount, what)
        number = to_decimal(amount, what)
        if number > MAX_AMOUNT:
            raise ConfigurationError(f"{what} is absurdly large: {shown_value(amount)} (the largest is {MAX_AMOUNT:,})")
        if number != int(number):
            raise ConfigurationError(f"{what} must be a whole number, not {shown_value(amount)}")
        return int(number)


def check_key(key: object, what: str) -> str:
    """A user, session or dimension key that a ledger can keep.

    Raises:
        ConfigurationError: not a str, empty, longer than 1,024 characters, or not encodable as UTF-8.
    """
    if not isinstance(key, str):
        raise ConfigurationError(f"{what} must be a str, not {type(key).__name__}; for a number use str(...)")
    if not key:
        raise ConfigurationError(f"{what} is empty: give whose it is, or leave it out")
    if len(key) > MAX_KEY_CHARACTERS:
        raise ConfigurationError(
            f"{what} has {len(key):,} characters; at most {MAX_KEY_CHARACTERS:,} are kept: use an id or a hash"
        )
    try:
        key.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(f"{what} is not valid Unicode (it holds lone surrogates): {shown(key)}") from None
    return key


def read_limits(limits: object) -> tuple[Limit, ...]:
    """Limits as somebody passed them.

    Raises:
        ConfigurationError: not an iterable of `Limit` objects, or two of the same name.
    """
    if isinstance(limits, Limit) or not isinstance(limits, Iterable):
        raise ConfigurationError(f"limits= takes a list of Limit(...) objects, not {shown_value(limits)}")
    found = tuple(cast("Iterable[object]", limits))
    for limit in found:
        if not isinstance(limit, Limit):
            raise ConfigurationError(f"limits= takes Limit(...) objects, not {shown_value(limit)}")
    read = cast("tuple[Limit, ...]", found)
    check_names(read)
    return read


def _check_plain(name: object, required: object, enforce: object) -> None:
    if not isinstance(name, str):
        raise ConfigurationError(f"name must be a str, not {shown_value(name)}")
    for option, value in (("required", required), ("enforce", enforce)):
        if not isinstance(value, bool):
            raise ConfigurationError(f"{option} must be True or False, not {shown_value(value)}")


def check_names(limits: Iterable[Limit]) -> None:
    """Names are how limits are overridden: no two may share one.

    Raises:
        ConfigurationError: two limits have the same name.
    """
    seen = set[str]()
    for limit in limits:
        if limit.name in seen:
            raise ConfigurationError(f"two limits are called {shown(limit.name)}: give one of them another name=")
        seen.add(limit.name)


def _read_scope(scope: Any) -> tuple[str, ...]:
    parts = cast("tuple[Any, ...]", scope if isinstance(scope, tuple) else (scope,))
    if not parts:
        raise ConfigurationError("scope is empty: 'global', 'user', 'session', a dimension, or a tuple of them")
    names: list[str] = []
    for part in parts:
        if not isinstance(part, str) or not part.isidentifier():
            raise ConfigurationError(
                f"a scope is a name such as 'user', 'session' or 'org', or a tuple of names, not {part!r:.80}"
            )
        if part not in _SCOPES and (meant := part.lower().rstrip("s")) in _SCOPES:
            raise ConfigurationError(f"scope {part!r}: did you mean {meant!r}?")
        names.append(part)
    if len(set(names)) != len(names):
        raise ConfigurationError(f"a scope names each part once, not {scope!r:.80}")
    if len(names) > 1 and {"global", "call"} & set(names):
        raise ConfigurationError("'global' and 'call' stand alone: they have no key to combine")
    return tuple(names)


Admission = Literal["clamp", "strict", "estimate", "observe"]
ADMISSIONS: Final = get_args(Admission)
