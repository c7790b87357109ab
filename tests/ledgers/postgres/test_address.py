"""Addresses of PostgreSQL ledgers: what is ours, what is libpq's, and what never goes into a message."""

from __future__ import annotations

import subprocess
import sys

import pytest

from llm_token_budget.errors import ConfigurationError, LedgerUnavailable
from llm_token_budget.ledgers.opening import open_ledger
from llm_token_budget.ledgers.postgres import PostgresLedger
from llm_token_budget.ledgers.postgres.address import Address, quoted, read_url

from ..postgres_server import new_schema, postgres


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://host/db", Address("postgresql://host/db")),
        ("postgresql://host/db?schema=my%20budget", Address("postgresql://host/db", schema="my budget")),
        (
            "postgres://u:p%3F@h:1,i:2/db?pool_size=3&timeout=0.5",
            Address("postgres://u:p%3F@h:1,i:2/db", pool_size=3, timeout=0.5),
        ),
        (
            "postgresql://h/db?sslmode=require&schema=a&options=-c%20x%3Dy+z&application_name=a%26b",
            Address("postgresql://h/db?sslmode=require&options=-c%20x%3Dy+z&application_name=a%26b", schema="a"),
        ),
        ("postgresql:///db?host=/var/run/postgresql", Address("postgresql:///db?host=/var/run/postgresql")),
    ],
)
def test_our_options_are_taken_out_and_the_rest_is_left_as_it_is(url, address):
    """libpq refuses options that it doesn't know, and reads its own by its own rules."""
    assert read_url(url) == address


@pytest.mark.parametrize(
    "option", ["pool_size=0", "pool_size=ten", "pool_size=", "timeout=0", "timeout=-1", "timeout=nan", "timeout=x"]
)
def test_options_that_make_no_sense_are_refused(option):
    """The message names the option."""
    with pytest.raises(ConfigurationError, match=option.split("=")[0]):
        read_url(f"postgresql://host/db?{option}")


@pytest.mark.parametrize("schema", ["", "x" * 64, "a\0b", "a$b", "\ud800", "\N{OCTOPUS}" * 16])
def test_schemas_that_cannot_be_are_refused(schema):
    """PostgreSQL would cut them short, or worse."""
    with pytest.raises(ConfigurationError, match="schema"):
        PostgresLedger("postgresql://host/db", schema=schema)


def test_a_schema_is_quoted():
    """Whatever stands in it is part of its name."""
    assert quoted('x"; DROP TABLE y; --') == '"x""; DROP TABLE y; --"'


def test_a_url_opens_a_ledger():
    """With both spellings of the scheme, and all that the manager says."""
    url = f"{postgres().url}?schema={new_schema().replace(' ', '%20')}&pool_size=2".replace("postgresql:", "postgres:")
    ledger = open_ledger(url, idle_seconds=60, on_error="allow")
    assert isinstance(ledger, PostgresLedger)
    ledger.ping()
    ledger.close()
    assert ledger.on_error == "allow"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:se%zzcret@127.0.0.1/db",
        "postgresql://me:secret@127.0.0.1/db?no_such_option=1",
        "host=127.0.0.1 password=secret dbname",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_showing_it(url):
    """libpq's own words may quote a password: neither they nor it are in the message, or in what it was caused by."""
    with pytest.raises(ConfigurationError, match="can't read") as refused:
        PostgresLedger(url)
    assert "cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_an_outage_does_not_show_the_password(caplog):
    """Neither the error, nor its causes, nor the log."""
    ledger = PostgresLedger("postgresql://me:secret@127.0.0.1:1/db", retry_for=0.0)
    with pytest.raises(LedgerUnavailable, match=r"postgresql://127\.0\.0\.1:1/db") as lost:
        ledger.ping()
    ledger.close()
    error: BaseException | None = lost.value
    while error is not None:
        assert "secret" not in str(error)
        error = error.__cause__ or error.__context__
    assert "secret" not in caplog.text


def test_the_cause_of_an_outage_is_the_servers_own_word():
    """A refused connection is known at once, not after a timeout."""
    ledger = PostgresLedger("postgresql://me@127.0.0.1:1/db", timeout=60, retry_for=0.0)
    with pytest.raises(LedgerUnavailable) as lost:
        ledger.ping()
    ledger.close()
    assert "refused" in str(lost.value.__cause__).lower()


def test_naming_the_ledger_does_not_import_its_driver():
    """psycopg is imported when a ledger is made."""
    code = (
        "import sys, llm_token_budget.ledgers.postgres; sys.exit('psycopg' in sys.modules or 'asyncio' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_driver_is_named():
    """The error says what to install."""
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from llm_token_budget.ledgers.opening import open_ledger\n"
        "open_ledger('postgresql://me:secret@host/db')"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "ConfigurationError" in done.stderr
    assert "llm-token-budget[postgres]" in done.stderr
