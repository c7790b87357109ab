"""The scripts that run in the server: one for each operation, in `scripts/`."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).with_name("scripts")

OF_ENDINGS: Final = frozenset({"settle", "renew", "expire", "refund", "finish"})
"""Scripts that end reservations: how is said once, in a file that stands before each of them."""


class Script(NamedTuple):
    text: str
    sha: str
    """By which a server that has seen the script finds it again."""


@cache
def script(name: str) -> Script:
    parts = ("rows", "endings", name) if name in OF_ENDINGS else ("rows", name)
    text = "\n".join((FOLDER / f"{part}.lua").read_text("utf-8") for part in parts)
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
