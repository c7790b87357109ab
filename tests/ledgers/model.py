"""The protocol, told as simply as possible: what every ledger must do, with lists and sums and no cleverness.

It keeps each charge of each counter by itself and adds them up whenever somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from llm_token_budget.ledgers.base import Amounts, Balance, Charge, Claim, Counter, Handle, Line

from .building import DAY

NOTHING = Amounts()
State = Literal["open", "unconfirmed", "settled", "given back"]
Ending = tuple[Charge | None, bool]
"""What had been charged before, and whether this changed anything."""


class Conflict(Exception):
    """The protocol refuses."""


@dataclass(frozen=True)
class Booking:
    """One charge in one counter."""

    charge: Charge
    covered: Amounts
    """What was held for it."""
    at: float
    recorded: bool = False


@dataclass
class Call:
    handle: Handle
    expires: float
    state: State = "open"
    charge: Charge | None = None
    charged_at: float = 0.0


@dataclass
class Model:
    now: float
    calls: dict[str, Call] = field(default_factory=dict)
    bookings: dict[tuple[Counter, str], Booking] = field(default_factory=dict)
    known: set[Counter] = field(default_factory=set)
    blocked: dict[Counter, int] = field(default_factory=dict)
    overrides: dict[tuple[str, tuple[str, ...] | None], int | None] = field(default_factory=dict)
    highest: dict[Line, int | None] = field(default_factory=dict)
    """The highest amount of each line that was ever in force; None: it was unlimited once."""
    longest_lease: float = 0.0
    records: int = 0

    def copy(self) -> Model:
        return replace(
            self,
            calls={name: replace(call) for name, call in self.calls.items()},
            bookings=dict(self.bookings),
            known=set(self.known),
            blocked=dict(self.blocked),
            overrides=dict(self.overrides),
            highest=dict(self.highest),
        )

    @property
    def horizon(self) -> float:
        return self.longest_lease + DAY

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for call in self.calls.values():
            if call.state == "open" and call.expires <= self.now:
                handle = call.handle
                tokens, money, requests = handle.reserved
                guess = Charge(handle.input_tokens, tokens - handle.input_tokens, money, requests, unconfirmed=True)
                self._charge(call, guess, handle.reserved)
        for call in self.calls.values():
            if call.state == "unconfirmed" and call.charged_at + self.horizon <= self.now:
                call.state = "settled"

    def reserve(self, claim: Claim) -> tuple[int, list[int]]:
        """The output tokens to grant, and the lines that are short: enforced ones if it is refused."""
        for line in claim.lines:
            self._notice(line)
        short = [index for index, line in enumerate(claim.lines) if not self._fits(claim, line, claim.at_least)]
        if refusing := [index for index in short if claim.lines[index].enforce]:
            held = all(self._is_held(claim, claim.lines[index]) for index in refusing)
            if not (claim.patient and held):
                for counter in claim.counters:
                    if counter in self.known or not counter.key:
                        self.known.add(counter)
                        self.blocked[counter] = self.blocked.get(counter, 0) + 1
            return 0, refusing
        return self._largest(claim), short

    def hold(self, claim: Claim, handle: Handle) -> None:
        self.calls[handle.id] = Call(handle, self.now + claim.lease)
        self.longest_lease = max(self.longest_lease, claim.lease)
        self.known.update(handle.counters)

    def settle(self, name: str, charge: Charge) -> Ending:
        call = self.calls[name]
        before = call.charge
        if call.state == "open":
            self._charge(call, charge, call.handle.reserved)
            return None, True
        if charge.unconfirmed:
            return before, False
        if call.state == "unconfirmed":
            self._correct(call, charge)
            return before, True
        if call.state == "settled":
            assert before is not None
            if before[:4] != charge[:4]:
                raise Conflict
            return before, False
        self._check_age(call)
        self._charge(call, charge, NOTHING)
        return None, True

    def release(self, name: str) -> Ending:
        call = self.calls[name]
        before = call.charge
        if call.state == "settled":
            assert before is not None
            if before.amounts:
                raise Conflict
            return None, False
        if call.state == "given back":
            return None, False
        self._correct(call, None)
        return before, True

    def refund(self, name: str) -> Amounts | None:
        call = self.calls[name]
        if call.state != "unconfirmed":
            return None
        assert call.charge is not None
        amounts = call.charge.amounts
        self._correct(call, None)
        return amounts

    def renew(self, name: str, lease: float) -> bool:
        call = self.calls[name]
        if call.state != "open":
            return False
        if self.now + lease > call.expires:
            call.expires = self.now + lease
            self.longest_lease = max(self.longest_lease, lease)
        return True

    def record(self, counters: Iterable[Counter], charge: Charge) -> None:
        self.records += 1
        for counter in counters:
            self.known.add(counter)
            self.bookings[counter, f"record {self.records}"] = Booking(charge, charge.amounts, self.now, recorded=True)

    def reset(self, user: str | None, session: str | None) -> None:
        def is_reset(counter: Counter) -> bool:
            parts = dict(zip(counter.scope, counter.key or ("",), strict=True))
            return (user is None or parts.get("user") == user) and (session is None or parts.get("session") == session)

        self.bookings = {place: booking for place, booking in self.bookings.items() if not is_reset(place[0])}
        self.blocked = {counter: count for counter, count in self.blocked.items() if not is_reset(counter)}

    def amount(self, line: Line) -> int | None:
        for key in (line.key, None):
            if (line.name, key) in self.overrides:
                return self.overrides[line.name, key]
        return line.amount

    def set_limit(self, name: str, key: tuple[str, ...] | None, amount: int | None) -> None:
        self.overrides[name, key] = amount

    def clear_limit(self, name: str, key: tuple[str, ...] | None) -> None:
        self.overrides.pop((name, key), None)

    def unconfirmed(self) -> list[str]:
        waiting = [call for call in self.calls.values() if call.state == "unconfirmed"]
        return sorted(call.handle.id for call in waiting)

    def reserved(self, counter: Counter) -> Amounts:
        """The sum of what is open on a counter."""
        return _sum(
            call.handle.reserved
            for call in self.calls.values()
            if call.state == "open" and counter in call.handle.counters
        )

    def balance(self, counter: Counter) -> Balance:
        """The sums of what is charged to a counter now."""
        booked = [
            booking
            for (place, _), booking in self.bookings.items()
            if place == counter and self._counts(counter, booking.at)
        ]
        charges = [booking.charge for booking in booked]
        return Balance(
            spent=_sum(charge.amounts for charge in charges),
            reserved=self.reserved(counter),
            unconfirmed=_sum(charge.amounts for charge in charges if charge.unconfirmed),
            overrun=_sum(_above(booking.charge.amounts, booking.covered) for booking in booked),
            unreserved=_sum(booking.charge.amounts for booking in booked if booking.recorded),
            input_tokens=sum(charge.input_tokens for charge in charges),
            output_tokens=sum(charge.output_tokens for charge in charges),
            blocked=self.blocked.get(counter, 0),
            estimated_requests=sum(charge.estimated for charge in charges),
            unpriced_requests=sum(charge.unpriced for charge in charges),
        )

    def _counts(self, counter: Counter, at: float) -> bool:
        """A sliding window counts in 60 steps, the running one and the 60 before it."""
        if not counter.sliding:
            return True
        step = counter.sliding / 60
        return at // step >= self.now // step - 60

    def _charge(self, call: Call, charge: Charge, covered: Amounts) -> None:
        for counter in call.handle.counters:
            self.known.add(counter)
            self.bookings[counter, call.handle.id] = Booking(charge, covered, call.handle.created)
        call.charge, call.charged_at = charge, self.now
        call.state = "unconfirmed" if charge.unconfirmed else "settled"

    def _correct(self, call: Call, charge: Charge | None) -> None:
        """Put a truth, or nothing, in the place of what was charged, wherever that still stands."""
        for counter in call.handle.counters:
            booking = self.bookings.pop((counter, call.handle.id), None)
            if booking is not None and charge is not None:
                # Of what was held, only what the guess had used was still kept for it.
                covered = Amounts(*map(min, booking.covered, booking.charge.amounts))
                self.bookings[counter, call.handle.id] = replace(booking, charge=charge, covered=covered)
        call.charge = charge
        call.state = "given back" if charge is None else "settled"

    def _check_age(self, call: Call) -> None:
        if call.handle.created < self.now - self.horizon:
            raise Conflict

    def _room(self, claim: Claim, line: Line) -> tuple[int, int]:
        """What is spent and reserved where a line looks."""
        if line.counter < 0:
            return 0, 0
        seen = self.balance(claim.counters[line.counter])
        return seen.spent[line.unit], seen.reserved[line.unit]

    def _fits(self, claim: Claim, line: Line, k: int) -> bool:
        amount = self.amount(line)
        return amount is None or (amount > 0 and sum(self._room(claim, line)) + _cost(claim, line, k) <= amount)

    def _is_held(self, claim: Claim, line: Line) -> bool:
        amount = self.amount(line)
        spent, _ = self._room(claim, line)
        return bool(amount) and spent + _cost(claim, line, claim.at_least) <= amount

    def _largest(self, claim: Claim) -> int:
        """Try every output; the share rule leaves the others all but 1/share of what is left."""
        lines = [
            line for line in claim.lines if line.enforce and self.amount(line) is not None and claim.slope[line.unit]
        ]
        if not lines:
            return claim.want
        rooms = [(self.amount(line) or 0) - sum(self._room(claim, line)) for line in lines]
        left = claim.at_least
        while all(_cost(claim, line, left + 1) <= room for line, room in zip(lines, rooms, strict=True)):
            left += 1
            if left >= max(claim.want, 1) * max(claim.share, 1):
                break
        most = max(left // claim.share, claim.share_floor) if claim.share else left
        return max(claim.at_least, min(claim.want, left, most))

    def _notice(self, line: Line) -> None:
        amount, highest = self.amount(line), self.highest.get(line, 0)
        self.highest[line] = None if amount is None or highest is None else max(amount, highest)


def _cost(claim: Claim, line: Line, k: int) -> int:
    return claim.fixed[line.unit] + -(-claim.slope[line.unit] * k // 1000)


def _sum(amounts: Iterable[Sequence[int]]) -> Amounts:
    return Amounts(*map(sum, zip((0, 0, 0), *amounts, strict=True)))


def _above(actual: Amounts, covered: Amounts) -> Amounts:
    return Amounts(*(max(had - kept, 0) for had, kept in zip(actual, covered, strict=True)))
