"""Asking the provider how many tokens a request is, before it is sent: `BudgetManager(count="provider")`.

What a provider can't count, or doesn't answer, is estimated: a request never fails because counting did.

Anthropic counts messages, OpenAI responses. OpenAI counts no chat completions, but a chat of nothing but texts is the same
input as a response of these texts, so it is asked as one. Chats with tools, tool calls, names, schemas, images, sound or
files are not asked: what both forms make of them differs in ways that nobody publishes. They are estimated.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from llm_token_budget.providers.chat import USUAL_FIELDS
from llm_token_budget.providers.content import items_of
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


_ROLES: Final = {"system": "input_text", "developer": "input_text", "user": "input_text", "assistant": "output_text"}
"""What a text is called in a response's input, by who says it."""


def as_response(body: Body) -> dict[str, Any] | None:
    """A chat completion's request as one for a response that reads the same; None if it is more than texts."""
    if not body.keys() <= USUAL_FIELDS or not isinstance(body.get("model"), str):
        return None
    items = [_as_item(message) for message in items_of(body.get("messages"))]
    if not items or None in items:
        return None
    return {"model": body["model"], "input": items}


def _as_item(message: object) -> dict[str, Any] | None:
    said = mapping(message)
    content, kind = said.get("content"), _ROLES.get(str(said.get("role")))
    if kind is None or set(said) != {"role", "content"}:
        return None
    if isinstance(content, str):
        return {"role": said["role"], "content": content}
    texts = [mapping(part).get("text") if mapping(part).get("type") == "text" else None for part in items_of(content)]
    if not texts or not all(isinstance(text, str) for text in texts):
        return None
    return {"role": said["role"], "content": [{"type": kind, "text": text} for text in texts]}


def chosen(body: Body, fields: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a request that a counting endpoint takes."""
    return {name: body[name] for name in fields if body.get(name) is not None}


def runs_at_the_server(tool: object, own: tuple[str, ...]) -> bool:
    """Whether a tool is one that counting endpoints refuse: the provider's own."""
    said: Mapping[str, Any] = mapping(tool)
    return not str(said.get("type") or "custom").startswith(own)
