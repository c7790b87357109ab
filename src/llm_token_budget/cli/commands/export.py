"""`export`: the journal as a table or as lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

import click

from llm_token_budget.cli.options import instant, ledger_options, open_budget
from llm_token_budget.errors import ConfigurationError

if TYPE_CHECKING:
    from llm_token_budget.journal import Journal, JournalEntry
    from llm_token_budget.journal.exporting import Form

SHOW_EVERY: Final = 500
"""Entries between two steps of the progress."""


@click.command()
@ledger_options
@click.option("--csv", "form", flag_value="csv", help="A table with a line of names on top.")
@click.option(
    "--jsonl", "--json", "form", flag_value="jsonl", help="JSON lines. The default, unless FILE ends with .csv."
)
@click.option("--since", metavar="TIME", help="Of calls made then or later (2026-11-24T14:30+01:00).")
@click.option("--until", metavar="TIME", help="Of calls made before then.")
@click.option("--user", metavar="KEY", help="Of this user.")
@click.option("--session", metavar="ID", help="Of sessions of this id.")
@click.option("--model", metavar="NAME", help="Of calls that asked for this model.")
@click.option("--dimension", "dimensions", multiple=True, metavar="NAME=KEY", help="Charged to this key; all of them.")
@click.option("--journal", "path", metavar="FILE", help="A journal of JSON lines, instead of the ledger's.")
@click.option("--out", metavar="FILE", help="Where it is written. Default: standard output.")
def command(
    ledger: str | None,
    config: str | None,
    form: Form | None,
    since: str | None,
    until: str | None,
    user: str | None,
    session: str | None,
    model: str | None,
    dimensions: tuple[str, ...],
    path: str | None,
    out: str | None,
) -> None:
    """The entries of the journal, one for each call that ended, oldest first.

    What was charged is in the cost; the delta columns add up to what was spent, as they take back what a later entry replaces.
    In CSV, text that begins with = + - or @ gets an apostrophe in front, so that no spreadsheet calculates it.
    """
    from llm_token_budget.journal.exporting import WRITERS

    form = form or ("csv" if out is not None and out.lower().endswith(".csv") else "jsonl")
    start, end, keys = instant(since, "--since"), instant(until, "--until"), dict(map(_dimension, dimensions))
    with ExitStack() as stack:
        journal = _open_journal(stack, ledger, config, path)
        entries = journal.entries(
            since=start, until=end, user_key=user, session_id=session, model=model, dimensions=keys
        )
        # Asked for the first one before the file is made: an unreadable journal leaves no empty table behind.
        first = next(entries, None)
        found = _with_progress(stack, entries if first is None else _again(first, entries), out)
        file: TextIO = sys.stdout
        if out is not None and out != "-":
            file = stack.enter_context(Path(out).open("w", encoding="utf-8", newline=""))
        number = WRITERS[form](found, file)
    if file is not sys.stdout:
        click.echo(f"written: {number:,} entries to {out}", err=True)


def _again(first: JournalEntry, rest: Iterator[JournalEntry]) -> Iterator[JournalEntry]:
    yield first
    yield from rest


def _open_journal(stack: ExitStack, ledger: str | None, config: str | None, path: str | None) -> Journal:
    from llm_token_budget.journal import Journal, find_journal

    if path is not None:
        if not Path(path).is_file():
            raise ConfigurationError(f"there is no file {path}")
        journal = Journal(path, retention=None)
        stack.callback(journal.close)
        return journal
    budget = stack.enter_context(open_budget(ledger, config))
    found = find_journal(budget)
    if found is None:
        raise ConfigurationError(
            "this ledger has no journal: BudgetManager(journal=True) or `journal = true` in budgets.toml keeps one; "
            "a file of JSON lines is named by --journal FILE"
        )
    if found is not budget.journal:
        stack.callback(found.close)
    return found


def _dimension(text: str) -> tuple[str, str]:
    name, separator, key = text.partition("=")
    if not separator or not name:
        raise click.UsageError("--dimension takes NAME=KEY, such as team=web")
    return name, key


def _with_progress(stack: ExitStack, entries: Iterator[JournalEntry], out: str | None) -> Iterator[JournalEntry]:
    """The same entries; how many there were shows meanwhile, if somebody looks and the entries go elsewhere."""
    goes_elsewhere = (out is not None and out != "-") or not sys.stdout.isatty()
    if not (sys.stderr.isatty() and goes_elsewhere):
        return entries
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    progress = stack.enter_context(
        Progress(
            SpinnerColumn(),
            TextColumn("{task.completed:,.0f} entries"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
    )
    task = progress.add_task("", total=None)

    def counted() -> Iterator[JournalEntry]:
        number = 0
        for number, entry in enumerate(entries, 1):
            if not number % SHOW_EVERY:
                progress.update(task, completed=number)
            yield entry
        progress.update(task, completed=number)

    return counted()
