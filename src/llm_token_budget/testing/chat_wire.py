"""`/chat/completions` as OpenAI, Azure, Groq and Ollama speak it.

https://platform.openai.com/docs/api-reference/chat, https://console.groq.com/docs/api-reference
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llm_token_budget.testing.answer import Answer, Order
from llm_token_budget.testing.counting import count_chat
from llm_token_budget.testing.endpoint import Endpoint
from llm_token_budget.testing.events import DONE, Event, sse
from llm_token_budget.testing.fields import BadRequest, as_list, as_mapping, model_of, smallest, whole_number
from llm_token_budget.testing.received import Json, ReceivedRequest

_MOST_CHOICES = 128


def read_chat(request: ReceivedRequest) -> Order:
    body = request.body
    messages = as_list(body.get("messages"))
    if not messages:
        raise BadRequest("Missing required parameter: 'messages'.", "messages")
    choices = whole_number(body, "n") or 1
    if choices > _MOST_CHOICES:
        raise BadRequest(f"Invalid 'n': expected at most {_MOST_CHOICES}.", "n")
    answer_format = as_mapping(body.get("response_format"))
    return Order(
        model=model_of(body, request.model),
        input_tokens=count_chat(messages, body.get("tools"), body.get("functions"), answer_format.get("json_schema")),
        maximum=smallest(whole_number(body, "max_tokens"), whole_number(body, "max_completion_tokens")),
        choices=choices,
        stream=body.get("stream") is True,
        include_usage=as_mapping(body.get("stream_options")).get("include_usage") is True,
        json=answer_format.get("type") in ("json_object", "json_schema"),
        tool=forced_tool(body),
        service_tier=answering_tier(request),
    )


def forced_tool(body: Json) -> str | None:
    """The tool that `tool_choice` leaves no way around, in the spellings of the Chat and Responses APIs."""
    choice = body.get("tool_choice")
    if choice == "required":
        tools = [as_mapping(tool) for tool in as_list(body.get("tools"))]
        return next((_tool_name(tool) for tool in tools if _tool_name(tool)), None)
    return _tool_name(as_mapping(choice))


def answering_tier(request: ReceivedRequest) -> str | None:
    """The tier that an answer names: OpenAI says what it used, "auto" is never it."""
    asked = request.body.get("service_tier")
    if request.provider == "groq":
        return asked if isinstance(asked, str) and asked != "auto" else "on_demand"
    if request.provider == "ollama":
        return None
    return {None: "default", "auto": "default", "fast": "priority"}.get(asked, asked)


def chat_usage(answer: Answer) -> Json:
    return {
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.input_tokens + answer.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": answer.cached_tokens,
            "cache_write_tokens": answer.cache_write_tokens + answer.cache_write_1h_tokens,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": answer.all_reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def write_chat(request: ReceivedRequest, _order: Order, answer: Answer) -> Json:
    message: Json = {"role": "assistant", "content": None if answer.tool else answer.text, "refusal": None}
    if answer.tool:
        message["tool_calls"] = [_tool_call(answer, answer.text)]
    choices = [
        {"index": index, "message": message, "logprobs": None, "finish_reason": _finish_reason(answer)}
        for index in range(answer.choices)
    ]
    groq = {"x_groq": {"id": answer.id}} if request.provider == "groq" else {}
    return _envelope(answer, "chat.completion") | {"choices": choices} | answer.report(chat_usage(answer)) | groq


def stream_chat(request: ReceivedRequest, order: Order, answer: Answer) -> Iterator[Event]:
    envelope = _envelope(answer, "chat.completion.chunk")
    is_groq = request.provider == "groq"
    no_usage: Json = {"usage": None} if order.include_usage and not is_groq else {}
    groq_id: Json = {"x_groq": {"id": answer.id}} if is_groq else {}

    def chunk(index: int, delta: Json, reason: str | None = None, tokens: int = 0, **more: Any) -> Event:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}
        return sse(envelope | {"choices": [choice]} | no_usage | more, output_tokens=tokens)

    for index in range(answer.choices):
        yield chunk(index, _opening(answer), tokens=answer.reasoning_tokens, **groq_id)
    for text, tokens in answer.pieces():
        for index in range(answer.choices):
            yield chunk(index, _continuation(answer, text), tokens=tokens)
    for index in range(answer.choices):
        is_last = index == answer.choices - 1
        yield chunk(index, {}, _finish_reason(answer), **(_groq_end(answer) if is_groq and is_last else {}))
    if order.include_usage and not is_groq:
        yield sse(envelope | {"choices": []} | answer.report(chat_usage(answer)))
    yield DONE


def _opening(answer: Answer) -> Json:
    if not answer.tool:
        return {"role": "assistant", "content": "", "refusal": None}
    return {"role": "assistant", "content": None, "tool_calls": [{"index": 0} | _tool_call(answer, "")]}


def _continuation(answer: Answer, text: str) -> Json:
    if not answer.tool:
        return {"content": text}
    return {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}


def _groq_end(answer: Answer) -> Json:
    return answer.report(chat_usage(answer)) | {"x_groq": {"id": answer.id} | answer.report(chat_usage(answer))}


def _envelope(answer: Answer, kind: str) -> Json:
    tier = {"service_tier": answer.service_tier} if answer.service_tier else {}
    head = {"id": answer.id, "object": kind, "created": answer.created, "model": answer.model}
    return head | {"system_fingerprint": "fp_loopback"} | tier


def _tool_call(answer: Answer, arguments: str) -> Json:
    return {"id": f"call_{answer.id}", "type": "function", "function": {"name": answer.tool, "arguments": arguments}}


def _tool_name(tool: Json) -> str | None:
    name = as_mapping(tool.get("function")).get("name") or tool.get("name")
    return name if isinstance(name, str) else None


def _finish_reason(answer: Answer) -> str:
    return answer.finish_reason or ("length" if answer.is_cut else "tool_calls" if answer.tool else "stop")


_OUTAGE = {"message": "The server had an error while processing your request.", "type": "server_error"}

CHAT = Endpoint(
    read=read_chat,
    whole=write_chat,
    stream=stream_chat,
    stream_error=sse({"error": _OUTAGE | {"param": None, "code": None}}),
    id_prefix="chatcmpl-",
)
GROQ_CHAT = Endpoint(
    read=read_chat,
    whole=write_chat,
    stream=stream_chat,
    stream_error=sse({"error": _OUTAGE}, name="error"),
    id_prefix="chatcmpl-",
)
