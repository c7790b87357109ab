"""`copy`: from one ledger to another."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import click

from llm_token_budget.cli.options import as_json
from llm_token_budget.cli.printing import print_json
from llm_token_budget.errors import ConfigurationError
from llm_token_budget.ledgers.base import Ledger


@click.command()
@as_json
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def command(source: str, target: str, json_: bool) -> None:
    """Bring the ledger TO up to the ledger FROM: what was spent in the present windows, and limits that were set by hand.

    Both are addresses, such as sqlite:///budget.db, redis://... or postgresql://...; nothing is changed in FROM. Again brings
    what is new since, and counts nothing twice: copy while the workers are running, stop them, copy once more, and start them
    with TO. Open reservations stay in FROM, and so do a journal and the list of unconfirmed charges.
    """
    from llm_token_budget.ledgers.copying import copy_ledger

    if source == target:
        raise click.UsageError("FROM and TO are the same ledger")
    with ExitStack() as stack:
        old, new = _opened(stack, source, "FROM"), _opened(stack, target, "TO")
        copied = copy_ledger(old, new, on_progress=_progress(stack))
    if json_:
        print_json(copied._asdict())
    else:
        click.echo(f"copied: {copied.counters:,} counters, {copied.overrides:,} amounts set by hand")
    if copied.open_reservations:
        click.echo(
            f"note: {copied.open_reservations:,} reservations are open in FROM: once they have ended, copy again",
            err=True,
        )


def _opened(stack: ExitStack, address: str, which: str) -> Ledger:
    """The ledger at an address, closed with the stack."""
    from llm_token_budget.ledgers.opening import open_ledger

    if which == "FROM" and address.startswith("sqlite:"):
        _check_file(address)
    ledger = stack.enter_context(closing(open_ledger(address)))
    if not ledger.blocking:
        raise ConfigurationError(
            f"{which} is a memory ledger, which lives inside the process that uses it: there, copy_ledger(old, new) copies"
        )
    return ledger


def _check_file(address: str) -> None:
    """An address with a slip in it must not be copied as a ledger that nobody has used."""
    from llm_token_budget.ledgers.sqlite.location import read_url

    path = Path(read_url(address).path)
    if not path.is_file():
        raise ConfigurationError(f"there is no ledger at {path}")


def _progress(stack: ExitStack) -> Callable[[int], None] | None:
    """Shows how many counters were looked at, if somebody is looking."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.completed:,.0f} counters"), TimeElapsedColumn()
    progress = stack.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
    task = progress.add_task("", total=None)
    return lambda seen: progress.update(task, completed=seen)
