"""Where the server is, read from a URL, and clients for it: redis-py's own, so that all of its options pass through."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import redis
import redis.asyncio

from llm_token_budget.errors import ConfigurationError

# redis-py has types for some of it: the rest is its own business.
_redis: Final[Any] = redis
_tasks: Final[Any] = redis.asyncio

PATIENCE: Final = 2.0
"""Seconds that the server may take to answer, or to accept a connection, unless the URL says otherwise."""

MOST_CONNECTIONS: Final = 10_000
"""Each thread takes one while it waits for an answer."""

FORMS: Final = (
    "redis://[user:password@]host:6379/0, rediss://..., valkey://..., redis+cluster://host1,host2 or "
    "redis+sentinel://host1,host2/service"
)


class Address(NamedTuple):
    """How to reach a server, and what it is called in messages."""

    name: str
    """Without user or password."""
    connect: Callable[[], Any]
    """Makes a client."""
    connect_async: Callable[[], Any] | None
    """Makes one for asyncio; None: there is none, tasks send from a thread."""
    options: dict[str, str]
    """The options of the URL that are the ledger's own."""
    makes_clients: bool = True
    """False if the client is the user's, who also closes it."""


OWN_OPTIONS: Final[tuple[str, ...]] = ("prefix", "expired")


def read_url(url: str) -> Address:
    """The address that a URL names.

    Raises:
        ConfigurationError: it can't be read, or has an option that redis-py doesn't know.
    """
    try:
        return _read(url)
    except ConfigurationError:
        raise
    except (ValueError, TypeError, redis.RedisError, OSError) as error:
        # Not its text: it may quote the URL, and with it the password.
        raise ConfigurationError(
            f"this URL of a Redis ledger can't be used ({type(error).__name__}); it should look like {FORMS}, "
            "with options that redis-py knows"
        ) from None


def _read(url: str) -> Address:
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ValueError
    kind, _, form = scheme.lower().replace("valkey", "redis").partition("+")
    place, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    own = {name: options.pop(name) for name in OWN_OPTIONS if name in options}
    # Answers are bytes here.
    for name in ("decode_responses", "encoding", "encoding_errors"):
        options.pop(name, None)
    user, _, hosts = place.rpartition("@")
    hosts, _, path = hosts.partition("/")
    name = f"{scheme.lower()}://{hosts}{f'/{path}' if path else ''}"
    match form:
        case "":
            return _single(f"{kind}://{place}", options, name, own)
        case "cluster":
            return _cluster(user, hosts, options, name, own, tls=kind == "rediss")
        case "sentinel":
            return _sentinel(user, hosts, path, options, name, own, tls=kind == "rediss")
        case _:
            raise ValueError


def _single(base: str, options: dict[str, str], name: str, own: dict[str, str]) -> Address:
    url = f"{base}?{urlencode(options, quote_via=quote)}" if options else base

    def connect() -> Any:
        return _redis.Redis.from_url(url, retry=_retry(), max_connections=MOST_CONNECTIONS, **_timeouts())

    def connect_async() -> Any:
        return _tasks.Redis.from_url(url, retry=_async_retry(), max_connections=MOST_CONNECTIONS, **_timeouts())

    _try_options(connect())
    return Address(name, connect, connect_async, own)


def _cluster(user: str, hosts: str, options: dict[str, str], name: str, own: dict[str, str], *, tls: bool) -> Address:
    keywords = _timeouts() | _keywords(user, options, tls=tls)
    keywords.pop("db", None)
    if tls:
        keywords["ssl"] = True
    places = _places(hosts, 6379)

    def connect() -> Any:
        return _redis.RedisCluster(startup_nodes=[_redis.cluster.ClusterNode(*place) for place in places], **keywords)

    def connect_async() -> Any:
        nodes = [_tasks.cluster.ClusterNode(*place) for place in places]
        return _tasks.RedisCluster(startup_nodes=nodes, **keywords)

    return Address(name, connect, connect_async, own)


def _sentinel(
    user: str, hosts: str, path: str, options: dict[str, str], name: str, own: dict[str, str], *, tls: bool
) -> Address:
    service, _, database = path.partition("/")
    if not service:
        raise ConfigurationError("redis+sentinel:// needs the name of a service: redis+sentinel://host1,host2/service")
    of_sentinels: dict[str, Any] = {
        option.removeprefix("sentinel_"): options.pop(option)
        for option in ("sentinel_username", "sentinel_password")
        if option in options
    }
    keywords = _timeouts() | _keywords(user, options, tls=tls)
    if database:
        keywords["db"] = int(database)
    if tls:
        keywords["ssl"] = of_sentinels["ssl"] = True
    of_sentinels |= {key: value for key, value in keywords.items() if key.startswith(("socket_", "ssl_"))}
    places = _places(hosts, 26379)

    def connect() -> Any:
        known = _redis.sentinel.Sentinel(places, sentinel_kwargs=of_sentinels, **keywords)
        return known.master_for(unquote(service), retry=_retry(), max_connections=MOST_CONNECTIONS)

    def connect_async() -> Any:
        known = _tasks.sentinel.Sentinel(places, sentinel_kwargs=of_sentinels, **keywords)
        return known.master_for(unquote(service), retry=_async_retry(), max_connections=MOST_CONNECTIONS)

    _try_options(connect())
    return Address(name, connect, connect_async, own)


def of_client(client: object) -> Address:
    """The address of a client that the user has made. Tasks get a client of their own with the same options.

    Raises:
        ConfigurationError: it decodes answers, or is for asyncio.
    """
    if not isinstance(client, (redis.Redis, redis.RedisCluster)):
        raise ConfigurationError(
            f"client= takes a redis.Redis or redis.RedisCluster, not {type(client).__module__}.{type(client).__name__}; "
            "tasks get a client of their own from it"
        )
    made: Any = client
    if made.get_encoder().decode_responses:
        raise ConfigurationError("client= needs a client without decode_responses=True: hostile keys are not text")
    if isinstance(client, redis.RedisCluster):
        node = made.get_default_node()
        return Address(f"redis+cluster://{node.host}:{node.port}", lambda: client, None, {}, makes_clients=False)
    pool = made.connection_pool
    options: dict[str, Any] = dict(pool.connection_kwargs)
    place = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    if isinstance(pool, _redis.sentinel.SentinelConnectionPool):
        return Address(f"redis+sentinel://{pool.service_name}", lambda: client, None, {}, makes_clients=False)
    twin = _TWINS.get(pool.connection_class)
    connect_async = _async_twin(twin, options) if twin else None
    return Address(f"redis://{place}", lambda: client, connect_async, {}, makes_clients=False)


def _async_twin(connection_class: type, options: dict[str, Any]) -> Callable[[], Any]:
    kept = {name: value for name, value in options.items() if name in _PLAIN_OPTIONS}

    def connect() -> Any:
        pool = _tasks.ConnectionPool(connection_class, MOST_CONNECTIONS, retry=_async_retry(), **(_timeouts() | kept))
        return _tasks.Redis(connection_pool=pool)

    return connect


_TWINS: Final[dict[type, type]] = {
    redis.Connection: redis.asyncio.Connection,
    redis.SSLConnection: redis.asyncio.SSLConnection,
    redis.UnixDomainSocketConnection: redis.asyncio.UnixDomainSocketConnection,
}
_PLAIN_OPTIONS: Final = frozenset(
    {
        "host", "port", "path", "db", "username", "password", "credential_provider", "client_name", "protocol",
        "socket_timeout", "socket_connect_timeout", "socket_keepalive", "health_check_interval",
        "ssl_keyfile", "ssl_certfile", "ssl_cert_reqs", "ssl_ca_certs", "ssl_ca_data", "ssl_check_hostname",
        "ssl_min_version", "ssl_ciphers", "ssl_password",
    }
)  # fmt: skip


def _keywords(user: str, options: dict[str, str], *, tls: bool) -> dict[str, Any]:
    """redis-py's own reading of user, password and options."""
    query = urlencode(options, quote_via=quote)
    keywords: dict[str, Any] = _redis.connection.parse_url(
        f"redis{'s' if tls else ''}://{user}{'@' if user else ''}host?{query}"
    )
    for name in ("host", "port", "connection_class"):
        keywords.pop(name, None)
    return keywords


def _places(hosts: str, port: int) -> list[tuple[str, int]]:
    found = [urlsplit(f"//{each}") for each in re.split(r",\s*", hosts) if each]
    if not found:
        raise ValueError
    return [(each.hostname or "localhost", each.port or port) for each in found]


def _timeouts() -> dict[str, Any]:
    return {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}


def _retry() -> Any:
    # At once and once: for a connection that the server has closed meanwhile. More is the ledger's own business.
    return _redis.retry.Retry(_redis.backoff.NoBackoff(), 1)


def _async_retry() -> Any:
    return _tasks.retry.Retry(_redis.backoff.NoBackoff(), 1)


def _try_options(client: Any) -> None:
    """Make a connection, without connecting it: an option that nobody knows shows here, not at the first call."""
    pool = client.connection_pool
    pool.connection_class(**pool.connection_kwargs)
