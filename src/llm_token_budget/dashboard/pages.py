"""From data to HTML. Everything is escaped; nothing is fetched from anywhere else."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from llm_token_budget.dashboard.snapshot import Snapshot
from llm_token_budget.durations import roughly
from llm_token_budget.errors import format_usd

HERE: Final = Path(__file__).parent
NOTHING: Final = "-"


def page(snapshot: Snapshot) -> str:
    """The live page."""
    return _environment().get_template("page.html").render(snapshot=snapshot, live=True)


def body(snapshot: Snapshot) -> str:
    """What changes on the live page."""
    return _environment().get_template("body.html").render(snapshot=snapshot, live=True)


def report(snapshot: Snapshot) -> str:
    """One page that needs nothing beside it."""
    style = (HERE / "static" / "style.css").read_text(encoding="utf-8")
    return _environment().get_template("page.html").render(snapshot=snapshot, live=False, style=style)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "percent": percent, "moment": moment, "lasting": lasting, "named": named}
    return environment


def shown(value: Any) -> str:
    """An amount as people read it."""
    if value is None:
        return NOTHING
    if isinstance(value, Decimal):
        return format_usd(round(value, 4))
    return f"{value:,}" if isinstance(value, int) else str(value)


def named(key: str | None) -> str:
    """A key as people read it: calls without a user share one."""
    return key or "(anonymous)"


def percent(part: float) -> str:
    """0.375 as 37.50, for widths and text."""
    return f"{100 * part:.2f}"


def moment(value: datetime | None) -> str:
    return NOTHING if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def lasting(value: timedelta | None) -> str:
    """In the two largest units."""
    if value is None:
        return NOTHING
    return roughly(int(value.total_seconds()))
