"""Memory that a wrapped client grows by, over many calls and over streams that nobody reads.

    python tests/benchmarks/bench_memory.py [calls [streams]]

The provider is a transport in memory. Printed are the process's resident memory and the live objects, at each tenth; what grows
with the number of calls shows as a slope. To be reached: none. The ledger remembers its last ended reservations, so that none is
ever settled twice: few here, so that this memory is full before anything is measured.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
from openai import OpenAI

from llm_token_budget import BudgetManager, MemoryLedger, wrap

CALLS = 100_000
STREAMS = 10_000
STEPS = 10
REMEMBERED = 500
MESSAGES: Any = [{"role": "user", "content": "Tell me about the tides of the northern sea."}]
HEAD = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "gpt-4o-2024-08-06"}
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "They come and go."}, "finish_reason": "stop"}
USAGE = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
WHOLE = json.dumps({**HEAD, "choices": [CHOICE], "usage": USAGE}).encode()
DELTA = {"index": 0, "delta": {"content": "word "}, "finish_reason": None}
EVENT = json.dumps(
    {**HEAD, "object": "chat.completion.chunk", "choices": [DELTA], "usage": None}, separators=(",", ":")
)


class Events(httpx2.SyncByteStream):
    """A stream that would go on for a while."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(100):
            yield f"data: {EVENT}\n\n".encode()


def answer(request: httpx2.Request) -> httpx2.Response:
    if b'"stream":true' in request.content.replace(b" ", b""):
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=Events())
    return httpx2.Response(200, headers={"content-type": "application/json"}, content=WHOLE)


class Caller:
    """A wrapped client, and what is done with it again and again."""

    def __init__(self, users: int = 100) -> None:
        http = httpx2.Client(transport=httpx2.MockTransport(answer))
        plain = OpenAI(api_key="key", base_url="http://127.0.0.1/v1", http_client=http, max_retries=0)
        self.budget = BudgetManager(
            global_cost_limit=1_000_000,
            per_user_token_limit=10**12,
            ledger=MemoryLedger(remembered=REMEMBERED),
        )
        self._client = wrap(plain, self.budget)
        self._users = users
        self._number = 0

    def call(self) -> None:
        with self.budget.session(user_key=self._user()):
            self._client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    def stream(self) -> None:
        """Begin a stream, read an event of every second one, and drop it."""
        with self.budget.session(user_key=self._user()):
            stream = self._client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
            if self._number % 2:
                next(iter(stream))

    def _user(self) -> str:
        self._number += 1
        return f"user-{self._number % self._users}"


def growth(name: str, count: int, one: Callable[[], None]) -> None:
    print(f"{name}: {count:,}")
    started = time.monotonic()
    first: tuple[int, int] | None = None
    for step in range(STEPS + 1):
        if step:
            for _ in range(count // STEPS):
                one()
        gc.collect()
        now = resident(), len(gc.get_objects())
        first = now if step == 1 else first
        print(f"  after {count * step // STEPS:>7,}   {now[0] / 1024:8,.0f} KiB   {now[1]:>8,} objects")
    assert first is not None
    rest = count * (STEPS - 1) // STEPS
    print(
        f"  after the first tenth: {(now[0] - first[0]) / rest:+.1f} bytes, {(now[1] - first[1]) / rest:+.3f} objects each"
        f"   ({time.monotonic() - started:.0f} s)"
    )


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def main() -> None:
    calls, streams = [*map(int, sys.argv[1:]), *(CALLS, STREAMS)[len(sys.argv) - 1 :]]
    caller = Caller()
    growth("calls", calls, caller.call)
    growth("abandoned streams", streams, caller.stream)
    stats = caller.budget.get_global_stats()
    assert stats.requests == calls // STEPS * STEPS + streams // STEPS * STEPS
    assert not stats.reserved, "a reservation is still open"


if __name__ == "__main__":
    main()
