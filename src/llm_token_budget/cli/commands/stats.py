"""`stats`: what was spent."""

from __future__ import annotations

import click

from llm_token_budget.cli.options import budget_options, open_budget
from llm_token_budget.cli.printing import print_json, print_table, shown


@click.command()
@budget_options
@click.option("--user", metavar="KEY", help="Of this user.")
@click.option("--session", metavar="ID", help="Of this session.")
def command(ledger: str | None, config: str | None, json_: bool, user: str | None, session: str | None) -> None:
    """What was spent by everyone, a user or a session since the last reset."""
    with open_budget(ledger, config) as budget:
        if session is not None:
            stats = budget.get_session_stats(user, session)
        else:
            stats = budget.get_global_stats() if user is None else budget.get_user_stats(user)
    if json_:
        print_json(stats)
        return
    rows: list[tuple[str, object]] = [
        ("cost", stats.total_cost),
        ("requests", stats.requests),
        ("input tokens", stats.input_tokens),
        ("output tokens", stats.output_tokens),
        ("blocked", stats.blocked),
        ("reserved", stats.reserved.cost),
        ("unconfirmed", stats.unconfirmed.cost),
        ("overrun", stats.overrun.cost),
        ("unreserved", stats.unreserved.cost),
        ("estimated requests", stats.estimated_requests),
        ("unpriced requests", stats.unpriced_requests),
    ]
    whose = "everyone" if user is None else shown(user)
    print_table((whose if session is None else f"{whose}, session {shown(session)}", ""), rows)
