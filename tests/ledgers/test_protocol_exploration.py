"""Every interleaving of a few calls: the ledger agrees with the model in each state that can be reached at all.

Breadth first until there is nothing new. A state's ledger is made by doing again what led to it, so any ledger can be explored.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import pytest

from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers import Ledger, MemoryLedger
from llm_token_budget.ledgers.base import Balance, Booked, Charge, Claim, Counter, Granted, Handle

from .building import DAY, EVERYONE, NOON, FakeClock, balance, balance_at, claim, every, limit, truth, unknown, user
from .model import Conflict, Model

WINDOW = 1_500
LIMIT, WINDOW_LIMIT = 100, 70
TIMES = (NOON, NOON + 1_000, NOON + 2_000, NOON + 3 * DAY)
"""At first; when every lease of the first moment has ended; in the next window; after the horizon."""

Action = tuple[str, str]
"""What is done, and to which call ("" for none)."""

ENDS: dict[str, Charge] = {
    "settle low": truth(20, 5),
    "settle high": truth(20, 75),
    "settle unknown": unknown(20, 40),
    "settle input": unknown(20, 0),
}


@dataclass
class World:
    """A ledger and all that its users remember."""

    ledger: Ledger
    clock: FakeClock
    handles: dict[str, Handle]

    def do(self, action: Action) -> object:
        """The answer, or that it was a conflict."""
        verb, name = action
        try:
            return self._do(verb, name)
        except ReservationConflict:
            return Conflict

    def _do(self, verb: str, name: str) -> object:
        if verb == "wait":
            self.clock.at = next(at for at in TIMES if at > self.clock.at)
            return balance(self.ledger)
        if verb == "reset":
            return self.ledger.reset()
        if verb == "reserve":
            answer = self.ledger.reserve(asked(name, self.clock.at))
            if isinstance(answer, Granted):
                self.handles.setdefault(name, answer.handle)
            return answer
        if verb == "release":
            return self.ledger.release(self.handles[name])
        if verb == "refund":
            return self.ledger.refund(name)
        return self.ledger.settle(self.handles[name], ENDS[verb])


def asked(name: str, at: float) -> Claim:
    """Two of a kind don't fit whole: the second grant depends on what became of the first."""
    counters = EVERYONE, user(name), every(WINDOW, at)
    return claim(
        name, limit(LIMIT), limit(WINDOW_LIMIT, on=2), counters=counters, tokens=20, want=40, at_least=10, lease=900
    )


def expect(model: Model, world: World, action: Action, answer: object) -> None:
    """Let the model do it too, and compare the answers."""
    verb, name = action
    if verb == "wait":
        model.advance(world.clock.at - model.now)
    elif verb == "reset":
        model.reset(None, None)
    elif verb == "reserve":
        expect_reserve(model, world, name, answer)
    elif verb == "refund":
        assert answer == model.refund(name)
    else:
        try:
            before, first = model.release(name) if verb == "release" else model.settle(name, ENDS[verb])
        except Conflict:
            assert answer is Conflict
            return
        assert isinstance(answer, Booked)
        assert answer.first == first
        assert not first or answer.before == before


def expect_reserve(model: Model, world: World, name: str, answer: object) -> None:
    call = model.calls.get(name)
    if call is not None and call.state != "open":
        assert answer is Conflict
    elif call is not None:
        assert isinstance(answer, Granted)
        assert answer.handle == call.handle
    else:
        wanted = asked(name, model.now)
        output, short = model.reserve(wanted)
        assert isinstance(answer, Granted) is (not short)
        if isinstance(answer, Granted):
            assert answer.output_tokens == output
            model.hold(wanted, answer.handle)


@dataclass
class State:
    """What must be seen in one state, summed up once."""

    balances: dict[Counter, Balance]
    unconfirmed: list[str]

    @classmethod
    def of(cls, model: Model) -> State:
        """Of all counters that are still read."""
        kept = [each for each in model.known if each.end is None or model.now < each.end + model.longest_lease]
        state = cls({each: model.balance(each)._replace(blocked=0) for each in kept}, model.unconfirmed())
        for counter, seen in state.balances.items():
            assert all(amount >= 0 for part in seen[:5] for amount in part)
            most = LIMIT if counter == EVERYONE else WINDOW_LIMIT if counter.end else 10**9
            assert seen.spent.tokens + seen.reserved.tokens <= most + seen.overrun.tokens
        return state

    def check(self, world: World) -> None:
        """The ledger shows exactly this."""
        for counter, expected in self.balances.items():
            at = world.clock.at if counter.end is None else min(world.clock.at, counter.end - 1)
            assert balance_at(world.ledger, world.clock, counter, at)._replace(blocked=0) == expected
        assert sorted(listed.handle.id for listed in world.ledger.unconfirmed()) == self.unconfirmed


def identity(model: Model) -> Hashable:
    """What tells two states apart; how often somebody was blocked doesn't change what can happen."""
    calls = (
        (call.handle, call.expires, call.state, call.charge, call.charged_at) for _, call in sorted(model.calls.items())
    )
    return model.now, tuple(calls), frozenset(model.bookings.items())


def actions(model: Model, names: str, verbs: tuple[str, ...]) -> Iterator[Action]:
    if "wait" in verbs and model.now < TIMES[-1]:
        yield "wait", ""
    if "reset" in verbs:
        yield "reset", ""
    for name in names:
        yield "reserve", name
        if name in model.calls:
            yield from ((verb, name) for verb in verbs if verb not in {"wait", "reset"})


def explore(names: str, verbs: tuple[str, ...]) -> int:
    """Check every state that can be reached, along every edge between two of them, and say how many states there are."""
    first = Model(NOON)
    states = {identity(first): State.of(first)}
    waiting: deque[tuple[tuple[Action, ...], Model]] = deque([((), first)])
    while waiting:
        path, model = waiting.popleft()
        for action in actions(model, names, verbs):
            clock = FakeClock(NOON)
            world = World(MemoryLedger(clock=clock), clock, {})
            for done in path:
                world.do(done)
            after = model.copy()
            expect(after, world, action, world.do(action))
            key = identity(after)
            if key not in states:
                states[key] = State.of(after)
                waiting.append(((*path, action), after))
            states[key].check(world)
    return len(states)


@pytest.mark.parametrize(
    ("names", "verbs", "states"),
    [
        ("ab", ("wait", "settle low", "settle unknown", "release"), 2_523),
        ("ab", ("settle low", "settle high", "settle unknown", "settle input", "release", "refund"), 293),
        ("ab", ("settle low", "settle high", "settle unknown", "refund", "reset"), 153),
        ("abc", ("settle low", "settle unknown", "release"), 640),
        pytest.param("ab", ("wait", *ENDS, "release", "refund", "reset"), 19_364, marks=pytest.mark.slow),
    ],
)
def test_every_state_of_a_few_calls_is_right(names, verbs, states):
    """The number of states is part of the test: an exploration that shrinks silently proves less."""
    assert explore(names, verbs) == states
