"""`cost`: what a call costs."""

from __future__ import annotations

import click

from llm_token_budget.cli.options import as_json, config_option, open_prices
from llm_token_budget.cli.printing import print_json, print_table


@click.command()
@config_option
@as_json
@click.argument("model")
@click.option("--input", "input_tokens", type=click.IntRange(min=0), default=0, help="Input tokens.")
@click.option("--output", "output_tokens", type=click.IntRange(min=0), default=0, help="Output tokens.")
@click.option("--calls", type=click.IntRange(min=1), default=1, show_default=True, help="So many of them.")
def command(model: str, config: str | None, json_: bool, input_tokens: int, output_tokens: int, calls: int) -> None:
    """What calls of MODEL cost, in USD."""
    from llm_token_budget.pricing.costs import cost_by

    if not input_tokens and not output_tokens:
        raise click.UsageError(
            f"how many tokens? --input 1000 --output 200 (`prices {model}` says what a million cost)"
        )
    cost = cost_by(open_prices(config), input_tokens, output_tokens, model)
    parts = {"input": cost.input_cost * calls, "output": cost.output_cost * calls, "total": cost.total_cost * calls}
    if json_:
        print_json({"model": model, "calls": calls, **parts, "currency": cost.currency})
    else:
        print_table((model, "USD"), list(parts.items()))
