"""Where a model's price is looked for, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING

from llm_token_budget.pricing.aliases import Target
from llm_token_budget.pricing.corrected import (
    corrected_names,
    find_correction,
    free_of_charge,
    price_of_correction,
    with_tier_multiples,
)
from llm_token_budget.pricing.corrections import Correction
from llm_token_budget.pricing.custom import Dated
from llm_token_budget.pricing.names import fine_tuned_forms, forms, split_provider, vendor_of, without_prefix
from llm_token_budget.pricing.priced import STANDARD, Priced
from llm_token_budget.pricing.rates import Tariff, dearest
from llm_token_budget.pricing.vendors import (
    FREE_PROVIDERS,
    RETIRED_DEAREST,
    SEARCH_ORDER,
    SHORT_NAMES,
    UPPER_BOUND_PROVIDERS,
)

if TYPE_CHECKING:
    from llm_token_budget.pricing.published import Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The user's prices and aliases, and after them what is published. Names come in lower case."""

    custom: Mapping[str, Dated]
    aliases: Mapping[str, Target]
    published: Callable[[], Published]
    """What genai-prices says. Late: the first call loads it."""

    def find(self, model: str, provider: str | None, now: datetime) -> Priced | None:
        """The price of a model, or None if nobody knows one."""
        if custom := self._custom_price(model, provider, now):
            return custom
        target = self.aliases.get(model)
        if target is None:
            return self.published_price(model, provider, now)
        found = self._find_target(target.model, target.provider or provider, now)
        # A gateway speaks one vendor's language and may serve another one's model.
        return found or (None if target.provider else self._find_target(target.model, None, now))

    def published_price(self, model: str, provider: str | None, now: datetime) -> Priced | None:
        """The price of a model in the corrections or genai-prices."""
        for seller, name in _places(model, provider, self._sellers):
            if seller in FREE_PROVIDERS:
                return free_of_charge(seller, name)
            if priced := self._price_at(seller, name, now):
                return priced
        return None

    def audio_second(self, model: str, provider: str | None, now: datetime) -> tuple[str, Fraction] | None:
        """(whose price it is, pico-USD for each second of sound), of a model that bills by the hour."""
        for seller, name in _places(model, provider, self._sellers):
            for owner in self._sellers(seller):
                for form in forms(seller, name):
                    if (price := self.published().audio_second(owner, form, now)) is not None:
                        return f"{owner}:{form}", price
        return None

    def upper_bound(self, now: datetime) -> Priced:
        """The dearest of all text models, component by component: see `PriceBook.upper_bound_card`."""
        everything = [
            priced
            for provider in UPPER_BOUND_PROVIDERS
            for name in {*self.published().names(provider), *corrected_names(provider)} - RETIRED_DEAREST
            if (priced := self._price_at(provider, name, now)) and _bills_text_only(priced.tariffs[STANDARD])
        ]
        return Priced(
            provider="any",
            model="upper bound",
            updated_at=self.published().updated_at(now),
            tariffs={
                STANDARD: dearest(priced.tariffs[STANDARD] for priced in everything),
                "dearest": dearest(tariff for priced in everything for tariff in priced.tariffs.values()),
            },
        )

    def _find_target(self, model: str, provider: str | None, now: datetime) -> Priced | None:
        return self._custom_price(model, provider, now) or self.published_price(model, provider, now)

    def _custom_price(self, model: str, provider: str | None, now: datetime) -> Priced | None:
        if not self.custom:
            return None
        found = (self.custom[key].at(now.date()) for key in _custom_keys(model, provider) if key in self.custom)
        return next(filter(None, found), None)

    def _price_at(self, seller: str, name: str, now: datetime) -> Priced | None:
        """The price of a model where one provider sells it: its own, or one that it passes on."""
        for owner in self._sellers(seller):
            names = tuple(forms(seller, name))
            if correction := _corrected(owner, names, now):
                return price_of_correction(correction)
            short_names = (SHORT_NAMES[owner, form] for form in names if (owner, form) in SHORT_NAMES)
            for form in (*names, *short_names):
                if priced := self.published().price(owner, form, now):
                    return with_tier_multiples(priced)
            fine_tuned = tuple(fine_tuned_forms(name))
            if name.startswith("ft:") and (correction := _corrected(owner, fine_tuned, now)):
                return price_of_correction(correction)
            if priced := self.published().fine_tuned(owner, name, now):
                return priced
            if correction := _corrected(owner, fine_tuned, now):
                return price_of_correction(correction)
        return None

    def _sellers(self, provider: str) -> tuple[str, ...]:
        return (provider,) if provider in FREE_PROVIDERS else self.published().sellers(provider)


def _corrected(owner: str, names: tuple[str, ...], now: datetime) -> Correction | None:
    return next(filter(None, (find_correction(owner, name, now.date()) for name in names)), None)


def _bills_text_only(tariff: Tariff) -> bool:
    return not tariff.request_pico and all(
        band.audio_input == band.input and band.image_output == band.output for band in tariff.bands
    )


def _custom_keys(model: str, provider: str | None) -> Iterator[str]:
    """From the name as it is to the name without date and prefix; in each form the provider's own price goes first.

    Last comes `provider:*`: whatever else it serves.
    """
    head, rest = split_provider(model)
    owner = provider or head
    for name in (model, rest) if provider is None or head in (None, provider) else (model,):
        for form in forms(owner, name):
            if owner:
                yield f"{owner}:{form}"
            yield form
    if owner:
        yield f"{owner}:*"


def _places(model: str, provider: str | None, sellers: Callable[[str], tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Which provider to ask for which name, in order."""
    if provider is not None:
        yield provider, model
        yield provider, without_prefix(model, sellers(provider))
        return
    head, rest = split_provider(model)
    if head is None:
        vendor = vendor_of(rest)
        yield from ((seller, rest) for seller in ((vendor,) if vendor else SEARCH_ORDER))
        return
    # A vendor's prefix may belong to the name: `openai/gpt-oss-120b` is sold by Groq, and not by OpenAI.
    if "/" in model:
        yield from ((seller, model) for seller in SEARCH_ORDER)
    yield head, rest
