"""One async client, many users at once: each task's session says who is spending.

A session is a plain `with`, in async code too, and follows the task it was entered in. `asyncio.gather` runs three users
side by side; two of them stream. Prints what each session spent, and that it adds up.
"""

from __future__ import annotations

import asyncio

from _provider import print_table, somewhere_to_call
from openai import AsyncOpenAI

from llm_token_budget import BudgetExceeded, BudgetManager, Stats, wrap

MODEL = "gpt-6.1-terra"


async def chat(client: AsyncOpenAI, budget: BudgetManager, user: str, turns: int, *, stream: bool) -> Stats:
    """A conversation of several turns, charged to a user and a session of theirs."""
    with budget.session(user_key=user, session_id="chat-1") as session:
        for turn in range(turns):
            try:
                await say(client, f"Tell me more, part {turn}.", stream=stream)
            except BudgetExceeded as refusal:
                print(f"{user} was stopped at turn {turn + 1}: {refusal.reason}")
                break
        return session.stats


async def say(client: AsyncOpenAI, text: str, *, stream: bool) -> None:
    """One turn: the client itself knows nothing of users."""
    if not stream:
        await client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": text}], max_completion_tokens=320
        )
        return
    chunks = await client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": text}], max_completion_tokens=320, stream=True
    )
    async for _ in chunks:
        pass


async def main() -> None:
    with somewhere_to_call():
        budget = BudgetManager(per_session_token_limit=1_500, global_cost_limit="1.00")
        async with wrap(AsyncOpenAI(), budget) as client:
            sessions = await asyncio.gather(
                chat(client, budget, "ada", 2, stream=True),
                chat(client, budget, "bob", 3, stream=False),
                chat(client, budget, "eve", 9, stream=True),
            )
    rows = [
        (each.user_key, each.session_id, each.requests, each.total_tokens, f"${each.total_cost:f}", each.blocked)
        for each in sessions
    ]
    print_table(("user", "session", "requests", "tokens", "cost", "refused"), *rows)
    total = (await budget.aget_global_stats()).total_tokens
    print(f"Together {sum(each.total_tokens for each in sessions)} tokens; the budget counted {total}.")


if __name__ == "__main__":
    asyncio.run(main())
