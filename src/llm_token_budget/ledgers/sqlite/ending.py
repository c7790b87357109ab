"""Ending reservations: the protocol of the memory ledger, on the rows of the file.

What is refused raises before anything has changed.
"""

from __future__ import annotations

from typing import Final

from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers.base import Amounts, Booked, Charge, Handle, expiry_charge
from llm_token_budget.ledgers.operations import Refund, Renew, Settle
from llm_token_budget.ledgers.rows import above_of, close
from llm_token_budget.ledgers.sqlite.admitting import check_amounts
from llm_token_budget.ledgers.sqlite.reservations import Charged, Ended, Held
from llm_token_budget.ledgers.sqlite.rows import StoredRow
from llm_token_budget.ledgers.sqlite.tables import Tables

DONE: Final = Booked(None, first=True)


def settle_or_release(tables: Tables, operation: Settle, now: float) -> Booked:
    handle, charge, unguarded = operation
    if charge is None:
        return _release(tables, handle, now)
    check_amounts(charge.amounts)
    found = _find(tables, handle.id, now)
    match found:
        case Held():
            _close(tables, found, charge, now)
            return DONE
        case Charged() if found.at + tables.horizon > now:
            if charge.unconfirmed:
                return Booked(found.charge, first=False)
            _replace(tables, found, charge, now)
            return Booked(found.charge, first=True)
        case Charged() | Ended() if charge.unconfirmed or found.charge is not None:
            return _repeat(handle, found, charge)
        case _:
            # Given back before, or lost: the truth is counted all the same, and all of it was unforeseen.
            _check_age(tables, handle, now)
            _book(tables, handle, charge, now, unguarded=unguarded and found is None)
            _end(tables, handle, charge, Amounts(), now)
            return DONE


def _release(tables: Tables, handle: Handle, now: float) -> Booked:
    found = _find(tables, handle.id, now)
    match found:
        case Held():
            _close(tables, found, None, now)
            return DONE
        case Charged() if found.at + tables.horizon > now:
            _replace(tables, found, None, now)
            return Booked(found.charge, first=True)
        case None:
            _check_age(tables, handle, now)
            # Remembered, so that a reserve that comes later (its caller was cancelled) holds nothing.
            tables.reservations.end(handle, None)
        case Charged() | Ended():
            if found.charge is not None and found.charge.amounts:
                raise ReservationConflict(f"reservation {handle.id!r:.80} was settled before, with an amount")
    return Booked(None, first=False)


def renew(tables: Tables, operation: Renew, now: float) -> bool:
    found = _find(tables, operation.handle.id, now)
    if not isinstance(found, Held):
        return False
    expires = now + operation.lease
    if expires > found.granted.expires:
        tables.reservations.renew(found, expires)
        tables.lengthen(operation.lease)
    return True


def refund(tables: Tables, operation: Refund, now: float) -> Amounts | None:
    found = _find(tables, operation.reservation_id, now)
    if not isinstance(found, Charged) or found.at + tables.horizon <= now:
        return None
    _replace(tables, found, None, now)
    return found.charge.amounts


def expire(tables: Tables, now: float, most: int) -> int:
    """End so many reservations whose lease has ended, each as was said when it was made. Returns how many that were."""
    overdue = tables.reservations.overdue(now, most)
    for held in overdue:
        _expire(tables, held, now)
    return len(overdue)


def _find(tables: Tables, reservation_id: str, now: float) -> Held | Charged | Ended | None:
    """What has become of a reservation. That its lease has ended comes first, whoever notices it."""
    found = tables.reservations.find(reservation_id)
    if isinstance(found, Held) and found.granted.expires <= now:
        _expire(tables, found, now)
        return tables.reservations.find(reservation_id)
    return found


def _expire(tables: Tables, held: Held, now: float) -> None:
    _close(tables, held, expiry_charge(held.granted.handle, gives_back=held.gives_back), now)


def _close(tables: Tables, held: Held, charge: Charge | None, now: float) -> None:
    """End an open reservation: give back what it holds and book what it was charged, in one step."""
    handle = held.granted.handle
    rows = [tables.row(counter, now) for counter in handle.counters]
    close(rows, handle, charge, now)
    tables.rows.held(rows) if charge is None else tables.rows.changed(rows)
    tables.reservations.close(held)
    _end(tables, handle, charge, handle.reserved, now)


def _end(tables: Tables, handle: Handle, charge: Charge | None, covered: Amounts, now: float) -> None:
    if charge is not None and charge.unconfirmed:
        tables.reservations.charge(handle, charge, covered, now, tables.next_tick())
    else:
        tables.reservations.end(handle, charge)


def _replace(tables: Tables, entry: Charged, charge: Charge | None, now: float) -> None:
    """Put a truth (or nothing) in the place of an unconfirmed charge."""
    handle, guess, covered = entry.handle, entry.charge, entry.covered
    was_above = above_of(guess, covered)
    # What the guess had left uncovered was given back, and may be somebody else's by now.
    above = None if charge is None else above_of(charge, Amounts(*map(min, guess.amounts, covered)))
    for counter in handle.counters:
        row = tables.rows.find(counter)
        if row is None or row.since > entry.tick:
            continue  # Dropped or reset since: what was charged there is gone already.
        row.slide(counter, now)
        row.take_back(counter, guess, handle.created, now)
        if was_above is not None:
            row.overrun(was_above, -1)
        if charge is not None:
            row.book(counter, charge, handle.created, now)
        if above is not None:
            row.overrun(above, 1)
        tables.rows.changed((row,))
    tables.reservations.end(handle, charge)


def _book(tables: Tables, handle: Handle, charge: Charge, now: float, *, unguarded: bool) -> None:
    """Count a charge for which nothing is held."""
    for counter in handle.counters:
        row = tables.rows.find(counter)
        if row is None:
            if counter.end is not None and counter.end <= now:
                continue  # Its window has ended and was dropped: nobody reads it any more.
            row = tables.row(counter, now)
        row.slide(counter, now)
        row.book(counter, charge, handle.created, now)
        if unguarded:
            book_unreserved(row, charge)
        else:
            row.overrun(charge.amounts, 1)
        row.touched = now
        tables.rows.changed((row,))


def _check_age(tables: Tables, handle: Handle, now: float) -> None:
    if handle.created < now - tables.horizon:
        raise ReservationConflict(
            f"reservation {handle.id!r:.80} is older than what is remembered: nothing was changed"
        )


def book_unreserved(row: StoredRow, charge: Charge) -> None:
    unreserved = row.aside.unreserved
    for unit, amount in enumerate(charge.amounts):
        unreserved[unit] += amount


def _repeat(handle: Handle, ended: Charged | Ended, charge: Charge) -> Booked:
    """The answer to a settle of what had ended: it changes nothing."""
    if ended.charge is not None and not charge.unconfirmed and charge[:4] != ended.charge[:4]:
        raise ReservationConflict(f"reservation {handle.id!r:.80} was settled before, with another amount")
    return Booked(ended.charge, first=False)
