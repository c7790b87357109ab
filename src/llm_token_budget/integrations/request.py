"""What the callables of a web door (`user_key=`, `model=`, `estimate=` ...) are given, and how clients' values are read."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, quote

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.limits import MAX_KEY_CHARACTERS

DEFAULT_MAX_BODY: Final = 1_048_576
"""Bytes of a request's body that `body()` and `json()` read at most."""

_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What breaks lines in logs and headers, or can't be stored: control characters, line separators, lone surrogates."""

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class BadRequest(Exception):
    """A client sent what can't be used: the door answers 400. Callables may raise it too.

    Attributes:
        reason: for programs: `invalid_user_key` and the like.
        message: for people. It is sent to the client.
        status: the HTTP status, 400 to 499.
    """

    def __init__(self, message: str, *, reason: str = "bad_request", status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.status = status


class Headers(Mapping[str, str]):
    """A request's headers; names in any case. A value is read as UTF-8 where it is, as Latin-1 where it isn't."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        self._pairs = pairs

    def getlist(self, name: str) -> list[str]:
        """All values of a header that was sent several times."""
        wanted = name.lower().encode("latin-1", "replace")
        return [read_text(value) for key, value in self._pairs if key.lower() == wanted]

    def __getitem__(self, name: str) -> str:
        for value in self.getlist(name):
            return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.decode("latin-1").lower() for key, _ in self._pairs))

    def __len__(self) -> int:
        return len({key.lower() for key, _ in self._pairs})


class State:
    """Attributes over a request's state, as `request.state` has them in frameworks."""

    def __init__(self, values: dict[str, Any]) -> None:
        object.__setattr__(self, "_values", values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(
                f"the request's state has no {name!r}: a middleware outside this one has to put it there "
                "(in FastAPI and Starlette, one that is added after this one)"
            ) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._values[name] = value


class Address(tuple[str, int]):
    """Who is connected: `host` and `port`. Behind a proxy that is the proxy."""

    __slots__ = ()

    @property
    def host(self) -> str:
        return self[0]

    @property
    def port(self) -> int:
        return self[1]


class Url(SplitResult):
    """A request's address in parts: `path`, `query`, `hostname` ...; what the client says of the host is in it."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.geturl()


class WebRequest(Mapping[str, Any], ABC):
    """A request as callables of the door see it, before the application does. Read-only, but for `state`.

    It has the names of Starlette's `Request`, and is a mapping of what the server said (an ASGI scope or a WSGI environ).
    `user`, `auth` and `session` are what outer middleware put there.
    """

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said

    @property
    @abstractmethod
    def method(self) -> str:
        """`GET`, `POST` ...; `WEBSOCKET` for the opening of one."""

    @property
    @abstractmethod
    def path(self) -> str:
        """Decoded, without the prefix that the application is mounted at."""

    @property
    @abstractmethod
    def headers(self) -> Headers:
        """What the client sent: clients may write what they like into them."""

    @property
    @abstractmethod
    def query_string(self) -> str:
        """What is after `?`, as it was sent."""

    @property
    @abstractmethod
    def client(self) -> Address | None:
        """Who is connected, if the server says."""

    @property
    @abstractmethod
    def state(self) -> State:
        """What outer middleware left for the application, and callables may leave."""

    @property
    @abstractmethod
    def url(self) -> Url:
        """The address, with the whole path."""

    @property
    def query_params(self) -> dict[str, str]:
        """The parameters after `?`; the last one where a name is there twice."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that the client sent. Clients may write what they like into them."""
        return dict(_read_cookies(self.headers.getlist("cookie")))

    def __getitem__(self, name: str) -> Any:
        return self._said[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def _put_there(self, name: str) -> Any:
        try:
            return self._said[name]
        except KeyError:
            raise AttributeError(
                f"this request has no {name}: a middleware outside this one has to put it there"
            ) from None

    @property
    def user(self) -> Any:
        return self._put_there("user")

    @property
    def auth(self) -> Any:
        return self._put_there("auth")

    @property
    def session(self) -> Any:
        return self._put_there("session")


def header(name: str) -> Callable[[Any], str | None]:
    """A callable for `user_key=` and its like: what the client sent in a header; None where it sent none.

    **Whoever can send requests chooses what it says.** Use it only behind a gateway that sets this header itself and drops
    what clients send under its name. A header that is there twice is refused: who knows which one is the gateway's.

    Raises:
        ConfigurationError: not the name of a header.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError("header() takes a header's name, such as 'x-user'")

    def read(request: Any) -> str | None:
        values = _header_values(request.headers, name)
        if len(values) > 1:
            raise BadRequest(f"the header {name} was sent more than once", reason="ambiguous_header")
        return values[0] if values else None

    return read


def read_text(value: bytes) -> str:
    """A header's bytes: UTF-8 by today's clients, Latin-1 by the old rule."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _header_values(headers: Any, name: str) -> list[str]:
    if isinstance(headers, Headers):
        return headers.getlist(name)
    several = getattr(headers, "getlist", None)
    values: list[str | None] = several(name) if several is not None else [headers.get(name)]
    return [_reread(value) for value in values if value is not None]


def _reread(value: str) -> str:
    """A header's text that a framework read as Latin-1, as all of them do."""
    try:
        return read_text(value.encode("latin-1"))
    except UnicodeEncodeError:
        return value


def read_key(value: object, what: str, *, longest: int = MAX_KEY_CHARACTERS) -> str | None:
    """A key that may come from a client: fit for ledgers, logs and headers.

    Raises:
        BadRequest: it is not.
        ConfigurationError: not a str at all: that is the application's doing.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise ConfigurationError(
            f"{what}= must give a str or None, not {type(value).__name__}; for a number use str(...)"
        )
    if not value or len(value) > longest or _UNFIT.search(value):
        raise BadRequest(f"unusable {what.replace('_', ' ')}", reason=f"invalid_{what}")
    return value


def read_json(body: bytes) -> Any:
    """A body's JSON.

    Raises:
        BadRequest: it is none.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON", reason="invalid_json") from None


def too_large(most: int) -> BadRequest:
    return BadRequest(f"the body is longer than {most:,} bytes", reason="body_too_large", status=413)


def url_of(scheme: str, host: str, path: str, query: str) -> Url:
    """An address from what a server says; `path` is decoded."""
    return Url(scheme, host, quote(path), query, "")


def _read_cookies(values: Iterable[str]) -> Iterator[tuple[str, str]]:
    for value in values:
        for part in value.split(";"):
            name, separator, content = part.partition("=")
            if separator:
                yield name.strip(), content.strip().strip('"')
