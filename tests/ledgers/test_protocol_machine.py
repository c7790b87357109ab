"""The whole protocol at random, beside a model that only adds up: they agree after every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from llm_token_budget.errors import ReservationConflict
from llm_token_budget.ledgers import Ledger
from llm_token_budget.ledgers.base import Amounts, Charge, Claim, Counter, Granted, Handle, Line, Refused

from .building import DAY, EVERYONE, NOON, FakeClock, balance, balance_at, every, limit, session, sliding, user
from .model import Conflict, Model

WINDOW = 600
names = st.sampled_from(["ada", "bob"])
amounts = st.integers(0, 60)
leases = st.sampled_from([30.0, 300.0, 900.0])
keys = st.sampled_from([None, (), ("ada",), ("bob",)])
chats = st.sampled_from(["one", "two"])
some_limits = [(None, 0), (200, 0), (150, 0), (6, 2), (180, 1), (0, 0)]
limits = st.lists(
    st.builds(
        lambda amount, on, enforce: (*amount, on, enforce),
        st.sampled_from(some_limits),
        st.integers(-1, 4),
        st.sampled_from([True, True, True, False]),
    ),
    min_size=1,
    max_size=4,
)
"""Of a budget: (amount, unit, which counter, enforced)."""


class Protocol(RuleBasedStateMachine):
    make: ClassVar[Callable[[FakeClock], Ledger]]
    """A ledger with nothing in it yet, for each example."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock(NOON)
        self.ledger = type(self).make(self.clock)
        self.model = Model(self.clock.at)
        self.limits: list[tuple[int, int, int, bool]] = []
        self.lines: set[tuple[Line, Counter]] = set()
        self.past: set[Counter] = set()
        self.asked = 0

    def teardown(self) -> None:
        self.ledger.close()

    @initialize(limits=limits)
    def choose_limits(self, limits):
        self.limits = limits

    def counters(self, who: str, chat: str) -> tuple[Counter, ...]:
        return EVERYONE, user(who), session(chat, who), every(WINDOW, self.clock.at, key=who), sliding(60)

    @rule(
        who=names, chat=chats, fixed=st.tuples(amounts, amounts, st.integers(0, 2)),
        slope=st.tuples(*[st.sampled_from([0, 999, 1000, 2500])] * 3), wanted=st.tuples(st.integers(0, 40), st.integers(0, 40)),
        share=st.sampled_from([0, 0, 2, 10]), floor=st.integers(0, 20), lease=leases, patient=st.booleans(),
    )  # fmt: skip
    def reserve(self, who, chat, fixed, slope, wanted, share, floor, lease, patient):
        at_least, want = sorted(wanted)
        counters = self.counters(who, chat)
        lines = tuple(
            limit(amount, unit, on=on, name=f"limit {number}", key=() if on < 0 else counters[on].key, enforce=enforce)
            for number, (amount, unit, on, enforce) in enumerate(self.limits)
        )
        self.asked += 1
        claim = Claim(
            f"call {self.asked}", counters, lines, Amounts(*fixed), slope, want, at_least, share, floor, lease, patient
        )
        looked = self.ledger.look(claim)
        answer = self.ledger.reserve(claim)
        assert looked == answer
        output, short = self.model.reserve(claim)
        self.lines.update((line, counters[line.counter]) for line in lines if line.enforce and line.counter >= 0)
        if isinstance(answer, Refused):
            assert [shortage.line for shortage in answer.shortages] == short
            assert any(lines[index].enforce for index in short)
            return
        assert isinstance(answer, Granted)
        assert [shortage.line for shortage in answer.shadow] == short
        assert answer.output_tokens == output
        assert answer.handle.reserved == claim.amounts(output)
        assert self.ledger.reserve(claim) == answer
        self.model.hold(claim, answer.handle)

    def same(self, handle, change, expected) -> None:
        """Both do it, or both refuse."""
        try:
            before, first = expected()
        except Conflict:
            with pytest.raises(ReservationConflict):
                change()
            return
        try:
            booked = change()
        except ReservationConflict:
            # What had ended before the horizon may be forgotten: then it is refused, and as before nothing changes.
            assert not first
            assert self.is_old(handle)
            return
        assert booked.first == first
        if first:
            assert booked.before == before

    def is_old(self, handle: Handle) -> bool:
        return handle.created < self.clock.at - self.model.horizon

    @precondition(lambda self: self.model.calls)
    @rule(
        data=st.data(), later=st.booleans(), kind=st.sampled_from(["truth", "truth", "exact", "unconfirmed", "estimated"]),
        drawn=st.tuples(amounts, amounts, amounts, st.integers(0, 2)),
    )  # fmt: skip
    def settle(self, data, later, kind, drawn):
        name = data.draw(st.sampled_from(sorted(self.model.calls)))
        handle = self.model.calls[name].handle
        charge = Charge(*drawn)
        if kind == "exact":
            tokens, money, requests = handle.reserved
            charge = Charge(handle.input_tokens, tokens - handle.input_tokens, money, requests)
        elif kind != "truth":
            charge = charge._replace(
                unconfirmed=kind == "unconfirmed", estimated=kind == "estimated", unpriced=drawn[0] > 30
            )
        if later:
            self.ledger.settle_later(handle, charge)
            try:
                self.model.settle(name, charge)
            except Conflict:
                return
        else:
            self.same(handle, lambda: self.ledger.settle(handle, charge), lambda: self.model.settle(name, charge))

    @precondition(lambda self: any(call.charge for call in self.model.calls.values()))
    @rule(data=st.data())
    def settle_again(self, data):
        name = data.draw(st.sampled_from(sorted(name for name, call in self.model.calls.items() if call.charge)))
        call = self.model.calls[name]
        charge = call.charge
        assert self.model.settle(name, charge)[1] is False
        self.same(call.handle, lambda: self.ledger.settle(call.handle, charge), lambda: self.model.settle(name, charge))

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data(), later=st.booleans())
    def release(self, data, later):
        name = data.draw(st.sampled_from(sorted(self.model.calls)))
        handle = self.model.calls[name].handle
        if later:
            self.ledger.settle_later(handle, None)
            try:
                self.model.release(name)
            except Conflict:
                return
        else:
            self.same(handle, lambda: self.ledger.release(handle), lambda: self.model.release(name))

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data())
    def refund(self, data):
        name = data.draw(st.sampled_from(sorted(self.model.calls)))
        assert self.ledger.refund(name) == self.model.refund(name)

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data(), lease=leases)
    def renew(self, data, lease):
        name = data.draw(st.sampled_from(sorted(self.model.calls)))
        assert self.ledger.renew(self.model.calls[name].handle, lease) == self.model.renew(name, lease)

    # A session that nobody has touched for 30 days is dropped: another test's business.
    @precondition(lambda self: self.clock.at < NOON + 28 * DAY)
    @rule(seconds=st.sampled_from([0.5, 5.0, 29.0, 31.0, 70.0, 301.0, 601.0, 901.0, 90_000.0]))
    def advance(self, seconds):
        self.clock.advance(seconds)
        self.model.advance(seconds)

    @rule(who=st.none() | names, chat=st.none() | chats)
    def reset(self, who, chat):
        self.ledger.reset(user=who, session=chat)
        self.model.reset(who, chat)

    @rule(who=names, chat=chats, drawn=st.tuples(amounts, amounts, amounts))
    def record(self, who, chat, drawn):
        counters = self.counters(who, chat)
        assert self.ledger.record(counters, Charge(*drawn)) is None
        self.model.record(counters, Charge(*drawn))

    @rule(number=st.integers(0, 2), key=keys, amount=st.sampled_from([None, 0, 50, 300]))
    def set_limit(self, number, key, amount):
        self.ledger.set_limit(f"limit {number}", key, amount)
        self.model.set_limit(f"limit {number}", key, amount)

    @rule(number=st.integers(0, 2), key=keys)
    def clear_limit(self, number, key):
        self.ledger.clear_limit(f"limit {number}", key)
        self.model.clear_limit(f"limit {number}", key)

    @invariant()
    def every_counter_is_the_sum_of_its_parts(self):
        """Reserved is the sum of what is open, spent the sum of what is charged: nothing leaks, nothing counts twice."""
        for counter in sorted(self.model.known):
            if counter.end is not None and self.clock.at >= counter.end + self.model.longest_lease:
                self.past.add(counter)
            if counter in self.past:
                continue  # It may have been dropped: nobody reads it any more.
            expected = self.model.balance(counter)
            if counter.sliding:
                seen = balance(self.ledger, counter)
                assert (seen.spent, seen.reserved, seen.unconfirmed) == expected[:3]
                continue
            at = self.clock.at if counter.end is None else min(self.clock.at, counter.end - 1)
            seen = balance_at(self.ledger, self.clock, counter, at)
            assert seen == expected
            assert all(amount >= 0 for part in seen[:5] for amount in part)

    @invariant()
    def no_limit_is_overspent(self):
        """spent + reserved <= limit + overrun + unreserved; a limit that was lowered is taken at its highest."""
        for line, counter in self.lines:
            highest = self.model.highest[line]
            if highest is None or (counter.end is not None and counter.end <= self.clock.at):
                continue
            seen, unit = balance(self.ledger, counter), line.unit
            assert seen.spent[unit] + seen.reserved[unit] <= highest + seen.overrun[unit] + seen.unreserved[unit]

    @invariant()
    def unconfirmed_charges_are_listed(self):
        assert sorted(listed.handle.id for listed in self.ledger.unconfirmed()) == self.model.unconfirmed()


DEFAULT = settings(
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture
def machine(make_ledger):
    """The machine over one kind of ledger."""
    return type("Machine", (Protocol,), {"make": staticmethod(make_ledger)})


def examples(make_ledger, of_memory: int, of_stores: int) -> int:
    """So many that each ledger gets its fair share of seconds."""
    ledger = make_ledger(FakeClock())
    ledger.close()
    return of_stores if ledger.blocking else of_memory


def test_the_ledger_agrees_with_the_model(machine, make_ledger):
    """A few seconds of everything."""
    run_state_machine_as_test(machine, settings=settings(DEFAULT, max_examples=examples(make_ledger, 120, 25)))


@pytest.mark.slow
def test_the_ledger_agrees_with_the_model_for_long(machine, make_ledger):
    """The same, for minutes."""
    longer = settings(DEFAULT, max_examples=examples(make_ledger, 2_000, 300), stateful_step_count=80)
    run_state_machine_as_test(machine, settings=longer)
