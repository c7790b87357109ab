"""Real servers in threads of this process, each on a free port of 127.0.0.1."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

import uvicorn
from waitress.server import create_server
from waitress.wasyncore import close_all


@contextmanager
def uvicorn_serves(app):
    """An ASGI application behind uvicorn. Its port is open before it runs: early clients wait."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *said):
        """Says nothing."""


@contextmanager
def wsgiref_serves(app):
    """A WSGI application behind the standard library's server."""
    with make_server("127.0.0.1", 0, app, handler_class=QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(30)


@contextmanager
def waitress_serves(app):
    """A WSGI application behind waitress, with worker threads."""
    open_sockets = {}
    server = create_server(app, map=open_sockets, host="127.0.0.1", port=0, clear_untrusted_proxy_headers=True)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.trigger.pull_trigger(lambda: close_all(open_sockets))  # Its loop ends when none is left.
        thread.join(30)
        server.task_dispatcher.shutdown()
        assert not thread.is_alive()
