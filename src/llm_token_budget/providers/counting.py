"""Asking the provider how many tokens a request is, before it is sent: `BudgetManager(count="provider")`.

What a provider can't count, or doesn't answer, is estimated: a request never fails because counting did.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from llm_token_budget.providers.dialect import Body, mapping, positive

if TYPE_CHECKING:
    from llm_token_budget.providers.guard import GuardedCall

logger: Final = logging.getLogger("llm_token_budget")

SECONDS: Final = 5.0
"""So long an answer is waited for."""

GIVE_UP: Final = 3
"""After so many failures in a row a client is not asked again: the endpoint is not there."""


class Question(NamedTuple):
    """A request to a counting endpoint."""

    call: GuardedCall
    path: str
    body: dict[str, Any]

    @property
    def arguments(self) -> dict[str, Any]:
        """As `client.post` takes them."""
        options = {"max_retries": 0, "timeout": SECONDS}
        return {"path": self.path, "cast_to": object, "body": self.body, "options": options}


class Counting:
    """How one client's counting endpoint behaves."""

    def __init__(self) -> None:
        self._failures = 0

    def question(self, call: GuardedCall | None) -> Question | None:
        """What to ask about a call; None if it costs nothing, or nobody can say."""
        if call is None or self._failures >= GIVE_UP:
            return None
        asked = call.endpoint.counted_by(call.body)
        return None if asked is None else Question(call, *asked)

    def answered(self, question: Question, answer: object) -> None:
        """Take the answer."""
        tokens = positive(mapping(answer).get("input_tokens"))
        if tokens:
            self._failures = 0
            question.call.counted(tokens)
        else:
            self.failed(None)

    def failed(self, error: BaseException | None) -> None:
        """There was none: the estimate counts."""
        self._failures += 1
        name = "its answer can't be read" if error is None else type(error).__name__
        logger.warning("the provider could not be asked how many tokens a request is (%s): it is estimated", name)


def chosen(body: Body, fields: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a request that a counting endpoint takes."""
    return {name: body[name] for name in fields if body.get(name) is not None}


def runs_at_the_server(tool: object, own: tuple[str, ...]) -> bool:
    """Whether a tool is one that counting endpoints refuse: the provider's own."""
    said: Mapping[str, Any] = mapping(tool)
    return not str(said.get("type") or "custom").startswith(own)
