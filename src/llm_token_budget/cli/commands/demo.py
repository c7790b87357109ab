"""`demo`: the promise, shown in a few seconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from llm_token_budget.cli.app import FAILED
from llm_token_budget.cli.options import as_json
from llm_token_budget.cli.printing import print_json, shown
from llm_token_budget.cli.streams import drawn

if TYPE_CHECKING:
    from rich.console import Console

    from llm_token_budget.cli.trial import Trial

BESIDE: Final = 58
"""Characters of a line that are no bar."""
NARROW: Final = 78
"""A terminal of fewer characters gets each bar on a line of its own."""
NEW_LINE: Final = "\n"


@click.command()
@as_json
@click.option("--threads", type=click.IntRange(2, 200), default=50, show_default=True)
@click.option("--svg", metavar="FILE", help="Write the picture into a file, too.")
def command(json_: bool, threads: int, svg: str | None) -> int:
    """Fifty threads spend one small budget, first with check-then-record, then through a wrapped client.

    Against a provider on this machine, whose own bill is the judge. Nothing leaves this machine; no key is needed.
    """
    from llm_token_budget.cli.trial import hold_trial

    trial = hold_trial(threads, lambda name: click.echo(f"{threads} threads: {name} ...", err=True))
    if json_:
        print_json({"threads": trial.threads, "limit": trial.limit, "outcomes": [o._asdict() for o in trial.outcomes]})
    else:
        _draw(trial, svg)
    return FAILED if trial.outcomes[-1].billed > trial.limit else 0


def _draw(trial: Trial, svg: str | None) -> None:
    from rich.console import Console

    console = Console(record=svg is not None, width=100 if svg else None, highlight=False)
    _print_bars(console, trial)
    if svg is not None:
        Path(svg).write_text(console.export_svg(title="llm-token-budget demo"), encoding="utf-8")
        click.echo(f"written: {svg}", err=True)


def _print_bars(console: Console, trial: Trial) -> None:
    from rich.text import Text

    narrow = console.width < NARROW
    width = min(console.width - 2 if narrow else console.width - BESIDE, 110 - BESIDE)
    most = max(trial.limit, *(outcome.billed for outcome in trial.outcomes))
    within = round(width * trial.limit / most)
    console.print(
        f"{trial.threads} threads, one budget of [bold]{shown(round(trial.limit, 4))}[/bold]; billed by the provider:\n"
    )
    for outcome in trial.outcomes:
        length = max(round(width * outcome.billed / most), 1)
        bar = Text(drawn("█") * min(length, within), style="green")
        bar.append(drawn("█") * (length - within), style="red")
        share = 100 * outcome.billed / trial.limit
        line = Text(f"{outcome.name}\n" if narrow else f"  {outcome.name:<19} ")
        line.append_text(bar)
        line.append(
            f"{NEW_LINE if narrow else ' '}{shown(round(outcome.billed, 4))}, {outcome.calls} calls, {share:.0f} %",
            style="red" if outcome.billed > trial.limit else "green",
        )
        console.print(line)
    console.print(Text(" " * ((0 if narrow else 22) + within - 1) + drawn("▲ the limit"), style="bold"))
