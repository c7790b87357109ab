"""`estimate_request`: how many input tokens a request is, before it is sent and without a client."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from llm_token_budget.errors import ConfigurationError, shown, shown_value
from llm_token_budget.estimation import (
    Count,
    Estimator,
    InputBound,
    ModelFacts,
    PartEstimate,
    TokenEstimate,
    Tokenizer,
    model_facts,
)
from llm_token_budget.estimation.explaining import explain, rows
from llm_token_budget.providers import anthropic, groq, ollama, openai
from llm_token_budget.providers.dialect import Defaults, Dialect, Endpoint

_DIALECTS: Final[Mapping[str, Dialect]] = {
    "openai": openai.DIALECT,
    "azure": openai.DIALECT,
    "anthropic": anthropic.DIALECT,
    "aws": anthropic.DIALECT,
    "google": anthropic.DIALECT,
    "groq": groq.DIALECT,
    "ollama": ollama.DIALECT,
}
"""Whose format a provider's requests have; `aws` and `google` are Claude on Bedrock and Vertex."""

_EMBEDDING_FIELDS: Final = frozenset({"dimensions", "encoding_format"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEstimate:
    """Input tokens of a request."""

    provider: str
    model: str
    expected: int
    """What is likely: for people to see."""
    upper: int
    """What a reservation holds: rarely exceeded, see `BudgetManager(input_bound=...)`."""
    method: str
    """How text was counted: `heuristic`, `exact` (a tokenizer), `bytes`."""
    parts: tuple[PartEstimate, ...]
    """What both are made of, by kind: each with `.kind`, `.expected`, `.upper` and `.number`; they add up."""
    max_output_tokens: int | None
    """The request's own maximum of output, for each choice; None if it sets none."""
    facts: ModelFacts = field(repr=False)
    """What is known of the model: tokenizer family, context window, largest output."""

    def explain(self) -> str:
        """The estimate in words, a line for each kind of part."""
        text = explain(self._estimate, f" for {shown(self.model)} at {self.provider}")
        window = self.facts.context_window
        if window is not None and self.expected > window:
            text += f"\n  more than the {window:,} tokens that the model reads: the provider will refuse it"
        return text

    @property
    def explanation(self) -> dict[str, Any]:
        """The estimate as data that JSON takes."""
        return {
            "provider": self.provider,
            "model": self.model,
            "expected": self.expected,
            "upper": self.upper,
            "method": self.method,
            "family": self.facts.family,
            "context_window": self.facts.context_window,
            "max_output_tokens": self.max_output_tokens,
            "model_max_output_tokens": self.facts.max_output_tokens,
            "parts": rows(self.parts),
        }

    @property
    def _estimate(self) -> TokenEstimate:
        return TokenEstimate(self.expected, self.upper, self.method, self.parts)


def estimate_request(
    provider: str,
    request: Mapping[str, Any],
    *,
    count: Count = "estimate",
    input_bound: InputBound = "calibrated",
    tokenizer: Tokenizer | None = None,
    strict: bool = False,
) -> RequestEstimate:
    """How many input tokens a request is. Nothing is sent, and the request stays as it is.

    Text, roles and framing, system prompts, tools and the prompts that they bring, tool calls and results, schemas, images by
    their size and detail (only headers are read), sound, PDF pages, earlier reasoning. What can't be seen (an image by URL, a
    file by id, an earlier response) costs the most that it can.

    Args:
        provider: `openai`, `azure`, `anthropic`, `groq`, `ollama` (or `aws`, `google` for Claude there).
        request: the arguments of the call, as the SDK takes them: `{"model": ..., "messages": [...], "tools": [...]}`. Which
            endpoint is meant is told by its fields: of OpenAI, `messages` is chat, `input` is responses, or embeddings where
            the model is one.
        count: `"estimate"` needs nothing installed; `"exact"` uses the extra `tokenizers` for the models that it knows.
        input_bound: `"bytes"` takes the bytes of the text as the upper bound.
        tokenizer: counts the texts, for the models that it knows.
        strict: refuse a request with a part that only the server has (`previous_response_id`, a stored prompt, a
            conversation), instead of reckoning all of the model's context.

    Raises:
        ConfigurationError: no such provider, nothing that it takes, or (strict) a part that can't be seen.
    """
    dialect = _DIALECTS.get(provider)
    if dialect is None:
        raise ConfigurationError(
            f"estimate_request() knows {', '.join(map(repr, _DIALECTS))}, not {shown_value(provider)}"
        )
    if not isinstance(request, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"estimate_request() takes the arguments of a call as a dict, not {type(request).__name__}"
        )
    if count == "provider" or input_bound == "provider":
        raise ConfigurationError("estimate_request() sends nothing: count='provider' is an option of BudgetManager")
    body = _body_of(request)
    endpoint = _endpoint(dialect, provider, body)
    estimates: list[TokenEstimate] = []
    estimator = Estimator(count, input_bound, tokenizer)

    def estimate(parts: Any) -> TokenEstimate:
        estimates.append(estimator(parts))
        return estimates[-1]

    call = endpoint.read_call(
        body, provider, Defaults(max_output_tokens=None, min_output_tokens=None, estimate=estimate)
    )
    made = estimates[0]
    if strict and made.is_open:
        raise ConfigurationError(
            "a part of this request is kept by the server (previous_response_id, a stored prompt, a conversation), so nobody here "
            "can count it: send the whole input, or let it cost the model's context with strict=False"
        )
    model = call.model or ""
    return RequestEstimate(
        provider=provider,
        model=model,
        expected=made.expected,
        upper=made.upper,
        method=made.method,
        parts=made.parts,
        max_output_tokens=call.max_output_tokens,
        facts=model_facts(model, provider),
    )


def _endpoint(dialect: Dialect, provider: str, body: Mapping[str, Any]) -> Endpoint:
    path = _path(dialect, body)
    endpoint = None if path is None else dialect.endpoints.get(path)
    if endpoint is None:
        raise ConfigurationError(
            f"no endpoint of {provider} takes such a request: it has neither messages nor input nor prompt that are known there "
            f"(its fields: {', '.join(shown(str(name), 40) for name in list(body)[:12])})"
        )
    return endpoint


def _path(dialect: Dialect, body: Mapping[str, Any]) -> str | None:
    if dialect.provider == "ollama":
        return "/api/chat" if "messages" in body else "/api/embed" if "input" in body else "/api/generate"
    if dialect.provider == "anthropic":
        return "/messages" if "messages" in body else None
    if "messages" in body:
        return "/chat/completions"
    if dialect.provider == "groq":
        return "/embeddings" if "input" in body else None
    model = body.get("model")
    if "input" in body:
        embeds = isinstance(model, str) and (model_facts(model).max_output_tokens == 0 or "embed" in model)
        return "/embeddings" if embeds or body.keys() & _EMBEDDING_FIELDS else "/responses"
    if isinstance(body.get("prompt"), Mapping) or body.keys() & {
        "previous_response_id",
        "conversation",
        "instructions",
    }:
        return "/responses"
    return "/completions" if "prompt" in body else None


def _body_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object that the SDK would send, as far as input goes."""
    extra = request.get("extra_body")
    arguments = {**request, **(cast("Mapping[str, Any]", extra) if isinstance(extra, Mapping) else {})}
    return {name: _plain(value) for name, value in arguments.items() if not _is_left_out(value)}


def _plain(value: Any) -> Any:
    """A value as the SDKs send it: their objects as JSON. What can only be read once is refused, not used up."""
    if value is None or isinstance(value, str | bytes | int | float):
        return value
    if isinstance(value, Mapping):
        said = cast("Mapping[Any, Any]", value)
        return {name: _plain(inner) for name, inner in said.items() if not _is_left_out(inner)}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in cast("list[Any]", value)]
    if isinstance(value, Iterator):
        raise ConfigurationError("a request holds an iterator, which can only be read once: make it a list first")
    if inspect.isclass(value):
        schema: Callable[[], Any] | None = getattr(value, "model_json_schema", None)
        return {"type": "json_schema", "json_schema": {"name": value.__name__, "schema": schema()}} if schema else value
    dumped: Callable[..., Any] | None = getattr(value, "model_dump", None)
    if dumped is not None:
        return _plain(dumped(exclude_none=True))
    if inspect.isroutine(value):
        function = {
            "name": value.__name__,
            "description": inspect.getdoc(value) or "",
            "parameters": _parameters(value),
        }
        return {"type": "function", "function": function}
    return value


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """About the schema that an SDK makes of a Python function."""
    names = inspect.signature(function).parameters
    return {"type": "object", "properties": {name: {"type": "string", "description": ""} for name in names}}


def _is_left_out(value: object) -> bool:
    return type(value).__name__ in {"Omit", "NotGiven"}
