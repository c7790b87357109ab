"""FastAPI: the door of single routes, as a dependency. For a whole application there is `asgi.BudgetMiddleware`.

Spending = Annotated[Session, Depends(budget_session(budget, user_key=Depends(current_user)))]
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final, NamedTuple, cast

from fastapi.exceptions import HTTPException
from fastapi.params import Depends
from fastapi.responses import Response
from starlette.requests import HTTPConnection

from llm_token_budget.context import Session
from llm_token_budget.errors import ConfigurationError
from llm_token_budget.integrations.answers import Answer, ErrorFormat, Wording, content_of, json_answer, media_type
from llm_token_budget.integrations.door import Door, Estimate, OnBlocked, Reader, found_refusal
from llm_token_budget.integrations.request import BadRequest, header
from llm_token_budget.manager import BudgetManager

__all__ = ["BadRequest", "BudgetRefused", "answer_refused", "budget_session", "header"]

logger: Final = logging.getLogger("llm_token_budget")


class BudgetRefused(HTTPException):
    """What the dependency raises. FastAPI answers it with our JSON under `detail`; `answer_refused` with our JSON alone."""

    def __init__(self, answer: Answer, detail: Any) -> None:
        kept = ("retry-after", "x-should-retry", "cache-control")
        headers = {name: value for name, value in answer.headers if name in kept}
        super().__init__(answer.status, detail, headers)
        self.answer = answer


async def answer_refused(_request: Any, refused: Any) -> Response:
    """The same answer as the middleware's: `app.add_exception_handler(BudgetRefused, answer_refused)`."""
    answer = cast("BudgetRefused", refused).answer
    return Response(answer.body, answer.status, dict(answer.headers))


class _Asked(NamedTuple):
    """A request, and what FastAPI's own dependencies found out about it."""

    connection: HTTPConnection
    found: Mapping[str, Any]


def budget_session(
    budget: BudgetManager,
    *,
    user_key: Reader[Any, str | None] | Depends | None = None,
    session_id: Reader[Any, str | None] | Depends | None = None,
    dimensions: Reader[Any, Mapping[str, str] | None] | Depends | None = None,
    model: str | Reader[Any, str | None] | Depends | None = None,
    estimate: Estimate | Reader[Any, Estimate | None] | Depends | None = None,
    on_blocked: OnBlocked[Any] | None = None,
    status: int = 429,
    error_format: ErrorFormat = "npm",
) -> Callable[..., AsyncGenerator[Session]]:
    """A dependency that asks the budget, and gives the session in which the route's handler runs.

    Handlers (in worker threads too), later dependencies, streamed bodies and background tasks are inside it; streams and
    background tasks need FastAPI 0.118 or later, whose dependencies end after the response. What callables are given is
    Starlette's `Request`; coroutine functions may `await request.json()`. Or give one of FastAPI's own dependencies:
    `user_key=Depends(current_user)`. The options are those of `asgi.BudgetMiddleware`; `on_blocked` may give a dict.

    Raises:
        ConfigurationError: an option is wrong. (A refused request raises `BudgetRefused`.)
    """
    readers: dict[str, Any] = {
        "user_key": user_key,
        "session_id": session_id,
        "dimensions": dimensions,
        "model": model,
        "estimate": estimate,
    }
    asked_of_fastapi = {name: reader for name, reader in readers.items() if isinstance(reader, Depends)}
    door = Door[_Asked](
        budget,
        **{name: _reader(name, reader) for name, reader in readers.items()},
        status=status,
        error_format=error_format,
    )
    if on_blocked is not None and not callable(on_blocked):
        raise ConfigurationError("on_blocked is a function of the request and the error")

    async def dependency(connection: HTTPConnection, **found: Any) -> AsyncGenerator[Session]:
        try:
            session = await door.aenter(_Asked(connection, found))
        except Exception as error:
            wording = door.complaint_at_the_door(error)
            if wording is None:
                raise
            raise await refused(connection, wording, error) from error
        connection.state.budget, connection.state.budget_session = budget, session
        try:
            with session:
                yield session
        except Exception as error:
            wording = door.complaint(error)
            if wording is None:
                raise
            raise await refused(connection, wording, error) from error

    async def refused(connection: HTTPConnection, wording: Wording, error: Exception) -> BudgetRefused:
        own: object = None
        refusal = found_refusal(error)
        if on_blocked is not None and refusal is not None:
            try:
                own = on_blocked(connection, refusal)
                if inspect.isawaitable(own):
                    own = await own
            except Exception:
                logger.exception("on_blocked raised; the refusal stands")
        told = cast("Mapping[Any, Any]", own) if isinstance(own, Mapping) else None
        detail: Any = content_of(wording, error_format) if told is None else told
        return BudgetRefused(json_answer(wording.status, detail, wording.headers, media_type(error_format)), detail)

    parameters = [inspect.Parameter("connection", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HTTPConnection)]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=wanted)
        for name, wanted in asked_of_fastapi.items()
    ]
    # FastAPI reads here what a dependency wants to be given.
    dependency.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return dependency


def _reader(name: str, reader: Any) -> Any:
    """The option as the door takes it: a function of what was asked."""

    def found(asked: _Asked) -> Any:
        return asked.found[name]

    def read(asked: _Asked) -> Any:
        return reader(asked.connection)

    if isinstance(reader, Depends):
        return found
    return read if callable(reader) else reader
