"""Requests cut out of bytes, however they arrive."""

from __future__ import annotations

import http.client
import socket

import pytest

from llm_token_budget.testing.http1 import MalformedRequest, RequestReader, chunk, response_head

PLAIN = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"
WITH_TRAILER = CHUNKED[:-2] + b"X-Sum: 1\r\n\r\n"


@pytest.mark.parametrize("raw", [PLAIN, CHUNKED, WITH_TRAILER])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_reads_requests_in_any_pieces(raw, size):
    """Two requests after each other, arriving byte by byte or at once."""
    reader, found = RequestReader(), []
    stream = raw + raw
    for start in range(0, len(stream), size):
        reader.feed(stream[start : start + size])
        while (request := reader.next_request()) is not None:
            found.append(request)
    assert [(request.method, request.body) for request in found] == [("POST", b"hello")] * 2


@pytest.mark.parametrize(
    ("head", "keeps_alive"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", True),
    ],
)
def test_knows_how_long_a_connection_lives(head, keeps_alive):
    """By version and by header."""
    reader = RequestReader()
    reader.feed(head)
    request = reader.next_request()
    assert request is not None
    assert request.keeps_alive is keeps_alive


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000, 431),
    ],
)
def test_refuses_what_is_no_request(raw, status):
    """With the status that says so."""
    reader = RequestReader()
    reader.feed(raw)
    with pytest.raises(MalformedRequest) as caught:
        reader.next_request()
    assert caught.value.status == status


def test_asks_once_for_a_body_that_is_held_back():
    """`Expect: 100-continue` is answered before the body, and not again."""
    reader = RequestReader()
    reader.feed(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert reader.next_request() is None
    assert [reader.take_continue(), reader.take_continue()] == [True, False]
    reader.feed(b"a")
    assert reader.next_request() is None
    reader.feed(b"b")
    request = reader.next_request()
    assert request is not None
    assert request.body == b"ab"
    assert not reader.take_continue()


def test_writes_what_others_can_read():
    """The standard library's client reads the head and the chunks."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(response_head(529, {"x-a": "b"}, length=None, keeps_alive=False) + chunk(b"hello") + b"0\r\n\r\n")
        response = http.client.HTTPResponse(theirs)
        response.begin()
        assert (response.status, response.headers["x-a"], response.read()) == (529, "b", b"hello")
        response.close()


def test_a_real_connection_gets_its_continue(provider):
    """Over a socket: the server asks for the body, answers, and keeps the connection."""
    host, port = provider.url.removeprefix("http://").split(":")
    body = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}'
    head = (
        f"POST /openai-api/v1/chat/completions HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        for _ in range(2):
            connection.sendall(head.encode())
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body)
            assert connection.recv(100_000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_malformed_request_is_answered_and_ends_the_connection(provider):
    """Over a socket: a 400, then the end."""
    host, port = provider.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"hello\r\n\r\n")
        assert connection.recv(100_000).startswith(b"HTTP/1.1 400 ")
        assert connection.recv(100) == b""
