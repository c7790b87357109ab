"""How many tokens a request's input has, where the order doesn't say.

The texts are counted with o200k_base, whatever the model, if `toktok` is installed (`llm-token-budget[tokenizers]`);
otherwise four UTF-8 bytes are one token, rounded up per text. Around them stands the framing that OpenAI published
(https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken): 3 per message, and 3 for the reply.
Tools and schemas count as the text of their JSON; images, audio and files count nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from llm_token_budget.testing.fields import as_list, as_mapping

_PER_MESSAGE = 3
_PER_REPLY = 3
_AS_JSON = frozenset({"arguments", "input", "parameters", "input_schema"})
_NOT_TEXT = frozenset(
    {
        *("type", "id", "call_id", "tool_call_id", "tool_use_id", "cache_control", "detail", "status"),
        *(
            "image_url",
            "input_audio",
            "images",
            "source",
            "data",
            "file_data",
            "file",
            "signature",
            "encrypted_content",
        ),
    }
)


def count_texts(texts: Sequence[str]) -> int:
    """Tokens of texts, without any framing."""
    # A lone surrogate can be written in JSON, but not encoded.
    return sum(tokenizer()([text.encode("utf-8", "replace").decode() for text in texts]))


def count_chat(messages: Sequence[Any], *more: Any) -> int:
    """Tokens of messages with their framing, and of whatever else the model reads: instructions, tools, schemas."""
    texts = [text for message in messages for text in texts_within(message)]
    texts += [part if isinstance(part, str) else json_text(part) for part in more if part]
    return count_texts(texts) + _PER_MESSAGE * len(messages) + _PER_REPLY


def count_plain(prompt: Any) -> int:
    """Tokens of an unframed prompt: a text, texts, token numbers, or lists of token numbers."""
    if isinstance(prompt, str):
        return count_texts([prompt])
    if isinstance(prompt, int):
        return 1
    return sum(map(count_plain, as_list(prompt)))


def texts_within(value: Any) -> Iterator[str]:
    """Every text that a model would read in a message."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in as_list(value):
            yield from texts_within(item)
    elif isinstance(value, dict):
        for name, inner in as_mapping(value).items():
            if name in _AS_JSON and not isinstance(inner, str):
                yield json_text(inner)
            elif name not in _NOT_TEXT:
                yield from texts_within(inner)


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def tokenizer() -> Callable[[list[str]], list[int]]:
    """The tokenizer, loaded at its first use (0.5 s for the vocabulary)."""
    try:
        batch_count: Callable[..., list[int]] = import_module("toktok").batch_count
    except ImportError:
        return lambda texts: [-(-len(text.encode()) // 4) for text in texts]
    batch_count(["load the vocabulary"], "o200k_base")
    return lambda texts: batch_count(texts, "o200k_base", 1)
