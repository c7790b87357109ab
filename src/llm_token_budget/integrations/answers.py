"""What a web client is told when a door is shut: statuses, headers and bodies. Pure.

Never in them: keys, amounts and names of limits. Whoever asks may not be who pays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, Literal, NamedTuple, cast

from llm_token_budget.errors import STOPPED, BudgetExceeded, Refusal

ErrorFormat = Literal["npm", "openai", "anthropic", "problem"]

COME_BACK: Final = 3600
"""Seconds in `Retry-After` where only a person can help: a client that asks again in an hour finds a raised limit."""

LEDGER_AWAY: Final = 5
"""Seconds in `Retry-After` while the ledger can't be reached."""

LONGEST_WAIT: Final = 400 * 86_400
"""Seconds in `Retry-After` at most: some clients choke on more."""


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """ASCII only."""
    body: bytes

    @property
    def status_line(self) -> str:
        """As WSGI wants it."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"{self.status} Refused"


class Wording(NamedTuple):
    """What is to be said, before it is put in a format."""

    status: int
    error: str
    """`budget_exceeded`, `budget_unavailable`, `missing_user`, `bad_request`."""
    reason: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()


def exceeded(error: BudgetExceeded | Refusal, status: int) -> Wording:
    """A limit has no room.

    Without `x-should-retry: false` the SDKs of openai and anthropic try three times; held room comes back, so they may.
    """
    seconds = error.retry_after
    wait = COME_BACK if seconds is None else min(max(math.ceil(seconds), 1), LONGEST_WAIT)
    headers = [("retry-after", str(wait))]
    if not error.held:
        headers.append(("x-should-retry", "false"))
    return Wording(status, "budget_exceeded", error.reason, f"Token budget exceeded. {_why(error)}", tuple(headers))


def unavailable() -> Wording:
    """The ledger can't be reached, and nothing may be spent unseen."""
    return Wording(
        503,
        "budget_unavailable",
        "ledger_unavailable",
        "The budget can't be looked up at the moment. Try again later.",
        (("retry-after", str(LEDGER_AWAY)),),
    )


def missing_user() -> Wording:
    """A limit per user applies, and the application knows no user."""
    message = "Nobody is named whose budget this could be. Sign in first."
    return Wording(403, "missing_user", "missing_user", message)


def bad_request(status: int, reason: str, message: str) -> Wording:
    """The client sent what can't be used."""
    return Wording(status, "bad_request", reason, message)


def written(wording: Wording, error_format: ErrorFormat) -> Answer:
    """The answer in the format that the application's clients read."""
    return json_answer(wording.status, _FORMATS[error_format](wording), wording.headers, media_type(error_format))


def json_answer(
    status: int, content: Any, headers: tuple[tuple[str, str], ...] = (), media_type: str = "application/json"
) -> Answer:
    """An answer with a JSON body: ASCII, whatever is in it."""
    body = json.dumps(content).encode()
    every = (("content-type", media_type), ("content-length", str(len(body))), ("cache-control", "no-store"), *headers)
    return Answer(status, every, body)


def content_of(wording: Wording, error_format: ErrorFormat) -> dict[str, Any]:
    """The JSON of the answer."""
    return _FORMATS[error_format](wording)


def _why(error: BudgetExceeded | Refusal) -> str:
    if error.reason == STOPPED:
        return "All calls are stopped at the moment."
    whose = _whose(error.limit.scope)
    if error.held:
        return f"Calls in flight hold what is left of the limit {whose}. Try again in a moment."
    state = "has no room for this request" if error.remaining > 0 else "is used up"
    until = "" if error.resets_at is None else f" until {error.resets_at:%Y-%m-%dT%H:%M}Z"
    return f"The limit {whose} {state}{until}."


def _whose(scope: tuple[str, ...]) -> str:
    return "of everyone together" if scope == ("global",) else f"per {' and '.join(scope)}"


def _npm(wording: Wording) -> dict[str, Any]:
    return {"error": wording.error, "reason": wording.reason, "message": wording.message}


# https://developers.openai.com/api/docs/guides/error-codes
_OPENAI_TYPES: Final = {"budget_exceeded": "insufficient_quota", "budget_unavailable": "server_error"}


def _openai(wording: Wording) -> dict[str, Any]:
    kind = _OPENAI_TYPES.get(wording.error, "invalid_request_error")
    code = wording.error if wording.error != "bad_request" else wording.reason
    return {"error": {"message": wording.message, "type": kind, "param": None, "code": code}}


# https://docs.claude.com/en/api/errors
_ANTHROPIC_TYPES: Final = {
    "budget_exceeded": "rate_limit_error",
    "budget_unavailable": "overloaded_error",
    "missing_user": "permission_error",
}


def _anthropic(wording: Wording) -> dict[str, Any]:
    kind = _ANTHROPIC_TYPES.get(wording.error, "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": wording.message}}


def _problem(wording: Wording) -> dict[str, Any]:
    """RFC 9457."""
    return {
        "type": f"urn:llm-token-budget:{wording.error}",
        "title": wording.error.replace("_", " ").capitalize(),
        "status": wording.status,
        "detail": wording.message,
        "reason": wording.reason,
    }


_FORMATS: Final = cast(
    "dict[str, Callable[[Wording], dict[str, Any]]]",
    {"npm": _npm, "openai": _openai, "anthropic": _anthropic, "problem": _problem},
)
ERROR_FORMATS: Final = tuple(_FORMATS)


def media_type(error_format: ErrorFormat) -> str:
    return "application/problem+json" if error_format == "problem" else "application/json"
