"""The ways to make a call, by vendor: written once, for plain and async clients."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MODEL: Final = "doctor"
"""A model of no vendor: it never retires."""

_TEXT: Final = "What do you see from the old house over there?"
_MESSAGES: Final = [{"role": "user", "content": _TEXT}]
_CHAT: Final[Mapping[str, Any]] = {"model": MODEL, "messages": _MESSAGES, "max_completion_tokens": 50}
_COMPLETION: Final[Mapping[str, Any]] = {"model": MODEL, "prompt": _TEXT, "max_tokens": 50}
_RESPONSE: Final[Mapping[str, Any]] = {"model": MODEL, "input": _TEXT, "max_output_tokens": 50}
_MESSAGE: Final[Mapping[str, Any]] = {"model": MODEL, "messages": _MESSAGES, "max_tokens": 50}
_EMBEDDING: Final[Mapping[str, Any]] = {"model": MODEL, "input": [_TEXT]}
_SPEECH: Final[Mapping[str, Any]] = {"model": MODEL, "input": _TEXT, "voice": "alloy"}
_IMAGE: Final[Mapping[str, Any]] = {"model": "gpt-image-1", "prompt": _TEXT}
_SOUND: Final = ("sound.wav", b"RIFF", "audio/wav")
_TRANSCRIPT: Final[Mapping[str, Any]] = {"model": "gpt-4o-transcribe", "file": _SOUND}
_OPENAI_BATCH: Final[Mapping[str, Any]] = {
    "input_file_id": "file-1",
    "endpoint": "/v1/chat/completions",
    "completion_window": "24h",
}
_RUN: Final[Mapping[str, Any]] = {"thread_id": "thread_1", "assistant_id": "asst_1"}
_BATCH: Final[Mapping[str, Any]] = {"requests": [{"custom_id": "1", "params": _MESSAGE}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way to make a call."""

    name: str
    path: str
    """The method, from the client on."""
    arguments: Mapping[str, Any]
    needs: str | None = None
    """An argument that older SDKs don't know."""
    with_options: bool = False
    """Called on a copy of the client."""
    lines: bool = False
    """The answer is read line by line, past the SDK's own parsing."""
    measurable: bool = True
    """Whether its bill can be known; if not, it is to be refused under any limit."""
    answerable: bool = True
    """Whether the provider here knows it; if not, only its refusal can be seen."""
    package: str | None = None
    """A package that the SDK needs for it."""


def forms_of(vendor: str) -> Iterator[Form]:
    """Every form of a vendor, in whatever version of its SDK."""
    return {"openai": _openai, "azure": _openai, "anthropic": _anthropic, "groq": _groq, "ollama": _ollama}[vendor]()


def _openai() -> Iterator[Form]:
    said = _said()
    yield from _ways("chat.completions.create", _CHAT, extra_body={"n": 2})
    for owner in ("chat.completions", "chat.completions.with_raw_response", "beta.chat.completions"):
        yield Form(name=f"{owner}.parse", path=f"{owner}.parse", arguments={**_CHAT, "response_format": said})
    yield _form("chat.completions.stream", _CHAT)
    yield _form("beta.chat.completions.stream", _CHAT)
    yield from _ways("responses.create", _RESPONSE, extra_body={"input": f"{_TEXT} {_TEXT}"})
    yield Form(name="responses.parse", path="responses.parse", arguments={**_RESPONSE, "text_format": said})
    yield _form("responses.stream", _RESPONSE)
    yield from _ways("completions.create", _COMPLETION, extra_body={"n": 2})
    yield from _ways("embeddings.create", _EMBEDDING, extra_body={"input": [_TEXT, _TEXT]}, streams=False)
    yield from _posts("/chat/completions", _CHAT)
    for path, arguments in (
        ("images.generate", _IMAGE),
        ("images.edit", {**_IMAGE, "image": ("image.png", b"PNG", "image/png")}),
        ("audio.transcriptions.create", _TRANSCRIPT),
    ):
        yield Form(name=path, path=path, arguments=arguments, answerable=False)
    yield from _unmeasurable("audio.speech.create", _SPEECH)
    yield _shut("images.generate(model='dall-e-3')", "images.generate", {**_IMAGE, "model": "dall-e-3"})
    yield _shut("batches.create", "batches.create", _OPENAI_BATCH)
    yield _shut("beta.threads.runs.create", "beta.threads.runs.create", _RUN)
    for path, arguments in (("responses.connect", {}), ("realtime.connect", {"model": MODEL})):
        yield Form(name=path, path=path, arguments=arguments, measurable=False, package="websockets")


def _anthropic() -> Iterator[Form]:
    said = _said()
    for messages in ("messages", "beta.messages"):
        yield from _ways(f"{messages}.create", _MESSAGE, extra_body={"max_tokens": 9})
        yield _form(f"{messages}.stream", _MESSAGE)
        parse = f"{messages}.parse"
        yield Form(name=parse, path=parse, arguments={**_MESSAGE, "output_format": said})
    yield _form("beta.messages.tool_runner", {**_MESSAGE, "tools": []})
    yield from _posts("/v1/messages", _MESSAGE)
    yield from _unmeasurable("messages.batches.create", _BATCH)
    yield _shut("beta.messages.batches.create", "beta.messages.batches.create", _BATCH)


def _groq() -> Iterator[Form]:
    yield from _ways("chat.completions.create", _CHAT, extra_body={"max_completion_tokens": 9})
    yield from _ways("embeddings.create", _EMBEDDING, extra_body={"input": [_TEXT, _TEXT]}, streams=False)
    yield from _posts("/openai/v1/chat/completions", _CHAT)
    yield from _unmeasurable("audio.speech.create", _SPEECH)


def _ollama() -> Iterator[Form]:
    for path, asked in (("chat", {"messages": _MESSAGES}), ("generate", {"prompt": _TEXT})):
        arguments = {"model": MODEL, **asked, "options": {"num_predict": 50}}
        yield _form(path, arguments)
        yield Form(name=f"{path}(stream=True)", path=path, arguments={**arguments, "stream": True})
    yield _form("embed", _EMBEDDING)
    yield _form("embeddings", {"model": MODEL, "prompt": _TEXT})


def _form(path: str, arguments: Mapping[str, Any]) -> Form:
    return Form(name=path, path=path, arguments=arguments)


def _ways(
    path: str, arguments: Mapping[str, Any], *, extra_body: Mapping[str, Any], streams: bool = True
) -> Iterator[Form]:
    """A method in each form that the generated SDKs give it."""
    owner, _, method = path.rpartition(".")
    raw, streaming = f"{owner}.with_raw_response.{method}", f"{owner}.with_streaming_response.{method}"
    streamed = {**arguments, "stream": True}
    yield _form(path, arguments)
    yield _form(raw, arguments)
    yield _form(streaming, arguments)
    yield Form(name=f"with_options().{path}", path=path, arguments=arguments, with_options=True)
    yield Form(name=f"{path}(extra_body=)", path=path, arguments={**arguments, "extra_body": extra_body})
    if streams:
        yield Form(name=f"{path}(stream=True)", path=path, arguments=streamed)
        yield Form(name=f"{raw}(stream=True)", path=raw, arguments=streamed)
        yield Form(name=f"{streaming}(stream=True)", path=streaming, arguments=streamed, lines=True)


def _posts(path: str, body: Mapping[str, Any]) -> Iterator[Form]:
    """Calls past the resources."""
    posted = {"path": path, "cast_to": object}
    yield Form(name=f"post({path!r}, body=)", path="post", arguments={**posted, "body": dict(body)})
    raw = {"content": json.dumps(body).encode(), "options": {"headers": {"content-type": "application/json"}}}
    yield Form(name=f"post({path!r}, content=)", path="post", arguments={**posted, **raw}, needs="content")


def _unmeasurable(path: str, arguments: Mapping[str, Any]) -> Iterator[Form]:
    """An endpoint that bills something else than tokens, and one that nobody has heard of yet."""
    yield _shut(path, path, arguments)
    unknown = {"path": "/v1/not/known/yet", "cast_to": object, "body": {"model": MODEL}}
    yield Form(name="post() to an unknown endpoint", path="post", arguments=unknown, measurable=False)


def _shut(name: str, path: str, arguments: Mapping[str, Any]) -> Form:
    return Form(name=name, path=path, arguments=arguments, measurable=False)


def _said() -> Any:
    """What structured forms ask for."""
    from pydantic import create_model

    return create_model("Said", text=(str, ...))
