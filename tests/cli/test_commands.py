"""The commands: what they print, what they change, how they end."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from llm_token_budget import BudgetExceeded


def test_help_names_every_command(llm):
    """And imports none of them."""
    code, out, _ = llm("--help")
    assert code == 0
    for name in ("demo", "stats", "users", "watch", "estimate", "limits", "refund", "dashboard", "mode"):
        assert f"  {name}" in out


@pytest.mark.parametrize(
    "command",
    ["copy", "cost", "dashboard", "demo", "doctor", "estimate", "export", "limits", "mode", "prices", "refund", "report", "reset",
     "stats", "users", "watch"],
)  # fmt: skip
def test_every_command_explains_itself(llm, command):
    """`COMMAND --help` says what it does."""
    code, out, _ = llm(command, "--help")
    assert code == 0
    assert "Usage:" in out


def test_it_runs_as_a_module():
    """`python -m llm_token_budget` is the same program."""
    done = subprocess.run(
        [sys.executable, "-m", "llm_token_budget", "cost", "gpt-4o", "--input", "10000", "--output", "2000", "--json"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout)["total"] == "0.045"


def test_stats_of_everyone_and_of_a_user(budget, ask, llm):
    """What the application spent is what the command says."""
    assert ask("stats")["total_cost"] == "0.35"
    assert ask("stats", "--user", "ada")["total_cost"] == "0.3"
    code, out, _ = llm("stats", "--user", "ada")
    assert code == 0
    assert "$0.30" in out


def test_users_are_listed_by_cost(budget, ask, llm):
    """The dearest first, in pages."""
    assert [user["user_key"] for user in ask("users")] == ["ada", "bob"]
    assert [user["user_key"] for user in ask("users", "--limit", "1", "--offset", "1")] == ["bob"]
    assert "ada" in llm("users")[1]


def test_limits_and_how_they_stand(budget, ask, llm):
    """Everyone's, and with --user that user's, too."""
    rows = ask("limits", "--user", "ada")
    assert {row["limit"]["name"]: row["spent"] for row in rows} == {"global_cost_limit": "0.35", "plan": "0.3"}
    assert "plan" in llm("limits", "--user", "ada")[1]


def test_a_used_up_limit_ends_the_check_with_3(budget, llm):
    """For scripts that must not start work that can't be paid."""
    assert llm("limits", "--check", "--user", "ada")[0] == 0
    assert llm("limits", "set", "plan", "0.10", "--key", "ada")[0] == 0
    assert llm("limits", "--check", "--user", "ada")[0] == 3


def test_a_limit_that_is_set_holds_in_the_application(budget, llm):
    """From its next call on, and until it is cleared."""
    llm("limits", "set", "plan", "0", "--key", "bob")
    with pytest.raises(BudgetExceeded), budget.reserve(usd="0.01", user_key="bob"):
        pass
    llm("limits", "clear", "plan", "--key", "bob")
    with budget.reserve(usd="0.01", user_key="bob") as reservation:
        reservation.release()


def test_unconfirmed_charges_are_listed_and_given_back(budget, ask, llm, caplog):
    """One by one, or all of a time."""
    for _ in range(2):
        with budget.reserve(usd="0.04", user_key="bob"):
            pass
    listed = ask("refund", "--list", "--user", "bob")
    assert len(listed) == 2
    assert llm("refund", listed[0]["id"])[0] == 0
    assert llm("refund", listed[0]["id"])[0] == 1
    assert ask("refund", "--unconfirmed", "--since", "2020-01-01", "--until", "2020-01-02")["cost"] == "0"
    assert ask("refund", "--unconfirmed", "--user", "bob")["cost"] == "0.04"
    assert budget.get_user_stats("bob").unconfirmed.cost == 0


def test_reset_asks_first(budget, llm, monkeypatch):
    """A slip of the hand zeroes nothing."""
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert llm("reset", "--user", "ada")[0] == 1
    assert budget.get_user_stats("ada").total_cost > 0
    assert llm("reset", "--user", "ada", "--yes")[0] == 0
    assert budget.get_user_stats("ada").total_cost == 0
    assert budget.get_user_stats("bob").total_cost > 0


def test_the_mode_stops_and_starts_the_application(budget, ask, llm):
    """Without a deploy."""
    assert ask("mode", "block", "--by", "ada")["mode"] == "block"
    budget._admissions.switch.due = 0.0
    with pytest.raises(BudgetExceeded), budget.reserve(usd="0.01", user_key="bob"):
        pass
    shown = ask("mode", "default", "--by", "bob")
    assert shown["mode"] is None
    assert [switched["by"] for switched in shown["history"]] == ["bob", "ada"]
    budget._admissions.switch.due = 0.0
    with budget.reserve(usd="0.01", user_key="bob") as reservation:
        reservation.release()


def test_watch_prints_a_line_a_look(budget, llm):
    """With --json, for programs; without, bars for people."""
    code, out, _ = llm("watch", "--json", "--count", "2", "--every", "0.1", "--user", "ada")
    assert code == 0
    looks = [json.loads(line) for line in out.splitlines()]
    assert len(looks) == 2
    assert [row["limit"]["key"] for row in looks[0]["limits"]] == [[], [""], ["ada"]], "everyone, nobody, ada"
    assert looks[1]["limits"][0]["per_second"] == "0"
    assert looks[0]["users"][0]["user_key"] == "ada"
    code, out, _ = llm("watch", "--count", "1")
    assert "global_cost_limit" in out
    assert "█" in out


def test_estimate_of_a_text_and_of_a_request(ask, tmp_path, monkeypatch):
    """A text is counted as it is, a request with its framing."""
    monkeypatch.setattr("sys.stdin", io.StringIO("Hello, world"))
    assert 2 <= ask("estimate", "-", "--model", "gpt-4o")["tokens"] <= 5
    request = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello, world"}]}
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request))
    counted = ask("estimate", str(path))
    assert counted["model"] == "gpt-4o"
    assert 8 <= counted["tokens"] <= counted["at_most"]


def test_cost_and_prices(ask, llm):
    """Exact money; a model without a price fails what requires it."""
    assert ask("cost", "gpt-4o", "--input", "10000", "--output", "2000", "--calls", "2")["total"] == "0.09"
    assert ask("prices", "gpt-4o")["gpt-4o"] == {"input": "2.5", "output": "10"}
    code, _, err = llm("prices", "--require", "gpt-4o", "--require", "no-such-model")
    assert code == 1
    assert "no-such-model" in err
    assert llm("cost", "no-such-model", "--input", "1")[0] == 1


def test_no_ledger_is_one_line_and_a_way_out(llm, tmp_path, monkeypatch):
    """Exit code 2: it was wrongly asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LLM_TOKEN_BUDGET_LEDGER", raising=False)
    code, _, err = llm("stats")
    assert code == 2
    assert err.count("\n") == 1
    assert "--ledger sqlite:///budget.db" in err
    assert llm("stats", "--ledger", "memory")[0] == 2


def test_an_unknown_command_or_option_is_2(llm):
    """With the library's own hint."""
    assert llm("stat")[0] == 2
    assert llm("cost")[0] == 2
    assert llm("refund", "--ledger", "sqlite:///x.db")[0] == 2


def test_a_key_cannot_write_to_the_terminal(budget, llm):
    """Escape sequences of a hostile key are shown, not obeyed; markup is text."""
    with budget.reserve(usd="0.01", user_key="\x1b[31mred[/] [bold]") as reservation:
        reservation.settle(usd="0.01")
    out = llm("users")[1]
    assert "\x1b[31mred" not in out
    assert "\\x1b[31mred[/] [bold]" in out


def test_doctor_says_whether_all_forms_are_guarded(llm):
    """With the SDK that is installed here."""
    code, out, _ = llm("doctor", "groq")
    assert code == 0
    assert "metered" in out
    assert llm("doctor", "nothing")[0] == 2
    assert llm("doctor", "json:loads")[0] == 2


def test_demo_shows_who_holds(ask, tmp_path):
    """Check-then-record is billed above the limit, the wrapped client never."""
    shown = ask("demo", "--threads", "20")
    check, wrapped = shown["outcomes"]
    assert float(check["billed"]) > float(shown["limit"])
    assert float(wrapped["billed"]) <= float(shown["limit"])
    assert wrapped["calls"] >= 9


def test_the_picture_of_the_demo_is_written(llm, tmp_path):
    """An SVG with both bars."""
    code, out, _ = llm("demo", "--threads", "12", "--svg", str(tmp_path / "demo.svg"))
    assert code == 0
    assert "wrapped" in out
    picture = (tmp_path / "demo.svg").read_text()
    assert picture.startswith("<svg")
    assert "wrapped" in picture


def test_setting_takes_the_options_at_its_end_too(budget, ledger, ask, llm):
    """Where people type them; an amount that can't be is no option."""
    assert ask("limits", "set", "plan", "0.25", "--key", "ada", "--ledger", ledger)["amount"] == "0.25"
    assert [row["remaining"] for row in ask("limits", "--user", "ada")] == ["0.65", "0"]
    assert ask("limits", "clear", "plan", "--key", "ada")["limit"] == "plan"
    code, _, err = llm("limits", "set", "plan", "-1")
    assert code == 2
    assert "not '-1'" in err or "negative" in err or "0 or more" in err


def test_prices_of_the_configuration_count(budget, config, ask, llm):
    """What a budget would charge, a command says."""
    config.write_text(
        config.read_text() + '\n[prices.my-model]\ninput = "0.50"\noutput = "1.50"\n[aliases]\nx = "my-model"\n'
    )
    assert ask("prices", "--require", "my-model")["my-model"] == {"input": "0.5", "output": "1.5"}
    assert ask("cost", "x", "--input", "1000000")["total"] == "0.5"
    assert llm("prices", "--require", "my-model", "--config", "missing.toml")[0] == 2


def test_an_empty_ledger_is_noticed(config, llm, tmp_path):
    """A typo in its address must not look like a budget that nobody has touched."""
    code, _, err = llm("stats", "--ledger", f"sqlite:///{tmp_path}/typo.db")
    assert code == 0
    assert "there was no ledger" in err


def test_reset_without_anybody_to_ask(budget, llm, monkeypatch):
    """It says how to go on."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, _, err = llm("reset", "--user", "ada")
    assert code == 2
    assert "--yes" in err
    assert budget.get_user_stats("ada").total_cost > 0


def test_a_near_miss_is_told(llm):
    """`stat` is `stats`."""
    assert "Did you mean 'stats'?" in llm("stat")[2]


def test_a_wrong_address_is_not_blamed_on_the_file(config, llm):
    """The command line named it."""
    err = llm("stats", "--ledger", "sqlite:////no/such/folder/x.db")[2]
    assert "budgets.toml" not in err


def test_doctor_finds_a_module_in_this_folder(llm, tmp_path, monkeypatch):
    """And says in one line what a module does wrong."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "my_wrapped_groq.py").write_text(
        "from groq import Groq\nfrom llm_token_budget import BudgetManager, wrap\n"
        "client = wrap(Groq(api_key='x'), BudgetManager(global_cost_limit=1))\n"
    )
    (tmp_path / "my_broken_module.py").write_text("1 / 0\n")
    assert llm("doctor", "my_wrapped_groq:client")[0] == 0
    code, _, err = llm("doctor", "my_broken_module:client")
    assert code == 2
    assert err.count("\n") == 1
    assert "ZeroDivisionError" in err


def test_a_report_as_data(budget, ask):
    """What the page shows, for programs."""
    assert ask("report", "--rate-over", "0")["everyone"]["total_cost"] == "0.35"


def test_a_cost_needs_tokens(llm):
    """$0.00 would answer a question that nobody asked."""
    code, _, err = llm("cost", "gpt-4o")
    assert code == 2
    assert "--input 1000 --output 200" in err


def test_a_projects_own_file_is_found(budget, config, ask, tmp_path):
    """`[tool.llm-token-budget]` of the pyproject.toml in this folder, where there is no budgets.toml."""
    (tmp_path / "pyproject.toml").write_text(
        config.read_text()
        .replace("[[limits]]", "[[tool.llm-token-budget.limits]]")
        .replace("\nledger", "\n[tool.llm-token-budget]\nledger")
    )
    config.unlink()
    assert ask("stats")["total_cost"] == "0.35"
    assert {row["limit"]["name"] for row in ask("limits", "--user", "ada")} == {"global_cost_limit", "plan"}


@pytest.mark.parametrize("text", ["tool = 5", "[project]\nname = 'x'\n# tool.llm-token-budget", "[[["])
def test_somebody_elses_project_file_is_none_of_ours(llm, tmp_path, monkeypatch, text):
    """Whatever is in it, the commands ask for a ledger."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LLM_TOKEN_BUDGET_LEDGER", raising=False)
    (tmp_path / "pyproject.toml").write_text(text)
    code, _, err = llm("stats")
    assert code == 2
    assert "no ledger is named" in err
