"""Receipts of calls through wrapped clients, and bills that are more than tokens."""

from __future__ import annotations

import gc
import pickle
from decimal import Decimal
from typing import Any

import pytest

from llm_token_budget import BudgetManager, ConfigurationError, Receipt, receipt_for, wrap
from llm_token_budget.providers import receipt_for as doors
from llm_token_budget.providers.guard import read_guard
from llm_token_budget.testing import Reply

from .driving import Entered, closed, every, first, got
from .forms import CHAT, GROQ, MESSAGE, MODELS, OLLAMA, RESPONSE
from .test_streams import EVERY_STREAM, collected

ANSWERS: dict[str, Any] = {
    "openai": lambda client: client.chat.completions.create(**CHAT),
    "openai response": lambda client: client.responses.create(**RESPONSE),
    "azure": lambda client: client.chat.completions.create(**CHAT),
    "anthropic": lambda client: client.messages.create(**MESSAGE),
    "groq": lambda client: client.chat.completions.create(**GROQ),
    "ollama": lambda client: client.chat(**OLLAMA),
}
EVERY_ANSWER = pytest.mark.parametrize("form", ANSWERS)


def rich(**options: Any) -> BudgetManager:
    return BudgetManager(global_cost_limit=100, **options)


@EVERY_ANSWER
def test_an_answer_has_a_receipt(bench, form):
    """Whose call it was, of which model, what it used and cost, and at which prices."""
    vendor = form.split()[0]
    budget = rich()
    client = wrap(bench.client(vendor), budget, user_key="ada", session_id="s", dimensions={"org": "acme"})
    answer = bench.run(got(ANSWERS[form](client)))
    receipt = receipt_for(answer)
    assert isinstance(receipt, Receipt)
    assert (receipt.user_key, receipt.session_id, receipt.dimensions) == ("ada", "s", {"org": "acme"})
    assert (receipt.provider, receipt.model) == (vendor, MODELS[vendor])
    assert receipt.answered_by is not None
    stats = budget.get_global_stats()
    assert (receipt.usage.input_tokens, receipt.usage.output_tokens) == (stats.input_tokens, stats.output_tokens)
    assert receipt.cost == stats.total_cost == Decimal(receipt.cost_nano_usd) / 10**9
    assert receipt.rate_card_id
    assert receipt.prices_updated_at
    assert (receipt.outcome, receipt.estimated, receipt.unconfirmed) == ("billed", False, False)
    assert receipt.held.cost >= receipt.cost
    assert receipt.expected_input_tokens is not None
    assert receipt.input_error == pytest.approx(receipt.expected_input_tokens / receipt.usage.input_tokens - 1)


@EVERY_STREAM
def test_a_stream_has_a_receipt_after_its_end(bench, stream):
    """None before, since it may still cost more."""
    client = wrap(bench.client(stream.vendor), rich())

    async def use() -> None:
        opened = await got(stream.open(client))
        assert receipt_for(opened) is None
        await every(opened)
        receipt = receipt_for(opened)
        assert receipt is not None
        assert (receipt.outcome, receipt.usage.output_tokens > 0) == ("billed", True)

    bench.run(use())


def test_a_stream_that_is_left_has_an_estimated_receipt(bench):
    """What was seen is charged, and said to be ours."""
    bench.provider.reply(Reply(output_tokens=150, chunk_latency=0.001))
    client = wrap(bench.client("openai"), rich())

    async def use() -> None:
        opened = await got(client.chat.completions.create(**CHAT, stream=True))
        await first(opened)
        await closed(opened)
        receipt = receipt_for(opened)
        assert receipt is not None
        assert receipt.estimated
        assert receipt.input_error is None

    bench.run(use())


def test_raw_responses_and_helpers_have_receipts(bench):
    """A raw response, a streamed raw one, and the SDKs' helpers of streams."""
    client = wrap(bench.client("openai"), rich())

    async def use() -> None:
        raw = await got(client.chat.completions.with_raw_response.create(**CHAT))
        assert receipt_for(raw).outcome == "billed"
        async with Entered(client.chat.completions.with_streaming_response.create(**CHAT)) as streamed:
            assert receipt_for(streamed) is None
            await got(streamed.read())
            assert receipt_for(streamed).outcome == "billed"
        async with Entered(client.chat.completions.stream(**CHAT)) as helper:
            await every(helper)
            assert receipt_for(helper).outcome == "billed"

    bench.run(use())


@EVERY_ANSWER
def test_nothing_is_kept_of_an_answer_that_is_gone(bench, form):
    """The mapping is weak."""
    client = wrap(bench.client(form.split()[0]), rich())
    collected(bench)
    before = len(doors._known)

    async def use() -> None:
        answer = await got(ANSWERS[form](client))
        assert receipt_for(answer) is not None

    for _ in range(3):
        bench.run(use())
    collected(bench)
    gc.collect()
    assert len(doors._known) <= before


@pytest.mark.parametrize("other", [None, 5, {}, "text", object()])
def test_what_no_wrapped_client_returned_has_no_receipt(other):
    """The error says what to pass instead."""
    with pytest.raises(ConfigurationError, match="what a wrapped client returned"):
        receipt_for(other)


def test_two_budgets_have_a_receipt_each(bench):
    """The first one's, unless another is asked for."""
    inner, outer, stranger = rich(), rich(), rich()
    client = wrap(wrap(bench.client("openai"), inner, user_key="in"), outer, user_key="out")
    answer = bench.run(got(client.chat.completions.create(**CHAT)))
    assert receipt_for(answer).user_key == "in"
    assert receipt_for(answer, budget=outer).user_key == "out"
    with pytest.raises(ConfigurationError, match="not charged to that budget"):
        receipt_for(answer, budget=stranger)


def test_a_session_has_the_receipts_of_its_calls(bench):
    """In order, the outer session's too, and a bounded number of them."""
    budget = rich()
    client = wrap(bench.client("openai"), budget)

    async def use() -> None:
        with budget.session(user_key="ada") as outer:
            await got(client.chat.completions.create(**CHAT))
            with budget.session(dimensions={"feature": "search"}) as inner:
                answer = await got(client.chat.completions.create(**CHAT))
        assert [receipt.dimensions for receipt in outer.receipts] == [{}, {"feature": "search"}]
        assert inner.receipts == [receipt_for(answer)] == outer.receipts[1:]
        assert inner.receipts[0].user_key == "ada"

    bench.run(use())


def test_a_settled_event_has_its_receipt(bench):
    """The same as the answer's."""
    events = []
    client = wrap(bench.client("openai"), rich(on_settle=events.append))
    answer = bench.run(got(client.chat.completions.create(**CHAT)))
    assert [event.receipt for event in events] == [receipt_for(answer)]


def usage_of(**more):
    return {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, **more}


def test_what_is_cached_is_charged_at_its_price(bench):
    """The receipt tells it apart."""
    details = {"cached_tokens": 400, "audio_tokens": 0}
    bench.provider.reply(Reply(model="gpt-4o-mini-2024-07-18", usage=usage_of(prompt_tokens_details=details)))
    receipt = receipt_for(bench.run(got(wrap(bench.client("openai"), rich()).chat.completions.create(**CHAT))))
    assert receipt.cost == Decimal("0.00018")
    assert receipt.usage.cache_read_tokens == 400
    assert receipt.answered_by == "gpt-4o-mini-2024-07-18"
    assert ":gpt-4o-mini:standard@" in receipt.rate_card_id


def test_an_answering_model_that_nobody_can_price_is_flagged(bench, caplog):
    """Its price is the requested model's; log and receipt say so, and so do the tokens of the answer."""
    bench.provider.reply(Reply(model="gpt-99-nova", usage=usage_of()))
    with caplog.at_level("INFO"):
        receipt = receipt_for(bench.run(got(wrap(bench.client("openai"), rich()).chat.completions.create(**CHAT))))
    assert (receipt.answered_by, receipt.priced_as_requested, receipt.cost) == ("gpt-99-nova", True, Decimal("0.00021"))
    assert "nobody can price" in caplog.text


def test_iterations_are_charged_at_their_own_models_and_searches_by_the_call(bench):
    """A message's usage is the bill, to the last digit."""
    step = {"type": "message", "input_tokens": 1000, "output_tokens": 100}
    advice = {"type": "advisor_message", "model": "claude-opus-5-5", "input_tokens": 500, "output_tokens": 50}
    usage = {
        "input_tokens": 1000,
        "output_tokens": 100,
        "iterations": [step, advice],
        "server_tool_use": {"web_search_requests": 2},
    }
    bench.provider.reply(Reply(usage=usage))
    receipt = receipt_for(bench.run(got(wrap(bench.client("anthropic"), rich()).messages.create(**MESSAGE))))
    assert receipt.cost == Decimal("0.0305")
    assert (receipt.usage.input_tokens, receipt.usage.output_tokens, receipt.usage.web_searches) == (1500, 150, 2)
    assert "+" in receipt.rate_card_id


def test_a_gateway_that_is_believed_says_what_a_call_cost(bench):
    """Its own figure is charged; otherwise the price."""
    for trusted, cost in (({"openai"}, Decimal("0.01")), ((), Decimal("0.00021"))):
        bench.provider.reply(Reply(usage=usage_of(cost=0.01)))
        client = wrap(bench.client("openai"), rich(trust_cost=trusted))
        assert receipt_for(bench.run(got(client.chat.completions.create(**CHAT)))).cost == cost


def test_a_discount_is_taken_off(bench):
    """Off what is held, and off what is charged."""
    bench.provider.reply(Reply(usage=usage_of()))
    receipt = receipt_for(
        bench.run(got(wrap(bench.client("openai"), rich(discounts={"openai": "0.5"})).chat.completions.create(**CHAT)))
    )
    assert receipt.cost == Decimal("0.000105")


def test_a_region_of_the_request_is_held_and_the_answers_is_charged(bench):
    """A tenth more, on models that can be told where to work."""
    usage = {"input_tokens": 1000, "output_tokens": 100, "inference_geo": "us"}
    bench.provider.reply(Reply(usage=usage))
    budget = rich()
    client = wrap(bench.client("anthropic"), budget)
    near = receipt_for(bench.run(got(client.messages.create(**MESSAGE, extra_body={"inference_geo": "us"}))))
    bench.provider.reply(Reply(usage={**usage, "inference_geo": "global"}))
    far = receipt_for(bench.run(got(client.messages.create(**MESSAGE))))
    assert (near.cost, far.cost) == (Decimal("0.00825"), Decimal("0.0075"))
    assert near.held.cost > far.held.cost


@pytest.mark.parametrize(
    ("address", "vendor", "region"),
    [
        ("https://eu.api.openai.com/v1", "openai", "eu"),
        ("https://api.openai.com/v1", "openai", None),
        ("https://us-east5-aiplatform.googleapis.com/v1", "google", "us-east5"),
        ("https://aiplatform.eu.rep.googleapis.com/v1", "google", "eu"),
        ("https://aiplatform.googleapis.com/v1", "google", None),
        ("https://eu.api.openai.com.elsewhere.org/v1", "openai", None),
        ("https://api.anthropic.com", "anthropic", None),
        ("no address", "openai", None),
    ],
)
def test_a_regional_address_is_known_to_the_guard(address, vendor, region):
    """What is held and charged for calls there has the region's surcharge."""
    guard = read_guard(rich(), None, None, None).at(address, None, vendor)
    assert guard.geography == region


def test_reservations_have_receipts():
    """Open ones none; given back ones one of nothing; settled ones what they came to."""
    budget = rich(custom_pricing={"m": {"input": 1, "output": 2}})
    with budget.session() as session:
        with budget.reserve(model="m", input_tokens=1000, max_output_tokens=1000) as reservation:
            assert reservation.receipt is None
            reservation.release()
        with budget.reserve(model="m", input_tokens=1000, max_output_tokens=1000) as reservation:
            reservation.charge_unconfirmed()
    free, unknown = session.receipts
    assert (free.outcome, free.cost, free.usage.total_tokens) == ("free", 0, 0)
    assert (unknown.outcome, unknown.unconfirmed, unknown.cost) == ("unconfirmed", True, Decimal("0.003"))
    assert unknown == reservation.receipt
    assert unknown.unused == 0


def test_a_truth_that_comes_late_replaces_its_receipt():
    """One receipt for each reservation."""
    from llm_token_budget import Usage

    budget = rich(custom_pricing={"m": {"input": 1, "output": 2}})
    with (
        budget.session() as session,
        budget.reserve(model="m", input_tokens=1000, max_output_tokens=1000) as reservation,
    ):
        reservation.charge_unconfirmed()
        reservation.settle(Usage(input_tokens=500))
    assert [(receipt.outcome, receipt.cost) for receipt in session.receipts] == [("billed", Decimal("0.0005"))]


def test_models_are_required_at_the_start():
    """Rather than missed at night."""
    from llm_token_budget import UnknownModelPrice

    budget = rich(aliases={"prod": "azure:gpt-4o"})
    budget.require_prices("gpt-6.1-terra", "prod")
    budget.require_prices("openai/gpt-oss-20b", provider="groq")
    with pytest.raises(UnknownModelPrice, match=r"'gpt-6\.3-sol', 'gpt-7'") as raised:
        budget.require_prices("gpt-6.1-terra", "gpt-6.3-sol", "gpt-7")
    assert raised.value.required == ("gpt-6.3-sol", "gpt-7")
    assert "sent" not in str(raised.value)
    assert "should not start" in str(raised.value)
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)
