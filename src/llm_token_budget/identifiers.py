"""Ids of reservations and runs: unique over processes and hosts, minted without I/O."""

from __future__ import annotations

import itertools
import os

_prefix = os.urandom(9).hex()
_numbers = itertools.count(1)


def new_id() -> str:
    """A new id. About 0.2 us: a random part for the process, a number for the rest."""
    return f"{_prefix}-{next(_numbers)}"


def id_of_key(user_key: str | None, key: str) -> str:
    """The id of what a user does once, whoever does it. No id of `new_id` has a colon."""
    return f"once:{len(user_key or '')}:{user_key or ''}:{key}"


def is_of_key(an_id: str) -> bool:
    """Whether somebody may come back for it under the same key."""
    return an_id.startswith("once:")


def _reseed() -> None:
    """A forked child must not mint its parent's ids."""
    global _prefix
    _prefix = os.urandom(9).hex()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reseed)
