"""What is known about a model, by its name."""

import pytest

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation import model_facts

FAMILIES = [
    ("gpt-4o", "o200k"),
    ("openai/gpt-4o-mini", "o200k"),
    ("gpt-4o-2024-08-06", "o200k"),
    ("ft:gpt-4o-mini-2024-07-18:org::id", "o200k"),
    ("GPT-4.1-nano", "o200k"),
    ("gpt-5.2-chat-latest", "o200k"),
    ("gpt-6.1-terra", "o200k"),
    ("gpt-7", "o200k"),
    ("o3-mini-2025-01-31", "o200k"),
    ("o7", "o200k"),
    ("openai/gpt-oss-120b", "o200k"),
    ("gpt-oss:20b", "o200k"),
    ("gpt-4", "cl100k"),
    ("gpt-4-0613", "cl100k"),
    ("gpt-35-turbo", "cl100k"),
    ("text-embedding-3-small", "cl100k"),
    ("claude-3-5-sonnet-latest", "claude3"),
    ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude3"),
    ("claude-opus-4-1@20250805", "claude3"),
    ("claude-sonnet-4-20250514", "claude3"),
    ("arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude3"),
    ("claude-opus-4-7", "claude47"),
    ("anthropic/claude-opus-4.8", "claude47"),
    ("claude-haiku-5-5", "claude47"),
    ("claude-saga-9", "claude47"),
    ("llama3.1:8b", "llama3"),
    ("llama-3.3-70b-versatile", "llama3"),
    ("meta-llama/llama-4-scout-17b-16e-instruct", "llama3"),
    ("us.meta.llama3-1-70b-instruct-v1:0", "llama3"),
    ("qwen3:32b", "qwen3"),
    ("qwen/qwen3-32b", "qwen3"),
    ("qwen2.5-coder:7b", "qwen3"),
    ("moonshotai/kimi-k2-instruct", "o200k"),
    ("mistral-large", None),
    ("gpt-4omega", None),
    ("prod-chat-01", None),
    ("o100", None),
    ("", None),
]


@pytest.mark.parametrize(("model", "family"), FAMILIES)
def test_a_name_tells_the_tokenizer(model, family):
    """Prefixes, dates, fine-tunes, tags and the spellings of clouds are understood; the rest is unknown."""
    assert model_facts(model).family == family


@pytest.mark.parametrize(
    ("model", "output"),
    [
        ("gpt-4o", 16_384),
        ("gpt-4.1-mini", 32_768),
        ("o4-mini", 100_000),
        ("gpt-5-pro", 272_000),
        ("gpt-5.4-nano", 128_000),
        ("claude-3-5-haiku-20241022", 8192),
        ("claude-opus-4-1", 32_000),
        ("claude-haiku-4-5-20251001", 64_000),
        ("claude-opus-5-5", 128_000),
        ("openai/gpt-oss-20b", 65_536),
        ("gpt-9", None),
        ("claude-opus-9", None),
        ("my-model", None),
    ],
)
def test_the_largest_output_is_given_only_where_it_is_known(model, output):
    """A number that is too low would make a bound too low: a model to come has none."""
    assert model_facts(model).max_output_tokens == output


def test_reasoning_models_are_told_apart():
    """They bill output that nobody sees."""
    assert all(
        model_facts(name).reasoning for name in ("o3", "gpt-5-mini", "gpt-6-luna", "claude-opus-4-5", "qwen3:8b")
    )
    assert not any(
        model_facts(name).reasoning for name in ("gpt-4o", "gpt-4.1", "claude-3-haiku-20240307", "llama3.1:8b")
    )


def test_a_local_server_sets_its_own_limits():
    """The same name at Ollama has the context that the server was started with."""
    assert model_facts("gpt-oss:20b", "ollama").context_window is None
    assert model_facts("openai/gpt-oss-20b", "groq").context_window == 131_072


def test_a_name_that_is_no_text_is_refused():
    """A missing model name is a mistake, not an unknown model."""
    with pytest.raises(ConfigurationError, match="model must be a str"):
        model_facts(None)


def test_facts_can_be_asked_for_any_name_without_growing():
    """User-made names are cached within bounds."""
    from llm_token_budget.estimation.models import _look_up

    for index in range(5000):
        model_facts(f"made-up-{index}")
    assert _look_up.cache_info().currsize <= 1024
