"""How a model is called: with a date, with a prefix, with its provider in front."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from llm_token_budget.errors import ConfigurationError, shown
from llm_token_budget.pricing.vendors import (
    NAMES_OF_ONE_VENDOR,
    NEUTRAL_PREFIXES,
    PRICED_FAMILIES,
    PRICED_ONLY,
    PROVIDER_NAMES,
    PROVIDERS,
)

MAX_NAME = 256
"""Characters. No model is called longer, and what a stranger sends is neither scanned nor kept."""

_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0[1-9]|1[0-2])"
_SNAPSHOT = re.compile(
    rf"(?:[-@]20\d\d-{_MONTH}-{_DAY}|[-@]20\d\d{_MONTH}{_DAY}|-v\d+@20\d\d{_MONTH}{_DAY}|[-@:]latest|@default)$"
)
AZURE_FINE_TUNED = re.compile(r"(.+\.ft-)[0-9a-f]{32}")
"""`gpt-4o-mini-2024-07-18.ft-` and an id."""

# ft:<base model>:<organization>:<suffix, often empty>:<id>, and `:ckpt-step-90` and the like.
FINE_TUNED = re.compile(r"(ft:[^:]+)(?::[^:]*:[^:]*:.+)?$")
_SHORT_SNAPSHOT = re.compile(r"-[01]\d[0-3]\d$")
_BEDROCK_ARN = re.compile(r"^arn:aws[a-z-]*:bedrock:[^/]*/")
_BEDROCK_GEOGRAPHY = re.compile(r"(global|us-gov|us|eu|apac|jp|au|ca|in|me|sa|uk)\.")
_BEDROCK_VERSION = re.compile(r"-v\d+(?::\d+)?$")
# What Ollama puts behind a colon: llama3:8b, mixtral:8x7b-instruct, phi3:latest.
_OLLAMA_TAG = re.compile(r"(latest|\d+(\.\d+)?[bm]\b|\d+x\d+b\b)")


def canonical_provider(provider: str) -> str:
    """A provider's name as the price book spells it; an unknown one stays what it is."""
    name = provider.strip().lower()
    return PROVIDER_NAMES.get(name, name)


def known_provider(what: str, name: str, *, also: Collection[str] = ()) -> str:
    """`canonical_provider` of a name that a user typed where only a known one makes sense.

    Args:
        what: the option that it was typed in, for the error.
        name: the name.
        also: providers that the user has brought prices for.

    Raises:
        ConfigurationError: nobody knows the provider's prices; names the nearest that somebody knows.
    """
    provider = canonical_provider(name)
    if provider in PROVIDERS or provider in PRICED_ONLY or provider in also or provider.startswith(PRICED_FAMILIES):
        return provider
    from difflib import get_close_matches

    near = get_close_matches(provider, sorted({*PROVIDERS, *also}), n=1)
    guess = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(PROVIDERS))}"
    raise ConfigurationError(
        f"{what}: nobody knows a provider {shown(name)}: {guess} For a server of your own give 0, or its prices in USD per million "
        "tokens such as {'input': '0.50', 'output': '1.50'}"
    )


def forms(provider: str | None, name: str) -> Iterator[str]:
    """The name, then the name without what only tells its snapshot: a date, `-latest`, `@20250929`."""
    yield name
    if provider == "aws":
        yield from _bedrock_forms(name)
        return
    undated = _SNAPSHOT.sub("", name)
    if undated and undated != name:
        yield undated


def _bedrock_forms(name: str) -> Iterator[str]:
    """Bedrock's: ids and ARNs of inference profiles and models, with a version, a date, and a geography in front."""
    profile = _BEDROCK_ARN.sub("", name)
    if profile != name:
        yield profile
    unversioned = _BEDROCK_VERSION.sub("", profile)
    geography = _BEDROCK_GEOGRAPHY.match(unversioned)
    bare = unversioned[geography.end() :] if geography else unversioned
    undated = [_SNAPSHOT.sub("", stem) for stem in (unversioned, bare)]
    yield from dict.fromkeys([unversioned, undated[0]])
    # Not every model has a price of its own in every geography; those of one region are the dearer ones.
    if geography is None or geography[1] != "global":
        yield from (f"regional.{bare}", f"regional.{undated[1]}")
    yield from (bare, undated[1])


def without_short_snapshot(name: str) -> str:
    """The name without a snapshot of the old kind: `-0125`."""
    return _SHORT_SNAPSHOT.sub("", name)


def fine_tuned_forms(name: str) -> Iterator[str]:
    """What the base model of a fine-tuned one is listed as: `ft:gpt-4.1-2025-04-14`, `ft:gpt-4.1`. Nothing for others."""
    azure = AZURE_FINE_TUNED.fullmatch(name)
    found = FINE_TUNED.match(f"ft:{azure[1].removesuffix('.ft-')}" if azure else name)
    if found:
        yield from forms(None, found[1])
        yield without_short_snapshot(found[1])


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
