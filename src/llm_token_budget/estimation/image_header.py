"""Width and height of an image from its first bytes: PNG, JPEG, GIF, WebP. No pixel is decoded."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode

from llm_token_budget.estimation.images import Size

_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
# Photographs carry previews and color profiles before their size: look twice before giving up.
_LOOKS = (4096, 262_144)


def image_header(data: bytes) -> Size | None:
    """Width and height in pixels, from the first kilobytes of a file; None if they aren't there."""
    size = None
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        size = _big_endian(data, 16, 4)
    elif data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        size = _little(data, 6), _little(data, 8)
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        size = _webp(data)
    elif data.startswith(b"\xff\xd8"):
        size = _jpeg(data)
    return size if size and min(size) > 0 else None


def size_of_base64(text: str) -> Size | None:
    """Do the same for base64, with or without `data:image/png;base64,` in front; decode no more than it takes."""
    if text.startswith("data:"):
        comma = text.find(",", 0, 256)
        if comma < 0:
            return None
        start = comma + 1
    else:
        start = 0
    for length in _LOOKS:
        size = image_header(_decode(text[start : start + length]))
        if size or start + length >= len(text):
            return size
    return None


def _decode(text: str) -> bytes:
    text = _NOT_BASE64.sub("", text.replace("-", "+").replace("_", "/"))
    try:
        return b64decode(text[: len(text) // 4 * 4])
    except binascii.Error:
        return b""


def _big_endian(data: bytes, at: int, width: int) -> Size | None:
    if len(data) < at + 2 * width:
        return None
    return int.from_bytes(data[at : at + width], "big"), int.from_bytes(data[at + width : at + 2 * width], "big")


def _little(data: bytes, at: int, width: int = 2) -> int:
    return int.from_bytes(data[at : at + width], "little")


def _webp(data: bytes) -> Size | None:
    if len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8 ":
        return _little(data, 26) & 0x3FFF, _little(data, 28) & 0x3FFF
    if kind == b"VP8L":
        bits = _little(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
    return None


def _jpeg(data: bytes) -> Size | None:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            size = _big_endian(data, at + 5, 2)
            return (size[1], size[0]) if size else None
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
