"""A journal as a file of JSON lines, which several processes may share."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.journal.coding import as_json, from_json
from llm_token_budget.journal.query import Query
from llm_token_budget.journal.row import Row
from llm_token_budget.journal.store import PAGE, Store

_MINE_ALONE: Final = 0o600
"""Who spent what is nobody else's business."""

_REMEMBERED: Final = 10 * PAGE
"""Lines within which a reader notices that one is there twice."""


class LinesStore(Store):
    """Appends to a file, a batch in one write. Lines stand in the order in which they were booked; none is ever removed.

    A file that was moved away (by logrotate, say) is made anew. A line that was cut, by a full disk or the end of a process, is
    passed over by readers.
    """

    forgets = False

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.abspath(os.fspath(path)))
        self.name = str(self.path)
        if self.path.is_dir():
            raise ConfigurationError(f"{self.path} is a folder: name a file in it, as in '{self.path}/journal.jsonl'")
        if not self.path.parent.is_dir():
            raise ConfigurationError(f"there is no folder {self.path.parent} for the journal: create it first")
        self._file: int | None = None
        self.forked()

    def append(self, rows: Sequence[Row]) -> None:
        with self._lock:
            file = self._opened()
            left = "".join(f"{as_json(row)}\n" for row in rows).encode("ascii")
            # Somebody's last line may have been cut: then ours begins a new one.
            if _ends_within_a_line(file):
                left = b"\n" + left
            while left:
                left = left[os.write(file, left) :]

    def read(self, query: Query) -> Iterator[Row]:
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        recent: dict[str, None] = {}
        with file:
            for line in file:
                try:
                    row = from_json(line)
                except ValueError:
                    continue
                # A batch that could only be written in part is written again as a whole.
                if row.key in recent:
                    continue
                recent[row.key] = None
                if len(recent) > _REMEMBERED:
                    del recent[next(iter(recent))]
                if query.means(row):
                    yield row

    def prune(self, before: float, at_most: int = PAGE) -> int:  # noqa: ARG002
        raise ConfigurationError(
            f"a journal of JSON lines is never rewritten: move {self.path} away, and a new file is begun"
        )

    def exists(self) -> bool:
        return self.path.exists()

    def close(self) -> None:
        with self._lock:
            file, self._file = self._file, None
            if file is not None:
                os.close(file)

    def forked(self) -> None:
        # The file may stay open in both: each write goes to its end.
        self._lock = threading.Lock()

    def _opened(self) -> int:
        if self._file is not None and not _is_still_at(self._file, self.path):
            os.close(self._file)
            self._file = None
        if self._file is None:
            self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _MINE_ALONE)
        return self._file


def _is_still_at(file: int, path: Path) -> bool:
    try:
        there, ours = path.stat(), os.fstat(file)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def _ends_within_a_line(file: int) -> bool:
    end = os.fstat(file).st_size
    # Where a file can't be read at a place (Windows), a cut line spoils the one after it.
    return bool(end) and hasattr(os, "pread") and os.pread(file, 1, end - 1) != b"\n"
