"""SQLite's locks are a process's own, and its connections keep count of them: none may be open while a process forks."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Pausing(Protocol):
    def pause(self) -> None: ...

    def go_on(self) -> None: ...

    def reset(self) -> None: ...


_open: weakref.WeakSet[Pausing] = weakref.WeakSet()
_paused: list[Pausing] = []


def close_when_forking(file: Pausing) -> None:
    """Have a file's connections closed before a fork; both processes open it again with their next operation."""
    _open.add(file)


def _before() -> None:
    for file in list(_open):
        file.pause()
        _paused.append(file)


def _in_parent() -> None:
    while _paused:
        _paused.pop().go_on()


def _in_child() -> None:
    while _paused:
        _paused.pop().reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
