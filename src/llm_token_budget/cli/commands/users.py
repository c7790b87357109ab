"""`users`: who costs most."""

from __future__ import annotations

import click

from llm_token_budget.cli.options import budget_options, open_budget
from llm_token_budget.cli.printing import print_json, print_table


@click.command()
@budget_options
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="So many users.")
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Leave out the first so many.")
def command(ledger: str | None, config: str | None, json_: bool, limit: int, offset: int) -> None:
    """Users by what they cost since the last reset, highest first."""
    with open_budget(ledger, config) as budget:
        users = budget.get_all_user_stats(limit=limit, offset=offset)
    if json_:
        print_json(users)
        return
    print_table(
        ("user", "cost", "requests", "input tokens", "output tokens", "blocked", "reserved", "unconfirmed"),
        [
            (
                user.user_key, user.total_cost, user.requests, user.input_tokens, user.output_tokens, user.blocked,
                user.reserved.cost, user.unconfirmed.cost,
            )
            for user in users
        ],
    )  # fmt: skip
