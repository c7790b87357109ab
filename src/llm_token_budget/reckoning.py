"""What a call was reckoned to cost at most, part by part: for explanations of refusals."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple

_CENTS = Decimal("0.01")


class ReckonedPart(NamedTuple):
    """A part of the sum."""

    what: str
    """`input` (with the fees of tools), `output`, a kind of input: `text`, `system`, `tools`, `images`, `framing` ..., or what
    a tool of the provider's is held for: `uses of web_search`."""
    tokens: int
    """Of a tool, how often it may be billed."""
    usd: Decimal | None = None
    """None where no price was needed, and for kinds of input, whose sum is `input`."""

    @property
    def is_kind(self) -> bool:
        """Whether it is tokens of a kind of input."""
        return self.what not in ("input", "output") and not self.what.startswith(USES)


USES = "uses of "


class Reckoning(NamedTuple):
    """What a call was reckoned to cost at most."""

    parts: tuple[ReckonedPart, ...] = ()
    rate_card_id: str | None = None
    """Names the prices."""
    seen_tokens: int = 0
    """Of the input, what an earlier bill calls cached, reckoned at the price of reading it."""

    def lines(self) -> list[str]:
        """The sum in words, a line for each part."""
        lines: list[str] = []
        for what, tokens, usd in self.parts:
            if what.startswith(USES):
                lines.append(f"    {what}: up to {tokens}, billed by the call")
                continue
            price = "" if usd is None else f"  {about(usd)}"
            inner = what not in ("input", "output")
            lines.append(f"{'    ' if inner else '  '}{what}: up to {tokens:,} tokens{price}")
            if what == "input" and self.seen_tokens:
                lines.append(f"    of these {self.seen_tokens:,} are taken to be cached, as an earlier bill says")
        kinds = sum(part.tokens for part in self.parts if part.is_kind)
        if kinds > sum(tokens for what, tokens, _ in self.parts if what == "input"):
            lines.append("    (by kind as estimated, before earlier bills had their say)")
        if self.rate_card_id is not None:
            lines.append(f"  prices: {self.rate_card_id}")
        return lines

    def as_data(self) -> dict[str, Any]:
        """The sum as data that JSON takes; amounts of money are strings."""
        return {
            "parts": [
                {"what": what, "tokens": tokens, "usd": None if usd is None else str(usd)}
                for what, tokens, usd in self.parts
            ],
            "rate_card_id": self.rate_card_id,
            "seen_tokens": self.seen_tokens,
        }


NOT_RECKONED = Reckoning()


def about(usd: Decimal) -> str:
    """An amount for people: to the cent, or two digits where it is less; never rounded down."""
    digits = _CENTS if usd >= Decimal("0.1") else Decimal(1).scaleb(usd.adjusted() - 1) if usd else _CENTS
    return f"${usd.quantize(digits, rounding=ROUND_CEILING):,f}"
