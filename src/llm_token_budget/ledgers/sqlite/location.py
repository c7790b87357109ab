"""From a URL to a file and how it is used: `sqlite:///relative.db`, `sqlite:////absolute.db?synchronous=normal`."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.ledgers.base import Expired, gives_back

Synchronous = Literal["full", "normal"]

BUSY_TIMEOUT: Final = 5.0
"""Seconds that an operation waits for other processes to let go of the file."""


class Location(NamedTuple):
    path: str
    synchronous: Synchronous = "full"
    busy_timeout: float = BUSY_TIMEOUT
    expired: Expired = "charge"


def read_url(url: str) -> Location:
    """What a URL says.

    Raises:
        ConfigurationError: a host, no path, memory, or an option that isn't known.
    """
    parts = urlsplit(url)
    # Three slashes before a relative path, four before an absolute one: as in SQLAlchemy's URLs.
    path = unquote(parts.path)[1:]
    if parts.netloc:
        raise ConfigurationError(
            "an sqlite URL has no host: three slashes before a relative path ('sqlite:///budget.db'), "
            "four before an absolute one ('sqlite:////var/lib/budget.db')"
        )
    if parts.fragment:
        raise ConfigurationError("write '#' in the path of an sqlite URL as %23, '?' as %3F")
    return check(_with_options(Location(path), parts.query))


def check(location: Location) -> Location:
    """The same location, if it can be used.

    Raises:
        ConfigurationError: memory, no path, an unknown option.
    """
    path, synchronous, busy_timeout, expired = location
    if not path:
        raise ConfigurationError("an SQLite ledger needs a file, as in 'sqlite:///budget.db'")
    if path == ":memory:":
        raise ConfigurationError("an SQLite database in memory is seen by one connection only: use ledger='memory://'")
    if "\0" in path:
        raise ConfigurationError("a path holds no NUL")
    if synchronous not in ("full", "normal"):
        raise ConfigurationError(
            "synchronous= is 'full' (survives a loss of power) or 'normal' (survives that of the process)"
        )
    if not 0 <= busy_timeout <= 3600:
        raise ConfigurationError("busy_timeout= is a number of seconds, 0 to 3600")
    gives_back(expired)
    return location


def _with_options(location: Location, query: str) -> Location:
    for name, value in parse_qsl(query, keep_blank_values=True):
        match name:
            case "synchronous":
                location = location._replace(synchronous=cast("Synchronous", value.lower()))
            case "busy_timeout":
                location = location._replace(busy_timeout=_seconds(value))
            case "expired":
                location = location._replace(expired=cast("Expired", value.lower()))
            case _:
                raise ConfigurationError(
                    f"sqlite URLs know the options synchronous, busy_timeout and expired, not {name!r:.40}"
                )
    return location


def _seconds(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ConfigurationError("busy_timeout= is a number of seconds, 0 to 3600") from None
