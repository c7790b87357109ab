"""What happens at a web door, whatever the framework: who asks, whether there is room, what a refusal is answered with.

The frameworks' modules are shells around this one: they read requests, run the check in their way and send answers.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from typing import Any, Final, Generic, NamedTuple, TypedDict, TypeVar, cast

from llm_token_budget.context import Session
from llm_token_budget.errors import (
    BudgetExceeded,
    ConfigurationError,
    LedgerUnavailable,
    MissingUser,
    UnknownModelPrice,
    find_budget_error,
    shown_value,
)
from llm_token_budget.integrations.answers import (
    ERROR_FORMATS,
    Answer,
    ErrorFormat,
    Wording,
    bad_request,
    exceeded,
    json_answer,
    missing_user,
    unavailable,
    written,
)
from llm_token_budget.integrations.request import BadRequest, read_key
from llm_token_budget.manager import BudgetManager
from llm_token_budget.money import MAX_AMOUNT
from llm_token_budget.options import check_choice
from llm_token_budget.statistics import CheckResult

logger: Final = logging.getLogger("llm_token_budget")

R = TypeVar("R")
T = TypeVar("T")

Reader = Callable[[R], "T | Awaitable[T]"]
"""A plain function of the request; where the door is asynchronous, a coroutine function too."""

Estimate = int | tuple[int, int]
"""Input tokens, or (input tokens, output tokens)."""

OnBlocked = Callable[[R, BudgetExceeded], Any]
"""Told of a refusal. What it gives goes before our answer: a dict (the JSON body), or a response of the framework."""

Paths = str | re.Pattern[str] | Callable[[R], bool] | Iterable[str]
"""What is covered: `"/v1"` is itself and all below it; several of them; an expression that the path begins with; or a
function of the request."""

LEAST_USD: Final = "0.000000001"
"""What is asked for where nobody knows what the request will cost: is there anything left at all?"""

LONGEST_MODEL: Final = 256


class WebOptions(TypedDict, total=False):
    """What `BudgetManager.middleware` passes on. See `asgi.BudgetMiddleware`."""

    user_key: Reader[Any, str | None] | None
    session_id: Reader[Any, str | None] | None
    dimensions: Reader[Any, Mapping[str, str] | None] | None
    model: str | Reader[Any, str | None] | None
    estimate: Estimate | Reader[Any, Estimate | None] | None
    on_blocked: OnBlocked[Any] | None
    paths: Paths[Any] | None
    status: int
    error_format: ErrorFormat
    max_body: int


class _Visit(NamedTuple):
    """A request that may come in if there is room: whose it is, and what is asked for."""

    session: Session
    check: dict[str, Any]
    """The arguments of `BudgetManager.check`."""


class Door(Generic[R]):
    """The options of a door, and its decisions. `R` is what its callables are given."""

    def __init__(
        self,
        budget: BudgetManager,
        *,
        user_key: Reader[R, str | None] | None = None,
        session_id: Reader[R, str | None] | None = None,
        dimensions: Reader[R, Mapping[str, str] | None] | None = None,
        model: str | Reader[R, str | None] | None = None,
        estimate: Estimate | Reader[R, Estimate | None] | None = None,
        on_blocked: OnBlocked[R] | None = None,
        paths: Paths[R] | None = None,
        status: int = 429,
        error_format: ErrorFormat = "npm",
    ) -> None:
        if not isinstance(budget, BudgetManager):
            raise ConfigurationError(f"the budget is a BudgetManager, not {shown_value(budget)}")
        for name, reader in (("user_key", user_key), ("session_id", session_id), ("dimensions", dimensions)):
            _check_reader(name, reader)
        if on_blocked is not None and not callable(on_blocked):
            raise ConfigurationError("on_blocked is a function of the request and the error")
        if type(status) is not int or not 400 <= status <= 499:
            raise ConfigurationError(f"status is 429, 402 or another of 400 to 499, not {shown_value(status)}")
        check_choice("error_format", error_format, ERROR_FORMATS)
        self.budget: Final = budget
        self.on_blocked: Final = on_blocked
        self.error_format: Final = error_format
        self._user_key = user_key
        self._session_id = session_id
        self._dimensions = dimensions
        self._model = _read_model_option(model)
        self._estimate = _read_estimate_option(estimate)
        self._covers: Final = _read_paths(paths)
        self._status = status

    def covers(self, request: R, path: str) -> bool:
        """Whether a request has to ask."""
        return self._covers is None or self._covers(request, path)

    def enter(self, request: R) -> Session:
        """Let a request in, and say in which session; all callables are plain functions.

        Raises:
            BudgetExceeded: no room.
            LedgerUnavailable: nobody knows, and the budget's choice is to refuse then.
            BadRequest, ConfigurationError: an unusable value of the client's, of the application's.
        """
        visit = _answer_now(self._visit(request))
        with visit.session:
            try:
                result = self.budget.check(**visit.check)
            except LedgerUnavailable:
                if not self._opens_unasked:
                    raise
            else:
                _decide(result)
        return visit.session

    async def aenter(self, request: R) -> Session:
        """`enter` for tasks; callables may be coroutine functions."""
        visit = await _answer_soon(self._visit(request))
        with visit.session:
            try:
                result = await self.budget.acheck(**visit.check)
            except LedgerUnavailable:
                if not self._opens_unasked:
                    raise
            else:
                _decide(result)
        return visit.session

    def complaint(self, error: Exception) -> Wording | None:
        """What the client is told of an error; None if it is none of ours, or the application's own fault."""
        if isinstance(error, BadRequest):
            return bad_request(error.status, error.reason, error.message)
        found = find_budget_error(error)
        wording: Wording | None = None
        if isinstance(found, BudgetExceeded):
            wording = exceeded(found, self._status)
        elif isinstance(found, LedgerUnavailable):
            wording = unavailable()
        if wording is not None and found is not error:
            # A framework wrapped it, or the handler failed while it dealt with it: that must not be lost.
            logger.warning("a request failed with %s around a %s", type(error).__name__, wording.error, exc_info=error)
        return wording

    def complaint_at_the_door(self, error: Exception) -> Wording | None:
        """The same for an error of reading and checking, before the application had the request."""
        if isinstance(error, UnknownModelPrice) and callable(self._model):
            return bad_request(400, "unknown_model", "There is no such model here.")
        if isinstance(error, MissingUser) and self._user_key is not None:
            return missing_user()
        return self.complaint(error)

    def written(self, wording: Wording) -> Answer:
        """The answer, in this door's format."""
        return written(wording, self.error_format)

    def told(self, content: Mapping[Any, Any], wording: Wording) -> Answer:
        """The answer with the body that `on_blocked` gave."""
        return json_answer(wording.status, content, wording.headers)

    def _visit(self, request: R) -> Generator[object, Any, _Visit]:
        """Read who asks for what. Yields what the application's callables return, and takes it back once it is awaited."""
        user = read_key((yield self._user_key(request)), "user_key") if self._user_key else None
        conversation = read_key((yield self._session_id(request)), "session_id") if self._session_id else None
        dimensions: Mapping[str, str] | None = None
        if self._dimensions:
            dimensions = yield self._dimensions(request)
            for name, value in (dimensions or {}).items():
                read_key(value, name)
        model = self._model
        if callable(model):
            model = read_key((yield model(request)), "model", longest=LONGEST_MODEL)
        estimate: object = self._estimate
        if callable(estimate):
            estimate = yield estimate(request)
        session = self.budget.session(user, conversation, dimensions=dimensions)
        return _Visit(session, self._question(model, estimate))

    @property
    def _opens_unasked(self) -> bool:
        """Whether the budget lets calls go out unguarded while its ledger is away."""
        return getattr(self.budget.ledger, "on_error", "refuse") == "allow"

    def _question(self, model: str | None, estimate: object) -> dict[str, Any]:
        if estimate is None:
            price: dict[str, Any] = {"usd": LEAST_USD} if model is None else {"model": model}
            return {"estimated_input_tokens": 1, **price}
        priced = model is not None or self.budget.default_model is not None
        tokens_in, tokens_out = _read_estimate(estimate)
        if not priced:
            return {"estimated_input_tokens": tokens_in + tokens_out, "usd": LEAST_USD}
        return {"estimated_input_tokens": tokens_in, "estimated_output_tokens": tokens_out, "model": model}


def _decide(result: CheckResult) -> None:
    if result.refusal is not None:
        raise BudgetExceeded(result.refusal)


def found_refusal(error: Exception) -> BudgetExceeded | None:
    """The refusal behind an error, for `on_blocked`."""
    found = find_budget_error(error)
    return found if isinstance(found, BudgetExceeded) else None


def _answer_now(steps: Generator[object, Any, T]) -> T:
    """Run `Door._visit` where nothing can be awaited."""
    answer: object = None
    try:
        while True:
            answer = steps.send(answer)
            if inspect.isawaitable(answer):
                if inspect.iscoroutine(answer):
                    answer.close()
                raise ConfigurationError("this door is synchronous: its callables must be plain functions")
    except StopIteration as done:
        return cast("T", done.value)


async def _answer_soon(steps: Generator[object, Any, T]) -> T:
    """Run `Door._visit` in a task."""
    answer: object = None
    try:
        while True:
            answer = steps.send(answer)
            if inspect.isawaitable(answer):
                answer = await answer
    except StopIteration as done:
        return cast("T", done.value)


def is_preflight(request: Any) -> bool:
    """Browsers ask like this whether they may ask; nothing is spent, and nobody is named yet."""
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def _check_reader(name: str, reader: object) -> None:
    if isinstance(reader, str):
        raise ConfigurationError(
            f"{name}= takes a function of the request, not a name: lambda request: request.state.user_id, "
            "or header('x-user') if a gateway sets that header and nobody else can"
        )
    if reader is not None and not callable(reader):
        raise ConfigurationError(f"{name}= takes a function of the request, not {shown_value(reader)}")


def _read_model_option(model: object) -> Any:
    if model is not None and not callable(model) and (not isinstance(model, str) or not model):
        raise ConfigurationError(f"model= takes a model's name or a function of the request, not {shown_value(model)}")
    return model


def _read_estimate_option(estimate: object) -> Any:
    if estimate is not None and not callable(estimate):
        try:
            _read_estimate(estimate)
        except BadRequest:
            raise ConfigurationError(
                f"estimate= takes (input tokens, output tokens) or a function of the request, not {shown_value(estimate)}"
            ) from None
    return estimate


def _read_estimate(estimate: object) -> tuple[int, int]:
    parts = cast("tuple[object, ...]", estimate) if isinstance(estimate, tuple) else (estimate, 0)
    tokens = [part for part in parts if type(part) is int and 0 <= part <= MAX_AMOUNT]
    if len(tokens) != 2 or len(parts) != 2 or sum(tokens) > MAX_AMOUNT:
        # Often computed from what the client sent: `max_tokens` and the like.
        logger.info("estimate= gave %s instead of (input tokens, output tokens)", shown_value(cast("object", estimate)))
        raise BadRequest("the size of the request can't be told", reason="invalid_estimate")
    return tokens[0], tokens[1]


def _read_paths(paths: object) -> Callable[[Any, str], bool] | None:
    if paths is None:
        return None
    if isinstance(paths, re.Pattern):
        pattern = cast("re.Pattern[str]", paths)
        return lambda _request, path: pattern.match(path) is not None
    if callable(paths):
        return lambda request, _path: bool(paths(request))
    given = [paths] if isinstance(paths, str) else list(cast("Iterable[object]", paths))
    prefixes = tuple(prefix.rstrip("/") for prefix in given if isinstance(prefix, str) and prefix.startswith("/"))
    if not prefixes or len(prefixes) != len(given):
        raise ConfigurationError(
            f"paths= takes prefixes such as '/v1', a compiled expression or a function of the request, not {shown_value(paths)}"
        )
    below = tuple(f"{prefix}/" for prefix in prefixes)
    return lambda _request, path: path in prefixes or path.startswith(below)
