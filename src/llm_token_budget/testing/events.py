"""What a stream is made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

SSE = "text/event-stream; charset=utf-8"
NDJSON = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream, and the output tokens that were produced for it."""

    data: bytes
    output_tokens: int = 0


def sse(payload: Any, *, name: str | None = None, output_tokens: int = 0) -> Event:
    """A server-sent event; OpenAI and Groq leave its name out."""
    head = f"event: {name}\n" if name else ""
    return Event(f"{head}data: {json.dumps(payload)}\n\n".encode(), output_tokens)


def ndjson(payload: Any, *, output_tokens: int = 0) -> Event:
    """One line of JSON, as Ollama streams."""
    return Event(json.dumps(payload).encode() + b"\n", output_tokens)


DONE = Event(b"data: [DONE]\n\n")
"""The last event of OpenAI's and Groq's chat streams."""
