"""`report`: who spent what, as a page."""

from __future__ import annotations

import time
from pathlib import Path

import click

from llm_token_budget.cli.options import budget_options, open_budget
from llm_token_budget.cli.printing import print_json
from llm_token_budget.errors import ConfigurationError


@click.command()
@budget_options
@click.option("--html", "file", metavar="FILE", help="Where the page is written.")
@click.option(
    "--rate-over",
    type=click.FloatRange(0, 60),
    default=1.0,
    show_default=True,
    help="Seconds to watch the burn rate, where no journal tells that of the last hour.",
)
def command(ledger: str | None, config: str | None, json_: bool, file: str | None, rate_over: float) -> None:
    """Limits, users and what is held, as one page of HTML that needs nothing beside it.

    With a journal also models, days and sessions of the last 30 days. --json prints the same as data.
    """
    if file is None and not json_:
        raise click.UsageError("name a file for the page with --html FILE, or ask for data with --json")
    try:
        from llm_token_budget.dashboard import BurnRate, JournalRate, pages, take_snapshot
        from llm_token_budget.journal import find_journal
    except ModuleNotFoundError as missing:
        raise ConfigurationError(f"a report needs {missing.name}: pip install 'llm-token-budget[dashboard]'") from None
    with open_budget(ledger, config) as budget:
        journal = find_journal(budget)
        rates = BurnRate() if journal is None else JournalRate(journal)
        snapshot = take_snapshot(budget, rates)
        if journal is None and rate_over:
            time.sleep(rate_over)
            snapshot = take_snapshot(budget, rates)
    if json_:
        print_json(snapshot)
    if file is not None:
        Path(file).write_text(pages.report(snapshot), encoding="utf-8")
        click.echo(f"written: {file}", err=True)
