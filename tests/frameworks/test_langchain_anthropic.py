"""langchain-anthropic: takes no client, so the ones that it made are replaced by wrapped copies of them."""

from __future__ import annotations

from typing import Any

import pytest

from llm_token_budget import BudgetExceeded, wrap

from .books import ANTHROPIC_MODEL, ASKED, Books, Said
from .requiring import framework

langchain_anthropic = framework("langchain_anthropic")
pytestmark = pytest.mark.filterwarnings("ignore")  # What frameworks warn of is not about us.


def chat(books: Books) -> Any:
    llm = langchain_anthropic.ChatAnthropic(
        model=ANTHROPIC_MODEL, max_tokens=200, api_key="secret", base_url=books.provider.anthropic_base_url
    )
    llm._client = wrap(llm._client, books.budget)
    llm._async_client = wrap(llm._async_client, books.budget)
    return llm


FORMS = {
    "invoke": lambda books: chat(books).invoke(ASKED),
    "ainvoke": lambda books: books.run(chat(books).ainvoke(ASKED)),
    "stream": lambda books: list(chat(books).stream(ASKED)),
    "astream": lambda books: books.every(lambda: chat(books).astream(ASKED)),
    "structured": lambda books: chat(books).with_structured_output(Said).invoke(ASKED),
    "tools": lambda books: chat(books).bind_tools([Said]).invoke(ASKED),
    "copy": lambda books: chat(books).model_copy(update={"temperature": 0.5}).invoke(ASKED),
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
def test_a_refusal_is_passed_on_and_nothing_is_sent(books, call):
    """BudgetExceeded comes out as it is."""
    assert type(books.refusal(call)) is BudgetExceeded


def test_batches_carry_the_session_into_their_threads(books):
    """langchain runs them in threads of its own, each with the caller's context."""
    with books.budget.session(user_key="ada"):
        chat(books).batch([ASKED, ASKED, ASKED])
    books.assert_balanced()
    books.assert_charged_to("ada")
