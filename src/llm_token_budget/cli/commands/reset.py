"""`reset`: zero what was spent."""

from __future__ import annotations

import click

from llm_token_budget.cli.options import budget_options, open_budget
from llm_token_budget.cli.printing import print_json


@click.command()
@budget_options
@click.option("--user", metavar="KEY", help="Of this user alone.")
@click.option("--session", metavar="ID", help="Of this session alone; with --user, of that user's.")
@click.option("--yes", is_flag=True, help="Don't ask.")
def command(
    ledger: str | None, config: str | None, json_: bool, user: str | None, session: str | None, yes: bool
) -> None:
    """Zero what was spent: everything, a user's, or a session's. What calls in flight hold stays."""
    whose = (
        " ".join([f"user {user}" if user else "", f"session {session}" if session else ""]).strip()
        or "everybody, since the beginning"
    )
    if not yes:
        click.confirm(f"Zero what was spent by {whose}?", abort=True)
    with open_budget(ledger, config) as budget:
        budget.reset(user, session)
    if json_:
        print_json({"reset": True, "user": user, "session": session})
    else:
        click.echo(f"zeroed: {whose}")
