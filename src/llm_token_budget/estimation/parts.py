"""What a request is made of, whoever the provider: the neutral parts that a dialect turns a request into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Text(NamedTuple):
    """Text that the model reads."""

    # A tuple, so that a long conversation is hashed in one step.

    text: str
    kind: str = "text"
    """What it is called in the breakdown: `text`, `system`, `tool calls`, `tool results`, `schema`, `name` ..."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model may call: name, description and schema, as JSON."""

    text: str
    definition: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    """Of a function, `name`, `description` and `parameters` (a JSON schema): some models read it in another form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image, by what can be seen of it. Without a size, data or header it costs the ceiling (a URL, a file id)."""

    width: int | None = None
    height: int | None = None
    detail: str | None = None
    """`low`, `high`, `original` or `auto`, where the provider has such a thing."""
    data: bytes | str | None = field(default=None, repr=False)
    """The file or its beginning; a str is base64 or a `data:` URL. Only its header is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """Sound: by its length, else by its size in bytes; with neither it costs the ceiling."""

    seconds: float | None = None
    size: int | None = None
    """Bytes of the file (for base64: three quarters of its length)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A PDF or the like, of which every page may be read as text and as a picture."""

    pages: int | None = None
    data: bytes | None = field(default=None, repr=False)
    """The file; its pages are counted where it isn't compressed."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that only has a ceiling: its tokens, and what it is called in the breakdown."""

    tokens: int
    name: str = "other"
    most: int | None = None
    """An upper bound, where `tokens` is only what is likely."""
    fills: bool = False
    """It is what only the server has (its kind is `stored`), and no more than what the rest of the request leaves of the
    model's context; `tokens` where that isn't known."""


Part = Text | Tool | Image | Audio | Document | Opaque


class RequestParts(NamedTuple):
    """A request in neutral parts."""

    provider: str
    """`openai`, `azure`, `anthropic`, `groq`, `ollama`."""
    model: str
    parts: tuple[Part, ...]
    messages: int = 1
    """Messages, the system's included; 0 where texts are sent bare (embeddings)."""
    tools: int = 0
    """How many tools, where their text came in fewer parts; else the `Tool` parts are counted."""
    forced_tool: bool = False
    """The model must call a tool (`tool_choice` any, required, or one by name)."""
    longest_cache: str = "5m"
    """How long the provider keeps what it caches of it: `5m` (or its only lifetime), `1h`, `12h`; `none` if not marked."""
