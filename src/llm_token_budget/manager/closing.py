"""The end of a budget in this process."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from llm_token_budget.manager.workings import Workings
from llm_token_budget.options import check_seconds


class Closing(Workings):
    """`close` and `aclose`, and `with` and `async with`, which end with them."""

    def close(self, wait: float = 0.0) -> None:
        """End what is open in this process, have everything booked, and let go of threads and connections.

        Call it where a worker ends: after the server's last request, in gunicorn's `worker_exit`, Celery's
        `worker_process_shutdown`, or after `signal.signal(SIGTERM, lambda *_: sys.exit())`; not in a signal handler itself,
        which may have interrupted just what it would wait for.

        Streams that are open are charged as if they were closed now: the input, and the output seen. What was never sent is
        given back. Of calls on their way nobody knows: they are charged as `unknown_outcome` says, and should their answer
        come after all, it counts. So does a late `settle` of a plain reservation, which is charged in full until then.

        Closing again does no harm; a budget that is used after it connects again.

        Args:
            wait: seconds that calls in flight in other threads get to end by themselves. Where an event loop runs, a plain
                `close` waits for nothing: `aclose` does.

        Raises:
            ConfigurationError: `wait` is no number of seconds.
        """
        self._admissions.let_finish(check_seconds("wait", wait))
        self._admissions.end_open()
        self._let_go()

    async def aclose(self, wait: float = 0.0) -> None:
        """`close` for tasks: `wait` is for calls in flight in other tasks, and in threads."""
        await self._admissions.alet_finish(check_seconds("wait", wait))
        self._admissions.end_open()
        await self._ledger.acall(self._let_go)

    def _let_go(self) -> None:
        self._catch_up()
        if self.alerts is not None:
            self.alerts.close()
        if self.journal is not None:
            self.journal.close()
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
