"""Alerts over HTTP, to a server on this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from llm_token_budget import BudgetManager
from llm_token_budget.alerts import Webhook, webhook


@pytest.fixture
def receiver():
    """A server that answers with the statuses it is given, then 200, and keeps what it got."""
    got: list[dict] = []
    statuses: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append({"json": json.loads(body), "authorization": self.headers.get("Authorization")})
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, *args):
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server, got, statuses
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(webhook, "FIRST_PAUSE", 0.0)


def told(server, **options) -> None:
    hook = Webhook(f"http://127.0.0.1:{server.server_port}/services/sesame", **options)
    with BudgetManager(global_cost_limit="0.10", alerts=[0.5], on_alert=hook) as budget:
        budget.record(cost="0.06")


def test_an_alert_is_posted_as_json(receiver):
    """With a text for people and figures for programs."""
    server, got, _ = receiver
    told(server, headers={"Authorization": "Bearer open"})
    assert len(got) == 1
    assert got[0]["authorization"] == "Bearer open"
    assert got[0]["json"]["spent"] == "0.06"
    assert got[0]["json"]["threshold"] == "0.5"
    assert "50% reached" in got[0]["json"]["text"]


def test_failures_that_may_pass_are_tried_again(receiver):
    """A 503 and a 429 are followed by another attempt."""
    server, got, statuses = receiver
    statuses += [503, 429]
    told(server)
    assert len(got) == 3


def test_a_final_no_is_not_tried_again_and_keeps_the_address_secret(receiver, caplog):
    """A 404 stays one; the log names the host and the alert, nothing else."""
    server, got, statuses = receiver
    statuses += [404]
    told(server, headers={"Authorization": "Bearer open"})
    assert len(got) == 1
    assert "HTTP 404" in caplog.text
    assert "sesame" not in caplog.text
    assert "open" not in caplog.text
