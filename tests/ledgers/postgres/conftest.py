"""What tests of the PostgreSQL ledger share."""

from __future__ import annotations

from urllib.parse import quote

import psycopg
import pytest

from llm_token_budget.ledgers.postgres import PostgresLedger

from ..postgres_server import new_schema, postgres
from ..proxy import Proxy


@pytest.fixture
def schema():
    return new_schema()


@pytest.fixture
def url(schema):
    """The server's address. Connections made with it are known by the test's schema."""
    return f"{postgres().url}?application_name={quote(schema)}"


@pytest.fixture
def make(schema, url):
    """Ledgers on one schema; each is closed at the end."""
    made = []

    def make(address: str = url, **options) -> PostgresLedger:
        options.setdefault("schema", schema)
        made.append(PostgresLedger(address, **options))
        return made[-1]

    yield make
    for ledger in made:
        ledger.close()


@pytest.fixture
def database():
    with psycopg.connect(postgres().url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def proxy():
    with Proxy(postgres().port) as proxy:
        yield proxy


@pytest.fixture
def through(proxy):
    """The server's address through the proxy."""
    return postgres().url.replace(str(postgres().port), str(proxy.port))
