"""Ollama's own API.

https://docs.ollama.com/api
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from llm_token_budget.testing.answer import Answer, Order
from llm_token_budget.testing.counting import count_chat, count_plain, count_texts
from llm_token_budget.testing.endpoint import Endpoint, reads_nothing
from llm_token_budget.testing.events import NDJSON, Event, ndjson
from llm_token_budget.testing.fields import as_list, as_mapping, model_of
from llm_token_budget.testing.openai_wire import how_many, vector
from llm_token_budget.testing.received import Json, ReceivedRequest

_THOUGHT = "Let me think about this."
_NANOSECONDS_PER_TOKEN = 1_000_000
_DIMENSIONS = 8


def read_ollama_chat(request: ReceivedRequest) -> Order:
    body = request.body
    return _read(request, count_chat(as_list(body.get("messages")), body.get("tools")))


def read_generate(request: ReceivedRequest) -> Order:
    body = request.body
    texts = [text for text in (body.get("system"), body.get("prompt"), body.get("suffix")) if isinstance(text, str)]
    return _read(request, count_texts(texts))


def _read(request: ReceivedRequest, input_tokens: int) -> Order:
    body = request.body
    # Ollama streams unless told not to, and takes a maximum of 0 or less for none at all.
    maximum = as_mapping(body.get("options")).get("num_predict")
    return Order(
        model=model_of(body),
        input_tokens=input_tokens,
        maximum=maximum if isinstance(maximum, int) and maximum > 0 else None,
        stream=body.get("stream") is not False,
        json=bool(body.get("format")),
        shows_reasoning=bool(body.get("think")),
    )


def write_ollama_chat(_request: ReceivedRequest, order: Order, answer: Answer) -> Json:
    message: Json = {"role": "assistant", "content": "" if answer.tool else answer.text}
    return _head(answer) | {"message": message | _thinking(order, answer) | _tool_calls(answer)} | _ending(answer)


def write_generate(_request: ReceivedRequest, order: Order, answer: Answer) -> Json:
    said: Json = {"response": answer.text, "context": []}
    return _head(answer) | said | _thinking(order, answer) | _ending(answer)


def stream_ollama_chat(_request: ReceivedRequest, order: Order, answer: Answer) -> Iterator[Event]:
    def piece(**fields: object) -> Json:
        return {"message": {"role": "assistant", "content": ""} | fields}

    if answer.tool:
        called = piece(**_tool_calls(answer)) if answer.words else piece()
        yield ndjson(_head(answer) | called | {"done": False}, output_tokens=answer.tokens_per_choice)
        yield ndjson(_head(answer) | piece() | _ending(answer))
    else:
        yield from _stream(order, answer, lambda text: piece(content=text), piece(**_thinking(order, answer)))


def stream_generate(_request: ReceivedRequest, order: Order, answer: Answer) -> Iterator[Event]:
    thinking = {"response": ""} | _thinking(order, answer)
    yield from _stream(order, answer, lambda text: {"response": text}, thinking)


def _stream(order: Order, answer: Answer, piece: Callable[[str], Json], thinking: Json) -> Iterator[Event]:
    hidden = answer.reasoning_tokens
    if hidden and order.shows_reasoning:
        yield ndjson(_head(answer) | thinking | {"done": False}, output_tokens=hidden)
        hidden = 0
    for text, tokens in answer.pieces():
        yield ndjson(_head(answer) | piece(text) | {"done": False}, output_tokens=tokens + hidden)
        hidden = 0
    yield ndjson(_head(answer) | piece("") | _ending(answer), output_tokens=hidden)


def _head(answer: Answer) -> Json:
    return {"model": answer.model, "created_at": datetime.fromtimestamp(answer.created, UTC).isoformat()}


def _thinking(order: Order, answer: Answer) -> Json:
    return {"thinking": _THOUGHT} if order.shows_reasoning and answer.reasoning_tokens else {}


def _tool_calls(answer: Answer) -> Json:
    if not answer.tool:
        return {}
    return {"tool_calls": [{"function": {"name": answer.tool, "arguments": answer.arguments()}}]}


def _ending(answer: Answer) -> Json:
    durations = {
        "total_duration": (answer.input_tokens + answer.output_tokens) * _NANOSECONDS_PER_TOKEN,
        "load_duration": 0,
        "prompt_eval_duration": answer.input_tokens * _NANOSECONDS_PER_TOKEN,
        "eval_duration": answer.output_tokens * _NANOSECONDS_PER_TOKEN,
    }
    reason = answer.finish_reason or ("length" if answer.is_cut else "stop")
    counts = {"prompt_eval_count": answer.input_tokens, "eval_count": answer.output_tokens}
    return {"done": True, "done_reason": reason} | durations | _report(answer, counts)


def _report(answer: Answer, counts: Json) -> Json:
    """The counts stand in the answer itself, so an ordered usage stands there too."""
    if answer.usage is None:
        return counts
    if isinstance(answer.usage, str):
        return {} if answer.usage == "absent" else dict.fromkeys(counts)
    return dict(answer.usage)


def _read_embed(request: ReceivedRequest) -> Order:
    asked = request.body.get("input", request.body.get("prompt", ""))
    return Order(model=model_of(request.body), input_tokens=count_plain(asked), generates=False)


def _write_embed(request: ReceivedRequest, _order: Order, answer: Answer) -> Json:
    vectors = [vector(_DIMENSIONS)] * how_many(request.body.get("input"))
    durations = {"total_duration": answer.input_tokens * _NANOSECONDS_PER_TOKEN, "load_duration": 0}
    counts = _report(answer, {"prompt_eval_count": answer.input_tokens})
    return {"model": answer.model, "embeddings": vectors} | durations | counts


def _write_embedding(_request: ReceivedRequest, _order: Order, _answer: Answer) -> Json:
    return {"embedding": vector(_DIMENSIONS)}


def _tags(_request: ReceivedRequest, _order: Order, _answer: Answer) -> Json:
    return {"models": [{"name": "llama3.3:latest", "model": "llama3.3:latest", "size": 0, "digest": "loopback"}]}


def _version(_request: ReceivedRequest, _order: Order, _answer: Answer) -> Json:
    return {"version": "0.0.0-loopback"}


_OUTAGE = ndjson({"error": "an error was encountered while running the model"})

OLLAMA_CHAT = Endpoint(
    read=read_ollama_chat,
    whole=write_ollama_chat,
    stream=stream_ollama_chat,
    stream_error=_OUTAGE,
    content_type=NDJSON,
)
GENERATE = Endpoint(
    read=read_generate, whole=write_generate, stream=stream_generate, stream_error=_OUTAGE, content_type=NDJSON
)
EMBED = Endpoint(read=_read_embed, whole=_write_embed)
OLD_EMBEDDINGS = Endpoint(read=_read_embed, whole=_write_embedding)
TAGS = Endpoint(read=reads_nothing, whole=_tags, is_paid=False)
VERSION = Endpoint(read=reads_nothing, whole=_version, is_paid=False)
