"""Messages, tools and files of a request as neutral parts. What a vendor adds tomorrow is counted as its JSON text."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping
from operator import is_not
from typing import Any, Final, cast

from llm_token_budget.estimation import Audio, Document, Image, Opaque, Part, Text, Tool

_PLAIN: Final = frozenset({str, int, float, bool, type(None), bytes})
_LEFT_OUT: Final = {"Omit", "NotGiven"}


def dump(value: object) -> str:
    """Anything as the JSON text that a model may read."""
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    )


def text_parts(value: object, kind: str = "text") -> list[Part]:
    """A text, or whatever stands in its place."""
    if not value:
        return []
    if isinstance(value, str):
        return [Text(value, kind)]
    return readable_parts(value, kind)


def readable_parts(value: object, kind: str = "text") -> list[Part]:
    """A JSON value that nobody knows, as the text that a model may read. Files in it are not counted as text."""
    blobs: list[str] = []
    readable = _without_blobs(value, blobs)
    return [Text(dump(readable), kind), *map(_blob, blobs)]


def tool_parts(tools: object) -> list[Part]:
    """Tool definitions, one part each."""
    return [Tool(dump(tool), _function_of(tool)) for tool in items_of(tools)]


def _function_of(tool: object) -> Mapping[str, Any] | None:
    """The name, description and parameters of a function, in any of the forms of OpenAI's formats."""
    if not isinstance(tool, Mapping):
        return None
    said = cast("Mapping[str, Any]", tool)
    inner = said.get("function")
    if isinstance(inner, Mapping):
        return cast("Mapping[str, Any]", inner)
    return said if said.get("type", "function") == "function" and isinstance(said.get("name"), str) else None


def call_parts(name: object, arguments: object) -> list[Part]:
    """A call of a tool, as an earlier answer had it. Its id may be read too, or not: nobody says."""
    parts: list[Part] = [Opaque(3, "tool calls", most=32)]
    text = f"{dump(name or '')} {dump(arguments)}" if arguments is not None else dump(name or "")
    return [Text(text, "tool calls"), *parts]


def sealed_parts(value: object, kind: str = "reasoning") -> list[Part]:
    """Earlier reasoning that came encrypted: about as many tokens as its bytes make text."""
    size = len(value) if isinstance(value, str) else 0
    return [Opaque(size // 16, kind, most=size * 3 // 16 + 16)] if size else []


def _without_blobs(value: Any, blobs: list[str]) -> Any:
    if isinstance(value, str):
        if len(value) >= SHORTEST_BLOB and _BLOB.fullmatch(value):
            blobs.append(value)
            return ""
        return value
    if isinstance(value, bytes | bytearray):
        blobs.append("")
        return ""
    if isinstance(value, Mapping):
        said = cast("Mapping[Any, Any]", value)
        return {str(name): _without_blobs(inner, blobs) for name, inner in said.items()}
    if isinstance(value, list | tuple):
        return [_without_blobs(inner, blobs) for inner in cast("list[Any]", value)]
    return value


def _blob(data: str) -> Part:
    beginning = data.rpartition("base64,")[2][:8]
    if beginning.startswith(_IMAGES) or data.startswith("data:image/"):
        return Image(data=data)
    if beginning.startswith("JVBERi0"):
        return document(data)
    return Opaque(UNKNOWN_FILE, "files", most=max(len(data) // 8, UNKNOWN_FILE))


SHORTEST_BLOB: Final = 256
"""Characters from which on a string of nothing but base64 is taken for a file."""

UNKNOWN_FILE: Final = 1600
_BLOB: Final = re.compile(r"(?:data:[\w.+/-]*(?:;[\w=.-]+)*;base64,)?[A-Za-z0-9+/_-]+={0,2}")
_IMAGES: Final = ("iVBORw0", "/9j/", "R0lGOD", "UklGR")
"""PNG, JPEG, GIF and WebP."""


def items_of(value: Any) -> list[Any]:
    """A list's items; a lone value is a list of one, nothing is none."""
    if type(value) is list:
        return cast("list[Any]", value)
    if value is None:
        return []
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return [value]
    return list(cast("Iterable[Any]", value))


def is_plain(value: Any) -> bool:
    """Whether a value is made of what JSON is made of, and of nothing else: it can be read as often as one likes."""
    kind: Any = type(value)  # pyright: ignore[reportUnknownVariableType] - a `cast` would be a call
    if kind is dict:
        return _PLAIN.issuperset(map(type, value.values())) or all(map(is_plain, value.values()))
    return kind in _PLAIN or ((kind is list or kind is tuple) and all(map(is_plain, value)))


def as_sent(value: Any) -> Any:
    """A body as it will be sent: without the SDKs' marks for what was left out, and with one-shot iterators as lists.

    Reading a call must not use up what is still to be sent. The same object if there is nothing to do.
    """
    kind = cast("Any", type(value))
    if kind in _PLAIN:
        return value
    if kind is dict:
        return _mapping_as_sent(value)
    if kind is list or kind is tuple:
        items = [item if cast("Any", type(item)) in _PLAIN else as_sent(item) for item in cast("list[Any]", value)]
        return items if any(map(is_not, items, value)) else value
    # Files are iterators too: they are the SDK's to read.
    if isinstance(value, Iterator) and not hasattr(cast("Any", value), "read"):
        return [as_sent(item) for item in cast("Iterator[Any]", value)]
    return cast("Any", value)


def _mapping_as_sent(value: dict[Any, Any]) -> dict[Any, Any]:
    changed: dict[Any, Any] | None = None
    for name, inner in value.items():
        if type(inner) in _PLAIN:
            continue
        new = as_sent(inner)
        if (left_out := type(inner).__name__ in _LEFT_OUT) or new is not inner:
            changed = dict(value) if changed is None else changed
            if left_out:
                del changed[name]
            else:
                changed[name] = new
    return value if changed is None else changed


def image(url_or_data: object, detail: object = None) -> Image:
    """An image by its URL: its header is read where the URL is the data."""
    data = url_or_data if isinstance(url_or_data, str) and url_or_data.startswith("data:") else None
    return Image(data=data, detail=detail if isinstance(detail, str) else None)


def image_file(data: object) -> Image:
    """An image by its file, or the file as base64; the ceiling for one that is only named."""
    if isinstance(data, bytes | bytearray):
        return Image(data=bytes(data[:262_144]))
    return Image(data=data if isinstance(data, str) and len(data) >= SHORTEST_BLOB else None)


def audio(base64_data: object) -> Audio:
    """Sound by the size of its base64."""
    return Audio(size=len(base64_data) * 3 // 4) if isinstance(base64_data, str) else Audio()


def document(base64_data: object) -> Document:
    """A file by its base64, bare or in a `data:` URL; the ceiling for one that is only named."""
    if not isinstance(base64_data, str):
        return Document()
    try:
        return Document(data=b64decode(base64_data.rpartition("base64,")[2]))
    except (Base64Error, ValueError):
        return Document()
