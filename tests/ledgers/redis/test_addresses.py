"""Where the server is: URLs, clients, and what is said about them."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
import redis
from redis.sentinel import Sentinel
from tests.ledgers.building import balance, claim, hold, truth
from tests.ledgers.servers import Valkey, free_port, new_prefix, valkey

from llm_token_budget.errors import ConfigurationError, LedgerUnavailable
from llm_token_budget.ledgers.base import Amounts
from llm_token_budget.ledgers.opening import open_ledger
from llm_token_budget.ledgers.redis import RedisLedger
from llm_token_budget.ledgers.redis.address import read_url

SECRET = "s3cret-word"


@pytest.fixture(scope="module")
def guarded():
    """A server that wants a user and a password."""
    with Valkey(requirepass=SECRET) as server:
        client = redis.Redis(port=server.port, password=SECRET)
        client.acl_setuser("ada", enabled=True, passwords=[f"+{SECRET}"], keys=["*"], commands=["+@all"])
        client.acl_setuser("reader", enabled=True, passwords=[f"+{SECRET}"], keys=["*"], commands=["+@read", "+ping"])
        client.close()
        yield server


@pytest.mark.parametrize("scheme", ["redis", "valkey", "REDIS"])
def test_urls_open_a_ledger(scheme):
    """Under the names of both servers; the prefix is an option."""
    prefix = new_prefix()
    one = open_ledger(f"{scheme}://127.0.0.1:{valkey().port}/0?prefix={prefix}&socket_timeout=7")
    hold(one, "a", 5)
    other = RedisLedger(valkey().url, prefix=prefix)
    assert balance(other).reserved == Amounts(5, 0, 1)
    one.close()
    other.close()


def test_a_prefix_without_a_tag_becomes_one():
    """So that a cluster keeps all keys together."""
    ledger = RedisLedger(valkey().url, prefix=f"plain{new_prefix().strip('{}')}")
    hold(ledger, "a", 5)
    client = redis.Redis(port=valkey().port)
    assert list(client.scan_iter("{plain*"))
    client.close()
    ledger.close()


def test_ledgers_with_prefixes_of_their_own_share_nothing():
    """Two budgets in one server."""
    one, other = (RedisLedger(valkey().url, prefix=new_prefix()) for _ in range(2))
    hold(one, "a", 5)
    assert balance(other).reserved == Amounts()
    one.close()
    other.close()


def test_timeouts_are_set_unless_the_url_says_otherwise():
    """2 seconds: nobody waits for ever."""
    kept = read_url("redis://host").connect().connection_pool.connection_kwargs
    assert (kept["socket_timeout"], kept["socket_connect_timeout"]) == (2.0, 2.0)
    told = (
        read_url("redis://host?socket_timeout=7&socket_connect_timeout=8").connect().connection_pool.connection_kwargs
    )
    assert (told["socket_timeout"], told["socket_connect_timeout"]) == (7.0, 8.0)


def test_options_pass_through():
    """Database, user, password and TLS are redis-py's business."""
    told = read_url(f"rediss://ada:{SECRET}@host:7000/3?ssl_cert_reqs=none&client_name=x").connect().connection_pool
    assert told.connection_class is redis.SSLConnection
    kept = {"host": "host", "port": 7000, "db": 3, "username": "ada", "password": SECRET, "client_name": "x"}
    assert kept.items() <= told.connection_kwargs.items()
    assert told.connection_kwargs["ssl_cert_reqs"] == "none"


def test_sentinels_are_asked_for_the_primary():
    """Several of them, with a service, a database and a password."""
    made = read_url(f"redis+sentinel://:{SECRET}@one:1,two/mymaster/2?sentinel_password=x")
    pool = made.connect().connection_pool
    assert (pool.service_name, pool.connection_kwargs["db"], pool.connection_kwargs["password"]) == (
        "mymaster",
        2,
        SECRET,
    )
    places = [each.connection_pool.connection_kwargs for each in pool.sentinel_manager.sentinels]
    assert [(each["host"], each["port"], each["password"]) for each in places] == [("one", 1, "x"), ("two", 26379, "x")]


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{SECRET}@host:notaport",
        f"redis://:{SECRET}@host?no_such_option=1",
        f"redis://:{SECRET}@host?socket_timeout=soon",
        f"redis+sentinel://:{SECRET}@host",
        f"redis+cluster://:{SECRET}@",
        f"redis+other://:{SECRET}@host",
        f"{SECRET}",
    ],
)
def test_urls_that_cannot_be_used_say_so_without_the_password(url):
    """The message shows how they should look."""
    with pytest.raises(ConfigurationError) as raised:
        RedisLedger(url)
    assert "redis+sentinel://host1,host2/service" in str(raised.value)
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_a_password_opens_the_door_and_is_never_shown(guarded, caplog):
    """Not in a name, an error or the log."""
    caplog.set_level(logging.DEBUG)
    ledger = RedisLedger(f"redis://ada:{SECRET}@127.0.0.1:{guarded.port}", prefix=new_prefix())
    answer = await ledger.areserve(claim("a", tokens=5))
    ledger.settle(answer.handle, truth(5))
    ledger.close()
    wrong = RedisLedger(f"redis://ada:{SECRET}x@127.0.0.1:{guarded.port}", retry_for=0)
    with pytest.raises(LedgerUnavailable, match="refuses the user name or the password") as raised:
        wrong.ping()
    with pytest.raises(LedgerUnavailable):
        await wrong.areserve(claim("a"))
    for text in (repr(ledger), ledger.name, str(raised.value), wrong.name, caplog.text):
        assert SECRET not in text
    wrong.close()


@pytest.mark.parametrize(
    ("user", "said"), [("", "wants a password|refuses the user"), ("reader", "may not run scripts")]
)
def test_a_server_that_wants_more_says_what(guarded, user, said):
    """No password, or a user without the right to run scripts: unavailable, with the reason."""
    door = f"{user}:{SECRET}@" if user else ""
    ledger = RedisLedger(f"redis://{door}127.0.0.1:{guarded.port}", retry_for=0)
    with pytest.raises(LedgerUnavailable, match=said):
        ledger.reserve(claim("a"))
    ledger._later.clear()
    ledger.disconnect()


def test_nobody_there(caplog):
    """Refused connections are unavailable, at once and with their cause."""
    ledger = RedisLedger(f"redis://127.0.0.1:{free_port()}", retry_for=0)
    with pytest.raises(LedgerUnavailable, match="there is no connection") as raised:
        ledger.reserve(claim("a"))
    assert isinstance(raised.value.__cause__, redis.ConnectionError)
    ledger.disconnect()


def test_a_full_server_and_a_replica_are_unavailable():
    """OOM and READONLY: they take no orders for now; when they do again, all goes on."""
    with Valkey(maxmemory_policy="noeviction") as server:
        ledger, client = RedisLedger(server.url, retry_for=0), redis.Redis(port=server.port)
        handle = hold(ledger, "a", 5)
        client.config_set("maxmemory", 1)
        with pytest.raises(LedgerUnavailable, match="maxmemory"):
            ledger.reserve(claim("b", tokens=5))
        ledger.settle(handle, truth(5))
        client.config_set("maxmemory", 0)
        client.replicaof("127.0.0.1", str(free_port()))
        with pytest.raises(LedgerUnavailable, match="replica"):
            ledger.reserve(claim("c", tokens=5))
        client.replicaof("NO", "ONE")
        ledger.finish()
        assert balance(ledger).spent == Amounts(5, 0, 1)
        client.close()
        ledger.close()


def test_keys_of_somebody_else_are_told_apart_from_an_outage():
    """A prefix that others use is a wrong configuration, not a lost server."""
    prefix = new_prefix()
    client = redis.Redis(port=valkey().port)
    client.set(f"{prefix}:marks", "not ours")
    ledger = RedisLedger(valkey().url, prefix=prefix)
    with pytest.raises(ConfigurationError, match="prefix="):
        ledger.set_limit("limit", None, 1)
    client.delete(f"{prefix}:marks")
    client.close()
    ledger.close()


async def test_a_client_of_ones_own_serves_threads_and_tasks():
    """Tasks get connections with its options; it stays open when the ledger is closed."""
    client = redis.Redis(port=valkey().port)
    ledger = RedisLedger(client=client, prefix=new_prefix())
    answer = await ledger.areserve(claim("a", tokens=5))
    assert ledger.settle(answer.handle, truth(5)).first
    ledger.close()
    assert client.ping()
    client.close()


async def test_a_client_that_a_sentinel_made_serves_threads_and_tasks(monkeypatch):
    """Whoever the primary is by then."""
    monkeypatch.setattr(Sentinel, "discover_master", lambda *_: ("127.0.0.1", valkey().port))
    client = Sentinel([("127.0.0.1", 1)]).master_for("mymaster")
    ledger = RedisLedger(client=client, prefix=new_prefix())
    answer = await ledger.areserve(claim("a", tokens=5))
    assert (await ledger.asettle(answer.handle, truth(5))).first
    ledger.close()
    client.close()


def test_clients_that_cannot_be_used_are_refused():
    """Those that decode, those for asyncio, and things that are none."""
    for client, said in [
        (redis.Redis(decode_responses=True), "decode_responses"),
        (redis.asyncio.Redis(), "redis.Redis"),
        ("redis://host", "redis.Redis"),
    ]:
        with pytest.raises(ConfigurationError, match=said):
            RedisLedger(client=client)
    with pytest.raises(ConfigurationError, match="one of them"):
        RedisLedger()


def test_a_missing_driver_is_named():
    """With what to install."""
    code = (
        "import sys; sys.modules['redis'] = None\n"
        "from llm_token_budget.ledgers.opening import open_ledger\n"
        "try: open_ledger('redis://host')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("ConfigurationError")
    assert "llm-token-budget[redis]" in done.stdout
