"""What a store is asked to do, as data: written once, carried out by each store's sync and async driver.

Each operation is one atomic step of the store. All of them may be sent again when their answer was lost: the second time
changes nothing (`Settle` by its id, `Record` by its own).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from llm_token_budget.ledgers.base import Charge, Claim, Counted, Counter, Handle, Line


class Reserve(NamedTuple):
    """-> `Granted | Refused | Stale`; raises `ReservationConflict`. Counts nobody as blocked."""

    claim: Claim
    gives_back: bool = False
    """What it is charged if nobody has ended it when its lease ends: nothing, or all that it holds. Kept with it."""


class Look(NamedTuple):
    """-> `Granted | Refused | Stale`: what `Reserve` would answer, changing nothing."""

    claim: Claim


class Settle(NamedTuple):
    """-> `Booked`; raises `ReservationConflict`.

    With `charge=None` a release. A release of an id that the store doesn't know is remembered, so that a reserve which comes
    later (its caller was cancelled) holds nothing.
    """

    handle: Handle
    charge: Charge | None
    unguarded: bool = False
    """The call was let through while the store was away. If the store knows nothing of it, it is booked as unreserved,
    not as an overrun."""


class Renew(NamedTuple):
    """-> bool."""

    handle: Handle
    lease: float


class Refund(NamedTuple):
    """-> `Amounts | None`."""

    reservation_id: str


class ListUnconfirmed(NamedTuple):
    """-> `list[Unconfirmed]`, oldest first."""


class Record(NamedTuple):
    """-> `Stale | None`. The same id again books nothing."""

    id: str
    counters: tuple[Counter, ...]
    charge: Charge
    at: float | None = None
    """In the windows of then (which are not compared with the clock); None: of now."""


class Read(NamedTuple):
    """-> `list[Balance] | Stale`."""

    counters: tuple[Counter, ...]


class Users(NamedTuple):
    """-> `list[tuple[str, Balance]] | Stale`, sorted by the store."""

    counter: Counter
    limit: int | None
    offset: int


class CounterPage(NamedTuple):
    """Some of a store's counters."""

    counted: list[Counted]
    after: str | None
    """Where the next page begins; None: there is none."""
    open_reservations: int
    """In the whole store."""


class ListCounters(NamedTuple):
    """-> `CounterPage`: `limit` counters or fewer, less those whose window has ended. Each is in at least one page."""

    after: str
    """As the page before it says; empty: from the beginning."""
    limit: int


class SetLimit(NamedTuple):
    """-> None."""

    name: str
    key: tuple[str, ...] | None
    amount: int | None


class ClearLimit(NamedTuple):
    """-> None."""

    name: str
    key: tuple[str, ...] | None


class ListOverrides(NamedTuple):
    """-> `list[tuple[str, tuple[str, ...] | None, int | None]]`: (name, key, amount) as `SetLimit` stored them."""


class LimitAmounts(NamedTuple):
    """-> `list[int | None]`."""

    lines: tuple[Line, ...]


class Reset(NamedTuple):
    """-> None."""

    user: str | None
    session: str | None


class Forget(NamedTuple):
    """-> None. Drops rows that no reservation holds."""

    counters: tuple[Counter, ...]


class CountBlocked(NamedTuple):
    """-> None. Adds to rows that exist, and to those without a key: a stranger's refusal makes no row."""

    counts: tuple[tuple[Counter, int], ...]


SOON: Final = 0.05
"""Seconds after which rows that a `Reap` left over are dropped on. There may be millions: no call has to wait for all of them."""


class Reaped(NamedTuple):
    """What a `Reap` did."""

    ended: int
    """So many reservations were charged, or given back, because their lease had ended."""
    next_due: float | None
    """When the next open reservation's lease ends, by the ledger's clock; in the past if this step left some over. `SOON` if it
    left rows over."""


class Reap(NamedTuple):
    """-> `Reaped`: end reservations whose lease has ended, drop what nobody will read again. A bounded piece of work."""


class Ping(NamedTuple):
    """-> None: a round trip to the store."""


Operation = (
    Reserve
    | Look
    | Settle
    | Renew
    | Refund
    | ListUnconfirmed
    | Record
    | Read
    | Users
    | ListCounters
    | SetLimit
    | ClearLimit
    | ListOverrides
    | LimitAmounts
    | Reset
    | Forget
    | CountBlocked
    | Reap
    | Ping
)
