"""`/v1/messages` as Anthropic speaks it.

https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from collections.abc import Iterator

from llm_token_budget.testing.answer import Answer, Order
from llm_token_budget.testing.counting import count_chat
from llm_token_budget.testing.endpoint import Endpoint
from llm_token_budget.testing.events import Event, sse
from llm_token_budget.testing.fields import BadRequest, as_list, as_mapping, model_of, whole_number
from llm_token_budget.testing.received import Json, ReceivedRequest

_THOUGHT = "Let me think about this."
_SIGNATURE = "bG9vcGJhY2s="


def read_message(request: ReceivedRequest) -> Order:
    body = request.body
    maximum = whole_number(body, "max_tokens")
    if maximum is None:
        raise BadRequest("max_tokens: Field required", "max_tokens")
    return Order(
        model=model_of(body),
        input_tokens=_input_tokens(body),
        maximum=maximum,
        stream=body.get("stream") is True,
        json=bool(as_mapping(as_mapping(body.get("output_config")).get("format")) or body.get("output_format")),
        tool=_forced_tool(body),
        shows_reasoning=as_mapping(body.get("thinking")).get("type") in ("enabled", "adaptive"),
        service_tier="standard",
    )


def message_usage(answer: Answer) -> Json:
    writes = answer.cache_write_tokens + answer.cache_write_1h_tokens
    return {
        "input_tokens": answer.plain_input_tokens,
        "cache_creation_input_tokens": writes,
        "cache_read_input_tokens": answer.cached_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": answer.cache_write_tokens,
            "ephemeral_1h_input_tokens": answer.cache_write_1h_tokens,
        },
        "output_tokens": answer.output_tokens,
        "output_tokens_details": {"thinking_tokens": answer.reasoning_tokens},
        "server_tool_use": None,
        "service_tier": answer.service_tier,
        "inference_geo": "not_available",
    }


def write_message(_request: ReceivedRequest, order: Order, answer: Answer) -> Json:
    ending = {"stop_reason": _stop_reason(answer), "stop_sequence": None}
    return _envelope(answer) | {"content": _content(order, answer)} | ending | answer.report(message_usage(answer))


def stream_message(_request: ReceivedRequest, order: Order, answer: Answer) -> Iterator[Event]:
    usage = message_usage(answer)
    # The first event knows the input side only: its output count is a placeholder.
    first = usage | {"output_tokens": min(1, answer.output_tokens), "output_tokens_details": None}
    nothing: Json = {"content": [], "stop_reason": None, "stop_sequence": None}
    yield _event("message_start", message=_envelope(answer) | nothing | answer.report(first))
    yield _event("ping")
    hidden = answer.reasoning_tokens
    for index, block in enumerate(_content(order, answer)):
        yield _event("content_block_start", index=index, content_block=_emptied(block), tokens=hidden)
        hidden = 0
        for delta, tokens in _deltas(block, answer):
            yield _event("content_block_delta", index=index, delta=delta, tokens=tokens)
        yield _event("content_block_stop", index=index)
    last = answer.report({name: count for name, count in usage.items() if name in _CUMULATIVE})
    ending = {"stop_reason": _stop_reason(answer), "stop_sequence": None}
    yield _event("message_delta", delta=ending, tokens=hidden, **last)
    yield _event("message_stop")


_CUMULATIVE = frozenset(
    {
        *("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
        *("output_tokens", "output_tokens_details", "server_tool_use"),
    }
)


def _event(name: str, *, tokens: int = 0, **fields: object) -> Event:
    return sse({"type": name} | fields, name=name, output_tokens=tokens)


def _envelope(answer: Answer) -> Json:
    return {"id": answer.id, "type": "message", "role": "assistant", "model": answer.model}


def _content(order: Order, answer: Answer) -> list[Json]:
    blocks: list[Json] = []
    if order.shows_reasoning and answer.reasoning_tokens:
        blocks.append({"type": "thinking", "thinking": _THOUGHT, "signature": _SIGNATURE})
    if answer.tool and answer.words:
        blocks.append(
            {"type": "tool_use", "id": f"toolu_{answer.id}", "name": answer.tool, "input": answer.arguments()}
        )
    elif answer.words:
        blocks.append({"type": "text", "text": answer.text, "citations": None})
    return blocks


def _emptied(block: Json) -> Json:
    if block["type"] == "thinking":
        return block | {"thinking": "", "signature": ""}
    blank: Json = {"input": {}} if block["type"] == "tool_use" else {"text": ""}
    return block | blank


def _deltas(block: Json, answer: Answer) -> Iterator[tuple[Json, int]]:
    if block["type"] == "thinking":
        yield {"type": "thinking_delta", "thinking": block["thinking"]}, 0
        yield {"type": "signature_delta", "signature": block["signature"]}, 0
        return
    for text, tokens in answer.pieces():
        if block["type"] == "tool_use":
            yield {"type": "input_json_delta", "partial_json": text}, tokens
        else:
            yield {"type": "text_delta", "text": text}, tokens


def _stop_reason(answer: Answer) -> str:
    return answer.finish_reason or ("max_tokens" if answer.is_cut else "tool_use" if answer.tool else "end_turn")


def _forced_tool(body: Json) -> str | None:
    choice = as_mapping(body.get("tool_choice"))
    tools = [as_mapping(tool) for tool in as_list(body.get("tools"))]
    name = choice.get("name") if choice.get("type") == "tool" else None
    if choice.get("type") == "any" and tools:
        name = tools[0].get("name")
    return name if isinstance(name, str) else None


def _input_tokens(body: Json) -> int:
    system = body.get("system")
    blocks = [{"role": "system", "content": system}] if system else []
    return count_chat([*blocks, *as_list(body.get("messages"))], body.get("tools"))


def _read_count(request: ReceivedRequest) -> Order:
    return Order(model=model_of(request.body), input_tokens=_input_tokens(request.body), generates=False)


def _write_count(_request: ReceivedRequest, _order: Order, answer: Answer) -> Json:
    return {"input_tokens": answer.input_tokens}


MESSAGES = Endpoint(
    read=read_message,
    whole=write_message,
    stream=stream_message,
    stream_error=_event("error", error={"type": "overloaded_error", "message": "Overloaded"}),
    id_prefix="msg_",
)
COUNT_TOKENS = Endpoint(read=_read_count, whole=_write_count, is_paid=False)
