"""From configuration to a budget."""

from __future__ import annotations

import inspect
import os
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NoReturn, cast

from llm_token_budget.configuration.environment import ENVIRONMENT, from_environment
from llm_token_budget.configuration.lines import Place, line_of, spelled
from llm_token_budget.durations import parse_seconds
from llm_token_budget.errors import ConfigurationError, shown, shown_value
from llm_token_budget.limits import Limit, check_key
from llm_token_budget.manager import BudgetManager
from llm_token_budget.windows import Calendar, Sliding, Window

TABLE: Final = "llm-token-budget"
RENAMED: Final = {"prices": "custom_pricing"}
"""What the file calls an option."""

_LIMIT_KEYS: Final = (
    "tokens", "usd", "requests", "scope", "window", "default", "name", "required", "enforce", "tiered",
)  # fmt: skip


def _sliding(length: Any) -> Sliding:
    return Sliding(parse_seconds(length, "sliding"))


_WINDOWS: Final[dict[str, Callable[..., Window]]] = {
    "calendar": Calendar,
    "sliding": _sliding,
}


def from_config(
    source: str | os.PathLike[str] | Mapping[str, Any] = "budgets.toml",
    *,
    tier_of: Callable[[Any], str | None] | None = None,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> BudgetManager:
    """A budget as a file describes it.

    Args:
        source: a TOML file, a `pyproject.toml` (its `[tool.llm-token-budget]` is read), or what such a file holds as a mapping.
        tier_of: the tier of a key (a user, say), for limits with `tiered = true`; asked before each call. Where left out or
            None is returned, `[tiers]` of the file says it.
        environment: variables that go before the file: `LLM_TOKEN_BUDGET_LEDGER`, `LLM_TOKEN_BUDGET_GLOBAL_COST_LIMIT` and
            so on for every plain option. None: those of this process.
        options: options of `BudgetManager` that a file can't hold (hooks, say); they go before everything.

    Raises:
        ConfigurationError: the file is missing or no TOML; an unknown key (with a suggestion), a value that its option
            doesn't take. The message names the file and the line.
    """
    reader = _Reader.of(source)
    values = os.environ if environment is None else environment
    return reader.build(tier_of, values, options)


class _Reader:
    """One source, and how to complain about it."""

    def __init__(self, name: str, text: str, data: Mapping[str, Any], under: Place = ()) -> None:
        self._name = name
        self._text = text
        self._data = data
        self._under = under

    @classmethod
    def of(cls, source: str | os.PathLike[str] | Mapping[str, Any]) -> _Reader:
        if isinstance(source, Mapping):
            return cls("the configuration", "", source)
        if not isinstance(source, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(
                f"from_config takes the path of a TOML file, or a mapping, not {shown_value(source)}"
            )
        path = Path(source)
        try:
            text = path.read_text(encoding="utf-8")
            data = tomllib.loads(text)
        except FileNotFoundError:
            raise ConfigurationError(f"there is no configuration file {shown(str(path), 1024)}") from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"{path} is not TOML: {error}") from error
        except (OSError, ValueError) as error:  # No text, or no path that a file system takes.
            why = error.strerror if isinstance(error, OSError) else error
            raise ConfigurationError(f"the configuration file {shown(str(path))} can't be read: {why}") from error
        under: Place = ()
        if path.name == "pyproject.toml" or TABLE in data.get("tool", {}):
            under = ("tool", TABLE)
            data = data.get("tool", {}).get(TABLE)
            if data is None:
                raise ConfigurationError(f"{path} has no table [tool.{TABLE}]")
        return cls(str(path), text, data, under)

    def build(
        self,
        tier_of: Callable[[Any], str | None] | None,
        environment: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> BudgetManager:
        known = _plain_options()
        taken: dict[str, Any] = {}
        for key, value in self._data.items():
            if key in ("limits", "tiers"):
                continue
            option = RENAMED.get(key, key)
            if option not in known or key in RENAMED.values():
                self._unknown((key,), [*known, *RENAMED, "limits", "tiers"])
            taken[option] = value
        tiers = _Tiers(self, self._data.get("tiers", {}), tier_of)
        limits = self._limits(tiers)
        variables = from_environment(known, environment)
        taken |= variables
        taken |= options
        if limits:
            taken["limits"] = [*limits, *taken.get("limits", ())]
        try:
            return BudgetManager(**taken)
        except ConfigurationError as error:
            if _wrong_without_options(error):
                raise
            wrong = _wrong_option(taken, error)
            if wrong in options:
                raise
            message = str(error) if wrong in str(error) else f"{wrong}: {error}"
            if wrong in variables:
                raise ConfigurationError(f"{ENVIRONMENT}{wrong.upper()}: {message}") from error
            written = next((key for key, option in RENAMED.items() if option == wrong), wrong)
            self._fail((written,) if written in self._data else (), message, error)

    def _limits(self, tiers: _Tiers) -> list[Limit]:
        written = self._data.get("limits", [])
        if not isinstance(written, list):
            self._fail(("limits",), "limits are tables of their own: [[limits]]")
        return [self._limit(("limits", number), each, tiers) for number, each in enumerate(cast("list[Any]", written))]

    def _limit(self, place: Place, written: object, tiers: _Tiers) -> Limit:
        if not isinstance(written, Mapping):
            self._fail(place, "a limit is a table: [[limits]]")
        given = dict(cast("Mapping[str, Any]", written))
        for key in given:
            if key not in _LIMIT_KEYS:
                self._unknown((*place, key), _LIMIT_KEYS)
        if isinstance(given.get("scope"), list):
            given["scope"] = tuple(given["scope"])
        if isinstance(given.get("window"), Mapping):
            given["window"] = self._window((*place, "window"), given["window"])
        if given.pop("tiered", False):
            for unit in ("tokens", "usd", "requests"):
                if isinstance(given.get(unit), Mapping):
                    given[unit] = tiers.amounts((*place, unit), given[unit])
        try:
            return Limit(**given)
        except (ConfigurationError, TypeError) as error:
            self._fail(place, str(error), error)

    def _window(self, place: Place, written: Mapping[str, Any]) -> Window:
        """`{ calendar = "month", time_zone = "Europe/Berlin" }` or `{ sliding = "1h" }`."""
        kind = next((kind for kind in _WINDOWS if kind in written), None)
        if kind is None:
            self._fail(place, 'a window is "day", "1h", seconds, { calendar = "month", ... } or { sliding = "1h" }')
        rest = {key: value for key, value in written.items() if key != kind}
        try:
            return _WINDOWS[kind](written[kind], **rest)
        except (ConfigurationError, TypeError) as error:
            self._fail(place, str(error), error)

    def fail(self, place: Place, message: str) -> NoReturn:
        """Say what is wrong, and where."""
        self._fail(place, message)

    def _unknown(self, place: Place, known: object) -> NoReturn:
        key = str(place[-1])
        close = get_close_matches(key, [str(each) for each in cast("Any", known)], n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        self._fail(place, f"unknown key {shown(key)}{hint}")

    def _fail(self, place: Place, message: str, cause: Exception | None = None) -> NoReturn:
        line = line_of(self._text, (*self._under, *place)) if place else None
        where = self._name if line is None else f"{self._name}, line {line}"
        if line is None and place:
            where += f", {spelled(place)}"
        raise ConfigurationError(f"{where}: {message}") from cause


class _Tiers:
    """Which tier a key is in."""

    def __init__(self, reader: _Reader, written: object, tier_of: Callable[[Any], str | None] | None) -> None:
        if not isinstance(written, Mapping):
            reader.fail(("tiers",), "tiers are a table: [tiers]")
        table = cast("Mapping[str, Any]", written)
        for key in table:
            if key not in ("default", "members"):
                reader.fail(("tiers", key), f"unknown key {shown(key)}: [tiers] takes 'default' and 'members'")
        self._reader = reader
        self._default = table.get("default")
        self._tier_of = tier_of
        self._members: dict[str, str] = {}
        for tier, keys in dict(table.get("members", {})).items():
            if not isinstance(keys, list):
                reader.fail(("tiers", "members", tier), "the members of a tier are a list of keys")
            for member in cast("list[object]", keys):
                self._members[check_key(member, f"a member of the tier {shown(str(tier))}")] = tier

    def amounts(self, place: Place, by_tier: Mapping[str, Any]) -> Callable[[Any], Any]:
        """The amount of a key, by its tier."""
        if self._default is None and self._tier_of is None:
            self._reader.fail(place, "tiered = true needs [tiers] default = ..., or from_config(tier_of=...)")
        for tier in {self._default, *self._members.values()} - {None}:
            if tier not in by_tier:
                self._reader.fail(place, f"there is no amount for the tier {tier!r}")
        return lambda key: by_tier[self._tier(key, by_tier)]

    def _tier(self, key: Any, by_tier: Mapping[str, Any]) -> str:
        tier = self._tier_of(key) if self._tier_of is not None else None
        if tier is None:
            tier = self._members.get(key, self._default) if isinstance(key, str) else self._default
        if tier not in by_tier:
            raise ConfigurationError(f"no limit names the tier {shown_value(tier)}; it names {', '.join(by_tier)}")
        return cast("str", tier)


def _plain_options() -> list[str]:
    """The options of a budget that a file can hold: all but functions."""
    parameters = inspect.signature(BudgetManager).parameters
    return [name for name in parameters if not name.startswith("on_") or name == "on_ledger_error"]


def _wrong_without_options(error: ConfigurationError) -> bool:
    """Whether no option is to blame: the environment is (`LLM_TOKEN_BUDGET_MODE`)."""
    try:
        BudgetManager(ledger="memory://").close()
    except ConfigurationError as same:
        return str(same) == str(error)
    return False


def _wrong_option(taken: Mapping[str, Any], error: ConfigurationError) -> str:
    """The option that an error is about: the one that makes it alone, or else one that it names; "" if there is none."""
    for option, value in taken.items():
        alone: dict[str, Any] = {"ledger": "memory://", option: value}
        try:
            BudgetManager(**alone).close()
        except ConfigurationError as same:
            if str(same) == str(error):
                return option
    return next((option for option in sorted(taken, key=len, reverse=True) if option in str(error)), "")
