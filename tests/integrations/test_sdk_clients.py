"""The vendors' own clients, pointed at applications behind the door: what they raise, and whether they try again."""

from __future__ import annotations

import anthropic
import openai
import pytest
from fastapi import FastAPI, Request

from llm_token_budget import BudgetManager
from llm_token_budget.integrations.asgi import BudgetMiddleware, header

from .asking import AwayLedger, spend
from .serving import uvicorn_serves

MESSAGES = [{"role": "user", "content": "Tides?"}]
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "house-model",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Twice a day."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
}


@pytest.fixture
def budget():
    return BudgetManager(per_user_token_limit=100, ledger="memory://", wait_for_held=0)


@pytest.fixture
def blocked():
    """What the door refused."""
    return []


def gateway(budget, blocked, **options):
    """A chat API of one's own."""
    app = FastAPI()

    @app.post("/v1/chat/completions")
    @app.post("/v1/messages")
    async def complete(request: Request):
        with budget.reserve(tokens=1000 if (await request.json())["model"] == "large" else 7) as reservation:
            reservation.settle(tokens=7)
        return COMPLETION

    def refused(request, error):
        blocked.append(error)

    options = {"user_key": header("x-user"), "on_blocked": refused, "error_format": "openai", **options}
    app.add_middleware(BudgetMiddleware, budget=budget, **options)
    return uvicorn_serves(app)


def openai_at(url, **options):
    return openai.OpenAI(base_url=f"{url}/v1", api_key="unused", default_headers={"x-user": "ada"}, **options)


def complete(client, model="house-model"):
    return client.chat.completions.create(model=model, messages=MESSAGES)


def test_a_used_up_budget_is_a_rate_limit_error_at_once(budget, blocked):
    """One request, no retries, and the code to tell it by."""
    with gateway(budget, blocked) as url, openai_at(url) as client:
        assert complete(client).choices[0].message.content == "Twice a day."
        spend(budget, "ada", 93)
        with pytest.raises(openai.RateLimitError) as raised:
            complete(client)
    assert len(blocked) == 1
    assert (raised.value.code, raised.value.type) == ("budget_exceeded", "insufficient_quota")
    assert "Token budget exceeded." in str(raised.value)
    assert raised.value.response.headers["x-should-retry"] == "false"


def test_a_refusal_of_the_handlers_is_the_same_to_the_client(budget, blocked):
    """It escaped from the handler; the client sees no difference."""
    with gateway(budget, blocked) as url, openai_at(url) as client, pytest.raises(openai.RateLimitError) as raised:
        complete(client, "large")
    assert len(blocked) == 1
    assert raised.value.code == "budget_exceeded"


def test_held_room_is_tried_again_and_found(budget, blocked):
    """The SDK comes back by itself; by then the call that held the room has ended."""
    reservation = budget.reserve(tokens=100, user_key="ada").enter()

    def refused(request, error):
        blocked.append(error)
        reservation.release()

    with gateway(budget, blocked, on_blocked=refused) as url, openai_at(url) as client:
        assert complete(client).choices[0].message.content == "Twice a day."
    assert [error.held for error in blocked] == [True]


def test_a_ledger_that_is_away_is_a_server_error(blocked):
    """503: come again."""
    budget = BudgetManager(per_user_token_limit=100, ledger=AwayLedger())
    with (
        gateway(budget, blocked) as url,
        openai_at(url, max_retries=0) as client,
        pytest.raises(openai.InternalServerError) as raised,
    ):
        complete(client)
    assert raised.value.status_code == 503
    assert raised.value.code == "budget_unavailable"


def test_anthropics_client_understands_its_format(budget, blocked):
    """One request, no retries."""
    spend(budget, "ada", 100)
    with (
        gateway(budget, blocked, error_format="anthropic") as url,
        anthropic.Anthropic(base_url=url, api_key="unused", default_headers={"x-user": "ada"}) as client,
        pytest.raises(anthropic.RateLimitError, match="Token budget exceeded") as raised,
    ):
        client.messages.create(model="house-model", max_tokens=10, messages=MESSAGES)
    assert len(blocked) == 1
    assert raised.value.body["error"]["type"] == "rate_limit_error"
