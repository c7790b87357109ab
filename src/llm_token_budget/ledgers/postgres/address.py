"""From a URL to what libpq is told and what is ours."""

from __future__ import annotations

from typing import Final, NamedTuple, cast
from urllib.parse import unquote

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.ledgers.base import Expired, gives_back

SCHEMA: Final = "llm_token_budget"
POOL_SIZE: Final = 10
TIMEOUT: Final = 5.0


class Address(NamedTuple):
    """Where a ledger is."""

    conninfo: str
    """For libpq: whatever it knows stays in it."""
    schema: str = SCHEMA
    pool_size: int = POOL_SIZE
    timeout: float = TIMEOUT
    expired: Expired = "charge"


def read_url(url: str) -> Address:
    """Take our own options (`schema`, `pool_size`, `timeout`, `expired`) out of a URL; everything else is libpq's.

    Raises:
        ConfigurationError: an option of ours has a value that it can't have.
    """
    base, _, query = url.partition("?")
    ours, theirs = dict[str, str](), list[str]()
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        if name in Address._fields[1:]:
            ours[name] = unquote(value)
        else:
            theirs.append(pair)
    return Address(
        "?".join([base, "&".join(theirs)]) if theirs else base,
        ours.get("schema", SCHEMA),
        _pool_size(ours.get("pool_size")),
        _timeout(ours.get("timeout")),
        _expired(ours.get("expired", "charge")),
    )


def quoted(schema: str) -> str:
    """A schema's name as SQL: any name that PostgreSQL can have, but for those with a dollar sign, which quotes its functions.

    Raises:
        ConfigurationError: no schema can be called so.
    """
    try:
        length = len(schema.encode())
    except UnicodeEncodeError:
        length = 0
    if not 0 < length < 64 or "\0" in schema or "$" in schema:
        raise ConfigurationError(
            f"schema={schema!r:.80} can't be a schema of the ledger: take a name of 1 to 63 bytes without '$', such as {SCHEMA!r}"
        )
    return '"' + schema.replace('"', '""') + '"'


def plain(schema: str) -> str:
    """A quoted name as it is in the catalog."""
    return schema[1:-1].replace('""', '"')


def _pool_size(value: str | None) -> int:
    if value is None:
        return POOL_SIZE
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 10_000):
        raise ConfigurationError(f"pool_size={value!r:.40} is not a number of connections: 1 to 9999")
    return int(value)


def _timeout(value: str | None) -> float:
    if value is None:
        return TIMEOUT
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3_600:
        raise ConfigurationError(f"timeout={value!r:.40} is not a number of seconds above 0, up to 3600")
    return seconds


def _expired(value: str) -> Expired:
    gives_back(value)
    return cast("Expired", value)
