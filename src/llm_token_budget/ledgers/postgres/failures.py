"""Why a PostgreSQL takes no orders, in words of ours: what the server says may hold names."""

from __future__ import annotations

from typing import Final

_STATES: Final = {
    "28P01": "it refuses the user name or the password",
    "28000": "it lets nobody in with this user name from here",
    "3D000": "it has no such database",
    "42501": "the user may not do what the ledger needs",
    "53300": "it has no connection left",
    "53100": "its disk is full",
    "57P03": "it is starting or stopping",
    "25006": "it takes no writes: a standby, or read-only by default",
}
"""By SQLSTATE. https://www.postgresql.org/docs/current/errcodes-appendix.html"""

_SAID: Final = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    "FATAL:  role ": "28P01",
    "FATAL:  database ": "3D000",
    "too many clients": "53300",
    "the database system is ": "57P03",
}
"""A connection that was refused has no SQLSTATE: what an English-speaking server says instead. Others only lack the reason."""


def reason(error: BaseException) -> str | None:
    """Why; None if that is not known."""
    state = getattr(error, "sqlstate", None)
    if state is None:
        text = str(error)
        state = next((known for words, known in _SAID.items() if words in text), None)
    return None if state is None else _STATES.get(state)
