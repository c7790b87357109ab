"""What a pair of reserve and settle costs in the Redis ledger, beside what the same driver needs for two trivial scripts.

    python tests/benchmarks/bench_redis.py [--full]

A server from the dev extra's wheel, on this machine. Figures depend on the machine, so each is also given as a ratio to a
floor that is measured in the same run, in turns: two trivial EVALSHA with the same client; for tasks, trivial EVALSHA of as
many tasks that share pipelines, written out by hand. Medians of rounds, wall-clock time. Also: how the cost stays the same
as users and past calls grow, and how much memory a user, an open reservation and a past call take.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import redis
import redis.asyncio

from llm_token_budget.ledgers.base import NANO_USD, TOKENS, Amounts, Charge, Claim, Counter, Granted, Line
from llm_token_budget.ledgers.redis import RedisLedger

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.ledgers.servers import Valkey

EVERYONE = Counter(("global",), (), "total")
LIMIT = 2**52
"""Never reached."""
SPENT = Charge(800, 150, 4_000)
TRIVIAL = "return 1"
TASKS = 32
names = itertools.count()


def claim(user: str) -> Claim:
    """A call under three limits: everyone's dollars, a user's dollars, a user's tokens; the grant is shared and clamped."""
    key = (user,)
    counters = EVERYONE, Counter(("user",), key, "total")
    lines = (
        Line("global usd", (), NANO_USD, LIMIT, 0),
        Line("user usd", key, NANO_USD, LIMIT, 1),
        Line("user tokens", key, TOKENS, LIMIT, 1),
    )
    return Claim(
        f"bench-{next(names)}", counters, lines, Amounts(900, 2_000, 1), (1000, 15_000, 0), 4096, 1024, 10, 4096
    )


def pair(ledger: RedisLedger, user: str) -> None:
    answer = ledger.reserve(claim(user))
    assert type(answer) is Granted
    ledger.settle(answer.handle, SPENT)


async def apair(ledger: RedisLedger, user: str) -> None:
    answer = await ledger.areserve(claim(user))
    assert type(answer) is Granted
    await ledger.asettle(answer.handle, SPENT)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bench_sync(server: Valkey, rounds: int) -> None:
    ledger, client = RedisLedger(server.url), redis.Redis(port=server.port)
    sha = client.script_load(TRIVIAL)

    def floor() -> None:
        for _ in range(200):
            client.evalsha(sha, 1, "key")
            client.evalsha(sha, 1, "key")

    def pairs() -> None:
        for number in range(200):
            pair(ledger, str(number))

    floor(), pairs()
    times = [(seconds(floor) / 200, seconds(pairs) / 200) for _ in range(rounds)]
    show("sync: a pair, us", times, lambda each: each * 1e6)
    print(f"{'':<34}ratio to the floor {statistics.median(ours / least for least, ours in times):.2f} (bar: <= 1.5)")
    ledger.close()
    client.close()


class ByHand:
    """The floor for tasks: those who wait share a pipeline. No ids, no errors, no cancellation."""

    def __init__(self, client: redis.asyncio.Redis, sha: str) -> None:
        self._client, self._sha = client, sha
        self._waiting: list[asyncio.Future[object]] = []
        self._sender: asyncio.Task[None] | None = None

    async def run(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())
        await future

    async def _send(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            pipeline = self._client.pipeline(transaction=False)
            for _ in batch:
                pipeline.evalsha(self._sha, 1, "key")
            for future, answer in zip(batch, await pipeline.execute(), strict=True):
                future.set_result(answer)
        self._sender = None


async def bench_tasks(server: Valkey, rounds: int) -> None:
    ledger, client = RedisLedger(server.url), redis.asyncio.Redis(port=server.port)
    by_hand = ByHand(client, await client.script_load(TRIVIAL))

    async def floor_task() -> None:
        for _ in range(50):
            await by_hand.run()
            await by_hand.run()

    async def pair_task(number: int) -> None:
        for _ in range(50):
            await apair(ledger, str(number))

    async def floor() -> float:
        started = time.perf_counter()
        await asyncio.gather(*[floor_task() for _ in range(TASKS)])
        return (time.perf_counter() - started) / 50 / TASKS

    async def pairs() -> float:
        started = time.perf_counter()
        await asyncio.gather(*[pair_task(number) for number in range(TASKS)])
        return (time.perf_counter() - started) / 50 / TASKS

    await floor(), await pairs()
    times = [(await floor(), await pairs()) for _ in range(rounds)]
    show(f"{TASKS} tasks: pairs a second", times, lambda each: 1 / each)
    ratio = statistics.median(least / ours for least, ours in times)
    print(f"{'':<34}of the rate by hand {ratio:.2f} (bar: >= 0.7)")
    await asyncio.to_thread(ledger.close)
    await client.aclose()


def show(told: str, times: list[tuple[float, float]], unit: Callable[[float], float]) -> None:
    least, ours = (statistics.median(each) for each in zip(*times, strict=True))
    print(f"{told:<34}floor {unit(least):>9,.0f}   ledger {unit(ours):>9,.0f}", flush=True)


def bench_ceiling(server: Valkey) -> None:
    """What the server itself needs: the ceiling of one core, and so of one cluster with one hash tag."""
    ledger, client = RedisLedger(server.url), redis.Redis(port=server.port)
    for number in range(200):
        pair(ledger, str(number))
    client.config_resetstat()
    for number in range(2_000):
        pair(ledger, str(number % 200))
    spent = client.info("commandstats")["cmdstat_evalsha"]["usec_per_call"]
    print(f"{'the server: us a script':<34}{spent:.1f}, so one core does about {1e6 / 2 / spent:,.0f} pairs a second")
    ledger.close()
    client.close()


def bench_growth(server: Valkey, users: int, calls: int) -> None:
    ledger, client = RedisLedger(server.url, prefix="{growth}"), redis.Redis(port=server.port)

    def used() -> int:
        return int(client.info("memory")["used_memory"])

    def cost() -> float:
        return statistics.median(seconds(lambda: [pair(ledger, str(n)) for n in range(100)]) for _ in range(9)) / 100

    before = cost()
    memory = used()
    for start in range(0, users, 500):
        everybody = range(start, min(start + 500, users))
        ledger.record(tuple(Counter(("user",), (f"user-{n:032}",), "total") for n in everybody), SPENT)
    print(f"{'bytes for each idle user':<34}{(used() - memory) / users:,.0f} (bar: <= 1,024)")
    print(f"{'a pair with many users':<34}{cost() / before:.2f} of what it costs without ({users:,})")
    memory = used()
    for _ in range(calls):
        pair(ledger, "ada")
    print(f"{'bytes for each call of the last day':<34}{(used() - memory) / calls:,.0f}")
    print(f"{'a pair after many calls':<34}{cost() / before:.2f} of what it costs without ({calls:,})")
    memory = used()
    for _ in range(calls // 10):
        ledger.reserve(claim("ada"))
    print(f"{'bytes for each open reservation':<34}{(used() - memory) / (calls // 10):,.0f}", flush=True)
    ledger.close()
    client.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="a million users, 300,000 calls (minutes, 1 GB)")
    full = parser.parse_args().full
    with Valkey() as server:
        bench_sync(server, 25)
        asyncio.run(bench_tasks(server, 15))
        bench_ceiling(server)
        bench_growth(server, *((1_000_000, 300_000) if full else (50_000, 20_000)))


if __name__ == "__main__":
    main()
