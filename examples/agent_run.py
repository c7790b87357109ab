"""An agent that would never stop by itself, held to one cent per run.

`session(limits=...)` caps this block alone: all its calls, and a paid tool. Near the limit the wrapper lowers the
request's maximum: the last answer is cut, rather than refused, if it can still have 100 tokens.
Prints each step, the refusal, and what the run cost.
"""

from __future__ import annotations

from _provider import somewhere_to_call
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, wrap


def search_the_web(budget: BudgetManager, query: str) -> str:
    """A tool that costs $0.0006 a time, which no usage field tells: reserved as plain money."""
    with budget.reserve(usd="0.0006") as reservation:
        found = f"Nothing new about {query}."
        reservation.settle(usd="0.0006")
    return found


def run_agent(client: OpenAI, budget: BudgetManager, task: str) -> None:
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": task}]
    for step in range(1, 1_000):
        completion = client.chat.completions.create(model="gpt-6.1-terra", messages=messages, max_completion_tokens=400)
        choice = completion.choices[0]
        written = completion.usage.completion_tokens if completion.usage else 0
        print(f"step {step}: {written} tokens ({choice.finish_reason})")
        messages.append({"role": "assistant", "content": choice.message.content or "..."})
        messages.append({"role": "user", "content": search_the_web(budget, task)})


def main() -> None:
    budget = BudgetManager(global_cost_limit="1.00", min_output_tokens=100)
    with somewhere_to_call():
        client = wrap(OpenAI(), budget)
        with budget.session(user_key="ada", limits=[Limit(usd="0.01")]) as session:
            try:
                run_agent(client, budget, "perpetual motion")
            except BudgetExceeded as refusal:
                print(f"the agent was stopped: {refusal.reason}")
                print(f"  ${refusal.remaining:f} left, ${refusal.needed:f} needed")
        print(f"the run cost ${session.stats.total_cost:f} of $0.01, in {session.stats.requests} requests")


if __name__ == "__main__":
    main()
