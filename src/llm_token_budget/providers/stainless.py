"""The seam shared by the clients of openai, anthropic and groq, which one generator writes.

A wrapped client is a copy of the client whose class is a subclass of the client's class. Five overrides see every call:
`request` (one logical call), and per attempt `_prepare_options` (reserve), `_prepare_request` (it is about to leave),
`_sleep_for_retry` (it failed) and `_process_response` (it was answered).
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import MethodType
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.providers.content import as_sent, is_plain
from llm_token_budget.providers.counting import Counting
from llm_token_budget.providers.dialect import FILES, Body, Dialect, is_object, parse_object, positive
from llm_token_budget.providers.familiar import Familiar, key_of
from llm_token_budget.providers.guard import (
    Guard,
    GuardedCall,
    aend,
    end,
    guarded_call,
    late_call,
    read_body,
    refuse_unmetered,
)
from llm_token_budget.providers.lending import lend, take_back
from llm_token_budget.providers.receipt_for import remember
from llm_token_budget.providers.server import Lowered, Server, add_hint
from llm_token_budget.providers.watch import is_stream, read_stream, watch

if TYPE_CHECKING:
    from llm_token_budget.ledgers.base import Charge
    from llm_token_budget.reservation import Reservation

HOOKS: Final = ("request", "_prepare_options", "_prepare_request", "_sleep_for_retry", "_process_response")

FIRST_FAILURE: Final = 300
"""From this HTTP status on nothing was answered."""


_current: ContextVar[GuardedCall | None] = ContextVar("llm_token_budget.call", default=None)


def wrap_client(client: Any, guard: Guard, dialect: Dialect, provider: str | None, server: Server) -> Any:
    """A guarded copy of a client. The client itself stays as it is.

    Args:
        client: the client.
        guard: the budget, and who is charged.
        dialect: its vendor's.
        provider: whose prices count, where its class says so; None: its host does.
        server: what the user says of the server.

    Raises:
        ConfigurationError: this version of the SDK lacks a hook that the seam needs.
    """
    kind = cast("Any", type(client))
    guards = (guard,)
    if (earlier := getattr(kind, "_llm_token_budget", None)) is not None:
        # Twice with one budget counts once, by the later binding; with two budgets, both hold.
        guards = tuple(each for each in earlier.guards if each.budget is not guard.budget) + guards
        kind, server = earlier.plain, server.over(earlier.server)
    missing = [name for name in HOOKS if not hasattr(kind, name)]
    if missing:
        raise ConfigurationError(
            f"this version of {kind.__module__.partition('.')[0]} can't be guarded: its {kind.__name__} has no {', '.join(missing)}"
        )
    seam = _Seam(kind, guards, dialect, provider, server)
    seam.guards_at(client, "")  # Now, as it may load the price data: no call should have to.
    return _guarded_copy(client, _guarded_class(seam))


class _Seam:
    """What a guarded class knows."""

    def __init__(
        self, plain: Any, guards: tuple[Guard, ...], dialect: Dialect, provider: str | None, server: Server
    ) -> None:
        self.plain: Any = plain
        self.guards = guards
        self.dialect = server.adapted(dialect)
        self.provider = provider or dialect.provider
        self.server = server
        estimators = [guard.budget.estimator for guard in guards]
        self.counting = Counting() if any(each.asks_provider for each in estimators) else None
        self._repeatable = not any(each.asks_provider or each.prefixes is not None for each in estimators)
        self._by_host = provider is None and server.provider is None
        self._at: tuple[object, tuple[Guard, ...], Familiar | None] = (None, guards, None)
        """The address that was last sent to, the guards there, and what was read of earlier requests to it."""

    def guards_at(self, client: Any, url: str) -> tuple[Guard, ...]:
        """The guards, each knowing whose prices count where a request is sent."""
        address = url if url.startswith("http") else getattr(client, "_base_url", "")
        return self._at_address(address)[1]

    def _at_address(self, address: object) -> tuple[object, tuple[Guard, ...], Familiar | None]:
        at = self._at
        if at[0] is not address:
            said = self.server.provider or (None if self._by_host else self.provider)
            guards = tuple(each.at(str(address), said, self.provider) for each in self.guards)
            at = self._at = address, guards, Familiar(guards) if self._repeatable else None
        return at

    def begin(self, client: Any, options: Any) -> tuple[Any, GuardedCall | None]:
        """Read a logical call from its options, and ask for usage in a copy of them; no call if it is free.

        Raises:
            UnmeteredCall: what it bills can't be measured, and a limit applies.
        """
        url = str(options.url)
        path = _path_of(url)
        _, guards, familiar = self._at_address(url if url.startswith("http") else getattr(client, "_base_url", ""))
        call = None
        if options.method.lower() == "post":
            key = None if familiar is None else key_of(path, options)
            known = None if familiar is None or key is None else familiar.find(key)
            if known is not None:
                call = GuardedCall(guards, known.endpoint, options.json_data, self.provider, known.calls)
                if not known.streams:
                    return options, call
            else:
                options = _as_sent(options)
                call = guarded_call(guards, self.dialect, path, _body_of(options), self.provider)
                if familiar is not None and key is not None and type(call) is GuardedCall:
                    familiar.note(key, call.endpoint, call.body, self.provider)
        call = call or late_call(guards, self.dialect, path, self.provider)
        if call is None:
            return options, None
        asking = call.endpoint.asks_usage(call.body)
        if asking is not None:
            options = _copy_of(options)
            _write(options, "stream_options", asking["stream_options"])
            call.body, call.hides_usage = asking, True
        return options, call

    def read_again(self, options: Any, call: GuardedCall) -> None:
        """Read the call as this attempt will send it, if that is another than the caller's."""
        body = _body_of(options)
        if body is not None and body is not call.body and body != call.body:
            call.read_again(body)

    def answered(self, response: Any, call: GuardedCall) -> Sequence[tuple[Reservation, Charge | None]]:
        """What an answered attempt is charged now; what is still to be read is watched, and charged at its end."""
        framing = self.dialect.framing
        if response.status_code >= FIRST_FAILURE:
            # Middleware gets to see failed attempts as answers.
            return call.losses(response)
        if call.fixed:
            return call.charges(read_body(call, None)[0], estimated=False)
        content = getattr(response, "_content", None)
        if content is None:
            watch(response, call, framing=framing, hide_usage=call.hides_usage)
            return ()
        # No event of a stream begins with a brace, an answer in JSON does.
        if not content.startswith(b"{") and is_stream(response, call):
            return read_stream(response, call, framing=framing, hide_usage=call.hides_usage).charges(ended=True)
        body = parse_object(content)
        if body is not None:
            lend(response, body)
        reading, estimated = read_body(call, body)
        return call.charges(reading, estimated=estimated)

    def clamp(self, options: Any, call: GuardedCall) -> Lowered | None:
        """Write the attempt's maximum into its options, where the request has its own; what that changed."""
        most = call.clamp
        if most is None or not (path := call.endpoint.maximum(call.body)):
            return None
        own = call.body.get(path[0])
        # Lowered, never raised: Anthropic takes a maximum of 0, to warm its cache.
        if isinstance(own, int) and 0 <= own <= most:
            return None
        _write(options, path[0], most)
        return Lowered(path[0], positive(own), most)


def _guarded_class(seam: _Seam) -> Any:
    plain = seam.plain
    hooks = _async_hooks(seam) if inspect.iscoroutinefunction(plain.request) else _plain_hooks(seam)
    copy = _copier(seam)
    names: dict[str, Any] = {**hooks, "copy": copy, "with_options": copy, "_llm_token_budget": seam}
    names |= _websocket_guards(seam)
    # The SDKs build their User-Agent from these.
    names |= {"__module__": plain.__module__, "__qualname__": plain.__qualname__, "__doc__": plain.__doc__}
    metaclass = cast("Any", type(plain))
    return metaclass(plain.__name__, (plain,), names)


def _explain(call: GuardedCall, error: BaseException) -> None:
    """If a server refused what we changed, say so."""
    if call.hides_usage or call.lowered is not None:
        add_hint(error, asked_usage=call.hides_usage, lowered=call.lowered)


def _websocket_guards(seam: _Seam) -> dict[str, Any]:
    """What websockets need to know their address, refused: not all of them pass `_prepare_options`."""
    annotated = {name for base in type.mro(seam.plain) for name in getattr(base, "__annotations__", {})}
    guards: dict[str, Any] = {}
    if "websocket_base_url" in annotated:

        def read(self: Any) -> Any:
            refuse_unmetered(seam.guards, "a websocket")
            return self.__dict__.get("websocket_base_url")

        def write(self: Any, url: Any) -> None:
            self.__dict__["websocket_base_url"] = url

        guards["websocket_base_url"] = property(read, write)
    for name in ("_configure_realtime", "_configure_realtime_with_api_key"):
        if hasattr(seam.plain, name):
            guards[name] = _refusing(seam, getattr(seam.plain, name))
    return guards


def _refusing(seam: _Seam, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def refusing(*args: Any, **kwargs: Any) -> Any:
        refuse_unmetered(seam.guards, "a websocket")
        return method(*args, **kwargs)

    return refusing


def _guarded_copy(client: Any, cls: Any) -> Any:
    """The client again, in another class. Nothing in the copy may still be bound to the client."""
    copy: Any = object.__new__(cls)
    cached = {
        name
        for base in type.mro(cls)
        for name, value in vars(base).items()
        if isinstance(value, functools.cached_property)
    }
    for name, value in cast("dict[str, Any]", vars(client)).items():
        if name in cached and not isinstance(value, str | int | None):
            continue  # A resource, bound to the client. (Vertex's region and project are mere data.)
        if isinstance(value, MethodType) and value.__self__ is client:
            copy.__dict__[name] = MethodType(value.__func__, copy)
        elif getattr(value, "_client", None) is client:
            copy.__dict__[name] = cast("Any", type(value))(copy)
        else:
            copy.__dict__[name] = value
    if getattr(client, "_middleware_chain", None) is not None:
        # A closure over the client it was built by: per-attempt hooks of the copy would never run.
        copy._middleware_chain = copy._build_middleware_chain()
    return copy


def _copier(seam: _Seam) -> Callable[..., Any]:
    """`copy` and `with_options`: the plain class makes the copy, then it is guarded like this one."""

    @functools.wraps(seam.plain.copy)
    def copy(self: Any, *args: Any, **kwargs: Any) -> Any:
        # A twin of the plain class that shares the client's attributes: some classes compare or call their exact type.
        twin: Any = object.__new__(seam.plain)
        twin.__dict__ = self.__dict__
        made = twin.copy(*args, **kwargs)
        seam.guards_at(made, "")
        return _guarded_copy(made, cast("Any", type(self)))

    return copy


def _plain_hooks(seam: _Seam) -> dict[str, Any]:
    plain = seam.plain

    def request(self: Any, cast_to: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
        options, call = seam.begin(self, options)
        if seam.counting is not None and (question := seam.counting.question(call)) is not None:
            try:
                seam.counting.answered(question, self.post(**question.arguments))
            except Exception as error:  # noqa: BLE001 - said in the log; the estimate counts
                seam.counting.failed(error)
        token = _current.set(call)
        try:
            return plain.request(self, cast_to, options, *args, **kwargs)
        except BaseException as error:
            if call is not None:
                call.failed(error=error)
                _explain(call, error)
            raise
        finally:
            _current.reset(token)

    def _prepare_options(self: Any, options: Any) -> Any:
        if (call := _current.get()) is not None and (options.json_data is not call.body or options.extra_json):
            # Before the SDK's own hook: Bedrock's and Vertex's moves the model from the body into the path.
            seam.read_again(options, call)
        options = plain._prepare_options(self, options)
        if call is not None:
            if call.reservations:
                # Middleware may try again by itself: what it gave up has ended.
                call.failed(error=sys.exc_info()[1])
            call.reserve()
            call.lowered = None if call.clamp is None else seam.clamp(options, call)
        elif _is_websocket(options):
            refuse_unmetered(seam.guards, "a websocket")
        return options

    def _prepare_request(self: Any, request: Any) -> Any:
        result = plain._prepare_request(self, request)
        if (call := _current.get()) is not None:
            call.sent = True
        return result

    def _sleep_for_retry(self: Any, *args: Any, **kwargs: Any) -> Any:
        if (call := _current.get()) is not None:
            call.failed(kwargs.get("response"), sys.exc_info()[1])
        return plain._sleep_for_retry(self, *args, **kwargs)

    def _process_response(self: Any, *, response: Any, **kwargs: Any) -> Any:
        if (call := _current.get()) is None:
            return plain._process_response(self, response=response, **kwargs)
        held = call.reservations
        for reservation, charge in seam.answered(response, call):
            end(reservation, charge)
        answer = plain._process_response(self, response=response, **kwargs)
        take_back(response)
        remember(response, answer, held)
        return answer

    return _only_existing(seam, request, _prepare_options, _prepare_request, _sleep_for_retry, _process_response)


def _async_hooks(seam: _Seam) -> dict[str, Any]:
    plain = seam.plain

    async def request(self: Any, cast_to: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
        options, call = seam.begin(self, options)
        if seam.counting is not None and (question := seam.counting.question(call)) is not None:
            try:
                seam.counting.answered(question, await self.post(**question.arguments))
            except Exception as error:  # noqa: BLE001 - said in the log; the estimate counts
                seam.counting.failed(error)
        token = _current.set(call)
        try:
            return await plain.request(self, cast_to, options, *args, **kwargs)
        except Exception as error:
            if call is not None:
                await call.afailed(error=error)
                _explain(call, error)
            raise
        except BaseException as error:
            if call is not None:
                call.failed_later(error)
            raise
        finally:
            _current.reset(token)

    async def _prepare_options(self: Any, options: Any) -> Any:
        if (call := _current.get()) is not None and (options.json_data is not call.body or options.extra_json):
            # Before the SDK's own hook: Bedrock's and Vertex's moves the model from the body into the path.
            seam.read_again(options, call)
        options = await plain._prepare_options(self, options)
        if call is not None:
            if call.reservations:
                await call.afailed(error=sys.exc_info()[1])
            await call.areserve()
            call.lowered = None if call.clamp is None else seam.clamp(options, call)
        elif _is_websocket(options):
            refuse_unmetered(seam.guards, "a websocket")
        return options

    async def _prepare_request(self: Any, request: Any) -> Any:
        result = await plain._prepare_request(self, request)
        if (call := _current.get()) is not None:
            call.sent = True
        return result

    async def _sleep_for_retry(self: Any, *args: Any, **kwargs: Any) -> Any:
        if (call := _current.get()) is not None:
            await call.afailed(kwargs.get("response"), sys.exc_info()[1])
        return await plain._sleep_for_retry(self, *args, **kwargs)

    async def _process_response(self: Any, *, response: Any, **kwargs: Any) -> Any:
        if (call := _current.get()) is None:
            return await plain._process_response(self, response=response, **kwargs)
        held = call.reservations
        for reservation, charge in seam.answered(response, call):
            await aend(reservation, charge)
        answer = await plain._process_response(self, response=response, **kwargs)
        take_back(response)
        remember(response, answer, held)
        return answer

    return _only_existing(seam, request, _prepare_options, _prepare_request, _sleep_for_retry, _process_response)


def _only_existing(seam: _Seam, *hooks: Callable[..., Any]) -> dict[str, Any]:
    return {hook.__name__: hook for hook in hooks if hasattr(seam.plain, hook.__name__)}


@functools.lru_cache(maxsize=256)
def _path_of(url: str) -> str:
    return urlsplit(url).path


def _is_websocket(options: Any) -> bool:
    return str(options.url).startswith(("ws:", "wss:"))


def _copy_of(options: Any) -> Any:
    return options.model_copy() if hasattr(options, "model_copy") else options.copy()


def _as_sent(options: Any) -> Any:
    """Options whose body can be read as often as it takes."""
    body = getattr(options, "json_data", None)
    try:
        if is_plain(body):
            return options
        readable = as_sent(body)
    except RecursionError:
        # It contains itself, or is nested deeper than can be walked: the SDK's to complain of, or to send.
        return options
    if readable is not body:
        options = _copy_of(options)
        options.json_data = readable
    return options


def _body_of(options: Any) -> Body | None:
    """The JSON object that will be sent: `extra_body` goes over the body, as the SDKs have it. None if there is none."""
    body, extra, files = options.json_data, options.extra_json, options.files
    if body is None:
        content = getattr(options, "content", None)
        if isinstance(content, bytes | str):
            body = parse_object(content)
    if not is_object(body):
        return extra if body is None and is_object(extra) and extra else None
    if files:
        # Part of a form that is sent: not what they are, but how many.
        body = {**body, FILES: list(files) if is_object(files) else [name for name, _ in files]}
    return {**body, **extra} if extra and is_object(extra) else body


def _write(options: Any, name: str, value: object) -> None:
    """Set a field of the body where the request has it. Replaces, never mutates: the caller's dict stays theirs."""
    extra = getattr(options, "extra_json", None)
    if is_object(extra) and name in extra:
        options.extra_json = {**extra, name: value}
    elif is_object(options.json_data):
        options.json_data = {**options.json_data, name: value}
    elif options.json_data is None and getattr(options, "content", None) is not None:
        options.content = _rewritten(options.content, name, value)
    else:
        options.extra_json = {**(extra or {}), name: value}


def _rewritten(content: bytes | str, name: str, value: object) -> bytes:
    import json

    return json.dumps({**(parse_object(content) or {}), name: value}).encode()
