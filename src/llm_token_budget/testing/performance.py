"""A request answered on paper: everything that is sent and billed, before anything is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from llm_token_budget.testing.answer import Answer, Order, answer
from llm_token_budget.testing.billing import BillLine
from llm_token_budget.testing.error_bodies import error_body
from llm_token_budget.testing.events import Event
from llm_token_budget.testing.fields import BadRequest, as_mapping
from llm_token_budget.testing.http1 import HttpRequest
from llm_token_budget.testing.received import Json, ReceivedRequest, without_credentials
from llm_token_budget.testing.reply import Reply
from llm_token_budget.testing.routes import find_endpoint, split_address
from llm_token_budget.testing.script import Script

_JSON = "application/json"
_REDIRECTION = 300
"""From this status on nothing was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What one request gets, and how."""

    reply: Reply
    status: int
    headers: dict[str, str]
    body: bytes | Iterator[Event]
    error_event: Event | None = None
    """What a stream sends when it fails on order."""
    line: BillLine | None = None
    """The line of the whole answer; None where nothing is billed."""


def receive(http: HttpRequest, number: int) -> ReceivedRequest:
    """A request as the provider's owner gets to see it.

    Raises:
        BadRequest: the body is not a JSON object.
    """
    parts = urlsplit(http.target)
    provider, path = split_address(unquote(parts.path))
    return ReceivedRequest(
        number=number,
        provider=provider,
        method=http.method,
        path=path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=without_credentials(http.headers),
        body=_read_json(http),
        at=datetime.now(UTC),
    )


def perform(request: ReceivedRequest, script: Script) -> Performance:
    """Decide everything about the answer to a request."""
    endpoint = find_endpoint(request.provider, request.method, request.path)
    if endpoint is None:
        return _perform_elsewhere(request, script.choose(request, is_paid=False))
    try:
        order = endpoint.read(request)
    except BadRequest as error:
        return refuse(request.provider, request.number, 400, error.message, param=error.param)
    reply = script.choose(request, is_paid=endpoint.is_paid)
    answered = answer(order, reply, id=f"{endpoint.id_prefix}{request.number:024d}")
    is_billed = endpoint.is_paid and reply.is_billed
    line = _line(request, answered, order) if is_billed else None
    if reply.body is not None or reply.status >= _REDIRECTION:
        return _own_answer(request, reply, line)
    if order.stream and endpoint.stream is not None:
        return Performance(
            reply=reply,
            status=reply.status,
            headers={"content-type": endpoint.content_type, "cache-control": "no-cache"} | _headers(request, reply),
            body=endpoint.stream(request, order, answered),
            error_event=endpoint.stream_error,
            line=line,
        )
    body = _dump(endpoint.whole(request, order, answered))
    headers = {"content-type": _JSON} | _headers(request, reply)
    return Performance(reply=reply, status=reply.status, headers=headers, body=body, line=line)


def _perform_elsewhere(request: ReceivedRequest, reply: Reply) -> Performance:
    """Answer where no endpoint is: a handler may play one of its own, by `Reply(body=...)`."""
    if reply.body is not None or reply.status >= _REDIRECTION:
        return _own_answer(request, reply, None)
    return refuse(request.provider, request.number, 404, f"Unknown request: {request.method} {request.path}")


def _own_answer(request: ReceivedRequest, reply: Reply, line: BillLine | None) -> Performance:
    """Answer with the body that was ordered, or with an error in the vendor's shape."""
    body = reply.body
    if body is None:
        message = f"The loopback provider was told to answer {reply.status}."
        body = error_body(request.provider, reply.status, message, request_id=f"req-{request.number}")
    if isinstance(body, str):
        content_type, sent = ("text/html" if body.lstrip().startswith("<") else "text/plain"), body.encode()
    else:
        content_type, sent = _JSON, _dump(dict(body))
    headers = {"content-type": content_type} | _headers(request, reply)
    return Performance(reply=reply, status=reply.status, headers=headers, body=sent, line=line)


def refuse(provider: str, number: int, status: int, message: str, *, param: str | None = None) -> Performance:
    """An error that nobody ordered: the request is wrong, or the script is. Trying again would not help."""
    reply = Reply(status=status, headers={"x-should-retry": "false"})
    body = error_body(provider, status, message, param=param, request_id=f"req-{number}")
    headers = {"content-type": _JSON} | _request_id(provider, number) | dict(reply.headers)
    return Performance(reply=reply, status=status, headers=headers, body=_dump(body))


def _read_json(http: HttpRequest) -> Json:
    if not http.body:
        return {}
    try:
        body = json.loads(http.body)
    except ValueError:
        raise BadRequest("We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body of the request must be a JSON object.")
    return as_mapping(body)


def _headers(request: ReceivedRequest, reply: Reply) -> dict[str, str]:
    after = {} if reply.retry_after is None else {"retry-after": str(reply.retry_after)}
    own = {name.lower(): text for name, text in reply.headers.items()}
    return _request_id(request.provider, request.number) | after | own


def _request_id(provider: str, number: int) -> dict[str, str]:
    return {"request-id" if provider == "anthropic" else "x-request-id": f"req-{number}"}


def _line(request: ReceivedRequest, answered: Answer, order: Order) -> BillLine:
    return BillLine(
        id=answered.id,
        provider=request.provider,
        path=request.path,
        model=answered.model,
        requested_model=order.model,
        input_tokens=answered.input_tokens,
        output_tokens=answered.output_tokens,
        cached_tokens=answered.cached_tokens,
        cache_write_tokens=answered.cache_write_tokens,
        cache_write_1h_tokens=answered.cache_write_1h_tokens,
        reasoning_tokens=answered.all_reasoning_tokens,
        service_tier=answered.service_tier,
        usd=None,
        streamed=order.stream,
        complete=True,
        at=request.at,
    )


def _dump(payload: Any) -> bytes:
    return json.dumps(payload).encode()
