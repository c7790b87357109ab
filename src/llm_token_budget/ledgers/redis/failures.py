"""Which errors of redis-py mean that the store can't be reached, or doesn't take orders for now."""

from __future__ import annotations

from typing import Final

from redis import exceptions as redis_errors

DRIVER_ERRORS: Final = (redis_errors.RedisError, redis_errors.RedisClusterException, OSError)
"""All that a driver raises."""

_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (redis_errors.AuthenticationError, "it refuses the user name or the password"),
    (redis_errors.AuthorizationError, "it refuses the user"),
    (redis_errors.NoPermissionError, "the user may not run scripts, or not on these keys"),
    (redis_errors.BusyLoadingError, "it is still loading its data"),
    (redis_errors.ReadOnlyError, "it is a replica that takes no writes"),
    (redis_errors.OutOfMemoryError, "it has reached its maxmemory"),
    (redis_errors.TimeoutError, "it didn't answer in time"),
    (redis_errors.ConnectionError, "there is no connection"),
    (redis_errors.ClusterError, "its cluster is not whole"),
    (redis_errors.RedisClusterException, "its cluster can't be reached"),
    (redis_errors.AskError, "its cluster is moving slots"),
    (redis_errors.TryAgainError, "its cluster is moving slots"),
    (redis_errors.MasterDownError, "it is a replica without its primary"),
    (OSError, "there is no connection"),
)
_PASSING: Final = {
    "MISCONF": "it can't write its data to disk",
    "NOREPLICAS": "it has too few replicas",
    "BUSY": "a script keeps it busy",
    "NOAUTH": "it wants a password",
    "LOADING": "it is still loading its data",
    "OOM": "it has reached its maxmemory",
    "READONLY": "it is a replica that takes no writes",
    "UNBLOCKED": "it has become a replica",
}
"""Answers of a server that takes no orders for now, by their first word."""


def reason(error: BaseException) -> str | None:
    """Why a store takes no orders; None for what is no failure of the store: a wrong key, a wrong server."""
    for kind, words in _REASONS:
        if isinstance(error, kind):
            return words
    # Inside of a script the word of the error comes after others.
    return next((why for word, why in _PASSING.items() if word in str(error)[:300].split()), None)
