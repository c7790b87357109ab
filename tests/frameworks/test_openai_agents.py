"""openai-agents: a wrapped AsyncOpenAI is the default client, or a model's or a provider's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from llm_token_budget import BudgetExceeded, Limit
from llm_token_budget.testing import Reply

from .books import ASKED, LOOKS, OPENAI_MODEL, SAID, Books, Said
from .requiring import framework

agents = framework("agents")
pytestmark = pytest.mark.filterwarnings("ignore")  # What frameworks warn of is not about us.


@pytest.fixture(autouse=True, scope="module")
def _no_traces_are_sent():
    """Traces would go to a server of OpenAI's."""
    agents.set_tracing_disabled(True)


def responses(books: Books) -> Any:
    return agents.OpenAIResponsesModel(OPENAI_MODEL, openai_client=books.async_openai())


def chat(books: Books) -> Any:
    return agents.OpenAIChatCompletionsModel(OPENAI_MODEL, openai_client=books.async_openai())


def run(books: Books, model: Any, **options: Any) -> Any:
    return books.run(agents.Runner.run(agents.Agent(name="guide", model=model, **options), ASKED)).final_output


def run_streamed(books: Books, model: Any, **options: Any) -> list[Any]:
    agent = agents.Agent(name="guide", model=model, **options)
    return books.every(lambda: agents.Runner.run_streamed(agent, ASKED).stream_events())


def by_default_client(books: Books) -> Any:
    agents.set_default_openai_client(books.async_openai(), use_for_tracing=False)
    return run(books, OPENAI_MODEL)


def by_provider(books: Books) -> Any:
    provider = agents.OpenAIProvider(openai_client=books.async_openai())
    config = agents.RunConfig(model=OPENAI_MODEL, model_provider=provider)
    return books.run(agents.Runner.run(agents.Agent(name="guide"), ASKED, run_config=config))


def with_tool(books: Books, model: Any) -> Any:
    """A run of two calls, with a tool between them."""

    @agents.function_tool
    def look(text: str) -> str:
        """Look at something."""
        return f"{text} by the water"

    books.provider.enqueue(LOOKS, Reply("I see."))
    return run(books, model, tools=[look])


def structured(books: Books, model: Any) -> Any:
    books.provider.enqueue(SAID)
    return run(books, model, output_type=Said)


FORMS = {
    "responses": lambda books: run(books, responses(books)),
    "responses-streamed": lambda books: run_streamed(books, responses(books)),
    "responses-tool": lambda books: with_tool(books, responses(books)),
    "responses-structured": lambda books: structured(books, responses(books)),
    "chat": lambda books: run(books, chat(books)),
    "chat-streamed": lambda books: run_streamed(books, chat(books)),
    "chat-tool": lambda books: with_tool(books, chat(books)),
    "chat-structured": lambda books: structured(books, chat(books)),
    "sync": lambda books: agents.Runner.run_sync(agents.Agent(name="guide", model=responses(books)), ASKED),
    "default-client": by_default_client,
    "provider": by_provider,
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


def test_a_run_ends_when_its_budget_does(books):
    """An agent that would go on for ever is stopped by the limit of its session, within it."""

    @agents.function_tool
    def look(text: str) -> str:
        """Look at something."""
        return text

    books.provider.reply(LOOKS)
    short = agents.ModelSettings(max_tokens=100)
    agent = agents.Agent(name="guide", model=responses(books), model_settings=short, tools=[look])
    with books.budget.session(limits=[Limit(usd="0.003", scope="run")]), pytest.raises(BudgetExceeded):
        books.run(agents.Runner.run(agent, ASKED, max_turns=100))
    books.assert_balanced()
    assert books.provider.bill.usd <= Decimal("0.003")
    assert 1 < books.provider.bill.requests < 100
