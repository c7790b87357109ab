"""What all commands that look at a budget take."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from llm_token_budget.errors import ConfigurationError

if TYPE_CHECKING:
    from llm_token_budget.manager import BudgetManager
    from llm_token_budget.pricing import PriceBook

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_CONFIG: Final = "budgets.toml"
PROJECT: Final = "pyproject.toml"
TABLE: Final = "[tool.llm-token-budget]"


def as_json(function: Command) -> Command:
    """`--json`: for programs."""
    return click.option("--json", "json_", is_flag=True, help="Print JSON, for programs.")(function)


def budget_options(function: Command) -> Command:
    """`--ledger`, `--config` and `--json`."""
    return ledger_options(as_json(function))


def ledger_options(function: Command) -> Command:
    """`--ledger` and `--config`."""
    return _ledger_option(config_option(function), "LLM_TOKEN_BUDGET_LEDGER")


def config_option(function: Command) -> Command:
    """`--config`, of commands that look at no ledger."""
    return _config_option(function, "LLM_TOKEN_BUDGET_CONFIG")


def options_again(function: Command) -> Command:
    """The same after a command's own command; there the environment is not asked again: what stood before goes first."""
    return as_json(_ledger_option(_config_option(function, None), None))


def _config_option(function: Command, variable: str | None) -> Command:
    return click.option(
        "--config",
        envvar=variable,
        metavar="FILE",
        help=f"Limits, prices and the ledger's address. Default: {DEFAULT_CONFIG} in this folder, or {TABLE} of its {PROJECT}.",
    )(function)


def _ledger_option(function: Command, variable: str | None) -> Command:
    return click.option(
        "--ledger",
        envvar=variable,
        show_envvar=variable is not None,
        metavar="URL",
        help="Where amounts are kept: sqlite:///budget.db, redis://..., postgresql://...",
    )(function)


def open_budget(ledger: str | None, config: str | None) -> BudgetManager:
    """The budget that a command line means.

    Raises:
        ConfigurationError: neither a ledger nor a file that names one, or one that only lives in another process.
    """
    from llm_token_budget.manager import BudgetManager

    config = config or _found_here()
    # The command line goes before everything; a ledger in the environment has come here as an option already.
    options: dict[str, Any] = {"ledger": ledger} if ledger else {}
    environment = {name: value for name, value in os.environ.items() if name != "LLM_TOKEN_BUDGET_LEDGER"}
    _note_a_new_file(ledger)
    if config is not None:
        budget = BudgetManager.from_config(config, environment=environment, **options)
    elif ledger:
        budget = BudgetManager.from_config({}, environment=environment, **options)
    else:
        raise ConfigurationError(
            "no ledger is named: give --ledger sqlite:///budget.db (or redis://..., postgresql://...), "
            f"set LLM_TOKEN_BUDGET_LEDGER, or write {DEFAULT_CONFIG} (or {TABLE} into {PROJECT})"
        )
    if not budget.ledger.blocking:
        raise ConfigurationError(
            "a memory ledger lives inside the process that uses it, and can't be looked at from here: "
            "name a ledger that processes share (--ledger sqlite:///budget.db)"
        )
    return budget


def _found_here() -> str | None:
    """The configuration in this folder."""
    if Path(DEFAULT_CONFIG).exists():
        return DEFAULT_CONFIG
    import tomllib

    try:
        tools = tomllib.loads(Path(PROJECT).read_text(encoding="utf-8")).get("tool")
    except (OSError, ValueError):
        return None  # Somebody else's file as well: what is wrong with it, others say.
    return PROJECT if isinstance(tools, dict) and "llm-token-budget" in tools else None


def _note_a_new_file(ledger: str | None) -> None:
    """A typo in the address of a file must not look like a budget that nobody has touched."""
    if ledger is None or not ledger.startswith("sqlite:"):
        return
    from llm_token_budget.ledgers.sqlite.location import read_url

    path = Path(read_url(ledger).path)
    if not path.exists() and path.parent.is_dir():
        click.echo(f"note: there was no ledger at {path}; an empty one is made", err=True)


def open_prices(config: str | None) -> PriceBook:
    """The prices, discounts and aliases that a command line means; without a file, those that we know."""
    from llm_token_budget.manager import BudgetManager

    config = config or _found_here()
    # No ledger is asked what a model costs.
    return BudgetManager.from_config({} if config is None else config, ledger="memory://").prices


def instant(text: str | None, option: str) -> datetime | None:
    """A point in time as people type it: ISO 8601; without a time zone, this machine's."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{option} takes a time like 2026-11-24T14:30 or 2026-11-24T14:30+01:00") from None
    return read.astimezone(UTC)
