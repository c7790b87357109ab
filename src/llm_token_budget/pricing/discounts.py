"""What a user has agreed on with providers: discounts, and whose word is believed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

from llm_token_budget.errors import ConfigurationError, shown, shown_value
from llm_token_budget.money import to_decimal
from llm_token_budget.pricing.names import canonical_provider


def read_discounts(discounts: Mapping[str, object] | None) -> dict[str, tuple[int, int]]:
    """(factor, divisor) of what is paid of list prices, by provider.

    Raises:
        ConfigurationError: not like `{"openai": "0.10"}`, or no fraction from 0 up to, and without, 1.
    """
    if discounts is None:
        return {}
    if not isinstance(discounts, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"discounts is like {{'openai': '0.10'}}, not {shown_value(discounts)}")
    return {_read_provider("discounts", provider): _read_share(provider, off) for provider, off in discounts.items()}


def read_providers(what: str, providers: Collection[str]) -> frozenset[str]:
    """Providers, as the price book spells them.

    Raises:
        ConfigurationError: not a collection of names.
    """
    if isinstance(providers, str) or not isinstance(providers, Collection):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"{what} is a set of providers, such as {{'openrouter'}}, not {shown_value(providers)}"
        )
    return frozenset(_read_provider(what, provider) for provider in providers)


def _read_provider(what: str, provider: object) -> str:
    if not isinstance(provider, str) or not provider.strip():
        raise ConfigurationError(f"{what} names providers, such as 'openai', not {shown_value(provider)}")
    return canonical_provider(provider)


def _read_share(provider: str, off: object) -> tuple[int, int]:
    share = to_decimal(off, f"discounts[{shown(provider)}]")
    if share >= 1:
        raise ConfigurationError(
            f"discounts[{shown(provider)}] is what is taken off, as a fraction: '0.10' for ten percent, not {shown_value(off)}"
        )
    paid = 1 - Fraction(share)
    return paid.numerator, paid.denominator
