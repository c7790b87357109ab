"""Who gets a connection next: whoever asked first."""

from __future__ import annotations

import threading
import time

import pytest

from llm_token_budget.ledgers.postgres.turns import Turns


def wait_until(seen) -> None:
    until = time.monotonic() + 30
    while not seen():
        assert time.monotonic() < until
        time.sleep(0.001)


def test_as_many_as_there_are_places():
    """The next one waits in vain, and leaves no trace."""
    turns = Turns(2)
    assert turns.acquire(0)
    assert turns.acquire(0)
    assert not turns.acquire(0.01)
    turns.release()
    assert turns.acquire(0)


def test_whoever_has_just_released_cannot_overtake():
    """The place is handed to the thread that waits, before that thread even runs."""
    turns = Turns(1)
    turns.acquire(0)
    got = []
    waiting = threading.Thread(target=lambda: got.append(turns.acquire(30)))
    waiting.start()
    wait_until(lambda: turns._waiting)
    turns.release()
    assert not turns.acquire(0)
    waiting.join(30)
    assert got == [True]
    turns.release()
    assert turns.acquire(0)


def test_those_who_wait_are_served_in_their_order():
    """The one who has waited longest goes first."""
    turns = Turns(1)
    turns.acquire(0)
    served = []

    def work(number):
        turns.acquire(30)
        served.append(number)
        turns.release()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        wait_until(lambda expected=number: len(turns._waiting) == expected)
    turns.release()
    for thread in threads:
        thread.join(30)
    assert served == [0, 1, 2, 3, 4]


def test_an_interrupted_wait_gives_its_place_back(monkeypatch):
    """Ctrl-C while waiting, with the place handed over at that very moment."""
    turns = Turns(1)
    turns.acquire(0)

    class Interrupted:
        def acquire(self, timeout=None):
            if timeout is None:
                return True
            turns.release()
            raise KeyboardInterrupt

        def release(self):
            """Nobody waits any more."""

    monkeypatch.setattr("llm_token_budget.ledgers.postgres.turns.threading.Lock", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        turns.acquire(1)
    assert turns.acquire(0)
