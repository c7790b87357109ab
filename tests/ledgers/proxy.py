"""A TCP proxy that tests put before a server: it cuts, delays, half-closes and swallows, when it is told to.

with Proxy(server_port) as proxy:
    ...                                    # connect to 127.0.0.1:proxy.port
    proxy.plan(Fault.CUT, answers=True)    # the next answer is lost: the server has done it, nobody is told
    proxy.down = True                      # everything is cut, nobody gets through until it is False again
    proxy.delay = 0.2                      # seconds that each answer comes late
"""

from __future__ import annotations

import contextlib
import enum
import socket
import struct
import threading
from typing import NamedTuple, Self


class Fault(enum.Enum):
    CUT = "both sides are reset, what was to be forwarded is lost"
    HALF_CLOSE = "the receiver sees the end of the stream, what was to be forwarded is lost, the other way stays open"
    SWALLOW = "what was to be forwarded is lost from now on, the connection stays open"


class _Plan(NamedTuple):
    fault: Fault
    answers: bool
    skip: int


class Proxy:
    """Forwards 127.0.0.1:`port` to 127.0.0.1:`target`."""

    def __init__(self, target: int) -> None:
        self.delay = 0.0
        self.faults = 0
        """How many planned faults have happened."""
        self._target = target
        self._down = False
        self._plans: list[_Plan] = []
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._happened = threading.Condition(self._lock)
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def plan(self, fault: Fault, *, answers: bool, skip: int = 0) -> None:
        """Let a fault happen to the next chunk of data (after `skip` others): a request, or (`answers`) an answer."""
        with self._lock:
            self._plans.append(_Plan(fault, answers, skip))

    def wait_for_fault(self, timeout: float = 30.0) -> bool:
        """Until all that was planned has happened."""
        with self._lock:
            return self._happened.wait_for(lambda: not self._plans, timeout)

    @property
    def down(self) -> bool:
        return self._down

    @down.setter
    def down(self, down: bool) -> None:
        self._down = down
        if down:
            self.cut()

    def cut(self) -> None:
        """Reset every connection there is."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            self._reset(pair)

    def close(self) -> None:
        self._closed.set()
        # Closing alone doesn't wake who accepts.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._down:
                _abort(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                _abort(client)
                continue
            server.settimeout(None)
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = (client, server)
            with self._lock:
                # What was accepted while the proxy was closed is in nobody's list any more.
                closed = self._closed.is_set()
                if not closed:
                    self._pairs.add(pair)
            if closed:
                _abort(client)
                _abort(server)
                return
            for answers in (False, True):
                threading.Thread(target=self._pump, args=(pair, answers), daemon=True).start()

    def _pump(self, pair: tuple[socket.socket, socket.socket], answers: bool) -> None:
        source, sink = reversed(pair) if answers else pair
        swallow = False
        try:
            while data := source.recv(65_536):
                fault = self._take(answers)
                if fault is Fault.CUT:
                    break
                if fault is Fault.HALF_CLOSE:
                    sink.shutdown(socket.SHUT_WR)
                swallow = swallow or fault is not None
                if self.delay and answers:
                    self._closed.wait(self.delay)
                if not swallow:
                    sink.sendall(data)
            else:
                # One side is done: it may still listen.
                sink.shutdown(socket.SHUT_WR)
                return
        except OSError:
            pass
        self._reset(pair)

    def _take(self, answers: bool) -> Fault | None:
        with self._lock:
            for index, plan in enumerate(self._plans):
                if plan.answers is not answers:
                    continue
                if plan.skip:
                    self._plans[index] = plan._replace(skip=plan.skip - 1)
                    return None
                del self._plans[index]
                self.faults += 1
                self._happened.notify_all()
                return plan.fault
            return None

    def _reset(self, pair: tuple[socket.socket, socket.socket]) -> None:
        with self._lock:
            self._pairs.discard(pair)
        for each in pair:
            _abort(each)


def _abort(each: socket.socket) -> None:
    """Close with a reset rather than an orderly end; whoever reads from it wakes up."""
    with contextlib.suppress(OSError):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        each.shutdown(socket.SHUT_RD)
    each.close()
