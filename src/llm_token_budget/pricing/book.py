"""The price book: every source of prices behind one bounded cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

from llm_token_budget.errors import ConfigurationError, UnknownModelPrice
from llm_token_budget.pricing.aliases import read_aliases
from llm_token_budget.pricing.billing import Bill, audio_bill, bill, most_fees
from llm_token_budget.pricing.custom import CustomPrices, read_custom_pricing
from llm_token_budget.pricing.discounts import read_discounts, read_providers
from llm_token_budget.pricing.names import MAX_NAME, canonical_provider
from llm_token_budget.pricing.priced import CUSTOM, Circumstances, Priced
from llm_token_budget.pricing.rates import RateCard
from llm_token_budget.pricing.search import Search
from llm_token_budget.pricing.surcharges import LEAST_SECONDS, ONE

if TYPE_CHECKING:
    from llm_token_budget.pricing.published import Published
    from llm_token_budget.pricing.refreshing import Refresh
    from llm_token_budget.usage import ToolUse, Usage

MAX_CARDS: Final = 2048
"""How many rate cards a book remembers, and, apart from them, how many names without a price."""

_VALID_SECONDS: Final = 3600
"""Prices change at dates and when genai-prices is updated: cards are thrown away at every full hour."""

_LONG_AGO: Final = 3 * 86_400.0
"""Seconds. No truth comes later than a day after the longest lease."""

_Key = tuple[str, str | None, str | None, bool, str | None, date | None]
"""Model, provider, service tier, batch, geography, day."""

_V = TypeVar("_V")


class PriceBook:
    """What models cost, from the user's prices, our corrections and genai-prices.

    Thread-safe. The price data is loaded (about 0.25 s) by the first lookup that needs it, or by `warm_up`.

    Args:
        custom_pricing: USD per million tokens by model or `provider:model`. `input` and `output` are required;
            `cache_read`, `cache_write`, `cache_write_1h`, `cache_write_12h`, `audio_input`, `audio_output` are not.
            They win over every other source, and hold for every service tier. `provider:*` is whatever else a provider
            serves, such as a server of one's own: `{"vllm:*": {"input": 0, "output": 0}}`. A list of prices, each with a
            date `since`, changes at those dates.
        aliases: other names of models, such as deployments: `{"prod-chat-01": "azure:gpt-4o"}`.
        discounts: what is taken off published prices, by provider, as a fraction: `{"openai": "0.10"}` is ten percent.
        trust_cost: providers that report what a call came to (`usage.cost`, as OpenRouter does) and are believed.
        clock: seconds since the epoch; decides which of a model's dated prices is today's.

    Raises:
        ConfigurationError: a price or an alias that can't be.
    """

    def __init__(
        self,
        custom_pricing: Mapping[str, CustomPrices] | None = None,
        aliases: Mapping[str, str] | None = None,
        *,
        discounts: Mapping[str, object] | None = None,
        trust_cost: Collection[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._search = Search(
            custom=read_custom_pricing(custom_pricing), aliases=read_aliases(aliases), published=self._data
        )
        self._discounts = read_discounts(discounts)
        self._trusted = read_providers("trust_cost", trust_cost)
        self._refreshed: Published | None = None
        self._clock = clock
        self._lock = Lock()
        self._cards: dict[_Key, RateCard] = {}
        self._unknown: dict[_Key, None] = {}
        self._upper_bound: Priced | None = None
        self._valid_until = 0.0
        self._turn = 0
        self.since = 0.0
        """The beginning of the hour that prices were last looked up in."""

    def turn(self) -> int:
        """Counts how often prices were looked up anew: what was found in another turn may hold no more."""
        if self._clock() >= self._valid_until:
            with self._lock:
                self._renew()
        return self._turn

    def day_of(self, reserved_at: float) -> date | None:
        """The day whose prices count for what was reserved at an instant; None: today's.

        A call costs what it cost when it was sent, however long its answer takes. What was reserved long ago, by the clock
        of a ledger, has the prices of today.

        Args:
            reserved_at: seconds since the epoch.
        """
        now = self._clock()
        if not now - _LONG_AGO < reserved_at < now:
            return None
        day = datetime.fromtimestamp(reserved_at, UTC).date()
        return None if day == datetime.fromtimestamp(now, UTC).date() else day

    def rate_card(
        self,
        model: str,
        provider: str | None = None,
        *,
        service_tier: str | None = None,
        batch: bool = False,
        geography: str | None = None,
        at: date | None = None,
    ) -> RateCard:
        """The prices of a model.

        A name may carry a date, `-latest` or its provider in front. Without a provider, a name of one vendor (`gpt-`,
        `claude-`, ...) is looked for there alone, others in the order of `vendors.SEARCH_ORDER`. A provider that passes
        on the models of others (Azure, Google) has their prices where none of its own is known.

        Args:
            model: as the request or the response names it.
            provider: `openai`, `anthropic`, `groq`, `ollama`, `azure`, `aws`, ...
            service_tier: as the request or the response names it. `default`, `auto`, `standard` and `on_demand` are the
                standard price; of a tier that the book doesn't know for the model, the dearest known tier is taken.
            batch: whether it is part of a batch.
            geography: where the request has to be worked on, such as `us`; None: anywhere.
            at: the day whose prices count (UTC); today's where left out.

        Raises:
            UnknownModelPrice: no source has a price that covers all that the model bills.
            ConfigurationError: a name that is no string.
        """
        if isinstance(model, str) and len(model) <= MAX_NAME and self._clock() < self._valid_until:  # pyright: ignore[reportUnnecessaryIsInstance]
            card = self._cards.get((model, provider, service_tier, batch, geography, at))
            if card is not None:
                return card
        return self._look_up((model, provider, service_tier, batch, geography, at))

    def bill(
        self,
        usage: Usage,
        *,
        model: str | None,
        provider: str | None = None,
        requested: str | None = None,
        service_tier: str | None = None,
        geography: str | None = None,
        batch: bool = False,
        at: date | None = None,
    ) -> Bill:
        """What a usage comes to, with everything that moves the price: tier, place, batch, tools, iterations.

        Args:
            usage: what the provider reported.
            model: the model that answered.
            provider: whose model it is.
            requested: the model that was asked for: its price counts where the answering one has none.
            service_tier: the tier, where the usage doesn't name one.
            geography: where it had to be worked on, where the usage doesn't say so.
            batch: whether it was part of a batch, where the usage doesn't say so.
            at: the day whose prices count (UTC); today's where left out.

        Raises:
            UnknownModelPrice: nobody knows what the model costs.
        """
        return bill(
            self,
            usage,
            model=model,
            provider=provider,
            requested=requested,
            service_tier=service_tier,
            geography=geography,
            batch=batch,
            at=at,
        )

    def audio_bill(
        self, seconds: int, *, model: str | None, provider: str | None = None, at: date | None = None
    ) -> Bill:
        """What so many seconds of sound come to, for a model that bills by the hour and not by the token.

        Raises:
            UnknownModelPrice: nobody knows what the model costs.
        """
        now = self._now() if at is None else _noon(at)
        owner = canonical_provider(provider) if provider is not None else None
        found = (
            self._search.audio_second(model.strip().lower(), owner, now) if model and len(model) <= MAX_NAME else None
        )
        if found is None:
            raise UnknownModelPrice((model or "(no model)")[:MAX_NAME], provider, prices_as_of=self.updated_at)
        name, price = found
        # https://console.groq.com/docs/speech-to-text: at least ten seconds are billed.
        billed = max(seconds, LEAST_SECONDS.get(name.partition(":")[0], 0)) if seconds else 0
        factor, divisor = self.discount(owner or name.partition(":")[0])
        return audio_bill(
            billed, price * factor / divisor, name=name, model=model, updated_at=self._data().updated_at(now)
        )

    def tool_fees_pico(
        self, card: RateCard, uses: Iterable[ToolUse], provider: str | None = None, model: str | None = None
    ) -> int:
        """Pico-USD, rounded up, that so many uses of a provider's own tools cost: to hold them before a call.

        Args:
            card: the prices of the call.
            uses: tools as `Usage.tools` names them, and how often each may run.
            provider: whose tools they are, where the card is a price of one's own.
            model: the model that was asked for.
        """
        return ceil(most_fees(self, card, uses, provider, model))

    def trusts(self, provider: str | None) -> bool:
        """Whether a provider's own word for what a call cost is believed."""
        return bool(self._trusted) and provider is not None and canonical_provider(provider) in self._trusted

    def discount(self, provider: str | None) -> tuple[int, int]:
        """(factor, divisor) of what is paid of a provider's list prices."""
        return self._discounts.get(canonical_provider(provider), ONE) if self._discounts and provider else ONE

    def require(self, models: Iterable[str], provider: str | None = None) -> None:
        """Make sure that models have a price, now rather than at night.

        Raises:
            UnknownModelPrice: one of them has none; its words name all that have none.
        """
        missing: list[UnknownModelPrice] = []
        for model in models:
            try:
                self.rate_card(model, provider)
            except UnknownModelPrice as unknown:
                missing.append(unknown)
        if missing:
            first = missing[0]
            raise UnknownModelPrice(
                first.model,
                first.provider,
                prices_as_of=first.prices_as_of,
                required=[unknown.model for unknown in missing],
            )

    @property
    def updated_at(self) -> str:
        """The date of the newest price in the book, as an ISO date. Loads the price data."""
        return self._data().updated_at(self._now())

    def warm_up(self) -> None:
        """Load the price data now, so that no later lookup has to."""
        self._data()

    def refresh(
        self,
        source: str | Callable[[], bytes] | None = None,
        *,
        in_use: Iterable[str] = (),
        timeout: float = 10.0,
    ) -> Refresh:
        """Take newer published prices, if they look right. Nothing does this by itself.

        A book is rejected, and the old one kept, if it can't be read, if it loses a model that is in use, or if it moves a
        price more than five-fold: prices that are wrong by a factor are worse than prices that are old. This reads a file or
        makes a request, and blocks: call it from a thread of yours. Corrections and custom prices go on winning.

        Args:
            source: an address (http, https) or path of genai-prices' JSON data, or a function that returns it. None: where
                genai-prices publishes it.
            in_use: models that must not be lost, beside those that this book was asked for (within the hour); as in
                `rate_card`, or `provider:model`.
            timeout: seconds.
        """
        from llm_token_budget.pricing.refreshing import refresh

        with self._lock:
            asked = [(model, provider) for model, provider, *_ in self._cards]
        named = [(model, None) for model in in_use]
        result, book = refresh(self._search, self._data(), [*asked, *named], self._now(), source, timeout)
        if book is not None:
            with self._lock:
                self._refreshed = book
                self._valid_until = 0.0
        return result

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
                self._upper_bound = self._search.upper_bound(self._now())
            return self._upper_bound.card(service_tier)

    def _look_up(self, key: _Key) -> RateCard:
        model, provider, service_tier, _, geography, _ = key
        _check_strings(model=model, provider=provider, service_tier=service_tier, geography=geography)
        if any(len(text or "") > MAX_NAME for text in (model, provider, service_tier, geography)):
            # An error may be kept for long: it gets the beginning of a name, not all of it.
            raise UnknownModelPrice(model[:MAX_NAME], provider and provider[:MAX_NAME])
        with self._lock:
            self._renew()
            if key not in self._unknown and key not in self._cards:
                self._find_and_keep(key)
            card = self._cards.get(key)
        if card is None:
            raise UnknownModelPrice(model, provider, prices_as_of=self.updated_at)
        return card

    def _find_and_keep(self, key: _Key) -> None:
        model, provider, service_tier, batch, geography, at = key
        owner = canonical_provider(provider) if provider is not None else None
        now = self._now() if at is None else _noon(at)
        priced = self._search.find(model.strip().lower(), owner, now)
        if priced is None:
            _keep(self._unknown, key, None)
            return
        discount = ONE if priced.provider == CUSTOM else self.discount(owner or priced.provider)
        circumstances = Circumstances(batch=batch, geography=geography, discount=discount)
        _keep(self._cards, key, priced.card(service_tier, circumstances))

    def _renew(self) -> None:
        now = self._clock()
        if now >= self._valid_until:
            self._cards.clear()
            self._unknown.clear()
            self._upper_bound = None
            self._turn += 1
            self.since = now // _VALID_SECONDS * _VALID_SECONDS
            self._valid_until = self.since + _VALID_SECONDS

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _data(self) -> Published:
        if self._refreshed is not None:
            return self._refreshed
        from llm_token_budget.pricing.published import published

        return published()


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _keep(store: dict[_Key, _V], key: _Key, value: _V) -> None:
    if len(store) >= MAX_CARDS:
        del store[next(iter(store))]
    store[key] = value


def _check_strings(**names: object) -> None:
    for what, text in names.items():
        if not isinstance(text, str) and (text is not None or what == "model"):
            raise ConfigurationError(f"{what} must be a string, not {text!r:.80}")
