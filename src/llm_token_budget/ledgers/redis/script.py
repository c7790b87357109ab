"""The scripts that run in the server: one for each operation, in `scripts/`."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).with_name("scripts")

OF_ENDINGS: Final = frozenset({"settle", "renew", "expire", "refund", "finish"})
"""Scripts that end reservations: how is said once, in a file of its own."""

_PLAIN: Final = {"reserve": ("reserve", "plain_hold"), "settle": ("plain_settle",)}
"""Of which files quick scripts are made."""


class Script(NamedTuple):
    text: str
    sha: str
    """By which a server that has seen the script finds it again."""


@cache
def script(name: str) -> Script:
    rare = ["rows", "endings"] if name in OF_ENDINGS else ["rows"]
    parts = ["claims", "reserve", "hold"] if name == "reserve" else [name]
    library = ("local function library()", *map(_file, rare), "return my", "end")
    return _script(_file("full"), _file("begin"), *library, *map(_file, parts))


@cache
def quick_script(name: str) -> Script:
    """The same for what is plain, which is most: to everything else it answers that it wants the script in full."""
    return _script(*map(_file, ("quick", "begin", "plain", *_PLAIN[name], "plain_end")))


def _script(*parts: str) -> Script:
    text = "\n".join(parts)
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def read_files() -> None:
    """Read all of them now: later it might be an event loop that waits for the disk."""
    for path in FOLDER.glob("*.lua"):
        _file(path.stem)


@cache
def _file(name: str) -> str:
    return (FOLDER / f"{name}.lua").read_text("utf-8")
