"""`@budgeted`: a function, a coroutine and a generator, whose calls are charged to the user in their arguments.

Each run of `summarize` may cost a quarter of a cent, whatever its user has left. Prints what each user spent, and how
the run that wanted more was stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from _provider import somewhere_to_call
from openai import AsyncOpenAI, OpenAI

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, budgeted, wrap

MODEL = "gpt-6.1-terra"
budget = BudgetManager(per_user_cost_limit="0.05")


@budgeted(budget, user_key="user", limit=Limit(usd="0.0025", scope="run"))
def summarize(user: str, chapters: list[str]) -> list[str]:
    """One call per chapter; the run's limit covers them together."""
    client, summaries = wrap(OpenAI(), budget), list[str]()
    for chapter in chapters:
        completion = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": f"Summarize {chapter} of {user}'s book."}],
            max_completion_tokens=320,
        )
        summaries.append(completion.choices[0].message.content or "")
    return summaries


def sender(request: dict[str, str]) -> str:
    return request["user"]


@budgeted(budget, user_key=sender)
async def answer(request: dict[str, str]) -> str:
    """The user is inside an argument: a callable that gets the arguments says who it is."""
    async with wrap(AsyncOpenAI(), budget) as client:
        completion = await client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": request["question"]}], max_completion_tokens=320
        )
    return completion.choices[0].message.content or ""


@budgeted(budget, user_key="bob")
def words(question: str) -> Iterator[str]:
    """A generator: its steps are charged to bob, whoever reads it."""
    client = wrap(OpenAI(), budget)
    stream = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": question}], max_completion_tokens=320, stream=True
    )
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content


def main() -> None:
    with somewhere_to_call():
        print(f"ada: {len(summarize('ada', ['chapter 1']))} summary")
        try:
            summarize("ada", ["chapter 1", "chapter 2", "chapter 3"])
        except BudgetExceeded as refusal:
            print(f"ada's second run was stopped: {refusal.reason} (limit ${refusal.limit.amount})")
        print(f"eve: an answer of {len(asyncio.run(answer({'user': 'eve', 'question': 'How?'})).split())} words")
        print(f"bob: {sum(1 for _ in words('Why?'))} words, one by one")

        for each in budget.get_all_user_stats():
            print(f"{each.user_key} spent ${each.total_cost:f} in {each.requests} requests")


if __name__ == "__main__":
    main()
