"""What an answer says of its bill, in every shape that providers have: one reader for clients, streams and `price_response`.

Each function takes an answer's JSON object (of a stream: the object that has the usage) and gives a `Reading`. Fields that
nobody knows are passed over; what is missing, null or absurd is read so that the bill is never too low.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llm_token_budget.providers.content import items_of
from llm_token_budget.providers.counts import counted, money, part
from llm_token_budget.providers.dialect import NO_PARTS, Body, Reading, is_object, mapping, text_or_none
from llm_token_budget.providers.message_reading import read_converse, read_message
from llm_token_budget.providers.tool_reading import groq_parts, ran_tools, with_tools
from llm_token_budget.providers.usage_parts import Parts, details_of, image_parts, openai_parts, present, totals
from llm_token_budget.usage import Terms

__all__ = [
    "chat_usage",
    "read_chat",
    "read_converse",
    "read_embedding",
    "read_groq",
    "read_image",
    "read_message",
    "read_ollama",
    "read_ollama_embedding",
    "read_response",
    "read_speech",
    "reader_of",
    "with_executed_tools",
]


def chat_usage(body: Body) -> Body:
    """Where a chat completion, or a chunk of one, has its usage: at the top, or in Groq's own corner."""
    usage = body.get("usage")
    if usage and is_object(usage):
        return usage
    return mapping(mapping(body.get("x_groq")).get("usage"))


def read_chat(body: Body) -> Reading:
    """OpenAI's chat and other completions, Groq's, and those of whoever speaks their language."""
    usage = chat_usage(body)
    total, written = counted(usage, "prompt_tokens"), counted(usage, "completion_tokens")
    both = None
    if usage and (written is None or total is None):
        total, written, both = _from_sum(usage, total, written)
    parts = openai_parts(usage, "prompt_tokens_details", "completion_tokens_details", total)
    if parts:
        written = _with_reasoning(usage, total, written, parts)
    elif usage.get("prompt_cache_hit_tokens"):
        parts = present({"cache_read_tokens": part(usage, "prompt_cache_hit_tokens")}) or NO_PARTS
    x_groq = body.get("x_groq")
    if x_groq is not None or body.get("usage_breakdown") is not None:
        parts = groq_parts(body, mapping(x_groq), parts)
        if iterations := parts.get("iterations"):
            total, written = totals(iterations)
    if usage.get("cost") is not None:
        parts = {**parts, "terms": Terms(reported_cost=_reported(usage))}
    model = text_or_none(body.get("model"))
    if model is not None and "gemini" in model and written is not None:
        # Google's answers in this language leave what was thought out of the output, and count it in the sum alone.
        written = max(written, _rest(usage, total) or 0)
    return Reading(total, written, parts, model, text_or_none(body.get("service_tier")), "", both)


def read_groq(body: Body) -> Reading:
    """Groq's chat completions: what tools were run is in the message, whatever else the answer says."""
    return with_executed_tools(body, read_chat(body))


def with_executed_tools(body: Body, reading: Reading) -> Reading:
    """The reading of a chat completion of Groq's, with the tools that were run for it."""
    if body.get("x_groq") is not None or body.get("usage_breakdown") is not None:
        return reading  # Then they were read.
    return reading._replace(parts=groq_parts(body, NO_PARTS, reading.parts))


def read_response(body: Body) -> Reading:
    """OpenAI's responses."""
    usage = mapping(body.get("usage"))
    total, written = counted(usage, "input_tokens"), counted(usage, "output_tokens")
    both = None
    if usage and (written is None or total is None):
        total, written, both = _from_sum(usage, total, written)
    parts = openai_parts(usage, "input_tokens_details", "output_tokens_details", total)
    if body.get("tool_usage") is not None or ran_tools(body.get("output")):
        parts = with_tools(body, parts)
        if iterations := parts.get("iterations"):
            total, written = totals(iterations)
    if usage.get("cost") is not None:
        parts = {**parts, "terms": Terms(reported_cost=_reported(usage))}
    model, tier = text_or_none(body.get("model")), text_or_none(body.get("service_tier"))
    return Reading(total, written, parts, model, tier, "", both)


def read_embedding(body: Body) -> Reading:
    """OpenAI's embeddings, and Groq's: no output."""
    usage = mapping(body.get("usage"))
    total = counted(usage, "prompt_tokens")
    if total is None:
        total = counted(usage, "total_tokens")
    return Reading(total, 0, NO_PARTS, text_or_none(body.get("model")), None)


def read_image(body: Body) -> Reading:
    """OpenAI's images. What isn't told apart is taken for images, which cost more than text."""
    usage = mapping(body.get("usage"))
    total, drawn = counted(usage, "input_tokens"), counted(usage, "output_tokens")
    parts = image_parts(usage, total, drawn)
    return Reading(total, drawn, parts, text_or_none(body.get("model")), None)


def read_speech(body: Body) -> Reading | None:
    """OpenAI's transcripts, of models that bill tokens; None for those that bill by the minute."""
    usage = mapping(body.get("usage"))
    if usage.get("type") == "duration":
        return None
    total, written = counted(usage, "input_tokens"), counted(usage, "output_tokens")
    details = details_of(usage, "input_token_details", "input_tokens_details")
    heard = part(details, "audio_tokens")
    if total and not heard and not part(details, "text_tokens"):
        heard = total
    return Reading(
        total, written, {"audio_input_tokens": heard} if heard else NO_PARTS, text_or_none(body.get("model"))
    )


def read_ollama(body: Body) -> Reading:
    """Ollama's chat and generate."""
    return Reading(
        # Absent, on older servers, when the prompt was cached: that is not 0.
        counted(body, "prompt_eval_count"),
        counted(body, "eval_count"),
        NO_PARTS,
        text_or_none(body.get("model")),
    )


def read_ollama_embedding(body: Body) -> Reading:
    """Ollama's embeddings: no output."""
    return Reading(counted(body, "prompt_eval_count"), 0, NO_PARTS, text_or_none(body.get("model")))


def _with_reasoning(usage: Body, total: int | None, written: int | None, parts: Parts) -> int | None:
    """All output. Some count reasoning beside what they wrote: then it is what the sum has too much."""
    thought = parts.get("reasoning_tokens")
    if thought and total is not None and written is not None:
        both = counted(usage, "total_tokens")
        return written + thought if both == total + written + thought else written
    return written


def _reported(usage: Body) -> Any:
    """What a gateway charges; with a key of one's own, what the provider charges comes on top."""
    cost = money(usage.get("cost"))
    upstream = money(mapping(usage.get("cost_details")).get("upstream_inference_cost"))
    return cost + upstream if cost is not None and upstream and usage.get("is_byok") is True else cost


def _from_sum(usage: Body, total: int | None, written: int | None) -> tuple[int | None, int | None, int | None]:
    """(input, output, both) where one is missing: what the sum says of it, or the sum alone."""
    both = counted(usage, "total_tokens")
    if both is None:
        return total, written, None
    if total is None and written is None:
        return None, None, both
    if written is None:
        return total, _rest(usage, total), None
    return both - written if both >= written else None, written, None


def _rest(usage: Body, total: int | None) -> int | None:
    """The output, where only both together are told."""
    both = counted(usage, "total_tokens")
    return both - total if both is not None and total is not None and both >= total else None


Reader = Callable[[Body], Reading | None]


def reader_of(provider: str, body: Body) -> Reader:
    """The reader of an answer, by its shape: gateways speak more than one language."""
    usage = mapping(body.get("usage"))
    if "prompt_eval_count" in body or "eval_count" in body:
        return read_ollama_embedding if "embeddings" in body else read_ollama
    if "inputTokens" in usage:
        return read_converse
    if "input_tokens" not in usage:
        return read_embedding if _is_embedding(body) else read_groq if provider == "groq" else read_chat
    if _is_message(provider, body, usage):
        return lambda answer: read_message(mapping(answer.get("usage")), answer.get("model"))
    if _is_image(body):
        return read_image
    return read_speech if usage.get("type") == "tokens" or _is_transcript(body) else read_response


def _is_embedding(body: Body) -> bool:
    data = items_of(body.get("data"))
    return "completion_tokens" not in mapping(body.get("usage")) and (
        body.get("object") == "list" or any("embedding" in mapping(each) for each in data[:1])
    )


_MESSAGE_FIELDS: Final = frozenset(
    {
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "cache_creation",
        "server_tool_use",
        "inference_geo",
        "iterations",
    }
)


def _is_message(provider: str, body: Body, usage: Body) -> bool:
    if body.get("type") == "message" or not _MESSAGE_FIELDS.isdisjoint(usage):
        return True
    if "input_tokens_details" in usage or body.get("object") == "response":
        return False
    return provider == "anthropic" or "claude" in str(body.get("model"))


def _is_image(body: Body) -> bool:
    if str(body.get("type")).startswith(("image_generation.", "image_edit.")):
        return True
    return "data" in body and "created" in body and "output" not in body


def _is_transcript(body: Body) -> bool:
    return body.get("type") == "transcript.text.done" or ("text" in body and "output" not in body and "id" not in body)
