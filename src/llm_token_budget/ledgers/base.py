"""What a ledger is: the protocol that every store speaks.

A ledger keeps numbers: what was spent and what is reserved, by counter. It knows no prices, no vendors and no time zones.
One reservation touches all its counters in one atomic step, or none. The caller sends the windows, the ledger compares
them with its own clock and answers `Stale` when one has ended; the caller computes again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, ParamSpec, Protocol, TypeVar, cast, get_args

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.money import usd_from_nano

if TYPE_CHECKING:
    from asyncio import Future

P = ParamSpec("P")
T = TypeVar("T")

TOKENS: Final = 0
NANO_USD: Final = 1
REQUESTS: Final = 2
"""Where each unit stands in `Amounts`."""

SLOPE_SCALE: Final = 1000
"""Slopes are in thousandths of the unit per output token: pico-USD for money, milli-tokens for tokens."""

DAY: Final = 86_400.0


Expired = Literal["charge", "release"]
"""What becomes of a reservation that nobody has ended when its lease ends."""


class _Make(Protocol):
    def __call__(self, kind: type[T], fields: tuple[Any, ...], /) -> T: ...


make: Final[_Make] = cast("Any", tuple).__new__
"""Makes a named tuple of all its fields: `make(Amounts, (1, 2, 3))`. Without the Python function that its class puts in
between: these are made for every call."""


class Amounts(NamedTuple):
    """How much, in every unit a limit can have."""

    tokens: int = 0
    nano_usd: int = 0
    requests: int = 0

    def __bool__(self) -> bool:
        return bool(self.tokens or self.nano_usd or self.requests)

    @property
    def usd(self) -> Decimal:
        """The money as exact USD."""
        return usd_from_nano(self.nano_usd)


class Counter(NamedTuple):
    """The identity of one running sum: whose, over which window, since when. Never the amount of a limit."""

    scope: tuple[str, ...]
    key: tuple[str, ...]
    window: str
    """`Window.id`, time zone and anchor included."""
    start: int = 0
    """The window is [start, end), in seconds since the epoch."""
    end: int | None = None
    sliding: int = 0
    """Length in seconds of a sliding window, which has neither start nor end; 0 for all others."""


class Line(NamedTuple):
    """One limit's say in a claim."""

    name: str
    """The limit's name, under which an override may be stored."""
    key: tuple[str, ...]
    unit: int
    amount: int | None
    """None: unlimited, unless an override says otherwise."""
    counter: int
    """Which of the claim's counters it looks at; -1 for a limit on the single call."""
    enforce: bool = True


class Claim(NamedTuple):
    """What a reservation asks for. It has one free variable, k, the output tokens granted.

    In each unit the amount is `fixed + ceil(slope * k / 1000)`. The ledger grants the largest `k <= want` that every
    enforced line allows, or refuses if that is below `at_least`.
    """

    id: str
    counters: tuple[Counter, ...]
    lines: tuple[Line, ...]
    fixed: Amounts
    slope: tuple[int, int, int] = (0, 0, 0)
    want: int = 0
    at_least: int = 0
    share: int = 0
    """Where above 0: grant at most 1/share of what is left, but `share_floor` at least, to leave room for others."""
    share_floor: int = 0
    lease: float = 900.0
    """Seconds after which the reservation, if still open, expires: it is charged as unconfirmed, or given back."""
    patient: bool = False
    """The caller waits if the room is only held: such a refusal is not counted as blocked."""

    def amounts(self, k: int) -> Amounts:
        """What is reserved when k output tokens are granted."""
        _, _, _, (tokens, money, requests), (token_slope, money_slope, request_slope), _, _, _, _, _, _ = self
        if request_slope:
            requests -= -request_slope * k // SLOPE_SCALE
        return make(
            Amounts, (tokens - (-token_slope * k // SLOPE_SCALE), money - (-money_slope * k // SLOPE_SCALE), requests)
        )


class Handle(NamedTuple):
    """An open reservation, complete in itself: it can be settled even by a ledger that lost its record."""

    id: str
    counters: tuple[Counter, ...]
    reserved: Amounts
    input_tokens: int
    """How much of the reserved tokens is input: the split that a charge without a truth is booked with."""
    created: float
    """The ledger's clock when it was granted: its window, and its age."""


class Charge(NamedTuple):
    """What a call is charged."""

    input_tokens: int = 0
    output_tokens: int = 0
    nano_usd: int = 0
    requests: int = 1
    unconfirmed: bool = False
    """The provider never said; a truth that comes later replaces it, a person may give it back."""
    estimated: bool = False
    """The call ended, but the amounts are ours, not the provider's."""
    unpriced: bool = False
    """Nobody knows the price: the money is missing."""

    @property
    def amounts(self) -> Amounts:
        return Amounts(self.input_tokens + self.output_tokens, self.nano_usd, self.requests)


def reserved_charge(handle: Handle) -> Charge:
    """All that a reservation holds, as an unconfirmed charge: for an outcome that nobody knows."""
    tokens, money, requests = handle.reserved
    return Charge(handle.input_tokens, tokens - handle.input_tokens, money, requests, unconfirmed=True)


def expiry_charge(handle: Handle, *, gives_back: bool) -> Charge:
    """What a reservation is charged whose lease has ended: all that it holds or, if it gives back, nothing.

    Nothing is an unconfirmed charge too. So it is listed, with what was held in its handle, and a truth takes its place.
    """
    return Charge(requests=0, unconfirmed=True) if gives_back else reserved_charge(handle)


def gives_back(expired: str) -> bool:
    """Whether `expired=` says that a reservation is given back when its lease ends.

    Raises:
        ConfigurationError: it says neither that nor the other.
    """
    if expired not in get_args(Expired):
        raise ConfigurationError(
            f"expired={expired!r:.40} is not known: 'charge' (what nobody has ended when its lease ends is charged in full) or "
            "'release' (it is given back, and what it was billed after all is not counted unless somebody settles it)"
        )
    return expired == "release"


class Shortage(NamedTuple):
    """One line that has no room for a claim."""

    line: int
    """Which of the claim's lines."""
    amount: int
    spent: int
    reserved: int
    unconfirmed: int
    needed: int
    """What the claim needs at least."""
    held: bool
    """It would fit if what is reserved came back."""
    resets_at: float | None


class Granted(NamedTuple):
    """The claim is held."""

    handle: Handle
    output_tokens: int
    """k: the output tokens that the call may produce."""
    expires: float
    bounded: bool = False
    """True if an enforced line had a say in k: then the call must be held to it."""
    shadow: tuple[Shortage, ...] = ()
    """What lines that are not enforced would have refused."""


class Refused(NamedTuple):
    """At least one enforced line has no room. Nothing has changed but the count of blocked requests."""

    shortages: tuple[Shortage, ...]
    freed: int
    """The ledger's count of give-backs so far: `wait` returns once it has moved on."""

    @property
    def held(self) -> bool:
        """True if only what is reserved is in the way."""
        return all(shortage.held for shortage in self.shortages)


class Stale(NamedTuple):
    """A counter's window doesn't hold the ledger's present: compute the windows again."""

    now: float


class Balance(NamedTuple):
    """All that a ledger knows of one counter."""

    spent: Amounts = Amounts()
    reserved: Amounts = Amounts()
    unconfirmed: Amounts = Amounts()
    """The part of `spent` that was charged without the provider's word."""
    overrun: Amounts = Amounts()
    """The part of `spent` by which bills were above their reservations."""
    unreserved: Amounts = Amounts()
    """The part of `spent` that was recorded without asking."""
    input_tokens: int = 0
    output_tokens: int = 0
    blocked: int = 0
    estimated_requests: int = 0
    unpriced_requests: int = 0


class Counted(NamedTuple):
    """A counter and its numbers, as it is listed."""

    counter: Counter
    balance: Balance
    buckets: tuple[tuple[int, Amounts], ...] = ()
    """Of a sliding window: what was spent by step (sixtieths of its length, numbered from the epoch)."""


class Unconfirmed(NamedTuple):
    """An unconfirmed charge, as it is listed."""

    handle: Handle
    charge: Charge
    at: float


class Booked(NamedTuple):
    """What a settle changed: `before` is what had been charged for this reservation until then."""

    before: Charge | None
    first: bool
    """False for a repeat, which changed nothing."""


UNTOLD: Final = Booked(None, first=True)
"""The store has not answered yet: what had been charged before, it will know."""


class Ledger(ABC):
    """Keeps what was spent and what is reserved. Every method is one atomic step, safe from any thread.

    A subclass writes the plain methods. The `a` ones run them inline unless `blocking` says that they do I/O, and then in
    a thread; an async driver overrides them.
    """

    blocking: bool = False
    """Whether operations are I/O."""
    poll: float = 0.05
    """Seconds after which a call that waits for room looks again by itself."""

    @abstractmethod
    def now(self) -> float:
        """The ledger's clock, as far as this process knows it: seconds since the epoch. No I/O."""

    @abstractmethod
    def reserve(self, claim: Claim) -> Granted | Refused | Stale:
        """Hold a claim on all its counters, or on none. The same id again gives the same answer, and holds it once.

        Raises:
            ReservationConflict: the id belongs to a reservation that has ended.
        """

    @abstractmethod
    def look(self, claim: Claim, *, count_blocked: bool = False) -> Granted | Refused | Stale:
        """What `reserve` would answer, holding nothing."""

    @abstractmethod
    def settle(self, handle: Handle, charge: Charge) -> Booked:
        """Replace what is reserved by what was charged. Any number of times has the effect of the first.

        A truth replaces an unconfirmed charge (of an unknown outcome, or of an expired lease) whenever it comes, and is
        counted even after a release.

        Raises:
            ReservationConflict: settled before, with another amount; or older than the horizon.
        """

    @abstractmethod
    def release(self, handle: Handle) -> Booked:
        """Give back what is reserved: nothing was sent, or nothing is billed.

        Raises:
            ReservationConflict: settled before, with an amount.
        """

    @abstractmethod
    def settle_later(self, handle: Handle, charge: Charge | None) -> None:
        """Settle (or, with None, release) soon: takes no lock, never blocks, never raises. For finalizers and signals."""

    @abstractmethod
    def forget_later(self, counters: tuple[Counter, ...]) -> None:
        """Drop counters that nobody can charge any more (of a run that is over). Like `settle_later`, safe in a finalizer."""

    @abstractmethod
    def renew(self, handle: Handle, lease: float) -> bool:
        """Let an open reservation live for `lease` seconds from now. False if it has ended."""

    @abstractmethod
    def refund(self, reservation_id: str) -> Amounts | None:
        """Give back an unconfirmed charge. None if there is none under this id."""

    @abstractmethod
    def unconfirmed(self) -> Sequence[Unconfirmed]:
        """The unconfirmed charges of the horizon, oldest first."""

    @abstractmethod
    def record(self, counters: tuple[Counter, ...], charge: Charge, *, at: float | None = None) -> Stale | None:
        """Book what was spent without asking. Never refuses.

        `at`: in the windows of then, which the counters name whatever the clock says (an opening balance).
        """

    @abstractmethod
    def read(self, counters: Sequence[Counter]) -> list[Balance] | Stale:
        """The balances of some counters; all zero for those nobody has used."""

    @abstractmethod
    def users(
        self, counter: Counter, *, limit: int | None = None, offset: int = 0
    ) -> list[tuple[str, Balance]] | Stale:
        """Users (or whatever the counter's scope is) by what they cost, highest first. The counter's key is ignored."""

    @abstractmethod
    def counters(self) -> Iterator[Counted]:
        """All counters whose window is the present one, in no order.

        Read page by page: one that changes meanwhile comes as it is then, and may come twice.
        """

    @abstractmethod
    def open_reservations(self) -> int:
        """How many reservations are open, of all processes."""

    @abstractmethod
    def set_limit(self, name: str, key: tuple[str, ...] | None, amount: int | None) -> None:
        """Store an amount that goes before the limit's own, for one key or (None) for all that have none of their own."""

    @abstractmethod
    def clear_limit(self, name: str, key: tuple[str, ...] | None) -> None:
        """Remove what `set_limit` stored."""

    @abstractmethod
    def overrides(self) -> list[tuple[str, tuple[str, ...] | None, int | None]]:
        """All that `set_limit` stored: (name, key, amount)."""

    @abstractmethod
    def limit_amounts(self, lines: Iterable[Line]) -> list[int | None]:
        """The amounts that hold for some lines, overrides applied."""

    @abstractmethod
    def reset(self, *, user: str | None = None, session: str | None = None) -> None:
        """Zero what was spent: everywhere, or in the counters of a user, or of one session of theirs. Not what is reserved."""

    @abstractmethod
    def wait(self, freed: int, timeout: float) -> None:
        """Block until room was given back since `freed` (`Refused.freed`), or for `timeout` seconds."""

    @abstractmethod
    async def await_room(self, freed: int, timeout: float) -> None:  # noqa: ASYNC109 - the protocol's own deadline
        """`wait` for tasks."""

    def ping(self) -> None:  # noqa: B027 - what is at hand needs no asking
        """A round trip to the store.

        Raises:
            LedgerUnavailable: it can't be reached.
        """

    def close(self) -> None:  # noqa: B027 - nothing to do unless a store says otherwise
        """Let go of connections and threads. What is open stays open until its lease ends."""

    async def acall(self, operation: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Any plain method, for tasks: inline, or in a thread if this ledger does I/O."""
        if not self.blocking:
            return operation(*args, **kwargs)
        import asyncio

        return await asyncio.to_thread(operation, *args, **kwargs)

    async def areserve(self, claim: Claim) -> Granted | Refused | Stale:
        """`reserve` for tasks. A cancelled one leaves nothing behind."""
        if not self.blocking:
            return self.reserve(claim)
        import asyncio

        held = asyncio.ensure_future(asyncio.to_thread(self.reserve, claim))
        try:
            return await asyncio.shield(held)
        except asyncio.CancelledError:
            # The thread goes on: whatever it comes to hold has no owner any more.
            held.add_done_callback(self._release_ownerless)
            raise

    def _release_ownerless(self, held: Future[Granted | Refused | Stale]) -> None:
        if not held.cancelled() and held.exception() is None and isinstance(granted := held.result(), Granted):
            self.settle_later(granted.handle, None)

    async def asettle(self, handle: Handle, charge: Charge) -> Booked:
        """`settle` for tasks. Cancellation doesn't stop it."""
        if not self.blocking:
            return self.settle(handle, charge)
        import asyncio

        return await asyncio.shield(asyncio.to_thread(self.settle, handle, charge))

    async def arelease(self, handle: Handle) -> Booked:
        """`release` for tasks. Cancellation doesn't stop it."""
        if not self.blocking:
            return self.release(handle)
        import asyncio

        return await asyncio.shield(asyncio.to_thread(self.release, handle))
