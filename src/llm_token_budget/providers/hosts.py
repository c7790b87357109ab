"""Whose prices count for a request: by the client's class, or by the host that it is sent to.

A model's name says little: many servers answer to `gpt-4o`. A vendor's prices count at the vendor's own hosts, others' at
theirs, and nobody's at a host that nobody knows: its name then stands in the provider's place, so that a USD limit refuses
the call instead of guessing, until somebody says whose prices those are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

BY_CLASS: Final = {
    "AzureOpenAI": "azure",
    "BedrockOpenAI": "aws",
    "AnthropicBedrock": "aws",
    "AnthropicBedrockMantle": "aws",
    "AnthropicVertex": "google",
    "AnthropicFoundry": "azure",
    # Sold through a cloud, run and priced by Anthropic.
    "AnthropicAWS": "anthropic",
    "AnthropicGoogleCloud": "anthropic",
}
"""Clients that are made for one provider, wherever their requests go: a gateway before Azure is still Azure."""

_KNOWN: Final = (
    # The regional ones too: https://developers.openai.com/api/docs/guides/your-data
    (re.compile(r"([a-z]{2}\.)?api\.openai\.com"), "openai"),
    (re.compile(r"api\.anthropic\.com"), "anthropic"),
    (re.compile(r"api\.groq\.com"), "groq"),
    (re.compile(r"[^.]+\.(openai|cognitiveservices|services\.ai)\.azure\.com|[^.]+\.azure-api\.net"), "azure"),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html
    (re.compile(r"bedrock[a-z-]*\.[a-z0-9-]+\.(amazonaws\.com|api\.aws)"), "aws"),
    (re.compile(r"([a-z0-9-]+\.)+googleapis\.com"), "google"),
    (re.compile(r"api\.together\.(ai|xyz)"), "together"),
)
"""Hosts that need no look into the price data, or that it doesn't have."""

_LOCAL: Final = re.compile(r"localhost|.+\.localhost|127(\.\d{1,3}){3}|::1|0\.0\.0\.0")


@lru_cache(maxsize=256)
def provider_at(url: str, vendor: str) -> str:
    """Whose prices count at an address; the host's own name if nobody knows.

    Args:
        url: where requests go: a client's base address.
        vendor: the client's own. It counts on this machine too: what listens here passes requests on, or is a test.
    """
    host, place = place_of(url)
    if not host or _LOCAL.fullmatch(host):
        return vendor
    known = next((provider for pattern, provider in _KNOWN if pattern.fullmatch(host)), None)
    return known or _priced_at(host, urlsplit(url).path) or place


def place_of(url: str) -> tuple[str, str]:
    """(the host, the host with its port where one is named), in lower case."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:  # No address at all: the HTTP library's to complain of.
        return "", ""
    return host, f"{host}:{port}" if port else host


def _priced_at(host: str, path: str) -> str | None:
    """The provider that the price data knows at an address."""
    # Late: it takes a quarter of a second. Only clients with an address of their own get here.
    from genai_prices.data_snapshot import get_snapshot

    address = f"https://{host}{path}"
    for provider in get_snapshot().providers:
        found = re.match(provider.api_pattern, address)
        if found is not None and _covers(found, host):
            return provider.id
    return None


def _covers(found: re.Match[str], host: str) -> bool:
    """Whether a pattern, which need not be anchored, has matched a whole host: not `api.x.ai.elsewhere.com`."""
    rest = found.string[found.end() :]
    at_the_end = found.end() >= len(f"https://{host}")
    return at_the_end or (found[0].endswith(".") and re.fullmatch(r"[a-z]{2,6}(/.*)?", rest) is not None)
