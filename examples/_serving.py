"""How the web examples try themselves out: a real server on this machine, and a client that asks it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from wsgiref.simple_server import WSGIRequestHandler, make_server

from _provider import print_table

from llm_token_budget import BudgetManager
from llm_token_budget.testing import LoopbackProvider


@contextmanager
def asgi_server(app: Any) -> Generator[str]:
    """uvicorn in a thread; gives its address."""
    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class has it
        """Nothing: the example prints what matters."""


@contextmanager
def wsgi_server(app: Callable[..., Any]) -> Generator[str]:
    """The standard library's server in a thread; gives its address."""
    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def ask(url: str, token: str, question: str) -> tuple[int, str]:
    """One question to `/chat`; the status, and what it means in a few words."""
    body = json.dumps({"question": question}).encode()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    try:
        with urlopen(Request(f"{url}/chat", body, headers)) as answer:
            return answer.status, f"{len(answer.read().split())} words"
    except HTTPError as refused:
        with refused:
            final = " (final)" if refused.headers["x-should-retry"] == "false" else ""
            return refused.code, f"{json.load(refused)['reason']}{final}"


def until_refused(url: str, token: str = "token-of-ada") -> Counter[int]:
    """Ask again and again; how often each status came."""
    statuses = Counter[int]()
    while 429 not in statuses:
        statuses[ask(url, token, "Why is the sky blue?")[0]] += 1
    return statuses


@contextmanager
def uvicorn_workers(factory: str, count: int) -> Generator[str]:
    """uvicorn with several worker processes, stopped with SIGTERM as a deploy does it; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", factory, "--workers", str(count)]
    options = ["--port", str(port), "--log-level", "error"]
    running = subprocess.Popen([*command, *options], cwd=Path(__file__).parent)
    try:
        wait_for(port, running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


def wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    """Until somebody listens there."""
    until = time.monotonic() + 60
    while True:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > until or running.poll() is not None:
            raise RuntimeError("it does not start")
        time.sleep(0.1)


def try_out(url: str, budget: BudgetManager, provider: LoopbackProvider) -> None:
    """Ada asks until she is refused, then Bob and a stranger; at the end the two accounts."""
    for number in range(1, 100):
        status, said = ask(url, "token-of-ada", "Why is the sky blue?")
        print(f"ada, question {number}: {status}, {said}")
        if status != 200:
            break
    for name, token in (("bob", "token-of-bob"), ("a stranger", "no-such-token")):
        status, said = ask(url, token, "Why is the sea salty?")
        print(f"{name}: {status}, {said}")
    rows = [
        (each.user_key, each.requests, each.total_tokens, f"${each.total_cost:f}", each.blocked)
        for each in budget.get_all_user_stats()
    ]
    print_table(("user", "requests", "tokens", "cost", "refused"), *rows)
    bill = provider.bill
    if bill.requests:
        ours = budget.get_global_stats().total_cost
        print(f"The provider's bill ${bill.usd.normalize():f}, our account ${ours.normalize():f}.")
