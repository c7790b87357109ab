"""What was parsed for the bill is lent to the SDK, and nobody notices."""

from __future__ import annotations

import json
import pickle
from typing import Any

import httpx
import httpx2
import pytest
from openai import OpenAI

from llm_token_budget import BudgetManager, wrap
from llm_token_budget.providers.lending import lend, take_back

CONTENT = b'{"id": "1", "usage": {"prompt_tokens": 3}}'


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def response(request: pytest.FixtureRequest) -> Any:
    return request.param.Response(200, content=CONTENT)


def test_it_is_lent_once(response: Any) -> None:
    """The first to ask gets what was parsed; whoever asks again gets a parse of their own."""
    body = json.loads(CONTENT)
    lend(response, body)
    assert response.json() is body
    again = response.json()
    assert again == body
    assert again is not body


def test_options_are_honoured(response: Any) -> None:
    """Somebody who wants it parsed otherwise has it parsed otherwise."""
    lend(response, json.loads(CONTENT))
    assert response.json(parse_int=str)["usage"]["prompt_tokens"] == "3"


def test_what_nobody_asked_for_leaves_no_trace(response: Any) -> None:
    """Taken back, the response is as it was: it can be pickled, too."""
    lend(response, json.loads(CONTENT))
    take_back(response)
    assert "json" not in vars(response)
    assert pickle.loads(pickle.dumps(response)).json() == json.loads(CONTENT)
    take_back(response)


def test_a_response_of_somebodys_own_is_left_alone() -> None:
    """A subclass may read its answers otherwise."""

    class Own(httpx2.Response):
        def json(self, **kwargs: Any) -> Any:
            return {"own": super().json(**kwargs)}

    response = Own(200, content=CONTENT)
    lend(response, {})
    assert response.json() == {"own": json.loads(CONTENT)}


def test_a_raw_response_parses_as_it_always_did(loopback_provider: Any) -> None:
    """`json()` of the HTTP response of a raw answer gives a new object each time, equal to what was sent."""
    client = wrap(OpenAI(api_key="key", base_url=loopback_provider.openai_base_url), BudgetManager(global_cost_limit=1))
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])
    one, other = raw.http_response.json(), raw.http_response.json()
    assert one == other == json.loads(raw.text)
    assert one is not other
    assert raw.parse().usage.prompt_tokens == one["usage"]["prompt_tokens"]
