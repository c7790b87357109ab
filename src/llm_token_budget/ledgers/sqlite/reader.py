"""A second connection of a process, for lists: it sees what is in the file when it is asked."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import TypeVar

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.ledgers.sqlite.connecting import connect, patiently, unavailable
from llm_token_budget.ledgers.sqlite.location import Location

T = TypeVar("T")


class Reader:
    """Opened for each list, as lists are rare."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self.reset()

    def reset(self) -> None:
        """Begin anew, in a forked child."""
        self._turn = threading.Lock()

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What some work finds out on the connection.

        Raises:
            LedgerUnavailable: the file can't be read.
        """
        with self._turn:
            try:
                connection = connect(self._location)
                try:
                    return patiently(lambda: work(connection), self._location.busy_timeout)
                finally:
                    connection.close()
            except (sqlite3.Error, OSError, ConfigurationError) as error:
                raise unavailable(error, self._location) from error

    def pause(self) -> None:
        """Before a fork: nobody is at the file."""
        self._turn.acquire()

    def go_on(self) -> None:
        self._turn.release()
