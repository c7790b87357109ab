"""Names that the user gave to models: `aliases={"prod-chat-01": "azure:gpt-4o"}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from llm_token_budget.errors import ConfigurationError, shown
from llm_token_budget.pricing.names import MAX_NAME, split_provider


@dataclass(frozen=True, slots=True)
class Target:
    """What an alias stands for in the end."""

    provider: str | None
    """None where the alias doesn't say."""
    model: str


def read_aliases(aliases: Mapping[str, str] | None) -> dict[str, Target]:
    """Follow every alias to its end, by lower-case name.

    A target is `model` or `provider:model`, and may be another alias.

    Raises:
        ConfigurationError: a name that isn't one, or aliases that lead in a circle.
    """
    if aliases is None:
        return {}
    if not isinstance(aliases, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"aliases must be like {{'prod-chat-01': 'azure:gpt-4o'}}, not {aliases!r:.80}")
    steps = {_read_name(alias): _read_name(target) for alias, target in aliases.items()}
    return {alias: _follow(alias, steps) for alias in steps}


def _read_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        raise ConfigurationError(f"aliases: a name is 1 to {MAX_NAME} characters, not {name!r:.80}")
    return name.strip().lower()


def _follow(alias: str, steps: Mapping[str, str]) -> Target:
    provider: str | None = None
    trail = [alias]
    for target in _targets(alias, steps):
        said, model = (None, target) if target in steps else _split(target)
        provider = said or provider
        if model not in steps:
            return Target(provider, model)
        # {"gpt-4o": "azure:gpt-4o"} says whose gpt-4o is meant, and leads nowhere else.
        if said and model == trail[-1]:
            return Target(provider, model)
        if model in trail:
            raise ConfigurationError(f"aliases lead in a circle: {' -> '.join(map(shown, [*trail, model]))}")
        trail.append(model)
    raise AssertionError("an alias has a target")


def _targets(alias: str, steps: Mapping[str, str]) -> Iterator[str]:
    while alias in steps:
        yield steps[alias]
        target = steps[alias]
        alias = target if target in steps else _split(target)[1]


def _split(target: str) -> tuple[str | None, str]:
    # Only a colon says whose model it is. What is before a slash may belong to the name: `openai/gpt-oss-120b`.
    return split_provider(target, ":")
