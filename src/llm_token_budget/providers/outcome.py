"""How a failed attempt ended, and so whether it was billed.

A provider's own errors are not billed; an answer that was lost on the way may have been. A kept-alive connection that the
server closed before it said a word was, as far as anybody can tell, closed before the request was worked on.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Literal

from llm_token_budget.providers.dialect import parse_object

Outcome = Literal["free", "unknown", "unread"]

# httpx's names, httpx2's, httpcore's: told apart by name, so that neither has to be imported.
NEVER_LEFT: Final = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL"}
PERHAPS_BILLED: Final = {"TimeoutException", "NetworkError", "ProtocolError", "TransportError", "RemoteProtocolError"}

DISCONNECTED: Final = {"RemoteProtocolError", "ReadError"}
"""How an attempt fails whose connection is closed or reset by the server while its answer is waited for."""

HANDLERS: Final = {"handle_request", "handle_async_request"}

OWN_ERRORS: Final = {500, 502, 503, 529}
"""Statuses with which providers answer by themselves when they fail, if a JSON error body comes with them."""


def of_response(response: Any) -> Outcome:
    """How an attempt ended that was answered with an error status."""
    status = int(response.status_code)
    if status < 500:
        return "unknown" if status == 408 else "free"
    return "free" if status in OWN_ERRORS and _has_error_body(response) else "unknown"


def of_exception(error: BaseException) -> Outcome:
    """How an attempt ended that raised, after it was handed to the transport."""
    for each in _causes(error):
        response = getattr(each, "response", None)
        if response is not None and hasattr(response, "status_code"):
            return of_response(response)
        names = {base.__name__ for base in type(each).__mro__}
        if names & NEVER_LEFT:
            return "free"
        if names & PERHAPS_BILLED:
            return "unread" if _came_on_a_stale_connection(each) else "unknown"
    return "unknown"


def _came_on_a_stale_connection(error: BaseException) -> bool:
    """Whether a kept-alive connection, used before, ended without one byte of an answer.

    Looked up where the error comes from, in httpcore's connection: its `trace` extension would say the same, and cost each
    call ten callbacks. What can't be found there counts as a fresh connection.
    """
    for each in _causes(error):
        if type(each).__name__ not in DISCONNECTED:
            continue
        # The first one found: older causes may be of an earlier call, that was being handled when this one was made.
        for requests, state in _connections(each.__traceback__):
            return requests > 1 and str(state.their_state) == "SEND_RESPONSE" and not state.trailing_data[0]
    return False


def _connections(trace: TracebackType | None) -> Iterator[tuple[int, Any]]:
    """How many requests were sent on the HTTP/1.1 connections of httpcore (or httpcore2) in a traceback, and their state."""
    while trace is not None:
        owner = trace.tb_frame.f_locals.get("self") if trace.tb_frame.f_code.co_name in HANDLERS else None
        requests, state = getattr(owner, "_request_count", None), getattr(owner, "_h11_state", None)
        if isinstance(requests, int) and state is not None:
            yield requests, state
        trace = trace.tb_next


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _has_error_body(response: Any) -> bool:
    if "json" not in str(response.headers.get("content-type", "")).lower():
        return False
    if not hasattr(response, "_content"):
        return True  # A streamed request's error was closed unread: the header has to do.
    body = parse_object(response.content)
    return body is not None and ("error" in body or body.get("type") == "error")
