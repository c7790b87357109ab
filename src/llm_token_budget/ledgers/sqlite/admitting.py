"""Reserving: the decision on the rows of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from llm_token_budget.errors import ConfigurationError, ReservationConflict
from llm_token_budget.ledgers.admission import decide, is_stale, shortage
from llm_token_budget.ledgers.base import Claim, Granted, Handle, Refused, Stale
from llm_token_budget.ledgers.operations import Look, Reserve
from llm_token_budget.ledgers.rows import hold
from llm_token_budget.ledgers.sqlite.reservations import Held
from llm_token_budget.ledgers.sqlite.rows import StoredRow
from llm_token_budget.ledgers.sqlite.tables import Tables

LARGEST: Final = 2**53
"""No amount of a single operation is larger: sums of many fit into the file's 64 bits."""


def reserve(tables: Tables, operation: Reserve, now: float) -> Granted | Refused | Stale:
    claim = operation.claim
    answer, known = _decide(tables, claim, now)
    if not isinstance(answer, Granted):
        return _reserved_before(tables, claim, now) or answer
    check_amounts(answer.handle.reserved)
    if None in known and (before := _reserved_before(tables, claim, now)):
        return before  # Looked for before rows are made. Where there are all of them, an insert finds it out.
    rows = [row or tables.row(counter, now) for row, counter in zip(known, claim.counters, strict=True)]
    if not tables.reservations.open(Held(answer, operation.gives_back), rows):
        return cast("Granted", _reserved_before(tables, claim, now))
    hold(rows, answer.handle.reserved, now)
    tables.rows.held(rows)
    tables.lengthen(claim.lease)
    return answer


def look(tables: Tables, operation: Look, now: float) -> Granted | Refused | Stale:
    return _decide(tables, operation.claim, now)[0]


def _decide(tables: Tables, claim: Claim, now: float) -> tuple[Granted | Refused | Stale, list[StoredRow | None]]:
    """The answer, and the rows of the claim's counters as far as there are any."""
    rows: list[StoredRow | None] = []
    if is_stale(claim.counters, now):
        return Stale(now), rows
    for counter in claim.counters:
        row = tables.rows.find(counter)
        if row is not None and row.buckets:
            row.slide(counter, now)
        rows.append(row)
    standings: list[tuple[int | None, int, int]] = []
    for line in claim.lines:
        amount, unit = tables.overrides.amount(line), line.unit
        row = rows[line.counter] if line.counter >= 0 else None
        standings.append((amount, 0, 0) if row is None else (amount, row.spent[unit], row.reserved[unit]))
    k, bounded, short = decide(claim, standings)
    handle = Handle(claim.id, claim.counters, claim.amounts(k), claim.fixed.tokens, now)
    if not short:
        return Granted(handle, k, now + claim.lease, bounded), rows
    shortages = tuple(shortage(claim, index, standings[index], rows) for index in short)
    enforced = tuple(each for each in shortages if claim.lines[each.line].enforce)
    if enforced:
        return Refused(enforced, 0), rows
    return Granted(handle, k, now + claim.lease, bounded, shortages), rows


def _reserved_before(tables: Tables, claim: Claim, now: float) -> Granted | None:
    found = tables.reservations.find(claim.id)
    if found is None:
        return None
    if isinstance(found, Held) and found.granted.expires > now:
        return found.granted
    raise ReservationConflict(f"reservation {claim.id!r:.80} has ended: a new call needs a new id")


def check_amounts(amounts: Sequence[int]) -> None:
    if max(amounts) > LARGEST:
        raise ConfigurationError(
            f"an SQLite ledger counts amounts up to 2**53 (nine million dollars) at once, not {max(amounts)}"
        )
