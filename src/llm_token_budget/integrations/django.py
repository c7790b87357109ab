"""Django: the door as a middleware, for synchronous and asynchronous servers.

    MIDDLEWARE = [..., "llm_token_budget.integrations.django.BudgetMiddleware"]  # after AuthenticationMiddleware
    LLM_TOKEN_BUDGET = {"budget": "shop.budgets.budget", "user_key": "llm_token_budget.integrations.django.signed_in_user"}

Or say it in code, and name `shop.budgets.middleware` in `MIDDLEWARE`:

    middleware = budget_middleware(budget, user_key=signed_in_user)
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, Final, Unpack, cast

import asgiref.sync
from asgiref.sync import markcoroutinefunction, sync_to_async
from django.conf import settings  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
from django.http import (  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    FileResponse,
    HttpRequest,
    HttpResponse,
)
from django.utils import module_loading  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]

from llm_token_budget.context import Session
from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.integrations.answers import Wording
from llm_token_budget.integrations.door import (
    Door,
    WebOptions,
    found_refusal,
    is_preflight,
)
from llm_token_budget.integrations.request import BadRequest, header
from llm_token_budget.manager import BudgetManager

__all__ = ["BadRequest", "BudgetMiddleware", "budget_middleware", "header", "signed_in_user"]

logger: Final = logging.getLogger("llm_token_budget")

_READERS: Final = ("user_key", "session_id", "dimensions", "model", "estimate")
_BY_PATH: Final = ("budget", "user_key", "session_id", "dimensions", "estimate", "on_blocked")
"""Settings that may be said as `"package.module.name"`."""


class BudgetMiddleware:
    """Asks the budget before each request, and tells it who is spending while the views work.

    The counterpart of `asgi.BudgetMiddleware`, with the same answers. Its options are in the setting `LLM_TOKEN_BUDGET`:
    `budget` (a `BudgetManager`, or its dotted path) and those of `asgi.BudgetMiddleware`, except `max_body`; functions may
    be dotted paths. They are given Django's `HttpRequest`, and may be coroutine functions on an asynchronous server, where
    plain ones run in Django's thread. `on_blocked` is a plain function and may give a dict or an `HttpResponse`.

    The budget is `request.budget`, the session `request.budget_session`. Streamed responses stay inside the session; their
    first piece is made before the middleware returns, so that a refusal in it is answered as such.

    Raises:
        ConfigurationError: an option is wrong or missing.
    """

    sync_capable = True
    async_capable = True

    def __init__(
        self,
        get_response: Callable[[HttpRequest], Any],
        budget: BudgetManager | None = None,
        **options: Unpack[WebOptions],
    ) -> None:
        self.get_response = get_response
        self._is_async = _is_async(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        chosen: dict[str, Any] = _settings() if budget is None else {"budget": budget, **options}
        if _is_async(chosen.get("on_blocked")):
            raise ConfigurationError("on_blocked is a plain function in Django")
        if self._is_async:
            for name in _READERS:
                # Plain functions may well ask the database, which Django allows in its own thread only.
                if callable(chosen.get(name)) and not _is_async(chosen[name]):
                    chosen[name] = sync_to_async(chosen[name])
        try:
            self._door = Door[HttpRequest](**chosen)
        except TypeError as problem:
            raise ConfigurationError(f"LLM_TOKEN_BUDGET: {problem}") from None
        self.budget = self._door.budget

    def __call__(self, request: HttpRequest) -> Any:
        if is_preflight(request) or not self._door.covers(request, request.path_info):
            return self.get_response(request)
        return self._respond_soon(request) if self._is_async else self._respond(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What a view let escape: Django asks here before it makes an error page of it."""
        wording = self._door.complaint(exception) if hasattr(request, "budget_session") else None
        return None if wording is None else self._refusal(request, wording, exception)

    def _respond(self, request: HttpRequest) -> Any:
        door = self._door
        try:
            session = door.enter(request)
        except Exception as error:
            wording = door.complaint_at_the_door(error)
            if wording is None:
                raise
            return self._refusal(request, wording, error)
        self._let_in(request, session)
        with session:
            response = self.get_response(request)
        if not _is_streamed(response):
            return response
        if response.is_async:
            response.streaming_content = _SoonInside(session, aiter(response.streaming_content))
            return response
        pieces = _Inside(session, iter(response.streaming_content))
        try:
            pieces.look_ahead()
        except Exception as error:
            wording = door.complaint(error)
            if wording is None:
                raise
            return self._refusal(request, wording, error)
        response.streaming_content = pieces
        return response

    async def _respond_soon(self, request: HttpRequest) -> Any:
        door = self._door
        try:
            session = await door.aenter(request)
        except Exception as error:
            wording = door.complaint_at_the_door(error)
            if wording is None:
                raise
            return self._refusal(request, wording, error)
        self._let_in(request, session)
        with session:
            response = await cast("Awaitable[Any]", self.get_response(request))
        if not _is_streamed(response):
            return response
        pieces: _Inside | _SoonInside
        try:
            if response.is_async:
                pieces = _SoonInside(session, aiter(response.streaming_content))
                await pieces.look_ahead()
            else:
                pieces = _Inside(session, iter(response.streaming_content))
                await sync_to_async(pieces.look_ahead)()
        except Exception as error:
            wording = door.complaint(error)
            if wording is None:
                raise
            return self._refusal(request, wording, error)
        response.streaming_content = pieces
        return response

    def _let_in(self, request: Any, session: Session) -> None:
        request.budget, request.budget_session = self.budget, session

    def _refusal(self, request: HttpRequest, wording: Wording, error: Exception) -> HttpResponse:
        own: Any = None
        refusal = found_refusal(error)
        if self._door.on_blocked is not None and refusal is not None:
            try:
                own = self._door.on_blocked(request, refusal)
            except Exception:
                logger.exception("on_blocked raised; the refusal stands")
        if own is not None and not isinstance(own, Mapping):
            return cast("HttpResponse", own)
        told = self._door.told(cast("Mapping[Any, Any]", own), wording) if own is not None else None
        answer = told or self._door.written(wording)
        return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))


def budget_middleware(budget: BudgetManager, **options: Unpack[WebOptions]) -> Callable[[Any], BudgetMiddleware]:
    """A middleware with its options said in code: name its dotted path in `MIDDLEWARE`.

    Args:
        budget: the budget.
        options: those of `asgi.BudgetMiddleware`, except `max_body`.
    """

    def middleware(get_response: Callable[[HttpRequest], Any]) -> BudgetMiddleware:
        return BudgetMiddleware(get_response, budget, **options)

    # https://docs.djangoproject.com/en/stable/topics/http/middleware/#asynchronous-support
    middleware.sync_capable = middleware.async_capable = True  # type: ignore[attr-defined]
    return middleware


def signed_in_user(request: Any) -> str | None:
    """For `user_key`: the primary key of whoever `AuthenticationMiddleware` found signed in; None for anybody else."""
    user = request.user
    return str(user.pk) if user.is_authenticated else None


class _Inside(Iterator[Any]):
    """The pieces of a streamed response, each made in the session."""

    def __init__(self, session: Session, pieces: Iterator[Any]) -> None:
        self._session = session
        self._pieces = pieces
        self._ahead = list[Any]()

    def look_ahead(self) -> None:
        """Make the first piece now."""
        try:
            self._ahead.append(next(self))
        except StopIteration:
            return

    def __next__(self) -> Any:
        if self._ahead:
            return self._ahead.pop()
        with self._session:
            return next(self._pieces)


class _SoonInside(AsyncIterator[Any]):
    """The same for tasks."""

    def __init__(self, session: Session, pieces: AsyncIterator[Any]) -> None:
        self._session = session
        self._pieces = pieces
        self._ahead = list[Any]()

    async def look_ahead(self) -> None:
        """Make the first piece now."""
        try:
            self._ahead.append(await anext(self))
        except StopAsyncIteration:
            return

    async def __anext__(self) -> Any:
        if self._ahead:
            return self._ahead.pop()
        with self._session:
            return await anext(self._pieces)


def _is_async(function: object) -> bool:
    # Not `inspect`'s: before Python 3.12 it doesn't see what Django has marked.
    return cast("bool", cast("Any", asgiref.sync).iscoroutinefunction(function))


def _is_streamed(response: Any) -> bool:
    """Whether code of the application's still has to run. Files are read by Django itself."""
    return getattr(response, "streaming", False) and not isinstance(response, FileResponse)


def _settings() -> dict[str, Any]:
    said: Any = getattr(settings, "LLM_TOKEN_BUDGET", None)
    if not isinstance(said, Mapping) or "budget" not in said:
        raise ConfigurationError(
            "the setting LLM_TOKEN_BUDGET is a dict with at least a budget, "
            f"such as {{'budget': 'shop.budgets.budget'}}, not {shown_value(cast('object', said))}"
        )
    options = dict(cast("Mapping[str, Any]", said))
    for name in _BY_PATH:
        if isinstance(options.get(name), str):
            options[name] = cast("Any", module_loading).import_string(options[name])
    return options
