"""`estimate`: how many tokens something has."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import click

from llm_token_budget.cli.options import as_json, config_option, open_prices
from llm_token_budget.cli.printing import print_json, print_table


@click.command()
@config_option
@as_json
@click.argument("file", metavar="FILE|-")
@click.option("--model", help="The model; of a request, its own.")
@click.option("--provider", default="openai", show_default=True, help="Whose request it is.")
def command(file: str, config: str | None, json_: bool, model: str | None, provider: str) -> None:
    """How many tokens a text has, or a request (a JSON object with messages), and what its input costs."""
    text = _read(file)
    request = _request(text)
    if request is None:
        from llm_token_budget.estimation import estimate_tokens

        figures: dict[str, Any] = {"tokens": estimate_tokens(text, model)}
    else:
        from llm_token_budget import estimate_request

        model = model or cast("str | None", request.get("model"))
        estimate = estimate_request(provider, {**request, "model": model} if model else request)
        figures = {"tokens": estimate.expected, "at most": estimate.upper, "counted by": estimate.method}
    if model is not None and (cost := _cost(figures["tokens"], model, config)) is not None:
        figures["input cost"] = cost
    if json_:
        print_json({"model": model, **{name.replace(" ", "_"): value for name, value in figures.items()}})
    else:
        print_table((model or "any model", ""), list(figures.items()))


def _read(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    return Path(file).read_text(encoding="utf-8", errors="replace")


def _request(text: str) -> dict[str, Any] | None:
    """A request, if the text is one: a JSON object with something to answer in it."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        read = cast("dict[str, Any]", json.loads(text))
    except ValueError:
        return None
    return read if {"messages", "input", "prompt"} & set(read) else None


def _cost(tokens: int, model: str, config: str | None) -> Decimal | None:
    from llm_token_budget.errors import UnknownModelPrice
    from llm_token_budget.pricing.costs import cost_by

    try:
        return cost_by(open_prices(config), tokens, 0, model).input_cost
    except UnknownModelPrice:
        return None
