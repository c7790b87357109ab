"""Rates in pico-USD per token, and the card that prices a usage or bounds a request with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from itertools import accumulate
from typing import Literal

from llm_token_budget.usage import Usage

CacheLifetime = Literal["none", "5m", "1h", "12h"]
"""The longest-lived cache entry that a request can write. `"5m"` is the vendor's shortest, whatever it lasts."""

_LIFETIMES: dict[CacheLifetime, int] = {"none": 0, "5m": 1, "1h": 2, "12h": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Pico-USD (10^-12 USD) per token, for requests of more than `above` input tokens."""

    above: int = 0
    input: int
    output: int
    cache_read: int
    cache_write: int
    cache_write_1h: int
    cache_write_12h: int
    audio_input: int
    audio_output: int


COMPONENTS = tuple(f.name for f in fields(Rates) if f.name != "above")
"""The kinds of token that have a rate of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """All that one tier of one model charges."""

    bands: tuple[Rates, ...]
    """Ascending; the first applies from 0 input tokens. A band reprices the whole request, not the part above it."""
    request_pico: int = 0
    """Pico-USD for each request, whatever its tokens."""

    def times(self, factor: int, divisor: int = 1) -> Tariff:
        """The same with every price multiplied, rounded up."""
        return Tariff(
            bands=tuple(
                Rates(above=band.above, **{name: -(-getattr(band, name) * factor // divisor) for name in COMPONENTS})
                for band in self.bands
            ),
            request_pico=self.request_pico,
        )

    def rates_at(self, input_tokens: int) -> Rates:
        return next((band for band in reversed(self.bands) if input_tokens > band.above), self.bands[0])


def dearest(tariffs: Iterable[Tariff]) -> Tariff:
    """Component by component, in every band, the dearest of all."""
    every = tuple(tariffs)
    starts = sorted({band.above for tariff in every for band in tariff.bands})
    return Tariff(
        bands=tuple(_dearest_band(start, every) for start in starts),
        request_pico=max(tariff.request_pico for tariff in every),
    )


def _dearest_band(start: int, tariffs: tuple[Tariff, ...]) -> Rates:
    bands = [tariff.rates_at(start + 1) for tariff in tariffs]
    return Rates(above=start, **{name: max(getattr(band, name) for band in bands) for name in COMPONENTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """What one model of one provider costs, for one service tier, as of one date.

    Images and video are part of the input and output and priced at the dearest rate of that direction. Audio without
    a price of its own costs what text does. Fees of tools are not in here.
    """

    id: str
    """Names the prices: provider, model, tier, date and a digest of the rates."""
    provider: str
    model: str
    """The model's name in the price book, which may be shorter than the one that was asked for."""
    updated_at: str
    """The date of the prices, or `custom`."""
    tariff: Tariff
    _base: Rates = field(init=False, repr=False, compare=False)
    _request: int = field(init=False, repr=False, compare=False)
    _threshold: int = field(init=False, repr=False, compare=False)
    _ladder: tuple[_Rung, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        derived = {
            "_base": self.tariff.bands[0],
            "_request": self.tariff.request_pico,
            "_threshold": self.tariff.bands[1].above if len(self.tariff.bands) > 1 else _NO_THRESHOLD,
            "_ladder": _ladder(self.tariff.bands),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def cost_pico(self, usage: Usage) -> int:
        """Exact pico-USD of a usage.

        Parts that exceed their total cannot be parts of it: they are then charged on top of it, at their own rates.
        """
        tokens = usage.input_tokens
        cached, audio, written = usage.cache_read_tokens, usage.audio_input_tokens, usage.cache_write_tokens
        written_1h, written_12h = usage.cache_write_1h_tokens, usage.cache_write_12h_tokens
        parts = cached + audio + written + written_1h + written_12h
        plain = tokens - parts
        if plain < 0:
            plain = tokens
            tokens += parts
        rates = self._base if tokens <= self._threshold else self.tariff.rates_at(tokens)
        cost = self._request + plain * rates.input
        if parts:
            cost += cached * rates.cache_read + audio * rates.audio_input + written * rates.cache_write
            cost += written_1h * rates.cache_write_1h + written_12h * rates.cache_write_12h
        output, spoken = usage.output_tokens, usage.audio_output_tokens
        if spoken:
            return cost + spoken * rates.audio_output + (output - spoken if spoken <= output else output) * rates.output
        return cost + output * rates.output

    def plain_cost_pico(self, input_tokens: int, output_tokens: int) -> int:
        """`cost_pico` of a usage without parts: nothing cached, nothing spoken."""
        rates = self._base if input_tokens <= self._threshold else self.tariff.rates_at(input_tokens)
        return self._request + input_tokens * rates.input + output_tokens * rates.output

    def worst_input_pico(self, input_tokens: int, *, longest_cache: CacheLifetime = "12h", audio: bool = True) -> int:
        """The most pico-USD that up to so many input tokens, and the request itself, can cost.

        Args:
            input_tokens: an upper bound of the request's input tokens.
            longest_cache: the longest-lived cache entry that the request can write; the default covers all.
            audio: False if the request surely carries no audio.
        """
        rung = self._ladder[0] if input_tokens <= self._threshold else self._rung(input_tokens)
        rates = rung.inputs if audio else rung.silent_inputs
        return self._request + input_tokens * rates[_LIFETIMES[longest_cache]]

    def worst_output_pico(self, input_tokens: int, *, audio: bool = True) -> int:
        """The most pico-USD that one output token can cost after up to so many input tokens."""
        rung = self._ladder[0] if input_tokens <= self._threshold else self._rung(input_tokens)
        return rung.output if audio else rung.silent_output

    def _rung(self, input_tokens: int) -> _Rung:
        for rung in reversed(self._ladder):
            if input_tokens > rung.above:
                return rung
        return self._ladder[0]


@dataclass(frozen=True, slots=True)
class _Rung:
    """The dearest rates of this band and all below it: a bound may end up in any of them."""

    above: int
    inputs: tuple[int, ...]
    """By longest cache lifetime."""
    silent_inputs: tuple[int, ...]
    output: int
    silent_output: int


# Beyond it the long way is taken, with the same answer.
_NO_THRESHOLD = 2**62


def _ladder(bands: tuple[Rates, ...]) -> tuple[_Rung, ...]:
    return tuple(accumulate(map(_rung_of, bands), _climb))


def _rung_of(band: Rates) -> _Rung:
    kinds = (max(band.input, band.cache_read), band.cache_write, band.cache_write_1h, band.cache_write_12h)
    silent = tuple(accumulate(kinds, max))
    return _Rung(
        band.above,
        tuple(max(rate, band.audio_input) for rate in silent),
        silent,
        max(band.output, band.audio_output),
        band.output,
    )


def _climb(lower: _Rung, upper: _Rung) -> _Rung:
    return _Rung(
        upper.above,
        tuple(map(max, lower.inputs, upper.inputs)),
        tuple(map(max, lower.silent_inputs, upper.silent_inputs)),
        max(lower.output, upper.output),
        max(lower.silent_output, upper.silent_output),
    )
