"""litellm: `client=` is taken for chat, text completions and embeddings of OpenAI and what speaks like it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, Usage

from .books import ANTHROPIC_MODEL, ASKED, EMBEDDING_MODEL, OPENAI_MODEL, SAID, Books, Said
from .requiring import framework

# Without it the import fetches a price list from the network.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
litellm = framework("litellm")
litellm.suppress_debug_info = True
pytestmark = pytest.mark.filterwarnings("ignore")  # What frameworks warn of is not about us.

CHAT: dict[str, Any] = {
    "model": f"openai/{OPENAI_MODEL}",
    "messages": [{"role": "user", "content": ASKED}],
}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}},
}
# Without that effort litellm answers newer models' chats with tools by the responses API, through a client of its own.
TOOLS: dict[str, Any] = {"tools": [TOOL], "tool_choice": "required", "reasoning_effort": "none"}
TEXT: dict[str, Any] = {"model": "text-completion-openai/gpt-3.5-turbo-instruct", "prompt": ASKED}
EMBEDDING: dict[str, Any] = {"model": f"openai/{EMBEDDING_MODEL}", "input": [ASKED]}


def completion(books: Books, **options: Any) -> Any:
    return litellm.completion(client=books.openai(), **CHAT, **options)


def acompletion(books: Books, **options: Any) -> Any:
    return books.run(litellm.acompletion(client=books.async_openai(), **CHAT, **options))


def streamed(books: Books) -> list[Any]:
    return list(litellm.completion(client=books.openai(), stream=True, **CHAT))


def astreamed(books: Books) -> list[Any]:
    async def events() -> Any:
        async for event in await litellm.acompletion(client=books.async_openai(), stream=True, **CHAT):
            yield event

    return books.every(events)


def structured(books: Books) -> Any:
    books.provider.enqueue(SAID)
    return completion(books, response_format=Said)


FORMS = {
    "completion": completion,
    "acompletion": acompletion,
    "streamed": streamed,
    "astreamed": astreamed,
    "structured": structured,
    "tools": lambda books: completion(books, **TOOLS),
    "atools": lambda books: acompletion(books, **TOOLS),
    "text": lambda books: litellm.text_completion(client=books.openai(), **TEXT),
    "embedding": lambda books: litellm.embedding(client=books.openai(), **EMBEDDING),
    "aembedding": lambda books: books.run(litellm.aembedding(client=books.async_openai(), **EMBEDDING)),
}
forms = pytest.mark.parametrize("call", FORMS.values(), ids=FORMS)


@forms
def test_the_account_is_the_bill(books, call):
    """Every form is metered, and charged to the session it runs in."""
    with books.budget.session(user_key="ada"):
        call(books)
    books.assert_balanced()
    books.assert_charged_to("ada")


@forms
def test_a_refusal_is_found_inside_its_error_and_nothing_is_sent(books, call):
    """litellm wraps every error into one of its own."""
    error = books.refusal(call)
    assert not isinstance(error, BudgetExceeded)
    assert type(error).__module__.startswith("litellm")


def reserved_completion(books: Books) -> Any:
    """A call of a vendor whose SDK litellm does not use: there is no client to wrap, so the call is reserved for."""
    question: dict[str, Any] = {"model": f"anthropic/{ANTHROPIC_MODEL}", "messages": CHAT["messages"]}
    with books.budget.reserve(
        model=ANTHROPIC_MODEL, input_tokens=litellm.token_counter(**question) + 100, max_output_tokens=200
    ) as reservation:
        reply = litellm.completion(
            **question, max_tokens=200, api_key="secret", base_url=books.provider.anthropic_base_url
        )
        reservation.settle(Usage(input_tokens=reply.usage.prompt_tokens, output_tokens=reply.usage.completion_tokens))
    return reply


def test_what_takes_no_client_is_reserved_for(books):
    """The account is the bill."""
    with books.budget.session(user_key="ada"):
        reserved_completion(books)
    books.assert_balanced()
    books.assert_charged_to("ada")


def test_what_takes_no_client_is_refused_before_it_is_called(books):
    """The refusal is nobody's to wrap."""
    books.budget = BudgetManager(global_token_limit=1)
    with pytest.raises(BudgetExceeded):
        reserved_completion(books)
    assert books.provider.request_count == 0
