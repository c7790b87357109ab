"""Servers that are reached over TLS: `rediss://` and `postgresql://...?sslmode=`, with threads and with tasks."""

from __future__ import annotations

import pytest

from llm_token_budget import BudgetManager, LedgerUnavailable, Usage

from .postgres_server import new_schema, postgres
from .servers import new_prefix, valkey
from .tls import TLSProxy, certificate


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """The server's, and a stranger's."""
    folder = tmp_path_factory.mktemp("certificates")
    return certificate(folder, "server"), certificate(folder, "stranger")


def redis_url(port, trusted):
    prefix = new_prefix().replace("{", "%7B").replace("}", "%7D")
    return f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={trusted}&prefix={prefix}"


def postgres_url(port, trusted):
    schema = new_schema().replace(" ", "%20")
    url = postgres().url.replace(f":{postgres().port}/", f":{port}/")
    return f"{url}?sslmode=verify-full&sslrootcert={trusted}&schema={schema}"


STORES = {"redis": (valkey, redis_url), "postgres": (postgres, postgres_url)}


@pytest.fixture(params=STORES)
def secured(request, certificates):
    """A proxy that speaks TLS, and the address of a ledger behind it for those who trust a certificate."""
    start, url = STORES[request.param]
    with TLSProxy(start().port, certificates[0], asked=request.param == "postgres") as proxy:
        yield proxy, lambda trusted: url(proxy.port, trusted)


def test_threads_spend_over_tls(secured, certificates):
    """The certificate is checked, and what is sent is encrypted."""
    proxy, url = secured
    with BudgetManager(per_user_token_limit=100, ledger=url(certificates[0])) as budget:
        with budget.reserve(tokens=50, user_key="ada") as reservation:
            reservation.settle(Usage(input_tokens=40))
        assert budget.get_user_stats("ada").total_tokens == 40
    assert proxy.encrypted


async def test_tasks_spend_over_tls(secured, certificates):
    """The same with the async driver."""
    proxy, url = secured
    async with BudgetManager(per_user_token_limit=100, ledger=url(certificates[0])) as budget:
        async with budget.reserve(tokens=50, user_key="ada") as reservation:
            await reservation.asettle(Usage(input_tokens=40))
        assert (await budget.aget_user_stats("ada")).total_tokens == 40
    assert proxy.encrypted


def test_a_stranger_is_told_nothing(secured, certificates):
    """A server with another certificate than the trusted one can't be reached: nothing is sent, the call is refused."""
    proxy, url = secured
    budget = BudgetManager(per_user_token_limit=100, ledger=url(certificates[1]))
    with pytest.raises(LedgerUnavailable), budget.reserve(tokens=50, user_key="ada"):
        pass
    budget.close()
    assert not proxy.encrypted
