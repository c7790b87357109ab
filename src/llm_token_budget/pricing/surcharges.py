"""Data: what moves a price beside the model: regions, batches, tools. Each with where it is published."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

PICO_USD: Final = 10**12

ONE: Final = (1, 1)

HALF: Final = (1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """What a provider asks for working on a request in one place."""

    models: re.Pattern[str]
    anywhere: frozenset[str] = frozenset()
    """Names of places that mean any place."""
    factor: tuple[int, int] = (11, 10)

    def of(self, model: str, geography: str) -> tuple[int, int]:
        """(factor, divisor) of the tokens of a request that had to stay in one place."""
        return self.factor if geography.lower() not in self.anywhere and self.models.search(model) else ONE


_CLAUDE_FROM_4_6: Final = re.compile(
    r"claude-((opus|sonnet|haiku)-(4-([6-9]|\d\d)(?!\d)|[5-9]|[1-9]\d(?!\d))|fable|mythos)", re.IGNORECASE
)
_CLAUDE_FROM_4_5: Final = re.compile(
    r"claude-((opus|sonnet|haiku)-(4-([5-9]|\d\d)(?!\d)|[5-9]|[1-9]\d(?!\d))|fable|mythos)", re.IGNORECASE
)
_ANYWHERE: Final = frozenset({"global", "not_available", "none", "any", ""})

SURCHARGES: Final[Mapping[str, Surcharge]] = {
    # Models released since 2026-03-05, which is when GPT-5.4 came:
    # https://developers.openai.com/api/docs/guides/data-residency
    "openai": Surcharge(
        models=re.compile(
            r"^gpt-(5\.([4-9]|\d\d)|[6-9]|[1-9]\d|image-([2-9]|1\d)|realtime-([2-9]|1\d)|live|transcribe|daybreak|rosalind)"
        ),
        anywhere=_ANYWHERE,
    ),
    # https://platform.claude.com/docs/en/manage-claude/data-residency: on Claude Opus 4.6 and newer models.
    "anthropic": Surcharge(models=_CLAUDE_FROM_4_6, anywhere=_ANYWHERE),
    # Regional and multi-region endpoints of Vertex AI, from Claude 4.5 on (Bedrock's regions are in its models' names):
    # https://platform.claude.com/docs/en/about-claude/pricing#third-party-platform-pricing
    "google": Surcharge(models=_CLAUDE_FROM_4_5, anywhere=_ANYWHERE),
}
"""By provider: what working in one place costs."""

BATCH_HALVES: Final = frozenset({"openai", "azure", "anthropic", "groq", "google", "aws", "mistral"})
"""Providers whose batches cost half where the price book has no price for them.

https://developers.openai.com/api/docs/guides/batch, https://platform.claude.com/docs/en/build-with-claude/batch-processing,
https://console.groq.com/docs/batch, https://aws.amazon.com/bedrock/pricing, https://cloud.google.com/vertex-ai/pricing
"""

BATCHES_WITHOUT_CACHE: Final = frozenset({"groq"})
"""Providers whose two discounts don't add up: cached input costs the same in a batch."""

FAST_DOUBLES: Final = frozenset({"anthropic"})
"""Providers whose fast mode costs twice the standard price where the book has no price for it.

https://platform.claude.com/docs/en/build-with-claude/fast-mode
"""

LEAST_SECONDS: Final[Mapping[str, int]] = {"groq": 10}
"""Seconds of sound that are billed at least, by provider."""

_REASONING: Final = re.compile(r"^(ft:)?(gpt-([5-9]|[1-9]\d)|o\d)")

_PER_THOUSAND: Final = PICO_USD // 1000

TOOL_FEES: Final[Mapping[str, Mapping[str, Fraction]]] = {
    # https://developers.openai.com/api/docs/pricing#tools; a container of the smallest size, for one session.
    "openai": {
        "web_search": Fraction(10 * _PER_THOUSAND),
        "web_search_preview": Fraction(25 * _PER_THOUSAND),
        "file_search": Fraction(5 * _PER_THOUSAND, 2),
        "code_session": Fraction(3 * PICO_USD, 100),
        "code_session_4g": Fraction(12 * PICO_USD, 100),
        "code_session_16g": Fraction(48 * PICO_USD, 100),
        "code_session_64g": Fraction(192 * PICO_USD, 100),
    },
    # https://platform.claude.com/docs/en/about-claude/pricing#web-search-tool
    "anthropic": {"web_search": Fraction(10 * _PER_THOUSAND)},
    # https://groq.com/pricing: advanced search, which is the current version's; a website that is visited.
    "groq": {"web_search": Fraction(8 * _PER_THOUSAND), "visit_website": Fraction(_PER_THOUSAND)},
}
"""Pico-USD for each call of a tool, by provider, where the price book has none."""

CODE_SESSIONS: Final = ("code_session", "code_session_4g", "code_session_16g", "code_session_64g")
"""Containers in which OpenAI runs code, as tools of a usage, by what they may take of memory."""


def code_session(memory: object) -> str:
    """The tool that a container of so much memory (`1g`, `4g` ...) is billed as. One that nobody knows is the largest."""
    if memory is None or str(memory) == "1g":
        return CODE_SESSIONS[0]
    named = f"code_session_{memory}"
    return named if named in CODE_SESSIONS else CODE_SESSIONS[-1]


_FIXED_BLOCK: Final = re.compile(r"^(ft:)?gpt-(4o|4\.1)-mini(?!-search)")


def search_block(provider: str, model: str) -> int:
    """Input tokens that a search of the web is billed beside what the usage tells; 0 where the usage tells all.

    https://developers.openai.com/api/docs/pricing#tools: gpt-4o-mini and gpt-4.1-mini are billed a fixed block of 8,000 input
    tokens for each call of `web_search` (not of its preview, whose content is free).
    """
    return 8_000 if _FEES_OF.get(provider, provider) == "openai" and _FIXED_BLOCK.search(model) else 0


_FEES_OF: Final = {"azure": "openai", "google": "anthropic", "aws": "anthropic"}
"""Providers that pass on others' fees."""


def tool_fees(provider: str, model: str, listed: Mapping[str, Fraction] | None = None) -> dict[str, Fraction]:
    """Pico-USD for each call of a provider's own tools."""
    fees = {**TOOL_FEES.get(_FEES_OF.get(provider, provider), {}), **(listed or {})}
    # With models that reason the preview costs what the tool does.
    if "web_search_preview" in fees and _REASONING.search(model):
        fees["web_search_preview"] = fees["web_search"]
    return fees


def surcharge(provider: str, model: str, geography: str | None) -> tuple[int, int]:
    """(factor, divisor) of the tokens of a request that had to be worked on in one place."""
    found = SURCHARGES.get(provider) if geography else None
    return ONE if found is None or geography is None else found.of(model, geography)
