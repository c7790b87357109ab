"""`refund`: give back what no provider has confirmed."""

from __future__ import annotations

import click

from llm_token_budget.cli.app import FAILED
from llm_token_budget.cli.options import budget_options, instant, open_budget
from llm_token_budget.cli.printing import print_json, print_table, shown
from llm_token_budget.statistics import UnconfirmedCharge


@click.command()
@budget_options
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--unconfirmed", is_flag=True, help="All of a time and a user, instead of single ones.")
@click.option("--since", metavar="TIME", help="What was charged then or later (2026-11-24T14:30+01:00).")
@click.option("--until", metavar="TIME", help="What was charged before then.")
@click.option("--user", metavar="KEY", help="What this user was charged.")
@click.option("--list", "list_", is_flag=True, help="List them, and give nothing back.")
def command(
    ledger: str | None,
    config: str | None,
    json_: bool,
    ids: tuple[str, ...],
    unconfirmed: bool,
    since: str | None,
    until: str | None,
    user: str | None,
    list_: bool,
) -> int:
    """Give back charges of calls whose outcome nobody knows: by ID, or all of a time with --unconfirmed."""
    if bool(ids) == (unconfirmed or list_):
        raise click.UsageError(
            "name reservations by their ids, or all of a time with --unconfirmed (--list shows them)"
        )
    start, end = instant(since, "--since"), instant(until, "--until")
    with open_budget(ledger, config) as budget:
        if list_:
            charges = budget.unconfirmed(since=start, until=end, user_key=user)
            _print_charges(charges, json_=json_)
            return 0
        if unconfirmed:
            back = budget.refund_unconfirmed(since=start, until=end, user_key=user)
            if json_:
                print_json(back)
            else:
                click.echo(f"given back: {shown(back.cost)}, {back.tokens:,} tokens, {back.requests:,} requests")
            return 0
        refunds = {each: budget.refund(each) for each in ids}
    if json_:
        print_json(refunds)
    else:
        for each, portion in refunds.items():
            click.echo(f"{each}: " + ("nothing to give back" if portion is None else shown(portion.cost)))
    return FAILED if None in refunds.values() else 0


def _print_charges(charges: list[UnconfirmedCharge], *, json_: bool) -> None:
    if json_:
        print_json(charges)
        return
    print_table(
        ("id", "user", "session", "cost", "tokens", "held", "charged at"),
        [
            (
                charge.id,
                charge.user_key,
                charge.session_id,
                charge.charged.cost,
                charge.charged.tokens,
                charge.held.cost,
                charge.at,
            )
            for charge in charges
        ],
    )
