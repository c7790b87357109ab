"""`reset`: zero what was spent."""

from __future__ import annotations

import click

from llm_token_budget.cli.options import budget_options, open_budget
from llm_token_budget.cli.printing import print_json, shown


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
        " ".join([f"user {shown(user)}" if user else "", f"session {shown(session)}" if session else ""]).strip()
        or "everybody, since the beginning"
    )
    with open_budget(ledger, config) as budget:
        if not yes:
            _ask(f"Zero what was spent by {whose}?")
        budget.reset(user, session)
    if json_:
        print_json({"reset": True, "user": user, "session": session})
    else:
        click.echo(f"zeroed: {whose}")


def _ask(question: str) -> None:
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)
        raise click.UsageError("nobody is there to be asked: --yes goes on without") from None
    if not agreed:
        raise click.Abort
