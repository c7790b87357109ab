"""Waiting for room that is only held: who waits, for how long, who never does."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from llm_token_budget import BudgetExceeded, Limit, MemoryLedger, admissions
from llm_token_budget.claims import Call


class WatchedLedger(MemoryLedger):
    """Says when somebody has begun to wait."""

    def __init__(self, clock):
        super().__init__(clock=clock)
        self.waiting = threading.Event()
        self.waits = 0

    def wait(self, freed, timeout):
        self.waits += 1
        self.waiting.set()
        super().wait(freed, timeout)

    async def await_room(self, freed, timeout):  # noqa: ASYNC109 - the protocol's own deadline
        self.waits += 1
        self.waiting.set()
        await super().await_room(freed, timeout)


@pytest.fixture
def ledger(clock):
    return WatchedLedger(clock)


@pytest.fixture
def only_the_bell_wakes(monkeypatch):
    """No looking again now and then: who is woken was woken by what was given back."""
    monkeypatch.setattr(MemoryLedger, "poll", 60.0)


def in_thread(work):
    """Run in a thread of its own; (thread, results)."""
    results = []

    def run():
        try:
            results.append(work())
        except BudgetExceeded as error:
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, results


async def until(event):
    while not event.is_set():  # noqa: ASYNC110 - set by a thread
        await asyncio.sleep(0)


@pytest.mark.usefixtures("only_the_bell_wakes")
@pytest.mark.parametrize("end", ["settle", "release", "charge"])
def test_a_waiting_thread_is_woken_within_50_ms(make_budget, ledger, end):
    """By a settle below what was held, or a release; not by a charge of all of it."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)
    reservation = budget.reserve(tokens=80).enter()

    def work():
        with budget.reserve(tokens=50) as mine:
            got = time.perf_counter()
            mine.settle(tokens=50)
            return got, mine.waited

    thread, results = in_thread(work)
    assert ledger.waiting.wait(10)
    given_back = time.perf_counter()
    if end == "settle":
        reservation.settle(tokens=50)
    elif end == "release":
        reservation.release()
    else:
        reservation.charge_unconfirmed()
    thread.join(10)
    (found,) = results
    if end == "charge":
        assert isinstance(found, BudgetExceeded)
        assert not found.held
        return
    assert found[0] - given_back < 0.05
    assert found[1] > 0


@pytest.mark.usefixtures("only_the_bell_wakes")
async def test_a_waiting_task_is_woken_within_50_ms(make_budget, ledger):
    """And the loop runs meanwhile."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)

    async def work():
        async with budget.reserve(tokens=50) as mine:
            got = time.perf_counter()
            await mine.asettle(tokens=50)
            return got

    async def holder():
        async with budget.reserve(tokens=80) as reservation:
            task = asyncio.create_task(work())
            await until(ledger.waiting)
            given_back = time.perf_counter()
            await reservation.asettle(tokens=10)
            return await task - given_back

    assert await asyncio.create_task(holder()) < 0.05


@pytest.mark.usefixtures("only_the_bell_wakes")
@pytest.mark.parametrize("change", ["set_limit", "reset"])
def test_a_raised_limit_and_a_reset_wake_who_waits(make_budget, ledger, change):
    """Room from elsewhere is room."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)
    budget.record(input_tokens=20)
    reservation = budget.reserve(tokens=50).enter()
    thread, results = in_thread(lambda: budget.reserve(tokens=50).enter())
    assert ledger.waiting.wait(10)
    if change == "set_limit":
        budget.set_limit("global_token_limit", None, 1_000)
    else:
        budget.reset()
    thread.join(10)
    assert results[0].tokens == 50
    results[0].release()
    reservation.release()


def test_what_a_finalizer_gives_back_is_found(make_budget, ledger):
    """It rings no bell: whoever waits looks again by themselves."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)
    reservation = budget.reserve(tokens=80).enter()
    thread, results = in_thread(lambda: budget.reserve(tokens=50).enter())
    assert ledger.waiting.wait(10)
    reservation.release_later()
    thread.join(10)
    assert results[0].tokens == 50
    results[0].release()


@pytest.mark.parametrize("how", ["thread", "task"])
def test_waiting_has_a_deadline(make_budget, ledger, how):
    """Then it is refused, as held, with a short retry_after, and counts as blocked once."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=0.06)
    reservation = budget.reserve(tokens=80).enter()

    async def enter():
        await budget.reserve(tokens=50).aenter()

    thread, results = in_thread(
        (lambda: budget.reserve(tokens=50).enter()) if how == "thread" else lambda: asyncio.run(enter())
    )
    thread.join(10)
    (error,) = results
    assert isinstance(error, BudgetExceeded)
    assert error.held
    assert 0.06 <= error.waited < 5
    assert 0 < error.retry_after <= 10
    assert (error.reserved, error.spent, error.remaining, error.needed) == (80, 0, 20, 50)
    assert str(error).endswith("Calls in flight hold the room: try again when they have ended.")
    assert budget.get_global_stats().blocked == 1
    reservation.release()


def test_a_call_that_gets_its_room_was_not_blocked(make_budget, ledger):
    """Waiting is no refusal."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)
    reservation = budget.reserve(tokens=80).enter()
    thread, results = in_thread(lambda: budget.reserve(tokens=50).enter())
    assert ledger.waiting.wait(10)
    reservation.release()
    thread.join(10)
    assert budget.get_global_stats().blocked == 0
    results[0].release()


def test_zero_seconds_is_no_waiting(make_budget, ledger):
    """The refusal says that the room is only held."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=0)
    with budget.reserve(tokens=80) as reservation:
        thread, results = in_thread(lambda: budget.reserve(tokens=50).enter())
        thread.join(10)
        assert (results[0].held, results[0].waited) == (True, 0.0)
        reservation.release()
    assert ledger.waits == 0


@pytest.mark.parametrize("tokens", [101, 60])
def test_what_is_truly_spent_is_refused_at_once(make_budget, ledger, tokens):
    """Too large for the limit, or for what is left of it when everything in flight has come back."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)
    budget.record(input_tokens=50)
    reservation = budget.reserve(tokens=10).enter()
    thread, results = in_thread(lambda: budget.reserve(tokens=tokens).enter())
    thread.join(10)
    assert (results[0].held, results[0].waited, results[0].retry_after) == (False, 0.0, None)
    assert ledger.waits == 0
    reservation.release()


def test_one_truly_spent_limit_is_enough(make_budget, ledger):
    """Waiting for the held one would be in vain."""
    budget = make_budget(global_token_limit=100, per_user_token_limit=30, ledger=ledger, wait_for_held=30)
    reservation = budget.reserve(tokens=80, user_key="bob") if False else None
    budget.record(input_tokens=30, user_key="ada")
    reservation = budget.reserve(tokens=20, user_key="bob").enter()
    thread, results = in_thread(lambda: budget.reserve(tokens=60, user_key="ada").enter())
    thread.join(10)
    assert {refusal.reason for refusal in results[0].refusals} == {
        "global_token_limit_exceeded",
        "user_token_limit_exceeded",
    }
    assert ledger.waits == 0
    reservation.release()


def test_a_thread_with_an_open_reservation_of_its_own_does_not_wait(make_budget, ledger):
    """It would wait for itself: an unread stream, say."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)
    with budget.reserve(tokens=80) as reservation:
        with pytest.raises(BudgetExceeded) as caught, budget.reserve(tokens=50):
            pytest.fail("not reached")
        assert caught.value.held
        reservation.release()
    assert ledger.waits == 0
    assert budget.get_global_stats().blocked == 1


async def test_a_task_with_an_open_reservation_of_its_own_does_not_wait(make_budget, ledger):
    """The same, while other tasks' reservations are waited for."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)
    async with budget.reserve(tokens=80) as reservation:
        with pytest.raises(BudgetExceeded):
            async with budget.reserve(tokens=50):
                pytest.fail("not reached")
        await reservation.arelease()
    assert ledger.waits == 0


async def test_a_sync_call_under_a_running_loop_does_not_wait(make_budget, ledger):
    """It would stop the very tasks that it waits for."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)
    thread, results = in_thread(lambda: budget.reserve(tokens=80).enter())
    thread.join(10)
    with pytest.raises(BudgetExceeded) as caught, budget.reserve(tokens=50):
        pytest.fail("not reached")
    assert caught.value.held
    assert ledger.waits == 0
    results[0].release()


def test_check_never_waits(make_budget, ledger):
    """It says no at once, and counts it as blocked."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)
    thread, results = in_thread(lambda: budget.reserve(tokens=80).enter())
    thread.join(10)
    check = budget.check(estimated_input_tokens=50)
    assert (check.allowed, check.reason, check.refusal.held) == (False, "global_token_limit_exceeded", True)
    assert (ledger.waits, budget.get_global_stats().blocked) == (0, 1)
    results[0].release()


async def test_a_cancelled_waiter_leaves_nothing_behind(make_budget, ledger):
    """Neither a reservation nor a place in the queue."""
    budget = make_budget(global_token_limit=100, ledger=ledger, wait_for_held=30)
    thread, results = in_thread(lambda: budget.reserve(tokens=80).enter())
    thread.join(10)
    task = asyncio.create_task(budget.reserve(tokens=50).aenter())
    await until(ledger.waiting)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not ledger._bell._sleepers
    assert budget.get_global_stats().reserved.tokens == 80
    results[0].release()


def test_a_clamped_call_takes_what_is_left_rather_than_wait(make_budget, ledger):
    """Waiting is for what can't be had at all."""
    budget = make_budget(global_token_limit=10_000, ledger=ledger, wait_for_held=30)
    reservation = budget.reserve(tokens=8_000).enter()
    with budget.reserve_call(Call(max_output_tokens=8_000), budget.identify()) as mine:
        assert mine.max_output_tokens == 2_000
        mine.release()
    assert ledger.waits == 0
    reservation.release()


def test_a_window_that_ends_while_somebody_waits_makes_room(make_budget, ledger, clock):
    """The waiter looks at the new window."""
    budget = make_budget(limits=[Limit(tokens=100, window="1h")], ledger=ledger, wait_for_held=30)
    reservation = budget.reserve(tokens=80).enter()
    thread, results = in_thread(lambda: budget.reserve(tokens=50).enter())
    assert ledger.waiting.wait(10)
    clock.advance(3_600)
    thread.join(10)
    assert results[0].tokens == 50
    results[0].release()
    reservation.release()


@pytest.mark.parametrize(
    "seconds", [-1, float("nan"), float("inf"), True, "10", None, [], 10**400], ids=lambda x: type(x).__name__
)
def test_bad_waiting_times_are_refused(make_budget, seconds):
    """Seconds, 0 or more."""
    with pytest.raises(ValueError, match="wait_for_held"):
        make_budget(wait_for_held=seconds)


def test_watched_limits_are_reported_once_a_minute(make_budget, caplog, monkeypatch):
    """Not once per call."""
    now = [1_000.0]
    monkeypatch.setattr(admissions.time, "monotonic", lambda: now[0])
    budget = make_budget(limits=[Limit(tokens=5, scope="user", enforce=False)])
    for seconds in (0, 1, 58, 2):
        now[0] += seconds
        with budget.reserve(tokens=10, user_key="ada") as reservation:
            reservation.release()
    assert caplog.text.count("not enforced: user 'ada' would have been refused: user_token_limit_exceeded") == 2
