"""Two users, four SDKs, one budget: ada runs into her limit, bob does not.

Eight threads ask for ada, through the real clients of openai, anthropic, groq and ollama, until the budget refuses.
Bob asks each provider once. Prints ada's refusal, who spent what, and the provider's own bill next to our account.
Calls real providers if their keys are in the environment (for five cents at most), else a provider on this machine.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

from _provider import print_table, somewhere_to_call

from llm_token_budget import BudgetExceeded, BudgetManager, wrap

Ask = Callable[[str], object]


def openai_of(user: str, budget: BudgetManager) -> Ask:
    from openai import OpenAI

    client = wrap(OpenAI(), budget, user_key=user)
    return lambda question: client.chat.completions.create(
        model="gpt-6.1-terra", messages=[{"role": "user", "content": question}], max_completion_tokens=400
    )


def anthropic_of(user: str, budget: BudgetManager) -> Ask:
    from anthropic import Anthropic

    client = wrap(Anthropic(), budget, user_key=user)
    return lambda question: client.messages.create(
        model="claude-sonnet-5-5", messages=[{"role": "user", "content": question}], max_tokens=400
    )


def groq_of(user: str, budget: BudgetManager) -> Ask:
    from groq import Groq

    client = wrap(Groq(), budget, user_key=user)
    return lambda question: client.chat.completions.create(
        model="openai/gpt-oss-120b", messages=[{"role": "user", "content": question}], max_completion_tokens=400
    )


def ollama_of(user: str, budget: BudgetManager) -> Ask:
    from ollama import Client

    client = wrap(Client(), budget, user_key=user)
    return lambda question: client.generate("llama3.2", question, options={"num_predict": 400})


VENDORS = {"openai": openai_of, "anthropic": anthropic_of, "groq": groq_of, "ollama": ollama_of}


def ask_until_refused(asks: list[Ask], question: str, *, threads: int = 8) -> tuple[int, BudgetExceeded]:
    """Ask from many threads at once, the providers in turn; how often it went well, and the first refusal."""
    turns, refusals = itertools.count(), list[BudgetExceeded]()
    stop = threading.Event()

    def work() -> int:
        answers = 0
        while not stop.is_set():
            try:
                asks[next(turns) % len(asks)](question)
                answers += 1
            except BudgetExceeded as refusal:
                refusals.append(refusal)
                stop.set()
        return answers

    with ThreadPoolExecutor(threads) as pool:
        workers = [pool.submit(work) for _ in range(threads)]
        return sum(worker.result() for worker in workers), refusals[0]


def main() -> None:
    with (
        somewhere_to_call() as provider,
        BudgetManager(per_user_cost_limit="0.04", per_user_token_limit=40_000) as budget,
    ):
        print(f"The budget:\n{budget.describe()}\n")
        found = {vendor: make for vendor, make in VENDORS.items() if find_spec(vendor)}
        if missing := VENDORS.keys() - found:
            print(f"Not installed, so left out: {', '.join(sorted(missing))}\n")

        answers, refusal = ask_until_refused([make("ada", budget) for make in found.values()], "Why is the sky blue?")
        print(f"ada got {answers} answers, and then BudgetExceeded:\n  {refusal}\n")
        for make in found.values():
            make("bob", budget)("Why is the sea salty?")
        print(f"bob got {len(found)} answers.\n")

        rows = [
            (each.user_key, each.requests, each.input_tokens, each.output_tokens, f"${each.total_cost:f}", each.blocked)
            for each in budget.get_all_user_stats()
        ]
        print("Who spent what:")
        print_table(("user", "requests", "input", "output", "cost", "refused"), *rows)

        ours, bill = budget.get_global_stats(), provider.bill
        if bill.requests:
            print("\nWhat the provider on this machine bills, by its own books, and what we counted (all providers):")
            print_table(
                ("", "requests", "tokens", "cost"),
                ("the provider's bill", bill.requests, bill.total_tokens, f"${bill.usd.normalize():f}"),
                ("our account", ours.requests, ours.total_tokens, f"${ours.total_cost.normalize():f}"),
            )


if __name__ == "__main__":
    main()
