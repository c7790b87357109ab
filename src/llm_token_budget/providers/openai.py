"""OpenAI and Azure: chat, completions, responses, embeddings."""

from __future__ import annotations

import re
from typing import Any, Final

from llm_token_budget.claims import Call
from llm_token_budget.estimation import Opaque, Part, RequestParts, estimate_parts, model_facts
from llm_token_budget.providers import chat
from llm_token_budget.providers.content import items_of, text_parts, tool_parts
from llm_token_budget.providers.dialect import (
    Body,
    Defaults,
    Dialect,
    Endpoint,
    Reading,
    count,
    is_object,
    mapping,
    parts_of,
    positive,
    text_or_none,
)

UNKNOWN_CONTEXT: Final = 1_000_000
"""Input tokens of what only the server has (an earlier response, a stored prompt), for models of unknown context."""

_FREE: Final = re.compile(
    r"/(moderations|files|uploads(/[^/]+/(parts|complete|cancel))?|batches/[^/]+/cancel|responses/[^/]+/cancel"
    r"|responses/input_tokens|fine_tuning/jobs/[^/]+/(cancel|pause|resume)|organization/.*|vector_stores/[^/]+/search"
    r"|threads/[^/]+/runs/[^/]+/cancel|chat/completions/[^/]+|conversations(/.*)?|webhooks/.*)/?$"
)


def _is_free(path: str) -> bool:
    return _FREE.search(path) is not None


def _read_completion(body: Body, provider: str, defaults: Defaults) -> Call:
    model = text_or_none(body.get("model")) or ""
    facts = model_facts(model, provider)
    prompts = _prompts(body.get("prompt"))
    estimate = estimate_parts(RequestParts(provider, model, tuple(prompts), messages=0))
    own = positive(body.get("max_tokens"))
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=estimate.upper,
        expected_input_tokens=estimate.expected,
        # The one endpoint with a maximum of its own: 16 where the request sets none.
        max_output_tokens=own or 16,
        model_maximum=facts.max_output_tokens,
        choices=max(len(prompts), 1) * max(positive(body.get("n")) or 1, positive(body.get("best_of")) or 1),
        min_output_tokens=chat.least_output(facts.reasoning, defaults, structured=False),
        longest_cache="5m",
        audio=False,
    )


def _read_embedding(body: Body, provider: str, defaults: Defaults) -> Call:
    del defaults
    model = text_or_none(body.get("model")) or ""
    estimate = estimate_parts(RequestParts(provider, model, tuple(_prompts(body.get("input"))), messages=0))
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=estimate.upper,
        expected_input_tokens=estimate.expected,
        choices=0,
        longest_cache="none",
        audio=False,
    )


def _prompts(value: Any) -> list[Part]:
    """A text, a list of texts, a list of tokens, or a list of those."""
    items = items_of(value)
    if items and all(type(item) is int for item in items):
        return [Opaque(len(items), "tokens")]
    parts: list[Part] = []
    for item in items:
        parts += _prompts(item) if isinstance(item, list | tuple) else text_parts(item)
    return parts


def _read_embedding_answer(body: Body) -> Reading | None:
    usage = mapping(body.get("usage"))
    return Reading(
        input_tokens=count(usage.get("prompt_tokens")), output_tokens=0, model=text_or_none(body.get("model"))
    )


def _read_response_call(body: Body, provider: str, defaults: Defaults) -> Call:
    model = text_or_none(body.get("model")) or ""
    facts = model_facts(model, provider)
    items = items_of(body.get("input"))
    tools = items_of(body.get("tools"))
    parts = text_parts(body.get("instructions")) + tool_parts(tools)
    for item in items:
        parts += chat.message_parts(item) if mapping(item).get("role") else _item_parts(item)
    parts += text_parts(mapping(mapping(body.get("text")).get("format")).get("schema"))
    if any(body.get(name) for name in ("previous_response_id", "prompt", "conversation")):
        # The server adds what only it has: it can be as much as the model reads.
        parts.append(Opaque(facts.context_window or UNKNOWN_CONTEXT, "stored"))
    estimate = estimate_parts(
        RequestParts(
            provider, model, tuple(parts), messages=len(items) + bool(body.get("instructions")), tools=len(tools)
        )
    )
    structured = mapping(mapping(body.get("text")).get("format")).get("type") in ("json_schema", "json_object")
    forced = body.get("tool_choice") == "required" or is_object(body.get("tool_choice"))
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=estimate.upper,
        expected_input_tokens=estimate.expected,
        max_output_tokens=positive(body.get("max_output_tokens")),
        model_maximum=facts.max_output_tokens,
        min_output_tokens=chat.least_output(facts.reasoning, defaults, structured=structured or forced),
        default_max_output_tokens=chat.usual_output(facts.reasoning, defaults),
        service_tier=text_or_none(body.get("service_tier")),
        longest_cache=chat.longest_cache(body),
        audio=False,
    )


def _item_parts(item: object) -> list[Part]:
    return [chat.part_of(item)] if mapping(item).get("type") in ("input_image", "input_file") else text_parts(item)


def _read_response(body: Body) -> Reading | None:
    usage = mapping(body.get("usage"))
    return Reading(
        input_tokens=count(usage.get("input_tokens")),
        output_tokens=count(usage.get("output_tokens")),
        parts={
            **parts_of(mapping(usage.get("input_tokens_details")), chat.INPUT_PARTS),
            **parts_of(mapping(usage.get("output_tokens_details")), chat.OUTPUT_PARTS),
        },
        model=text_or_none(body.get("model")),
        service_tier=text_or_none(body.get("service_tier")),
    )


class ResponseFold:
    """A streamed response."""

    def __init__(self) -> None:
        self.done = False
        self._reading: Reading | None = None
        self._text: list[str] = []

    def feed(self, event: Body) -> None:
        if event.get("type") in ("response.completed", "response.incomplete", "response.failed"):
            response = mapping(event.get("response"))
            if response.get("usage") is not None:
                self._reading = _read_response(response)
                self.done = True
        elif isinstance(event.get("delta"), str):
            self._text.append(event["delta"])

    def reading(self) -> Reading | None:
        return self._reading

    def text_seen(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        return text


def _response_hides(body: Body, call: Call) -> bool:
    """Reasoning and the server's own tools are billed and not shown."""
    if model_facts(call.model or "", call.provider).reasoning:
        return True
    return any(mapping(tool).get("type") not in ("function", "custom") for tool in items_of(body.get("tools")))


CHAT = Endpoint(
    read_call=chat.read_call,
    read_answer=chat.read_answer,
    fold=chat.ChatFold,
    maximum=chat.maximum,
    hidden_output=chat.hidden_output,
    asks_usage=chat.asks_usage,
    is_usage_only=chat.is_usage_only,
)
COMPLETIONS = Endpoint(
    read_call=_read_completion,
    read_answer=chat.read_answer,
    fold=chat.ChatFold,
    maximum=lambda _: ("max_tokens",),
    hidden_output=lambda _, call: call.choices != 1,
    asks_usage=chat.asks_usage,
    is_usage_only=chat.is_usage_only,
)
RESPONSES = Endpoint(
    read_call=_read_response_call,
    read_answer=_read_response,
    fold=ResponseFold,
    maximum=lambda _: ("max_output_tokens",),
    hidden_output=_response_hides,
)
EMBEDDINGS = Endpoint(read_call=_read_embedding, read_answer=_read_embedding_answer)

DIALECT = Dialect(
    provider="openai",
    endpoints={
        "/chat/completions": CHAT,
        "/completions": COMPLETIONS,
        "/responses": RESPONSES,
        "/embeddings": EMBEDDINGS,
    },
    free=_is_free,
)
