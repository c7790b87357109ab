"""The ledger that many hosts share: in Redis or Valkey."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, cast

from llm_token_budget.errors import ConfigurationError, LedgerUnavailable
from llm_token_budget.ledgers.base import DAY, Expired
from llm_token_budget.ledgers.operations import Operation, Ping
from llm_token_budget.ledgers.stored import REAP_EVERY, RETRY_FOR, OnError, StoredLedger

try:
    from redis import exceptions as redis_errors

    from llm_token_budget.ledgers.redis import address as addresses
    from llm_token_budget.ledgers.redis.connections import Connections
    from llm_token_budget.ledgers.redis.failures import DRIVER_ERRORS, reason
    from llm_token_budget.ledgers.redis.pipelines import Loops
except ModuleNotFoundError as missing:
    if missing.name != "redis":
        raise
    raise ConfigurationError(
        "a Redis ledger needs redis-py: pip install 'llm-token-budget[redis]' (it serves Valkey too)"
    ) from missing

from llm_token_budget.ledgers.redis.plans import Plan, Plans, Quick, Step
from llm_token_budget.ledgers.redis.shapes import Shapes

if TYPE_CHECKING:
    import redis

T = TypeVar("T")

PREFIX: Final = "{llm-token-budget}"
"""Before all keys. What is in braces decides where a cluster keeps them: together."""

WANTED_IN_FULL: Final = b"f"
"""What a quick script answers to what it can't do."""


class RedisLedger(StoredLedger):
    """Keeps everything in a Redis or Valkey server (6.2 or later), or in a cluster of them. For many processes on many hosts.

    Each operation is one script, run atomically in the server, whose clock decides windows and leases; the hosts' clocks don't
    matter. Reserve and settle send a quick script first; to what isn't plain it answers that it wants the one in full. All keys
    share one hash tag, so a cluster keeps them on one node and every limit is exact, also global ones. That makes one core of
    one node the ceiling: about 10,000 calls (a reserve and a settle over 3 limits) a second, as measured on a core that was
    shared with others (tests/benchmarks/bench_redis.py). Ledgers with prefixes of their own share nothing, and may live on
    different nodes. Users who have spent are put in order by each process's keeper, and the rest when they are listed.

    Durability is the server's: with `appendonly yes` what was acknowledged survives a kill -9 of the server (with
    `appendfsync everysec`, up to a second is lost when the machine loses power). A failover to a replica may lose the last
    instant before it: as much as was reserved and settled in it may be spent once more. Set `maxmemory-policy noeviction`.

    Keys, each after the prefix: `:c:*` (a counter: of a user, a session, or a window of theirs), `:u:*` (who spent most), `:moved`
    (who is to be put in order there), `:e:*` (reservations, open and ended), `:leases`, `:held` and `:unconfirmed` (charges without
    a confirmation), `:n:*` (records), `:perishable`, `:marks` (overrides, resets) and `:state`. Back up all of them, with the
    server's own means. 280 bytes per idle user (580 with names of 37 characters and a window), 280 per open reservation, and 100
    to 120 per call for a day more than the longest lease.

    Amounts are exact up to 2^53 in a limit and in one call (9 million dollars in nano-USD), and up to 2^63 in a sum.

    Args:
        url: `redis://[user:password@]host:6379/0`, `rediss://` (TLS), `valkey://`, `valkeys://`,
            `redis+cluster://host1:6379,host2:6379`, `redis+sentinel://host1:26379,host2:26379/service`. Options after `?` are
            redis-py's (`socket_timeout=2` unless given), `sentinel_username` and `sentinel_password`, `prefix` and
            `expired`.
        client: a `redis.Redis` or `redis.RedisCluster` instead of a URL. Tasks get connections of their own with its options;
            if those can't be told (a cluster, a client made by a Sentinel), their operations run in threads.
        prefix: before all keys; a hash tag is made of it if it contains none.
        clock: seconds since the epoch, for tests. None: the server's.
        idle_seconds: counters of sessions and runs that nobody has touched for so long are dropped (30 days).
        on_error: what a call gets if the server can't be reached: `"refuse"` or `"allow"`.
        retry_for: seconds for which a reserve asks again.
        reap_every: seconds between two looks for reservations whose lease has ended.
        expired: what becomes of reservations that nobody has ended when their lease ends: `"charge"` or `"release"`, as
            `StoredLedger` says.

    Raises:
        ConfigurationError: the URL or the client can't be used, or redis-py is not installed.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        client: redis.Redis | redis.RedisCluster | None = None,
        prefix: str | None = None,
        clock: Callable[[], float] | None = None,
        idle_seconds: float = 30 * DAY,
        on_error: OnError = "refuse",
        retry_for: float = RETRY_FOR,
        reap_every: float = REAP_EVERY,
        expired: Expired | None = None,
    ) -> None:
        if (url is None) is (client is None):
            raise ConfigurationError("a Redis ledger takes a URL or client=, one of them")
        self._address = addresses.read_url(url) if url is not None else addresses.of_client(client)
        self._plans = Plans(
            Shapes(_tagged(prefix or self._address.options.get("prefix") or PREFIX), idle_seconds), clock
        )
        self._client: Any = None
        self._loops: Loops | None = None
        self._connect_forgotten()
        super().__init__(
            self._address.name,
            clock=clock,
            on_error=on_error,
            retry_for=retry_for,
            reap_every=reap_every,
            expired=cast("Expired", expired or self._address.options.get("expired", "charge")),
        )

    @classmethod
    def from_url(cls, url: str, *, idle_seconds: float = 30 * DAY, on_error: OnError = "refuse") -> Self:
        """The ledger that a URL names. See the class."""
        return cls(url, idle_seconds=idle_seconds, on_error=on_error)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def upkeep(self) -> bool:
        """Put some of those who have spent in their place among the users, so that a listing finds little to do."""
        return bool(self._carry_out(self._plans.arrange_some()))

    def perform(self, operation: Operation) -> Any:
        if type(operation) is Ping:
            return self._carry_out(None)
        return self._carry_out(self._plans.of(operation))

    def _carry_out(self, plan: Plan | None) -> Any:
        try:
            if plan is None:
                return self._ping()
            if isinstance(plan, Quick):
                return plan.read(self._send_quick(plan))
            if isinstance(plan, Step):
                return plan.read(self._send(plan))
            step = next(plan)
            while True:
                step = plan.send(step.read(self._send(step)))
        except StopIteration as end:
            return end.value
        except DRIVER_ERRORS as error:
            raise self._translated(error) from error

    async def aperform(self, operation: Operation) -> Any:
        if self._loops is None or type(operation) is Ping:
            return await super().aperform(operation)
        try:
            plan = self._plans.of(operation)
            if isinstance(plan, Quick):
                return plan.read(await self._asend_quick(plan))
            if isinstance(plan, Step):
                return plan.read(await self._asend(plan))
            step = next(plan)
            while True:
                step = plan.send(step.read(await self._asend(step)))
        except StopIteration as end:
            return end.value
        except DRIVER_ERRORS as error:
            raise self._translated(error) from error

    @property
    def prefix(self) -> bytes:
        """Before all keys."""
        return self._plans.prefix

    def run(self, work: Callable[[Any], T]) -> T:
        """Do something beside the ledger, with a client of the same server: for what is kept beside it, under `prefix`.

        Raises:
            LedgerUnavailable: it can't be reached.
        """
        self._check_process()
        try:
            return work(self._client or self._connect())
        except DRIVER_ERRORS as error:
            raise self._translated(error) from error

    def disconnect(self) -> None:
        with self._connecting:
            client, self._client = self._client, None
        # A client that the user has made is closed by the user.
        if client is not None and self._address.makes_clients:
            client.close()
        if self._loops is not None:
            self._loops.close()

    def forked(self) -> None:
        self._connect_forgotten()

    def unavailable(self, cause: BaseException) -> LedgerUnavailable:
        return LedgerUnavailable(
            f"the ledger at {self.name} can't be used: {reason(cause) or 'it fails'} ({type(cause).__name__}). Nothing was "
            "sent. Repair the store; on_ledger_error='allow' lets calls through unguarded meanwhile"
        )

    def _translated(self, error: BaseException) -> LedgerUnavailable | ConfigurationError:
        if reason(error) is not None:
            return self.unavailable(error)
        return ConfigurationError(
            f"the server at {self.name} doesn't understand this ledger ({type(error).__name__}: {str(error)[:200]}): it takes "
            "Redis or Valkey 6.2 or later, and a prefix= that nobody else uses"
        )

    # One step in the server

    def _send_quick(self, quick: Quick) -> Any:
        client = self._client or self._connect()
        try:
            answer = client.exchange(quick.command) if type(client) is Connections else self._send(quick.plain())
        except redis_errors.NoScriptError:
            answer = self._send(quick.plain())
        return self._send(quick.in_full()) if answer == WANTED_IN_FULL else answer

    async def _asend_quick(self, quick: Quick) -> Any:
        assert self._loops is not None
        pipelines = self._loops.here()
        try:
            answer = await (pipelines.run(quick.command) if pipelines.take_bytes else self._asend(quick.plain()))
        except redis_errors.NoScriptError:
            answer = await self._asend(quick.plain())
        return await self._asend(quick.in_full()) if answer == WANTED_IN_FULL else answer

    def _send(self, step: Step) -> Any:
        client = self._client or self._connect()
        (text, sha), keys, arguments, _ = step
        try:
            return client.execute_command("EVALSHA", sha, len(keys), *keys, *arguments)
        except redis_errors.NoScriptError:
            # A new server, or one that was restarted: EVAL also makes it remember.
            return client.execute_command("EVAL", text, len(keys), *keys, *arguments)

    async def _asend(self, step: Step) -> Any:
        assert self._loops is not None
        pipelines = self._loops.here()
        (text, sha), keys, arguments, _ = step
        try:
            return await pipelines.run(("EVALSHA", sha, len(keys), *keys, *arguments))
        except redis_errors.NoScriptError:
            return await pipelines.run(("EVAL", text, len(keys), *keys, *arguments))

    def _ping(self) -> None:
        client = self._client or self._connect()
        client.ping()

    # Connections

    def _connect(self) -> Any:
        with self._connecting:
            if self._client is None:
                client = self._address.connect()
                # A user's own client lends its connections one command at a time, a cluster's finds the node by itself.
                lends = self._address.makes_clients and hasattr(client, "connection_pool")
                self._client = Connections(client) if lends else client
            return self._client

    def _connect_forgotten(self) -> None:
        """As in a new process: connections are made when they are first needed."""
        self._connecting = threading.Lock()
        self._client = None
        connect_async = self._address.connect_async
        self._loops = None if connect_async is None else Loops(connect_async)


def _tagged(prefix: str) -> str:
    return prefix if re.search(r"\{[^}]+\}", prefix) else f"{{{prefix}}}"
