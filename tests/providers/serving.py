"""A server inside the HTTP client, for endpoints that the loopback provider doesn't have."""

from __future__ import annotations

import json
from typing import Any

from .driving import http_library


class Server:
    """Answers one path in this order, the last answer again and again. Takes forms, which the loopback provider doesn't."""

    def __init__(self, bench: Any, path: str, *answers: dict[str, Any] | str) -> None:
        self._path = path
        self._answers = list(answers)
        self.requests = 0
        self.last: Any = None
        self._library = http_library("openai")
        transport = self._library.MockTransport(self._answer)
        self.client = bench.client("openai", http_client=bench.http_client("openai", transport=transport))

    def _answer(self, request: Any) -> Any:
        assert self._path in request.url.path
        self.requests += 1
        self.last = request
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        content, kind = (
            (answer, "text/event-stream") if isinstance(answer, str) else (json.dumps(answer), "application/json")
        )
        # Sent in pieces: an answer that is all there is read in another way.
        stream = self._library.ByteStream(content.encode())
        return self._library.Response(200, headers={"content-type": kind}, stream=stream)


def events(*bodies: dict[str, Any]) -> str:
    return "".join(f"event: {body['type']}\ndata: {json.dumps(body)}\n\n" for body in bodies)
