"""asyncio: one client for each loop, no call that blocks it, and neighbours that don't mind a cancelled caller."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest
from tests.ledgers.building import balance, claim, limit, truth
from tests.ledgers.servers import new_prefix, valkey

from llm_token_budget.ledgers.base import Amounts, Granted
from llm_token_budget.ledgers.redis import RedisLedger
from llm_token_budget.ledgers.redis.pipelines import AT_ONCE, LANES, Pipelines


@pytest.fixture
def ledger():
    made = RedisLedger(valkey().url, prefix=new_prefix())
    yield made
    made.close()


async def call(ledger, name: str) -> None:
    answer = await ledger.areserve(claim(name, limit(10**9), tokens=7))
    assert isinstance(answer, Granted)
    await ledger.asettle(answer.handle, truth(7))


def test_each_event_loop_has_a_client_of_its_own(ledger):
    """One after the other, and at the same time in threads: all calls count, and loops that are over are let go."""

    async def some(label: str) -> None:
        await asyncio.gather(*[call(ledger, f"{label}-{number}") for number in range(20)])

    for label in "ab":
        asyncio.run(some(label))
    threads = [threading.Thread(target=asyncio.run, args=(some(label),)) for label in "cdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(some("g"))
    assert balance(ledger).spent == Amounts(7 * 140, 0, 140)
    assert len(ledger._loops._pipelines) == 1


async def test_a_cancelled_caller_leaves_the_others_alone_and_nothing_behind(ledger):
    """Half of the callers are cancelled while their commands are under way: the rest are granted, the half is released."""
    await call(ledger, "first")
    tasks = [asyncio.create_task(ledger.areserve(claim(str(number), limit(10**9), tokens=7))) for number in range(60)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(answer, Granted) for answer in answers[1::2])
    assert any(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])
    kept = sum(isinstance(answer, Granted) for answer in answers)
    await asyncio.to_thread(ledger.finish)
    assert (await asyncio.to_thread(balance, ledger)).reserved == Amounts(7 * kept, 0, kept)


async def test_a_cancelled_settle_is_booked(ledger):
    """The truth is not lost with its caller."""
    answer = await ledger.areserve(claim("a", tokens=7))
    task = asyncio.create_task(ledger.asettle(answer.handle, truth(5)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(ledger.finish)
    seen = await asyncio.to_thread(balance, ledger)
    assert (seen.spent, seen.reserved) == (Amounts(5, 0, 1), Amounts())


async def test_no_socket_is_waited_for_on_the_loops_thread(ledger, monkeypatch):
    """Of the loop's thread, every call to a socket is one that doesn't block."""
    here, blocking = threading.get_ident(), []

    class Observed(socket.socket):
        pass

    def observe(name: str):
        plain = getattr(socket.socket, name)

        def observed(self, *arguments, **options):
            if threading.get_ident() == here and self.gettimeout() != 0.0:
                blocking.append(name)
            return plain(self, *arguments, **options)

        return observed

    for name in ("connect", "send", "sendall", "recv", "recv_into"):
        monkeypatch.setattr(Observed, name, observe(name), raising=False)
    monkeypatch.setattr(socket, "socket", Observed)
    await asyncio.gather(*[call(ledger, str(number)) for number in range(100)])
    assert blocking == []
    ledger.reserve(claim("plain", tokens=1))
    assert blocking  # A plain call on this thread does wait: the observer sees what it should.


async def test_the_loop_goes_on_while_many_tasks_call(ledger):
    """A heartbeat is never late for long: each step is a batch, not all that waits."""
    await call(ledger, "first")
    late, started = [], time.perf_counter()

    async def beat() -> None:
        while True:
            before, cpu = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0)
            # What this thread computed meanwhile, not what others kept the machine busy with.
            late.append(min(time.perf_counter() - before, time.thread_time() - cpu))

    heart = asyncio.create_task(beat())
    await asyncio.gather(*[call(ledger, str(number)) for number in range(400)])
    heart.cancel()
    assert time.perf_counter() - started < 60
    late.sort()
    # The starting and the waking of 400 tasks at once is not a batch: look at the bulk, and leave room for a busy machine.
    assert late[len(late) * 9 // 10] < 0.02


class EchoClient:
    """Answers each command with its number; every tenth with an error."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.commands: list[tuple[str, int]] = []

    def pipeline(self, *, transaction):
        one = EchoClient()
        one.sent = self.sent
        return one

    def execute_command(self, *command):
        self.commands.append(command)

    async def execute(self, *, raise_on_error):
        self.sent.append(len(self.commands))
        return [ValueError(number) if number % 10 == 0 else number for _, number in self.commands]

    async def aclose(self):
        pass


async def test_what_waits_is_sent_together():
    """100 commands of 100 tasks take a few batches, and their answers don't get mixed up."""
    client = EchoClient()
    pipelines = Pipelines(client)
    answers = await asyncio.gather(*[pipelines.run(("ECHO", n)) for n in range(100)], return_exceptions=True)
    assert [answer if isinstance(answer, int) else answer.args[0] for answer in answers] == list(range(100))
    assert isinstance(answers[0], ValueError)
    assert sum(client.sent) == 100
    assert len(client.sent) <= 100 // AT_ONCE + LANES + 1


@pytest.mark.parametrize("tasks", [1, 3, LANES * AT_ONCE, 50])
async def test_no_command_waits_for_ever(tasks):
    """Whoever comes in the very moment in which the last sender goes home is sent all the same."""
    pipelines = Pipelines(EchoClient())

    async def some() -> None:
        for number in range(100):
            assert await pipelines.run(("ECHO", 10 * number + 1)) == 10 * number + 1

    async with asyncio.timeout(20):
        await asyncio.gather(*[some() for _ in range(tasks)])


async def test_tasks_send_a_server_the_scripts_that_it_has_forgotten(ledger):
    """After SCRIPT FLUSH all of many tasks get their answers."""
    await call(ledger, "a")
    await asyncio.to_thread(ledger.run, lambda client: client.execute_command("SCRIPT", "FLUSH"))
    await asyncio.gather(*(call(ledger, f"after-{number}") for number in range(20)))
    assert ledger.open_reservations() == 0
