"""Messages, tools and files of a request as neutral parts. What a vendor adds tomorrow is counted as its JSON text."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping
from operator import is_not
from typing import Any, Final, cast

from llm_token_budget.estimation import Audio, Document, Image, Part, Text, Tool

_PLAIN: Final = frozenset({str, int, float, bool, type(None), bytes})
_LEFT_OUT: Final = {"Omit", "NotGiven"}


def dump(value: object) -> str:
    """Anything as the JSON text that a model may read."""
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    )


def text_parts(value: object) -> list[Part]:
    """A text, or whatever stands in its place."""
    if not value:
        return []
    return [Text(dump(value))]


def tool_parts(tools: object) -> list[Part]:
    """Tool definitions, one part each."""
    return [Tool(dump(tool)) for tool in items_of(tools)]


def items_of(value: Any) -> list[Any]:
    """A list's items; a lone value is a list of one, nothing is none."""
    if type(value) is list:
        return cast("list[Any]", value)
    if value is None:
        return []
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return [value]
    return list(cast("Iterable[Any]", value))


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
