"""CPU that a wrapped client adds to a call, against the plain client in the same run.

    python tests/benchmarks/bench_wrapper.py

The provider is a transport in memory, so that nothing but the client's own work is measured. Plain and wrapped calls take
turns; the figure is the difference of the medians. Text seen for the first time is counted, text seen before is remembered.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx2
from openai import OpenAI

from llm_token_budget import BudgetManager, wrap

ROUNDS = 2000
PROMPT = (
    "The harbour lay quiet under a thin fog, and the fishermen who had come back before dawn were mending their nets on the "
    "quay. Summarise in two sentences what a visitor would notice first, and why the oldest of them keeps looking at the sky "
    "while the others talk about prices, {number}, and the winter to come."
)
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "A visitor would notice the fog and the nets."},
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 70,
        "completion_tokens": 11,
        "total_tokens": 81,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    },
}
BODY = json.dumps(ANSWER).encode()


def answer(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, content=BODY, headers={"content-type": "application/json"}, request=request)


def main() -> None:
    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    plain = OpenAI(api_key="key", base_url="http://127.0.0.1/v1", http_client=http)
    budget = BudgetManager(
        global_cost_limit=1_000_000, per_user_token_limit=10**12, per_session_token_limit=10**12, ledger="memory://"
    )
    wrapped = wrap(plain, budget, user_key="ada", session_id="chat-7")
    numbers = iter(range(10**9))
    for name, text in (
        ("text seen for the first time", lambda: PROMPT.format(number=next(numbers))),
        ("text seen before", lambda: PROMPT.format(number="corn")),
    ):
        base, ours = interleaved(partial(call, plain, text), partial(call, wrapped, text))
        print(
            f"{name:30} plain {base:6.1f} us   wrapped {ours:6.1f} us   added {ours - base:6.1f} us   x{ours / base:.2f}"
        )
    check_us = median(
        lambda: budget.check(estimated_input_tokens=500, estimated_output_tokens=500, user_key="ada", model="gpt-4o")
    )
    print(f"{'check()':30} {check_us:6.1f} us")
    reserve_us = median(lambda: reserve(budget))
    print(f"{'with budget.reserve()':30} {reserve_us:6.1f} us")


def call(client: OpenAI, text: Callable[[], str]) -> None:
    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": text()}])


def reserve(budget: BudgetManager) -> None:
    with budget.reserve(
        model="gpt-4o", input_tokens=70, max_output_tokens=500, user_key="ada", session_id="s"
    ) as reservation:
        reservation.release()


def interleaved(one: Callable[[], Any], other: Callable[[], Any]) -> tuple[float, float]:
    """Medians in microseconds of two functions that take turns."""
    for _ in range(100):
        one()
        other()
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        for which in (0, 1) if number % 2 else (1, 0):
            times[which].append(timed((one, other)[which]))
    return statistics.median(times[0]), statistics.median(times[1])


def median(function: Callable[[], Any]) -> float:
    for _ in range(200):
        function()
    return statistics.median(timed(function) for _ in range(ROUNDS))


def timed(function: Callable[[], Any]) -> float:
    """Microseconds of this thread's CPU."""
    start = time.thread_time_ns()
    function()
    return (time.thread_time_ns() - start) / 1000


if __name__ == "__main__":
    main()
