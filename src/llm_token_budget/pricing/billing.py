"""The bill of one call: everything that it comes to, line by line, exact."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from llm_token_budget.errors import UnknownModelPrice
from llm_token_budget.money import PICO_USD_PER_NANO_USD
from llm_token_budget.pricing.names import canonical_provider
from llm_token_budget.pricing.priced import CUSTOM
from llm_token_budget.pricing.surcharges import PICO_USD, search_block, tool_fees
from llm_token_budget.pricing.vendors import PREPAID_TIERS
from llm_token_budget.usage import Iteration, ToolUse, Usage

if TYPE_CHECKING:
    from llm_token_budget.pricing.book import PriceBook
    from llm_token_budget.pricing.rates import RateCard

PICO_DIGITS: Final = 12
MOST_DIGITS: Final = 60

logger: Final = logging.getLogger("llm_token_budget")


class BillLine(NamedTuple):
    """One kind of thing that is billed."""

    what: str
    """A component of `Rates` (`input`, `cache_read`, `output` ...), `request`, a tool, `search_content`, or `reported`."""
    quantity: int
    """Tokens, calls or requests."""
    cost: Decimal
    """USD, exact."""
    model: str | None = None
    """The model in the price book whose rate it is."""


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What one call comes to."""

    pico_usd: Fraction
    """Exact pico-USD (10^-12 USD)."""
    rate_card_id: str
    """Names the prices; of several models' prices, joined by `+`."""
    updated_at: str
    """The date of the prices, or `custom`; `reported` where the provider's own word is believed."""
    model: str | None
    """The model whose price counts, as it was named by the answer or the request."""
    fell_back: bool = False
    """The answering model has no price: the requested one's counts."""
    _lines: tuple[tuple[str, int, Fraction, str | None], ...] = field(default=(), repr=False)

    @property
    def id(self) -> str:
        """`rate_card_id`, as a rate card has it."""
        return self.rate_card_id

    @property
    def nano_usd(self) -> int:
        """Whole nano-USD: the one rounding of a call, up."""
        return -(-self.pico_usd.numerator // (self.pico_usd.denominator * PICO_USD_PER_NANO_USD))

    @property
    def cost(self) -> Decimal:
        """Exact USD."""
        return usd(self.pico_usd)

    @cached_property
    def lines(self) -> tuple[BillLine, ...]:
        """What the cost is made of."""
        return tuple(BillLine(what, count, usd(pico), model) for what, count, pico, model in self._lines)


def usd(pico: Fraction) -> Decimal:
    """Pico-USD as USD: exact, since rates, surcharges and discounts are decimal numbers.

    (What a provider asks for each second of an hour may not be one: that is rounded up after 60 digits.)
    """
    exponent = -PICO_DIGITS
    while pico.denominator != 1 and exponent > -MOST_DIGITS:
        pico *= 10
        exponent -= 1
    digits = -(-pico.numerator // pico.denominator)
    while digits and exponent < 0 and digits % 10 == 0:
        digits //= 10
        exponent += 1
    # From text, since arithmetic would round to the 28 digits of the current context.
    return Decimal(f"{digits}E{exponent}") if digits else Decimal(0)


class _Circumstances(NamedTuple):
    provider: str | None
    requested: str | None
    service_tier: str | None
    batch: bool
    geography: str | None
    at: date | None


def bill(
    book: PriceBook,
    usage: Usage,
    *,
    model: str | None,
    provider: str | None,
    requested: str | None,
    service_tier: str | None,
    geography: str | None,
    batch: bool,
    at: date | None,
) -> Bill:
    """The bill of a usage: see `PriceBook.bill`."""
    terms = usage.terms
    if terms is not None:
        if terms.reported_cost is not None and book.trusts(provider):
            return _reported(terms.reported_cost, model or requested)
        service_tier = terms.speed if terms.speed == "fast" else terms.service_tier or service_tier
        batch, geography = batch or terms.batch, terms.geography or geography
    circumstances = _Circumstances(provider, requested, service_tier, batch, geography, at)
    if usage.iterations:
        return _several(book, usage, model, circumstances)
    card, named, fell_back = _card(book, model, circumstances)
    lines = [*_token_lines(card, usage), *_request_lines(card), *_tool_lines(card, usage, circumstances, book)]
    return _made([card], lines, named, fell_back=fell_back)


def _several(book: PriceBook, usage: Usage, model: str | None, circumstances: _Circumstances) -> Bill:
    """Each request at its own model's price."""
    lines: list[tuple[str, int, Fraction, str | None]] = []
    cards: list[RateCard] = []
    fell_back = False
    for each in usage.iterations:
        card, _, missing = _card(book, each.model or model, _of_iteration(each, model, circumstances))
        fell_back = fell_back or missing
        cards.append(card)
        lines += [*_token_lines(card, each.usage), *_request_lines(card)]
    # The fees are those of whoever answered, which needs no price of its own: a system of several models has none.
    lines += _tool_lines(cards[0], usage, circumstances, book)
    return _made(cards, lines, model or circumstances.requested, fell_back=fell_back)


def _of_iteration(each: Iteration, model: str | None, circumstances: _Circumstances) -> _Circumstances:
    """Its fallback is the model that answered; another model's request is fast only where that model can be."""
    if each.model is None or each.model == model:
        return circumstances
    tier = None if circumstances.service_tier == "fast" else circumstances.service_tier
    return circumstances._replace(requested=model or circumstances.requested, service_tier=tier)


def _card(book: PriceBook, model: str | None, circumstances: _Circumstances) -> tuple[RateCard, str, bool]:
    """(the prices, whose they are, whether they are only the requested model's)."""
    provider, requested, tier, batch, geography, at = circumstances
    names = [name for name in _in_order(provider, model, requested) if name]
    if not names:
        raise UnknownModelPrice("(no model)", provider)
    for name in names:
        try:
            card = book.rate_card(
                name, provider, service_tier=_usual(name, tier), batch=batch, geography=geography, at=at
            )
        except UnknownModelPrice:
            if name == names[-1]:
                raise UnknownModelPrice(names[0], provider, prices_as_of=book.updated_at) from None
            continue
        return card, name, name != names[0]
    raise AssertionError("one of the names is the last")


def _in_order(provider: str | None, model: str | None, requested: str | None) -> tuple[str | None, ...]:
    if model is None or requested is None or model == requested:
        return (model or requested,)
    return (requested, model) if says_more(provider, requested, model) else (model, requested)


def says_more(provider: str | None, requested: str, answered: str) -> bool:
    """Whether a request's name for the model that answered says more of its price than the answer's.

    A cloud answers with the vendor's name for what it sells under one that says where it runs.
    """
    return provider is not None and canonical_provider(provider) == "aws" and answered.lower() in requested.lower()


def _usual(model: str, tier: str | None) -> str | None:
    """The tier, but None where its tokens cost what they always do."""
    if tier is None:
        return None
    return None if any(word in model.lower() and tier in prepaid for word, prepaid in PREPAID_TIERS.items()) else tier


def _token_lines(card: RateCard, usage: Usage) -> Iterator[tuple[str, int, Fraction, str | None]]:
    factor, divisor = card.scale
    for component, count, pico in card.lines(usage):
        yield component, count, Fraction(pico * factor, divisor), card.model


def _request_lines(card: RateCard) -> Iterator[tuple[str, int, Fraction, str | None]]:
    if fee := card.request_fee:
        yield "request", 1, fee, card.model


def _tool_lines(
    card: RateCard, usage: Usage, circumstances: _Circumstances, book: PriceBook
) -> Iterator[tuple[str, int, Fraction, str | None]]:
    if not usage.tools:
        return
    fees, (factor, divisor) = _fees(card, circumstances, book)
    for tool, calls in usage.tools:
        fee = fees.get(tool)
        if fee and calls:
            yield tool, calls, fee * calls * factor / divisor, None
        if tool == "web_search" and calls and (block := _block(card, circumstances)):
            pico = block * calls * card.tariff.bands[0].input
            yield "search_content", block * calls, Fraction(pico * card.scale[0], card.scale[1]), card.model


def _block(card: RateCard, circumstances: _Circumstances) -> int:
    provider, model = card.provider, card.model
    if provider == CUSTOM:
        provider, model = canonical_provider(circumstances.provider or ""), circumstances.requested or model
    return search_block(provider, model)


def _fees(
    card: RateCard, circumstances: _Circumstances, book: PriceBook
) -> tuple[Mapping[str, Fraction], tuple[int, int]]:
    provider = circumstances.provider
    if card.provider != CUSTOM or provider is None:
        return card.fees, card.fee_scale
    # A price of the user's own says nothing of tools: they cost what the provider asks.
    return tool_fees(canonical_provider(provider), circumstances.requested or card.model), book.discount(provider)


def most_fees(
    book: PriceBook, card: RateCard, uses: Iterable[ToolUse], provider: str | None, model: str | None
) -> Fraction:
    """Pico-USD that so many uses of tools are billed at most, by the fees that count for a card."""
    fees, (factor, divisor) = _fees(
        card, _Circumstances(provider, model, None, batch=False, geography=None, at=None), book
    )
    return sum((fees.get(tool, Fraction(0)) * calls for tool, calls in uses), Fraction(0)) * factor / divisor


def _made(
    cards: list[RateCard],
    lines: list[tuple[str, int, Fraction, str | None]],
    named: str | None,
    *,
    fell_back: bool,
) -> Bill:
    if fell_back:
        _say_fallback(named)
    return Bill(
        pico_usd=sum((pico for _, _, pico, _ in lines), Fraction(0)),
        rate_card_id="+".join(dict.fromkeys(card.id for card in cards)),
        updated_at=max(card.updated_at for card in cards),
        model=named,
        fell_back=fell_back,
        _lines=tuple(lines),
    )


def audio_bill(seconds: int, pico_per_second: Fraction, *, name: str, model: str | None, updated_at: str) -> Bill:
    """The bill of so many seconds of sound."""
    pico = pico_per_second * seconds
    return Bill(
        pico_usd=pico,
        rate_card_id=f"{name}:audio@{updated_at}",
        updated_at=updated_at,
        model=model,
        _lines=(("audio_second", seconds, pico, model),) if seconds else (),
    )


def _reported(cost: Decimal, model: str | None) -> Bill:
    pico = Fraction(cost) * PICO_USD
    return Bill(
        pico_usd=pico,
        rate_card_id="reported",
        updated_at="reported",
        model=model,
        _lines=(("reported", 1, pico, model),),
    )


_SAID: Final[set[str]] = set()
_MOST_SAID: Final = 256


def _say_fallback(model: str | None) -> None:
    """Once for each model that stands in."""
    name = str(model)[:80]
    if name in _SAID or len(_SAID) >= _MOST_SAID:
        return
    _SAID.add(name)
    logger.warning(
        "an answer names a model that nobody can price: it is priced as the one that was asked for, %r (said once)",
        name,
    )
