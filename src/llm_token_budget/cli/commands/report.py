"""`report`: who spent what, as a page."""

from __future__ import annotations

import time
from pathlib import Path

import click

from llm_token_budget.cli.options import ledger_options, open_budget
from llm_token_budget.errors import ConfigurationError


@click.command()
@ledger_options
@click.option("--html", "file", metavar="FILE", required=True, help="Where the page is written.")
@click.option(
    "--rate-over", type=click.FloatRange(0, 60), default=1.0, show_default=True, help="Seconds to watch the burn rate."
)
def command(ledger: str | None, config: str | None, file: str, rate_over: float) -> None:
    """Limits, users and what is held, as one page of HTML that needs nothing beside it."""
    try:
        from llm_token_budget.dashboard import BurnRate, pages, take_snapshot
    except ModuleNotFoundError as missing:
        raise ConfigurationError(f"a report needs {missing.name}: pip install 'llm-token-budget[dashboard]'") from None
    rates = BurnRate()
    with open_budget(ledger, config) as budget:
        snapshot = take_snapshot(budget, rates)
        if rate_over:
            time.sleep(rate_over)
            snapshot = take_snapshot(budget, rates)
    Path(file).write_text(pages.report(snapshot), encoding="utf-8")
    click.echo(f"written: {file}", err=True)
