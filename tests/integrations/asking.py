"""Asking applications without a server: what goes in and what comes out, as the protocols say it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field

from llm_token_budget import LedgerUnavailable, MemoryLedger


@dataclass
class Answered:
    """What an application sent."""

    messages: list[dict] = field(default_factory=list)

    @property
    def status(self):
        return self.messages[0]["status"]

    @property
    def headers(self):
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def json(self):
        return json.loads(self.body)


def http_scope(path="/", *, method="POST", headers=(), query=b"", **more):
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.encode(), value) for name, value in headers],
        "client": ("192.0.2.7", 4711),
        **more,
    }


async def ask(app, path="/", *, body=(b"",), scope=None, **request):
    """One HTTP request to an ASGI application."""
    answered = Answered()
    pieces = [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
    pieces[-1]["more_body"] = False

    async def receive():
        return pieces.pop(0) if pieces else {"type": "http.disconnect"}

    async def send(message):
        answered.messages.append(message)

    await app(http_scope(path, **request) if scope is None else scope, receive, send)
    return answered


def environ(path="/", *, method="POST", body=b"", **more):
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        **more,
    }


class AwayLedger(MemoryLedger):
    """A ledger that can't be reached."""

    def look(self, claim, *, count_blocked=False):
        raise LedgerUnavailable("connection refused")

    reserve = look


def spend(budget, user, tokens):
    """What a user has already spent."""
    budget.record(input_tokens=tokens, user_key=user)
