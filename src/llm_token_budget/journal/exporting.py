"""Entries as CSV and as JSON lines, one at a time."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, Literal, TextIO

from llm_token_budget.journal.coding import dimensions_as_json
from llm_token_budget.journal.entry import JournalEntry
from llm_token_budget.serialising import plain

Form = Literal["csv", "jsonl"]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With these a cell of a spreadsheet begins that is calculated: https://owasp.org/www-community/attacks/CSV_Injection"""

COLUMNS: Final[dict[str, Callable[[JournalEntry], Any]]] = {
    "at": lambda entry: entry.at,
    "booked_at": lambda entry: entry.booked_at,
    "kind": lambda entry: entry.kind,
    "outcome": lambda entry: entry.outcome,
    "id": lambda entry: entry.id,
    "user": lambda entry: entry.user_key,
    "session": lambda entry: entry.session_id,
    "dimensions": lambda entry: dimensions_as_json(entry.dimensions),
    "provider": lambda entry: entry.provider,
    "model": lambda entry: entry.model,
    "answered_by": lambda entry: entry.answered_by,
    "input_tokens": lambda entry: entry.usage.input_tokens,
    "output_tokens": lambda entry: entry.usage.output_tokens,
    "cost_usd": lambda entry: plain(entry.cost),
    "delta_tokens": lambda entry: entry.delta.tokens,
    "delta_usd": lambda entry: _Exact(plain(entry.delta.cost)),
    "delta_requests": lambda entry: entry.delta.requests,
    "unpriced": lambda entry: int(entry.unpriced),
    "rate_card": lambda entry: entry.rate_card_id,
    "held_usd": lambda entry: plain(entry.held.cost),
}
"""The columns of a CSV. The `delta` ones add up to what was spent."""


class _Exact(str):
    """A number as text: nobody's key, and no formula though it begins with a minus."""

    __slots__ = ()


def write_csv(entries: Iterable[JournalEntry], file: TextIO) -> int:
    """Write a table with a line of names on top. Returns how many entries it has.

    Text that a spreadsheet would calculate (it begins with `=`, `+`, `-`, `@`, a tab or a line end) gets an apostrophe in front.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    number = 0
    for entry in entries:
        writer.writerow([_cell(read(entry)) for read in COLUMNS.values()])
        number += 1
    return number


def write_jsonl(entries: Iterable[JournalEntry], file: TextIO) -> int:
    """Write one JSON object a line, in ASCII; money is text, exact. Returns how many it were."""
    number = 0
    for entry in entries:
        data = plain(entry)
        data["usage"] = {name: value for name, value in data["usage"].items() if value}
        file.write(json.dumps(data, separators=(",", ":")) + "\n")
        number += 1
    return number


WRITERS: Final[dict[Form, Callable[[Iterable[JournalEntry], TextIO], int]]] = {"csv": write_csv, "jsonl": write_jsonl}


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str) or isinstance(value, _Exact):
        return value
    # Half of a surrogate pair is no text that a file can hold.
    text = value.encode("utf-8", "backslashreplace").decode()
    return f"'{text}" if text.startswith(_FORMULA) else text
