# openai-agents has an environment of its own: where this is checked, it is not installed.
# mypy: disable-error-code="import-not-found, untyped-decorator"
# pyright: basic, reportMissingImports=false
"""openai-agents with caps: half a cent per run, one cent per user and day.

The SDK is given a wrapped client, and knows nothing of budgets. Each run happens in a session: the run's own limit caps it
alone, the user's limit holds over all of them. Runs that would go on for ever are stopped by `BudgetExceeded`, which comes out
of `Runner.run` as it is. Needs `pip install openai-agents`; without a key a provider on this machine answers.
"""

from __future__ import annotations

import asyncio

import agents
from _provider import somewhere_to_call
from openai import AsyncOpenAI

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, wrap
from llm_token_budget.testing import Reply

MODEL = "gpt-6.1-terra"
PER_RUN = "0.005"
PER_DAY = "0.01"
LOOKS_UP = Reply('{"topic": "tides"}', tool="look_up")
"""What the provider on this machine answers to everything: an agent that never has enough."""


@agents.function_tool
def look_up(topic: str) -> str:
    """Look something up in the library."""
    return f"There is always more about {topic}."


async def research(budget: BudgetManager, user: str, task: str) -> str:
    """One run, and how it ended."""
    # The maximum of each answer is lowered near the limit; an answer of fewer than 100 tokens is refused.
    settings = agents.ModelSettings(max_tokens=300)
    agent = agents.Agent(name="Researcher", model=MODEL, model_settings=settings, tools=[look_up])
    async with budget.session(user_key=user, limits=[Limit(usd=PER_RUN, name="run")]) as run:
        try:
            result = await agents.Runner.run(agent, task, max_turns=1_000)
            ended = f"answered: {result.final_output}"
        except BudgetExceeded as refusal:
            ended = f"stopped: {refusal.reason}"
    return f"{user}: {ended} (${run.stats.total_cost:f} in {run.stats.requests} calls)"


async def main() -> None:
    with somewhere_to_call(LOOKS_UP) as provider:
        budget = BudgetManager(
            limits=[Limit(usd=PER_DAY, window="day", scope="user", name="daily")],
            min_output_tokens=100,
            ledger="memory://",
        )
        async with wrap(AsyncOpenAI(), budget) as client, budget:
            agents.set_default_openai_client(client, use_for_tracing=False)
            agents.set_tracing_disabled(disabled=True)
            provider.enqueue(LOOKS_UP, Reply("The moon does it."))
            for user in ("bob", "ada", "ada", "ada"):
                print(await research(budget, user, "Why are there tides?"))
            print(f"ada today: ${budget.get_user_stats('ada').total_cost:f} of ${PER_DAY}")
            if provider.bill.requests:
                account = budget.get_global_stats().total_cost
                print(f"the provider's bill ${provider.bill.usd.normalize():f}, our account ${account.normalize():f}")


if __name__ == "__main__":
    asyncio.run(main())
