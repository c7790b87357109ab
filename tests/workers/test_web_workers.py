"""Several workers of a web server, one budget: the limit holds, and a deploy leaves nothing open or unconfirmed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from llm_token_budget import BudgetManager
from llm_token_budget.testing import Reply

from ..ledgers.postgres_server import new_schema, postgres
from ..ledgers.servers import new_prefix, valkey
from .serving import environment, free_port, serving, status, stopped, until_refused

GUNICORN = ["gunicorn", "wsgi_app:app", "--workers", "3", "--threads", "4", "--config", "python:wsgi_app"]
UVICORN = ["uvicorn", "asgi_app:app", "--workers", "3"]
LIMIT = 3_000


def command_of(server: str, port: int) -> list[str]:
    match server:
        case "uvicorn":
            return [*UVICORN, "--port", str(port), "--log-level", "warning"]
        case "preloaded":
            return [*GUNICORN, "--preload", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
        case _:
            return [*GUNICORN, "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]


def url_of(store: str, folder) -> str:
    from urllib.parse import quote

    match store:
        case "sqlite":
            return f"sqlite:///{folder}/budget.db"
        case "redis":
            return f"{valkey().url}/0?prefix={quote(new_prefix())}"
        case _:
            return f"{postgres().url}?schema={quote(new_schema())}"


@pytest.fixture
def provider(loopback_provider):
    loopback_provider.reply(Reply(output_tokens=60, latency=0.01))
    return loopback_provider


@pytest.mark.parametrize("store", ["sqlite", "redis", "postgresql"])
@pytest.mark.parametrize("server", ["gunicorn", "uvicorn", "preloaded"])
def test_the_limit_holds_over_all_workers(server, store, tmp_path, provider):
    """Twelve threads ask three workers until each is refused: account and bill are equal, inside the limit."""
    ledger, port = url_of(store, tmp_path), free_port()
    used = {"BUDGET_USED_BEFORE_THE_FORK": "1"} if server == "preloaded" else {}
    env = environment(ledger, provider.openai_base_url, BUDGET_LIMIT=str(LIMIT), **used)
    with serving(command_of(server, port), env, port) as running:
        statuses = until_refused(port, 12)
        stopped(running)
    assert set(statuses) == {200, 429}
    with BudgetManager(per_user_token_limit=LIMIT, ledger=ledger) as budget:
        stats = budget.get_user_stats("ada")
    provider.wait_until_idle()
    assert stats.total_tokens == provider.bill.total_tokens <= LIMIT
    assert stats.requests == statuses[200]
    assert not stats.reserved
    assert not stats.unconfirmed


@pytest.mark.parametrize("server", ["gunicorn", "uvicorn", "preloaded"])
def test_a_deploy_leaves_nothing_open_and_nothing_unconfirmed(server, tmp_path, provider):
    """Streams that nobody reads on, unread ones, and calls on their way when SIGTERM comes."""
    provider.reply(Reply(output_tokens=60, chunk_latency=0.001, latency=0.3))
    ledger, port = url_of("sqlite", tmp_path), free_port()
    env = environment(ledger, provider.openai_base_url, BUDGET_LIMIT="1000000")
    with serving(command_of(server, port), env, port) as running:
        assert [status(port, f"/leave-open?{number}") for number in (0, 0, 5, 9)] == [200] * 4
        with ThreadPoolExecutor(6) as threads:
            before = provider.request_count
            asked = [threads.submit(status, port, "/chat") for _ in range(6)]
            while provider.request_count < before + 6:
                assert not all(each.done() for each in asked)
            stopped(running)
            answered = [each.result() for each in asked]
    with BudgetManager(per_user_token_limit=LIMIT, ledger=ledger) as budget:
        stats = budget.get_user_stats("ada")
        assert not budget.unconfirmed()
    assert not stats.reserved
    assert not stats.unconfirmed
    assert stats.requests == 4 + 6
    assert stats.estimated_requests == 4
    assert answered.count(200) == 6
