"""Where a request is worked on, as far as its address says so and the provider asks more for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

_REGIONAL: Final[Mapping[str, re.Pattern[str]]] = {
    # https://developers.openai.com/api/docs/guides/data-residency
    "openai": re.compile(r"([a-z]{2})\.api\.openai\.com"),
    # https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude
    "google": re.compile(
        r"(?!global)([a-z0-9-]+?)-aiplatform\.googleapis\.com|aiplatform\.([a-z]+)\.rep\.googleapis\.com"
    ),
}


def region_of(provider: str, base_url: object) -> str | None:
    """The region that an address stands for, where its provider may ask more for it; None for any other address.

    Args:
        provider: as the price book spells it.
        base_url: where requests go.
    """
    pattern = _REGIONAL.get(provider)
    if base_url is None or pattern is None:
        return None
    text = str(base_url)
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:  # No address at all: the HTTP library's to complain of.
        return None
    found = pattern.fullmatch(host)
    return next(filter(None, found.groups())) if found else None
