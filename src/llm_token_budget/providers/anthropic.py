"""Anthropic: messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from llm_token_budget.claims import Call
from llm_token_budget.estimation import Image, ModelFacts, Opaque, Part, RequestParts, Text, model_facts
from llm_token_budget.pricing import CacheLifetime
from llm_token_budget.providers import chat
from llm_token_budget.providers.content import (
    call_parts,
    document,
    dump,
    items_of,
    sealed_parts,
    text_parts,
    tool_parts,
)
from llm_token_budget.providers.counting import chosen, runs_at_the_server
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
from llm_token_budget.providers.server_tools import NONE as NO_TOOLS
from llm_token_budget.providers.server_tools import anthropic_tools
from llm_token_budget.providers.usage_reading import read_message

# Checks, stored things, definitions, ends of what runs, and administration. What starts or resumes an agent is not among it.
_is_free: Final = any_of(
    "/messages/count_tokens",
    "/messages/batches/{}/cancel",
    "/files",
    "/skills",
    "/skills/{}/versions",
    "/vaults",
    "/vaults/{}",
    "/vaults/{}/archive",
    "/vaults/{}/credentials",
    "/vaults/{}/credentials/{}",
    "/vaults/{}/credentials/{}/archive",
    "/vaults/{}/credentials/{}/mcp_oauth_validate",
    "/agents",
    "/agents/{}",
    "/agents/{}/archive",
    "/deployments/{}/archive",
    "/deployments/{}/pause",
    "/dreams/{}/archive",
    "/dreams/{}/cancel",
    "/environments",
    "/environments/{}",
    "/environments/{}/archive",
    # What a worker of one's own says of the work that it took.
    "/environments/{}/work/{}",
    "/environments/{}/work/{}/ack",
    "/environments/{}/work/{}/heartbeat",
    "/environments/{}/work/{}/stop",
    "/memory_stores",
    "/memory_stores/{}",
    "/memory_stores/{}/archive",
    "/memory_stores/{}/memories",
    "/memory_stores/{}/memories/{}",
    "/memory_stores/{}/memory_versions/{}/redact",
    "/sessions/{}/archive",
    "/sessions/{}/resources",
    "/sessions/{}/resources/{}",
    "/sessions/{}/threads/{}/archive",
    "/tunnels/{}/archive",
    "/tunnels/{}/certificates",
    "/tunnels/{}/certificates/{}/archive",
    "/tunnels/{}/reveal_token",
    "/tunnels/{}/rotate_token",
    "/user_profiles",
    "/user_profiles/{}",
    "/user_profiles/{}/action_urls",
    "/user_profiles/{}/enrollment_url",
    "/organizations/*",
)

_OWN_TOOLS: Final = {"bash_": 245, "text_editor_": 700, "computer_": 735}
"""Tokens of tools that the model knows without a schema, by the beginning of their type.
https://docs.claude.com/en/docs/about-claude/pricing#tool-use-pricing"""

_CLIENT_TOOLS: Final = ("custom", "bash_", "text_editor_", "computer_", "memory_")
"""Tools that the caller runs. All other types run at the provider, and what they read is billed."""


def _read_call(body: Body, provider: str, defaults: Defaults) -> Call:
    model = text_or_none(body.get("model")) or ""
    facts = model_facts(model, provider)
    messages = items_of(body.get("messages"))
    tools = items_of(body.get("tools"))
    parts: list[Part] = [each for block in items_of(body.get("system")) for each in _block_parts(block, "system")]
    parts += [each for message in messages for each in _message_parts(message)]
    schema = mapping(mapping(body.get("output_config")).get("format")) or mapping(body.get("output_format"))
    parts += [each for tool in tools for each in _tool_parts(tool)] + text_parts(schema.get("schema"), "schema")
    run_there = anthropic_tools(tools) if tools else NO_TOOLS
    parts += run_there.parts
    forced = mapping(body.get("tool_choice")).get("type") in ("any", "tool")
    longest_cache = _longest_cache(body)
    estimate = defaults.estimate(
        RequestParts(
            provider,
            model,
            tuple(parts),
            messages=len(messages) + bool(body.get("system")),
            tools=len(tools),
            forced_tool=forced,
            longest_cache=longest_cache,
        )
    )
    thinks = _thinks(body, facts)
    least = chat.least_output(thinks, defaults, structured=bool(schema) or forced)
    thinking = positive(mapping(body.get("thinking")).get("budget_tokens"))
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=estimate.upper,
        expected_input_tokens=estimate.expected,
        estimate=estimate,
        max_output_tokens=positive(body.get("max_tokens")),
        model_maximum=facts.max_output_tokens,
        # The API refuses a maximum that does not leave room above the thinking budget.
        min_output_tokens=least if thinking is None else thinking + max(min(least, 1024), 1),
        default_max_output_tokens=chat.usual_output(thinks, defaults),
        service_tier=text_or_none(body.get("speed")),
        geography=text_or_none(body.get("inference_geo")),
        longest_cache=longest_cache,
        audio=False,
        tools=run_there.uses,
        tools_bounded=run_there.bounded,
    )


def _message_parts(message: object) -> Iterator[Part]:
    content = mapping(message).get("content", message)
    for block in items_of(content):
        yield from _block_parts(block)


def _tool_parts(tool: Any) -> list[Part]:
    kind = str(mapping(tool).get("type") or "custom")
    known = next((cost for name, cost in _OWN_TOOLS.items() if kind.startswith(name)), None)
    if known is not None:
        return [Opaque(known, "tools", most=2 * known)]
    # Marks for the cache are the server's, the model doesn't read them.
    if kind == "custom" and "cache_control" in mapping(tool):
        tool = {name: value for name, value in mapping(tool).items() if name != "cache_control"}
    return tool_parts([tool])


def _block_parts(block: Any, said_as: str = "text") -> list[Part]:
    if isinstance(block, str):
        return [Text(block, said_as)]
    kind = mapping(block).get("type")
    if kind == "text" and isinstance(block.get("text"), str):
        return [Text(block["text"], said_as)]
    if kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
        return call_parts(block.get("name"), block.get("input"))
    if kind == "thinking":
        # With its signature; earlier turns' may be left out.
        return text_parts(block.get("thinking"), "reasoning")
    if kind == "redacted_thinking":
        return sealed_parts(block.get("data"))
    source = mapping(mapping(block).get("source"))
    if kind == "image":
        return [Image(data=source.get("data") if isinstance(source.get("data"), str) else None)]
    if kind == "document":
        if source.get("type") in ("text", "content"):
            inner = [
                each for item in items_of(source.get("data", source.get("content"))) for each in _block_parts(item)
            ]
            return inner + text_parts(block.get("title")) + text_parts(block.get("context"))
        return [document(source.get("data"))]
    if kind == "tool_result":
        return [each for item in items_of(block.get("content")) for each in _block_parts(item, "tool results")]
    return text_parts(block, said_as)


def _longest_cache(body: Body) -> CacheLifetime:
    """The longest-lived cache that the request marks anything for."""
    lifetimes = set(_cache_lifetimes(body))
    return "1h" if "1h" in lifetimes else "5m" if lifetimes else "none"


def _cache_lifetimes(value: Any) -> Iterator[str]:
    if is_object(value):
        mark = value.get("cache_control")
        if mark is not None:
            yield str(mapping(mark).get("ttl") or "5m")
        for name, inner in value.items():
            if not isinstance(inner, str) and name not in {"input", "input_schema"}:
                yield from _cache_lifetimes(inner)
    elif isinstance(value, list | tuple):
        for inner in cast("Sequence[Any]", value):
            if not isinstance(inner, str):
                yield from _cache_lifetimes(inner)


def _reading_of(usage: Body, model: object) -> Reading:
    return read_message(usage, model)


def _read_answer(body: Body) -> Reading | None:
    reading = _reading_of(mapping(body.get("usage")), body.get("model"))
    if reading.output_tokens is not None:
        return reading
    return reading.saying("".join(dump(block) for block in items_of(body.get("content"))))


class MessageFold:
    """A streamed message: the input side comes first, the output's running total last."""

    def __init__(self) -> None:
        self.done = False
        self._usage: dict[str, Any] = {}
        self._model: object = None
        self._text: list[str] = []

    def feed(self, event: Body) -> None:
        match event.get("type"):
            case "message_start":
                message = mapping(event.get("message"))
                self._model = message.get("model")
                self._take(message.get("usage"))
            case "message_delta":
                self._take(event.get("usage"))
            case "message_stop":
                self.done = True
            case "content_block_delta":
                delta = mapping(event.get("delta"))
                names = ("text", "partial_json", "thinking")
                self._text += [value for name in names if isinstance(value := delta.get(name), str)]
            case _:
                return

    def reading(self) -> Reading | None:
        return _reading_of(self._usage, self._model) if self._usage else None

    def text_seen(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        return text

    def _take(self, usage: object) -> None:
        self._usage |= {name: value for name, value in mapping(usage).items() if value is not None}


def _thinks(body: Body, facts: ModelFacts) -> bool:
    """Whether it thinks before it answers: as asked, or else (from Claude 5 on) unasked."""
    asked = mapping(body.get("thinking")).get("type")
    return facts.reasons_unasked if asked is None else asked != "disabled"


def _hides(body: Body, call: Call) -> bool:
    """Thinking is shown as a summary, and the server's own tools not at all; both are billed."""
    if _thinks(body, model_facts(call.model or "", call.provider)):
        return True
    kinds = (str(mapping(tool).get("type") or "custom") for tool in items_of(body.get("tools")))
    return any(not kind.startswith(_CLIENT_TOOLS) for kind in kinds) or bool(body.get("mcp_servers"))


_COUNTED_FIELDS: Final = ("model", "messages", "system", "tools", "tool_choice", "thinking")


def _counted_by(body: Body) -> tuple[str, dict[str, Any]] | None:
    # https://platform.claude.com/docs/en/build-with-claude/token-counting: it takes none of the server's own tools.
    if body.get("mcp_servers") or any(runs_at_the_server(tool, _CLIENT_TOOLS) for tool in items_of(body.get("tools"))):
        return None
    return "/v1/messages/count_tokens", chosen(body, _COUNTED_FIELDS)


MESSAGES = Endpoint(
    read_call=_read_call,
    counted_by=_counted_by,
    read_answer=_read_answer,
    fold=MessageFold,
    maximum=lambda _: ("max_tokens",),
    hidden_output=_hides,
    # message_start, message_delta and message_stop: usage is in these.
    glance=Glance(b"message_", None, re.compile(rf'"delta":{{"type":"text_delta","text":"{IN_A_STRING}"}}'.encode())),
)

DIALECT = Dialect(provider="anthropic", endpoints={"/messages": MESSAGES}, free=_is_free)
