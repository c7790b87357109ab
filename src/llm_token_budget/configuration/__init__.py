"""Budgets as code: a `BudgetManager` from a TOML file, and from the environment.

    ledger = "sqlite:///budget.db"
    per_user_cost_limit = "1.00"
    reset_interval = "1d"

    [[limits]]
    usd = { free = "0.50", pro = "25" }
    tiered = true
    scope = "user"
    window = "month"

    [tiers]
    default = "free"
    members = { pro = ["ada", "grace"] }

    [prices.my-model]
    input = "0.50"
    output = "1.50"

    [aliases]
    prod-chat-01 = "azure:gpt-4o"

In a `pyproject.toml` the same stands under `[tool.llm-token-budget]`. Every option of `BudgetManager` that is a plain value may
be given; `prices` is `custom_pricing`. `LLM_TOKEN_BUDGET_LEDGER` and the like (the option's name in capitals) go before the file.
"""

from llm_token_budget.configuration.building import from_config

__all__ = ["from_config"]
