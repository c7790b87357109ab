"""Admission: the decision, and what a claim that is granted holds from then on."""

from __future__ import annotations

import heapq
from typing import Any, Final

from llm_token_budget.ledgers.admission import decide, is_stale, shortage
from llm_token_budget.ledgers.base import Claim, Granted, Handle, Line, Refused, Stale, make
from llm_token_budget.ledgers.memory.books import Held
from llm_token_budget.ledgers.memory.perishing import Perishing
from llm_token_budget.ledgers.rows import Row, hold

_NONE: Final = object()


class Admitting(Perishing):
    """From a claim to a reservation."""

    def _decide(
        self, claim: Claim, now: float, *, count_blocked: bool
    ) -> tuple[Granted | Refused | Stale, list[Row | None]]:
        """The answer, and the rows of the claim's counters as far as there are any."""
        key, counters, lines, (input_tokens, _, _), _, _, _, _, _, lease, _ = claim
        rows: list[Row | None] = []
        for counter in counters:
            row = self._rows.get(counter)
            if row is None:
                if is_stale((counter,), now):
                    return Stale(now), rows
            elif not row.start <= now < row.end:
                return Stale(now), rows
            elif row.buckets:
                row.slide(counter, now)
            rows.append(row)
        standings: list[tuple[int | None, int, int]] = []
        for line in lines:
            _, _, unit, amount, place, _ = line
            if self._overrides:
                amount = self._amount(line)
            row = rows[place] if place >= 0 else None
            standings.append((amount, 0, 0) if row is None else (amount, row.spent[unit], row.reserved[unit]))
        k, bounded, short = decide(claim, standings)
        handle = make(Handle, (key, counters, claim.amounts(k), input_tokens, now))
        if not short:
            return make(Granted, (handle, k, now + lease, bounded, ())), rows
        shortages = tuple(shortage(claim, index, standings[index], rows) for index in short)
        if any(lines[index].enforce for index in short):
            enforced = tuple(shortage for shortage in shortages if lines[shortage.line].enforce)
            refused = Refused(enforced, self._bell.rung)
            if count_blocked and not (claim.patient and refused.held):
                for counter, row in zip(counters, rows, strict=True):
                    # A stranger's refusal makes no row: hostile keys must not fill the ledger.
                    if row is not None or not counter.key:
                        self._row(counter).blocked += 1
            return refused, rows
        return Granted(handle, k, now + lease, bounded, shortages), rows

    def _amount(self, line: Line) -> int | None:
        if (override := self._overrides.get((line.name, line.key), _NONE)) is not _NONE:
            return override  # type: ignore[return-value]
        if (override := self._overrides.get((line.name, None), _NONE)) is not _NONE:
            return override  # type: ignore[return-value]
        return line.amount

    def _hold(self, claim: Claim, granted: Granted, known: list[Row | None], now: float) -> None:
        rows: Any = known
        if None in known:
            rows = [row or self._row(counter) for row, counter in zip(known, claim.counters, strict=True)]
        (key, _, reserved, _, _), _, expires, _, _ = granted
        hold(rows, reserved, now)
        self._open[key] = make(Held, (granted, rows))
        if claim.lease > self._longest_lease:
            self._longest_lease = claim.lease
        if expires < self._due:
            self._due = expires
        heapq.heappush(self._leases, (expires, key))
        # Ended reservations leave the heap: not one by one, but before they outnumber the open ones.
        if len(self._leases) > 2 * len(self._open) + 64:
            self._leases = [(held.granted.expires, key) for key, held in self._open.items()]
            heapq.heapify(self._leases)
