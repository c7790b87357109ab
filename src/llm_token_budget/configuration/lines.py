"""Where in a TOML text a key stands: parsers forget that, and people look for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

_KEY: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_HEADER: Final = re.compile(rf"\s*(\[\[?)\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
_ASSIGNMENT: Final = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")
_PART: Final = re.compile(_KEY)

Place = tuple[str | int, ...]
"""How to get to a value: `("limits", 1, "usd")`."""


def line_of(text: str, place: Place) -> int | None:
    """The line, counted from 1, of a value or of the nearest thing around it that has a line of its own."""
    lines = _lines(text)
    for length in range(len(place), 0, -1):
        if (line := lines.get(place[:length])) is not None:
            return line
    return None


def _lines(text: str) -> dict[Place, int]:
    found: dict[Place, int] = {}
    tables: Counter[Place] = Counter()
    around: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            around = _parts(header[2])
            if header[1] == "[[":
                tables[around] += 1
                around = (*around, tables[around] - 1)
        elif assignment := _ASSIGNMENT.match(line):
            _note(found, (*around, *_parts(assignment[1])), number)
            continue
        else:
            continue
        _note(found, around, number)
    return found


def _note(found: dict[Place, int], place: Place, number: int) -> None:
    for length in range(1, len(place) + 1):
        found.setdefault(place[:length], number)


def _parts(dotted: str) -> Place:
    return tuple(_unquoted(part) for part in _PART.findall(dotted))


def _unquoted(part: str) -> str:
    return part[1:-1] if part[0] in "\"'" else part


def spelled(place: Sequence[str | int]) -> str:
    """A place in words: `limits[1].usd`."""
    said = ""
    for part in place:
        said += f"[{part}]" if isinstance(part, int) else f".{part}" if said else part
    return said
