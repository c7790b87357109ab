"""Names that the user gives to models."""

import pytest

from llm_token_budget.errors import ConfigurationError, UnknownModelPrice
from llm_token_budget.pricing import PriceBook

CUSTOM = {"my-model": {"input": 7, "output": 9}, "prod": {"input": 1, "output": 1}}


@pytest.mark.parametrize(
    ("aliases", "name", "provider", "found"),
    [
        ({"prod-chat-01": "azure:gpt-4o"}, "prod-chat-01", None, ("openai", "gpt-4o")),
        ({"prod-chat-01": "azure:gpt-4o"}, "PROD-Chat-01", "openai", ("openai", "gpt-4o")),
        ({"prod-chat-01": "azure:o1"}, "prod-chat-01", "openai", ("azure", "o1")),
        ({"fast": "claude-haiku-4-5"}, "fast", None, ("anthropic", "claude-haiku-4-5")),
        # An OpenAI client in front of a gateway.
        ({"fast": "claude-haiku-4-5"}, "fast", "openai", ("anthropic", "claude-haiku-4-5")),
        ({"fast": "groq/openai/gpt-oss-20b"}, "fast", "openai", ("groq", "openai/gpt-oss-20b")),
        ({"fast": "openai/gpt-oss-20b"}, "fast", "groq", ("groq", "openai/gpt-oss-20b")),
        ({"a": "b", "b": "c", "c": "gpt-4o"}, "a", None, ("openai", "gpt-4o")),
        ({"a": "azure:b", "b": "o1"}, "a", None, ("azure", "o1")),
        ({"a": "azure:b", "b": "openai:o1"}, "a", None, ("openai", "o1")),
        # Says whose model it is.
        ({"o1": "azure:o1"}, "o1", None, ("azure", "o1")),
        ({"o1": "azure:o1"}, "o1", "openai", ("azure", "o1")),
        ({"local": "llama3:8b"}, "local", "ollama", ("ollama", "llama3:8b")),
        ({"local": "mistral:7b"}, "local", "ollama", ("ollama", "mistral:7b")),
        ({"local": "mistral:latest"}, "local", "ollama", ("ollama", "mistral:latest")),
        ({"local": "ollama:llama3:8b"}, "local", "openai", ("ollama", "llama3:8b")),
        ({"tuned": "ft:gpt-4o-mini-2024-07-18:org::id"}, "tuned", "openai", ("openai", "ft:gpt-4o-mini")),
        ({"x": "my-model"}, "x", "openai", ("custom", "my-model")),
        # A price of its own makes an alias superfluous.
        ({"prod": "gpt-4o"}, "prod", None, ("custom", "prod")),
    ],
)
def test_an_alias_has_the_price_of_what_it_stands_for(aliases, name, provider, found):
    """Chains, gateways, and model names that contain a colon."""
    card = PriceBook(CUSTOM, aliases).rate_card(name, provider)
    assert (card.provider, card.model) == found


@pytest.mark.parametrize(
    "aliases",
    [{"a": "b", "b": "a"}, {"a": "a"}, {"a": "openai:b", "b": "azure:a"}, {"x": "a", "a": "b", "b": "c", "c": "a"}],
)
def test_aliases_in_a_circle_are_refused(aliases):
    """At construction, with the circle in the message."""
    with pytest.raises(ConfigurationError, match=r"in a circle: '.+' -> '.+'"):
        PriceBook(aliases=aliases)


@pytest.mark.parametrize("aliases", [{"a": 3}, {"": "gpt-4o"}, {"a": " "}, {"a": "x" * 300}, ["a"], {1: "gpt-4o"}])
def test_aliases_are_names(aliases):
    """Anything else is a wiring error."""
    with pytest.raises(ConfigurationError, match="aliases"):
        PriceBook(aliases=aliases)


@pytest.mark.parametrize("target", ["azure:gpt-99", "nobody:gpt-4o", "gpt-4o-cheap"])
def test_an_alias_of_nothing_has_no_price(target):
    """The error names what was asked for."""
    with pytest.raises(UnknownModelPrice) as caught:
        PriceBook(aliases={"prod": target}).rate_card("prod")
    assert caught.value.model == "prod"
