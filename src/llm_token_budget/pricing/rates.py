"""Rates in pico-USD per token, and the card that prices a usage or bounds a request with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
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
    image_input: int
    image_output: int
    cache_read_audio: int
    cache_read_image: int


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

    Video is priced at the dearest rate of its direction. Audio and images without a price of their own cost what text does.
    Fees of tools are beside the tokens: `fees`.
    """

    id: str
    """Names the prices: provider, model, tier, date and a digest of the rates."""
    provider: str
    model: str
    """The model's name in the price book, which may be shorter than the one that was asked for."""
    updated_at: str
    """The date of the prices, or `custom`."""
    tariff: Tariff
    scale: tuple[int, int] = (1, 1)
    """(factor, divisor) of what tokens cost: a region's surcharge, a batch's half, a discount."""
    fee_scale: tuple[int, int] = (1, 1)
    """(factor, divisor) of what requests and tools cost: a discount."""
    fees: Mapping[str, Fraction] = field(default_factory=dict[str, Fraction], hash=False)
    """Pico-USD for each call of a tool, before `fee_scale`."""
    _base: Rates = field(init=False, repr=False, compare=False)
    _request: int = field(init=False, repr=False, compare=False)
    _threshold: int = field(init=False, repr=False, compare=False)
    _ladder: tuple[_Rung, ...] = field(init=False, repr=False, compare=False)
    _scaled: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        derived = {
            "_base": self.tariff.bands[0],
            "_request": self.tariff.request_pico,
            "_threshold": self.tariff.bands[1].above if len(self.tariff.bands) > 1 else _NO_THRESHOLD,
            "_ladder": _ladder(self.tariff.bands),
            "_scaled": self.scale != (1, 1) or self.fee_scale != (1, 1),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def cost_pico(self, usage: Usage) -> int:
        """Pico-USD of a usage's tokens and the request itself: exact, but rounded up where it is no whole number.

        Parts that exceed their total cannot be parts of it: they are then charged on top of it, at their own rates.
        """
        tokens = usage.input_tokens
        cached, audio, written = usage.cache_read_tokens, usage.audio_input_tokens, usage.cache_write_tokens
        written_1h, written_12h = usage.cache_write_1h_tokens, usage.cache_write_12h_tokens
        images = usage.image_input_tokens
        parts = cached + audio + written + written_1h + written_12h + images
        plain = tokens - parts
        if plain < 0:
            plain = tokens
            tokens += parts
        rates = self._base if tokens <= self._threshold else self.tariff.rates_at(tokens)
        cost = plain * rates.input
        if parts:
            cost += cached * rates.cache_read + audio * rates.audio_input + written * rates.cache_write
            cost += written_1h * rates.cache_write_1h + written_12h * rates.cache_write_12h + images * rates.image_input
            heard, seen = usage.cache_read_audio_tokens, usage.cache_read_image_tokens
            if heard or seen:
                cost += heard * rates.cache_read_audio + seen * rates.cache_read_image
                cost -= (heard + seen if heard + seen <= cached else 0) * rates.cache_read
        output, spoken, drawn = usage.output_tokens, usage.audio_output_tokens, usage.image_output_tokens
        if spoken or drawn:
            cost += spoken * rates.audio_output + drawn * rates.image_output
            output -= spoken + drawn if spoken + drawn <= output else 0
        cost += output * rates.output
        return self._whole(cost) if self._scaled else cost + self._request

    def exact_pico(self, usage: Usage) -> Fraction:
        """`cost_pico` without any rounding."""
        cost = sum(pico for _, _, pico in self.lines(usage))
        return Fraction(cost * self.scale[0], self.scale[1]) + self.request_fee

    @property
    def request_fee(self) -> Fraction:
        """Pico-USD for the request itself."""
        return Fraction(self._request * self.fee_scale[0], self.fee_scale[1])

    def lines(self, usage: Usage) -> Iterator[tuple[str, int, int]]:
        """What `cost_pico` adds up: (kind of token, how many, pico-USD before `scale`), but those of which there are none."""
        tokens = usage.input_tokens
        parts = {
            "cache_write": usage.cache_write_tokens,
            "cache_write_1h": usage.cache_write_1h_tokens,
            "cache_write_12h": usage.cache_write_12h_tokens,
            "audio_input": usage.audio_input_tokens,
            "image_input": usage.image_input_tokens,
        }
        inside = sum(parts.values()) + usage.cache_read_tokens
        plain = tokens - inside if inside <= tokens else tokens
        rates = self.tariff.rates_at(max(tokens, plain + inside))
        media = usage.cache_read_audio_tokens + usage.cache_read_image_tokens
        output = usage.audio_output_tokens + usage.image_output_tokens
        counts = {
            "input": plain,
            "cache_read": usage.cache_read_tokens - (media if media <= usage.cache_read_tokens else 0),
            "cache_read_audio": usage.cache_read_audio_tokens,
            "cache_read_image": usage.cache_read_image_tokens,
            **parts,
            "output": usage.output_tokens - (output if output <= usage.output_tokens else 0),
            "audio_output": usage.audio_output_tokens,
            "image_output": usage.image_output_tokens,
        }
        for component, count in counts.items():
            if count:
                yield component, count, count * getattr(rates, component)

    def _whole(self, pico: int) -> int:
        """Tokens' pico-USD, scaled, and the request's, rounded up together."""
        factor, divisor = self.scale
        if not self._request:
            return -(-pico * factor // divisor)
        fee, of = self.fee_scale
        return -(-(pico * factor * of + self._request * fee * divisor) // (divisor * of))

    def plain_cost_pico(self, input_tokens: int, output_tokens: int) -> int:
        """`cost_pico` of a usage without parts: nothing cached, nothing spoken."""
        rates = self._base if input_tokens <= self._threshold else self.tariff.rates_at(input_tokens)
        cost = input_tokens * rates.input + output_tokens * rates.output
        return self._whole(cost) if self._scaled else cost + self._request

    def worst_input_pico(self, input_tokens: int, *, longest_cache: CacheLifetime = "12h", audio: bool = True) -> int:
        """The most pico-USD that up to so many input tokens, and the request itself, can cost.

        Args:
            input_tokens: an upper bound of the request's input tokens.
            longest_cache: the longest-lived cache entry that the request can write; the default covers all.
            audio: False if the request surely carries no audio.
        """
        rung = self._ladder[0] if input_tokens <= self._threshold else self._rung(input_tokens)
        rates = rung.inputs if audio else rung.silent_inputs
        cost = input_tokens * rates[_LIFETIMES[longest_cache]]
        return self._whole(cost) if self._scaled else cost + self._request

    def worst_output_pico(self, input_tokens: int, *, audio: bool = True) -> int:
        """The most pico-USD that one output token can cost after up to so many input tokens."""
        rung = self._ladder[0] if input_tokens <= self._threshold else self._rung(input_tokens)
        rate = rung.output if audio else rung.silent_output
        return -(-rate * self.scale[0] // self.scale[1]) if self._scaled else rate

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
    kinds = (
        max(band.input, band.cache_read, band.image_input, band.cache_read_image),
        band.cache_write,
        band.cache_write_1h,
        band.cache_write_12h,
    )
    silent = tuple(accumulate(kinds, max))
    loudest = max(band.audio_input, band.cache_read_audio)
    output = max(band.output, band.image_output)
    return _Rung(
        band.above, tuple(max(rate, loudest) for rate in silent), silent, max(output, band.audio_output), output
    )


def _climb(lower: _Rung, upper: _Rung) -> _Rung:
    return _Rung(
        upper.above,
        tuple(map(max, lower.inputs, upper.inputs)),
        tuple(map(max, lower.silent_inputs, upper.silent_inputs)),
        max(lower.output, upper.output),
        max(lower.silent_output, upper.silent_output),
    )
