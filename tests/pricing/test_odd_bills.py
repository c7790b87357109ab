"""Bills with something wrong in them: an error of ours or a price, and never a price below the one of what is left."""

import copy
import json
from fractions import Fraction
from math import ceil
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from llm_token_budget.errors import BudgetError
from llm_token_budget.providers.price_response import price_response

BILLS = [
    bill for path in sorted((Path(__file__).parent / "bills").glob("*.json")) for bill in json.loads(path.read_text())
]
ODD = [None, True, -1, 0, 1, 10**9, 10**40, 0.5, float("nan"), "", "12", "\ud800", [], {}, [None], {"x": None}, [[1]]]
ARGUMENTS = ("model", "at", "batch", "base_url")
PARTS = (
    "prompt_tokens_details",
    "input_tokens_details",
    "completion_tokens_details",
    "output_tokens_details",
    "cache_creation",
)


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from places(inner, (*path, place))


def changed(value, path, new):
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = changed(value[path[0]], path[1:], new)
    return value


def priced(bill, response):
    return price_response(bill["provider"], response, **{name: bill[name] for name in ARGUMENTS if name in bill})


@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_a_bill_with_a_nonsensical_field_is_priced_or_refused(data):
    """Whatever stands anywhere in an answer: nothing but our errors, and no negative price."""
    bill = data.draw(st.sampled_from(BILLS))
    path = data.draw(st.sampled_from(list(places(bill["response"]))))
    response = changed(bill["response"], path, data.draw(st.sampled_from(ODD)))
    try:
        result = priced(bill, response)
    except BudgetError:
        return
    assert result.cost >= 0
    assert result.cost_nano_usd == ceil(Fraction(result.cost) * 10**9)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_field_that_nobody_knows_changes_nothing(data):
    """Added to any object of an answer."""
    bill = data.draw(st.sampled_from(BILLS))
    objects = [path for path in places(bill["response"]) if isinstance(at(bill["response"], path), dict)]
    path = data.draw(st.sampled_from(objects))
    new = {**at(bill["response"], path), "quite_new": data.draw(st.sampled_from(ODD))}
    assert priced(bill, changed(bill["response"], path, new)) == priced(bill, bill["response"])


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_discount_that_cannot_be_read_is_none(data):
    """A broken count of what was cached, or no details at all, never make a call cheaper."""
    cached = [bill for bill in BILLS if any(path and path[-1] == "cached_tokens" for path in places(bill["response"]))]
    bill = data.draw(st.sampled_from(cached))
    path = data.draw(
        st.sampled_from([path for path in places(bill["response"]) if path and path[-1] == "cached_tokens"])
    )
    odd = data.draw(st.sampled_from([None, -1, 10**9, 10**40, 0.5, float("nan"), "12", [], {}]))
    assert priced(bill, changed(bill["response"], path, odd)).cost >= priced(bill, bill["response"]).cost


def at(value, path):
    for step in path:
        value = value[step]
    return value
