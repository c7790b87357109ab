"""Ollama: chat, generate, embed; its client has a seam of its own."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from llm_token_budget.claims import Call
from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation import Opaque, Part, RequestParts, Text, model_facts
from llm_token_budget.providers import chat
from llm_token_budget.providers.content import call_parts, dump, image_file, items_of, text_parts, tool_parts
from llm_token_budget.providers.dialect import (
    Body,
    Defaults,
    Dialect,
    Endpoint,
    Reading,
    any_of,
    is_object,
    mapping,
    positive,
    text_or_none,
)
from llm_token_budget.providers.guard import Guard, GuardedCall, aend, end, guarded_call, read_bill
from llm_token_budget.providers.hosts import place_of
from llm_token_budget.providers.receipt_for import remember
from llm_token_budget.providers.server import Server
from llm_token_budget.providers.usage_reading import read_ollama, read_ollama_embedding
from llm_token_budget.providers.watch import AnswerReader, Ending

if TYPE_CHECKING:
    from llm_token_budget.reservation import Reservation

MOST_TEXTS: Final = 2048
"""Texts of a stream's parts, of a token or so each, that are kept before they are counted."""

# Looking after models. Searching the web, fetching pages and scoring (`/v1/systemone`) is what others bill, or models do.
_is_free: Final = any_of(
    "/api/show", "/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete", "/api/blobs/{}"
)


def _read_call(body: Body, provider: str, defaults: Defaults) -> Call:
    model = text_or_none(body.get("model")) or ""
    facts = model_facts(model, provider)
    messages = items_of(body.get("messages"))
    tools = items_of(body.get("tools"))
    parts = [each for message in messages for each in _message_parts(message)]
    for name in ("system", "prompt", "suffix", "template"):
        parts += text_parts(body.get(name), "system" if name in ("system", "template") else "text")
    parts += [image_file(each) for each in items_of(body.get("images"))] + tool_parts(tools)
    if context := items_of(body.get("context")):
        # Earlier turns come as tokens.
        parts.append(Opaque(len(context), "context"))
    structured = bool(body.get("format"))
    if is_object(body.get("format")):
        parts += text_parts(body["format"], "schema")
    estimate = defaults.estimate(
        RequestParts(provider, model, tuple(parts), messages=len(messages) or 2, tools=len(tools))
    )
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=estimate.upper,
        expected_input_tokens=estimate.expected,
        estimate=estimate,
        # 0 and below mean "no maximum" to the server.
        max_output_tokens=positive(mapping(body.get("options")).get("num_predict")),
        model_maximum=facts.max_output_tokens,
        min_output_tokens=chat.least_output(facts.reasoning, defaults, structured=structured),
        default_max_output_tokens=chat.usual_output(facts.reasoning, defaults),
        longest_cache="none",
        audio=False,
    )


def _message_parts(message: object) -> list[Part]:
    said = mapping(message)
    kind = chat.KINDS.get(said.get("role") or "", "text")
    parts: list[Part] = [
        Text(text, kind) for name in ("content", "thinking", "tool_name") if isinstance(text := said.get(name), str)
    ]
    parts += [image_file(each) for each in items_of(said.get("images"))]
    for call in items_of(said.get("tool_calls")):
        function = mapping(mapping(call).get("function"))
        parts += call_parts(function.get("name"), function.get("arguments"))
    return parts


def _read_embedding(body: Body, provider: str, defaults: Defaults) -> Call:
    model = text_or_none(body.get("model")) or ""
    texts = [Text(dump(text)) for name in ("input", "prompt") for text in items_of(body.get(name))]
    estimate = defaults.estimate(RequestParts(provider, model, tuple(texts), messages=len(texts)))
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=estimate.upper,
        expected_input_tokens=estimate.expected,
        estimate=estimate,
        choices=0,
        longest_cache="none",
        audio=False,
    )


def _read_answer(body: Body) -> Reading | None:
    reading = read_ollama(body)
    return reading if reading.output_tokens is not None else reading.saying(_said(body))


def _read_embedding_answer(body: Body) -> Reading | None:
    return read_ollama_embedding(body)


def _said(body: Body) -> str:
    message = mapping(body.get("message"))
    texts = [body.get("response"), body.get("thinking"), message.get("content"), message.get("thinking")]
    return "".join(text for text in texts if isinstance(text, str)) + "".join(
        dump(call) for call in items_of(message.get("tool_calls"))
    )


class AnswerFold:
    """A streamed answer: JSON lines, of which the last has the counts."""

    def __init__(self) -> None:
        self.done = False
        self._reading: Reading | None = None
        self._text: list[str] = []

    def feed(self, event: Body) -> None:
        self._text.append(_said(event))
        if event.get("done") is True:
            self._reading, self.done = _read_answer(event), True

    def reading(self) -> Reading | None:
        return self._reading

    def text_seen(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        return text


ANSWER = Endpoint(
    read_call=_read_call,
    read_answer=_read_answer,
    fold=AnswerFold,
    maximum=lambda _: ("options", "num_predict"),
)
EMBEDDING = Endpoint(read_call=_read_embedding, read_answer=_read_embedding_answer)

DIALECT = Dialect(
    provider="ollama",
    endpoints={
        "/api/chat": ANSWER,
        "/api/generate": ANSWER,
        "/api/embed": EMBEDDING,
        "/api/embeddings": EMBEDDING,
    },
    free=_is_free,
    framing="ndjson",
)


class _Stream:
    """What the plain and the async stream share.

    The SDK's streams are generators: one that is never started sends nothing, and runs no `finally`.
    """

    def __init__(self, call: GuardedCall, inner: Any) -> None:
        self._call = call
        self._inner = inner
        self._ending: Ending | None = None
        self._texts: list[str] = []
        """What parts said that were nothing but text: only counted if the answer ends early, or if they become many."""
        self._text_of: Callable[[Any], str | None] = _no_text

    def _took(self, part: Any) -> Ending:
        """The first part of the answer has come, the last, or one that is more than text."""
        if self._ending is None:
            reader = AnswerReader(self._call.endpoint, self._call, streamed=True, framing="ndjson", hide_usage=False)
            reservations = self._call.take_reservations()
            self._ending = Ending(reader, reservations)
            for reservation in reservations:
                reservation.held_by(self)
            self._text_of = _glance_at(part)
        self._read_texts(self._ending)
        self._ending.reader.take(_event_of(part))
        return self._ending

    def _passes(self, part: Any) -> bool:
        """Whether a part is nothing but text: it may pass at once."""
        ending = self._ending
        if ending is None or (text := self._text_of(part)) is None:
            return False
        if len(self._texts) >= MOST_TEXTS or ending.is_due():
            return False
        self._texts.append(text)
        return True

    def _read_texts(self, ending: Ending) -> None:
        texts, self._texts = self._texts, []
        ending.reader.take_texts(texts)

    def end_early(self) -> None:
        """The budget is closed: as if the stream were closed now."""
        self._left()

    def _left(self) -> None:
        """Closed or dropped, perhaps by the garbage collector: nothing here may block."""
        if self._ending is not None:
            self._read_texts(self._ending)
            self._ending.later()
        elif self._call.sent:
            self._call.failed_later(GeneratorExit())
        else:
            for reservation in self._call.take_reservations():
                reservation.release_later()

    def __del__(self) -> None:
        self._left()


class PlainStream(_Stream, Generator[Any, None, None]):
    """A streamed answer, as `ollama.Client` gives it."""

    def __next__(self) -> Any:
        if self._ending is None:
            self._call.sent = True
        try:
            part = next(self._inner)
        except BaseException as error:
            if self._ending is not None:
                self._read_texts(self._ending)
                self._ending.now(ended=isinstance(error, StopIteration))
            else:
                self._call.failed(error=error)
            raise
        if self._passes(part):
            return part
        ending = self._took(part)
        if ending.reader.done:
            ending.now(ended=True)
        ending.go_on()
        return part

    def send(self, value: None, /) -> Any:
        del value
        return self.__next__()

    def throw(self, *error: Any) -> Any:
        self._left()
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()
        self._left()


class AsyncStream(_Stream, AsyncGenerator[Any, None]):
    """A streamed answer, as `ollama.AsyncClient` gives it."""

    async def __anext__(self) -> Any:
        if self._ending is None:
            self._call.sent = True
        try:
            part = await anext(self._inner)
        except Exception as error:
            if self._ending is not None:
                self._read_texts(self._ending)
                await self._ending.anow(ended=isinstance(error, StopAsyncIteration))
            else:
                await self._call.afailed(error=error)
            raise
        except BaseException:
            self._left()
            raise
        if self._passes(part):
            return part
        ending = self._took(part)
        if ending.reader.done:
            await ending.anow(ended=True)
        await ending.ago_on()
        return part

    async def asend(self, value: None, /) -> Any:
        del value
        return await self.__anext__()

    async def athrow(self, *error: Any) -> Any:
        self._left()
        return await self._inner.athrow(*error)

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            self._left()


def _glance_at(part: Any) -> Callable[[Any], str | None]:
    """How the text of parts like this one is found at a glance."""
    if all(hasattr(part, name) for name in ("done", "response", "thinking")):
        return _text_of_generation
    if hasattr(part, "done") and hasattr(getattr(part, "message", None), "tool_calls"):
        return _text_of_chat
    return _no_text


def _text_of_chat(part: Any) -> str | None:
    """What a part says; None for the last, and for one that is more than text."""
    message = part.message
    return None if part.done or message.thinking or message.tool_calls else message.content


def _text_of_generation(part: Any) -> str | None:
    return None if part.done or part.thinking else part.response


def _no_text(part: Any) -> None:
    """Of parts that nobody knows: each is read."""
    del part


def _event_of(part: Any) -> Body:
    """A part of an answer as its JSON object. By attribute: dumping the whole model for each token would be slow."""
    event = {name: value for name in _FIELDS if (value := getattr(part, name, None)) is not None}
    message = getattr(part, "message", None)
    if message is not None:
        calls = getattr(message, "tool_calls", None)
        event["message"] = {
            "content": getattr(message, "content", None),
            "thinking": getattr(message, "thinking", None),
            "tool_calls": [str(call) for call in calls] if calls else None,
        }
    return event


_FIELDS: Final = ("response", "thinking", "done", "model", "prompt_eval_count", "eval_count")


def wrap_client(client: Any, guard: Guard, server: Server) -> Any:
    """A guarded copy of an `ollama.Client` or `AsyncClient`. The client itself stays as it is.

    Raises:
        ConfigurationError: an option that says nothing of Ollama's servers.
    """
    if server.stream_usage is not None or server.maximum_field is not None:
        raise ConfigurationError("stream_usage and maximum_field are for clients of openai, anthropic and groq")
    address = str(client._client.base_url)
    # What isn't said otherwise is free: the machine is one's own.
    said = server.provider or guard.budget.prices.provider_at(*place_of(address)) or "ollama"
    guard = replace(guard, provider=said)
    plain = cast("Any", type(client))
    guards = (guard,)
    if (earlier := getattr(plain, "_llm_token_budget", None)) is not None:
        guards = tuple(each for each in earlier[1] if each.budget is not guard.budget) + guards
        plain = earlier[0]
    hooks = _async_hooks if inspect.iscoroutinefunction(plain._request_raw) else _plain_hooks
    names: dict[str, Any] = {
        **hooks(plain, guards),
        "_llm_token_budget": (plain, guards),
        "__module__": plain.__module__,
        "__qualname__": plain.__qualname__,
        "__doc__": plain.__doc__,
    }
    metaclass = cast("Any", type(plain))
    guarded = object.__new__(metaclass(plain.__name__, (plain,), names))
    guarded.__dict__.update(vars(client))
    return guarded


def _begin(guards: tuple[Guard, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> GuardedCall | None:
    method, path = (*args, "", "")[:2]
    if str(method).lower() != "post":
        return None
    body = kwargs.get("json")
    return guarded_call(guards, DIALECT, urlsplit(str(path)).path, body if is_object(body) else None, "ollama")


def _clamped(call: GuardedCall, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The request's arguments with its maximum lowered. Replaced, not mutated."""
    most = call.clamp
    if most is None or not call.endpoint.fold:
        return kwargs
    body = kwargs["json"]
    return {**kwargs, "json": {**body, "options": {**mapping(body.get("options")), "num_predict": most}}}


_held: ContextVar[Sequence[Reservation]] = ContextVar("llm_token_budget.ollama", default=())
"""What the latest answer was charged to: the SDK makes its object of it a moment later."""


def _plain_hooks(plain: Any, guards: tuple[Guard, ...]) -> dict[str, Any]:
    def _request_raw(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = _begin(guards, args, kwargs)
        if call is None:
            return plain._request_raw(self, *args, **kwargs)
        call.reserve()
        call.sent = True
        try:
            response = plain._request_raw(self, *args, **_clamped(call, kwargs))
        except BaseException as error:
            call.failed(error=error)
            raise
        reading, estimated = read_bill(call, response.content)
        _held.set(call.reservations)
        for reservation, charge in call.charges(reading, estimated=estimated):
            end(reservation, charge)
        remember(response, response, _held.get())
        return response

    def _request(self: Any, cls: Any, *args: Any, stream: bool = False, **kwargs: Any) -> Any:
        call = _begin(guards, args, kwargs) if stream else None
        if call is None:
            _held.set(())
            answer = plain._request(self, cls, *args, stream=stream, **kwargs)
            remember(None, answer, _held.get())
            return answer
        call.reserve()
        answer = PlainStream(call, plain._request(self, cls, *args, stream=True, **_clamped(call, kwargs)))
        remember(None, answer, call.reservations)
        return answer

    return {"_request_raw": _request_raw, "_request": _request}


def _async_hooks(plain: Any, guards: tuple[Guard, ...]) -> dict[str, Any]:
    async def _request_raw(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = _begin(guards, args, kwargs)
        if call is None:
            return await plain._request_raw(self, *args, **kwargs)
        await call.areserve()
        call.sent = True
        try:
            response = await plain._request_raw(self, *args, **_clamped(call, kwargs))
        except Exception as error:
            await call.afailed(error=error)
            raise
        except BaseException as error:
            call.failed_later(error)
            raise
        reading, estimated = read_bill(call, response.content)
        _held.set(call.reservations)
        for reservation, charge in call.charges(reading, estimated=estimated):
            await aend(reservation, charge)
        remember(response, response, _held.get())
        return response

    async def _request(self: Any, cls: Any, *args: Any, stream: bool = False, **kwargs: Any) -> Any:
        call = _begin(guards, args, kwargs) if stream else None
        if call is None:
            _held.set(())
            answer = await plain._request(self, cls, *args, stream=stream, **kwargs)
            remember(None, answer, _held.get())
            return answer
        await call.areserve()
        inner = await plain._request(self, cls, *args, stream=True, **_clamped(call, kwargs))
        answer = AsyncStream(call, inner)
        remember(None, answer, call.reservations)
        return answer

    return {"_request_raw": _request_raw, "_request": _request}
