"""Every model that an SDK names has a price, or a reason why not."""

import typing

import pytest

from llm_token_budget.errors import UnknownModelPrice
from llm_token_budget.pricing import PriceBook

BOOK = PriceBook()

NOT_BY_THE_TOKEN = "bills by the image, second, minute or character"
EXCEPTIONS = {
    "openai": {
        "dall-e-2": NOT_BY_THE_TOKEN,
        "dall-e-3": NOT_BY_THE_TOKEN,
        "sora-2": NOT_BY_THE_TOKEN,
        "sora-2-2025-10-06": NOT_BY_THE_TOKEN,
        "sora-2-2025-12-08": NOT_BY_THE_TOKEN,
        "sora-2-pro": NOT_BY_THE_TOKEN,
        "sora-2-pro-2025-10-06": NOT_BY_THE_TOKEN,
        "tts-1": NOT_BY_THE_TOKEN,
        "tts-1-hd": NOT_BY_THE_TOKEN,
        "whisper-1": NOT_BY_THE_TOKEN,
        "gpt-transcribe": NOT_BY_THE_TOKEN,
        "gpt-6.2-astra-law": "no price is published",
        "gpt-image-2.6-flare": "no price is published",
        "gpt-image-2.6-sunburst": "no price is published",
        "gpt-daybreak-blue-latest": "an alias that moves from model to model; the answer names the model",
        "gpt-daybreak-red-latest": "an alias that moves from model to model; the answer names the model",
    },
    "anthropic": {"claude-mythos-preview": "was never on the price list"},
    "groq": {
        "compound-beta": "bills the models that it uses, which the answer names",
        "compound-beta-mini": "bills the models that it uses, which the answer names",
    },
}


def literals(kind):
    if typing.get_origin(kind) is typing.Literal:
        return set(typing.get_args(kind))
    return set().union(*map(literals, typing.get_args(kind)))


def openai_models():
    from openai import types
    from openai.types.audio.speech_model import SpeechModel
    from openai.types.shared.chat_model import ChatModel
    from openai.types.shared.responses_model import ResponsesModel

    kinds = [ChatModel, ResponsesModel, SpeechModel, types.EmbeddingModel, types.ImageModel, types.AudioModel]
    return literals(typing.Union[tuple(kinds)])  # noqa: UP007 - of a list


def anthropic_models():
    from anthropic.types.model_param import ModelParam

    return literals(ModelParam)


def groq_models():
    from groq.types.chat.completion_create_params import CompletionCreateParams

    return literals(typing.get_type_hints(CompletionCreateParams)["model"])


MODELS = {"openai": openai_models(), "anthropic": anthropic_models(), "groq": groq_models()}
NAMED = [(provider, model) for provider, models in MODELS.items() for model in sorted(models)]


def has_price(provider, model):
    try:
        BOOK.rate_card(model, provider)
    except UnknownModelPrice:
        return False
    return True


@pytest.mark.parametrize(("provider", "model"), NAMED)
def test_a_model_that_an_sdk_names_has_a_price(provider, model):
    """A new SDK that brings a new model fails here until the corrections know it, or a reason is written down."""
    assert has_price(provider, model) == (model not in EXCEPTIONS[provider])


def test_the_sdks_name_many_models():
    """The literals were found where they are looked for."""
    assert {
        provider: len(models) > floor for (provider, models), floor in zip(MODELS.items(), (100, 15, 10), strict=True)
    } == {
        "openai": True,
        "anthropic": True,
        "groq": True,
    }
