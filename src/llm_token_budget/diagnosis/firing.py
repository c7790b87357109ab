"""One form of call, fired under a limit of 0 and without limits, and judged."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from llm_token_budget.diagnosis.finding import Finding
from llm_token_budget.diagnosis.forms import MODEL, Form
from llm_token_budget.errors import BudgetExceeded, UnmeteredCall
from llm_token_budget.manager import BudgetManager
from llm_token_budget.providers import wrap
from llm_token_budget.providers.server import Server

if TYPE_CHECKING:
    from llm_token_budget.testing import LoopbackProvider


@dataclass(frozen=True, slots=True)
class _Books:
    """What was billed, or booked."""

    requests: int
    input_tokens: int
    output_tokens: int
    usd: Decimal

    def since(self, earlier: _Books) -> _Books:
        return _Books(
            self.requests - earlier.requests,
            self.input_tokens - earlier.input_tokens,
            self.output_tokens - earlier.output_tokens,
            self.usd - earlier.usd,
        )

    def covers(self, bill: _Books) -> bool:
        """Whether nothing of it is below a bill."""
        left = self.since(bill)
        return min(left.requests, left.input_tokens, left.output_tokens) >= 0 and left.usd >= 0

    def __str__(self) -> str:
        return f"{self.requests} x {self.input_tokens} + {self.output_tokens} tokens, ${self.usd.normalize():f}"


class Examination:
    """A client under two budgets: one that refuses everything, and one that only counts."""

    PRICES: ClassVar = {MODEL: ("1", "2")}
    """USD per million tokens, for input and output."""

    def __init__(self, client: Any, provider: LoopbackProvider, server: Server) -> None:
        read, written = self.PRICES[MODEL]
        pricing = {MODEL: {"input": read, "output": written}}
        self._provider = provider
        self._budget = BudgetManager(custom_pricing=pricing, ledger="memory://")
        refusing = BudgetManager(global_token_limit=0, ledger="memory://", wait_for_held=0)
        self._counting, self._refusing = (
            wrap(client, budget, stream_usage=server.stream_usage, maximum_field=server.maximum_field)
            for budget in (self._budget, refusing)
        )

    async def of(self, form: Form) -> Finding:
        """How a budget stands to a form of call."""
        method = _method(self._counting, form.path)
        if method is None or (form.needs and form.needs not in inspect.signature(method).parameters):
            return Finding(form.name, "absent", "")
        if form.package and find_spec(form.package) is None:
            return Finding(form.name, "absent", f"the SDK needs {form.package} for it, which is not installed")
        return await self._refusal(form) or await self._account(form)

    async def _refusal(self, form: Form) -> Finding | None:
        """Whether nothing is sent under a limit of 0; None if so, and there is more to be seen."""
        sent = self._provider.request_count
        reason = "it sent nothing, and raised nothing"
        refused = False
        try:
            await _fire(self._refusing, form)
        except (BudgetExceeded, UnmeteredCall):
            refused = True
        except Exception as error:  # noqa: BLE001 - whatever an SDK or a user's class raises is a finding
            reason = _kinds(error)
        if self._provider.request_count > sent:
            return Finding(form.name, "NOT guarded", "was sent under a limit of 0")
        if not refused:
            return Finding(form.name, "failed", reason)
        if not form.measurable:
            return Finding(form.name, "held", "refused under any limit: its bill can't be measured")
        if not form.answerable:
            return Finding(
                form.name, "held", "refused under a limit of 0; its bill is not tried: no provider here answers it"
            )
        return None

    async def _account(self, form: Form) -> Finding:
        """Whether the account is the bill."""
        billed, booked, estimated = self._billed(), self._booked(), self._estimated()
        try:
            await _fire(self._counting, form)
        except Exception as error:  # noqa: BLE001 - as above
            return Finding(form.name, "failed", _kinds(error))
        self._provider.wait_until_idle()
        bill, account = self._billed().since(billed), self._booked().since(booked)
        if not bill.requests:
            return Finding(form.name, "failed", "nothing was billed")
        if account == bill:
            return Finding(form.name, "metered", f"{bill.input_tokens} + {bill.output_tokens} tokens")
        if self._estimated() > estimated and account.covers(bill):
            return Finding(form.name, "held", "charged by estimate: the answer reports no usage")
        return Finding(form.name, "NOT guarded", f"the bill is {bill}; the account {account}")

    def _billed(self) -> _Books:
        bill = self._provider.bill
        return _Books(bill.requests, bill.input_tokens, bill.output_tokens, bill.usd)

    def _booked(self) -> _Books:
        stats = self._budget.get_global_stats()
        return _Books(stats.requests, stats.input_tokens, stats.output_tokens, stats.total_cost)

    def _estimated(self) -> int:
        return self._budget.get_global_stats().estimated_requests


def _method(client: Any, path: str) -> Any:
    found = client
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


async def _fire(client: Any, form: Form) -> None:
    """Make a call, and read its answer to the end."""
    with warnings.catch_warnings():
        # An SDK's older forms are called on purpose: that they are deprecated is no news, and no failure.
        warnings.simplefilter("ignore", DeprecationWarning)
        if form.with_options:
            client = client.with_options(timeout=30.0)
        answer = await _got(_method(client, form.path)(**form.arguments))
        if hasattr(answer, "__aenter__"):
            async with answer as opened:
                await _read(opened, form)
        elif hasattr(answer, "__enter__"):
            with answer as opened:
                await _read(opened, form)
        else:
            await _read(answer, form)


async def _read(answer: Any, form: Form) -> None:
    if form.lines:
        answer = answer.iter_lines()
    elif hasattr(answer, "parse"):
        answer = await _got(answer.parse())
    if hasattr(answer, "__aiter__"):
        async for _ in answer:
            pass
    elif isinstance(answer, Iterator):
        for _ in answer:  # pyright: ignore[reportUnknownVariableType]
            pass


async def _got(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _kinds(error: BaseException) -> str:
    """The kinds of an error and its causes. Not what they say: that may quote what nobody should read."""
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < 5:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__
    return " from ".join(kinds)
