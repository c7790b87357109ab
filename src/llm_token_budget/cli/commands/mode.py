"""`mode`: the switch for a bad night."""

from __future__ import annotations

from typing import cast

import click

from llm_token_budget.cli.options import budget_options, open_budget
from llm_token_budget.cli.printing import print_json, print_table
from llm_token_budget.modes import MODES, Mode


@click.command()
@budget_options
@click.argument("mode", required=False, type=click.Choice([*MODES, "default"]))
@click.option("--by", metavar="NAME", help="Who switches; you, where left out.")
def command(ledger: str | None, config: str | None, json_: bool, mode: str | None, by: str | None) -> None:
    """Show or switch the mode of every process on the ledger: enforce, observe (refuse nothing) or block (everything).

    'default' goes back to what each process was started with (LLM_TOKEN_BUDGET_MODE, or enforce). Takes effect within a
    second, without a deploy.
    """
    with open_budget(ledger, config) as budget:
        if mode is not None:
            budget.set_mode(None if mode == "default" else cast("Mode", mode), by=by)
        history = budget.mode_history()
        now = history[0].mode if history else None
    if json_:
        print_json({"mode": now, "history": history})
        return
    click.echo(f"mode: {now or 'as each process was started (LLM_TOKEN_BUDGET_MODE, or enforce)'}")
    if history:
        print_table(
            ("at", "mode", "by"), [(switched.at, switched.mode or "default", switched.by) for switched in history[:20]]
        )
