"""ASGI: the door of FastAPI, Starlette and every other ASGI application. Needs none of them.

app.add_middleware(BudgetMiddleware, budget=budget, user_key=lambda request: request.session.get("user"))
"""

from __future__ import annotations

import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final, cast

from llm_token_budget.errors import LedgerUnavailable, find_budget_error
from llm_token_budget.integrations.answers import Answer, ErrorFormat, Wording
from llm_token_budget.integrations.door import (
    Door,
    Estimate,
    OnBlocked,
    Paths,
    Reader,
    found_refusal,
    is_preflight,
)
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

__all__ = ["AsgiRequest", "BadRequest", "BudgetMiddleware", "header"]

logger: Final = logging.getLogger("llm_token_budget")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY_VIOLATION: Final = 1008
TRY_AGAIN_LATER: Final = 1013
"""How a websocket is closed. https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number"""


class AsgiRequest(WebRequest):
    """A request to an ASGI application, as the callables of the middleware see it."""

    def __init__(self, scope: Scope, receive: Receive, max_body: int = DEFAULT_MAX_BODY) -> None:
        super().__init__(scope)
        self.scope = scope
        self._receive = receive
        self._max_body = max_body
        self._body: bytes | None = None
        self.read_ahead: deque[Message] = deque()
        """What was received for `body` and is still to be given to the application."""

    @property
    def method(self) -> str:
        return cast("str", self.scope.get("method", "WEBSOCKET"))

    @property
    def path(self) -> str:
        # A server's root_path is part of `path`, as an application's is that is mounted in another one.
        path, root = cast("str", self.scope["path"]), cast("str", self.scope.get("root_path", "")).rstrip("/")
        return path[len(root) :] if root and (path == root or path.startswith(f"{root}/")) else path

    @property
    def headers(self) -> Headers:
        return Headers(self.scope["headers"])

    @property
    def query_string(self) -> str:
        return cast("bytes", self.scope.get("query_string", b"")).decode("latin-1")

    @property
    def client(self) -> Address | None:
        client = self.scope.get("client")
        return None if client is None else Address((client[0], client[1]))

    @property
    def url(self) -> Url:
        host = self.headers.get("host", "")
        return url_of(self.scope.get("scheme", "http"), host, self.scope["path"], self.query_string)

    @property
    def state(self) -> State:
        return State(self.scope.setdefault("state", {}))

    @property
    def app(self) -> Any:
        """The application that set itself in the scope, as Starlette's does."""
        return self._put_there("app")

    async def body(self) -> bytes:
        """The body. The application gets it too.

        Raises:
            BadRequest: longer than `max_body`, or the client went away.
        """
        if self._body is None:
            self._body = await self._read_body()
        return self._body

    async def json(self) -> Any:
        """The body's JSON.

        Raises:
            BadRequest: it is none, or as for `body`.
        """
        return read_json(await self.body())

    async def receive(self) -> Message:
        """What the application receives: what was read ahead, then the rest."""
        return self.read_ahead.popleft() if self.read_ahead else await self._receive()

    async def _read_body(self) -> bytes:
        parts, length, more = list[bytes](), 0, self.scope["type"] == "http"
        while more:
            message = await self._receive()
            self.read_ahead.append(message)
            if message["type"] != "http.request":
                raise BadRequest("the body did not arrive", reason="incomplete_body")
            part: bytes = message.get("body", b"")
            parts.append(part)
            length += len(part)
            if length > self._max_body:
                raise too_large(self._max_body)
            more = message.get("more_body", False)
        return b"".join(parts)


class BudgetMiddleware:
    """Asks the budget before each request, and tells it who is spending while the application works.

    Inside, wrapped clients and `@budgeted` functions charge the user and the session that the request named: in handlers,
    dependencies, sync handlers in worker threads, streamed bodies and background tasks. `request.state.budget` is the
    budget, `request.state.budget_session` the session. The question at the door holds nothing: the calls themselves do,
    and a `BudgetExceeded` that the application lets escape is answered in the same way while nothing was sent; the start of
    a response is sent with its first piece for that reason. Later the connection is cut.

    Refusals are answered with `Retry-After` and, unless only calls in flight hold the room, `x-should-retry: false`. A
    ledger that can't be reached: 503. Values that no ledger should keep: 400. Nobody named under a per-user limit: 403.
    Websockets are asked about once, before they are accepted, and closed with 1008, or 1013 where trying again helps (before
    that, servers answer the handshake with 403). A `BudgetExceeded` that the application lets escape closes one likewise.
    CORS preflights and lifespans pass.

    One inside another of the same budget, or FastAPI's dependency behind one: each asks, and the nearer to the application
    says whose the calls are. What it doesn't name (`user_key`, `session_id`) comes from the outer one, but a session only
    for the same user. Calls are charged once, and a refusal is counted where it is made.

    Callables are given an `AsgiRequest`: names as in Starlette's `Request`, with `await request.body()` and
    `await request.json()`. They may be coroutine functions; plain ones run on the event loop and must not wait.

    Args:
        app: the application.
        budget: the budget.
        user_key: says whose the request is, by what the server knows: `lambda request: request.session.get("user")`.
            Clients choose their own headers, cookies and bodies: see `header`.
        session_id: says which session of that user it is.
        dimensions: gives further keys: `{"org": "acme"}`.
        model: the model, or says which one.
        estimate: what the request will need: (input tokens, output tokens), or a function that says. None: whether anything
            is left at all.
        on_blocked: is told of refusals, with the request and the `BudgetExceeded`. If it gives a dict, that is the body; if
            it gives an ASGI application (such as Starlette's responses), that answers.
        paths: what is covered; None: everything.
        status: of a refusal; 402 says that waiting won't help.
        error_format: the shape of the JSON: as the npm package's, as OpenAI's, as Anthropic's, or RFC 9457's.
        max_body: bytes that `request.body()` reads at most; longer ones are answered with 413.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(
        self,
        app: AsgiApp,
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
        self._door = Door[AsgiRequest](
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        request = AsgiRequest(scope, receive, self._max_body)
        if self._passes(request):
            return await self.app(scope, receive, send)
        line = _Websocket(send) if scope["type"] == "websocket" else _Response(send)
        door = self._door
        try:
            session = await door.aenter(request)
        except Exception as error:
            wording = door.complaint_at_the_door(error)
            if wording is None:
                raise
            return await self._refuse(request, line, wording, error)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["budget"], state["budget_session"] = self.budget, session
        try:
            with session:
                await self.app(scope, request.receive if request.read_ahead else receive, line.send)
                await line.flush()
        except Exception as error:
            wording = None if line.started else door.complaint(error)
            if wording is None:
                raise
            await self._refuse(request, line, wording, error)

    def _passes(self, request: AsgiRequest) -> bool:
        return is_preflight(request) or not self._door.covers(request, request.path)

    async def _refuse(
        self, request: AsgiRequest, line: _Response | _Websocket, wording: Wording, error: Exception
    ) -> None:
        """Answer; first ask the application's own function, which can't undo the refusal by failing."""
        own: object = None
        refusal = found_refusal(error)
        if self._door.on_blocked is not None and refusal is not None:
            try:
                own = self._door.on_blocked(request, refusal)
                if inspect.isawaitable(own):
                    own = await cast("Awaitable[object]", own)
            except Exception:
                logger.exception("on_blocked raised; the refusal stands")
        if isinstance(line, _Websocket):
            await line.refuse(
                wording, again=refusal.held if refusal else isinstance(find_budget_error(error), LedgerUnavailable)
            )
        elif callable(own):
            await cast("AsgiApp", own)(request.scope, request.receive, line.raw_send)
        else:
            told = isinstance(own, Mapping)
            answer = self._door.told(cast("Mapping[Any, Any]", own), wording) if told else self._door.written(wording)
            await line.refuse(answer, with_body=request.method != "HEAD")


class _Response:
    """What the application sends, its start held back until its first piece."""

    def __init__(self, send: Send) -> None:
        self.raw_send = send
        self.started = False
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self.started:
            self._start = message
            return
        if not self.started:
            self.started = True
            await self.flush()
        await self.raw_send(message)

    async def flush(self) -> None:
        """Send what was held back."""
        start, self._start = self._start, None
        if start is not None:
            self.started = True
            await self.raw_send(start)

    async def refuse(self, answer: Answer, *, with_body: bool) -> None:
        self._start = None
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        await self.raw_send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self.raw_send({"type": "http.response.body", "body": answer.body if with_body else b""})


class _Websocket:
    """What the application sends over a websocket: it can be refused until it is closed."""

    def __init__(self, send: Send) -> None:
        self.raw_send = send
        self.started = False
        """Closed, or answered with a response: nothing can be said any more."""

    async def send(self, message: Message) -> None:
        self.started = self.started or message["type"] in ("websocket.close", "websocket.http.response.start")
        await self.raw_send(message)

    async def flush(self) -> None:
        """Nothing is held back."""

    async def refuse(self, wording: Wording, *, again: bool) -> None:
        # No answer of its own before it is accepted (`websocket.http.response`): uvicorn would log each as an error.
        code = TRY_AGAIN_LATER if again else POLICY_VIOLATION
        await self.raw_send({"type": "websocket.close", "code": code, "reason": wording.reason[:120]})
