"""Real servers that want a password: what the commands say when it is wrong, and that they never say it."""

from __future__ import annotations

import psycopg
import pytest
from tests.ledgers.postgres_server import PostgresServer
from tests.ledgers.servers import Valkey

WRONG = "h0p$efully-secret"


@pytest.fixture(scope="module")
def locked_valkey():
    with Valkey() as server:
        import redis

        with redis.Redis(port=server.port) as client:
            client.config_set("requirepass", "right")
            client.execute_command("ACL", "SETUSER", "app", "on", ">right", "~*", "+@all")
            client.execute_command("ACL", "SETUSER", "reader", "on", ">right", "~*", "+@read", "+@connection")
        yield f"redis://{{}}@127.0.0.1:{server.port}/0"


@pytest.fixture(scope="module")
def locked_postgres():
    with PostgresServer() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE ROLE app LOGIN PASSWORD 'right'")
            connection.execute("CREATE ROLE reader LOGIN PASSWORD 'right'")
            connection.execute("GRANT CREATE ON DATABASE postgres TO app")
            rules = connection.execute("SHOW hba_file").fetchone()[0]
            with open(rules, "w", encoding="utf-8") as file:
                file.write("host all budget 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
            connection.execute("SELECT pg_reload_conf()")
        yield f"postgresql://{{}}@127.0.0.1:{server.port}/postgres"


@pytest.fixture(params=["redis", "postgres"])
def locked(request):
    return request.getfixturevalue("locked_valkey" if request.param == "redis" else "locked_postgres")


@pytest.mark.parametrize("command", [("stats",), ("users",), ("watch",), ("limits",), ("mode", "block"), ("export",)])
@pytest.mark.parametrize("who", [f"app:{WRONG}", f"nobody:{WRONG}"])
def test_a_wrong_password_is_one_line_without_it(llm, locked, command, who):
    """Exit code 1: it could not be done."""
    code, out, err = llm(*command, "--ledger", locked.format(who))
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "127.0.0.1" in err
    assert "it refuses the user name or the password" in err
    assert WRONG not in err


def test_no_password_where_one_is_needed(llm, locked):
    """The same."""
    code, _, err = llm("stats", "--ledger", locked.format("app"))
    assert code == 1
    assert err.count("\n") == 1


def test_the_right_one_opens(llm, locked):
    """An empty budget of a user that may do what it needs."""
    code, out, _ = llm("stats", "--ledger", locked.format("app:right"))
    assert code == 0
    assert "requests" in out


def test_a_user_who_may_not_write(llm, locked):
    """A right that is missing is told in one line, too."""
    code, _, err = llm("stats", "--ledger", locked.format("reader:right"))
    assert code == 1
    assert err.count("\n") == 1
    assert "the user may not" in err
    assert "right@" not in err


def test_a_database_that_is_not_there(llm, locked_postgres):
    """It says which thing is missing."""
    code, _, err = llm("stats", "--ledger", locked_postgres.format("app:right").replace("/postgres", "/nowhere"))
    assert code == 1
    assert "it has no such database" in err
