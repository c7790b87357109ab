"""Rate cards: exact costs, and bounds that hold."""

from dataclasses import replace
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_token_budget.pricing.priced import STANDARD, Priced
from llm_token_budget.pricing.rates import COMPONENTS, RateCard, Rates, Tariff, dearest
from llm_token_budget.usage import Usage

tokens = st.integers(0, 3_000)
rates = st.fixed_dictionaries({name: st.integers(0, 50) for name in COMPONENTS})


def card_of(*bands, request_pico=0, **more):
    tariff = Tariff(bands=bands, request_pico=request_pico)
    return RateCard(id="x", provider="p", model="m", updated_at="2026-01-01", tariff=tariff, **more)


def band(above=0, **changed):
    base = dict.fromkeys(COMPONENTS, 0) | {"input": 10, "output": 40, "cache_read": 1, "audio_input": 10}
    base |= {"cache_write": 12, "cache_write_1h": 20, "cache_write_12h": 25, "audio_output": 40}
    base |= {"image_input": 10, "image_output": 40, "cache_read_audio": 1, "cache_read_image": 1}
    return Rates(above=above, **(base | changed))


@st.composite
def cards(draw):
    starts = [0, *sorted(draw(st.sets(st.integers(1, 2_500), max_size=3)))]
    bands = [Rates(above=start, **draw(rates)) for start in starts]
    scales = st.tuples(st.integers(1, 30), st.integers(1, 30)) | st.just((1, 1))
    return card_of(*bands, request_pico=draw(st.integers(0, 1_000)), scale=draw(scales), fee_scale=draw(scales))


@st.composite
def usages(draw):
    parts = draw(st.tuples(*[tokens] * 6))
    spoken, drawn = draw(tokens), draw(tokens)
    read, write, write_1h, write_12h, audio, image = parts
    heard = draw(st.integers(0, read))
    return Usage(
        input_tokens=sum(parts) + draw(tokens),
        output_tokens=spoken + drawn + draw(tokens),
        cache_read_tokens=read,
        cache_write_tokens=write,
        cache_write_1h_tokens=write_1h,
        cache_write_12h_tokens=write_12h,
        audio_input_tokens=audio,
        audio_output_tokens=spoken,
        image_input_tokens=image,
        image_output_tokens=drawn,
        cache_read_audio_tokens=heard,
        cache_read_image_tokens=draw(st.integers(0, read - heard)),
    )


@given(card=cards(), usage=usages(), slack=tokens)
def test_no_usage_costs_more_than_its_bound(card, usage, slack):
    """Whatever its parts, and however loose the bound of its input is."""
    bound = usage.input_tokens + slack
    reserved = card.worst_input_pico(bound) + usage.output_tokens * card.worst_output_pico(bound)
    assert card.cost_pico(usage) <= reserved


@given(card=cards(), input_tokens=tokens, output=tokens, written=tokens)
def test_a_bound_that_knows_more_is_tighter_and_still_holds(card, input_tokens, output, written):
    """Without audio and long cache lifetimes, the bound leaves out their rates."""
    usage = Usage(input_tokens=input_tokens + written, output_tokens=output, cache_write_tokens=written)
    tight = card.worst_input_pico(usage.input_tokens, longest_cache="5m", audio=False)
    tight += output * card.worst_output_pico(usage.input_tokens, audio=False)
    loose = card.worst_input_pico(usage.input_tokens) + output * card.worst_output_pico(usage.input_tokens)
    assert card.cost_pico(usage) <= tight <= loose


@given(card=cards(), usage=usages(), over=st.booleans())
def test_a_cost_is_the_sum_of_its_lines(card, usage, over):
    """Whatever it is scaled by, also where parts exceed their total; it is rounded up once, at the end."""
    if over:
        usage = replace(usage, cache_read_tokens=usage.input_tokens + 1, audio_output_tokens=usage.output_tokens + 1)
    exact = card.exact_pico(usage)
    assert card.cost_pico(usage) == ceil(exact)
    lines = sum(pico for _, _, pico in card.lines(usage))
    assert exact == Fraction(*card.scale) * lines + Fraction(*card.fee_scale) * card.tariff.request_pico


@given(card=cards(), usage=usages(), part=st.sampled_from(["cache_read_tokens", "audio_input_tokens"]), more=tokens)
def test_parts_beyond_their_total_never_make_it_cheaper(card, usage, part, more):
    """A reader that reports cached input beside the input, not inside it, is charged for both."""
    outside = Usage(
        input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, **{part: usage.input_tokens + 1 + more}
    )
    band = card.tariff.rates_at(2 * usage.input_tokens + 1 + more)
    rate = band.cache_read if part == "cache_read_tokens" else band.audio_input
    expected = (
        usage.input_tokens * band.input + (usage.input_tokens + 1 + more) * rate + usage.output_tokens * band.output
    )
    assert card.exact_pico(outside) == Fraction(*card.scale) * expected + card.request_fee


@pytest.mark.parametrize(("longest_cache", "rate"), [("none", 10), ("5m", 12), ("1h", 20), ("12h", 25)])
def test_the_bound_follows_the_longest_cache_that_can_be_written(longest_cache, rate):
    """A request that can't write an hour-long cache isn't reserved for one."""
    assert card_of(band()).worst_input_pico(100, longest_cache=longest_cache) == 100 * rate


def test_a_bound_takes_the_dearest_band_within_reach():
    """Up to the threshold the lower band, above it the dearer one, also where prices fall again."""
    card = card_of(band(), band(above=100, input=90, output=70), band(above=200, input=30, output=50))
    assert [card.worst_output_pico(n) for n in (0, 100, 101, 200, 201, 2**52)] == [40, 40, 70, 70, 70, 70]
    assert [card.worst_input_pico(n) // n for n in (100, 101, 200, 201, 2**52)] == [25, 90, 90, 90, 90]
    assert [card.cost_pico(Usage(input_tokens=n)) // n for n in (100, 101, 200, 201, 2**52)] == [10, 90, 90, 30, 30]


def test_the_dearest_of_several_tariffs_is_dearest_everywhere():
    """Component by component, in every band of any of them."""
    flat = Tariff(bands=(band(input=20, output=30),), request_pico=7)
    long = Tariff(bands=(band(), band(above=100, input=15, output=60)))
    both = dearest([flat, long])
    assert [(b.above, b.input, b.output) for b in both.bands] == [(0, 20, 40), (100, 20, 60)]
    assert both.request_pico == 7


@pytest.mark.parametrize("tier", [None, "default", "auto", "standard", "on_demand", "AUTO"])
def test_standard_tiers_cost_the_standard_price(tier):
    """What vendors call the tier of a request that names none."""
    assert priced().card(tier).tariff.bands[0].input == 10


def test_a_known_tier_has_its_own_price():
    """Cheaper or dearer, as published."""
    assert [priced().card(tier).tariff.bands[0].input for tier in ("flex", "FAST")] == [5, 20]


def test_an_unknown_tier_costs_as_much_as_the_dearest_known_one():
    """A tier that is newer than the price book never under-counts against what the book knows."""
    assert priced().card("warp").tariff.bands[0].input == 20


def test_the_id_of_a_card_names_its_prices():
    """The same prices have the same id, others have another one."""
    ids = {priced().card(tier).id for tier in (None, "default", "flex", "fast", "warp")}
    assert len(ids) == 4
    assert priced().card().id.startswith("p:m:standard@2026-01-01#")


def priced():
    standard = Tariff(bands=(band(),))
    tariffs = {STANDARD: standard, "flex": standard.times(1, 2), "fast": standard.times(2)}
    return Priced(provider="p", model="m", updated_at="2026-01-01", tariffs=tariffs)


@given(cards(), tokens, tokens)
def test_a_plain_usage_costs_the_same_by_the_short_way(card, input_tokens, output_tokens):
    """Long-context bands included."""
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    assert card.plain_cost_pico(input_tokens, output_tokens) == card.cost_pico(usage)
