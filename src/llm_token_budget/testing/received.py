"""What the provider received."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = dict[str, Any]

_SECRETS = frozenset({"authorization", "proxy-authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """One HTTP request as it arrived: an SDK's retry is another one."""

    number: int
    """1 for the provider's first request."""
    provider: str
    """`openai`, `azure`, `anthropic`, `groq` or `ollama`: by the address it was sent to."""
    method: str
    path: str
    """The vendor's own path, such as `/v1/chat/completions`."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case; without those that carry credentials."""
    body: Json
    """The JSON object that was sent; empty if there was none."""
    at: datetime

    @property
    def model(self) -> str | None:
        """The model that was asked for, in the body or as an Azure deployment in the path."""
        model = self.body.get("model")
        if isinstance(model, str):
            return model
        _, deployments, rest = self.path.partition("/deployments/")
        return rest.partition("/")[0] if deployments else None


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that may be kept and shown."""
    return {name: text for name, text in headers.items() if name not in _SECRETS}
