"""Who is spending now: sessions, and what calls inside them inherit."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar, cast

from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.identifiers import new_id
from llm_token_budget.inside import run_inside
from llm_token_budget.ledgers.base import Amounts, Balance, Charge
from llm_token_budget.limits import Limit, check_key, check_names
from llm_token_budget.receipts import Receipt, new_drafts, receipts_of
from llm_token_budget.statistics import Stats, stats_of

P = ParamSpec("P")
T = TypeVar("T")

_TAKEN: Final = {"global", "user", "session", "run", "call", "model", "provider"}
NO_DIMENSIONS: Final[Mapping[str, str]] = {}


class Tally:
    """What one block spent, in this process. Adding takes no lock: finalizers may do it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._added: deque[tuple[int, Charge | Amounts | None]] = deque()
        self._sums = [0] * 12
        self.drafts = new_drafts()
        """Of the receipts of its calls."""

    def hold(self, amounts: Amounts) -> None:
        self._added.append((1, amounts))

    def give_back(self, amounts: Amounts) -> None:
        self._added.append((-1, amounts))

    def book(self, charge: Charge) -> None:
        self._added.append((1, charge))

    def take_back(self, charge: Charge) -> None:
        self._added.append((-1, charge))

    def block(self) -> None:
        self._added.append((1, None))

    def balance(self) -> Balance:
        with self._lock:
            self._add_up()
            spent_in, spent_out, money, requests, blocked, *rest = self._sums
        return Balance(
            spent=Amounts(spent_in + spent_out, money, requests),
            input_tokens=spent_in,
            output_tokens=spent_out,
            blocked=blocked,
            reserved=Amounts(*rest[:3]),
            unconfirmed=Amounts(*rest[3:6]),
            unpriced_requests=rest[6],
        )

    def settle_up(self) -> None:
        """Add up now and then, so that a long run's list stays short."""
        if len(self._added) > 256 and self._lock.acquire(blocking=False):
            try:
                self._add_up()
            finally:
                self._lock.release()

    def _add_up(self) -> None:
        sums = self._sums
        while self._added:
            sign, what = self._added.popleft()
            if what is None:
                sums[4] += 1
            elif isinstance(what, Charge):
                for place, amount in enumerate(what[:4]):
                    sums[place] += sign * amount
                if what.unconfirmed:
                    for place, amount in enumerate(what.amounts, 8):
                        sums[place] += sign * amount
                sums[11] += sign * what.unpriced
            else:
                for place, amount in enumerate(what, 5):
                    sums[place] += sign * amount


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Run:
    """One decorated function's run, or one session, with limits of its own."""

    id: str
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a call is charged to."""

    user_key: str | None = None
    session_id: str | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict[str, str])
    runs: tuple[Run, ...] = ()
    """The runs that the call is part of, outermost first: each of them must have room."""
    tallies: tuple[Tally, ...] = ()

    def over(self, outer: Identity) -> Identity:
        """This identity inside another: what it leaves open comes from there, and runs and tallies add up.

        Another user's session is never inherited.
        """
        if outer is NOBODY:
            return self
        same_user = self.user_key is None or self.user_key == outer.user_key
        return Identity(
            user_key=outer.user_key if self.user_key is None else self.user_key,
            session_id=outer.session_id if self.session_id is None and same_user else self.session_id,
            dimensions={**outer.dimensions, **self.dimensions} if outer.dimensions else self.dimensions,
            runs=outer.runs + tuple(run for run in self.runs if run not in outer.runs),
            tallies=outer.tallies + tuple(tally for tally in self.tallies if tally not in outer.tallies),
        )


NOBODY: Final = Identity()


def read_identity(
    user_key: str | None = None, session_id: str | None = None, dimensions: Mapping[str, str] | None = None
) -> Identity:
    """An identity from what a user typed.

    Raises:
        ConfigurationError: a key that no ledger can keep, or a dimension with a taken name.
    """
    if user_key is not None:
        check_key(user_key, "user_key")
    if session_id is not None:
        check_key(session_id, "session_id")
    if dimensions is not None and not isinstance(dimensions, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"dimensions is a mapping such as {{'org': 'acme'}}, not {shown_value(dimensions)}")
    for name, value in (dimensions or {}).items():
        if not isinstance(name, str) or not name.isidentifier() or name in _TAKEN:
            raise ConfigurationError(f"a dimension is a name such as 'org' or 'feature', not {shown_value(name)}")
        check_key(value, f"dimension {name}")
    if user_key is None and session_id is None and not dimensions:
        return NOBODY
    return Identity(user_key=user_key, session_id=session_id, dimensions=dict(dimensions or {}))


@dataclass(frozen=True, slots=True)
class _Frame:
    """One entered session, and what was ambient before it."""

    session: Session
    outer: _Frame | None
    identity: Identity
    """The session's, inside the sessions around it: their limits hold here too, wherever this one was made."""


_ambient: contextvars.ContextVar[_Frame | None] = contextvars.ContextVar("llm_token_budget.session", default=None)


def current(budget: object) -> Identity:
    """Who the innermost entered session of this budget names; nobody without one."""
    frame = _ambient.get()
    while frame is not None:
        if frame.session.budget is budget:
            return frame.identity
        frame = frame.outer
    return NOBODY


class Session:
    """A block of calls that are charged to somebody, with limits of its own if it likes.

    Made by `BudgetManager.session`. `with` and `async with` enter it; it may be entered again, nested, and in several
    threads and tasks at once. Inside another session of the same budget it inherits what it does not say itself, and the
    outer one's limits hold on.
    """

    def __init__(self, budget: Any, identity: Identity, limits: tuple[Limit, ...] = ()) -> None:
        own = tuple(limit.as_run() for limit in limits)
        check_names(own)
        self.budget = budget
        self._tally = Tally()
        self.run = Run(new_id(), own) if own else None
        """The run that its own limits are on; None without any."""
        stated = replace(identity, runs=(self.run,) if self.run else (), tallies=(self._tally,))
        self.identity = stated.over(current(budget))
        """Who calls inside are charged to."""

    @property
    def user_key(self) -> str | None:
        """Whose session it is."""
        return self.identity.user_key

    @property
    def session_id(self) -> str | None:
        return self.identity.session_id

    @property
    def stats(self) -> Stats:
        """What was spent in this block, in this process: no I/O."""
        return stats_of(self._tally.balance(), user_key=self.user_key, session_id=self.session_id)

    @property
    def receipts(self) -> list[Receipt]:
        """What this block's calls came to, in this process, the latest last: of the last 100 that have ended. No I/O."""
        return receipts_of(self._tally.drafts)

    def bind(self, function: Callable[P, T]) -> Callable[P, T]:
        """The function, run in this session wherever it is called: in a plain thread or an executor, say."""
        return cast("Callable[P, T]", run_inside(function, lambda _args, _kwargs: self))

    def __enter__(self) -> Self:
        _ambient.set(_Frame(self, _ambient.get(), self.identity.over(current(self.budget))))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # No ContextVar token: a generator that was entered in one context may be left in another.
        _ambient.set(_without(_ambient.get(), self))

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __repr__(self) -> str:
        return f"<Session user_key={self.user_key!r:.40} session_id={self.session_id!r:.40}>"


def _without(frame: _Frame | None, session: Session) -> _Frame | None:
    """The frames without the innermost one of a session."""
    if frame is None:
        return None
    if frame.session is session:
        return frame.outer
    return _Frame(frame.session, _without(frame.outer, session), frame.identity)
