"""Data: prices that genai-prices lacks or that it can't express, each with where it is published.

A row replaces what genai-prices says of the model. Drop it when genai-prices has caught up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What one model costs, as its vendor published it. Later rows of a model win from their `since` on."""

    provider: str
    models: tuple[str, ...]
    usd_per_million: Mapping[str, str] = field(default_factory=dict[str, str])
    """By component of `Rates`. Empty: free, or `unpriced`."""
    long_context: tuple[int, Mapping[str, str]] | None = None
    """From which number of input tokens on which prices apply to the whole request."""
    usd_per_thousand_requests: str = "0"
    tiers: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """Service tiers as (factor, divisor) of the standard price."""
    batch_usd_per_million: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same in a batch, where it isn't half of everything."""
    unpriced: bool = False
    """It bills in a way that usage doesn't show: no price rather than one too low."""
    since: date = date.min
    source: str
    checked: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TierMultiple:
    """A service tier that genai-prices doesn't list, as a multiple of the standard price."""

    provider: str
    models: tuple[str, ...]
    tier: str
    factor: int
    source: str


CHECKED: Final = date(2026, 11, 24)
_OPENAI_PRICES: Final = "https://developers.openai.com/api/docs/pricing"
_CLAUDE_PRICES: Final = "https://platform.claude.com/docs/en/about-claude/pricing"
_GPT_6_2_SOL: Final = {
    "input": "2", "output": "10", "cache_read": "0.1", "cache_write": "2.5", "cache_write_12h": "5",
}  # fmt: skip
_GPT_6_2_SOL_LONG: Final = {
    "input": "4", "output": "15", "cache_read": "0.2", "cache_write": "5", "cache_write_12h": "10",
}  # fmt: skip

_GPT_6_2_ASTRA: Final = {
    "input": "8", "output": "40", "cache_read": "0.4", "cache_write": "10", "cache_write_12h": "20",
}  # fmt: skip
_GPT_6_2_ASTRA_LONG: Final = {
    "input": "16", "output": "60", "cache_read": "0.8", "cache_write": "20", "cache_write_12h": "40",
}  # fmt: skip

CORRECTIONS: Final = (
    Correction(
        provider="openai",
        models=("gpt-6.2-astra",),
        usd_per_million=_GPT_6_2_ASTRA,
        long_context=(272_000, _GPT_6_2_ASTRA_LONG),
        tiers={"batch": (1, 2), "flex": (1, 2), "fast": (2, 1), "priority": (2, 1)},
        source="https://developers.openai.com/api/docs/models/gpt-6.2-astra",
        checked=CHECKED,
    ),
    # The page also announces that ultrafast goes from 3 times to 6 times the standard price in March 2027.
    Correction(
        provider="openai",
        models=("gpt-6.2-sol",),
        usd_per_million=_GPT_6_2_SOL,
        long_context=(272_000, _GPT_6_2_SOL_LONG),
        tiers={"batch": (1, 2), "flex": (1, 2), "fast": (2, 1), "priority": (2, 1), "ultrafast": (3, 1)},
        source="https://developers.openai.com/api/docs/models/gpt-6.2-sol",
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("gpt-6.2-sol",),
        usd_per_million=_GPT_6_2_SOL,
        long_context=(272_000, _GPT_6_2_SOL_LONG),
        tiers={"batch": (1, 2), "flex": (1, 2), "fast": (2, 1), "priority": (2, 1), "ultrafast": (6, 1)},
        since=date(2027, 3, 1),
        source="https://developers.openai.com/api/docs/models/gpt-6.2-sol",
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("gpt-4o-audio-preview",),
        usd_per_million={"input": "2.5", "output": "10", "audio_input": "40", "audio_output": "80"},
        source="https://developers.openai.com/api/docs/models/gpt-4o-audio-preview",
        checked=CHECKED,
    ),
    # The first snapshot kept its launch price, and its successors were cheaper.
    Correction(
        provider="openai",
        models=("gpt-4o-audio-preview-2024-10-01",),
        usd_per_million={"input": "2.5", "output": "10", "audio_input": "100", "audio_output": "200"},
        source="https://huggingface.co/spaces/noumanjavaid/pricing/blob/main/app.py",
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("gpt-4o-mini-audio-preview", "gpt-4o-mini-audio"),
        usd_per_million={"input": "0.15", "output": "0.6", "audio_input": "10", "audio_output": "20"},
        source="https://developers.openai.com/api/docs/models/gpt-4o-mini-audio-preview",
        checked=CHECKED,
    ),
    # These search the web in every request, asked or not, and each search is billed.
    Correction(
        provider="openai",
        models=("gpt-4o-search-preview",),
        usd_per_million={"input": "2.5", "output": "10"},
        usd_per_thousand_requests="25",
        source="https://community.openai.com/t/search-web-using-openai-api/1363698",
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("gpt-4o-mini-search-preview",),
        usd_per_million={"input": "0.15", "output": "0.6"},
        usd_per_thousand_requests="25",
        source="https://community.openai.com/t/search-web-using-openai-api/1363698",
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("gpt-5-search-api",),
        usd_per_million={"input": "1.25", "cache_read": "0.125", "output": "10"},
        usd_per_thousand_requests="10",
        source="https://community.openai.com/t/search-web-using-openai-api/1363698",
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("moderation", "omni-moderation", "text-moderation", "text-moderation-stable"),
        source="https://developers.openai.com/api/docs/models/omni-moderation-latest",
        checked=CHECKED,
    ),
    # Fine-tuned models, by the name of their base; genai-prices lacks what is cached, and the newer ones.
    Correction(
        provider="openai",
        models=("ft:gpt-4.1",),
        usd_per_million={"input": "3", "cache_read": "0.75", "output": "12"},
        batch_usd_per_million={"input": "1.5", "cache_read": "0.5", "output": "6"},
        source=_OPENAI_PRICES,
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("ft:gpt-4.1-mini",),
        usd_per_million={"input": "0.8", "cache_read": "0.2", "output": "3.2"},
        batch_usd_per_million={"input": "0.4", "cache_read": "0.1", "output": "1.6"},
        source=_OPENAI_PRICES,
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("ft:gpt-4.1-nano",),
        usd_per_million={"input": "0.2", "cache_read": "0.05", "output": "0.8"},
        batch_usd_per_million={"input": "0.1", "cache_read": "0.025", "output": "0.4"},
        source=_OPENAI_PRICES,
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("ft:gpt-4o",),
        usd_per_million={"input": "3.75", "cache_read": "1.875", "output": "15"},
        batch_usd_per_million={"input": "2.225", "cache_read": "0.9", "output": "12.5"},
        source=_OPENAI_PRICES,
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("ft:gpt-4o-mini",),
        usd_per_million={"input": "0.3", "cache_read": "0.15", "output": "1.2"},
        batch_usd_per_million={"input": "0.15", "cache_read": "0.075", "output": "0.6"},
        source=_OPENAI_PRICES,
        checked=CHECKED,
    ),
    # Without the discount for sharing data, which nobody can see in an answer.
    Correction(
        provider="openai",
        models=("ft:o4-mini",),
        usd_per_million={"input": "4", "cache_read": "1", "output": "16"},
        batch_usd_per_million={"input": "2", "cache_read": "0.5", "output": "8"},
        source=_OPENAI_PRICES,
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("ft:davinci-002",),
        usd_per_million={"input": "12", "output": "12"},
        batch_usd_per_million={"input": "6", "output": "6"},
        source=_OPENAI_PRICES,
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("ft:babbage-002",),
        usd_per_million={"input": "1.6", "output": "1.6"},
        batch_usd_per_million={"input": "0.8", "output": "0.9"},
        source=_OPENAI_PRICES,
        checked=CHECKED,
    ),
    Correction(
        provider="openai",
        models=("computer-use-preview",),
        usd_per_million={"input": "3", "output": "12"},
        batch_usd_per_million={"input": "1.5", "output": "6"},
        source=_OPENAI_PRICES,
        checked=CHECKED,
    ),
    # By invitation, at the price of the Fable of the same version.
    Correction(
        provider="anthropic",
        models=("claude-mythos-5",),
        usd_per_million={
            "input": "10",
            "cache_read": "1",
            "cache_write": "12.5",
            "cache_write_1h": "20",
            "output": "50",
        },
        source=_CLAUDE_PRICES,
        checked=CHECKED,
    ),
    Correction(
        provider="anthropic",
        models=("claude-mythos-5-1",),
        usd_per_million={
            "input": "10",
            "cache_read": "0.25",
            "cache_write": "12.5",
            "cache_write_1h": "20",
            "output": "50",
        },
        source=_CLAUDE_PRICES,
        checked=CHECKED,
    ),
    Correction(
        provider="groq",
        models=("qwen/qwen3.6-27b",),
        usd_per_million={"input": "0.6", "output": "3"},
        source="https://console.groq.com/docs/model/qwen/qwen3.6-27b",
        checked=CHECKED,
    ),
    # With the beta of long contexts, which ended on 2026-04-30: since then there are no longer ones.
    Correction(
        provider="anthropic",
        models=("claude-sonnet-4-0", "claude-sonnet-4", "claude-4-sonnet"),
        usd_per_million={
            "input": "3",
            "cache_read": "0.3",
            "cache_write": "3.75",
            "cache_write_1h": "6",
            "output": "15",
        },
        long_context=(
            200_000,
            {"input": "6", "cache_read": "0.6", "cache_write": "7.5", "cache_write_1h": "12", "output": "22.5"},
        ),
        source=_CLAUDE_PRICES,
        checked=CHECKED,
    ),
    # It bills each search that it decides to make, and has no bound for them.
    Correction(
        provider="perplexity",
        models=("sonar-deep-research",),
        unpriced=True,
        source="https://docs.perplexity.ai/docs/agent-api/migrate-from-sonar/overview",
        checked=CHECKED,
    ),
)

TIER_MULTIPLES: Final = (
    # Published for gpt-6-astra; where no price is published the same multiple is the most that is known.
    TierMultiple(
        provider="openai",
        models=("gpt-6-astra", "gpt-6.1-sol", "gpt-5.6-sol"),
        tier="ultrafast",
        factor=6,
        source="https://vercel.com/changelog/openai-ultrafast-mode-now-available-on-ai-gateway",
    ),
    # Their fast modes were previews, at six times the price; they are gone.
    TierMultiple(
        provider="anthropic",
        models=("claude-opus-4-6", "claude-opus-4-7"),
        tier="fast",
        factor=6,
        source="https://platform.claude.com/docs/en/build-with-claude/fast-mode",
    ),
)
