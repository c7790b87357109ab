"""`@budgeted`: a function, coroutine or (async) generator whose calls are charged to somebody, with a limit for each run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

from llm_token_budget.context import Session
from llm_token_budget.errors import ConfigurationError
from llm_token_budget.inside import run_inside
from llm_token_budget.limits import Limit, check_key, check_names, read_limits
from llm_token_budget.manager import BudgetManager

P = ParamSpec("P")
T = TypeVar("T")

Key = str | Callable[..., str | None] | None
"""A key; the name of one of the function's arguments, which holds it; or a callable that gets the arguments and says it."""


def budgeted(
    budget: BudgetManager,
    *,
    user_key: Key = None,
    session_id: Key = None,
    dimensions: Mapping[str, str] | None = None,
    limit: Limit | Iterable[Limit] = (),
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Charge what a function's calls spend, and limit each of its runs.

    Works on functions, coroutine functions, generators and async generators, and keeps their signature and type. A
    generator's steps run in the session; what its consumer does in between does not.

    Args:
        budget: the budget.
        user_key: who is charged: the name of one of the function's arguments (its value is the user then), a callable that
            gets the arguments, or else a user's key.
        session_id: the session, likewise.
        dimensions: further keys, such as `{"feature": "report"}`.
        limit: a limit (or several) on each run alone: `Limit(usd="0.10", scope="run")`.

    Raises:
        ConfigurationError: a bad key, or a limit that is not one of a run.
    """
    if not isinstance(budget, BudgetManager):
        raise ConfigurationError("@budgeted takes the budget first: @budgeted(budget, user_key=...)")
    limits = read_limits((limit,) if isinstance(limit, Limit) else limit)
    check_names(each.as_run() for each in limits)

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        if not callable(function):
            raise ConfigurationError("@budgeted decorates functions")
        user, conversation = _reader(user_key, function), _reader(session_id, function)

        def session(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Session:
            return budget.session(user(args, kwargs), conversation(args, kwargs), dimensions=dimensions, limits=limits)

        return cast("Callable[P, T]", run_inside(function, session))

    return decorate


def _reader(key: Key, function: Callable[..., Any]) -> Callable[[tuple[Any, ...], dict[str, Any]], str | None]:
    """How a call's arguments say the key."""
    if callable(key):
        return lambda args, kwargs: key(*args, **kwargs)
    if key is not None:
        check_key(key, "a key of @budgeted")
    signature = None if key is None else inspect.signature(function)
    if key is None or signature is None or key not in signature.parameters:
        return lambda _args, _kwargs: key

    def argument(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments[key]

    return argument
