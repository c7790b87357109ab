"""A budget on a file, and the dashboard over it, served by uvicorn."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx2
import pytest
import uvicorn

from llm_token_budget import BudgetManager, Limit
from llm_token_budget.dashboard.server import build_app

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def budget(tmp_path) -> Iterator[BudgetManager]:
    """Ada spent $0.45 of her $0.50, somebody with a hostile name $0.01; a call of bob's is in flight."""
    with BudgetManager(
        global_cost_limit="1.00",
        limits=[Limit(usd="0.50", scope="user", window="day", name="plan")],
        missing_user="share",
        ledger=f"sqlite:///{tmp_path / 'budget.db'}?synchronous=normal",
    ) as budget:
        for user, usd in (("ada", "0.45"), (HOSTILE, "0.01"), ("bob \"'&", "0.02")):
            with budget.reserve(usd=usd, user_key=user) as reservation:
                reservation.settle(usd=usd)
        yield budget


@pytest.fixture
def serve():
    """Serve an application; the address. Ends after the test."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def served(app) -> str:
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        running.append((server, thread))
        until = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < until
            time.sleep(0.01)
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield served
    for server, thread in running:
        server.should_exit = True
        thread.join(30)


@pytest.fixture
def address(budget, serve) -> str:
    return serve(build_app(budget))


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30) as client:
        yield client
