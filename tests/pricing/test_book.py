"""The book as a whole: dates, tiers, bounds, its cache, and what it loads when."""

import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import DataSnapshot, get_snapshot, set_custom_snapshot

from llm_token_budget.errors import ConfigurationError, UnknownModelPrice
from llm_token_budget.pricing import PriceBook
from llm_token_budget.pricing.book import MAX_CARDS
from llm_token_budget.pricing.corrections import CORRECTIONS, TIER_MULTIPLES
from llm_token_budget.usage import Usage


class Clock:
    def __init__(self, *day):
        self.now = datetime(*day, tzinfo=UTC).timestamp()

    def __call__(self):
        return self.now


def input_price(card):
    return Decimal(card.tariff.bands[0].input) / 10**6


@pytest.mark.parametrize(
    ("day", "price"), [((2026, 7, 29, 23, 59), "1"), ((2026, 7, 30), "0.2"), ((2030, 1, 1), "0.2")]
)
def test_todays_price_is_taken(day, price):
    """GPT-5.6 Luna became 80 % cheaper on 2026-07-30."""
    assert input_price(PriceBook(clock=Clock(*day)).rate_card("gpt-5.6-luna")) == Decimal(price)


def test_a_long_running_book_follows_the_date():
    """A card that was remembered yesterday isn't today's."""
    clock = Clock(2026, 7, 29, 23, 59)
    book = PriceBook(clock=clock)
    assert input_price(book.rate_card("gpt-5.6-luna")) == 1
    clock.now += 60
    assert input_price(book.rate_card("gpt-5.6-luna")) == Decimal("0.2")


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_a_price_by_the_time_of_day_is_the_dearest_of_the_day(hour):
    """A reservation may be settled in another tariff than it was made in."""
    card = PriceBook(clock=Clock(2026, 11, 24, hour)).rate_card("deepseek-chat")
    assert (card.tariff.bands[0].input, card.tariff.bands[0].output) == (270_000, 1_100_000)


@pytest.mark.parametrize(
    ("model", "tier", "price"),
    [
        ("gpt-4o", "priority", "4.25"),
        ("gpt-4o", "batch", "1.25"),
        # Unknown to the book for this model: the dearest that it knows.
        ("gpt-4o", "flex", "4.25"),
        ("gpt-4o", "scale", "4.25"),
        ("gpt-4-turbo", "warp", "10"),
        ("claude-opus-5-5", "fast", "8"),
        ("claude-opus-5-5", "standard_only", "4"),
        ("claude-opus-5-5", "priority", "8"),
        ("gpt-6-astra", "ultrafast", "60"),
        ("gpt-6.2-sol", "batch", "1"),
        ("gpt-6.2-sol", "fast", "4"),
        ("gpt-6.2-sol", "ultrafast", "6"),
        ("openai/gpt-oss-120b", "flex", "0.15"),
        ("llama-3.3-70b-versatile", "performance", "0.59"),
    ],
)
def test_a_service_tier_has_its_price(model, tier, price):
    """From the book or our corrections; an unknown one never falls back to the standard price."""
    card = PriceBook(clock=Clock(2026, 11, 24)).rate_card(model, service_tier=tier)
    assert input_price(card) == Decimal(price)


def test_a_dated_correction_holds_from_its_day_on():
    """GPT-6.2 Sol in ultrafast mode doubles in March 2027."""
    prices = [
        input_price(PriceBook(clock=Clock(*day)).rate_card("gpt-6.2-sol", service_tier="ultrafast"))
        for day in ((2027, 2, 28), (2027, 3, 1))
    ]
    assert prices == [6, 12]


def test_a_cache_for_half_a_day_costs_twice_the_short_one():
    """As published for GPT-6.2 Sol, and by the same rule for its elders."""
    book = PriceBook()
    for model, price in ("gpt-6.2-sol", "5"), ("gpt-6.1-sol", "5"), ("gpt-6-luna", "0.25"):
        assert Decimal(book.rate_card(model).tariff.bands[0].cache_write_12h) / 10**6 == Decimal(price)


def test_audio_has_its_own_price():
    """What genai-prices lacks for the audio previews is in the corrections."""
    card = PriceBook().rate_card("gpt-4o-audio-preview-2024-12-17")
    usage = Usage(input_tokens=1_000, audio_input_tokens=400, output_tokens=500, audio_output_tokens=100)
    assert card.cost_pico(usage) == (600 * 2_500_000) + 400 * 40_000_000 + 400 * 10_000_000 + 100 * 80_000_000


def test_every_correction_is_sourced_and_found():
    """A row without an address, or under a name that doesn't resolve, is a mistake."""
    book = PriceBook()
    for row in CORRECTIONS:
        assert row.source.startswith("https://")
        assert date(2026, 1, 1) < row.checked <= date.today()  # noqa: DTZ011
        for model in row.models:
            if row.unpriced:
                with pytest.raises(UnknownModelPrice):
                    book.rate_card(model, row.provider)
            else:
                assert book.rate_card(model, row.provider).updated_at == row.checked.isoformat()
    assert all(row.source.startswith("https://") for row in TIER_MULTIPLES)


def test_the_upper_bound_is_at_least_every_current_text_model():
    """Any model of the three vendors costs at most what an unknown one is charged."""
    book = PriceBook()
    bound = book.upper_bound_card()
    usage = Usage(input_tokens=280_000, output_tokens=1_000, cache_read_tokens=10_000, cache_write_tokens=10_000)
    for name in "gpt-6-astra", "gpt-5.5-pro", "gpt-6-cyber", "claude-mythos-5-2", "claude-3-opus", "gpt-6.2-sol":
        assert book.rate_card(name).cost_pico(usage) <= bound.cost_pico(usage)
    assert bound.cost_pico(Usage(input_tokens=1_000, output_tokens=1_000)) == 1_000 * (30 + 180) * 10**6
    assert bound.provider == "any"


def test_the_upper_bound_of_a_tier_covers_every_tier():
    """Fast and ultrafast modes included."""
    book = PriceBook()
    astra = book.rate_card("gpt-6-astra", service_tier="ultrafast")
    bound = book.upper_bound_card(service_tier="ultrafast")
    usage = Usage(input_tokens=1_000, output_tokens=1_000)
    assert astra.cost_pico(usage) <= bound.cost_pico(usage)
    assert book.upper_bound_card(service_tier="auto") == book.upper_bound_card()


def test_the_date_of_the_book_is_that_of_its_newest_price():
    """An ISO date that isn't in the future, for messages."""
    updated = date.fromisoformat(PriceBook(clock=Clock(2026, 11, 24)).updated_at)
    assert date(2026, 10, 1) <= updated <= date(2026, 11, 24)


def test_an_updated_snapshot_is_used_within_the_hour():
    """A program that keeps genai-prices up to date gets the new prices, and the book leaves its snapshot alone."""
    clock = Clock(2026, 11, 24)
    book = PriceBook(clock=clock)
    assert book.rate_card("gpt-4o")
    bundled = get_snapshot()
    try:
        set_custom_snapshot(DataSnapshot(providers=[], from_auto_update=True, timestamp=datetime(2026, 11, 25)))  # noqa: DTZ001
        assert book.rate_card("gpt-4o")
        clock.now += 3600
        with pytest.raises(UnknownModelPrice, match="price book of 2026-11-25"):
            book.rate_card("gpt-4o")
    finally:
        set_custom_snapshot(None)
    assert get_snapshot() is bundled


def test_genai_prices_remembers_nothing_of_what_was_asked():
    """Its caches are not used, so strangers' names can't fill them."""
    snapshot = get_snapshot()
    before = len(snapshot._lookup_cache), len(snapshot._provider_cache), len(snapshot._provider_misses)
    book = PriceBook()
    for name in ("gpt-4o", *(f"gpt-4o-no-{i}" for i in range(50))):
        try:
            book.rate_card(name)
        except UnknownModelPrice:
            continue
    assert before == (len(snapshot._lookup_cache), len(snapshot._provider_cache), len(snapshot._provider_misses))


def test_a_card_is_compiled_once():
    """The second lookup answers with the same object."""
    book = PriceBook()
    assert book.rate_card("gpt-4o") is book.rate_card("gpt-4o")


def test_the_cache_is_bounded_for_hits_and_misses():
    """However many names a stranger makes up."""
    book = PriceBook()
    for i in range(MAX_CARDS + 100):
        book.rate_card(f"llama{i}", "ollama")
        with pytest.raises(UnknownModelPrice):
            book.rate_card(f"nothing{i}", "groq")
    assert len(book._cards) == len(book._unknown) == MAX_CARDS
    assert book.rate_card("gpt-4o").model == "gpt-4o"


@pytest.mark.parametrize("place", ["model", "provider", "service_tier"])
def test_a_hostile_name_is_neither_scanned_nor_kept(place):
    """Ten million characters are refused by their number alone."""
    book = PriceBook()
    arguments = {"model": "ollama", "provider": None, "service_tier": None} | {place: "gpt-4o-" * 1_500_000}
    with pytest.raises(UnknownModelPrice) as caught:
        book.rate_card(**arguments)
    assert not book._cards
    assert not book._unknown
    assert len(caught.value.model) <= 256
    assert len(caught.value.provider or "") <= 256


@pytest.mark.parametrize("arguments", [{"provider": 3}, {"service_tier": 3}])
def test_arguments_are_strings(arguments):
    """Anything else is a wiring error."""
    with pytest.raises(ConfigurationError, match="must be a string"):
        PriceBook().rate_card("gpt-4o", **arguments)


def run(code):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    ).stdout


HEAVY = "{'genai_prices', 'pydantic', 'httpx', 'httpx2', 'asyncio', 'importlib.metadata', 'difflib'}"


def test_importing_and_building_loads_no_price_data():
    """Neither do lookups that need none; the first one that does loads it."""
    code = f"""
import sys
from llm_token_budget.pricing import PriceBook, calculate_cost
book = PriceBook({{"m": {{"input": 1, "output": 2}}}}, {{"prod": "azure:gpt-4o", "local": "ollama:llama3"}})
book.rate_card("m"), book.rate_card("local"), book.rate_card("llama3:8b", "ollama"), book.rate_card("ollama")
print(calculate_cost(1, 1, "m", {{"m": {{"input": 1, "output": 2}}}}).total_cost)
print(sorted({HEAVY} & set(sys.modules)))
book.warm_up()
print("genai_prices" in sys.modules)
"""
    assert run(code).splitlines() == ["0.000003", "[]", "True"]


def test_the_first_lookup_may_come_from_many_threads():
    """They all get the same price, and nobody gets half an index."""
    code = """
import threading
from llm_token_budget.pricing import PriceBook
names = ["gpt-4o", "claude-opus-5-5", "openai/gpt-oss-120b", "llama-3.3-70b", "deepseek-v3.2", "gpt-6.2-sol"] * 4
books, barrier, found, failed = [PriceBook(), PriceBook()], threading.Barrier(len(names)), set(), []
def look_up(i, name):
    barrier.wait()
    try:
        found.add(books[i % 2].rate_card(name).id)
    except BaseException as exc:
        failed.append(exc)
threads = [threading.Thread(target=look_up, args=pair) for pair in enumerate(names)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
print(len(found), failed)
"""
    assert run(code) == "6 []\n"


def test_lookups_and_renewals_in_many_threads_agree():
    """While one thread throws the cards away, the others still get whole ones."""
    clock, failed = Clock(2026, 11, 24), []
    book = PriceBook(clock=clock)
    expected = book.rate_card("gpt-4o").tariff

    def look_up():
        for _ in range(300):
            clock.now += 600
            if book.rate_card("gpt-4o").tariff != expected:
                failed.append(1)

    threads = [threading.Thread(target=look_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
