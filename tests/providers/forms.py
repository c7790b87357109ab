"""The ways to make a billable call with the official clients, as a table.

Each is a coroutine function that takes a client and makes one call, to its end. What it returns are the events, texts or
answers that the user gets to see.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import anthropic
import groq
import openai
import pytest
from anthropic.resources.beta.messages import Messages as BetaMessages
from anthropic.types import Message
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response
from pydantic import BaseModel

from .driving import Entered, every, first, got

MESSAGES: list[Any] = [
    {"role": "system", "content": "You are terse."},
    {"role": "user", "content": "What do you see from the old house over there?"},
]
ASKED: list[Any] = MESSAGES[1:]
MODELS = {
    "openai": "gpt-4o-mini",
    "azure": "gpt-4o-mini",
    "anthropic": "claude-opus-4-8",
    "groq": "llama-3.1-8b-instant",
    "ollama": "llama3.2",
}
CHAT: dict[str, Any] = {"model": MODELS["openai"], "messages": MESSAGES, "max_completion_tokens": 200}
MESSAGE: dict[str, Any] = {"model": MODELS["anthropic"], "messages": ASKED, "system": "Be terse.", "max_tokens": 200}
GROQ: dict[str, Any] = {"model": MODELS["groq"], "messages": MESSAGES, "max_completion_tokens": 200}
OLLAMA: dict[str, Any] = {"model": MODELS["ollama"], "messages": MESSAGES, "options": {"num_predict": 200}}
RESPONSE: dict[str, Any] = {"model": MODELS["openai"], "input": MESSAGES[1]["content"], "max_output_tokens": 200}
COMPLETION: dict[str, Any] = {"model": "gpt-3.5-turbo-instruct", "prompt": "The old house", "max_tokens": 200}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}},
}


class Said(BaseModel):
    """What structured forms ask for."""

    text: str


def look(text: str) -> str:
    """Look at something.

    Args:
        text: what.
    """
    return text


async def look_later(text: str) -> str:
    """Look at something.

    Args:
        text: what.
    """
    return text


@dataclass(frozen=True)
class Form:
    """One way to make a call."""

    vendor: str
    name: str
    run: Callable[[Any], Coroutine[Any, Any, Any]]
    reports_usage: bool = True

    @property
    def id(self) -> str:
        return f"{self.vendor}-{self.name}"


FORMS: list[Form] = []


def form(*vendors: str, when: bool = True, reports_usage: bool = True) -> Callable[[Any], Any]:
    """Put a coroutine function into the table, unless the installed SDK lacks what it uses."""

    def enter(function: Any) -> Any:
        if when:
            FORMS.extend(Form(vendor, function.__name__, function, reports_usage) for vendor in vendors)
        return function

    return enter


def forms(*names: str) -> pytest.MarkDecorator:
    """All forms, or those whose id starts with one of the names, as a parameter `form`."""
    chosen = [each for each in FORMS if not names or each.id.startswith(names)]
    return pytest.mark.parametrize("form", chosen, ids=[each.id for each in chosen])


def takes(function: Any, name: str) -> bool:
    """Whether the installed SDK knows an argument."""
    return name in inspect.signature(function).parameters


# OpenAI: chat completions


@form("openai", "azure")
async def chat(client: Any) -> Any:
    return [await got(client.chat.completions.create(**CHAT))]


@form("openai", "azure")
async def chat_streamed(client: Any) -> Any:
    return await every(await got(client.chat.completions.create(**CHAT, stream=True)))


@form("openai")
async def chat_two_choices(client: Any) -> Any:
    return [await got(client.chat.completions.create(**CHAT, n=2))]


@form("openai")
async def chat_two_choices_streamed(client: Any) -> Any:
    return await every(await got(client.chat.completions.create(**CHAT, n=2, stream=True)))


@form("openai")
async def chat_forced_tool(client: Any) -> Any:
    return [await got(client.chat.completions.create(**CHAT, tools=[TOOL], tool_choice="required"))]


@form("openai", "azure")
async def chat_parse(client: Any) -> Any:
    return [await got(client.chat.completions.parse(**CHAT, response_format=Said))]


@form("openai", "azure")
async def chat_stream_helper(client: Any) -> Any:
    async with Entered(client.chat.completions.stream(**CHAT)) as stream:
        events = await every(stream)
        final = await got(stream.get_final_completion())
    assert final.choices[0].message.content
    return [event.chunk for event in events if event.type == "chunk"]


@form("openai", when=hasattr(openai.resources.beta.Beta, "chat"))
async def beta_chat_parse(client: Any) -> Any:
    return [await got(client.beta.chat.completions.parse(**CHAT, response_format=Said))]


@form("openai", "azure")
async def chat_raw(client: Any) -> Any:
    raw = await got(client.chat.completions.with_raw_response.create(**CHAT))
    return [await got(raw.parse())]


@form("openai", "azure")
async def chat_raw_streamed(client: Any) -> Any:
    raw = await got(client.chat.completions.with_raw_response.create(**CHAT, stream=True))
    return await every(await got(raw.parse()))


@form("openai")
async def chat_streaming_response_read(client: Any) -> Any:
    async with Entered(client.chat.completions.with_streaming_response.create(**CHAT)) as response:
        return [ChatCompletion.model_validate_json(await got(response.read()))]


@form("openai")
async def chat_streaming_response_json(client: Any) -> Any:
    async with Entered(client.chat.completions.with_streaming_response.create(**CHAT)) as response:
        return [ChatCompletion.model_validate(await got(response.json()))]


@form("openai", "azure")
async def chat_streaming_response_parsed(client: Any) -> Any:
    async with Entered(client.chat.completions.with_streaming_response.create(**CHAT)) as response:
        return [await got(response.parse())]


@form("openai")
async def chat_streaming_response_lines(client: Any) -> Any:
    async with Entered(client.chat.completions.with_streaming_response.create(**CHAT, stream=True)) as response:
        return chunks_of(await every(response.iter_lines()))


@form("openai")
async def chat_streaming_response_bytes(client: Any) -> Any:
    async with Entered(client.chat.completions.with_streaming_response.create(**CHAT, stream=True)) as response:
        text = b"".join(await every(response.iter_bytes(chunk_size=7))).decode()
        return chunks_of(text.split("\n"))


@form("openai")
async def chat_streaming_response_stream(client: Any) -> Any:
    async with Entered(client.chat.completions.with_streaming_response.create(**CHAT, stream=True)) as response:
        return await every(await got(response.parse()))


@form("openai", "azure")
async def chat_with_options(client: Any) -> Any:
    return [await got(client.with_options(timeout=9, max_retries=0).chat.completions.create(**CHAT))]


@form("openai", "azure")
async def chat_copy_streamed(client: Any) -> Any:
    return await every(await got(client.copy().chat.completions.create(**CHAT, stream=True)))


@form("openai")
async def chat_with_options_raw(client: Any) -> Any:
    completions = client.with_options(default_headers={"x-mine": "1"}).chat.completions
    return [await got((await got(completions.with_raw_response.create(**CHAT))).parse())]


@form("openai", "groq")
async def chat_extra_body(client: Any) -> Any:
    more = {"max_completion_tokens": 50, "n": 3, "model": MODELS["openai"] + "-2024-07-18"}
    if isinstance(client, groq.Groq | groq.AsyncGroq):
        more["model"] = "llama-3.3-70b-versatile"
    return [await got(client.chat.completions.create(**CHAT, extra_body=more))]


@form("openai")
async def chat_extra_body_streamed(client: Any) -> Any:
    more = {"stream_options": {"include_obfuscation": False}, "user": "somebody"}
    return await every(await got(client.chat.completions.create(**CHAT, stream=True, extra_body=more)))


@form("openai")
async def chat_posted(client: Any) -> Any:
    return [await got(client.post("/chat/completions", body=dict(CHAT), cast_to=ChatCompletion))]


@form("openai", when=takes(openai.OpenAI.post, "content"))
async def chat_posted_bytes(client: Any) -> Any:
    options = {"headers": {"content-type": "application/json"}}
    answer = client.post(
        "/chat/completions", content=json.dumps(CHAT).encode(), cast_to=ChatCompletion, options=options
    )
    return [await got(answer)]


@form("openai")
async def chat_posted_streamed(client: Any) -> Any:
    kind = openai.AsyncStream if isinstance(client, openai.AsyncOpenAI) else openai.Stream
    stream = client.post(
        "/chat/completions",
        body={**CHAT, "stream": True},
        cast_to=ChatCompletion,
        stream=True,
        stream_cls=kind[ChatCompletionChunk],
    )
    return await every(await got(stream))


# OpenAI: the rest


@form("openai")
async def completion(client: Any) -> Any:
    return [await got(client.completions.create(**COMPLETION))]


@form("openai")
async def completion_several(client: Any) -> Any:
    return [await got(client.completions.create(**COMPLETION | {"prompt": ["One", "Two", "Three"], "n": 2}))]


@form("openai")
async def completion_streamed(client: Any) -> Any:
    return await every(await got(client.completions.create(**COMPLETION, stream=True)))


@form("openai", "azure")
async def response(client: Any) -> Any:
    return [await got(client.responses.create(**RESPONSE))]


@form("openai")
async def response_streamed(client: Any) -> Any:
    return await every(await got(client.responses.create(**RESPONSE, stream=True)))


@form("openai")
async def response_parse(client: Any) -> Any:
    return [await got(client.responses.parse(**RESPONSE, text_format=Said))]


@form("openai")
async def response_stream_helper(client: Any) -> Any:
    async with Entered(client.responses.stream(**RESPONSE)) as stream:
        events = await every(stream)
        await got(stream.get_final_response())
    return events


@form("openai")
async def response_raw(client: Any) -> Any:
    return [await got((await got(client.responses.with_raw_response.create(**RESPONSE))).parse())]


@form("openai")
async def response_streaming_response(client: Any) -> Any:
    async with Entered(client.responses.with_streaming_response.create(**RESPONSE, stream=True)) as response:
        return await every(await got(response.parse()))


@form("openai")
async def response_posted(client: Any) -> Any:
    return [await got(client.post("/responses", body=dict(RESPONSE), cast_to=Response))]


@form("openai", "azure")
async def embedding(client: Any) -> Any:
    return [await got(client.embeddings.create(model="text-embedding-3-small", input=["The old house", "by the land"]))]


@form("openai")
async def embedding_raw(client: Any) -> Any:
    made = client.embeddings.with_raw_response.create(model="text-embedding-3-small", input=[[1, 2, 3], [4]])
    return [await got((await got(made)).parse())]


@form("openai")
async def embedding_posted(client: Any) -> Any:
    body = {"model": "text-embedding-3-small", "input": "The old house"}
    return [await got(client.post("/embeddings", body=body, cast_to=CreateEmbeddingResponse))]


# Anthropic


@form("anthropic")
async def message(client: Any) -> Any:
    return [await got(client.messages.create(**MESSAGE))]


@form("anthropic")
async def message_from_iterators(client: Any) -> Any:
    blocks = ({"type": "text", "text": text} for text in ("What do you see", "from the old house?"))
    messages: Any = (each for each in [{"role": "user", "content": blocks}])
    return [await got(client.messages.create(**MESSAGE | {"messages": messages}))]


@form("anthropic")
async def message_streamed(client: Any) -> Any:
    return await every(await got(client.messages.create(**MESSAGE, stream=True)))


@form("anthropic")
async def message_stream_helper(client: Any) -> Any:
    async with Entered(client.messages.stream(**MESSAGE)) as stream:
        texts = await every(stream.text_stream)
        await got(stream.get_final_message())
    return texts


@form("anthropic")
async def message_until_done(client: Any) -> Any:
    async with Entered(client.messages.stream(**MESSAGE)) as stream:
        await got(stream.until_done())
        return [await got(stream.get_final_message())]


@form("anthropic")
async def message_beta(client: Any) -> Any:
    return [await got(client.beta.messages.create(**MESSAGE, betas=["files-api-2025-04-14"]))]


@form("anthropic")
async def message_beta_streamed(client: Any) -> Any:
    return await every(await got(client.beta.messages.create(**MESSAGE, stream=True)))


@form("anthropic")
async def message_beta_stream_helper(client: Any) -> Any:
    async with Entered(client.beta.messages.stream(**MESSAGE)) as stream:
        return await every(stream)


@form("anthropic", when=hasattr(anthropic, "beta_tool") and hasattr(BetaMessages, "tool_runner"))
async def message_tool_runner(client: Any) -> Any:
    is_async = isinstance(client, anthropic.AsyncAnthropic)
    tool = anthropic.beta_async_tool(look_later) if is_async else anthropic.beta_tool(look)
    return await every(client.beta.messages.tool_runner(**MESSAGE, tools=[tool]))


@form("anthropic", when=hasattr(anthropic, "beta_tool") and hasattr(BetaMessages, "tool_runner"))
async def message_tool_runner_streamed(client: Any) -> Any:
    is_async = isinstance(client, anthropic.AsyncAnthropic)
    tool = anthropic.beta_async_tool(look_later) if is_async else anthropic.beta_tool(look)
    streams = client.beta.messages.tool_runner(**MESSAGE, tools=[tool], stream=True)
    if is_async:
        return [event async for stream in streams async for event in stream]
    return [event for stream in streams for event in stream]


@form("anthropic", when=hasattr(anthropic.resources.Messages, "parse"))
async def message_parse(client: Any) -> Any:
    return [await got(client.messages.parse(**MESSAGE, output_format=Said))]


@form("anthropic")
async def message_raw(client: Any) -> Any:
    raw = await got(client.messages.with_raw_response.create(**MESSAGE))
    return [await got(raw.parse())]


@form("anthropic")
async def message_raw_streamed(client: Any) -> Any:
    raw = await got(client.messages.with_raw_response.create(**MESSAGE, stream=True))
    return await every(await got(raw.parse()))


@form("anthropic")
async def message_streaming_response(client: Any) -> Any:
    async with Entered(client.messages.with_streaming_response.create(**MESSAGE)) as response:
        return [await got(response.parse())]


@form("anthropic")
async def message_streaming_response_lines(client: Any) -> Any:
    async with Entered(client.messages.with_streaming_response.create(**MESSAGE, stream=True)) as response:
        return await every(response.iter_lines())


@form("anthropic")
async def message_with_options(client: Any) -> Any:
    return [await got(client.with_options(max_retries=0).messages.create(**MESSAGE))]


@form("anthropic")
async def message_copy_streamed(client: Any) -> Any:
    return await every(await got(client.copy(timeout=9).messages.create(**MESSAGE, stream=True)))


@form("anthropic")
async def message_extra_body(client: Any) -> Any:
    more = {"max_tokens": 60, "model": "claude-sonnet-5-5"}
    return [await got(client.messages.create(**MESSAGE, extra_body=more))]


@form("anthropic")
async def message_posted(client: Any) -> Any:
    return [await got(client.post("/v1/messages", body=dict(MESSAGE), cast_to=Message))]


# Groq


@form("groq")
async def groq_chat(client: Any) -> Any:
    return [await got(client.chat.completions.create(**GROQ))]


@form("groq")
async def groq_chat_streamed(client: Any) -> Any:
    return await every(await got(client.chat.completions.create(**GROQ, stream=True)))


@form("groq")
async def groq_chat_raw(client: Any) -> Any:
    return [await got((await got(client.chat.completions.with_raw_response.create(**GROQ))).parse())]


@form("groq")
async def groq_chat_raw_streamed(client: Any) -> Any:
    raw = await got(client.chat.completions.with_raw_response.create(**GROQ, stream=True))
    return await every(await got(raw.parse()))


@form("groq")
async def groq_chat_streaming_response(client: Any) -> Any:
    async with Entered(client.chat.completions.with_streaming_response.create(**GROQ)) as response:
        return [await got(response.read())]


@form("groq")
async def groq_chat_with_options(client: Any) -> Any:
    return [await got(client.with_options(max_retries=0).chat.completions.create(**GROQ))]


@form("groq")
async def groq_chat_tools(client: Any) -> Any:
    return [await got(client.chat.completions.create(**GROQ, tools=[TOOL], tool_choice="required"))]


# Ollama


@form("ollama")
async def ollama_chat(client: Any) -> Any:
    return [await got(client.chat(**OLLAMA))]


@form("ollama")
async def ollama_chat_streamed(client: Any) -> Any:
    return await every(await got(client.chat(**OLLAMA, stream=True)))


@form("ollama")
async def ollama_chat_tools(client: Any) -> Any:
    return [await got(client.chat(**OLLAMA, tools=[TOOL]))]


@form("ollama")
async def ollama_generate(client: Any) -> Any:
    return [await got(client.generate(model=OLLAMA["model"], prompt="The old house", system="Be terse."))]


@form("ollama")
async def ollama_generate_streamed(client: Any) -> Any:
    return await every(await got(client.generate(model=OLLAMA["model"], prompt="The old house", stream=True)))


@form("ollama")
async def ollama_embed(client: Any) -> Any:
    return [await got(client.embed(model="nomic-embed-text", input=["The old house", "by the land"]))]


@form("ollama", reports_usage=False)
async def ollama_embeddings(client: Any) -> Any:
    return [await got(client.embeddings(model="nomic-embed-text", prompt="The old house"))]


def chunks_of(lines: list[str]) -> list[ChatCompletionChunk]:
    """The chunks in a stream's lines."""
    texts = [line.removeprefix("data: ") for line in lines if line.startswith("data: {")]
    assert texts
    return [ChatCompletionChunk.model_validate_json(text) for text in texts]


async def one_event(stream: Any) -> Any:
    """The first event of a stream that may have to be awaited."""
    return await first(await got(stream))
