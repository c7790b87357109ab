"""`python -m llm_token_budget`."""

from llm_token_budget.cli import main

main()
