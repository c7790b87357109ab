"""How long estimating takes: python tests/benchmarks/bench_estimation.py

The bars: a request of 300 characters 60 us, 100 kB at 4 MB/s, what was seen before 5 us, 1 MB of one character half a
second, and what bills teach 2 us a call.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from llm_token_budget.estimation import Estimator, RequestParts, Text, count_text
from llm_token_budget.estimation.text import _count
from llm_token_budget.providers.estimate_request import estimate_request

PROSE = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
LONG = (PROSE * 8)[:100_000]


def best(run: Callable[[int], object], times: int) -> float:
    """Seconds of the fastest run; each gets its number, so that nothing needs to be the same twice."""
    found = []
    for number in range(times):
        start = time.perf_counter()
        run(number)
        found.append(time.perf_counter() - start)
    return min(found)


def chat(text: str, turns: int = 1) -> RequestParts:
    return RequestParts("openai", "gpt-4o", tuple(Text(text) for _ in range(turns)), messages=turns)


def main() -> None:
    """Print a line for each bar."""
    estimator = Estimator()
    fresh = best(lambda number: estimator(chat(f"{number} {PROSE[500:796]}")), 3000)
    print(f"a request of 300 characters, never seen     {fresh * 1e6:8.1f} us   (bar: 60)")
    megabytes = len(LONG.encode()) / 1e6 / best(lambda _: _count(LONG, "o200k"), 20)
    print(f"100 kB of English                           {megabytes:8.1f} MB/s (bar: 4)")
    text = ("これは日本語の文章です。" * 9000)[:33_000]
    megabytes = len(text.encode()) / 1e6 / best(lambda _: _count(text, "o200k"), 20)
    print(f"100 kB of Japanese                          {megabytes:8.1f} MB/s (bar: 4)")
    system = PROSE[:20_000]
    seen = best(lambda _: count_text(system, "o200k"), 3000)
    print(f"a system prompt that was seen before        {seen * 1e6:8.1f} us   (bar: 5)")
    history = chat(PROSE[:2000], turns=20)
    seen = best(lambda _: estimator(history), 3000)
    print(f"20 messages that were seen before           {seen * 1e6:8.1f} us   ({seen / 20 * 1e6:.2f} each; bar: 5)")
    worst = max(best(lambda _, c=c: _count(c * 1_000_000, "o200k"), 3) for c in "a \n\t-7é字🙂\ud800")
    print(f"1 MB of one character, the slowest          {worst:8.3f} s    (bar: 0.5)")
    request = chat(PROSE[:300])
    for _ in range(50):
        estimator.learn(estimator(request), 90)
    plain = best(lambda _: Estimator.__call__(bare, request), 3000) if (bare := Estimator()) else 0.0
    corrected = best(lambda _: estimator(request), 3000)
    print(f"what bills taught, applied                  {(corrected - plain) * 1e6:8.1f} us   (bar: 2)")
    estimate = estimator(request)
    learning = best(lambda _: estimator.learn(estimate, 90), 3000)
    print(f"a bill, learned from                        {learning * 1e6:8.1f} us   (bar: 2)")
    whole = {"model": "gpt-4o", "messages": [{"role": "user", "content": PROSE[:300]}]}
    asked = best(lambda _: estimate_request("openai", whole), 1000)
    print(f"estimate_request of a seen request          {asked * 1e6:8.1f} us")


if __name__ == "__main__":
    main()
