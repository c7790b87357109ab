"""What Flask needs beyond WSGI: a view's refusal is answered inside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llm_token_budget.errors import BudgetExceeded, LedgerUnavailable

Answering = Callable[[dict[str, Any], Exception], Any]
"""From the environment and the error to a WSGI application that answers; None: it is somebody else's."""


def answer_in_flask(app: object, answer: Answering) -> None:
    """Register handlers for what views let escape, if the application is one of Flask's. The developer's own go first."""
    flask_app: Any = getattr(app, "__self__", app)
    register = getattr(flask_app, "register_error_handler", None)
    specified = getattr(flask_app, "error_handler_spec", None)
    if register is None or specified is None:
        return
    for kind in (BudgetExceeded, LedgerUnavailable):
        if kind not in specified[None][None]:
            register(kind, _handler(answer))


def _handler(answer: Answering) -> Callable[[Exception], Any]:
    def handle(error: Exception) -> Any:
        from flask import request

        given = answer(request.environ, error)
        if given is None:
            raise error
        return given

    return handle
