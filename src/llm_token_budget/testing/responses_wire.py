"""`/responses` as OpenAI speaks it.

https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llm_token_budget.testing.answer import Answer, Order
from llm_token_budget.testing.chat_wire import answering_tier, forced_tool
from llm_token_budget.testing.counting import count_chat
from llm_token_budget.testing.endpoint import Endpoint
from llm_token_budget.testing.events import Event, sse
from llm_token_budget.testing.fields import as_list, as_mapping, model_of, whole_number
from llm_token_budget.testing.received import Json, ReceivedRequest

# The smallest `max_output_tokens` that the API accepts.
_LEAST_MAXIMUM = 16


def read_response(request: ReceivedRequest) -> Order:
    body = request.body
    return Order(
        model=model_of(body),
        input_tokens=_input_tokens(body),
        maximum=whole_number(body, "max_output_tokens", at_least=_LEAST_MAXIMUM),
        stream=body.get("stream") is True,
        json=_format(body).get("type") in ("json_object", "json_schema"),
        tool=forced_tool(body),
        service_tier=answering_tier(request),
    )


def response_usage(answer: Answer) -> Json:
    written = answer.cache_write_tokens + answer.cache_write_1h_tokens
    return {
        "input_tokens": answer.input_tokens,
        "input_tokens_details": {"cached_tokens": answer.cached_tokens, "cache_write_tokens": written},
        "output_tokens": answer.output_tokens,
        "output_tokens_details": {"reasoning_tokens": answer.all_reasoning_tokens},
        "total_tokens": answer.input_tokens + answer.output_tokens,
    }


def write_response(request: ReceivedRequest, _order: Order, answer: Answer) -> Json:
    return _envelope(request.body, answer, _status(answer)) | {
        "output": [*_reasoning(answer), *([_item(answer, answer.text, _status(answer))] if _speaks(answer) else [])],
        **({"incomplete_details": {"reason": "max_output_tokens"}} if answer.is_cut else {}),
        **answer.report(response_usage(answer)),
    }


def stream_response(request: ReceivedRequest, order: Order, answer: Answer) -> Iterator[Event]:
    for number, (name, fields, tokens) in enumerate(_events(request, order, answer)):
        yield sse({"type": name, "sequence_number": number} | fields, name=name, output_tokens=tokens)


def _events(request: ReceivedRequest, order: Order, answer: Answer) -> Iterator[tuple[str, Json, int]]:
    begun: Json = _envelope(request.body, answer, "in_progress") | {"output": [], "usage": None}
    yield "response.created", {"response": begun}, 0
    yield "response.in_progress", {"response": begun}, 0
    reasoning = _reasoning(answer)
    for index, item in enumerate(reasoning):
        yield "response.output_item.added", {"output_index": index, "item": item}, 0
        yield "response.output_item.done", {"output_index": index, "item": item}, answer.reasoning_tokens
    if _speaks(answer):
        index = len(reasoning)
        yield "response.output_item.added", {"output_index": index, "item": _item(answer, "", "in_progress")}, 0
        yield from (_tool_events if answer.tool else _text_events)(answer, index)
        item = _item(answer, answer.text, _status(answer))
        yield "response.output_item.done", {"output_index": index, "item": item}, 0
    yield f"response.{_status(answer)}", {"response": write_response(request, order, answer)}, 0


def _text_events(answer: Answer, index: int) -> Iterator[tuple[str, Json, int]]:
    place: Json = {"item_id": _item_id(answer), "output_index": index, "content_index": 0}
    yield "response.content_part.added", place | {"part": _text("")}, 0
    for text, tokens in answer.pieces():
        yield "response.output_text.delta", place | {"delta": text, "logprobs": []}, tokens
    yield "response.output_text.done", place | {"text": answer.text, "logprobs": []}, 0
    yield "response.content_part.done", place | {"part": _text(answer.text)}, 0


def _tool_events(answer: Answer, index: int) -> Iterator[tuple[str, Json, int]]:
    place: Json = {"item_id": _item_id(answer), "output_index": index}
    for text, tokens in answer.pieces():
        yield "response.function_call_arguments.delta", place | {"delta": text}, tokens
    yield "response.function_call_arguments.done", place | {"arguments": answer.text, "name": answer.tool}, 0


def _envelope(body: Json, answer: Answer, status: str) -> Json:
    return {
        "id": answer.id,
        "object": "response",
        "created_at": answer.created,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": body.get("metadata") or {},
        "model": answer.model,
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": None, "summary": None} | as_mapping(body.get("reasoning")),
        "service_tier": answer.service_tier,
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": as_list(body.get("tools")),
        "top_p": body.get("top_p", 1.0),
        "truncation": body.get("truncation", "disabled"),
        "user": body.get("user"),
    }


def _status(answer: Answer) -> str:
    return "incomplete" if answer.is_cut else "completed"


def _speaks(answer: Answer) -> bool:
    """Whether there is more than reasoning: a maximum can end an answer before its first word."""
    return bool(answer.words) or not answer.is_cut


def _reasoning(answer: Answer) -> list[Json]:
    return [{"id": f"rs_{answer.id}", "type": "reasoning", "summary": []}] if answer.reasoning_tokens else []


def _item(answer: Answer, text: str, status: str) -> Json:
    head: Json = {"id": _item_id(answer), "status": status}
    if answer.tool:
        return head | {
            "type": "function_call",
            "call_id": f"call_{answer.id}",
            "name": answer.tool,
            "arguments": text,
        }
    content = [] if status == "in_progress" else [_text(text)]
    return head | {"type": "message", "role": "assistant", "content": content}


def _item_id(answer: Answer) -> str:
    return f"{'fc' if answer.tool else 'msg'}_{answer.id}"


def _text(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _format(body: Json) -> Json:
    return as_mapping(as_mapping(body.get("text")).get("format"))


def _input_tokens(body: Json) -> int:
    asked: Any = body.get("input") or []
    items = [{"role": "user", "content": asked}] if isinstance(asked, str) else as_list(asked)
    return count_chat(items, body.get("instructions"), body.get("tools"), _format(body).get("schema"))


def _read_count(request: ReceivedRequest) -> Order:
    return Order(model=request.model or "", input_tokens=_input_tokens(request.body), generates=False)


def _write_count(_request: ReceivedRequest, _order: Order, answer: Answer) -> Json:
    return {"object": "response.input_tokens", "input_tokens": answer.input_tokens}


RESPONSES = Endpoint(
    read=read_response,
    whole=write_response,
    stream=stream_response,
    stream_error=sse(
        {
            "type": "error",
            "code": "server_error",
            "message": "The server had an error while processing your request.",
            "param": None,
            "sequence_number": 0,
        },
        name="error",
    ),
    id_prefix="resp_",
)
RESPONSE_TOKENS = Endpoint(read=_read_count, whole=_write_count, is_paid=False)
