"""What a pair of reserve and settle costs in the Redis ledger, beside what the same driver needs for two trivial scripts.

    python tests/benchmarks/bench_redis.py [--full]

A server from the dev extra's wheel, on this machine. Figures depend on the machine, so each is also given as a ratio to a
floor that is measured in the same run, in turns: two trivial EVALSHA with the same client; for tasks, trivial EVALSHA of as
many tasks that share pipelines, written out by hand. The same scripts as the ledger's, sent by hand with nothing around them,
show what of the rest is the server's work and what the ledger's. All are measured in short blocks, in turns, so that what
others do on the machine meets all of them; medians of many blocks, wall-clock time, and the same of the tenth of blocks that
were the fastest of their kind, when the machine was quietest. Also: how the cost
stays the same as users and past calls grow, and how much memory a user, an open reservation and a past call take.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import redis
import redis.asyncio

from llm_token_budget.ledgers.base import NANO_USD, TOKENS, Amounts, Charge, Claim, Counter, Granted, Handle, Line
from llm_token_budget.ledgers.operations import Reserve, Settle
from llm_token_budget.ledgers.redis import RedisLedger
from llm_token_budget.ledgers.redis.plans import Quick

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.ledgers.servers import Valkey

EVERYONE = Counter(("global",), (), "total")
LIMIT = 2**52
"""Never reached."""
SPENT = Charge(800, 150, 4_000)
TRIVIAL = "return 1"
TASKS = 32
BLOCK = 20
"""Pairs in a block, one after the other."""
TURNS = 10
"""Pairs of each task in a block."""
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

    def floor() -> float:
        started = time.perf_counter()
        for _ in range(BLOCK):
            client.evalsha(sha, 1, "key")
            client.evalsha(sha, 1, "key")
        return (time.perf_counter() - started) / BLOCK

    def pairs() -> float:
        started = time.perf_counter()
        for number in range(BLOCK):
            pair(ledger, str(number))
        return (time.perf_counter() - started) / BLOCK

    def scripts() -> float:
        commands = [command for number in range(BLOCK) for command in commands_of_pair(ledger, str(number))]
        return seconds(lambda: [client.execute_command(*command) for command in commands]) / BLOCK

    for _ in range(10):
        floor(), pairs()
    times = Times([(floor(), pairs(), scripts()) for _ in range(rounds)])
    times.show("sync: a pair, us", lambda each: each * 1e6)
    print(f"{'':<34}ratio to the floor {times.ratio:.2f}, when quietest {times.quiet_ratio:.2f} (bar: <= 1.5)")
    print(f"{'':<34}ratio to the same scripts {times.ratio_to_same:.2f}", flush=True)
    ledger.close()
    client.close()


def commands_of_pair(ledger: RedisLedger, user: str) -> list[tuple[object, ...]]:
    """What the ledger would send for a pair, made beforehand."""
    asked = claim(user)
    handle = Handle(asked.id, asked.counters, asked.amounts(asked.want), 900, time.time())
    return [command_of(ledger, Reserve(asked)), command_of(ledger, Settle(handle, SPENT))]


def command_of(ledger: RedisLedger, operation: Reserve | Settle) -> tuple[object, ...]:
    quick = ledger._plans.of(operation)
    assert isinstance(quick, Quick)
    step = quick.plain()
    return "EVALSHA", step.script.sha, len(step.keys), *step.keys, *step.arguments


class ByHand:
    """The floor for tasks: those who wait share a pipeline. No ids, no errors, no cancellation."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._waiting: list[tuple[tuple[object, ...], asyncio.Future[object]]] = []
        self._sender: asyncio.Task[None] | None = None

    async def run(self, *command: object) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())
        await future

    async def _send(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            pipeline = self._client.pipeline(transaction=False)
            for command, _ in batch:
                pipeline.execute_command(*command)
            for (_, future), answer in zip(batch, await pipeline.execute(), strict=True):
                future.set_result(answer)
        self._sender = None


async def bench_tasks(server: Valkey, rounds: int) -> None:
    ledger, client = RedisLedger(server.url), redis.asyncio.Redis(port=server.port)
    by_hand, sha = ByHand(client), await client.script_load(TRIVIAL)

    async def floor_task() -> None:
        for _ in range(TURNS):
            await by_hand.run("EVALSHA", sha, 1, "key")
            await by_hand.run("EVALSHA", sha, 1, "key")

    async def scripts_task(commands: list[tuple[object, ...]]) -> None:
        for command in commands:
            await by_hand.run(*command)

    async def pair_task(number: int) -> None:
        for _ in range(TURNS):
            await apair(ledger, str(number))

    async def floor() -> float:
        started = time.perf_counter()
        await asyncio.gather(*[floor_task() for _ in range(TASKS)])
        return (time.perf_counter() - started) / TURNS / TASKS

    async def scripts() -> float:
        everything = [
            [command for _ in range(TURNS) for command in commands_of_pair(ledger, str(number))]
            for number in range(TASKS)
        ]
        started = time.perf_counter()
        await asyncio.gather(*map(scripts_task, everything))
        return (time.perf_counter() - started) / TURNS / TASKS

    async def pairs() -> float:
        started = time.perf_counter()
        await asyncio.gather(*[pair_task(number) for number in range(TASKS)])
        return (time.perf_counter() - started) / TURNS / TASKS

    for _ in range(5):
        await floor(), await pairs()
    times = Times([(await floor(), await pairs(), await scripts()) for _ in range(rounds)])
    times.show(f"{TASKS} tasks: pairs a second", lambda each: 1 / each)
    print(f"{'':<34}of the floor's rate {1 / times.ratio:.2f}, when quietest {1 / times.quiet_ratio:.2f} (bar: >= 0.7)")
    print(f"{'':<34}of the rate of the same scripts {1 / times.ratio_to_same:.2f}", flush=True)
    await asyncio.to_thread(ledger.close)
    await client.aclose()


class Times:
    """Seconds of a pair in blocks that were measured in turns: the floor's, the ledger's, and those of the same scripts."""

    def __init__(self, blocks: list[tuple[float, float, float]]) -> None:
        self._kinds = tuple(zip(*blocks, strict=True))
        self.ratio = statistics.median(ours / least for least, ours, _ in blocks)
        self.ratio_to_same = statistics.median(ours / same for _, ours, same in blocks)
        least, ours, _ = map(_quietest, self._kinds)
        self.quiet_ratio = ours / least

    def show(self, told: str, unit: Callable[[float], float]) -> None:
        least, ours, same = (unit(statistics.median(each)) for each in self._kinds)
        print(f"{told:<34}floor {least:>8,.0f}   ledger {ours:>8,.0f}   same scripts by hand {same:>8,.0f}")


def _quietest(times: Sequence[float]) -> float:
    return sorted(times)[len(times) // 10]


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
        bench_sync(server, 300)
        asyncio.run(bench_tasks(server, 80))
        bench_ceiling(server)
        bench_growth(server, *((1_000_000, 300_000) if full else (50_000, 20_000)))


if __name__ == "__main__":
    main()
