"""Which names mean a model, and which only look like it."""

import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ClauseEquals, ClauseOr

from llm_token_budget.errors import ConfigurationError, UnknownModelPrice
from llm_token_budget.pricing import PriceBook
from llm_token_budget.usage import Usage

BOOK = PriceBook()
VENDORS = [provider for provider in get_snapshot().providers if provider.id in {"openai", "anthropic", "groq"}]
MODELS = [(provider, model) for provider in VENDORS for model in provider.models]
IDS = [f"{provider.id}:{model.id}" for provider, model in MODELS]


def model_of(name, provider=None):
    try:
        card = BOOK.rate_card(name, provider)
    except UnknownModelPrice:
        return None
    return card.provider, card.model


def names_of(model):
    clauses = model.match.or_ if isinstance(model.match, ClauseOr) else [model.match]
    return {model.id, *(clause.equals for clause in clauses if isinstance(clause, ClauseEquals))}


NPM = {
    "gpt-4o": ("openai", "2.5", "10"),
    "gpt-4o-mini": ("openai", "0.15", "0.6"),
    "gpt-4-turbo": ("openai", "10", "30"),
    "gpt-3.5-turbo": ("openai", "0.5", "1.5"),
    "o1": ("openai", "15", "60"),
    "o1-mini": ("openai", "1.1", "4.4"),
    "o3-mini": ("openai", "1.1", "4.4"),
    "claude-3-5-sonnet": ("anthropic", "3", "15"),
    "claude-3-5-haiku": ("anthropic", "0.8", "4"),
    "claude-3-opus": ("anthropic", "15", "75"),
    "claude-sonnet-4": ("anthropic", "3", "15"),
    "claude-haiku-4": ("anthropic", "1", "5"),
    "llama-3.3-70b": ("groq", "0.59", "0.79"),
    "llama-3.1-8b": ("groq", "0.05", "0.08"),
    "mixtral-8x7b": ("groq", "0.24", "0.24"),
    "gemma2-9b": ("groq", "0.2", "0.2"),
    "ollama": ("ollama", "0", "0"),
}


@pytest.mark.parametrize("name", NPM)
def test_every_name_of_the_npm_package_has_a_price(name):
    """Without a provider, and with the one that it belongs to."""
    provider, into, out = NPM[name]
    for card in BOOK.rate_card(name), BOOK.rate_card(name, provider):
        band = card.tariff.bands[0]
        assert (card.provider, band.input, band.output) == (provider, float(into) * 10**6, float(out) * 10**6)


@pytest.mark.parametrize(("provider", "model"), MODELS, ids=IDS)
def test_an_invented_suffix_is_no_model(provider, model):
    """Neither a word nor a letter behind an id makes another name of it."""
    others = {name.lower() for _, other in MODELS for name in names_of(other)}
    for suffix in "-foo", "x", "-2024-13-01", "-20241301", "-v2", ":free":
        name = model.id.lower() + suffix
        if name not in others:
            assert model_of(name, provider.id) is None, name


@pytest.mark.parametrize(("provider", "model"), MODELS, ids=IDS)
def test_every_listed_name_means_its_own_model(provider, model):
    """Ids and the names listed beside them lead to that model, or to none where it isn't billed by tokens."""
    for name in names_of(model):
        assert model_of(name, provider.id) in {(provider.id, model.id), None} or "search" in name
        assert model_of(name.upper(), provider.id) == model_of(name, provider.id)
    prices = model.prices[-1].prices if isinstance(model.prices, list) else model.prices
    if prices.input_mtok is not None:
        assert model_of(model.id, provider.id) == (provider.id, model.id)


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("gpt-4o-2024-08-06", None, ("openai", "gpt-4o")),
        ("gpt-4o-2024-05-13", None, ("openai", "gpt-4o-2024-05-13")),
        ("gpt-4o-20240806", None, ("openai", "gpt-4o")),
        ("gpt-6.1-terra-2026-11-01", None, ("openai", "gpt-6.1-terra")),
        ("gpt-6.2-sol-2026-11-17", None, ("openai", "gpt-6.2-sol")),
        ("claude-3-5-haiku-latest", None, ("anthropic", "claude-3-5-haiku-latest")),
        ("claude-opus-4-5-latest", None, ("anthropic", "claude-opus-4-5")),
        ("claude-sonnet-4-5@20250929", None, ("anthropic", "claude-sonnet-4-5")),
        ("claude-3-5-sonnet-v2@20241022", "google", ("google", "claude-3-5-sonnet")),
        ("us.anthropic.claude-opus-5", "aws", ("aws", "regional.anthropic.claude-opus-5")),
        (
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "bedrock",
            ("aws", "regional.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ),
        ("openai/gpt-4o", None, ("openai", "gpt-4o")),
        ("openai:gpt-4o", None, ("openai", "gpt-4o")),
        ("openai/gpt-4o", "openai", ("openai", "gpt-4o")),
        ("anthropic/claude-haiku-4", None, ("anthropic", "claude-haiku-4-5")),
        ("models/gemini-2.5-pro", None, ("google", "gemini-2.5-pro")),
        ("gemini/gemini-2.5-pro", None, ("google", "gemini-2.5-pro")),
        ("groq/openai/gpt-oss-120b", None, ("groq", "openai/gpt-oss-120b")),
        ("openai/gpt-oss-120b", "groq", ("groq", "openai/gpt-oss-120b")),
        ("openai/gpt-oss-120b", None, ("groq", "openai/gpt-oss-120b")),
        ("mixtral-8x7b", "mistral", ("mistral", "mixtral-8x7b")),
        ("ollama/llama3", None, ("ollama", "llama3")),
        ("llama3:8b", "ollama", ("ollama", "llama3:8b")),
        ("gpt-4o", "azure", ("openai", "gpt-4o")),
        ("o1", "azure", ("azure", "o1")),
        ("grok-4", "xai", model_of("grok-4", "x-ai")),
        ("  gpt-4o ", " OpenAI ", ("openai", "gpt-4o")),
        ("ft:gpt-4o-mini-2024-07-18:org::id", None, ("openai", "ft:gpt-4o-mini")),
        ("ft:gpt-4o-2024-08-06:org:suffix:id", "openai", ("openai", "ft:gpt-4o")),
        ("ft:gpt-3.5-turbo-0125:org::id", None, ("openai", "ft:gpt-3.5-turbo-")),
        ("gpt-4o-mini-2024-07-18.ft-" + "0e" * 16, "azure", ("openai", "gpt-4o-mini-2024-07-18.ft-")),
    ],
)
def test_names_with_dates_and_prefixes_mean_their_model(name, provider, model):
    """Snapshots, gateways' prefixes and fine-tunes resolve to what is billed."""
    assert model_of(name, provider) == model


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("claude-opus-4-5-foo", None),
        ("gpt-4o-cheap", None),
        ("gpt-6.3-sol", None),
        ("gpt-7", None),
        ("o1-huge", None),
        ("claude-sonnet-4-2025", None),
        ("claude-haiku-9@20991231", None),
        ("openai/gpt-4o", "groq"),
        ("anthropic/claude-opus-5", "openai"),
        ("claude-opus-5", "openai"),
        ("gpt-4o", "anthropic"),
        ("gpt-4o", "my-proxy-of-openai"),
        ("gpt-4o", ""),
        ("", None),
        ("/", None),
        ("openai/", None),
        ("openai:", None),
        ("models/", None),
        ("-latest", None),
        ("gpt-4o\n", "groq"),
        # genai-prices matches it at the price of the base model.
        ("ft:gpt-4-0613:org::id", None),
        ("ft:gpt-4o-cheap:org::id", None),
        ("ft:gpt-6-sol-2026-09-22:org::id", None),
        ("ft:gpt-4o-mini-2024-07-18:org", None),
        ("ft:", None),
        # Billed by the second, the character, the page, the search: tokens would say too little.
        ("whisper-1", None),
        ("tts-1", None),
        ("gpt-live-1", None),
        ("mistral-ocr-2512", "mistral"),
        ("sonar-deep-research", "perplexity"),
        # Listed without any price.
        ("gpt-4o", "github-copilot"),
    ],
)
def test_what_nobody_sells_has_no_price(name, provider):
    """An unknown name is an error that says so, never a price of something similar."""
    with pytest.raises(UnknownModelPrice) as caught:
        BOOK.rate_card(name, provider)
    assert (caught.value.model, caught.value.provider) == (name, provider)
    assert caught.value.prices_as_of == BOOK.updated_at


@pytest.mark.parametrize("bad", [None, 4, b"gpt-4o", ["gpt-4o"]])
def test_a_name_is_a_string(bad):
    """Anything else is a wiring error."""
    with pytest.raises(ConfigurationError, match="model must be a string"):
        BOOK.rate_card(bad)


def test_a_price_per_request_is_part_of_the_cost():
    """A search model charges for each request besides its tokens."""
    card = BOOK.rate_card("sonar-pro", "perplexity")
    assert card.cost_pico(Usage()) == 14 * 10**9
    assert card.worst_input_pico(0) == 14 * 10**9
