"""Our own table of bills: answers in every shape, with the price that their vendor's page says.

`due` is the arithmetic, in millionths of a dollar: tokens times USD per million, calls times millionths. `nano_usd` is what
that comes to. Nothing in it comes from the price library.
"""

import json
from fractions import Fraction
from math import ceil, prod
from pathlib import Path
from types import SimpleNamespace

import pytest

from llm_token_budget.providers.price_response import price_response

BILLS = [
    (path.stem, bill)
    for path in sorted((Path(__file__).parent / "bills").glob("*.json"))
    for bill in json.loads(path.read_text())
]
ARGUMENTS = ("model", "at", "batch", "base_url")
every_bill = pytest.mark.parametrize("bill", [bill for _, bill in BILLS], ids=[f"{s}: {b['name']}" for s, b in BILLS])


def due(arithmetic):
    return sum(prod(map(Fraction, term.split("*"))) for term in arithmetic.split("+"))


def priced(bill, response):
    return price_response(bill["provider"], response, **{name: bill[name] for name in ARGUMENTS if name in bill})


def objects(value):
    if isinstance(value, dict):
        return SimpleNamespace(**{name: objects(each) for name, each in value.items()})
    return [objects(each) for each in value] if isinstance(value, list) else value


@every_bill
def test_a_bill_is_exact(bill):
    """To the last digit, and rounded up once."""
    result = priced(bill, bill["response"])
    assert Fraction(result.cost) * 10**6 == due(bill["due"])
    assert result.cost_nano_usd == bill["nano_usd"] == ceil(due(bill["due"]) * 1000)


@every_bill
def test_the_parts_of_a_bill_are_all_of_it(bill):
    """Line by line, exactly."""
    result = priced(bill, bill["response"])
    assert sum(part.cost for part in result.parts) == result.cost
    assert all(part.quantity > 0 for part in result.parts)


@every_bill
def test_the_form_of_an_answer_does_not_matter(bill):
    """The JSON that came over the wire, and objects with attributes, cost what the dict does."""
    result = priced(bill, bill["response"])
    assert priced(bill, json.dumps(bill["response"]).encode()) == result
    assert priced(bill, objects(bill["response"])) == result


def test_the_table_is_long_and_every_row_says_where_its_prices_are_published():
    """Names are unique within a file."""
    assert len(BILLS) >= 80
    assert len({(stem, bill["name"]) for stem, bill in BILLS}) == len(BILLS)
    assert all(bill["source"].startswith("https://") for _, bill in BILLS)
