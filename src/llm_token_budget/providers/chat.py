"""OpenAI's chat completions: the wire format that groq and many others speak too."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from llm_token_budget.claims import Call
from llm_token_budget.estimation import Part, RequestParts, Text, model_facts
from llm_token_budget.pricing import CacheLifetime
from llm_token_budget.providers.content import (
    audio,
    call_parts,
    document,
    dump,
    image,
    items_of,
    text_parts,
    tool_parts,
)
from llm_token_budget.providers.dialect import (
    IN_A_STRING,
    Body,
    Defaults,
    Glance,
    Reading,
    is_object,
    mapping,
    positive,
    text_or_none,
)
from llm_token_budget.providers.tool_reading import executed_tools
from llm_token_budget.providers.usage_reading import chat_usage, read_chat

REASONING_MINIMUM = 4096
"""Output tokens below which a reasoning model may have spent all on reasoning, and answers nothing."""

REASONING_DEFAULT = 16_384
"""Output tokens for a reasoning model's request without a maximum, while there is room."""


USUAL_FIELDS = frozenset(
    [
        "model",
        "messages",
        "stream",
        "stream_options",
        "temperature",
        "top_p",
        "max_tokens",
        "max_completion_tokens",
        "n",
        "stop",
        "seed",
        "user",
        "metadata",
        "store",
        "frequency_penalty",
        "presence_penalty",
        "reasoning_effort",
        "service_tier",
    ]
)
"""Fields that add nothing to the input and change nothing but what is read of them anyway."""


class Extras(NamedTuple):
    """What the less usual fields of a request bring."""

    parts: tuple[Part, ...] = ()
    tools: int = 0
    forced_tool: bool = False
    structured: bool = False
    audio: bool = False
    longest_cache: CacheLifetime = "5m"


def read_call(body: Body, provider: str, defaults: Defaults) -> Call:
    """A chat completion's request."""
    model = text_or_none(body.get("model")) or ""
    facts = model_facts(model, provider)
    messages = items_of(body.get("messages"))
    extras = _USUAL if body.keys() <= USUAL_FIELDS else _extras(body)
    parts: list[Part] = []
    for message in messages:
        parts += message_parts(message)
    parts += extras.parts
    estimate = defaults.estimate(
        RequestParts(provider, model, tuple(parts), len(messages), extras.tools, extras.forced_tool)
    )
    return Call(
        provider=provider,
        model=model or None,
        input_tokens=estimate.upper,
        expected_input_tokens=estimate.expected,
        estimate=estimate,
        max_output_tokens=positive(body.get("max_completion_tokens")) or positive(body.get("max_tokens")),
        model_maximum=facts.max_output_tokens,
        choices=positive(body.get("n")) or 1,
        min_output_tokens=least_output(facts.reasoning, defaults, structured=extras.structured),
        default_max_output_tokens=usual_output(facts.reasoning, defaults),
        service_tier=text_or_none(body.get("service_tier")),
        longest_cache=extras.longest_cache,
        audio=extras.audio,
    )


_USUAL = Extras()


def _extras(body: Body) -> Extras:
    tools = items_of(body.get("tools")) + items_of(body.get("functions"))
    parts = tool_parts(tools)
    parts += text_parts(mapping(body.get("response_format")).get("json_schema"), "schema")
    for predicted in items_of(mapping(body.get("prediction")).get("content")):
        parts += _parts(predicted, "prediction")
    return Extras(
        tuple(parts), len(tools), _forces_a_tool(body), is_structured(body), _speaks(body), longest_cache(body)
    )


def least_output(reasons: bool, defaults: Defaults, *, structured: bool) -> int:  # noqa: FBT001 - a fact of the call
    """What an answer needs to be of use: a cut JSON is paid twice, and reasoning comes before the answer."""
    if structured:
        return usual_output(reasons, defaults)
    if defaults.min_output_tokens is not None:
        return defaults.min_output_tokens
    return REASONING_MINIMUM if reasons else 1024


def usual_output(reasons: bool, defaults: Defaults) -> int:  # noqa: FBT001
    """What a request without a maximum gets, while there is room."""
    if defaults.max_output_tokens is not None:
        return defaults.max_output_tokens
    return REASONING_DEFAULT if reasons else 4096


def is_structured(body: Body) -> bool:
    """Whether the answer must be whole to be of use: JSON by schema, or a tool's arguments."""
    return mapping(body.get("response_format")).get("type") in ("json_schema", "json_object") or _forces_a_tool(body)


def maximum(body: Body) -> tuple[str, ...]:
    """The maximum's name: the one in use; else the one that the model takes."""
    if body.get("max_completion_tokens") is not None:
        return ("max_completion_tokens",)
    if body.get("max_tokens") is not None:
        return ("max_tokens",)
    # `max_tokens` is deprecated, and refused by reasoning models; servers that only imitate OpenAI know nothing else.
    model = text_or_none(body.get("model")) or ""
    return ("max_completion_tokens",) if model_facts(model).family in {"o200k", "cl100k"} else ("max_tokens",)


def hidden_output(body: Body, call: Call) -> bool:
    """Reasoning, other choices and searches are billed and not shown."""
    facts = model_facts(call.model or "", call.provider)
    return facts.reasoning or call.choices != 1 or body.get("web_search_options") is not None or _speaks(body)


def asks_usage(body: Body) -> Body | None:
    """The body that asks for usage in a stream; None for one that does, or isn't streamed."""
    if body.get("stream") is not True:
        return None
    options = mapping(body.get("stream_options"))
    if options.get("include_usage") is True:
        return None
    return {**body, "stream_options": {**options, "include_usage": True}}


def is_usage_only(event: Body) -> bool:
    """The chunk that comes only because usage was asked for: no choices, and the usage. A report of moderation is shown."""
    return event.get("choices") == [] and is_object(event.get("usage")) and event.get("moderation") is None


# Where usage was asked for, all chunks but the last say that theirs is null.
GLANCE = Glance(b"usage", b'"usage":null', re.compile(rf'"delta":{{"content":"{IN_A_STRING}"}}'.encode()))


def read_answer(body: Body) -> Reading | None:
    """The bill in an answer, or in a chunk of one."""
    reading = read_chat(body)
    total, written, *_ = reading
    if (total is not None and written is not None) or chat_usage(body):
        return reading
    return reading.saying("".join(_said(choice.get("message")) for choice in _choices(body)))


class ChatFold:
    """A streamed chat completion."""

    def __init__(self) -> None:
        self.done = False
        self._reading: Reading | None = None
        self._text: list[str] = []
        self._executed: dict[str, Any] = {}

    def feed(self, event: Body) -> None:
        if (event.get("usage") or event.get("x_groq")) and chat_usage(event):
            self._reading = read_answer(event)
            # Some servers report usage in every chunk: only the one without choices is the last word.
            self.done = not event.get("choices")
        for choice in _choices(event):
            delta = choice.get("delta")
            if is_object(delta) and len(delta) == 1 and isinstance(text := delta.get("content"), str):
                self._text.append(text)  # As most are.
            else:
                self._text.append(_said(delta) or dump(choice.get("text") or ""))
                # Groq's: first what is called, and later the same with its result.
                for each in items_of(mapping(delta).get("executed_tools")):
                    self._executed[str(mapping(each).get("index", len(self._executed)))] = each

    def reading(self) -> Reading | None:
        if self._executed and self._reading is not None:
            tools = executed_tools(self._executed.values())
            return self._reading._replace(parts={**self._reading.parts, "tools": tools})
        return self._reading

    def text_seen(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        return text


def longest_cache(body: Body) -> CacheLifetime:
    """The longest-lived cache that the request may be written to, as prices name them."""
    kept = body.get("prompt_cache_retention")
    return "5m" if kept is None or kept in ("in_memory", "in-memory") else "12h"


def message_parts(message: object) -> list[Part]:
    """A chat message's parts."""
    if not is_object(message):
        return text_parts(message)
    content = message.get("content")
    kind = KINDS.get(message.get("role") or "", "text")
    if len(message) == 2 and type(content) is str:
        return [Text(content, kind)]  # A role and a text, as most messages are.
    parts: list[Part] = []
    for each in [content] if isinstance(content, str) else items_of(content):
        parts += _parts(each, kind)
    for name in ("refusal", "reasoning", "reasoning_content", "audio"):
        if message.get(name):
            parts += text_parts(message[name], "reasoning" if "reasoning" in name else kind)
    for call in [*items_of(message.get("tool_calls")), *items_of(message.get("function_call"))]:
        said = mapping(mapping(call).get("function")) or mapping(mapping(call).get("custom")) or mapping(call)
        parts += call_parts(said.get("name"), said.get("arguments", said.get("input")))
    if message.get("name"):
        parts += text_parts(message["name"], "name")
    return parts


KINDS = {"system": "system", "developer": "system", "tool": "tool results", "function": "tool results"}
"""What is said in which role, as an estimate names it."""


def _parts(content: Any, said_as: str) -> list[Part]:
    if isinstance(content, str):
        return [Text(content, said_as)]
    kind = mapping(content).get("type")
    if kind in ("text", "input_text", "output_text") and isinstance(content.get("text"), str):
        return [Text(content["text"], said_as)]
    if kind in ("image_url", "input_image", "computer_screenshot"):
        source = content.get("image_url")
        named = mapping(source)
        return [image(named.get("url", source), named.get("detail", content.get("detail")))]
    if kind == "input_audio":
        return [audio(mapping(content.get("input_audio")).get("data"))]
    if kind in ("file", "input_file"):
        return [document((mapping(content.get("file")) or content).get("file_data"))]
    if kind == "refusal" and isinstance(content.get("refusal"), str):
        return [Text(content["refusal"], said_as)]
    return text_parts(content, said_as)


parts_in = _parts


def _forces_a_tool(body: Body) -> bool:
    choice = body.get("tool_choice", body.get("function_call"))
    return choice == "required" or is_object(choice)


def _speaks(body: Body) -> bool:
    return "audio" in items_of(body.get("modalities")) or body.get("audio") is not None


def _choices(body: Body) -> list[Body]:
    return [choice for choice in items_of(body.get("choices")) if is_object(choice)]


def _said(message: object) -> str:
    """All that a message or a delta of one says, tool arguments included."""
    said = mapping(message)
    text = "".join(
        value
        for name in ("content", "refusal", "reasoning", "reasoning_content")
        if isinstance(value := said.get(name), str)
    )
    calls = [*items_of(said.get("tool_calls")), {"function": said.get("function_call")}]
    for call in calls:
        function = mapping(mapping(call).get("function"))
        text += str(function.get("name") or "") + str(function.get("arguments") or "")
    return text
