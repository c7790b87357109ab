"""Who gets which reply."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable

from llm_token_budget.testing.received import ReceivedRequest
from llm_token_budget.testing.reply import Reply

Handler = Callable[[ReceivedRequest], "Reply | None"]


class Script:
    """The orders: handlers first, then the queue, then the default. Safe to change while requests come in."""

    def __init__(self) -> None:
        self._default = Reply()
        self._queue: deque[Reply] = deque()
        self._handlers: tuple[Handler, ...] = ()
        self._lock = threading.Lock()

    def set_default(self, reply: Reply) -> None:
        with self._lock:
            self._default = reply

    def enqueue(self, replies: Iterable[Reply]) -> None:
        with self._lock:
            self._queue.extend(replies)

    def add_handler(self, handler: Handler) -> None:
        with self._lock:
            self._handlers += (handler,)

    def choose(self, request: ReceivedRequest, *, is_paid: bool) -> Reply:
        """The reply to a request. Free endpoints only ask the handlers, so that they use up no queued reply."""
        for handler in self._handlers:
            if (reply := handler(request)) is not None:
                return reply
        if not is_paid:
            return Reply()
        with self._lock:
            return self._queue.popleft() if self._queue else self._default
