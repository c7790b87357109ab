"""From what a request asks for and what was ordered to what is answered: the one place where lengths are decided."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, Literal

from llm_token_budget.testing.fields import as_mapping
from llm_token_budget.testing.reply import Reply

_DEFAULT_LENGTH = 16
_WORD = re.compile(r"\s*\S+(?:\s+\Z)?")
# Each of them, with a space before it, is one token of o200k_base and cl100k_base.
_VOCABULARY = (
    *("the", "water", "house", "is", "over", "there", "and", "you", "can", "see", "it", "from", "here", "when"),
    *("light", "falls", "on", "the", "old", "tree", "by", "the", "land", "where", "my", "father", "lives"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a request asks for, whatever its wire format."""

    model: str
    input_tokens: int = 0
    maximum: int | None = None
    """The most output tokens, per choice."""
    choices: int = 1
    stream: bool = False
    include_usage: bool = False
    """Whether a stream was asked to report usage."""
    json: bool = False
    """Whether the answer is to be JSON."""
    tool: str | None = None
    """A tool that the answer is forced to call."""
    shows_reasoning: bool = False
    service_tier: str | None = None
    generates: bool = True
    """False for embeddings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered, and billed."""

    id: str
    created: int
    model: str
    input_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    cache_write_1h_tokens: int
    reasoning_tokens: int
    """Per choice."""
    words: tuple[str, ...]
    """The visible output of each choice; one token each."""
    choices: int
    is_cut: bool
    """Whether the request's maximum ended it."""
    tool: str | None
    service_tier: str | None
    finish_reason: str | None
    usage: Literal["absent", "null"] | Mapping[str, Any] | None
    chunk_tokens: int

    @property
    def text(self) -> str:
        return "".join(self.words)

    @property
    def tokens_per_choice(self) -> int:
        return self.reasoning_tokens + len(self.words)

    @property
    def output_tokens(self) -> int:
        """Of all choices, reasoning included."""
        return self.choices * self.tokens_per_choice

    @property
    def all_reasoning_tokens(self) -> int:
        return self.choices * self.reasoning_tokens

    @property
    def plain_input_tokens(self) -> int:
        """The input that neither came from the cache nor went there."""
        return self.input_tokens - self.cached_tokens - self.cache_write_tokens - self.cache_write_1h_tokens

    def pieces(self) -> Iterator[tuple[str, int]]:
        """The text in the pieces in which it is streamed, and the tokens of each."""
        for start in range(0, len(self.words), self.chunk_tokens):
            words = self.words[start : start + self.chunk_tokens]
            yield "".join(words), len(words)

    def arguments(self) -> dict[str, Any]:
        """The text as the arguments of a tool; none if it isn't a JSON object, as when it was cut."""
        try:
            arguments = json.loads(self.text)
        except ValueError:
            return {}
        return as_mapping(arguments)

    def report(self, usage: dict[str, Any], name: str = "usage") -> dict[str, Any]:
        """The usage as a field of the answer, as it was ordered: true, absent, null or made up."""
        if self.usage == "absent":
            return {}
        return {name: usage if self.usage is None else None if self.usage == "null" else dict(self.usage)}


def answer(order: Order, reply: Reply, *, id: str) -> Answer:  # noqa: A002 - what every wire format calls it
    """Decide what is answered: the order's wishes, within the request's maximum."""
    tool = (reply.tool or order.tool) if order.generates else None
    words = _words(reply, as_json=order.json or tool is not None) if order.generates else ()
    reasoning = reply.reasoning_tokens if order.generates else 0
    room = order.maximum if order.maximum is not None else reasoning + len(words)
    thought = min(reasoning, room)
    said = words[: room - thought]
    return Answer(
        id=id,
        created=int(time.time()),
        model=reply.model or order.model,
        input_tokens=max(
            order.input_tokens if reply.input_tokens is None else reply.input_tokens, reply.special_input_tokens
        ),
        cached_tokens=reply.cached_tokens,
        cache_write_tokens=reply.cache_write_tokens,
        cache_write_1h_tokens=reply.cache_write_1h_tokens,
        reasoning_tokens=thought,
        words=said,
        choices=order.choices,
        is_cut=thought < reasoning or len(said) < len(words),
        tool=tool,
        service_tier=reply.service_tier or order.service_tier,
        finish_reason=reply.finish_reason,
        usage=reply.usage,
        chunk_tokens=reply.chunk_tokens,
    )


def _words(reply: Reply, *, as_json: bool) -> tuple[str, ...]:
    if reply.text is not None:
        return tuple(_WORD.findall(reply.text)) or ((reply.text,) if reply.text else ())
    length = _DEFAULT_LENGTH if reply.output_tokens is None else reply.output_tokens
    words = [f" {word}" for word in islice(cycle(_VOCABULARY), length)]
    if words:
        words[0] = words[0].strip()
    if words and as_json:
        words[0] = f'{{"text":"{words[0]}'
        words[-1] += '"}'
    return tuple(words)
