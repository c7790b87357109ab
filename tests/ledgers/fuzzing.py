"""Random operations on two ledgers at once: one that is tested, and the memory ledger as its model. Every answer is equal.

    fuzz(lambda clock: SQLiteLedger(path, clock=clock), operations=2_000, seed=1)

The same seed gives the same operations. Both ledgers see one clock, which only these operations move.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers import Ledger, MemoryLedger
from llm_token_budget.ledgers.base import (
    NANO_USD,
    REQUESTS,
    TOKENS,
    Amounts,
    Balance,
    Booked,
    Charge,
    Claim,
    Counter,
    Granted,
    Handle,
    Line,
    Refused,
    Stale,
    Unconfirmed,
)

from .building import DAY, EVERYONE, FakeClock, every, run, session, sliding, user

NAMES = (
    "ada",
    "bob",
    "",
    "line\nbreak\r\ttab",
    '{"braces": [1, 2]} \'quotes\' "quotes"',
    "nul\0nul",
    "{tag}:colon:*?[a-z]",
    "; DROP TABLE counters; --%s %(x)s $1 \\",
    "e\u0301 \u00e9 \u212b \u200f \ufeff",
    "\N{OCTOPUS}" * 1_024,
)
"""Users: most are hostile."""

CHATS = ("one", "two", 'th"ree\0')
WINDOW = 600
CONFLICT = "ReservationConflict"
RECENT = 150
"""So many handles are settled, released, renewed and refunded at random."""

WEIGHTS: dict[str, int] = {
    "reserve": 30,
    "reserve_again": 3,
    "look": 5,
    "settle": 22,
    "settle_again": 4,
    "settle_what_was_lost": 2,
    "settle_later": 5,
    "release": 7,
    "renew": 5,
    "refund": 4,
    "unconfirmed": 2,
    "record": 5,
    "record_then": 1,
    "read": 10,
    "users": 3,
    "set_limit": 3,
    "clear_limit": 3,
    "limit_amounts": 3,
    "overrides": 1,
    "reset": 1,
    "forget": 2,
    "advance": 9,
}


def fuzz(make: Callable[[FakeClock], Ledger], *, operations: int, seed: int) -> None:
    """Do so many operations on both.

    Args:
        make: a ledger on a clock, with nothing in it yet.
        operations: how many.
        seed: which.

    Raises:
        AssertionError: an answer differs; the message tells the seed and the last operations.
    """
    clock = FakeClock()
    ledger = make(clock)
    try:
        Fuzzer(ledger, clock, seed).go(operations)
    finally:
        ledger.close()


class Fuzzer:
    def __init__(self, ledger: Ledger, clock: FakeClock, seed: int) -> None:
        self.ledger = ledger
        self.model = MemoryLedger(clock=clock, remembered=10**9)
        self.clock = clock
        self.seed = seed
        self.random = random.Random(seed)
        self.names = 0
        self.claims: deque[Claim] = deque(maxlen=RECENT)
        self.handles: deque[Handle] = deque(maxlen=RECENT)
        self.charges: dict[str, Charge] = {}
        self.longest_lease = 0.0
        self.told: deque[str] = deque(maxlen=12)

    def go(self, operations: int) -> None:
        kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
        for number in range(operations):
            kind = self.random.choices(kinds, weights)[0]
            getattr(self, kind)()
            if number % 500 == 499:
                self.compare_everything()
        self.compare_everything()

    # What is done to both

    def both(self, told: str, ask: Callable[[Ledger], Any]) -> Any:
        """Ask both. Their answers are equal but for what is each ledger's own affair."""
        self.told.append(f"{self.clock.at:.3f} {told:.300}")
        expected, answer = outcome(ask, self.model), outcome(ask, self.ledger)
        if answer != expected:
            raise AssertionError(f"seed {self.seed}: {difference(answer, expected)}\nafter " + "\n".join(self.told))
        return answer

    def both_end(self, told: str, handle: Handle, ask: Callable[[Ledger], Any]) -> Any:
        """`both`, but what ended before the horizon may be forgotten: then a repeat is refused."""
        if self.is_old(handle):
            expected, answer = outcome(ask, self.model), outcome(ask, self.ledger)
            is_forgotten = answer == CONFLICT and isinstance(expected, Booked) and not expected.first
            assert is_forgotten or answer == expected, f"seed {self.seed}: {answer!r} instead of {expected!r} of {told}"
            return answer
        return self.both(told, ask)

    def is_old(self, handle: Handle) -> bool:
        """Whether the horizon has passed since."""
        return handle.created < self.clock.at - self.longest_lease - DAY

    def reserve(self) -> None:
        claim = self.some_claim()
        self.claims.append(claim)
        self.ask_for(claim)

    def reserve_again(self) -> None:
        if self.claims:
            self.ask_for(self.random.choice(list(self.claims)[-20:]))

    def ask_for(self, claim: Claim) -> None:
        answer = self.both(f"reserve {claim}", lambda ledger: ledger.reserve(claim))
        if isinstance(answer, Granted):
            self.longest_lease = max(self.longest_lease, claim.lease)
            if answer.handle not in self.handles:
                self.handles.append(answer.handle)
        elif isinstance(answer, Refused):
            # Stores count blocked requests a little later, where there are rows by then: look before there are.
            self.look_at(claim.counters)

    def look(self) -> None:
        claim = self.some_claim()
        self.both(f"look {claim}", lambda ledger: ledger.look(claim))

    def settle(self) -> None:
        if self.handles:
            handle = self.random.choice(self.handles)
            self.settle_with(handle, self.some_charge(handle))

    def settle_again(self) -> None:
        if self.handles and (charge := self.charges.get((handle := self.random.choice(self.handles)).id)):
            self.settle_with(handle, charge)

    def settle_what_was_lost(self) -> None:
        """Of a reservation that neither knows: it was made before a store was lost."""
        created = self.clock.at - self.random.choice([0.0, 10.0, 700.0, DAY / 2, 3.0 * DAY])
        reserved = Amounts(self.some_amount(), self.some_amount(), 1)
        handle = Handle(self.new_name(), self.some_counters(), reserved, reserved.tokens // 2, created)
        self.settle_with(handle, self.some_charge(handle))
        if created > self.clock.at - DAY:
            self.handles.append(handle)

    def settle_with(self, handle: Handle, charge: Charge) -> None:
        answer = self.both_end(f"settle {handle} {charge}", handle, lambda ledger: ledger.settle(handle, charge))
        if answer != CONFLICT and answer.first:
            self.charges[handle.id] = charge

    def settle_later(self) -> None:
        if not self.handles:
            return
        handle = self.random.choice(self.handles)
        if self.is_old(handle):
            return  # Whether it is looked at before what is due is done, or after it, is each ledger's own affair.
        charge = self.some_charge(handle) if self.random.random() < 0.7 else None
        self.both(f"settle later {handle} {charge}", lambda ledger: ledger.settle_later(handle, charge))
        self.look_at(handle.counters)

    def release(self) -> None:
        if self.handles:
            handle = self.random.choice(self.handles)
            self.both_end(f"release {handle}", handle, lambda ledger: ledger.release(handle))

    def renew(self) -> None:
        if not self.handles:
            return
        handle, lease = self.random.choice(self.handles), self.some_lease()
        if self.both(f"renew {handle} {lease}", lambda ledger: ledger.renew(handle, lease)):
            self.longest_lease = max(self.longest_lease, lease)

    def refund(self) -> None:
        waiting = self.model.unconfirmed()
        if waiting and self.random.random() < 0.5:
            name = self.random.choice(waiting).handle.id
        else:
            name = self.random.choice(self.handles).id if self.handles else "nobody's"
        self.both(f"refund {name}", lambda ledger: ledger.refund(name))

    def unconfirmed(self) -> None:
        self.both("unconfirmed", lambda ledger: oldest_first(ledger.unconfirmed()))

    def record(self) -> None:
        counters, charge = self.some_counters(), self.a_charge()
        self.both(f"record {counters} {charge}", lambda ledger: ledger.record(counters, charge))

    def record_then(self) -> None:
        """Into windows of another time, whatever the clock says."""
        at = self.clock.at - self.random.choice([0.0, 30.0, 59.0, 61.0, 62.0, 1_000.0, 40 * DAY])
        who = self.random.choice(NAMES)
        counters, charge = (EVERYONE, user(who), every(WINDOW, at, key=who), sliding(60)), self.a_charge()
        self.both(f"record {counters} {charge} {at}", lambda ledger: ledger.record(counters, charge, at=at))

    def read(self) -> None:
        self.look_at(self.some_counters())

    def look_at(self, counters: Sequence[Counter]) -> None:
        self.both(f"read {counters}", lambda ledger: shown(counters, ledger.read(counters)))

    def users(self) -> None:
        counter = self.random.choice([user(), every(WINDOW, self.clock.at, key="x"), session("x")])
        limit = self.random.choice([None, 0, 1, 3, 100])
        offset = self.random.choice([0, 0, 1, 5, 100])
        if self.random.random() < 0.05:
            counter = counter._replace(start=int(self.clock.at) + 10, end=int(self.clock.at) + 20)
        if "session" in counter.scope:
            # Sessions of the same name, cost and tokens have no order: all of them, in one that they are given here.
            self.both(f"users {counter}", lambda ledger: ordered(ledger.users(counter)))
        else:
            self.both(f"users {counter}", lambda ledger: ledger.users(counter, limit=limit, offset=offset))

    def set_limit(self) -> None:
        name, key = f"limit {self.random.randrange(4)}", self.some_key()
        amount = self.random.choice([None, 0, 50, 300, 10**6, 2**52])
        self.both(f"set limit {name} {key} {amount}", lambda ledger: ledger.set_limit(name, key, amount))

    def clear_limit(self) -> None:
        name, key = f"limit {self.random.randrange(4)}", self.some_key()
        self.both(f"clear limit {name} {key}", lambda ledger: ledger.clear_limit(name, key))

    def overrides(self) -> None:
        self.both("overrides", lambda ledger: sorted(ledger.overrides(), key=repr))

    def limit_amounts(self) -> None:
        lines = self.some_claim().lines
        self.both(f"limit amounts {lines}", lambda ledger: ledger.limit_amounts(lines))

    def reset(self) -> None:
        who = self.random.choice([None, *NAMES])
        chat = self.random.choice([None, None, *CHATS])
        if who is None and chat is None and self.random.random() < 0.7:
            return
        self.both(f"reset {who} {chat}", lambda ledger: ledger.reset(user=who, session=chat))

    def forget(self) -> None:
        counters = (run(self.random.choice(NAMES)),)
        self.both(f"forget {counters}", lambda ledger: ledger.forget_later(counters))
        self.look_at(counters)

    def advance(self) -> None:
        seconds = [0.001, 0.5, 1.0, 4.9, 5.0, 29.0, 31.0, 61.0, 301.0, 601.0]
        step = self.random.choice([*seconds, *seconds, *seconds, 3_700.0, 90_000.0])
        self.clock.advance(step)
        self.look_at((EVERYONE,))  # Both notice now which leases have ended.
        if step > DAY / 2:
            self.claims.clear()  # An id that is older than the horizon may be forgotten, and granted anew.

    def compare_everything(self) -> None:
        now = self.clock.at
        counters = [EVERYONE, sliding(60), sliding(3_600)]
        for who in NAMES:
            counters += [user(who), run(who), every(WINDOW, now, key=who)]
            counters += [session(chat, who) for chat in CHATS]
        self.look_at(counters)
        self.unconfirmed()

    # What it is done with

    def new_name(self) -> str:
        self.names += 1
        return f"{self.random.choice(NAMES)} {self.names}"

    def some_counters(self) -> tuple[Counter, ...]:
        who, now = self.random.choice(NAMES), self.clock.at
        if self.random.random() < 0.02:
            return EVERYONE, every(WINDOW, now + self.random.choice([-WINDOW, WINDOW]), key=who)  # Stale.
        some = [
            user(who),
            session(self.random.choice(CHATS), who),
            every(WINDOW, now, key=who),
            every(DAY, now),
            sliding(60),
            sliding(3_600),
            run(who),
        ]
        return EVERYONE, *self.random.sample(some, self.random.randint(0, 4))

    def some_claim(self) -> Claim:
        counters = self.some_counters()
        lines = tuple(self.some_line(number, counters) for number in range(self.random.randint(0, 4)))
        least, want = sorted([self.random.randint(0, 40), self.random.randint(0, 40)])
        return Claim(
            self.new_name(),
            counters,
            lines,
            Amounts(self.some_amount(), self.some_amount(), self.random.randint(0, 2)),
            (self.random.choice([0, 999, 1_000, 2_500]), self.random.choice([0, 1, 1_000, 15_000]), 0),
            want,
            least,
            self.random.choice([0, 0, 2, 10]),
            self.random.randint(0, 20),
            self.some_lease(),
            self.random.random() < 0.3,
        )

    def some_line(self, number: int, counters: tuple[Counter, ...]) -> Line:
        unit = self.random.choice([TOKENS, NANO_USD, REQUESTS])
        on = self.random.randrange(-1, len(counters))
        amount = self.random.choice([None, 0, 6, 180, 2_000, 50_000, 10**7, 2**52])
        key = () if on < 0 else counters[on].key
        return Line(f"limit {number}", key, unit, amount, on, self.random.random() < 0.8)

    def some_key(self) -> tuple[str, ...] | None:
        return self.random.choice([None, (), (self.random.choice(NAMES),)])

    def some_lease(self) -> float:
        return self.random.choice([5.0, 30.0, 300.0, 900.0])

    def some_amount(self) -> int:
        return self.random.choice([0, self.random.randint(0, 60), self.random.randint(0, 60), 10**6, 2**40])

    def a_charge(self) -> Charge:
        return Charge(self.some_amount(), self.some_amount(), self.some_amount(), self.random.randint(0, 2))

    def some_charge(self, handle: Handle) -> Charge:
        tokens, money, requests = handle.reserved
        exact = Charge(handle.input_tokens, tokens - handle.input_tokens, money, requests)
        below = Charge(exact.input_tokens // 2, exact.output_tokens // 3, money // 2, requests)
        charge = self.random.choice([exact, exact, below, below, below, self.a_charge()])
        return charge._replace(
            unconfirmed=self.random.random() < 0.2,
            estimated=self.random.random() < 0.1,
            unpriced=self.random.random() < 0.1,
        )


def outcome(ask: Callable[[Ledger], Any], ledger: Ledger) -> Any:
    """An answer, without what each ledger counts for itself."""
    try:
        answer = ask(ledger)
    except ReservationConflict:
        return CONFLICT
    return answer._replace(freed=0) if isinstance(answer, Refused) else answer


def ordered(users: list[tuple[str, Balance]] | Stale) -> object:
    """Those that are equal in cost, tokens and name in an order that ledgers needn't agree on."""
    if isinstance(users, Stale):
        return users
    ranks = [(-seen.spent.nano_usd, -seen.spent.tokens, name) for name, seen in users]
    assert ranks == sorted(ranks)
    return sorted(users)


def oldest_first(listed: Sequence[Unconfirmed]) -> list[Unconfirmed]:
    """Those of one moment (whose leases were all found over) in an order that ledgers needn't agree on."""
    times = [each.at for each in listed]
    assert times == sorted(times)
    return sorted(listed, key=lambda each: (each.at, each.handle.id))


def difference(answer: Any, expected: Any) -> str:
    """Where two answers begin to differ."""
    if type(answer) is type(expected) and isinstance(answer, (list, tuple)) and len(answer) == len(expected):
        at = next(place for place, pair in enumerate(zip(answer, expected, strict=True)) if pair[0] != pair[1])
        return f"[{at}] " + difference(answer[at], expected[at])
    return f"{answer!r:.3000}\ninstead of {expected!r:.3000}"


def shown(counters: Sequence[Counter], balances: list[Balance] | Stale) -> object:
    """Balances as far as ledgers agree: when an unused sliding window is dropped, its side counts go, each at its time."""
    if isinstance(balances, Stale):
        return balances
    return [seen[:3] if counter.sliding else seen for counter, seen in zip(counters, balances, strict=True)]
