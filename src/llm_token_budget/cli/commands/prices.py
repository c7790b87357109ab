"""`prices`: what models cost, and whether all have a price."""

from __future__ import annotations

from decimal import Decimal

import click

from llm_token_budget.cli.app import FAILED
from llm_token_budget.cli.options import as_json, config_option, open_prices
from llm_token_budget.cli.printing import print_json, print_table

MILLION = 1_000_000


@click.command()
@config_option
@as_json
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--require", "required", multiple=True, metavar="MODEL", help="Fail if it has no price: for CI.")
def command(models: tuple[str, ...], config: str | None, json_: bool, required: tuple[str, ...]) -> int:
    """USD per million tokens, input and output; prices and aliases of the configuration go first."""
    from llm_token_budget.errors import UnknownModelPrice
    from llm_token_budget.pricing.costs import cost_by

    if not (models or required):
        raise click.UsageError("name models, or --require MODEL")
    book = open_prices(config)
    found: dict[str, tuple[Decimal, Decimal] | None] = {}
    for model in (*models, *required):
        try:
            cost = cost_by(book, MILLION, MILLION, model)
        except UnknownModelPrice:
            found[model] = None
        else:
            found[model] = cost.input_cost, cost.output_cost
    missing = [model for model, price in found.items() if price is None]
    if json_:
        print_json(
            {
                model: None if price is None else dict(zip(("input", "output"), price, strict=True))
                for model, price in found.items()
            }
        )
    else:
        print_table(("model", "input", "output"), [(model, *(price or (None, None))) for model, price in found.items()])
    if missing:
        click.echo(f"no price: {', '.join(missing)}", err=True)
    return FAILED if missing else 0
