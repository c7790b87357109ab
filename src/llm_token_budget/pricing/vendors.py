"""Data: what vendors' names, tiers and premiums mean. Nothing here is a price."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePremium:
    """What writing to a cache costs, in percent of the input price, where the price book doesn't say."""

    models: re.Pattern[str]
    shortest: int = 100
    hour: int = 100
    half_day: int = 100

    def of(self, rate: int, percent: int) -> int:
        """That percentage of a rate, rounded up."""
        return -(-rate * percent // 100)


CACHE_PREMIUMS = (
    # https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing
    CachePremium(models=re.compile("claude"), shortest=125, hour=200),
    # From GPT-5.6 on; half a day as on https://developers.openai.com/api/docs/models/gpt-6.2-sol
    CachePremium(models=re.compile(r"(^|[./])gpt-(5[.-][6-9]|[6-9]|[1-9]\d)(?!\d)"), shortest=125, half_day=250),
)
NO_PREMIUM = CachePremium(models=re.compile(""))

STANDARD_TIERS = frozenset({"default", "auto", "standard", "standard_only", "on_demand"})
"""Names of `service_tier` that mean the standard price (as far as anybody knows before the response says more)."""

STANDARD_TIERS_OF = {
    # https://console.groq.com/docs/flex-processing: the price matches the on-demand tier.
    "groq": frozenset({"flex"}),
}
"""More of them, by provider."""

TIER_CONTEXTS = ("service_tier", "processing", "speed")
"""Conditions under which genai-prices lists another price, and whose values we call tiers."""

FREE_PROVIDERS = frozenset({"ollama"})
"""Providers that bill nothing for any model: their user runs the machine."""

TELL_IMAGES = frozenset({"openai"})
"""Providers whose usage tells image tokens from text where their prices differ."""

PREPAID_TIERS = {"claude": frozenset({"priority"})}
"""Tiers that were paid for beforehand, at the standard price per token, by a word in the model's name.

https://platform.claude.com/docs/en/api/service-tiers
"""

PROVIDER_NAMES = {
    "azure_openai": "azure",
    "azure-openai": "azure",
    "azure_ai": "azure",
    "bedrock": "aws",
    "claude": "anthropic",
    "foundry": "azure",
    "gemini": "google",
    "moonshot": "moonshotai",
    "ollama_chat": "ollama",
    "together_ai": "together",
    "vertex": "google",
    "vertex_ai": "google",
    "xai": "x-ai",
}
"""What gateways and SDKs call providers -> what the price book calls them."""

PROVIDERS = frozenset(PROVIDER_NAMES) | {
    "anthropic", "arcee", "avian", "aws", "azure", "baseten", "cerebras", "cloudflare", "cohere", "databricks",
    "deepseek", "elevenlabs", "fireworks", "github-copilot", "google", "groq", "meta", "minimax", "mistral", "modal",
    "moonshotai", "novita", "ollama", "openai", "openrouter", "ovhcloud", "perplexity", "together", "voyageai", "x-ai",
    "zai", "zhipuai",
}  # fmt: skip
"""Words that in front of `:` or `/` say whose model it is."""

PRICED_ONLY = frozenset({"cursor", "doubleword", "openai-decisions", "quicksilverpro", "typesafe"})
PRICED_FAMILIES = ("huggingface_",)
"""Providers, and beginnings of their names, that have prices in the book and are never in front of a model's name."""

NEUTRAL_PREFIXES = ("models/",)
"""Prefixes that some APIs put in front of a name and that say nothing."""

NAMES_OF_ONE_VENDOR = (
    (re.compile(r"(gpt-|chatgpt-|ft:|text-embedding-(ada|3)|o[134](-|$))"), "openai"),
    (re.compile(r"claude-"), "anthropic"),
    # The npm package's name for any local model.
    (re.compile(r"ollama$"), "ollama"),
)
"""Names that belong to one vendor, so that a name it doesn't know is nobody's."""

SEARCH_ORDER = (
    "openai", "anthropic", "groq", "google", "mistral", "deepseek", "x-ai", "cohere", "perplexity", "moonshotai",
    "meta", "minimax", "zai", "zhipuai", "voyageai",
)  # fmt: skip
"""Where a name without a provider is looked for: first the vendors with an SDK that we wrap, then others that sell
their own models. Resellers only when named: their prices differ for the same name."""

SHORT_NAMES = {
    ("anthropic", "claude-haiku-4"): "claude-haiku-4-5",
    ("groq", "llama-3.3-70b"): "llama-3.3-70b-versatile",
    ("groq", "llama-3.1-8b"): "llama-3.1-8b-instant",
    ("groq", "mixtral-8x7b"): "mixtral-8x7b-32768",
    ("groq", "gemma2-9b"): "gemma2-9b-it",
}
"""Names that the npm package's price table uses and no provider does."""

RETIRED_DEAREST = frozenset({"o1-pro", "gpt-4.5-preview", "gpt-4-32k"})
"""Models that would make an upper bound for an unknown one useless, and that nobody can call any more.

https://developers.openai.com/api/docs/deprecations: shut down on 2026-10-23, 2025-07-14 and 2025-06-06.
"""

UPPER_BOUND_PROVIDERS = ("openai", "anthropic", "groq")
