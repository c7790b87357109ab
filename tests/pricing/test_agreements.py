"""What the user has agreed on: discounts, gateways that are believed, prices with dates, whatever a server serves."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from llm_token_budget.errors import ConfigurationError, UnknownModelPrice
from llm_token_budget.pricing import PriceBook
from llm_token_budget.usage import Terms, ToolUse, Usage

THOUSANDS = Usage(input_tokens=1000, output_tokens=1000)


def cost(book, usage=THOUSANDS, **call):
    return book.bill(usage, **call).cost


@pytest.mark.parametrize(
    ("off", "expected"), [("0.10", "0.01125"), (0.5, "0.00625"), (0, "0.0125"), (Decimal("0.333"), "0.0083375")]
)
def test_a_discount_is_taken_off_what_its_provider_charges(off, expected):
    """Exactly, for every model of it, and for nobody else's."""
    book = PriceBook(discounts={"OpenAI": off})
    assert cost(book, model="gpt-4o", provider="openai") == Decimal(expected)
    assert cost(book, model="claude-opus-5-5", provider="anthropic") == Decimal("0.024")


def test_a_discount_holds_for_reservations_and_for_tools():
    """What is held and what is charged follow the same price."""
    book, list_price = PriceBook(discounts={"openai": "0.2"}), PriceBook()
    card, full = book.rate_card("gpt-4o", "openai"), list_price.rate_card("gpt-4o", "openai")
    assert card.worst_input_pico(1000) * 10 == full.worst_input_pico(1000) * 8
    assert card.worst_output_pico(0) * 10 == full.worst_output_pico(0) * 8
    assert card.plain_cost_pico(1000, 1000) * 10 == full.plain_cost_pico(1000, 1000) * 8
    assert card.id != full.id
    searching = Usage(tools=(ToolUse("web_search", 1),))
    assert cost(book, searching, model="gpt-4o", provider="openai") == Decimal("0.008")


def test_a_custom_price_is_what_the_user_pays_already():
    """No discount is taken off it."""
    book = PriceBook({"my-model": {"input": 1, "output": 1}}, discounts={"openai": "0.5"})
    assert cost(book, model="my-model", provider="openai") == Decimal("0.002")


@pytest.mark.parametrize(
    "wrong", [{"openai": 1}, {"openai": "1.5"}, {"openai": -1}, {"openai": "x"}, {"": "0.1"}, ["openai"]]
)
def test_what_is_no_discount_is_refused(wrong):
    """A fraction from 0 up to 1; the error names the option."""
    with pytest.raises(ConfigurationError, match="discounts"):
        PriceBook(discounts=wrong)


def test_a_gateway_is_believed_where_the_user_says_so():
    """Its own figure counts, exactly, whatever the model is called."""
    said = Usage(input_tokens=10, terms=Terms(reported_cost=Decimal("0.00012345678")))
    bill = PriceBook(trust_cost={"openrouter"}).bill(said, model="acme/unheard-of", provider="openrouter")
    assert (bill.cost, bill.nano_usd, bill.rate_card_id) == (Decimal("0.00012345678"), 123457, "reported")


def test_a_gateway_is_not_believed_otherwise():
    """Its price is looked up like any other's."""
    said = Usage(input_tokens=1000, output_tokens=1000, terms=Terms(reported_cost=Decimal(0)))
    assert cost(PriceBook(), said, model="openai/gpt-4o", provider="openrouter") == Decimal("0.0125")
    assert cost(PriceBook(trust_cost={"openrouter"}), said, model="gpt-4o", provider="openai") == Decimal("0.0125")


@pytest.mark.parametrize("wrong", ["openrouter", [5], {""}])
def test_what_names_no_providers_is_refused(wrong):
    """A string would be read letter by letter."""
    with pytest.raises(ConfigurationError, match="trust_cost"):
        PriceBook(trust_cost=wrong)


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-11-30", "0.002"), ("2026-12-01", "0.001"), ("2027-01-01", "0.004"), ("2030-01-01", "0.004")],
)
def test_a_custom_price_changes_at_its_dates(day, expected):
    """Each price holds from its day on, in whatever order they are given."""
    prices = [
        {"since": "2027-01-01", "input": 2, "output": 2},
        {"input": 1, "output": 1},
        {"since": datetime(2026, 12, 1, tzinfo=UTC), "input": "0.5", "output": "0.5"},
    ]
    book = PriceBook({"my-model": prices})
    assert cost(book, model="my-model", at=datetime.fromisoformat(day).date()) == Decimal(expected)


def test_before_its_first_date_a_custom_price_is_none():
    """Then the published price counts, if there is one."""
    day = datetime(2026, 11, 1, tzinfo=UTC).date()
    book = PriceBook({name: {"since": "2026-12-01", "input": 1, "output": 1} for name in ("gpt-4o", "my-model")})
    assert cost(book, model="gpt-4o", at=day) == Decimal("0.0125")
    with pytest.raises(UnknownModelPrice):
        cost(book, model="my-model", at=day)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [{"input": 1, "output": 1}] * 2,
        {"since": "soon", "input": 1, "output": 1},
        [{"since": "2027-01-01", "input": 1}],
    ],
)
def test_dates_that_say_nothing_are_refused(wrong):
    """Two prices of the same day, a word that is no date, a price that lacks half."""
    with pytest.raises(ConfigurationError, match="my-model"):
        PriceBook({"my-model": wrong})


def test_whatever_else_a_server_serves_has_one_price():
    """Exact names go first; other providers are not meant."""
    book = PriceBook({"vllm:*": {"input": 0, "output": 0}, "vllm:big": {"input": 1, "output": 1}})
    assert cost(book, model="llama-whatever", provider="vllm") == 0
    assert cost(book, model="gpt-4o", provider="vllm") == 0
    assert cost(book, model="big", provider="vllm") == Decimal("0.002")
    assert cost(book, model="gpt-4o", provider="openai") == Decimal("0.0125")
    with pytest.raises(UnknownModelPrice):
        cost(book, model="llama-whatever", provider="elsewhere")


def test_an_answering_model_without_a_price_costs_what_the_requested_one_does(caplog):
    """Flagged, and said once in the log."""
    book = PriceBook()
    for _ in range(2):
        bill = book.bill(THOUSANDS, model="gpt-99-nova", provider="openai", requested="gpt-4o")
        assert (bill.cost, bill.model, bill.fell_back) == (Decimal("0.0125"), "gpt-4o", True)
    assert sum("nobody can price" in record.message for record in caplog.records) <= 1
    assert not book.bill(THOUSANDS, model="gpt-4o-mini", provider="openai", requested="gpt-4o").fell_back


def test_a_bill_that_nobody_can_price_is_refused():
    """Neither the answering nor the requested model has a price: the error names the one that answered."""
    with pytest.raises(UnknownModelPrice, match="gpt-99-nova"):
        PriceBook().bill(THOUSANDS, model="gpt-99-nova", provider="openai", requested="gpt-98")


def test_a_start_without_a_price_fails_at_the_start():
    """`require` looks all of them up."""
    book = PriceBook(aliases={"prod": "azure:gpt-4o"})
    book.require(["gpt-6.1-terra", "prod", "groq:openai/gpt-oss-20b"])
    with pytest.raises(UnknownModelPrice, match=r"gpt-6\.3-sol"):
        book.require(["gpt-6.1-terra", "gpt-6.3-sol"])
