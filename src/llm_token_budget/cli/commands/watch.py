"""`watch`: limits live."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import click

from llm_token_budget.cli.options import budget_options, open_budget
from llm_token_budget.cli.printing import print_json_line, shown
from llm_token_budget.cli.streams import drawn
from llm_token_budget.dashboard.rates import BurnRate
from llm_token_budget.serialising import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from llm_token_budget.manager import BudgetManager
    from llm_token_budget.statistics import Remaining

BAR: Final = 16
"""Characters."""

NARROW: Final = 80
"""A terminal of fewer characters gets two short lines for a limit instead of a long one."""


@click.command()
@budget_options
@click.option("--user", "users", multiple=True, metavar="KEY", help="With the limits of this user.")
@click.option("--top", type=click.IntRange(0, 50), default=5, show_default=True, help="And the dearest users.")
@click.option("--every", type=click.FloatRange(0.1, 60), default=1.0, show_default=True, help="Seconds.")
@click.option("--count", type=click.IntRange(min=1), help="Stop after so many looks.")
def command(
    ledger: str | None,
    config: str | None,
    json_: bool,
    users: tuple[str, ...],
    top: int,
    every: float,
    count: int | None,
) -> None:
    """Limits and users live: spent, reserved, burn rate, time to exhaustion. Ctrl-C ends it."""
    rates = BurnRate()
    # Ctrl-C ends it quietly, in the middle of a look too.
    with open_budget(ledger, config) as budget, suppress(KeyboardInterrupt):
        if json_:
            _print_lines(budget, rates, users, top, every, count)
            return
        from rich.console import Console
        from rich.live import Live

        console = Console()
        narrow = console.width < NARROW
        with Live(_look(budget, rates, users, top, narrow=narrow), console=console, auto_refresh=False) as live:
            for _ in _looks(every, None if count is None else count - 1):
                live.update(_look(budget, rates, users, top, narrow=console.width < NARROW), refresh=True)


def _looks(every: float, count: int | None) -> Iterator[int]:
    """A pause before each look, as many as there are to be."""
    done = 0
    while count is None or done < count:
        time.sleep(every)
        yield done
        done += 1


def _rows(budget: BudgetManager, users: tuple[str, ...]) -> list[Remaining]:
    """The limits of everyone, then those of each user, each once."""
    rows = {(row.limit.name, row.limit.key): row for row in budget.remaining()}
    for user in users:
        rows |= {(row.limit.name, row.limit.key): row for row in budget.remaining(user)}
    return list(rows.values())


def _print_lines(
    budget: BudgetManager, rates: BurnRate, users: tuple[str, ...], top: int, every: float, count: int | None
) -> None:
    def say() -> None:
        now = time.time()
        limits = [
            {**plain(row), "remaining": plain(row.remaining), "per_second": plain(rates.note(row, now))}
            for row in _rows(budget, users)
        ]
        print_json_line({"at": now, "limits": limits, "users": budget.get_all_user_stats(limit=top) if top else []})

    say()
    for _ in _looks(every, None if count is None else count - 1):
        say()


def _look(budget: BudgetManager, rates: BurnRate, users: tuple[str, ...], top: int, *, narrow: bool) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    limits = (_limits_in_short if narrow else _limits)(budget, rates, users)
    return Group(limits, Text(), _dearest(budget, top, narrow=narrow)) if top else limits


def _limits_in_short(budget: BudgetManager, rates: BurnRate, users: tuple[str, ...]) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    now = time.time()
    lines: list[Text] = []
    for row in _rows(budget, users):
        rate = rates.note(row, now)
        lasts = f", lasts {_duration(Decimal(row.remaining) / rate)}" if rate else ""
        bar = _bar(row).append(f" {_amount(row.spent)} of {_amount(row.limit.amount)}{lasts}", style="default")
        lines += [Text(_name(row)), bar]
    return Group(*lines)


def _name(row: Remaining) -> str:
    whose = ", ".join(part or "(anonymous)" for part in row.limit.key)
    return shown(f"{row.limit.name} ({whose})" if whose else row.limit.name)


def _limits(budget: BudgetManager, rates: BurnRate, users: tuple[str, ...]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    now = time.time()
    limits = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("limit", "", "spent", "reserved", "amount", "per hour", "lasts"):
        limits.add_column(column, justify="left" if column in ("limit", "") else "right", overflow="fold")
    for row in _rows(budget, users):
        rate = rates.note(row, now)
        limits.add_row(
            Text(_name(row)),
            _bar(row),
            Text(_amount(row.spent)),
            Text(_amount(row.reserved)),
            Text(_amount(row.limit.amount)),
            Text(_amount(round(rate * 3600, 2)) if rate is not None else "-"),
            Text(_duration(Decimal(row.remaining) / rate) if rate else "-"),
        )
    return limits


def _dearest(budget: BudgetManager, top: int, *, narrow: bool) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    dearest = Table(box=None, pad_edge=False, header_style="bold")
    columns = ("user", "cost") if narrow else ("user", "cost", "requests", "blocked", "reserved")
    for column in columns:
        first = column == "user"
        dearest.add_column(column, justify="left" if first else "right", overflow="fold", no_wrap=not first)
    for stats in budget.get_all_user_stats(limit=top):
        cells = (stats.user_key, stats.total_cost, stats.requests, stats.blocked, stats.reserved.cost)
        dearest.add_row(*[Text(shown(cell)) for cell in cells[: len(columns)]])
    return dearest


def _bar(row: Remaining) -> Any:
    from rich.text import Text

    whole = Decimal(row.limit.amount)
    spent = min(round(BAR * Decimal(row.spent) / whole), BAR) if whole else BAR
    held = min(round(BAR * Decimal(row.reserved) / whole), BAR - spent) if whole else 0
    bar = Text(drawn("█") * spent, style="red" if row.remaining <= 0 else "green")
    bar.append(drawn("▒") * held, style="yellow")
    return bar.append(drawn("·") * (BAR - spent - held), style="dim")


def _amount(amount: Decimal | int) -> str:
    return shown(round(amount, 4) if isinstance(amount, Decimal) else amount)


def _duration(seconds: Decimal) -> str:
    """In the two largest units."""
    left = int(min(seconds, Decimal(10**9)))
    parts: list[str] = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        many, left = divmod(left, length)
        if many or parts or unit == "s":
            parts.append(f"{many}{unit}")
        if len(parts) == 2:
            break
    return " ".join(parts)
