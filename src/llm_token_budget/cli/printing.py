"""Tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from llm_token_budget.cli.streams import speaks_unicode
from llm_token_budget.errors import format_usd
from llm_token_budget.serialising import plain

WIDE: Final = 200
"""Characters of a line that no terminal shows."""

TEXT: Final = 16
"""Characters that the text of a table gets at least."""


def print_json(value: object) -> None:
    """One JSON value. Money is text, exact; times are ISO 8601."""
    print_line(json.dumps(plain(value), ensure_ascii=not speaks_unicode(), indent=2))


def print_json_line(value: object) -> None:
    """One JSON value in one line, at once: somebody may be reading along."""
    print_line(json.dumps(plain(value), ensure_ascii=not speaks_unicode()))


def print_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """A table as wide as it needs to be. The first column is text, the others are figures.

    Where a terminal is too narrow for it, each row is a list of its own: no figure is cut.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = [[shown(cell) for cell in row] for row in rows]
    # In a pipe there is no width to keep to: a line of the table is a line.
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    if sys.stdout.isatty() and _width_of_figures(columns, lines) + TEXT > console.width:
        columns, lines = ("", ""), list(_as_lists(columns, lines))
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", overflow="fold", no_wrap=bool(number))
    for row in lines:
        # `Text`, not markup: a key may hold brackets.
        table.add_row(*[Text(cell) for cell in row])
    console.print(table)


def _width_of_figures(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    return sum(width + len("  ") for width in widths[1:])


def _as_lists(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[list[str]]:
    for row in rows:
        yield [row[0], ""]
        for name, cell in zip(columns[1:], row[1:], strict=True):
            yield [f"  {name}", cell]


def shown(value: object) -> str:
    """A value as people read it. Control characters of a hostile key do nothing to a terminal."""
    match value:
        case None:
            return "-"
        case Decimal():
            return format_usd(value)
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M} UTC"
        case "":
            return "(anonymous)"  # The user that calls without one share.
        case str():
            return "".join(character if character.isprintable() else repr(character)[1:-1] for character in value)
        case _:
            return str(value)
