"""`limits`: how they stand, and changing them while everything runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from llm_token_budget.cli.app import OVER_BUDGET
from llm_token_budget.cli.options import budget_options, open_budget, options_again
from llm_token_budget.cli.printing import print_json, print_table, shown
from llm_token_budget.serialising import plain


def for_whom(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--user`, `--session`, `--dimension`: whose limits."""
    function = click.option("--dimension", multiple=True, metavar="NAME=KEY", help="A dimension, such as org=acme.")(
        function
    )
    function = click.option("--session", metavar="ID")(function)
    return click.option("--user", metavar="KEY", help="With the limits of this user.")(function)


@click.group(invoke_without_command=True)
@budget_options
@for_whom
@click.option("--check", is_flag=True, help="Exit with 3 if a limit has nothing left.")
@click.pass_context
def command(
    context: click.Context,
    ledger: str | None,
    config: str | None,
    json_: bool,
    user: str | None,
    session: str | None,
    dimension: tuple[str, ...],
    check: bool,
) -> int:
    """The limits and how they stand now."""
    context.obj = ledger, config, json_
    if context.invoked_subcommand is not None:
        return 0
    with open_budget(ledger, config) as budget:
        standing = budget.remaining(user, session, dimensions=_dimensions(dimension))
        described = budget.describe()
    if json_:
        print_json([{**plain(row), "remaining": plain(row.remaining)} for row in standing])
    elif standing:
        print_table(
            ("limit", "amount", "spent", "reserved", "left", "resets"),
            [
                (row.limit.name, row.limit.amount, row.spent, row.reserved, row.remaining, row.resets_at)
                for row in standing
            ],
        )
    else:
        click.echo(described or "no limit is set: name a file of limits with --config")
    return OVER_BUDGET if check and any(row.remaining <= 0 for row in standing) else 0


# An amount below 0 is no option: whoever types one is told what is wrong with it.
@command.command("set", context_settings={"ignore_unknown_options": True})
@options_again
@click.argument("name")
@click.argument("amount")
@click.option("--key", "keys", multiple=True, metavar="KEY", help="For this key alone; once per part of the scope.")
@click.pass_context
def set_(
    context: click.Context,
    ledger: str | None,
    config: str | None,
    json_: bool,
    name: str,
    amount: str,
    keys: tuple[str, ...],
) -> None:
    """Give the limit NAME another AMOUNT ('unlimited', 0 to block), from the next call of any process on."""
    with open_budget(ledger or context.obj[0], config or context.obj[1]) as budget:
        budget.set_limit(name, _key(keys), None if amount == "unlimited" else amount)
    _say(name, amount, keys, json_=json_ or context.obj[2])


@command.command()
@options_again
@click.argument("name")
@click.option("--key", "keys", multiple=True, metavar="KEY", help="For this key alone; once per part of the scope.")
@click.pass_context
def clear(
    context: click.Context, ledger: str | None, config: str | None, json_: bool, name: str, keys: tuple[str, ...]
) -> None:
    """Go back to the amount that the configuration gives the limit NAME."""
    with open_budget(ledger or context.obj[0], config or context.obj[1]) as budget:
        budget.clear_limit(name, _key(keys))
    _say(name, "as configured", keys, json_=json_ or context.obj[2])


def _say(name: str, amount: str, keys: tuple[str, ...], *, json_: bool) -> None:
    if json_:
        print_json({"limit": name, "key": keys, "amount": amount})
    else:
        click.echo(f"{shown(name)}: {amount}" + (f" for {shown(', '.join(keys))}" if keys else ""))


def _key(keys: tuple[str, ...]) -> str | tuple[str, ...] | None:
    return None if not keys else keys[0] if len(keys) == 1 else keys


def _dimensions(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    for name, sign, _ in pairs:
        if not sign or not name:
            raise click.UsageError("--dimension takes NAME=KEY, such as org=acme")
    return {name: key for name, _, key in pairs}
