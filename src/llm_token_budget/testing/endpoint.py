"""An endpoint: how one path of one vendor reads requests and writes answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from llm_token_budget.testing.answer import Answer, Order
from llm_token_budget.testing.events import SSE, Event
from llm_token_budget.testing.received import ReceivedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Pure functions; everything that waits or writes is elsewhere."""

    read: Callable[[ReceivedRequest], Order]
    """What the request asks for; raises `BadRequest` for what the vendor would refuse."""
    whole: Callable[[ReceivedRequest, Order, Answer], Any]
    """The answer as one JSON value."""
    stream: Callable[[ReceivedRequest, Order, Answer], Iterator[Event]] | None = None
    stream_error: Event | None = None
    """The event that tells of an error in the middle of a stream."""
    content_type: str = SSE
    """Of the stream."""
    id_prefix: str = "req-"
    is_paid: bool = True
    """False where the vendor charges nothing: counts, lists, moderation."""


def reads_nothing(request: ReceivedRequest) -> Order:
    """For free endpoints that only look at the path."""
    return Order(model=request.model or "", generates=False)
