"""What the provider charges: a small table of its own, in USD per million tokens.

It is typed in here, and not taken from the price book of the library, so that the bill can be held against it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from llm_token_budget.errors import ConfigurationError

_DATE = re.compile(r"(-\d{4}-\d{2}-\d{2}|-\d{8}|-latest)$")
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD per million tokens of each kind; a cache rate that is not given is the input rate."""

    input: Decimal
    output: Decimal = Decimal(0)
    cached: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    long_above: int | None = None
    """With more input tokens than this, a request is charged at `long_input` and `long_output` times the rates."""
    long_input: Decimal = Decimal(1)
    long_output: Decimal = Decimal(1)
    tiers: Mapping[str, Price] = field(default_factory=dict[str, "Price"])
    """Prices of service tiers other than the default one."""

    def usd(self, tokens: Tokens, service_tier: str | None = None) -> Decimal:
        """The exact price of one request; an unknown tier costs what the default one does."""
        if service_tier is not None and service_tier in self.tiers:
            return self.tiers[service_tier].usd(tokens)
        is_long = self.long_above is not None and tokens.input > self.long_above
        plain = tokens.input - tokens.cached - tokens.cache_write - tokens.cache_write_1h
        read = (
            plain * self.input
            + tokens.cached * _either(self.cached, self.input)
            + tokens.cache_write * _either(self.cache_write, self.input)
            + tokens.cache_write_1h * _either(self.cache_write_1h, self.input)
        )
        written = tokens.output * self.output
        return (read * self.long_input + written * self.long_output if is_long else read + written) / _MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What one request is charged for; the cache counts are parts of `input`."""

    input: int
    cached: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    output: int = 0


def read_price(model: str, price: Price | Sequence[str | int | float | Decimal]) -> Price:
    """A price as users write it: a `Price`, or USD per million tokens as (input, output[, cached])."""
    if isinstance(price, Price):
        return price
    try:
        rates = [] if isinstance(price, str) else [*price]
    except TypeError:
        rates = []
    if not 2 <= len(rates) <= 3:
        raise ConfigurationError(
            f"prices[{model!r}] must be (input, output) or (input, output, cached) in USD per million tokens, "
            f"such as ('0.50', '1.50'), not {price!r:.80}"
        )
    read, written, *cached = (_rate(model, rate) for rate in rates)
    return Price(input=read, output=written, cached=cached[0] if cached else None)


def find_price(own: Mapping[str, Price], provider: str, *models: str) -> Price | None:
    """The price of the first name that has one, as given or without the date at its end; `own` ones come first."""
    for model in models:
        for name in (model, _DATE.sub("", model)):
            for price in (own.get(f"{provider}:{name}"), own.get(name), PRICES[provider].get(name)):
                if price is not None:
                    return price
    return Price(input=Decimal(0)) if provider == "ollama" else None


def _rate(model: str, rate: str | float | Decimal) -> Decimal:
    try:
        number = Decimal(repr(rate)) if isinstance(rate, float) else Decimal(rate)
    except (InvalidOperation, TypeError, ValueError):
        number = Decimal(-1)
    if not number.is_finite() or number < 0:
        raise ConfigurationError(f"prices[{model!r}] must be numbers, 0 or more, not {rate!r:.80}")
    return number


def _either(rate: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if rate is None else rate


def _of(text: str, **more: Any) -> Price:
    """`input output [cached [cache_write [cache_write_1h]]]`."""
    kinds = ("input", "output", "cached", "cache_write", "cache_write_1h")
    rates: dict[str, Any] = dict(zip(kinds, map(Decimal, text.split()), strict=False))
    return Price(**rates, **more)


def _gpt_6(default: str, flex: str, priority: str) -> Price:
    """A large OpenAI model: above 272,000 input tokens twice the input and one and a half times the output rates."""
    long = {"long_above": 272_000, "long_input": Decimal(2), "long_output": Decimal("1.5")}
    tiers = {"flex": _of(flex, **long), "priority": _of(priority, **long)}
    return _of(default, tiers=tiers | {"fast": tiers["priority"]}, **long)


# OpenAI: https://developers.openai.com/api/docs/pricing, October 2026 (checked by hand against genai-prices 0.2.3).
_OPENAI = {
    "gpt-6.1-terra": _gpt_6("1 5 0.05 1.25", flex="0.5 2.5 0.025 0.625", priority="2 10 0.1 2.5"),
    "gpt-6.1-sol": _gpt_6("2 10 0.1 2.5", flex="1 5 0.05 1.25", priority="4 20 0.2 5"),
    "gpt-6-astra": _gpt_6("10 50 1 12.5", flex="5 25 0.5 6.25", priority="20 100 2 25"),
    "gpt-6-sol": _gpt_6("2 10 0.2 2.5", flex="1 5 0.1 1.25", priority="4 20 0.4 5"),
    "gpt-6-luna": _gpt_6("0.1 0.5 0.01 0.125", flex="0.05 0.25 0.005 0.0625", priority="0.2 1 0.02 0.25"),
    "gpt-5-mini": _of("0.25 2 0.025"),
    "gpt-4.1": _of("2 8 0.5"),
    "gpt-4.1-mini": _of("0.4 1.6 0.1"),
    "gpt-4o": _of("2.5 10 1.25", tiers={"priority": _of("4.25 17 2.125"), "fast": _of("4.25 17 2.125")}),
    "gpt-4o-mini": _of("0.15 0.6 0.075", tiers={"priority": _of("0.25 1 0.125"), "fast": _of("0.25 1 0.125")}),
    "text-embedding-3-small": _of("0.02 0"),
    "text-embedding-3-large": _of("0.13 0"),
    "gpt-3.5-turbo-instruct": _of("1.5 2"),
}
# Anthropic: https://platform.claude.com/docs/en/about-claude/pricing, October 2026.
_ANTHROPIC = {
    "claude-opus-5-5": _of("4 20 0.2 5 8"),
    "claude-sonnet-5-5": _of("2 10 0.1 2.5 4"),
    "claude-haiku-5-5": _of(
        "0.1 0.5 0.01 0.125 0.2", long_above=100_000, long_input=Decimal(5), long_output=Decimal(5)
    ),
    "claude-fable-5-2": _of("8 40 0.2 10 16"),
    "claude-opus-5": _of("5 25 0.5 6.25 10"),
    "claude-opus-4-8": _of("5 25 0.5 6.25 10"),
}
# Groq: https://groq.com/pricing, October 2026.
_GROQ = {
    "openai/gpt-oss-120b": _of("0.15 0.6 0.075"),
    "openai/gpt-oss-20b": _of("0.075 0.3 0.0375"),
    "llama-3.3-70b-versatile": _of("0.59 0.79"),
    "llama-3.1-8b-instant": _of("0.05 0.08"),
    "qwen/qwen3-32b": _of("0.29 0.59"),
}

PRICES: Mapping[str, Mapping[str, Price]] = {
    "openai": _OPENAI,
    "azure": _OPENAI,
    "anthropic": _ANTHROPIC,
    "groq": _GROQ,
    "ollama": {},
}
"""The models used in examples and tests, by provider. Ollama is free, whatever the model."""
