"""Tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from llm_token_budget.errors import format_usd
from llm_token_budget.serialising import plain

WIDE: Final = 200
"""Characters of a line that no terminal shows."""


def print_json(value: object) -> None:
    """One JSON value. Money is text, exact; times are ISO 8601."""
    json.dump(plain(value), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """A table as wide as it needs to be. The first column is text, the others are figures."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", overflow="fold", no_wrap=bool(number))
    for row in rows:
        # `Text`, not markup: a key may hold brackets.
        table.add_row(*[Text(shown(cell)) for cell in row])
    # In a pipe there is no width to keep to: a line of the table is a line.
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


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
        case str():
            return "".join(character if character.isprintable() else repr(character)[1:-1] for character in value)
        case _:
            return str(value)
