"""What is known about a model, by its name: tokenizer, context, largest output, what images cost.

Names come in many spellings: `openai/gpt-4o`, `ft:gpt-4o-mini-2024-07-18:org::id`, `claude-opus-4-1@20250805`,
`us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `llama3.1:8b`. What nobody recognises is unknown, never guessed
to be small.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation.model_table import CLAUDE, CLAUDE_NEXT, MODELS, UNKNOWN, ModelFacts

__all__ = ["ModelFacts", "model_facts"]

# `us.anthropic.claude-...`, `eu.meta.llama3-...`: Bedrock's region and vendor.
_BEDROCK = re.compile(
    r"^(?:[a-z]{2,6}(?:-[a-z]+)?\.)?(?:anthropic|meta|openai|qwen|moonshot|mistral|deepseek|amazon|cohere)\."
)
_CLAUDE = re.compile(
    r"claude-(?:(?P<tier>[a-z]+)-)?(?P<major>\d{1,2})(?!\d)(?:[-.](?P<minor>\d{1,2})(?!\d))?(?:-(?P<old_tier>[a-z]+))?"
)
_LONGEST_NAME = 256


def model_facts(model: str, provider: str | None = None) -> ModelFacts:
    """Look a model up by its name; what is not known of it is None.

    Args:
        model: as the request names it; prefixes, dates, suffixes and the spellings of clouds are understood.
        provider: who serves it (`openai`, `azure`, `anthropic`, `groq`, `ollama`); a local server's
            context is what it was started with, so there it is unknown.

    Raises:
        ConfigurationError: the name is not a str.

    """
    if not isinstance(model, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"model must be a str such as 'gpt-4o', not {type(model).__name__}")
    return _look_up(model[:_LONGEST_NAME], provider)


@lru_cache(maxsize=1024)
def _look_up(model: str, provider: str | None) -> ModelFacts:
    name = _plain(model)
    facts = _claude(name) if "claude" in name else _first_match(name)
    if provider == "ollama":
        # A local server's context is what it was started with, and its own templates may differ.
        return replace(facts, context_window=None, max_output_tokens=None)
    return facts


def _plain(model: str) -> str:
    """Strip a name: `us.anthropic.claude-opus-4-1-20250805-v1:0` -> `claude-opus-4-1-20250805-v1`."""
    name = model.strip().lower()
    name = name.removeprefix("ft:")
    name = name.rpartition("/")[2]
    name = name.removeprefix("ft:")
    name = name.partition("@")[0].partition(":")[0]
    return _BEDROCK.sub("", name)


def _first_match(name: str) -> ModelFacts:
    return next((facts for pattern, facts in _PATTERNS if pattern.match(name)), UNKNOWN)


def _claude(name: str) -> ModelFacts:
    found = _CLAUDE.search(name)
    if found is None:
        return CLAUDE_NEXT
    tier = found["tier"] or found["old_tier"] or ""
    return CLAUDE.get((tier, int(found["major"]), int(found["minor"] or 0)), CLAUDE_NEXT)


def _pattern(beginning: str) -> re.Pattern[str]:
    if beginning.startswith("re:"):
        return re.compile(f"(?:{beginning[3:]})")
    return re.compile(re.escape(beginning) + r"(?![\w.])")


_PATTERNS = tuple((_pattern(beginning), facts) for beginning, facts in MODELS)
