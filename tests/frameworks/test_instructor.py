"""instructor: from_openai and its sisters take wrapped clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import groq
import pytest

from llm_token_budget import BudgetExceeded, find_budget_error
from llm_token_budget.testing import Reply

from .books import ANTHROPIC_MODEL, ASKED, GROQ_MODEL, OPENAI_MODEL, SAID, Books, Said
from .requiring import framework

instructor = framework("instructor")
pytestmark = pytest.mark.filterwarnings("ignore")  # What frameworks warn of is not about us.

QUESTION: dict[str, Any] = {"messages": [{"role": "user", "content": ASKED}], "response_model": Said}


def by_openai(books: Books) -> Any:
    return instructor.from_openai(books.openai(), model=OPENAI_MODEL)


def by_openai_json(books: Books) -> Any:
    return instructor.from_openai(books.openai(), mode=instructor.Mode.JSON, model=OPENAI_MODEL)


def by_openai_responses(books: Books) -> Any:
    return instructor.from_openai(books.openai(), mode=instructor.Mode.RESPONSES_TOOLS, model=OPENAI_MODEL)


def by_anthropic(books: Books) -> Any:
    return instructor.from_anthropic(books.anthropic(), model=ANTHROPIC_MODEL, max_tokens=500)


def by_groq(books: Books) -> Any:
    return instructor.from_groq(books.client(groq.Groq), model=GROQ_MODEL)


def by_async_openai(books: Books) -> Any:
    return instructor.from_openai(books.async_openai(), model=OPENAI_MODEL)


def by_async_anthropic(books: Books) -> Any:
    return instructor.from_anthropic(books.async_anthropic(), model=ANTHROPIC_MODEL, max_tokens=500)


def create(books: Books, client: Any) -> Any:
    if isinstance(client, instructor.AsyncInstructor):
        return books.run(client.create(**QUESTION))
    return client.create(**QUESTION)


def stream(books: Books, client: Any) -> list[Any]:
    if isinstance(client, instructor.AsyncInstructor):
        return books.every(lambda: client.create_partial(**QUESTION))
    return list(client.create_partial(**QUESTION))


CLIENTS: list[Callable[[Books], Any]] = [
    by_openai,
    by_openai_json,
    by_openai_responses,
    by_anthropic,
    by_groq,
    by_async_openai,
    by_async_anthropic,
]
clients = pytest.mark.parametrize("client", CLIENTS, ids=[client.__name__ for client in CLIENTS])
CALLS: list[Callable[[Books, Any], Any]] = [create, stream]
calls = pytest.mark.parametrize("call", CALLS, ids=[call.__name__ for call in CALLS])


@clients
@calls
def test_the_account_is_the_bill(books, client, call):
    """Every form is metered, and charged to the session it runs in."""
    books.provider.reply(SAID)
    with books.budget.session(user_key="ada"):
        call(books, client(books))
    books.assert_balanced()
    books.assert_charged_to("ada")


@clients
def test_an_answer_asked_for_again_is_charged_again(books, client):
    """instructor asks again when an answer does not validate: two calls, both charged."""
    books.provider.enqueue(Reply('{"said": "a house"}'), SAID)
    assert create(books, client(books)).text == "a house"
    assert books.provider.bill.requests == 2
    books.assert_balanced()


@clients
@calls
def test_a_refusal_is_found_inside_its_error_and_nothing_is_sent(books, client, call):
    """instructor wraps every error into one of its own; it tries a refusal once."""
    error = books.refusal(lambda books: call(books, client(books)))
    assert type(error).__module__.startswith("instructor")
    assert isinstance(find_budget_error(error), BudgetExceeded)
