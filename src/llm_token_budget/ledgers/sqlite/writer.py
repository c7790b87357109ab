"""The one writer of a process: carries out all operations that wait, in one transaction.

A thread that asks while nobody is at the file carries out its operation itself: that saves two switches of threads, which
cost as much as the operation. All others, and tasks, leave theirs to the writer's thread.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from llm_token_budget.errors import BudgetError, ConfigurationError, LedgerUnavailable
from llm_token_budget.ledgers.operations import Operation
from llm_token_budget.ledgers.sqlite.connecting import BROKEN, code, connect, patiently, unavailable
from llm_token_budget.ledgers.sqlite.location import Location
from llm_token_budget.ledgers.sqlite.steps import READING, carry_out
from llm_token_budget.ledgers.sqlite.tables import Tables

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

AT_ONCE: Final = 256
"""So many operations go into one transaction."""

GATHER: Final = 0.000_5
"""Seconds that the thread waits for those who wrote together the last time: they were woken a moment ago."""

LOOK_EVERY: Final = 0.5
"""Seconds after which it is looked whether the file is still the one that was opened."""


class Job:
    """An operation, and whoever waits for its answer."""

    __slots__ = ("answer", "error", "gate", "operation", "task")

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.answer: Any = None
        self.error: BaseException | None = None
        self.gate: threading.Lock | None = None
        self.task: tuple[AbstractEventLoop, Future[Any]] | None = None

    def outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.answer


class Writer:
    """A connection, whoever is at it, and a thread that starts with the first operation that has to wait."""

    _connection: sqlite3.Connection | None = None

    def __init__(self, location: Location, clock: Callable[[], float], idle_seconds: float) -> None:
        self._location = location
        self._clock = clock
        self._idle = idle_seconds
        self.reset()

    def reset(self) -> None:
        """Begin anew: nothing of another process's queue, thread or connection is this one's."""
        if self._connection is not None:
            # Forked by something that told nobody: closing it here would touch what is the parent's.
            _inherited.append(self._connection)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._turn = threading.RLock()
        """Held by whoever is at the file."""
        self._together = 1
        """So many operations went into the last transaction."""
        self._committing = False
        """Whether the last transaction came to its end: if that fails, nobody knows what is in the file."""
        self._at_work: int | None = None
        """The thread that is at the file."""
        self._runs = False
        self._tables: Tables | None = None
        self._connection = None
        self._file: tuple[int, int] | None = None
        self._looked = 0.0

    def ask(self, operation: Operation) -> Any:
        """One operation, for a thread: returns when it is in the file."""
        job = Job(operation)
        if self._carried_out_here(job):
            return job.outcome()
        job.gate = threading.Lock()
        job.gate.acquire()
        self._put(job)
        job.gate.acquire()
        return job.outcome()

    async def await_answer(self, operation: Operation) -> Any:
        """One operation, for a task."""
        import asyncio

        loop = asyncio.get_running_loop()
        job = Job(operation)
        answered = loop.create_future()
        job.task = loop, answered
        self._put(job)
        await answered
        return job.outcome()

    def stop(self) -> None:
        """End the thread, after what waits, and close the file."""
        with self._starting:
            if self._runs:
                self._jobs.put(None)
                self._runs = False
        with self._turn:
            self._disconnect()

    def stop_soon(self) -> None:
        """The same, for a finalizer."""
        self._jobs.put(None)

    def pause(self) -> None:
        """Before a fork: nobody is at the file, and it is closed. SQLite's locks don't survive a fork."""
        self._turn.acquire()
        self._disconnect()

    def go_on(self) -> None:
        self._turn.release()

    def _carried_out_here(self, job: Job) -> bool:
        """True if nobody was at the file, and nobody waited."""
        me = threading.get_ident()
        if self._at_work == me:
            refused = LedgerUnavailable(
                "a signal's handler (or a finalizer) asks the ledger in the middle of an operation of its own thread: "
                "let it set a flag, or raise SystemExit"
            )
            refused.unsent = True
            raise refused
        ours: bool | None = None
        try:
            # Where several write together, one by itself would keep the others waiting for a transaction of its own.
            if self._together > 1 and self._runs:
                ours = False
                return False
            ours = self._turn.acquire(blocking=False)
            if not ours or not self._jobs.empty():
                return False
            self._at_work = me
            self._carry_out([job])
            return True
        finally:
            if ours is not False:
                self._at_work = None
                # None: a signal's handler has raised just when it was acquired, or just before.
                with suppress(RuntimeError):
                    self._turn.release()

    def _put(self, job: Job) -> None:
        with self._starting:
            if not self._runs:
                self._jobs = SimpleQueue()
                name = "llm-token-budget-sqlite"
                threading.Thread(target=self._run, args=(self._jobs,), name=name, daemon=True).start()
                self._runs = True
            self._jobs.put(job)

    def _run(self, queue: SimpleQueue[Job | None]) -> None:
        is_open = True
        while is_open and (job := queue.get()) is not None:
            jobs = [job]
            is_open = _take(queue, jobs)
            expected = self._together * 3 // 4
            if is_open and len(jobs) < expected:
                until = time.monotonic() + GATHER
                while len(jobs) + queue.qsize() < expected and time.monotonic() < until:
                    time.sleep(0)
                is_open = _take(queue, jobs)
            with self._turn:
                self._at_work = threading.get_ident()
                self._carry_out(jobs)
                self._at_work = None
            self._together = len(jobs)
            _answer(jobs)
        with self._turn:
            self._disconnect()

    def _carry_out(self, jobs: Sequence[Job]) -> None:
        """All of them, or each by itself if one breaks their transaction in a way of its own."""
        try:
            self._transact(jobs)
        except (sqlite3.Error, OSError, ConfigurationError) as error:
            for job in jobs:
                lost = unavailable(error, self._location)
                lost.unsent = not self._committing
                lost.__cause__ = error
                job.error = lost
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            for job in jobs:
                if len(jobs) > 1:
                    self._carry_out([job])
                else:
                    job.error = error

    def _transact(self, jobs: Sequence[Job]) -> None:
        self._committing = False
        tables = self._opened()
        assert self._connection is not None
        execute = self._connection.execute
        try:
            self._begin(tables, writing=not all(type(job.operation) in READING for job in jobs))
            for job in jobs:
                job.error = None
                try:
                    job.answer = carry_out(tables, job.operation, self._clock())
                except BudgetError as refused:
                    job.error = refused
            tables.save()
            self._committing = True
            execute("COMMIT")
        except BaseException as error:
            self._roll_back(error)
            raise

    def _begin(self, tables: Tables, *, writing: bool) -> None:
        assert self._connection is not None
        execute, patience = self._connection.execute, self._location.busy_timeout
        patiently(lambda: execute("BEGIN IMMEDIATE" if writing else "BEGIN"), patience)
        patiently(tables.begin, patience)

    def _roll_back(self, error: BaseException) -> None:
        assert self._connection is not None
        assert self._tables is not None
        self._tables.forget()
        if code(error) in BROKEN:
            self._disconnect()
        elif self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                self._disconnect()

    def _opened(self) -> Tables:
        if self._tables is None or time.monotonic() - self._looked > LOOK_EVERY:
            file = os.stat(self._location.path)
            if self._file != (file.st_dev, file.st_ino):
                # It was moved away, and another one (a backup) is in its place.
                self._disconnect()
                self._connection = connect(self._location)
                self._file = file.st_dev, file.st_ino
            self._looked = time.monotonic()
        if self._tables is None:
            assert self._connection is not None
            self._tables = Tables(self._connection, self._idle)
        return self._tables

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._tables = self._file = None


_inherited: Final = list[sqlite3.Connection]()


def _take(queue: SimpleQueue[Job | None], jobs: list[Job]) -> bool:
    """Take what waits. False if it ends with the word to stop."""
    with suppress(Empty):
        while len(jobs) < AT_ONCE:
            if (job := queue.get_nowait()) is None:
                return False
            jobs.append(job)
    return True


def _answer(jobs: Iterable[Job]) -> None:
    """Wake who waits: threads one by one, the tasks of a loop together."""
    tasks: defaultdict[AbstractEventLoop, list[Future[Any]]] = defaultdict(list)
    for job in jobs:
        if job.gate is not None:
            job.gate.release()
        elif job.task is not None:
            loop, answered = job.task
            tasks[loop].append(answered)
    for loop, answers in tasks.items():
        try:
            loop.call_soon_threadsafe(_wake, answers)
        except RuntimeError:
            continue  # The loop was closed: nobody waits any more.


def _wake(answers: list[Future[Any]]) -> None:
    for answered in answers:
        if not answered.done():
            answered.set_result(None)
