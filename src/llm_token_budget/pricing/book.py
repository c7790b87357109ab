"""The price book: every source of prices behind one bounded cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

from llm_token_budget.errors import ConfigurationError, UnknownModelPrice
from llm_token_budget.pricing.aliases import read_aliases
from llm_token_budget.pricing.custom import read_custom_pricing
from llm_token_budget.pricing.names import MAX_NAME, canonical_provider
from llm_token_budget.pricing.priced import Priced
from llm_token_budget.pricing.rates import RateCard
from llm_token_budget.pricing.search import Search, upper_bound_price

if TYPE_CHECKING:
    from llm_token_budget.pricing.published import Published

MAX_CARDS: Final = 2048
"""How many rate cards a book remembers, and, apart from them, how many names without a price."""

_VALID_SECONDS: Final = 3600
"""Prices change at dates and when genai-prices is updated: cards are thrown away at every full hour."""

_Key = tuple[str, str | None, str | None]
_V = TypeVar("_V")


class PriceBook:
    """What models cost, from the user's prices, our corrections and genai-prices.

    Thread-safe. The price data is loaded (about 0.25 s) by the first lookup that needs it, or by `warm_up`.

    Args:
        custom_pricing: USD per million tokens by model or `provider:model`. `input` and `output` are required;
            `cache_read`, `cache_write`, `cache_write_1h`, `cache_write_12h`, `audio_input`, `audio_output` are not.
            They win over every other source, and hold for every service tier.
        aliases: other names of models, such as deployments: `{"prod-chat-01": "azure:gpt-4o"}`.
        clock: seconds since the epoch; decides which of a model's dated prices is today's.

    Raises:
        ConfigurationError: a price or an alias that can't be.
    """

    def __init__(
        self,
        custom_pricing: Mapping[str, Mapping[str, object]] | None = None,
        aliases: Mapping[str, str] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._search = Search(custom=read_custom_pricing(custom_pricing), aliases=read_aliases(aliases))
        self._clock = clock
        self._lock = Lock()
        self._cards: dict[_Key, RateCard] = {}
        self._unknown: dict[_Key, None] = {}
        self._upper_bound: Priced | None = None
        self._valid_until = 0.0

    def rate_card(self, model: str, provider: str | None = None, *, service_tier: str | None = None) -> RateCard:
        """The prices of a model.

        A name may carry a date, `-latest` or its provider in front. Without a provider, a name of one vendor (`gpt-`,
        `claude-`, ...) is looked for there alone, others in the order of `vendors.SEARCH_ORDER`. A provider that passes
        on the models of others (Azure, Google) has their prices where none of its own is known.

        Args:
            model: as the request or the response names it.
            provider: `openai`, `anthropic`, `groq`, `ollama`, `azure`, `aws`, ...
            service_tier: as the request or the response names it. `default`, `auto`, `standard` and `on_demand` are the
                standard price; of a tier that the book doesn't know for the model, the dearest known tier is taken.

        Raises:
            UnknownModelPrice: no source has a price that covers all that the model bills.
            ConfigurationError: a name that is no string.
        """
        if isinstance(model, str) and len(model) <= MAX_NAME and self._clock() < self._valid_until:  # pyright: ignore[reportUnnecessaryIsInstance]
            card = self._cards.get((model, provider, service_tier))
            if card is not None:
                return card
        return self._look_up(model, provider, service_tier)

    @property
    def updated_at(self) -> str:
        """The date of the newest price in the book, as an ISO date. Loads the price data."""
        return _published().updated_at(self._now())

    def warm_up(self) -> None:
        """Load the price data now, so that no later lookup has to."""
        _published()

    def upper_bound_card(self, *, service_tier: str | None = None) -> RateCard:
        """The rates of a model that nobody knows, component by component: the dearest of any text model.

        The models are those of OpenAI, Anthropic and Groq that have a price for input and output and are not known to
        be shut down (`vendors.RETIRED_DEAREST`), in their standard tier; in any tier but the standard one, the dearest
        of all their tiers. Models that charge for audio or for each request are left out.
        """
        _check_strings(model="", service_tier=service_tier)
        with self._lock:
            self._renew()
            if self._upper_bound is None:
                self._upper_bound = upper_bound_price(self._now())
            return self._upper_bound.card(service_tier)

    def _look_up(self, model: str, provider: str | None, service_tier: str | None) -> RateCard:
        _check_strings(model=model, provider=provider, service_tier=service_tier)
        if any(len(text) > MAX_NAME for text in (model, provider or "", service_tier or "")):
            # An error may be kept for long: it gets the beginning of a name, not all of it.
            raise UnknownModelPrice(model[:MAX_NAME], provider and provider[:MAX_NAME])
        key = (model, provider, service_tier)
        with self._lock:
            self._renew()
            if key not in self._unknown and key not in self._cards:
                self._find_and_keep(key)
            card = self._cards.get(key)
        if card is None:
            raise UnknownModelPrice(model, provider, prices_as_of=self.updated_at)
        return card

    def _find_and_keep(self, key: _Key) -> None:
        model, provider, service_tier = key
        owner = canonical_provider(provider) if provider is not None else None
        priced = self._search.find(model.strip().lower(), owner, self._now())
        if priced is None:
            _keep(self._unknown, key, None)
        else:
            _keep(self._cards, key, priced.card(service_tier))

    def _renew(self) -> None:
        now = self._clock()
        if now >= self._valid_until:
            self._cards.clear()
            self._unknown.clear()
            self._upper_bound = None
            self._valid_until = (now // _VALID_SECONDS + 1) * _VALID_SECONDS

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _published() -> Published:
    from llm_token_budget.pricing.published import published

    return published()


def _keep(store: dict[_Key, _V], key: _Key, value: _V) -> None:
    if len(store) >= MAX_CARDS:
        del store[next(iter(store))]
    store[key] = value


def _check_strings(**names: object) -> None:
    for what, text in names.items():
        if not isinstance(text, str) and (text is not None or what == "model"):
            raise ConfigurationError(f"{what} must be a string, not {text!r:.80}")
