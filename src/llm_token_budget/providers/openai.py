"""OpenAI and Azure: chat, completions, responses, embeddings; images and speech are in `media`."""

from __future__ import annotations

import re
from typing import Any, Final

from llm_token_budget.claims import Call
from llm_token_budget.estimation import Opaque, Part, RequestParts, model_facts
from llm_token_budget.providers import chat
from llm_token_budget.providers.content import call_parts, items_of, sealed_parts, text_parts, tool_parts
from llm_token_budget.providers.counting import as_response, chosen
from llm_token_budget.providers.dialect import (
    IN_A_STRING,
    Body,
    Defaults,
    Dialect,
    Endpoint,
    Glance,
    Reading,
    any_of,
    is_object,
    mapping,
    positive,
    text_or_none,
)
from llm_token_budget.providers.media import IMAGES, SPEECH
from llm_token_budget.providers.server_tools import NONE as NO_TOOLS
from llm_token_budget.providers.server_tools import openai_tools
from llm_token_budget.providers.usage_reading import read_embedding, read_response

UNKNOWN_CONTEXT: Final = 1_000_000
"""Input tokens of what only the server has (an earlier response, a stored prompt), for models of unknown context."""

_ONE_RESPONSE: Final = re.compile(r"/responses/([^/]+)(?:/cancel)?/?$")

STORED: Final = ("previous_response_id", "prompt", "conversation")
"""Fields that name what only the server has."""

UNSEEN_REASONING: Final = 16_384
"""The most that earlier reasoning, of which only an id is sent, is reckoned at."""

COMPACTED: Final = 16_384
"""Output tokens that a compaction may always take: what it writes is otherwise no longer than what it reads."""

# What starts no model and rents nothing by the call: checks, notes on what is stored, definitions of what is run elsewhere,
# ends of what runs, and administration. What resumes, or hands out a key that others spend with, is not among it.
_is_free: Final = any_of(
    "/moderations",
    "/responses/input_tokens",
    "/responses/{}/cancel",
    "/chat/completions/{}",
    "/conversations",
    "/conversations/{}",
    "/conversations/{}/items",
    "/files",
    "/uploads",
    "/uploads/{}/parts",
    "/uploads/{}/complete",
    "/uploads/{}/cancel",
    "/batches/{}/cancel",
    "/fine_tuning/jobs/{}/cancel",
    "/fine_tuning/jobs/{}/pause",
    "/fine_tuning/checkpoints/{}/permissions",
    "/fine_tuning/alpha/graders/validate",
    # Storage is billed by the day, whatever is called; a search of one's own (not as a tool of a model) costs nothing.
    "/vector_stores",
    "/vector_stores/{}",
    "/vector_stores/{}/search",
    "/vector_stores/{}/files",
    "/vector_stores/{}/files/{}",
    "/vector_stores/{}/file_batches",
    "/vector_stores/{}/file_batches/{}/cancel",
    "/containers/{}/files",
    "/assistants",
    "/assistants/{}",
    "/threads",
    "/threads/{}",
    "/threads/{}/messages",
    "/threads/{}/messages/{}",
    "/threads/{}/runs/{}",
    "/threads/{}/runs/{}/cancel",
    "/evals",
    "/evals/{}",
    "/evals/{}/runs/{}",
    "/evals/{}/runs/{}/cancel",
    "/skills",
    "/skills/{}",
    "/skills/{}/versions",
    "/vaults",
    "/vaults/{}",
    "/vaults/{}/credentials",
    "/vaults/{}/credentials/{}",
    "/agents",
    "/agents/{}",
    "/agents/automations/{}/pause",
    "/agents/environments/templates",
    "/agents/environments/templates/{}",
    "/agents/environments/{}/files",
    "/chatkit/sessions/{}/cancel",
    "/audio/voice_consents",
    "/audio/voice_consents/{}",
    "/realtime/calls/{}/hangup",
    "/realtime/calls/{}/refer",
    "/realtime/calls/{}/reject",
    "/live/sessions/{}/hangup",
    "/live/sessions/{}/refer",
    "/live/sessions/{}/reject",
    "/webhook_endpoints",
    "/webhook_endpoints/{}",
    "/webhook_endpoints/{}/rotate_secret",
    "/webhook_endpoints/{}/test",
    "/organization/*",
    "/projects/*",
)


def _read_completion(body: Body, provider: str, defaults: Defaults) -> Call:
    model = text_or_none(body.get("model")) or ""
    facts = model_facts(model, provider)
    prompts = _prompts(body.get("prompt"))
    estimate = defaults.estimate(RequestParts(provider, model, tuple(prompts), messages=0))
    own = positive(body.get("max_tokens"))
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=estimate.upper,
        expected_input_tokens=estimate.expected,
        estimate=estimate,
        # The one endpoint with a maximum of its own: 16 where the request sets none.
        max_output_tokens=own or 16,
        model_maximum=facts.max_output_tokens,
        choices=max(len(prompts), 1) * max(positive(body.get("n")) or 1, positive(body.get("best_of")) or 1),
        min_output_tokens=chat.least_output(facts.reasoning, defaults, structured=False),
        longest_cache="5m",
        audio=False,
    )


def _read_embedding(body: Body, provider: str, defaults: Defaults) -> Call:
    model = text_or_none(body.get("model")) or ""
    estimate = defaults.estimate(RequestParts(provider, model, tuple(_prompts(body.get("input"))), messages=0))
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=estimate.upper,
        expected_input_tokens=estimate.expected,
        estimate=estimate,
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
    return read_embedding(body)


def _read_response_call(body: Body, provider: str, defaults: Defaults) -> Call:
    model = text_or_none(body.get("model")) or ""
    facts = model_facts(model, provider)
    items = items_of(body.get("input"))
    tools = items_of(body.get("tools"))
    run_there = openai_tools(tools, body, model) if tools else NO_TOOLS
    parts = text_parts(body.get("instructions"), "system") + tool_parts(tools)
    for item in items:
        parts += chat.message_parts(item) if mapping(item).get("role") else _item_parts(item)
    parts += text_parts(mapping(mapping(body.get("text")).get("format")).get("schema"), "schema")
    if any(body.get(name) for name in STORED) or any(mapping(item).get("type") == "item_reference" for item in items):
        # The server adds what only it has: it can be as much as the model reads.
        parts.append(Opaque(facts.context_window or UNKNOWN_CONTEXT, "stored", fills=True))
    parts += run_there.parts
    estimate = defaults.estimate(
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
        estimate=estimate,
        max_output_tokens=positive(body.get("max_output_tokens")),
        model_maximum=facts.max_output_tokens,
        min_output_tokens=chat.least_output(facts.reasoning, defaults, structured=structured or forced),
        default_max_output_tokens=chat.usual_output(facts.reasoning, defaults),
        service_tier=text_or_none(body.get("service_tier")),
        longest_cache=chat.longest_cache(body),
        audio=False,
        tools=run_there.uses,
        tools_bounded=run_there.bounded,
    )


def _read_compaction(body: Body, provider: str, defaults: Defaults) -> Call:
    """A conversation made shorter. No maximum can be sent."""
    call = _read_response_call(body, provider, defaults)
    most = max(call.input_tokens, COMPACTED)
    most = min(most, call.model_maximum or most)
    return call._replace(max_output_tokens=most, min_output_tokens=most)


def _item_parts(item: object) -> list[Part]:
    said = mapping(item)
    kind = str(said.get("type") or "")
    if kind in ("input_text", "input_image", "input_file", "input_audio"):
        return chat.parts_in(item, "text")
    if kind == "reasoning":
        parts = sealed_parts(said.get("encrypted_content"))
        for text in [*items_of(said.get("summary")), *items_of(said.get("content"))]:
            parts += text_parts(mapping(text).get("text"), "reasoning")
        # Only its id is given: what it says is kept by the server.
        return parts or [Opaque(0, "reasoning", most=UNSEEN_REASONING)]
    if kind == "item_reference":
        return []
    if kind in ("function_call", "custom_tool_call", "mcp_call"):
        parts = call_parts(said.get("name"), said.get("arguments", said.get("input")))
        return parts + text_parts(said.get("output"), "tool results")
    if kind.endswith("_output"):
        output: list[Part] = []
        for each in items_of(said.get("output")):
            output += chat.parts_in(each, "tool results")
        return output
    return text_parts(item)


def _read_response(body: Body) -> Reading | None:
    return read_response(body)


class ResponseFold:
    """A streamed response."""

    def __init__(self) -> None:
        self.done = False
        self.promised: str | None = None
        self._reading: Reading | None = None
        self._text: list[str] = []

    def feed(self, event: Body) -> None:
        if event.get("type") in ("response.created", "response.queued"):
            response = mapping(event.get("response"))
            self.promised = _promised(response) if response.get("background") is True else None
        elif event.get("type") in ("response.completed", "response.incomplete", "response.failed"):
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


def _promised(response: Body) -> str | None:
    """The id of a response that is worked on in the background."""
    works = response.get("status") in ("queued", "in_progress") and response.get("usage") is None
    return text_or_none(response.get("id")) if works else None


def _asked_for(path: str) -> tuple[Endpoint, str] | None:
    found = _ONE_RESPONSE.search(path)
    return None if found is None else (RESPONSES, found[1])


def _response_hides(body: Body, call: Call) -> bool:
    """Reasoning and the server's own tools are billed and not shown."""
    if body.get("background") or model_facts(call.model or "", call.provider).reasoning:
        return True  # (In the background it goes on when the stream is left.)
    return any(mapping(tool).get("type") not in ("function", "custom") for tool in items_of(body.get("tools")))


_COUNTING: Final = "/responses/input_tokens"
"""https://developers.openai.com/api/docs/guides/token-counting"""


def _chat_counted_by(body: Body) -> tuple[str, dict[str, Any]] | None:
    asked = as_response(body)
    return None if asked is None else (_COUNTING, asked)


_COUNTED_FIELDS: Final = (
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "truncation",
    "previous_response_id",
    "conversation",
)

CHAT = Endpoint(
    read_call=chat.read_call,
    counted_by=_chat_counted_by,
    read_answer=chat.read_answer,
    fold=chat.ChatFold,
    maximum=chat.maximum,
    hidden_output=chat.hidden_output,
    asks_usage=chat.asks_usage,
    is_usage_only=chat.is_usage_only,
    glance=chat.GLANCE,
)
COMPLETIONS = Endpoint(
    read_call=_read_completion,
    read_answer=chat.read_answer,
    fold=chat.ChatFold,
    maximum=lambda _: ("max_tokens",),
    hidden_output=lambda _, call: call.choices != 1,
    asks_usage=chat.asks_usage,
    is_usage_only=chat.is_usage_only,
    glance=chat.GLANCE,
)
RESPONSES = Endpoint(
    read_call=_read_response_call,
    counted_by=lambda body: (_COUNTING, chosen(body, _COUNTED_FIELDS)),
    read_answer=_read_response,
    fold=ResponseFold,
    maximum=lambda _: ("max_output_tokens",),
    hidden_output=_response_hides,
    # What begins and ends a response carries it whole.
    glance=Glance(b'"response"', None, re.compile(rf'"delta":"{IN_A_STRING}"'.encode())),
    promised=_promised,
)
# Its output is bounded by its input.
COMPACTION = Endpoint(read_call=_read_compaction, read_answer=_read_response, recurs=False)
EMBEDDINGS = Endpoint(read_call=_read_embedding, read_answer=_read_embedding_answer)

DIALECT = Dialect(
    provider="openai",
    endpoints={
        "/chat/completions": CHAT,
        "/completions": COMPLETIONS,
        "/responses": RESPONSES,
        "/responses/compact": COMPACTION,
        "/embeddings": EMBEDDINGS,
        "/images/generations": IMAGES,
        "/images/edits": IMAGES,
        "/audio/transcriptions": SPEECH,
        "/audio/translations": SPEECH,
    },
    free=_is_free,
    asked_for=_asked_for,
)
