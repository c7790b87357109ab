"""langchain-openai: the clients and their resources go into ChatOpenAI and OpenAIEmbeddings."""

from __future__ import annotations

from typing import Any

import pytest

from llm_token_budget import BudgetExceeded, BudgetManager

from .books import ASKED, EMBEDDING_MODEL, OPENAI_MODEL, Books, Said
from .requiring import framework

langchain_openai = framework("langchain_openai")
pytestmark = pytest.mark.filterwarnings("ignore")  # What frameworks warn of is not about us.


def chat(books: Books, **options: Any) -> Any:
    client, async_client = books.openai(), books.async_openai()
    return langchain_openai.ChatOpenAI(
        model=OPENAI_MODEL,
        client=client.chat.completions,
        async_client=async_client.chat.completions,
        root_client=client,
        root_async_client=async_client,
        **options,
    )


def embeddings(books: Books) -> Any:
    return langchain_openai.OpenAIEmbeddings(
        model=EMBEDDING_MODEL,
        client=books.openai().embeddings,
        async_client=books.async_openai().embeddings,
        check_embedding_ctx_length=False,
    )


FORMS = {
    "invoke": lambda books: chat(books).invoke(ASKED),
    "ainvoke": lambda books: books.run(chat(books).ainvoke(ASKED)),
    "stream": lambda books: list(chat(books).stream(ASKED)),
    "astream": lambda books: books.every(lambda: chat(books).astream(ASKED)),
    "structured": lambda books: chat(books).with_structured_output(Said).invoke(ASKED),
    "structured-by-tool": lambda books: (
        chat(books).with_structured_output(Said, method="function_calling").invoke(ASKED)
    ),
    "astructured": lambda books: books.run(chat(books).with_structured_output(Said).ainvoke(ASKED)),
    "structured-stream": lambda books: list(chat(books).with_structured_output(Said).stream(ASKED)),
    "responses": lambda books: chat(books, use_responses_api=True).invoke(ASKED),
    "responses-async": lambda books: books.run(chat(books, use_responses_api=True).ainvoke(ASKED)),
    "responses-stream": lambda books: list(chat(books, use_responses_api=True).stream(ASKED)),
    "responses-structured": lambda books: (
        chat(books, use_responses_api=True).with_structured_output(Said).invoke(ASKED)
    ),
    "embeddings": lambda books: embeddings(books).embed_documents([ASKED, "And now?"]),
    "embeddings-async": lambda books: books.run(embeddings(books).aembed_query(ASKED)),
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


def test_retries_of_a_refusal_stay_at_home(books):
    """`with_retry` tries everything again unless told what; no attempt costs network traffic."""
    books.budget = BudgetManager(global_token_limit=1)
    with pytest.raises(BudgetExceeded):
        chat(books).with_retry(stop_after_attempt=2, wait_exponential_jitter=False).invoke(ASKED)
    assert books.budget.get_global_stats().blocked == 2
    assert books.provider.request_count == 0
