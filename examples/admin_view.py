"""What the operator of a multi-tenant application sees and does.

Budgets per organization and per user; a table of users, the dearest first; what remains of every limit; a charge whose
outcome nobody knew, and its refund; money that is not tokens. Needs no SDK.
"""

from __future__ import annotations

from _provider import print_table

from llm_token_budget import BudgetExceeded, BudgetManager, Limit, Usage

STAFF = {"ada": "acme", "bob": "acme", "eve": "zeta"}


def call(budget: BudgetManager, user: str, *, output_tokens: int, lost: bool = False) -> None:
    """A call of a user, charged to their organization too; `lost` ends it like a timeout."""
    with (
        budget.session(user_key=user, dimensions={"org": STAFF[user]}),
        budget.reserve(model="claude-sonnet-5-5", input_tokens=1_000, max_output_tokens=2_000) as reservation,
    ):
        if lost:
            raise TimeoutError
        reservation.settle(Usage(input_tokens=900, output_tokens=output_tokens))


def show_users(budget: BudgetManager) -> None:
    rows = [
        (row.user_key, STAFF[row.user_key or ""], row.requests, f"${row.total_cost:f}", f"${row.unconfirmed.cost:f}")
        for row in budget.get_all_user_stats()
    ]
    print_table(("user", "org", "requests", "cost", "of it unconfirmed"), *rows)


def main() -> None:
    budget = BudgetManager(
        limits=[
            Limit(usd={"acme": "0.10"}, default="0.03", scope="org", name="org"),
            Limit(usd="0.08", scope="user", name="user"),
        ]
    )
    for user, output_tokens in [("ada", 2_000), ("ada", 1_500), ("bob", 700), ("eve", 300)]:
        call(budget, user, output_tokens=output_tokens)
    budget.record(cost="0.012", user_key="bob", dimensions={"org": "acme"})  # an image, bought elsewhere
    try:
        call(budget, "eve", output_tokens=0, lost=True)
    except TimeoutError:
        print("A call of eve's was lost. It may have been billed, so it was charged in full.")
    show_users(budget)

    try:
        call(budget, "eve", output_tokens=300)
    except BudgetExceeded as refusal:
        print(f"\neve is refused: {refusal}")
    for charge in budget.ledger.unconfirmed():
        given_back = budget.refund(charge.handle.id)
        print(f"Refunded: ${given_back.cost:f}" if given_back else "Nothing to refund.")
    call(budget, "eve", output_tokens=300)
    print("eve is answered again.\n")
    show_users(budget)

    print("\nWhat remains:")
    rows = [
        (row.limit.subject, f"${row.limit.amount:f}", f"${row.spent:f}", f"${row.remaining:f}")
        for user, org in STAFF.items()
        for row in budget.remaining(user_key=user, dimensions={"org": org})
    ]
    print_table(("whose", "limit", "spent", "remaining"), *dict.fromkeys(rows))

    budget.set_limit("org", "zeta", "5.00")
    budget.reset(user_key="eve")
    print(f"\nzeta has bought more, and eve starts anew: {budget.get_user_stats('eve').requests} requests")


if __name__ == "__main__":
    main()
