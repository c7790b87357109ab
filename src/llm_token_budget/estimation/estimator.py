"""The estimator of one budget: how it counts, which bound it takes, and what it learns from bills."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import ceil
from typing import Final, Literal

from llm_token_budget.estimation.byte_bound import ByteCounter
from llm_token_budget.estimation.calibration import Calibration
from llm_token_budget.estimation.parts import RequestParts
from llm_token_budget.estimation.prefixes import LIFETIMES, SAFETY, Seen, SeenPrefixes
from llm_token_budget.estimation.request import (
    OPEN,
    TokenEstimate,
    estimate_parts,
    new_tuple,  # pyright: ignore[reportUnknownVariableType]
)
from llm_token_budget.estimation.text import TextCounter, count_text
from llm_token_budget.estimation.tokenizers import Tokenizer, exact_counter, installed_tokenizer

Count = Literal["estimate", "exact", "provider"]
InputBound = Literal["calibrated", "bytes", "provider"]
CacheBound = Literal["miss", "seen"]

REMEMBERED: Final = 256
"""So many models' counters are kept."""

_NEVER_BELOW: Final = frozenset({"ollama"})
"""Who may report fewer tokens than were sent (a cached beginning is left out): their bills only ever raise a bound."""


class Estimator:
    """Estimates requests for one budget.

    Args:
        count: `"estimate"`, `"exact"` (with `tokenizer`, or the extra `tokenizers`) or `"provider"` (whose seam asks the
            provider; what it can't ask is estimated).
        input_bound: `"calibrated"`, `"bytes"` or `"provider"`.
        tokenizer: counts instead of the estimate, for the models that it knows.
        cache_bound: `"miss"`: nothing is cached; `"seen"`: a beginning that a bill in this process called cached still is, for
            as long as the provider keeps it.
        models: what deployments and gateways call a model, in lower case, and the model.
    """

    def __init__(
        self,
        count: Count = "estimate",
        input_bound: InputBound = "calibrated",
        tokenizer: Tokenizer | None = None,
        cache_bound: CacheBound = "miss",
        models: Mapping[str, str] | None = None,
    ) -> None:
        self._models = models or {}
        self.prefixes = SeenPrefixes() if cache_bound == "seen" else None
        self.count = count
        self.input_bound = input_bound
        self.calibration = Calibration()
        self._tokenizer = installed_tokenizer() if tokenizer is None and count == "exact" else tokenizer
        self._learns = input_bound != "bytes"
        self._counters: dict[str, TextCounter] = {}

    @property
    def asks_provider(self) -> bool:
        """Whether the provider is asked before a call, where it can be."""
        return self.count == "provider" or self.input_bound == "provider"

    def __call__(self, request: RequestParts) -> TokenEstimate:
        """Estimate a request.

        Raises:
            ConfigurationError: a part of no known kind, or of bad content.
        """
        estimate = self.uncalibrated(request)
        if (
            self.prefixes is not None
            and (seen := self.prefixes.find(estimate.request or request, time.monotonic())) is not None
        ):
            return _grown(estimate, seen)
        return self.calibrated(estimate)

    def uncalibrated(self, request: RequestParts) -> TokenEstimate:
        """An estimate before bills have had their say, for `calibrated`."""
        if self._models and (model := self._models.get(request.model.lower())) is not None:
            request = request._replace(model=model)
        return estimate_parts(request, self._counter(request.model), self)

    def calibrated(self, estimate: TokenEstimate) -> TokenEstimate:
        """An uncalibrated estimate, corrected by what bills have taught."""
        if not self._learns or not self.calibration.learners:
            return estimate
        raw, held, method, parts, request, _, _, _, traits = estimate
        assert request is not None
        # Of requests with an open part nothing is ever learned.
        expected, upper = self.calibration.corrected((request.provider, request.model, traits), raw, held)
        if expected == raw and upper == held:
            return estimate
        return new_tuple(TokenEstimate, (expected, upper, method, parts, request, raw, 0, self, traits))

    def learn(self, estimate: TokenEstimate, billed: int, cached: int = 0) -> None:
        """Take the bill of a request that was estimated. What only the server knew says nothing about the next one."""
        expected, upper, method, _, request, uncalibrated, seen, _, traits = estimate
        if request is None or traits & OPEN:
            return
        if self.prefixes is not None:
            self._remember(request, billed, cached)
        if not self._learns or method == "provider" or seen:
            return
        provider = request.provider
        if billed <= upper and provider in _NEVER_BELOW:
            return
        key = (provider, request.model, traits)
        self.calibration.learn(key, expected if uncalibrated is None else uncalibrated, upper, billed)

    def _remember(self, request: RequestParts, billed: int, cached: int) -> None:
        assert self.prefixes is not None
        raw = estimate_parts(request, self._counter(request.model))
        until = time.monotonic() + LIFETIMES[request.longest_cache] - SAFETY
        self.prefixes.remember(request, Seen(billed, min(cached, billed), raw.expected, raw.upper, until))

    def recount(self, request: RequestParts) -> int | None:
        """The tokens of a request by an exact tokenizer, with the margins of its bound; None if there is none for it.

        Loads the extra's tokenizer, if that wasn't done yet: only asked for requests of a hundred thousand tokens and more.
        """
        tokenizer = self._tokenizer or installed_tokenizer()
        if tokenizer is None or not request.parts:
            return None
        counter = exact_counter(tokenizer, request.model)
        return None if counter is count_text else estimate_parts(request, counter).upper

    def _counter(self, model: str) -> TextCounter:
        if self._tokenizer is None and self.input_bound != "bytes":
            return count_text
        counter = self._counters.get(model)
        if counter is None:
            counter = count_text if self._tokenizer is None else exact_counter(self._tokenizer, model)
            if self.input_bound == "bytes":
                counter = ByteCounter(counter)
            if len(self._counters) >= REMEMBERED:
                self._counters.clear()
            self._counters[model] = counter
        return counter


def _grown(estimate: TokenEstimate, seen: Seen) -> TokenEstimate:
    """The estimate of a request that begins like one whose bill is known: that bill, and what has been added since."""
    expected = seen.input_tokens + max(estimate.expected - seen.expected, 0)
    upper = seen.input_tokens + max(estimate.upper - seen.upper, 0) + GROWN_SLACK
    return estimate._replace(
        expected=expected,
        upper=max(min(upper, estimate.upper), expected),
        uncalibrated=estimate.expected,
        seen_tokens=seen.cached_tokens,
    )


GROWN_SLACK: Final = 64
"""Tokens to spare where two estimates are subtracted."""


def counted_by_provider(estimate: TokenEstimate, tokens: int) -> TokenEstimate:
    """An estimate, replaced by what the provider's counting endpoint says.

    It calls that an estimate itself (Anthropic: "may differ by a small amount"), so the bound has a little to spare.
    """
    upper = ceil(1.02 * tokens) + 8
    return estimate._replace(expected=tokens, upper=upper, method="provider", uncalibrated=None)
