# pydantic-ai has an environment of its own: where this is checked, it is not installed.
# mypy: disable-error-code="import-not-found, untyped-decorator"
# pyright: basic, reportMissingImports=false
"""pydantic-ai with caps: half a cent per run, one cent per user and day.

The model is given a provider with a wrapped client, and knows nothing of budgets. Each run happens in a session: the run's own
limit caps it alone, the user's limit holds over all of them. Runs that would go on for ever are stopped by `BudgetExceeded`,
which comes out of `Agent.run` as it is. Needs `pip install 'pydantic-ai-slim[openai]'`; without a key a provider on this
machine answers.
"""

from __future__ import annotations

import asyncio
from typing import Any

from _provider import somewhere_to_call
from openai import AsyncOpenAI
from pydantic_ai import Agent, UsageLimits
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, wrap
from llm_token_budget.testing import Reply

MODEL = "gpt-6.1-terra"
PER_RUN = "0.005"
PER_DAY = "0.01"
LOOKS_UP = Reply('{"topic": "tides"}', tool="look_up")
"""What the provider on this machine answers to everything: an agent that never has enough."""


def look_up(topic: str) -> str:
    """Look something up in the library."""
    return f"There is always more about {topic}."


def researcher(client: AsyncOpenAI) -> Any:
    # The maximum of each answer is lowered near the limit; an answer of fewer than 100 tokens is refused.
    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=client))
    return Agent(model, tools=[look_up], model_settings={"max_tokens": 300})


async def research(agent: Any, budget: BudgetManager, user: str, task: str) -> str:
    """One run, and how it ended."""
    async with budget.session(user_key=user, limits=[Limit(usd=PER_RUN, name="run")]) as run:
        try:
            # Its own limit of 50 requests is lifted: money decides.
            result = await agent.run(task, usage_limits=UsageLimits(request_limit=None))
            ended = f"answered: {result.output}"
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
            agent = researcher(client)
            provider.enqueue(LOOKS_UP, Reply("The moon does it."))
            for user in ("bob", "ada", "ada", "ada"):
                print(await research(agent, budget, user, "Why are there tides?"))
            print(f"ada today: ${budget.get_user_stats('ada').total_cost:f} of ${PER_DAY}")
            if provider.bill.requests:
                account = budget.get_global_stats().total_cost
                print(f"the provider's bill ${provider.bill.usd.normalize():f}, our account ${account.normalize():f}")


if __name__ == "__main__":
    asyncio.run(main())
