"""The prices of the model that answered."""

from __future__ import annotations

import pytest

from llm_token_budget.pricing import PriceBook
from llm_token_budget.pricing.answering import KEPT, AnswerPrices

NOW = 1_800_000_000.0


@pytest.fixture
def now() -> list[float]:
    return [NOW]


@pytest.fixture
def answers(now: list[float]) -> AnswerPrices:
    prices = {"mine": [{"input": "1", "output": "2"}, {"input": "3", "output": "4", "since": "2027-01-20"}]}
    return AnswerPrices(PriceBook(prices, clock=lambda: now[0]))


def test_the_model_that_answered_is_priced(answers: AnswerPrices) -> None:
    """By its own name, whatever was asked for."""
    card = answers.card("openai", "gpt-4o", "gpt-4o-mini-2024-07-18", None, None, NOW)
    assert card is not None
    assert card is answers.card("openai", "gpt-4o", "gpt-4o-mini-2024-07-18", None, None, NOW)
    assert card.plain_cost_pico(1, 0) == 150_000


def test_a_cloud_is_asked_by_the_name_that_says_where(answers: AnswerPrices) -> None:
    """Bedrock answers with the vendor's name for what it sells under one that names a region."""
    requested = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
    regional = answers.card("aws", requested, "claude-sonnet-4-5-20250929", None, None, NOW)
    assert regional is not None
    assert regional.model == PriceBook().rate_card(requested, "aws").model


def test_a_model_that_nobody_can_price_has_none(answers: AnswerPrices) -> None:
    """Asked twice, the answer is the same."""
    for _ in range(2):
        assert answers.card("openai", "gpt-4o", "gpt-99-secret", None, None, NOW) is None


def test_a_price_that_begins_today_counts_from_today(answers: AnswerPrices, now: list[float]) -> None:
    """What was looked up yesterday is looked up again."""
    before = answers.card("openai", "mine", "mine", None, None, NOW)
    now[0] += 10 * 86_400
    after = answers.card("openai", "mine", "mine", None, None, now[0])
    assert before is not None
    assert after is not None
    assert after.plain_cost_pico(1, 0) == 3 * before.plain_cost_pico(1, 0)


def test_names_that_answers_make_up_fill_no_memory(answers: AnswerPrices) -> None:
    """A bounded number is remembered, and none that is longer than a name."""
    for number in range(KEPT + 10):
        answers.card("openai", "gpt-4o", f"made-up-{number}", None, None, NOW)
    answers.card("openai", "gpt-4o", "x" * 10_000, None, None, NOW)
    assert len(answers._known) <= KEPT
    assert all(len(key[2]) < 1000 for key in answers._known)


def test_a_call_costs_what_it_cost_when_it_was_sent(answers: AnswerPrices, now: list[float]) -> None:
    """Reserved before midnight and answered after it: yesterday's price, and today's for what is sent today."""
    midnight = 1_800_403_200.0  # 2027-01-20, UTC
    now[0] = midnight + 600
    before = answers.card("openai", "mine", "mine", None, None, midnight - 60)
    after = answers.card("openai", "mine", "mine", None, None, midnight + 60)
    assert before is not None
    assert after is not None
    assert after.plain_cost_pico(1, 0) == 3 * before.plain_cost_pico(1, 0)


@pytest.mark.parametrize("reserved_at", [0.0, 1_000_000.0, 4_000_000_000.0])
def test_a_ledger_with_a_clock_of_its_own_changes_no_price(
    answers: AnswerPrices, now: list[float], reserved_at: float
) -> None:
    """Whatever its clock says of long ago, or of times to come: today's price."""
    now[0] += 10 * 86_400
    today = answers.card("openai", "mine", "mine", None, None, now[0])
    assert answers.card("openai", "mine", "mine", None, None, reserved_at) == today
