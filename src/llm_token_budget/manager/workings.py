"""What the verbs of a budget work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from llm_token_budget.admissions import Admissions
from llm_token_budget.alerts import Alerts
from llm_token_budget.claims import MissingUserPolicy, Planner
from llm_token_budget.context import Identity, current, read_identity
from llm_token_budget.estimation import Estimator
from llm_token_budget.events import Hooks
from llm_token_budget.host_prices import HostPrices
from llm_token_budget.ledgers import Ledger
from llm_token_budget.ledgers.base import Stale
from llm_token_budget.limits import Admission, Limit
from llm_token_budget.options import UnmeteredCalls, check_name

if TYPE_CHECKING:
    from llm_token_budget.journal import Journal

Dimensions = Mapping[str, str]

T = TypeVar("T")


class Workings:
    """The parts that `BudgetManager` makes of its options, and what more than one group of verbs asks of them."""

    limits: tuple[Limit, ...]
    admission: Admission
    missing_user: MissingUserPolicy
    default_model: str | None
    min_output_tokens: int | None
    default_max_output_tokens: int | None
    prices: HostPrices
    estimator: Estimator
    """How the input of calls is estimated, and what bills have taught about it."""
    unmetered: UnmeteredCalls
    alerts: Alerts | None
    """Who is told of limits that are nearly spent; None without thresholds."""
    journal: Journal | None
    """What all calls came to, one by one; None without `journal=`."""
    _ledger: Ledger
    _planner: Planner
    _hooks: Hooks | None
    _admissions: Admissions

    @property
    def ledger(self) -> Ledger:
        """Where amounts are kept."""
        return self._ledger

    def identify(
        self, user_key: str | None = None, session_id: str | None = None, dimensions: Dimensions | None = None
    ) -> Identity:
        """Who is spending: what is said here, or else the innermost session of this budget."""
        return read_identity(user_key, session_id, dimensions).over(current(self))

    def _model(self, model: str | None) -> str | None:
        if model is None:
            return self.default_model
        return check_name("model", model)

    def _catch_up(self) -> None:
        """Tell the hooks what happened where nothing could be told."""
        if self._hooks is not None:
            self._hooks.catch_up()

    def _asked(self, ask: Callable[[], T | Stale]) -> T:
        """What the ledger answers, asked anew as long as its time has left the windows that it was asked for."""
        while isinstance(answer := ask(), Stale):
            self._planner.spans.move_on(answer.now)
        return answer
