"""`prices`: what models cost, and whether all have a price."""

from __future__ import annotations

from decimal import Decimal

import click

from llm_token_budget.cli.app import FAILED
from llm_token_budget.cli.options import as_json
from llm_token_budget.cli.printing import print_json, print_table

MILLION = 1_000_000


@click.command()
@as_json
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--require", "required", multiple=True, metavar="MODEL", help="Fail if it has no price: for CI.")
def command(models: tuple[str, ...], json_: bool, required: tuple[str, ...]) -> int:
    """USD per million tokens, input and output."""
    from llm_token_budget.errors import UnknownModelPrice
    from llm_token_budget.pricing import calculate_cost

    if not (models or required):
        raise click.UsageError("name models, or --require MODEL")
    found: dict[str, tuple[Decimal, Decimal] | None] = {}
    for model in (*models, *required):
        try:
            cost = calculate_cost(MILLION, MILLION, model)
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
