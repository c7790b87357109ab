"""Any client at all, through `reserve`: here plain urllib against an OpenAI-compatible server.

Reserve an upper bound, send the call with the maximum that was granted, settle with the usage of its answer. The
model is unknown to the price book, so it gets a price. Prints what was held and what it came to. Needs no SDK, and
always calls the provider on this machine.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

from llm_token_budget import BudgetExceeded, BudgetManager, Usage, estimate_tokens
from llm_token_budget.testing import LoopbackProvider, Reply

MODEL = "our-own-7b"


def complete(budget: BudgetManager, base_url: str, prompt: str) -> str:
    with budget.reserve(
        model=MODEL,
        input_tokens=estimate_tokens(prompt) + 16,  # and the framing of one message
        max_output_tokens=1_000,
        min_output_tokens=200,  # near the limit, 200 tokens are better than a refusal
        user_key="ada",
    ) as reservation:
        answer = post(base_url, prompt, max_tokens=reservation.max_output_tokens)
        used = Usage(input_tokens=answer["usage"]["prompt_tokens"], output_tokens=answer["usage"]["completion_tokens"])
        held, cost = reservation.cost, reservation.settle(used)
    print(f"granted {reservation.max_output_tokens} tokens, held ${held:f}, used {used.output_tokens}, cost ${cost:f}")
    return str(answer["choices"][0]["message"]["content"])


def post(base_url: str, prompt: str, *, max_tokens: int) -> dict[str, Any]:
    body = {"model": MODEL, "messages": [{"role": "user", "content": prompt}], "max_tokens": max_tokens}
    request = Request(
        f"{base_url}/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
    )
    with urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def main() -> None:
    rates = {"input": "0.50", "output": "1.50"}  # USD per million tokens
    budget = BudgetManager(per_user_cost_limit="0.0035", custom_pricing={MODEL: rates})
    with LoopbackProvider(prices={MODEL: ("0.50", "1.50")}) as provider:
        provider.reply(Reply(output_tokens=600))
        try:
            while True:
                complete(budget, provider.openai_base_url, "How do tides work?")
        except BudgetExceeded as refusal:
            print(f"refused: {refusal.reason}, ${refusal.remaining:f} left")
        print(f"our account ${budget.get_user_stats('ada').total_cost:f}, the provider's bill ${provider.bill.usd:f}")


if __name__ == "__main__":
    main()
