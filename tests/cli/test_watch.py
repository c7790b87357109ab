"""`watch`: live, and patient with a ledger that goes away."""

from __future__ import annotations

import itertools
import json

import pytest
from tests.ledgers.servers import Valkey

from llm_token_budget import BudgetManager, LedgerUnavailable
from llm_token_budget.cli.commands import watch


@pytest.fixture
def away(monkeypatch):
    """Lets the ledger be away for the looks of these numbers."""

    def be_away(*numbers: int) -> None:
        looks, plain = itertools.count(), BudgetManager.remaining

        def remaining(self, *rest, **more):
            if next(looks) in numbers:
                raise LedgerUnavailable("the store at redis://127.0.0.1:1 does not answer")
            return plain(self, *rest, **more)

        monkeypatch.setattr(BudgetManager, "remaining", remaining)

    return be_away


def test_it_shows_limits_and_users(budget, llm):
    """Bars, what is left of them, and who spent most."""
    code, out, _ = llm("watch", "--count", "1")
    assert code == 0
    assert "global_cost_limit" in out
    assert "$0.35" in out
    assert "ada" in out
    assert out.endswith("\n")


def test_limits_of_users_alone_are_described(config, ledger, llm):
    """They have no row of everyone's: it says what they are, and how to see one."""
    config.write_text(f'ledger = "{ledger}"\nper_user_cost_limit = "1.00"\n')
    code, out, _ = llm("watch", "--count", "1")
    assert code == 0
    assert "user: $1.00 in total\n(--user KEY shows how a user stands)" in out
    assert "nobody has spent anything yet" in out
    assert "per_user_cost_limit" in llm("watch", "--count", "1", "--user", "ada")[1]


def test_it_goes_on_when_the_ledger_is_back(budget, llm, away):
    """Meanwhile it says so, over what it saw last."""
    away(1, 2)
    code, out, _ = llm("watch", "--count", "4", "--every", "0.1")
    assert code == 0
    assert out.count("The ledger is away; this is what stood there at") == 2
    assert out.count("$0.35") == 4
    assert out.rindex("ada") > out.rindex("does not answer")


def test_json_lines_say_it_too(budget, llm, away):
    """A line with an error for each look that saw nothing."""
    away(1)
    code, out, _ = llm("watch", "--count", "3", "--every", "0.1", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert ["error" in line for line in lines] == [False, True, False]
    assert lines[2]["users"][0]["user_key"] == "ada"


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_ledger_that_was_never_there_ends_it(budget, llm, away, options):
    """A wrong address is told at once, in one line."""
    away(0)
    code, out, err = llm("watch", *options)
    assert (code, out) == (1, "")
    assert err.startswith("error: the store at redis://127.0.0.1:1")
    assert err.count("\n") == 1


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_ending_while_it_is_away_is_a_failure(budget, llm, away, options):
    """The last of `--count` looks decides."""
    away(1)
    assert llm("watch", "--count", "2", "--every", "0.1", *options)[0] == 1


def test_looks_begin_one_interval_apart(monkeypatch):
    """What a look takes is no part of the pause; one that takes too long is followed by the next at once."""
    clock = [100.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(watch.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(watch.time, "sleep", sleep)
    began = []
    for _, takes in zip(watch._looks(1.0, 5), (0.3, 0.3, 2.5, 0.0, 0.0), strict=True):
        began.append(clock[0])
        clock[0] += takes
    assert began == pytest.approx([100.0, 101.0, 102.0, 104.5, 105.5])


def test_a_server_that_comes_back(llm, config, monkeypatch, tmp_path):
    """A real one: killed after the first look, started again after the second."""
    with Valkey(appendonly="yes", appendfsync="always") as server:
        config.write_text(f'ledger = "{server.url}/0"\nglobal_cost_limit = "1.00"\n')
        with BudgetManager.from_config(config, environment={}) as budget:
            budget.record(cost="0.30", user_key="ada")
        steps = iter([server.kill, server.start, lambda: None])
        plain = watch._looks

        def looks(every, count):
            for number in plain(every, count):
                yield number
                next(steps)()

        monkeypatch.setattr(watch, "_looks", looks)
        code, out, _ = llm("watch", "--count", "3", "--every", "0.1", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert str(server.port) in lines[1]["error"]
    assert [line["limits"][0]["spent"] for line in (lines[0], lines[2])] == ["0.3", "0.3"]
