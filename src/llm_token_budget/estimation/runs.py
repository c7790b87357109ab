"""Long runs of one character: tokenizers cut them into pieces of a fixed length, which no sum of features can tell.

How many characters of a run make a token was counted with each tokenizer, for runs of 1,200.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

STRIDE = 12
"""A run of twice as many characters is always found, a shorter one perhaps."""

SHORTEST = 2 * STRIDE

SHORTEST_REPEAT, LONGEST_UNIT, _PLACES = 20, 64, 96

JAMO, LAST_JAMO = "\u3131", "\u318e"
"""Parts of syllables: a token for each byte to some, where they are written alone."""

_CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \n\t"
_PER_TOKEN = {
    "o200k": (
        "3 3 3 3 3 3 3 3 3 3 8 4 4 4 4 8 2 4 4 2 4 8 4 2 8 2 2 4 4 2 2 4 2 8 4 2 8 4 4 2 4 8 2 2 4 2 2 4 4 2 "
        "4 2 2 2 2 2 2 2 2 16 4 2 16 4 64 4 32 2 4 4 4 64 32 4 67 60 64 16 16 8 64 8 8 8 2 4 2 8 64 2 2 4 2 "
        "32 120 16 16"
    ),
    "cl100k": (
        "3 3 3 3 3 3 3 3 3 3 8 4 4 4 4 8 2 2 2 2 2 2 2 2 8 2 2 2 2 2 2 2 2 8 4 2 8 4 4 2 4 8 2 2 2 2 2 4 4 2 "
        "2 2 2 2 2 2 2 2 2 8 4 2 8 2 64 4 60 2 2 4 4 64 32 8 64 60 64 8 16 8 64 8 4 4 2 4 2 4 60 2 2 4 2 32 "
        "120 32 16"
    ),
    "llama3": (
        "3 3 3 3 3 3 3 3 3 3 8 4 4 4 4 8 2 2 4 2 2 4 2 2 8 2 2 2 2 2 2 2 2 8 4 2 8 4 4 2 4 8 2 2 2 2 2 4 4 2 "
        "2 2 2 2 2 2 2 2 2 8 4 2 8 2 64 4 60 4 4 4 4 64 32 8 64 60 64 32 16 8 64 8 16 4 2 4 2 4 60 2 2 4 2 32 "
        "120 32 16"
    ),
    "qwen3": (
        "1 1 1 1 1 1 1 1 1 1 8 4 4 4 4 8 2 2 2 2 2 2 2 2 8 2 2 2 2 2 2 2 2 8 4 2 8 4 4 2 4 8 2 2 2 2 2 4 4 2 "
        "2 2 2 2 2 2 2 2 2 8 4 2 8 2 64 4 60 2 2 4 4 64 32 8 64 60 64 8 16 8 64 8 4 4 2 4 2 4 60 2 2 4 2 32 "
        "120 32 16"
    ),
    "claude3": (
        "3 3 3 3 3 3 3 3 3 3 3 2 2 2 2 8 2 2 2 1 2 2 2 2 2 2 2 2 2 2 1 1 1 8 4 2 3 2 2 2 2 8 2 2 2 1 2 2 2 2 "
        "2 2 2 2 2 2 1 1 1 8 4 2 3 4 60 2 8 2 4 2 4 52 3 2 60 109 60 4 4 3 60 4 16 2 2 2 2 8 60 4 2 4 2 16 16 "
        "109 16"
    ),
    "claude47": (
        "3 3 3 3 3 3 3 3 3 3 1 1 2 2 1 2 2 1 1 1 1 2 1 1 2 2 1 1 2 2 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
        "1 1 1 1 1 1 1 1 1 1 1 1 1 2 16 1 1 1 2 2 2 12 2 1 6 16 4 2 1 1 16 1 4 1 1 1 1 1 8 4 1 2 1 1 16 32 16"
    ),
}
"""Characters of a run in one token, for each of `_CHARACTERS`."""

_PIECES = {family: dict(zip(_CHARACTERS, map(float, row.split()), strict=True)) for family, row in _PER_TOKEN.items()}


LINE_ENDS = "\r\n" * SHORTEST
_LINE_ENDS = re.compile(r"(?:\r\n){12,}")
_LINE_ENDS_PER_TOKEN = 4.0
"""Those of two characters; Claude's tokenizers count them like newlines."""


class Run(NamedTuple):
    """A character, many times in a row."""

    character: str
    length: int


class Repeat(NamedTuple):
    """Some characters, many times in a row."""

    unit: str
    times: int


def find_repeats(text: str) -> list[Repeat]:
    """Units of 2 to 64 characters that are repeated through 20 characters or more, such as `=-=-` or `oOoO`.

    Looked for at places that are 96 characters apart: a long repeat is always found.
    """
    found: list[Repeat] = []
    done, last = 0, len(text) - SHORTEST_REPEAT
    for start in range(0, last + 1, _PLACES):
        if start < done:
            continue
        again = text.find(text[start : start + STRIDE], start + 1, start + LONGEST_UNIT + STRIDE)
        if again < 0:
            continue
        period = again - start
        unit = text[start:again]
        end = _end_of_block(text, unit, start)
        if period > 1 and end - start >= SHORTEST_REPEAT:
            found.append(Repeat(unit, (end - start) // period))
        done = end
    return found


def _end_of_block(text: str, block: str, start: int) -> int:
    end = start
    for piece in (block * 100, block):
        while text.startswith(piece, end):
            end += len(piece)
    return end


def cut_runs(text: str) -> tuple[str, list[Run]]:
    """A text with its long runs cut down to one character each, and what was cut off."""
    if len(text) < SHORTEST:
        return text, []
    runs: list[Run] = []
    if "\r" in text:
        if LINE_ENDS in text:
            shorter = _LINE_ENDS.sub("\n", text)
            runs.append(Run("\r\n", (len(text) - len(shorter)) // 2))
            text = shorter
        # A line end is one, however it is written.
        text = text.replace("\r\n", "\n")
    sample = text[::STRIDE]
    candidates = [index * STRIDE for index, (one, other) in enumerate(pairwise(sample)) if one == other]
    if not candidates:
        return text, runs
    return _cut(text, candidates, runs)


def _cut(text: str, candidates: list[int], runs: list[Run]) -> tuple[str, list[Run]]:
    kept: list[str] = []
    done = 0
    for start in candidates:
        character = text[start]
        if start < done or text[start : start + STRIDE] != character * STRIDE:
            continue
        first = start
        while first > done and text[first - 1] == character:
            first -= 1
        end = _end_of(text, character, start)
        kept.append(text[done : first + 1])
        runs.append(Run(character, end - first - 1))
        done = end
    kept.append(text[done:])
    return "".join(kept), runs


def _end_of(text: str, character: str, start: int) -> int:
    end = start + STRIDE
    block = character * 1024
    while text.startswith(block, end):
        end += 1024
    while end < len(text) and text[end] == character:
        end += 1
    return end


def run_tokens(run: Run, family: str) -> tuple[float, float]:
    """Expected and upper tokens of a run."""
    piece = _PIECES[family].get(run.character[-1])
    if run.character == "\r\n" and piece is not None and not family.startswith("claude"):
        piece = _LINE_ENDS_PER_TOKEN
    if piece is not None:
        return run.length / piece, 1.15 * run.length / piece + 1
    size = len(run.character.encode("utf-8", "surrogatepass"))
    # Usual letters are one token each or less, rare ones up to one for each byte.
    expected = run.length * (2 if size == 4 and family != "qwen3" else 1)
    # Parts of syllables that are written alone, as in `ㅋㅋㅋ`, are a token for each byte to some.
    most = size if JAMO <= run.character <= LAST_JAMO else 2
    return expected, min(size * run.length, most * expected) + 1
