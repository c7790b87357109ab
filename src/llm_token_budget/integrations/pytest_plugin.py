"""A budget for a test run that calls real models: `pytest --llm-budget-usd 0.50`.

    @pytest.mark.llm_budget(usd="0.10")             # this test's own limit, beside the run's
    def test_summary(llm_budget):
        client = wrap(OpenAI(), llm_budget)         # a session of this test: its threads are in it, too
        ...

A call that would go past a limit raises `BudgetExceeded`, which fails its test, or skips it with `--llm-budget-skip`;
tests that ask for `llm_budget` when the run's budget is used up end the same way. Under pytest-xdist all workers share one
budget. A line in the summary says what was spent.

pytest loads this module in every run of everybody who has the package installed, so it imports nothing else until it is used.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from llm_token_budget.context import Session
    from llm_token_budget.manager import BudgetManager

FOLDER: Final = "llm_token_budget_folder"
"""Under this name a worker is told where the run's ledger lies."""

_RUN: Final = pytest.StashKey["_Run"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("llm-token-budget", "a budget for tests that call models")
    group.addoption("--llm-budget-usd", metavar="USD", help="What the whole run may cost: 0.50")
    group.addoption("--llm-budget-tokens", type=int, metavar="N", help="How many tokens the whole run may use.")
    group.addoption(
        "--llm-budget-skip",
        action="store_true",
        help="Skip tests that would go past the budget instead of failing them.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "llm_budget(usd=None, tokens=None, requests=None): what this test may spend through `llm_budget`."
    )
    run = _Run(config)
    if config.option.llm_budget_usd is not None or config.option.llm_budget_tokens is not None:
        run.check_options()
    config.stash[_RUN] = run


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist, where it is installed: the controller tells each worker where the ledger is."""
    node.workerinput[FOLDER] = str(node.config.stash[_RUN].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if (run := config.stash.get(_RUN, None)) is not None:
        run.close()


@pytest.fixture
def llm_budget(request: pytest.FixtureRequest) -> Generator[Session]:
    """This test's session of the run's budget: for `wrap(client, llm_budget)`; `llm_budget.budget` is the budget."""
    run = request.config.stash[_RUN]
    marker = request.node.get_closest_marker("llm_budget")
    try:
        run.check_room()
        limits = [] if marker is None else _limits(marker)
    except Exception as error:
        raise _as_skip(request.config, error) from error
    with run.budget.session(limits=limits) as session:
        yield session


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """With --llm-budget-skip, a test that the budget stopped is skipped."""
    try:
        return (yield)
    except Exception as error:
        skipped = _as_skip(item.config, error)
        if skipped is error:
            raise
        raise skipped from error


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What was spent, if anything could be."""
    if (run := config.stash.get(_RUN, None)) is None or (line := run.summary()) is None:
        return
    terminalreporter.write_line(line)


class _Run:
    """The budget of a test run. Made when the first test asks for it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._made: BudgetManager | None = None
        worker = getattr(config, "workerinput", None)
        self._shared = worker is not None or bool(getattr(config.option, "numprocesses", None))
        self._given = None if worker is None else Path(worker[FOLDER])
        self._own: Path | None = None

    @property
    def folder(self) -> Path:
        """Where a ledger lies that several workers share."""
        if self._given is not None:
            return self._given
        if self._own is None:
            self._own = Path(tempfile.mkdtemp(prefix="llm-token-budget-"))
        return self._own

    @property
    def budget(self) -> BudgetManager:
        if self._made is None:
            from llm_token_budget.manager import BudgetManager

            self._made = BudgetManager(
                limits=self._limits(),
                ledger=f"sqlite:///{self.folder / 'budget.db'}?synchronous=normal" if self._shared else "memory://",
            )
        return self._made

    def check_options(self) -> None:
        """A wrong amount ends the run before its first test.

        Raises:
            UsageError: an option is no amount.
        """
        from llm_token_budget.errors import ConfigurationError

        try:
            self._limits()
        except ConfigurationError as error:
            raise pytest.UsageError(str(error)) from None

    def _limits(self) -> list[Any]:
        from llm_token_budget.limits import Limit

        option = self._config.option
        given = {"usd": option.llm_budget_usd, "tokens": option.llm_budget_tokens}
        return [
            Limit(**{unit: amount}, name=f"--llm-budget-{unit}") for unit, amount in given.items() if amount is not None
        ]

    def check_room(self) -> None:
        """Whether the run has anything left.

        Raises:
            BudgetExceeded: it has not.
        """
        from llm_token_budget.errors import BudgetExceeded

        # The smallest call there is: it is refused where nothing is left.
        checked = self.budget.check(estimated_input_tokens=1, usd="0.000000001")
        if checked.refusal is not None:
            raise BudgetExceeded(checked.refusal)

    def summary(self) -> str | None:
        """The line of the terminal summary; None if no test asked for the budget."""
        if self._made is None and not (self._shared and self._own is not None and any(self._own.iterdir())):
            return None
        from llm_token_budget.errors import format_usd

        stats = self.budget.get_global_stats()
        whole = self._config.option.llm_budget_usd
        of = "" if whole is None else f" of ${whole}"
        blocked = f", {stats.blocked} calls blocked" if stats.blocked else ""
        return (
            f"llm budget: {format_usd(stats.total_cost)}{of} spent, {stats.total_tokens:,} tokens in "
            f"{stats.requests:,} requests{blocked}"
        )

    def close(self) -> None:
        if self._made is not None:
            self._made.close()
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)


def _limits(marker: pytest.Mark) -> list[Any]:
    from llm_token_budget.errors import ConfigurationError
    from llm_token_budget.limits import Limit

    unknown = set(marker.kwargs) - {"usd", "tokens", "requests"}
    if marker.args or unknown or not marker.kwargs:
        raise ConfigurationError("the marker is llm_budget(usd=...), with tokens= or requests= beside or instead of it")
    return [Limit(**{unit: amount}, scope="run") for unit, amount in marker.kwargs.items()]


def _as_skip(config: pytest.Config, error: Exception) -> BaseException:
    """The skip that an error becomes, if it is a budget's and the option says so."""
    from llm_token_budget.errors import BudgetExceeded, find_budget_error

    if config.option.llm_budget_skip and isinstance(found := find_budget_error(error), BudgetExceeded):
        return pytest.skip.Exception(f"over budget: {found}")
    return error
