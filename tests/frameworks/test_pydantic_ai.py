"""pydantic-ai: its providers take wrapped clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import groq
import pytest

from llm_token_budget import BudgetExceeded
from llm_token_budget.testing import Reply

from .books import ANTHROPIC_MODEL, ASKED, GROQ_MODEL, LOOKS, OPENAI_MODEL, SAID, Books, Said
from .requiring import framework

pydantic_ai = framework("pydantic_ai")
pytestmark = pytest.mark.filterwarnings("ignore")  # What frameworks warn of is not about us.


def chat(books: Books) -> Any:
    provider = framework("pydantic_ai.providers.openai").OpenAIProvider(openai_client=books.async_openai())
    return framework("pydantic_ai.models.openai").OpenAIChatModel(OPENAI_MODEL, provider=provider)


def responses(books: Books) -> Any:
    provider = framework("pydantic_ai.providers.openai").OpenAIProvider(openai_client=books.async_openai())
    return framework("pydantic_ai.models.openai").OpenAIResponsesModel(OPENAI_MODEL, provider=provider)


def anthropic_messages(books: Books) -> Any:
    provider = framework("pydantic_ai.providers.anthropic").AnthropicProvider(anthropic_client=books.async_anthropic())
    return framework("pydantic_ai.models.anthropic").AnthropicModel(ANTHROPIC_MODEL, provider=provider)


def groq_chat(books: Books) -> Any:
    provider = framework("pydantic_ai.providers.groq").GroqProvider(groq_client=books.client(groq.AsyncGroq))
    return framework("pydantic_ai.models.groq").GroqModel(GROQ_MODEL, provider=provider)


def run(books: Books, model: Any) -> Any:
    return books.run(pydantic_ai.Agent(model).run(ASKED))


def run_sync(books: Books, model: Any) -> Any:
    return pydantic_ai.Agent(model).run_sync(ASKED)


def run_stream(books: Books, model: Any) -> list[str]:
    async def texts() -> Any:
        async with pydantic_ai.Agent(model).run_stream(ASKED) as answer:
            async for text in answer.stream_text(delta=True, debounce_by=None):
                yield text

    return books.every(texts)


def structured(books: Books, model: Any) -> Any:
    books.provider.enqueue(SAID)
    return books.run(pydantic_ai.Agent(model, output_type=Said).run(ASKED))


def with_tool(books: Books, model: Any) -> Any:
    """A run of two calls, with a tool between them."""
    agent = pydantic_ai.Agent(model)

    @agent.tool_plain
    def look(text: str) -> str:
        return f"{text} by the water"

    books.provider.enqueue(LOOKS, Reply("I see."))
    return books.run(agent.run(ASKED))


MODELS: list[Callable[[Books], Any]] = [chat, responses, anthropic_messages, groq_chat]
models = pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])
CALLS: list[Callable[[Books, Any], Any]] = [run, run_sync, run_stream, structured, with_tool]
calls = pytest.mark.parametrize("call", CALLS, ids=[call.__name__ for call in CALLS])


@models
@calls
def test_the_account_is_the_bill(books, model, call):
    """Every form is metered, and charged to the session it runs in."""
    with books.budget.session(user_key="ada"):
        call(books, model(books))
    books.assert_balanced()
    books.assert_charged_to("ada")


@models
@calls
def test_a_refusal_is_passed_on_and_nothing_is_sent(books, model, call):
    """BudgetExceeded comes out as it is."""
    assert type(books.refusal(lambda books: call(books, model(books)))) is BudgetExceeded
