"""Where our account and a provider's bill part: what can cost more than was reserved, and what is never seen.

Each case is one call; its row says what was reserved, what we counted, and what the provider billed by its own books.
The last lines show a call that can't be measured, which is refused. Always calls the provider on this machine.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from _provider import print_table
from openai import OpenAI

from llm_token_budget import BudgetManager, UnmeteredCall, wrap
from llm_token_budget.testing import LoopbackProvider, Reply

Case = Callable[[OpenAI, OpenAI], object]
"""Gets a plain client and a wrapped one."""


def ask(client: OpenAI, model: str = "gpt-4.1") -> object:
    return client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hello?"}], max_completion_tokens=400
    )


def leave_early(client: OpenAI) -> None:
    """Read a little of a stream, and go."""
    stream = client.chat.completions.create(
        model="gpt-4.1", messages=[{"role": "user", "content": "Hello?"}], max_completion_tokens=400, stream=True
    )
    next(iter(stream))
    stream.close()


CASES: list[tuple[str, Reply, Case]] = [
    ("an ordinary call", Reply(output_tokens=300), lambda _, wrapped: ask(wrapped)),
    ("input above its bound", Reply(output_tokens=300, input_tokens=5_000), lambda _, wrapped: ask(wrapped)),
    ("a stream left early, billed in full", Reply(output_tokens=300), lambda _, wrapped: leave_early(wrapped)),
    ("a price that changed since", Reply(output_tokens=300), lambda _, wrapped: ask(wrapped, "gpt-4.1-mini")),
    ("a client that isn't wrapped", Reply(output_tokens=300), lambda plain, _: ask(plain)),
]


def show(provider: LoopbackProvider, what: str, reply: Reply, case: Case) -> tuple[str, str, str, str]:
    budget = BudgetManager(global_cost_limit="1.00")
    reserved: list[Decimal] = []

    def look(_: object) -> Reply:
        reserved.append(budget.get_global_stats().reserved.cost)
        return reply

    provider.on(look)
    before = provider.bill.usd
    with OpenAI(base_url=provider.openai_base_url, api_key="not-a-key") as plain:
        case(plain, wrap(plain, budget))
    provider.wait_until_idle()
    return (
        what,
        f"${sum(reserved):f}",
        f"${budget.get_global_stats().total_cost:f}",
        f"${(provider.bill.usd - before).normalize():f}",
    )


def main() -> None:
    rows: list[tuple[str, str, str, str]] = []
    for what, reply, case in CASES:
        with LoopbackProvider(prices={"gpt-4.1-mini": ("0.80", "3.20")}, bill_aborted="full") as provider:
            rows.append(show(provider, what, reply, case))
    print_table(("", "reserved", "our account", "the bill"), *rows)

    with LoopbackProvider() as provider, OpenAI(base_url=provider.openai_base_url, api_key="not-a-key") as plain:
        client = wrap(plain, BudgetManager(global_cost_limit="1.00"))
        try:
            client.audio.speech.create(model="tts-1", voice="alloy", input="A lighthouse")
        except UnmeteredCall as refusal:
            print(f"\n{refusal}\nRequests that arrived: {provider.request_count}")


if __name__ == "__main__":
    main()
