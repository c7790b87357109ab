"""Where the commands print: terminals, pipes and files that can't hold every character, or no place at all."""

from __future__ import annotations

import io
import logging
import os
import sys
from typing import Final

_DRAWN: Final = str.maketrans("█▒·▲", "#=.^")


def make_ready() -> None:
    """Whatever a key holds, and wherever the output goes, printing it raises nothing.

    What the library logs meanwhile is not shown: a command says itself, in one line, what is wrong.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # Closed by whoever started us.
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logging.getLogger("llm_token_budget").addHandler(logging.NullHandler())


def speaks_unicode() -> bool:
    """Whether the output takes every character."""
    return (sys.stdout.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def drawn(text: str) -> str:
    """A bar or a mark, in letters where the output has no others."""
    return text if speaks_unicode() else text.translate(_DRAWN)
