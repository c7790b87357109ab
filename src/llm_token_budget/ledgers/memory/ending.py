"""How reservations end: settled, given back, or charged without the provider's word, until a truth comes.

What is refused raises before anything has changed.
"""

from __future__ import annotations

from typing import Final

from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers.base import Amounts, Booked, Charge, Handle, make
from llm_token_budget.ledgers.memory.books import Charged, Ended, Held
from llm_token_budget.ledgers.memory.perishing import Perishing
from llm_token_budget.ledgers.rows import above_of, close

_DONE: Final = Booked(None, first=True)


class Ending(Perishing):
    """From a reservation to a charge."""

    def _settle(self, handle: Handle, charge: Charge, now: float) -> Booked:
        held = self._open.pop(handle.id, None)
        if held is not None:
            self._close(held, charge, now)
            return _DONE
        entry = self._charged.get(handle.id)
        if entry is not None:
            if charge.unconfirmed:
                return Booked(entry.charge, first=False)
            del self._charged[handle.id]
            self._replace(entry, charge, now)
            self._remember(handle, charge)
            return Booked(entry.charge, first=True)
        ended = self._ended.get(handle.id)
        if ended is not None and (charge.unconfirmed or ended.charge is not None):
            return _repeat(handle, ended, charge)
        self._check_age(handle, now, known=ended is not None)
        # Given back before, or lost: the truth is counted all the same, and all of it was unforeseen.
        self._book(handle, charge, now)
        if charge.unconfirmed:
            self._doubt(handle, charge, Amounts(), now)
        else:
            self._remember(handle, charge)
        return _DONE

    def _release(self, handle: Handle, now: float) -> Booked:
        held = self._open.pop(handle.id, None)
        if held is not None:
            self._close(held, None, now)
            return _DONE
        entry = self._charged.pop(handle.id, None)
        if entry is not None:
            self._replace(entry, None, now)
            self._remember(handle, None)
            return Booked(entry.charge, first=True)
        ended = self._ended.get(handle.id)
        if ended is None:
            self._check_age(handle, now, known=False)
        elif ended.charge is not None and ended.charge.amounts:
            raise ReservationConflict(f"reservation {handle.id!r:.80} was settled before, with an amount")
        return Booked(None, first=False)

    def _close(self, held: Held, charge: Charge | None, now: float) -> None:
        """End an open reservation: give back what it holds and book what it was charged, in one step."""
        granted, rows = held
        handle = granted.handle
        close(rows, handle, charge, now)
        if charge is not None and charge.unconfirmed:
            self._doubt(handle, charge, handle.reserved, now)
        else:
            self._remember(handle, charge)
        self._bell.ring()

    def _doubt(self, handle: Handle, charge: Charge, covered: Amounts, now: float) -> None:
        """Keep an unconfirmed charge, for a truth or a refund."""
        self._tick += 1
        self._due = min(self._due, now + self._horizon)
        self._charged[handle.id] = Charged(handle, charge, covered, now, self._tick)

    def _replace(self, entry: Charged, charge: Charge | None, now: float) -> None:
        """Put a truth (or nothing) in the place of an unconfirmed charge."""
        handle, guess, covered = entry.handle, entry.charge.amounts, entry.covered
        was_above = above_of(entry.charge, covered)
        # What the guess had left uncovered was given back, and may be somebody else's by now.
        above = None if charge is None else above_of(charge, Amounts(*map(min, guess, covered)))
        for counter in handle.counters:
            row = self._rows.get(counter)
            if row is None or row.since > entry.tick:
                continue  # Dropped or reset since: what was charged there is gone already.
            row.slide(counter, now)
            row.take_back(counter, entry.charge, handle.created, now)
            if was_above is not None:
                row.overrun(was_above, -1)
            if charge is not None:
                row.book(counter, charge, handle.created, now)
            if above is not None:
                row.overrun(above, 1)
        self._bell.ring()

    def _book(self, handle: Handle, charge: Charge, now: float) -> None:
        """Count a charge for which nothing is held."""
        for counter in handle.counters:
            if counter.end is not None and counter.end <= now and counter not in self._rows:
                continue  # Its window has ended and was dropped: nobody reads it any more.
            row = self._row(counter)
            row.slide(counter, now)
            row.book(counter, charge, handle.created, now)
            row.overrun(charge.amounts, 1)
            row.touched = now

    def _remember(self, handle: Handle, charge: Charge | None) -> None:
        self._ended[handle.id] = make(Ended, (handle.created, charge))
        if len(self._ended) > self._remembered:
            _, gone = self._ended.popitem(last=False)
            self._forgotten = max(self._forgotten, gone.created)

    def _check_age(self, handle: Handle, now: float, *, known: bool) -> None:
        if handle.created < now - self._horizon or (not known and handle.created <= self._forgotten):
            raise ReservationConflict(
                f"reservation {handle.id!r:.80} is older than what is remembered: nothing was changed"
            )


def _repeat(handle: Handle, ended: Ended, charge: Charge) -> Booked:
    """The answer to a settle of what had ended: it changes nothing."""
    if ended.charge is not None and not charge.unconfirmed and charge[:4] != ended.charge[:4]:
        raise ReservationConflict(f"reservation {handle.id!r:.80} was settled before, with another amount")
    return Booked(ended.charge, first=False)
