"""How a failed attempt ended, and so whether it was billed.

A provider's own errors are not billed; an answer that was lost on the way may have been.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from llm_token_budget.providers.dialect import parse_object

Outcome = Literal["free", "unknown"]

# httpx's names, httpx2's, httpcore's: told apart by name, so that neither has to be imported.
NEVER_LEFT: Final = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL"}
PERHAPS_BILLED: Final = {"TimeoutException", "NetworkError", "ProtocolError", "TransportError", "RemoteProtocolError"}

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
            return "unknown"
    return "unknown"


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
