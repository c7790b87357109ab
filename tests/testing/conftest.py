"""The four SDKs, pointed at a fresh loopback provider."""

from __future__ import annotations

import anthropic
import groq
import ollama
import openai
import pytest

from llm_token_budget.testing import LoopbackProvider


@pytest.fixture
def provider(loopback_provider: LoopbackProvider) -> LoopbackProvider:
    return loopback_provider


@pytest.fixture
def openai_client(provider):
    with openai.OpenAI(base_url=provider.openai_base_url, api_key="secret", max_retries=0) as client:
        yield client


@pytest.fixture
def azure_client(provider):
    with openai.AzureOpenAI(
        azure_endpoint=provider.azure_endpoint, api_key="secret", api_version="2026-01-01", max_retries=0
    ) as client:
        yield client


@pytest.fixture
def anthropic_client(provider):
    with anthropic.Anthropic(base_url=provider.anthropic_base_url, api_key="secret", max_retries=0) as client:
        yield client


@pytest.fixture
def groq_client(provider):
    with groq.Groq(base_url=provider.groq_base_url, api_key="secret", max_retries=0) as client:
        yield client


@pytest.fixture
def ollama_client(provider):
    client = ollama.Client(host=provider.ollama_base_url)
    yield client
    client._client.close()
