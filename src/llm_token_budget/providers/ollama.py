"""Ollama: chat, generate, embed; its client has a seam of its own."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
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
from llm_token_budget.providers.ollama_streams import AsyncStream, plain_stream
from llm_token_budget.providers.receipt_for import remember
from llm_token_budget.providers.server import Lowered, Server, add_hint
from llm_token_budget.providers.usage_reading import read_ollama, read_ollama_embedding

if TYPE_CHECKING:
    from llm_token_budget.reservation import Reservation

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


def _clamped(call: GuardedCall, kwargs: dict[str, Any]) -> tuple[dict[str, Any], Lowered | None]:
    """The request's arguments with its maximum lowered (replaced, not mutated), and what that changed."""
    most = call.clamp
    if most is None or not call.endpoint.fold:
        return kwargs, None
    body = kwargs["json"]
    options = mapping(body.get("options"))
    lowered = Lowered("options.num_predict", positive(options.get("num_predict")), most, renamable=False)
    return {**kwargs, "json": {**body, "options": {**options, "num_predict": most}}}, lowered


_held: ContextVar[Sequence[Reservation]] = ContextVar("llm_token_budget.ollama", default=())
"""What the latest answer was charged to: the SDK makes its object of it a moment later."""


def _plain_hooks(plain: Any, guards: tuple[Guard, ...]) -> dict[str, Any]:
    def _request_raw(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = _begin(guards, args, kwargs)
        if call is None:
            return plain._request_raw(self, *args, **kwargs)
        call.reserve()
        kwargs, lowered = _clamped(call, kwargs)
        call.sent = True
        try:
            response = plain._request_raw(self, *args, **kwargs)
        except BaseException as error:
            call.failed(error=error)
            add_hint(error, asked_usage=False, lowered=lowered)
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
        kwargs, lowered = _clamped(call, kwargs)
        answer = plain_stream(call, plain._request(self, cls, *args, stream=True, **kwargs), lowered)
        remember(None, answer, call.reservations)
        return answer

    return {"_request_raw": _request_raw, "_request": _request}


def _async_hooks(plain: Any, guards: tuple[Guard, ...]) -> dict[str, Any]:
    async def _request_raw(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = _begin(guards, args, kwargs)
        if call is None:
            return await plain._request_raw(self, *args, **kwargs)
        await call.areserve()
        kwargs, lowered = _clamped(call, kwargs)
        call.sent = True
        try:
            response = await plain._request_raw(self, *args, **kwargs)
        except Exception as error:
            await call.afailed(error=error)
            add_hint(error, asked_usage=False, lowered=lowered)
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
        kwargs, lowered = _clamped(call, kwargs)
        answer = AsyncStream(call, await plain._request(self, cls, *args, stream=True, **kwargs), lowered)
        remember(None, answer, call.reservations)
        return answer

    return {"_request_raw": _request_raw, "_request": _request}
