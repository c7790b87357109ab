"""WSGI: the door of Flask and every other WSGI application. Needs none of them.

app.wsgi_app = BudgetMiddleware(app.wsgi_app, budget, user_key=lambda request: request.environ.get("REMOTE_USER"))
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, cast

from llm_token_budget.context import Session
from llm_token_budget.integrations.answers import ErrorFormat, Wording
from llm_token_budget.integrations.door import (
    Door,
    Estimate,
    OnBlocked,
    Paths,
    Reader,
    found_refusal,
    is_preflight,
)
from llm_token_budget.integrations.flask import answer_in_flask
from llm_token_budget.integrations.request import (
    DEFAULT_MAX_BODY,
    Address,
    BadRequest,
    Headers,
    State,
    Url,
    WebRequest,
    header,
    read_json,
    too_large,
    url_of,
)
from llm_token_budget.manager import BudgetManager
from llm_token_budget.options import check_count

__all__ = ["BadRequest", "BudgetMiddleware", "WsgiRequest", "header"]

logger: Final = logging.getLogger("llm_token_budget")

STATE: Final = "llm_token_budget.state"
"""Where the environ has what `request.state` is in ASGI: `budget` and `budget_session`."""

Environ = dict[str, Any]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
StartResponse = Callable[..., Callable[[bytes], object]]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


class WsgiRequest(WebRequest):
    """A request to a WSGI application, as the callables of the middleware see it."""

    def __init__(self, environ: Environ, max_body: int = DEFAULT_MAX_BODY) -> None:
        super().__init__(environ)
        self.environ = environ
        self._max_body = max_body
        self._body: bytes | None = None

    @property
    def method(self) -> str:
        return cast("str", self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        # WSGI hands bytes over as Latin-1. https://peps.python.org/pep-3333/#unicode-issues
        return cast("str", self.environ.get("PATH_INFO", "")).encode("latin-1", "replace").decode(errors="replace")

    @property
    def headers(self) -> Headers:
        return Headers(list(_header_pairs(self.environ)))

    @property
    def query_string(self) -> str:
        return cast("str", self.environ.get("QUERY_STRING", ""))

    @property
    def client(self) -> Address | None:
        host, port = self.environ.get("REMOTE_ADDR"), str(self.environ.get("REMOTE_PORT", ""))
        return Address((host, int(port) if port.isdecimal() else 0)) if host else None

    @property
    def url(self) -> Url:
        mounted = cast("str", self.environ.get("SCRIPT_NAME", "")).encode("latin-1", "replace").decode(errors="replace")
        host = self.environ.get("HTTP_HOST") or self.environ.get("SERVER_NAME", "")
        return url_of(self.environ.get("wsgi.url_scheme", "http"), host, mounted + self.path, self.query_string)

    @property
    def state(self) -> State:
        return State(self.environ.setdefault(STATE, {}))

    def body(self) -> bytes:
        """The body. The application gets it too.

        Raises:
            BadRequest: longer than `max_body`, or cut off.
        """
        if self._body is None:
            self._body = self._read_body()
        return self._body

    def json(self) -> Any:
        """The body's JSON.

        Raises:
            BadRequest: it is none, or as for `body`.
        """
        return read_json(self.body())

    def _read_body(self) -> bytes:
        announced = str(self.environ.get("CONTENT_LENGTH") or "")
        if announced and not announced.isdecimal():
            raise BadRequest("the content-length is no number", reason="incomplete_body")
        length = min(int(announced[:20]), self._max_body + 1) if announced else self._max_body + 1
        if not announced and not self.environ.get("wsgi.input_terminated"):
            # Without a length nobody knows where the body ends: reading on would wait for the next request.
            length = 0
        stream, parts = self.environ["wsgi.input"], list[bytes]()
        if length > self._max_body and announced:
            raise too_large(self._max_body)
        while length and (part := stream.read(min(length, 65_536))):
            parts.append(part)
            length -= len(part)
        body = b"".join(parts)
        if len(body) > self._max_body:
            raise too_large(self._max_body)
        if announced and length:
            raise BadRequest("the body did not arrive", reason="incomplete_body")
        self.environ["wsgi.input"] = io.BytesIO(body)
        return body


class BudgetMiddleware:
    """Asks the budget before each request, and tells it who is spending while the application works.

    The counterpart of `asgi.BudgetMiddleware`, with the same options and answers: see there. Callables are plain functions
    here and are given a `WsgiRequest`: `request.body()`, `request.json()`, `request.environ`. `on_blocked` may give a WSGI
    application (such as Flask's responses). The budget is in `environ["llm_token_budget.state"]`, under `budget` and
    `budget_session`. User and session hold while the application is called, at each step of the response that it gives,
    and while that is closed.

    Flask makes an error page of what escapes from a view before any middleware sees it: a handler for `BudgetExceeded` and
    `LedgerUnavailable` is registered with it, unless there is one. Wrap its `wsgi_app` before the first request.
    What Flask knows is known inside Flask: `with app.request_context(request.environ): return flask.session.get("user")`.

    Args:
        app: the application.
        budget: the budget.
        user_key: says whose the request is, by what the server knows.
        session_id: says which session of that user it is.
        dimensions: gives further keys: `{"org": "acme"}`.
        model: the model, or says which one.
        estimate: what the request will need: (input tokens, output tokens), or a function that says.
        on_blocked: is told of refusals, and may answer.
        paths: what is covered; None: everything.
        status: of a refusal.
        error_format: the shape of the JSON.
        max_body: bytes that `request.body()` reads at most.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(
        self,
        app: WsgiApp,
        budget: BudgetManager,
        *,
        user_key: Reader[Any, str | None] | None = None,
        session_id: Reader[Any, str | None] | None = None,
        dimensions: Reader[Any, Mapping[str, str] | None] | None = None,
        model: str | Reader[Any, str | None] | None = None,
        estimate: Estimate | Reader[Any, Estimate | None] | None = None,
        on_blocked: OnBlocked[Any] | None = None,
        paths: Paths[Any] | None = None,
        status: int = 429,
        error_format: ErrorFormat = "npm",
        max_body: int = DEFAULT_MAX_BODY,
    ) -> None:
        self.app = app
        self.budget = budget
        self._max_body = check_count("max_body", max_body)
        self._door = Door[WsgiRequest](
            budget,
            user_key=user_key,
            session_id=session_id,
            dimensions=dimensions,
            model=model,
            estimate=estimate,
            on_blocked=on_blocked,
            paths=paths,
            status=status,
            error_format=error_format,
        )
        answer_in_flask(app, self._answer_in_flask)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request = WsgiRequest(environ, self._max_body)
        if is_preflight(request) or not self._door.covers(request, request.path):
            return self.app(environ, start_response)
        door = self._door
        try:
            session = door.enter(request)
        except Exception as error:
            wording = door.complaint_at_the_door(error)
            if wording is None:
                raise
            return self.refuse(request, start_response, wording, error)
        request.state.budget, request.state.budget_session = self.budget, session
        line = _Line(start_response)
        try:
            with session:
                body = self.app(environ, line.start_response)
        except Exception as error:
            wording = None if line.written else door.complaint(error)
            if wording is None:
                raise
            return self.refuse(request, start_response, wording, error, replaced=line.replaced(error))
        if isinstance(body, list | tuple) or _is_file(environ, body):
            return body  # No code of the application's runs any more, and servers have short cuts for these.
        return _Body(self, request, session, line, body)

    def refuse(
        self,
        request: WsgiRequest,
        start_response: StartResponse,
        wording: Wording,
        error: Exception,
        replaced: ExcInfo | None = None,
    ) -> Iterable[bytes]:
        """Answer; first ask the application's own function, which can't undo the refusal by failing."""
        own: Any = None
        refusal = found_refusal(error)
        if self._door.on_blocked is not None and refusal is not None:
            try:
                own = self._door.on_blocked(request, refusal)
            except Exception:
                logger.exception("on_blocked raised; the refusal stands")
        if callable(own):
            return cast("WsgiApp", own)(request.environ, _replacing(start_response, replaced))
        told = isinstance(own, Mapping)
        answer = self._door.told(cast("Mapping[Any, Any]", own), wording) if told else self._door.written(wording)
        headers = [(name.title(), value) for name, value in answer.headers]
        _replacing(start_response, replaced)(answer.status_line, headers)
        return [] if request.method == "HEAD" else [answer.body]

    def _answer_in_flask(self, environ: Environ, error: Exception) -> WsgiApp | None:
        """The answer to what a view of Flask's let escape, as an application; None if this door has nothing to say."""
        came_in = "budget_session" in environ.get(STATE, {})
        wording = self._door.complaint(error) if came_in else None
        if wording is None:
            return None
        request = WsgiRequest(environ, self._max_body)
        return lambda _environ, start_response: self.refuse(request, start_response, wording, error)

    def complaint(self, error: Exception) -> Wording | None:
        """What the client is told of an error of the application's."""
        return self._door.complaint(error)


class _Line:
    """What the application has said so far."""

    def __init__(self, start_response: StartResponse) -> None:
        self.raw = start_response
        self.started = False
        self.written = False
        """Something was sent: the status can't be taken back."""

    def start_response(self, status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
        self.started = True
        write = self.raw(status, headers, *exc_info)

        def noted(data: bytes) -> object:
            self.written = self.written or bool(data)
            return write(data)

        return noted

    def replaced(self, error: Exception) -> ExcInfo | None:
        """What `start_response` is given the second time."""
        # https://peps.python.org/pep-3333/#the-start-response-callable
        return (type(error), error, error.__traceback__) if self.started else None


class _Body:
    """The response, every step of which happens in the session."""

    def __init__(
        self, door: BudgetMiddleware, request: WsgiRequest, session: Session, line: _Line, body: Iterable[bytes]
    ) -> None:
        self._door = door
        self._request = request
        self._session = session
        self._line = line
        self._body = body
        self._steps: Iterator[bytes] | None = None
        self._refusal: Iterable[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            with self._session:
                if self._steps is None:
                    self._steps = iter(self._body)
                piece = next(self._steps)
        except StopIteration:
            raise
        except Exception as error:
            wording = None if self._line.written else self._door.complaint(error)
            if wording is None:
                raise
            piece = self._answer(wording, error)
        self._line.written = self._line.written or bool(piece)
        return piece

    def close(self) -> None:
        """As the server must, at the end."""
        with self._session:
            for part in (self._refusal, self._body):
                close = getattr(part, "close", None)
                if close is not None:
                    close()

    def _answer(self, wording: Wording, error: Exception) -> bytes:
        start, replaced = self._line.raw, self._line.replaced(error)
        self._refusal = self._door.refuse(self._request, start, wording, error, replaced)
        self._steps = iter(self._refusal)
        return next(self._steps, b"")


def _replacing(start_response: StartResponse, replaced: ExcInfo | None) -> StartResponse:
    if replaced is None:
        return start_response

    def again(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        return start_response(status, headers, exc_info or replaced)

    return again


def _is_file(environ: Environ, body: object) -> bool:
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(body, wrapper)


def _header_pairs(environ: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            name = name[5:]
        elif name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            continue
        yield name.replace("_", "-").lower().encode("latin-1", "replace"), str(value).encode("latin-1", "replace")
