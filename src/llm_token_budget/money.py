"""Money as whole numbers.

Ledgers keep **nano-USD** (10^-9 USD), prices are **pico-USD per token** (10^-12 USD), people see `Decimal` USD.
No float takes part: a float that a caller passes is read through its shortest repr, so `0.1` means ten cents.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal, InvalidOperation

from llm_token_budget.errors import ConfigurationError, format_usd, shown_value

__all__ = [
    "MAX_AMOUNT",
    "NANO_USD_PER_USD",
    "PICO_USD_PER_NANO_USD",
    "format_usd",
    "nano_from_pico",
    "parse_usd",
    "to_decimal",
    "usd_from_nano",
]

NANO_USD_PER_USD = 10**9
PICO_USD_PER_NANO_USD = 1000
MAX_AMOUNT = 2**53 - 1
"""The largest amount of any unit that every ledger can keep: Lua and JSON numbers are doubles. $9,007,199 in nano-USD."""

# Never the caller's context: nine decimals more than fit, and whatever is finer goes up.
_UPWARDS = Context(prec=28, rounding=ROUND_CEILING, traps=[])


def to_decimal(amount: object, what: str = "amount") -> Decimal:
    """Read an int, str, Decimal or float (through its repr) exactly.

    Raises:
        ConfigurationError: not a number, negative, NaN or infinite.
    """
    if isinstance(amount, bool) or not isinstance(amount, int | str | Decimal | float):
        raise ConfigurationError(
            f"{what} must be a number such as 5, '0.25' or Decimal('0.25'), not {shown_value(amount)}"
        )
    try:
        # Subclasses of float (NumPy's, say) print themselves in ways of their own.
        number = Decimal(float.__repr__(amount)) if isinstance(amount, float) else Decimal(amount)
    except InvalidOperation:
        raise ConfigurationError(f"{what} must be a number such as 5 or '0.25', not {shown_value(amount)}") from None
    if not number.is_finite():
        raise ConfigurationError(f"{what} must be finite, not {shown_value(amount)}")
    if number < 0:
        raise ConfigurationError(f"{what} must not be negative: {shown_value(amount)}")
    return number


def parse_usd(amount: object, what: str = "usd") -> int:
    """USD to nano-USD, rounded up where it is finer than that.

    Raises:
        ConfigurationError: not a number, negative, NaN, infinite, or more than $9,007,199.
    """
    usd = to_decimal(amount, what)
    # Compare before multiplying: Decimal("1e999999") must not become a million digits.
    if usd > MAX_AMOUNT // NANO_USD_PER_USD:
        raise ConfigurationError(f"{what} is absurdly large: {shown_value(amount)} (the largest is $9,007,199)")
    return int(usd.scaleb(9, _UPWARDS).to_integral_value(context=_UPWARDS))


def usd_from_nano(nano_usd: int) -> Decimal:
    """Nano-USD as exact Decimal USD, without trailing zeros."""
    sign, (whole, part) = "-" if nano_usd < 0 else "", divmod(abs(nano_usd), NANO_USD_PER_USD)
    return Decimal(f"{sign}{whole}.{part:09d}".rstrip("0").rstrip("."))


def nano_from_pico(pico_usd: int) -> int:
    """Pico-USD to nano-USD: the one rounding of a call's cost, always up."""
    return -(-pico_usd // PICO_USD_PER_NANO_USD)
