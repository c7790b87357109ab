"""Which endpoint answers where: the first part of a path says whose it is, the rest is the vendor's own."""

from __future__ import annotations

import re

from llm_token_budget.testing import anthropic_wire, ollama_wire, openai_wire
from llm_token_budget.testing.chat_wire import CHAT, GROQ_CHAT
from llm_token_budget.testing.endpoint import Endpoint
from llm_token_budget.testing.responses_wire import RESPONSE_TOKENS, RESPONSES

PREFIXES = {"openai": "/openai-api", "azure": "/azure", "anthropic": "/anthropic", "groq": "/groq", "ollama": "/ollama"}
"""The first part of each vendor's addresses."""

_PROVIDERS = {prefix.strip("/"): provider for provider, prefix in PREFIXES.items()}
_DEPLOYMENT = re.compile(r"^/openai/deployments/[^/]+")
_OPENAI = {
    "POST /chat/completions": CHAT,
    "POST /responses": RESPONSES,
    "POST /responses/input_tokens": RESPONSE_TOKENS,
    "POST /embeddings": openai_wire.EMBEDDINGS,
    "POST /completions": openai_wire.COMPLETIONS,
    "POST /moderations": openai_wire.MODERATIONS,
    "GET /models": openai_wire.MODELS,
}
_OTHERS = {
    "groq": {
        "POST /openai/v1/chat/completions": GROQ_CHAT,
        "POST /openai/v1/embeddings": openai_wire.EMBEDDINGS,
        "GET /openai/v1/models": openai_wire.MODELS,
    },
    "anthropic": {
        "POST /v1/messages": anthropic_wire.MESSAGES,
        "POST /v1/messages/count_tokens": anthropic_wire.COUNT_TOKENS,
    },
    "ollama": {
        "POST /api/chat": ollama_wire.OLLAMA_CHAT,
        "POST /api/generate": ollama_wire.GENERATE,
        "POST /api/embed": ollama_wire.EMBED,
        "POST /api/embeddings": ollama_wire.OLD_EMBEDDINGS,
        "GET /api/tags": ollama_wire.TAGS,
        "GET /api/version": ollama_wire.VERSION,
        "POST /v1/chat/completions": CHAT,
    },
}


def split_address(path: str) -> tuple[str, str]:
    """A path on the server as (provider, the vendor's own path); an unknown address is taken for OpenAI's."""
    first, _, rest = path.lstrip("/").partition("/")
    provider = _PROVIDERS.get(first)
    return (provider, f"/{rest}") if provider else ("openai", path)


def find_endpoint(provider: str, method: str, path: str) -> Endpoint | None:
    """The endpoint at the vendor's own path."""
    if provider in _OTHERS:
        return _OTHERS[provider].get(f"{method} {path}")
    if provider == "azure":
        # Azure has its older paths by deployment, those without one, and the OpenAI-shaped ones under /openai/v1.
        path = _DEPLOYMENT.sub("", path).removeprefix("/openai")
    path = path.removeprefix("/v1")
    if method == "GET" and path.startswith("/models/"):
        return openai_wire.MODEL
    return _OPENAI.get(f"{method} {path}")
