"""How a model is called: with a date, with a prefix, with its provider in front."""

from __future__ import annotations

import re
from collections.abc import Iterator

from llm_token_budget.pricing.vendors import NAMES_OF_ONE_VENDOR, NEUTRAL_PREFIXES, PROVIDER_NAMES, PROVIDERS

MAX_NAME = 256
"""Characters. No model is called longer, and what a stranger sends is neither scanned nor kept."""

_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0[1-9]|1[0-2])"
_SNAPSHOT = re.compile(
    rf"(?:[-@]20\d\d-{_MONTH}-{_DAY}|[-@]20\d\d{_MONTH}{_DAY}|-v\d+@20\d\d{_MONTH}{_DAY}|[-@:]latest|@default)$"
)
_BEDROCK_VERSION = re.compile(r"-v\d+(?::\d+)?$")
# What Ollama puts behind a colon: llama3:8b, mixtral:8x7b-instruct, phi3:latest.
_OLLAMA_TAG = re.compile(r"(latest|\d+(\.\d+)?[bm]\b|\d+x\d+b\b)")


def canonical_provider(provider: str) -> str:
    """A provider's name as the price book spells it; an unknown one stays what it is."""
    name = provider.strip().lower()
    return PROVIDER_NAMES.get(name, name)


def forms(provider: str | None, name: str) -> Iterator[str]:
    """The name, then the name without what only tells its snapshot: a date, `-latest`, `@20250929`."""
    yield name
    if provider == "aws":
        unversioned = _BEDROCK_VERSION.sub("", name)
        if unversioned != name:
            yield unversioned
            name = unversioned
    undated = _SNAPSHOT.sub("", name)
    if undated and undated != name:
        yield undated


def split_provider(name: str, separators: str = ":/") -> tuple[str | None, str]:
    """`openai:gpt-4o` and `openai/gpt-4o` to (`openai`, `gpt-4o`); (None, the name) without a known provider in front.

    A colon may as well be part of the name: `llama3:8b`, `mistral:7b`, `ft:gpt-4o:...`.
    """
    name = _without_neutral_prefix(name)
    for separator in separators:
        head, found, rest = name.partition(separator)
        if found and rest and head in PROVIDERS and not (separator == ":" and _OLLAMA_TAG.match(rest)):
            return canonical_provider(head), _without_neutral_prefix(rest)
    return None, name


def without_prefix(name: str, providers: tuple[str, ...]) -> str:
    """The name without a prefix that repeats one of the providers; a vendor's prefix stays elsewhere.

    With Groq, `openai/gpt-oss-120b` is the name.
    """
    head, rest = split_provider(name)
    return rest if head is None or head in providers else name


def vendor_of(name: str) -> str | None:
    """Whose model it is, where the name alone says so."""
    return next((vendor for pattern, vendor in NAMES_OF_ONE_VENDOR if pattern.match(name)), None)


def _without_neutral_prefix(name: str) -> str:
    for prefix in NEUTRAL_PREFIXES:
        name = name.removeprefix(prefix)
    return name
