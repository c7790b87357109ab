"""`watch`: limits live."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from llm_token_budget.cli.options import budget_options, open_budget
from llm_token_budget.cli.printing import print_json_line, shown
from llm_token_budget.cli.streams import drawn
from llm_token_budget.dashboard.rates import BurnRate
from llm_token_budget.durations import roughly
from llm_token_budget.errors import LedgerUnavailable
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
    """Limits and users live: spent, reserved, burn rate, time to exhaustion. Ctrl-C ends it.

    While the ledger is away it says so, and goes on when the ledger is back.
    """
    # Ctrl-C ends it quietly, in the middle of a look too.
    with open_budget(ledger, config) as budget, suppress(KeyboardInterrupt):
        watched = _Watched(budget, users, top)
        if json_:
            _print_lines(watched, _looks(every, count))
        else:
            _draw(watched, _looks(every, count))


@dataclass(frozen=True, slots=True)
class _Watched:
    """What is looked at, and how fast it was spent so far."""

    budget: BudgetManager
    users: tuple[str, ...]
    top: int
    rates: BurnRate = field(default_factory=BurnRate)


def _looks(every: float, count: int | None) -> Iterator[int]:
    """The numbers of the looks; each begins `every` seconds after the one before, or as soon as that one is done."""
    due = time.monotonic()
    for number in itertools.count():
        if number == count:
            return
        time.sleep(max(due - time.monotonic(), 0))
        due = time.monotonic() + every
        yield number


def _draw(watched: _Watched, looks: Iterator[int]) -> None:
    """On the screen. While the ledger is away, what was seen last stays there, and says how old it is."""
    from rich.console import Console
    from rich.live import Live

    console = Console()
    screen = Live(console=console, auto_refresh=False)
    seen: _Seen | None = None
    away: LedgerUnavailable | None = None
    with screen if console.is_terminal else nullcontext():
        for _ in looks:
            try:
                seen, away = _Seen(time.time(), _look(watched, narrow=console.width < NARROW)), None
                picture = seen.picture
            except LedgerUnavailable as error:
                if seen is None:
                    raise  # Nothing was ever seen there: the address or the password is wrong.
                away, picture = error, _away(seen, error)
            if console.is_terminal:
                screen.update(picture, refresh=True)
            else:
                console.print(picture)
    if away is not None:
        raise away


class _Seen(NamedTuple):
    at: float
    picture: RenderableType


def _away(seen: _Seen, error: LedgerUnavailable) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    when = datetime.fromtimestamp(seen.at).astimezone()
    said = f"The ledger is away; this is what stood there at {when:%H:%M:%S} ({' '.join(str(error).split())})"
    return Group(seen.picture, Text(), Text(said, style="bold red"))


def _print_lines(watched: _Watched, looks: Iterator[int]) -> None:
    """As JSON, one line a look; one with an `error` while the ledger is away."""
    away: LedgerUnavailable | None = None
    for number in looks:
        now = time.time()
        try:
            line, away = _line(watched, now), None
        except LedgerUnavailable as error:
            if number == 0:
                raise
            line, away = {"at": now, "error": str(error)}, error
        print_json_line(line)
    if away is not None:
        raise away


def _line(watched: _Watched, now: float) -> dict[str, Any]:
    limits = [
        {**plain(row), "remaining": plain(row.remaining), "per_second": plain(watched.rates.note(row, now))}
        for row in _rows(watched.budget, watched.users)
    ]
    users = watched.budget.get_all_user_stats(limit=watched.top) if watched.top else []
    return {"at": now, "limits": limits, "users": users}


def _rows(budget: BudgetManager, users: tuple[str, ...]) -> list[Remaining]:
    """The limits of everyone, then those of each user, each once."""
    rows = {(row.limit.name, row.limit.key): row for row in budget.remaining()}
    for user in users:
        rows |= {(row.limit.name, row.limit.key): row for row in budget.remaining(user)}
    return list(rows.values())


def _look(watched: _Watched, *, narrow: bool) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    rows = _rows(watched.budget, watched.users)
    if not rows:
        limits: RenderableType = Text(f"{watched.budget.describe()}\n(--user KEY shows how a user stands)")
    else:
        limits = (_limits_in_short if narrow else _limits)(watched, rows)
    return Group(limits, Text(), _dearest(watched, narrow=narrow)) if watched.top else limits


def _limits_in_short(watched: _Watched, rows: list[Remaining]) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    now = time.time()
    lines: list[Text] = []
    for row in rows:
        rate = watched.rates.note(row, now)
        lasts = f", lasts {_duration(Decimal(row.remaining) / rate)}" if rate else ""
        bar = _bar(row).append(f" {_amount(row.spent)} of {_amount(row.limit.amount)}{lasts}", style="default")
        lines += [Text(_name(row)), bar]
    return Group(*lines)


def _name(row: Remaining) -> str:
    whose = ", ".join(part or "(anonymous)" for part in row.limit.key)
    return shown(f"{row.limit.name} ({whose})" if whose else row.limit.name)


def _limits(watched: _Watched, rows: list[Remaining]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    now = time.time()
    limits = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("limit", "", "spent", "reserved", "amount", "per hour", "lasts"):
        limits.add_column(column, justify="left" if column in ("limit", "") else "right", overflow="fold")
    for row in rows:
        rate = watched.rates.note(row, now)
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


def _dearest(watched: _Watched, *, narrow: bool) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    dearest = Table(box=None, pad_edge=False, header_style="bold")
    columns = ("user", "cost") if narrow else ("user", "cost", "requests", "blocked", "reserved")
    for column in columns:
        first = column == "user"
        dearest.add_column(column, justify="left" if first else "right", overflow="fold", no_wrap=not first)
    found = watched.budget.get_all_user_stats(limit=watched.top)
    if not found:
        return Text("nobody has spent anything yet")
    for stats in found:
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
    return roughly(int(min(seconds, Decimal(10**9))))
