"""OpenAI's other endpoints: embeddings, legacy completions, models, moderations.

https://platform.openai.com/docs/api-reference
"""

from __future__ import annotations

import base64
from array import array
from collections.abc import Iterator

from llm_token_budget.testing.answer import Answer, Order
from llm_token_budget.testing.chat_wire import chat_usage
from llm_token_budget.testing.counting import count_plain
from llm_token_budget.testing.endpoint import Endpoint, reads_nothing
from llm_token_budget.testing.events import DONE, Event, sse
from llm_token_budget.testing.fields import BadRequest, as_list, as_mapping, model_of, whole_number
from llm_token_budget.testing.prices import PRICES
from llm_token_budget.testing.received import Json, ReceivedRequest

# Nobody measures similarity here: vectors are short unless the request asks for a size.
_DIMENSIONS = 8
# What `/completions` uses where a request sets no maximum.
_COMPLETION_MAXIMUM = 16

_CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent"),
    *("self-harm", "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors"),
    *("violence", "violence/graphic"),
)


def read_embeddings(request: ReceivedRequest) -> Order:
    asked = request.body.get("input")
    if not asked:
        raise BadRequest("'$.input' is invalid.", "input")
    return Order(model=model_of(request.body, request.model), input_tokens=count_plain(asked), generates=False)


def vector(size: int) -> list[float]:
    """A vector of length 1."""
    return [size**-0.5] * size


def how_many(asked: object) -> int:
    """How many inputs an embedding request has: a text or a list of token numbers is one."""
    several = as_list(asked)
    return len(several) if several and not isinstance(several[0], int) else 1


def write_embeddings(request: ReceivedRequest, _order: Order, answer: Answer) -> Json:
    numbers = vector(whole_number(request.body, "dimensions") or _DIMENSIONS)
    as_base64 = request.body.get("encoding_format") == "base64"
    shown = base64.b64encode(array("f", numbers).tobytes()).decode() if as_base64 else numbers
    data = [
        {"object": "embedding", "index": index, "embedding": shown}
        for index in range(how_many(request.body.get("input")))
    ]
    usage = {"prompt_tokens": answer.input_tokens, "total_tokens": answer.input_tokens}
    return {"object": "list", "data": data, "model": answer.model} | answer.report(usage)


def read_completion(request: ReceivedRequest) -> Order:
    body = request.body
    return Order(
        model=model_of(body, request.model),
        input_tokens=count_plain(body.get("prompt", "")),
        maximum=whole_number(body, "max_tokens", at_least=0) if "max_tokens" in body else _COMPLETION_MAXIMUM,
        choices=(whole_number(body, "n") or 1) * how_many(body.get("prompt")),
        stream=body.get("stream") is True,
        include_usage=as_mapping(body.get("stream_options")).get("include_usage") is True,
    )


def write_completion(_request: ReceivedRequest, _order: Order, answer: Answer) -> Json:
    choices = [_choice(index, answer.text, _reason(answer)) for index in range(answer.choices)]
    return _envelope(answer) | {"choices": choices} | answer.report(chat_usage(answer))


def stream_completion(_request: ReceivedRequest, order: Order, answer: Answer) -> Iterator[Event]:
    envelope = _envelope(answer) | ({"usage": None} if order.include_usage else {})
    for text, tokens in answer.pieces():
        for index in range(answer.choices):
            yield sse(envelope | {"choices": [_choice(index, text, None)]}, output_tokens=tokens)
    for index in range(answer.choices):
        tokens = answer.reasoning_tokens
        yield sse(envelope | {"choices": [_choice(index, "", _reason(answer))]}, output_tokens=tokens)
    if order.include_usage:
        yield sse(envelope | {"choices": []} | answer.report(chat_usage(answer)))
    yield DONE


def _envelope(answer: Answer) -> Json:
    return {"id": answer.id, "object": "text_completion", "created": answer.created, "model": answer.model}


def _choice(index: int, text: str, reason: str | None) -> Json:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": reason}


def _reason(answer: Answer) -> str:
    return answer.finish_reason or ("length" if answer.is_cut else "stop")


def _models(request: ReceivedRequest, _order: Order, answer: Answer) -> Json:
    return {"object": "list", "data": [_model(name, answer) for name in PRICES[request.provider]]}


def _one_model(request: ReceivedRequest, _order: Order, answer: Answer) -> Json:
    return _model(request.path.partition("/models/")[2], answer)


def _model(name: str, answer: Answer) -> Json:
    return {"id": name, "object": "model", "created": answer.created, "owned_by": "loopback"}


def _moderation(request: ReceivedRequest, _order: Order, answer: Answer) -> Json:
    verdict = {
        "flagged": False,
        "categories": dict.fromkeys(_CATEGORIES, False),
        "category_scores": dict.fromkeys(_CATEGORIES, 0.0),
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }
    results = [verdict] * how_many(request.body.get("input"))
    return {"id": answer.id, "model": answer.model or "omni-moderation-latest", "results": results}


EMBEDDINGS = Endpoint(read=read_embeddings, whole=write_embeddings, id_prefix="embd-")
COMPLETIONS = Endpoint(
    read=read_completion,
    whole=write_completion,
    stream=stream_completion,
    stream_error=sse({"error": {"message": "The server had an error.", "type": "server_error"}}),
    id_prefix="cmpl-",
)
MODELS = Endpoint(read=reads_nothing, whole=_models, is_paid=False)
MODEL = Endpoint(read=reads_nothing, whole=_one_model, is_paid=False)
MODERATIONS = Endpoint(read=reads_nothing, whole=_moderation, is_paid=False, id_prefix="modr-")
