"""Every way to make a call is counted, to the token and the cent, and held."""

from __future__ import annotations

import re
from typing import Any

import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, wrap

from .driving import plenty
from .forms import FORMS, forms


@forms()
def test_a_calls_account_is_the_providers_bill(bench, form):
    """What is charged is what the provider bills, in tokens and USD, and nothing stays reserved."""
    budget = plenty()
    bench.run(form.run(wrap(bench.client(form.vendor), budget)))
    bench.provider.wait_until_idle()
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert bill.requests == 1
    if form.reports_usage:
        assert (stats.requests, stats.input_tokens, stats.output_tokens) == (1, bill.input_tokens, bill.output_tokens)
        assert form.vendor == "ollama" or stats.total_cost == bill.usd
    else:
        assert stats.total_tokens >= bill.total_tokens
    assert stats.estimated_requests == (0 if form.reports_usage else 1)
    assert not stats.reserved
    assert not stats.unconfirmed
    assert not stats.overrun


@forms()
def test_a_refused_call_costs_no_network_traffic(bench, form):
    """Every form raises BudgetExceeded itself, unwrapped and without retries, before anything is sent."""
    budget = BudgetManager(global_token_limit=1)
    client = wrap(bench.client(form.vendor, **({} if form.vendor == "ollama" else {"max_retries": 3})), budget)
    with pytest.raises(BudgetExceeded) as refused:
        bench.run(form.run(client))
    assert type(refused.value) is BudgetExceeded
    assert refused.value.reason == "global_token_limit_exceeded"
    assert bench.provider.request_count == 0
    assert budget.get_global_stats().blocked == 1


@forms()
def test_the_user_sees_what_a_plain_client_shows(bench, form):
    """A wrapped client's answers are the plain client's: as many events, of the same types, without usage chunks."""
    plain = bench.run(form.run(bench.client(form.vendor)))
    wrapped = bench.run(form.run(wrap(bench.client(form.vendor), plenty())))
    assert [type(each) for each in wrapped] == [type(each) for each in plain]
    assert [choices(each) for each in wrapped] == [choices(each) for each in plain]


def choices(event: Any) -> str | None:
    """What an event says, without the numbers in its ids."""
    found = getattr(event, "choices", None)
    return found and re.sub(r"\d", "", str([each.model_dump(warnings=False) for each in found]))


def test_the_table_knows_every_vendor_and_enough_forms():
    """The table has not been emptied by conditions."""
    assert len(FORMS) > 70
    assert {form.vendor for form in FORMS} == {"openai", "azure", "anthropic", "groq", "ollama"}
