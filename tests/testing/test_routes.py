"""Which endpoint answers where."""

from __future__ import annotations

import pytest

from llm_token_budget.testing.chat_wire import CHAT, GROQ_CHAT
from llm_token_budget.testing.responses_wire import RESPONSES
from llm_token_budget.testing.routes import find_endpoint, split_address


@pytest.mark.parametrize(
    ("address", "provider", "endpoint"),
    [
        ("/openai-api/v1/chat/completions", "openai", CHAT),
        ("/v1/chat/completions", "openai", CHAT),
        ("/azure/openai/deployments/our-chat/chat/completions", "azure", CHAT),
        ("/azure/openai/responses", "azure", RESPONSES),
        ("/azure/openai/v1/responses", "azure", RESPONSES),
        ("/groq/openai/v1/chat/completions", "groq", GROQ_CHAT),
        ("/groq/v1/chat/completions", "groq", None),
        ("/ollama/v1/chat/completions", "ollama", CHAT),
        ("/anthropic/v1/chat/completions", "anthropic", None),
    ],
)
def test_the_address_says_whose_request_it_is(address, provider, endpoint):
    """And the rest of it is the vendor's own path."""
    found, path = split_address(address)
    assert found == provider
    assert find_endpoint(found, "POST", path) is endpoint
