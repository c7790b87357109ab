"""Where the commands print: pipes, terminals of every size, and outputs that can't hold every character."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

import pytest

PROGRAM = [sys.executable, "-m", "llm_token_budget"]


@pytest.fixture
def hostile(budget):
    """A user whose key no Latin alphabet holds, who has spent the most."""
    with budget.reserve(usd="0.40", user_key="🦊\x1b[31m") as reservation:
        reservation.settle(usd="0.40")
    return budget


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, check=False, timeout=60, env={**os.environ, **environment}
    )


class Terminal:
    """A command in a terminal of so many columns."""

    def __init__(self, columns: int, *arguments: str) -> None:
        self.pid, self._there = pty.fork()
        if not self.pid:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            os.execve(PROGRAM[0], [*PROGRAM, *arguments], {**os.environ, "TERM": "xterm"})
        self.said = ""

    def until(self, text: str) -> None:
        """Read on until this was said."""
        end = time.monotonic() + 30
        while text not in self.said and self._read():
            assert time.monotonic() < end, self.said

    def ended(self) -> int:
        """Read the rest. The exit code."""
        while self._read():
            pass
        os.close(self._there)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self) -> str:
        try:
            read = os.read(self._there, 65_536).decode(errors="replace")
        except OSError:  # The other end is closed.
            return ""
        self.said += read
        return read


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("command", [("users",), ("watch", "--count", "1")])
def test_an_output_that_cannot_hold_a_key_gets_it_escaped(hostile, encoding, command):
    """An emoji in a key stops no report in a plain locale."""
    done = run(*command, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert b"\\U0001f98a" in done.stdout


def test_json_is_json_in_every_encoding(hostile):
    """With the key as it is."""
    done = run("users", "--json", PYTHONIOENCODING="ascii")
    assert json.loads(done.stdout)[0]["user_key"] == "🦊\x1b[31m"


def test_a_closed_output_is_no_traceback(budget):
    """`>&-` in a script."""
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m llm_token_budget stats >&-', sys.executable],
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == b""


def test_what_is_wrong_is_one_line(budget):
    """What the library logs is not said twice."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    done = run("stats", "--ledger", f"redis://u:secret@127.0.0.1:{port}/0")
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"secret" not in done.stderr


@pytest.mark.parametrize("command", [("users",), ("limits", "--user", "ada"), ("stats",)])
def test_a_narrow_terminal_cuts_no_figure(hostile, command):
    """Nor the names: each row is a list of its own."""
    terminal = Terminal(40, *command)
    assert terminal.ended() == 0
    said = terminal.said
    assert "…" not in said
    assert {"users": "🦊", "limits": "global_cost_limit", "stats": "unpriced requests"}[command[0]] in said
    assert {"users": "$0.40", "limits": "$0.75", "stats": "$0.75"}[command[0]] in said


def test_watch_in_a_narrow_terminal(hostile):
    """A limit is two short lines."""
    terminal = Terminal(40, "watch", "--count", "1")
    assert terminal.ended() == 0
    assert "$0.75 of $1.00" in terminal.said
    assert "…" not in terminal.said


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_ctrl_c_ends_watching_quietly(budget, arguments):
    """With exit code 0, and not a word."""
    terminal = Terminal(100, "watch", "--every", "0.1", *arguments)
    terminal.until("global_cost_limit")
    os.kill(terminal.pid, signal.SIGINT)
    assert terminal.ended() == 0
    assert "stopped" not in terminal.said
    assert "Traceback" not in terminal.said


def test_ctrl_c_ends_the_dashboard_quietly(budget):
    """And with port 0 it says which port it has."""
    terminal = Terminal(100, "dashboard", "--port", "0")
    terminal.until("\n")
    assert "http://127.0.0.1:" in terminal.said
    assert ":0" not in terminal.said.removeprefix("http://127.0.0.1")
    os.kill(terminal.pid, signal.SIGINT)
    assert terminal.ended() == 0
    assert "Traceback" not in terminal.said


def test_a_port_that_is_taken_is_one_line(budget, llm):
    """And never the exit code that means over budget."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err = llm("dashboard", "--port", str(taken.getsockname()[1]))
    assert code == 1
    assert "--port takes another" in err
