"""Options from the environment: they go before a file's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from llm_token_budget.errors import ConfigurationError, shown

ENVIRONMENT: Final = "LLM_TOKEN_BUDGET_"
OTHER_VARIABLES: Final = tuple(ENVIRONMENT + name for name in ("MODE", "CONFIG", "TOKEN"))
"""What others of our doors read."""


def from_environment(known: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """The options that variables name.

    Raises:
        ConfigurationError: a variable that is nearly an option's.
    """
    for name in environment:
        _refuse_a_slip(name, known)
    found: dict[str, Any] = {}
    for option in known:
        value = environment.get(ENVIRONMENT + option.upper())
        if value and option != "limits":
            found[option] = _read_variable(option, value)
    return found


def _refuse_a_slip(name: str, known: list[str]) -> None:
    """A misspelt limit must not mean no limit. Variables that look like none of ours may be somebody else's."""
    variables = [ENVIRONMENT + option.upper() for option in known]
    if not name.startswith(ENVIRONMENT) or name in (*variables, *OTHER_VARIABLES):
        return
    close = get_close_matches(name, variables, n=1, cutoff=0.93)
    if close:
        raise ConfigurationError(f"unknown variable {shown(name)}; did you mean {close[0]!r}?")


def _read_variable(option: str, value: str) -> Any:
    """A variable as TOML would read its value: numbers and lists are themselves, everything else is text."""
    if option.endswith("_cost_limit"):
        return value
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value
