"""What bills teach about estimates."""

import random
import threading

import pytest

from llm_token_budget.estimation import Estimator, Opaque, RequestParts, Text, Tool
from llm_token_budget.estimation.calibration import BATCH, EAGER, ENOUGH, KEPT, LEAST, MOST, SLACK, Calibration

KEY = ("openai", "gpt-4o", 0)


def test_nothing_changes_before_enough_bills_are_known():
    """A few calls prove nothing."""
    calibration = Calibration()
    for _ in range(ENOUGH - 1):
        calibration.learn(KEY, 1000, 1200, 1100)
    assert calibration.corrected(KEY, 1000, 1200) == (1000, 1200)


def test_the_estimate_follows_the_bills():
    """After thirty bills of a tenth more, a tenth more is expected, and the bound is still above it."""
    calibration = Calibration()
    for _ in range(ENOUGH):
        calibration.learn(KEY, 1000, 1300, 1100)
    expected, upper = calibration.corrected(KEY, 2000, 2600)
    assert expected == pytest.approx(2200, rel=0.02)
    assert expected < upper < 2600


def test_one_bill_above_the_bound_raises_it_at_once():
    """The next call of the kind is held higher, whatever came before."""
    calibration = Calibration()
    for _ in range(200):
        calibration.learn(KEY, 1000, 1200, 1000)
    calibration.learn(KEY, 1000, 1200, 1500)
    assert calibration.corrected(KEY, 1000, 1200)[1] >= 1500


def test_a_raised_bound_comes_down_slowly():
    """A thousand good bills later most of the surplus is forgiven, a hundred later little of it."""
    calibration = Calibration()
    calibration.learn(KEY, 1000, 1200, 1500)
    raised = calibration.corrected(KEY, 1000, 1200)[1]
    for _ in range(100):
        calibration.learn(KEY, 1000, 1600, 1000)
    assert calibration.corrected(KEY, 1000, 1200)[1] > 1200 + 0.7 * (raised - 1200)
    for _ in range(4000):
        calibration.learn(KEY, 1000, 1600, 1000)
    assert calibration.corrected(KEY, 1000, 1200)[1] <= 1200


def test_bounds_stay_within_reason():
    """No bill, however odd, makes the next one be held at more than twice the estimate or less than a little above it."""
    calibration = Calibration()
    for billed in (10**9, 1, 7, 10**6):
        for _ in range(60):
            calibration.learn(KEY, 1000, 1200, billed)
    expected, upper = calibration.corrected(KEY, 1000, 1200)
    assert expected <= MOST * 1000
    assert upper <= max(MOST * 1000 + SLACK, expected)
    low = Calibration()
    for _ in range(100):
        low.learn(KEY, 1000, 1200, 600)
    assert low.corrected(KEY, 1000, 1200)[1] >= LEAST * 1000


@pytest.mark.parametrize("spread", [0.03, 0.1, 0.2])
def test_the_bound_is_above_nearly_all_bills(spread):
    """Of calls that are off at random, at most two in a hundred go above it, and it is narrower than the plain one."""
    pick, calibration = random.Random(1), Calibration()
    over = held = 0
    for number in range(3000):
        true = max(int(1000 * pick.gauss(1.0, spread)), 1)
        _, upper = calibration.corrected(KEY, 1000, 2000)
        if number >= 200:
            over += true > upper
            held += upper
        calibration.learn(KEY, 1000, upper, true)
    assert over / 2800 <= 0.02
    assert held / 2800 < 1900


def test_small_requests_teach_little_about_large_ones():
    """Eight tokens more than expected are a lot for a short request, and nothing for a long one."""
    calibration = Calibration()
    for _ in range(100):
        calibration.learn(KEY, 10, 30, 18)
    assert calibration.corrected(KEY, 10_000, 11_600)[1] <= 11_600


def test_kinds_are_told_apart_and_few_are_kept():
    """By provider, model, tools and media; the memory is bounded."""
    calibration = Calibration()
    for number in range(3 * KEPT):
        calibration.learn(("openai", str(number), 0), 1000, 1200, 1500)
    assert len(calibration) <= KEPT
    assert calibration.corrected(("openai", str(3 * KEPT - 1), 0), 1000, 1200)[1] > 1200
    assert calibration.corrected(KEY, 1000, 1200) == (1000, 1200)


def test_an_estimator_learns_by_kind_of_request():
    """A bill of a call with tools says nothing about calls without."""
    estimator = Estimator()
    plain = RequestParts("openai", "gpt-4o", (Text("How are you today? " * 40),))
    tooled = plain._replace(parts=(*plain.parts, Tool('{"name": "f"}')))
    before = estimator(tooled).upper
    estimator.learn(estimator(plain), 2 * estimator(plain).upper)
    assert estimator(plain).upper > 1.5 * before / 2
    assert estimator(tooled).upper == before
    assert estimator(plain).uncalibrated is not None


def test_what_only_the_server_knew_teaches_nothing():
    """An earlier response is reckoned at the whole context: its bill would look like a huge over-estimate."""
    estimator = Estimator()
    request = RequestParts("openai", "gpt-6.1-terra", (Text("hi"), Opaque(1_000_000, "stored", fills=True)))
    for _ in range(100):
        estimator.learn(estimator(request), 50)
    assert len(estimator.calibration) == 0


def test_a_local_server_that_leaves_out_what_it_cached_lowers_nothing():
    """Ollama counts only what it had to read; its bills may raise a bound, never lower one."""
    estimator = Estimator()
    request = RequestParts("ollama", "llama3.1:8b", (Text("word " * 500),))
    before = estimator(request)
    for _ in range(100):
        estimator.learn(before, 20)
    assert estimator(request)[:3] == before[:3]
    estimator.learn(before, 2 * before.upper)
    assert estimator(request).upper > before.upper


def test_later_bills_are_learned_from_a_few_at_a_time():
    """After hundreds of them one can wait, but not for long."""
    calibration = Calibration()
    for _ in range(EAGER):
        calibration.learn(KEY, 1000, 1300, 1000)
    before = calibration.corrected(KEY, 1000, 1300)
    for _ in range(BATCH - 1):
        calibration.learn(KEY, 1000, 1300, 1200)
    assert calibration.corrected(KEY, 1000, 1300) == before
    calibration.learn(KEY, 1000, 1300, 1200)
    assert calibration.corrected(KEY, 1000, 1300)[0] > before[0]


def test_a_bill_above_its_bound_waits_for_nothing():
    """However many came before, the very next request of its kind is held higher."""
    calibration = Calibration()
    for _ in range(EAGER + 5):
        calibration.learn(KEY, 1000, 1200, 1000)
    calibration.learn(KEY, 1000, 1200, 1500)
    assert calibration.corrected(KEY, 1000, 1200)[1] >= 1500


def test_threads_that_bring_bills_lose_none():
    """One learns while the others leave theirs: every bill is counted once."""
    calibration = Calibration()

    def bring() -> None:
        for _ in range(800):
            calibration.learn(KEY, 1000, 1200, 1000)

    threads = [threading.Thread(target=bring) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    calibration.learn(KEY, 1000, 1200, 1500)
    assert calibration.learners[KEY].count == 8 * 800 + 1
