"""Free and pro plans: a limit whose amount depends on the user.

The amount is asked before every call, so an upgrade takes effect on the next one. `set_limit` changes one user's limit
in the ledger, wherever that is shared. Prints who is refused when.
"""

from __future__ import annotations

from _provider import somewhere_to_call
from openai import OpenAI

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, wrap

PLANS = {"free": "0.004", "pro": "20.00"}
"""USD per calendar month."""

plan_of = {"ada": "free", "bob": "pro"}


def main() -> None:
    monthly = Limit(usd=lambda user: PLANS[plan_of.get(user, "free")], scope="user", window="month", name="plan")
    # memory:// says that the memory of this process is meant; otherwise a month's budget kept there gets a warning.
    budget = BudgetManager(limits=[monthly], ledger="memory://")

    def ask(user: str) -> str:
        client = wrap(OpenAI(), budget, user_key=user)
        try:
            client.chat.completions.create(
                model="gpt-6.1-terra",
                messages=[{"role": "user", "content": "Write me a limerick."}],
                max_completion_tokens=320,
            )
        except BudgetExceeded as refusal:
            return f"refused ({refusal.reason}, {refusal.limit.window})"
        return "answered"

    with somewhere_to_call():
        for attempt in range(1, 4):
            for user, plan in plan_of.items():
                print(f"{user} ({plan}), call {attempt}: {ask(user)}")

        plan_of["ada"] = "pro"
        print(f"ada upgrades to pro: {ask('ada')}")
        budget.set_limit("plan", "bob", 0)
        print(f"bob is blocked by hand: {ask('bob')}")
        budget.clear_limit("plan", "bob")
        print(f"bob is let in again: {ask('bob')}")

        for user in plan_of:
            for row in budget.remaining(user_key=user):
                print(f"{user}: ${row.spent:f} of ${row.limit.amount:f} {row.limit.window}")


if __name__ == "__main__":
    main()
