"""genai-prices as a source of data: its lookups match too much and keep every name they saw, so they are not used.

Importing this module imports genai-prices (about 0.25 s): import it inside functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from threading import Lock

from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    MatchLogic,
    ModelInfo,
    Provider,
    StartDateConstraint,
)

from llm_token_budget.pricing.listed import conditional_prices, fees_of, pico_per_second_of_audio, tariffs_of
from llm_token_budget.pricing.names import AZURE_FINE_TUNED, FINE_TUNED, forms, without_short_snapshot
from llm_token_budget.pricing.priced import STANDARD, Priced
from llm_token_budget.pricing.vendors import TELL_IMAGES

_DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
# `claude-sonnet-4-2025` is the beginning of a dated name, and no name.
_HALF_A_DATE = re.compile(r"[-@]20\d\d?-?$")


@dataclass(slots=True)
class Published:
    """One snapshot of genai-prices, indexed by exact names, provider by provider, as they are needed."""

    snapshot: DataSnapshot
    providers: dict[str, Provider]
    _names: dict[str, dict[str, ModelInfo]] = field(default_factory=dict[str, dict[str, ModelInfo]])
    _updated_at: dict[date, str] = field(default_factory=dict[date, str])

    def price(self, provider: str, name: str, now: datetime) -> Priced | None:
        """The price of a model that the provider lists under exactly this name; None without one that covers all."""
        model = self._index(provider).get(name)
        return None if model is None else self._priced(provider, model, now)

    def audio_second(self, provider: str, name: str, now: datetime) -> Fraction | None:
        """Pico-USD for each second of sound that a model hears, if it bills by the hour."""
        model = self._index(provider).get(name)
        return None if model is None else pico_per_second_of_audio(model, now)

    def fine_tuned(self, provider: str, name: str, now: datetime) -> Priced | None:
        """The price of a fine-tuned model, if the provider lists one for its base model."""
        model = next(self._fine_tuned_bases(provider, name), None)
        return None if model is None else self._priced(provider, model, now)

    def sellers(self, provider: str) -> tuple[str, ...]:
        """The provider, then those whose prices it passes on for models that it doesn't list itself."""
        found = self.providers.get(provider)
        return (provider, *(found.fallback_model_providers or ())) if found else (provider,)

    def names(self, provider: str) -> Iterable[str]:
        """The ids of all models of a provider."""
        return [model.id.lower() for model in self.providers[provider].models]

    def updated_at(self, now: datetime) -> str:
        """The date of the newest price in it, as an ISO date."""
        if self.snapshot.from_auto_update:
            return self.snapshot.timestamp.date().isoformat()
        today = now.date()
        if today not in self._updated_at:
            taken = self.snapshot.timestamp.date().isoformat()
            self._updated_at = {today: max(_dates_until(today, self.providers.values()), default=taken)}
        return self._updated_at[today]

    def _index(self, provider: str) -> dict[str, ModelInfo]:
        if provider not in self._names:
            found = self.providers.get(provider)
            self._names[provider] = _index_names(found.models) if found else {}
        return self._names[provider]

    def _fine_tuned_bases(self, provider: str, name: str) -> Iterator[ModelInfo]:
        index = self._index(provider)
        if azure := AZURE_FINE_TUNED.fullmatch(name):
            yield from filter(None, [index.get(azure[1])])
        elif fine_tune := FINE_TUNED.match(name):
            base = fine_tune[1]
            for form in *forms(provider, base), without_short_snapshot(base):
                # genai-prices also lists base models under `ft:` names, at the price of the base model.
                model = index.get(form)
                if model and model.id.startswith("ft:") and model.is_match(base):
                    yield model

    def _priced(self, provider: str, model: ModelInfo, now: datetime) -> Priced | None:
        tariffs = tariffs_of(model, now, tells_images=provider in TELL_IMAGES)
        if STANDARD not in tariffs:
            return None
        return Priced(
            provider=provider,
            model=model.id,
            updated_at=self.updated_at(now),
            tariffs=tariffs,
            fees=fees_of(model, now),
        )


_lock = Lock()
_latest: Published | None = None


def published() -> Published:
    """The current snapshot, indexed."""
    global _latest
    snapshot = get_snapshot()
    with _lock:
        if _latest is None or _latest.snapshot is not snapshot:
            _latest = Published(snapshot, {provider.id: provider for provider in snapshot.providers})
        return _latest


def _index_names(models: list[ModelInfo]) -> dict[str, ModelInfo]:
    names: dict[str, ModelInfo] = {model.id.lower(): model for model in models}
    for find in _equals, _starts:
        for model in models:
            for name in find(model.match):
                names.setdefault(name.lower(), model)
    for model in models:
        names.setdefault(model.id.lower().rstrip("-"), model)
    return names


def _equals(match: MatchLogic) -> Iterator[str]:
    if isinstance(match, ClauseEquals):
        yield match.equals
    elif isinstance(match, ClauseOr):
        for clause in match.or_:
            yield from _equals(clause)


def _starts(match: MatchLogic) -> Iterator[str]:
    """What prefix, suffix and substring rules look for: names themselves, to which only a date may be added."""
    match match:
        case ClauseStartsWith(starts_with=text) | ClauseEndsWith(ends_with=text) | ClauseContains(contains=text):
            stem = text.rstrip("-@")
            if not _HALF_A_DATE.search(stem) and not stem.startswith("ft:"):
                yield stem
        case ClauseOr(or_=clauses) | ClauseAnd(and_=clauses):
            for clause in clauses:
                yield from _starts(clause)
        case _:
            return


def _dates_until(today: date, providers: Iterable[Provider]) -> Iterator[str]:
    newest = today.isoformat()
    for provider in providers:
        for text in provider.price_comments, *(model.price_comments for model in provider.models):
            yield from (found for found in _DATE.findall(text or "") if found <= newest)
        for model in provider.models:
            yield from (start for start in _start_dates(model) if start <= newest)


def _start_dates(model: ModelInfo) -> Iterator[str]:
    for price in conditional_prices(model):
        if isinstance(price.constraint, StartDateConstraint):
            yield price.constraint.start_date.isoformat()
