"""Reading HTTP/1.1 requests out of bytes, and writing responses into them; no I/O (RFC 9112)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 64 * 1024 * 1024

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


class MalformedRequest(Exception):
    """Not HTTP, or more of it than is accepted; the connection can't be used any further."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    target: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    keeps_alive: bool


@dataclass(slots=True)
class _Head:
    method: str
    target: str
    version: str
    headers: dict[str, str]
    length: int | None
    """None for a chunked body."""


class RequestReader:
    """Collects bytes and cuts requests out of them."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._head: _Head | None = None
        self._chunks = bytearray()
        self._awaits_continue = False

    def feed(self, data: bytes) -> None:
        """Take in what has arrived.

        Raises:
            MalformedRequest: more than one request can have.
        """
        self._bytes += data
        if len(self._bytes) > MAX_HEAD_BYTES + 2 * MAX_BODY_BYTES:
            raise MalformedRequest(413, "more bytes than a request can have")

    def take_continue(self) -> bool:
        """Whether to ask the client for the body that it holds back: once per request."""
        awaited, self._awaits_continue = self._awaits_continue, False
        return awaited

    def next_request(self) -> HttpRequest | None:
        """The next request that has arrived completely.

        Raises:
            MalformedRequest: what arrived is no HTTP/1.1 request.
        """
        if self._head is None:
            self._head = self._read_head()
        if self._head is None:
            return None
        body = self._read_chunks() if self._head.length is None else self._read_body(self._head.length)
        if body is None:
            return None
        head, self._head = self._head, None
        self._awaits_continue = False
        connection = head.headers.get("connection", "").lower()
        keeps_alive = connection != "close" if head.version == "HTTP/1.1" else connection == "keep-alive"
        return HttpRequest(head.method, head.target, head.headers, body, keeps_alive)

    def _read_head(self) -> _Head | None:
        end = self._bytes.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
        if end < 0:
            if len(self._bytes) >= MAX_HEAD_BYTES:
                raise MalformedRequest(431, "the header is too large")
            return None
        lines = self._bytes[:end].decode("latin-1").lstrip("\r\n").split("\r\n")
        del self._bytes[: end + 4]
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise MalformedRequest(400, "not an HTTP/1.1 request line")
        headers = _read_headers(lines[1:])
        self._awaits_continue = headers.get("expect", "").lower() == "100-continue"
        return _Head(parts[0].upper(), parts[1], parts[2], headers, _body_length(headers))

    def _read_body(self, length: int) -> bytes | None:
        if len(self._bytes) < length:
            return None
        body = bytes(self._bytes[:length])
        del self._bytes[:length]
        return body

    def _read_chunks(self) -> bytes | None:
        while (line_end := self._bytes.find(b"\r\n")) >= 0:
            size = _hexadecimal(bytes(self._bytes[:line_end]).partition(b";")[0])
            if len(self._chunks) + size > MAX_BODY_BYTES:
                raise MalformedRequest(413, "the body is too large")
            if size == 0:
                return self._read_trailers(line_end)
            chunk_end = line_end + 2 + size
            if len(self._bytes) < chunk_end + 2:
                return None
            self._chunks += self._bytes[line_end + 2 : chunk_end]
            del self._bytes[: chunk_end + 2]
        return None

    def _read_trailers(self, line_end: int) -> bytes | None:
        # Without trailers an empty line follows at once; with them it ends them.
        has_none = self._bytes.startswith(b"\r\n", line_end + 2)
        end = line_end if has_none else self._bytes.find(b"\r\n\r\n", line_end)
        if end < 0:
            return None
        del self._bytes[: end + 4]
        body, self._chunks = bytes(self._chunks), bytearray()
        return body


def _read_headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, text = line.partition(":")
        if not colon:
            raise MalformedRequest(400, "a header line without a colon")
        headers[name.lower()] = text.strip()
    return headers


def _body_length(headers: Mapping[str, str]) -> int | None:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return None
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()):
        raise MalformedRequest(400, "content-length is not a number")
    if int(text) > MAX_BODY_BYTES:
        raise MalformedRequest(413, "the body is too large")
    return int(text)


def _hexadecimal(text: bytes) -> int:
    try:
        return int(text, 16)
    except ValueError:
        raise MalformedRequest(400, "a chunk without a size") from None


def response_head(status: int, headers: Mapping[str, str], *, length: int | None, keeps_alive: bool) -> bytes:
    """The head of a response; without a length its body comes in chunks."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Loopback"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {text}" for name, text in headers.items())]
    lines.append("transfer-encoding: chunked" if length is None else f"content-length: {length}")
    if not keeps_alive:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def chunk(data: bytes) -> bytes:
    """A piece of a body that comes in chunks."""
    return b"%x\r\n%b\r\n" % (len(data), data)
