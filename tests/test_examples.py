"""The examples run as they stand, against the provider on this machine, and print what their docstrings promise."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"

WEB_CHAT = [
    r"ada, question 1: 200, 300 words",
    r"ada, question \d: 429, user_cost_limit_exceeded \(final\)",
    r"bob: 200, 300 words",
    r"a stranger: 403, missing_user",
    r"ada +\d +\d+ +\$0\.00\d+ +1",
    r"The provider's bill \$(\S+), our account \$\1\.",
]

PROMISED = {
    "quickstart": [
        r"ada got \d+ answers, and then BudgetExceeded:",
        r"user 'ada': \$0\.04 in total has no room for this call \(.* left, .* needed.*\)\. Nothing was sent\. .*",
        r"bob got 4 answers\.",
        r"ada +\d+ +\d+ +\d+ +\$0\.03\d+ +[1-9]",
        r"bob +4 +\d+ +1200 +\$0\.00\d+ +0",
    ],
    "decorator": [
        r"ada's second run was stopped: run_cost_limit_exceeded \(limit \$0\.0025\)",
        r"bob: 300 words, one by one",
        r"ada spent \$0\.00\d+ in 2 requests",
        r"bob spent \$0\.00\d+ in 1 requests",
        r"eve spent \$0\.00\d+ in 1 requests",
    ],
    "async_sessions": [
        r"eve was stopped at turn \d+: session_token_limit_exceeded",
        r"ada +chat-1 +2 +\d+ +\$0\.00\d+ +0",
        r"eve +chat-1 +\d+ +\d+ +\$0\.00\d+ +1",
    ],
    "agent_run": [
        r"step 1: 300 tokens \(stop\)",
        r"step \d: [12]\d\d tokens \(length\)",
        r"the agent was stopped: run_cost_limit_exceeded",
        r"\$0\.00\d+ left, \$0\.00\d+ needed",
        r"the run cost \$0\.00\d+ of \$0\.01, in \d+ requests",
    ],
    "tiers": [
        r"ada \(free\), call 1: answered",
        r"ada \(free\), call 3: refused \(user_cost_limit_exceeded, per calendar month \(UTC\)\)",
        r"bob \(pro\), call 3: answered",
        r"ada upgrades to pro: answered",
        r"bob is blocked by hand: refused .*",
        r"bob is let in again: answered",
    ],
    "daily_reset": [
        r"24 Oct 22:30: refused; resets at 25 Oct 00:00 in Berlin, in 1:30:00",
        r"25 Oct 00:01: answered",
        r"25 Oct 23:00: refused; resets at 26 Oct 00:00 in Berlin, in 1:00:00",
        r"26 Oct 00:00: answered",
    ],
    "admin_view": [
        r"eve is refused: org 'zeta': \$0\.03 in total has no room for this call .* unconfirmed.*",
        r"Refunded: \$0\.0225",
        r"eve is answered again\.",
        r"zeta has bought more, and eve starts anew: 0 requests",
    ],
    "blind_spots": [
        r"an ordinary call +\$(\S+) +\$(\S+) +\$\2",
        r"input above its bound +\$0\.003\d+ +\$0\.0124 +\$0\.0124",
        r"a stream left early, billed in full +\$0\.003\d+ +\$0\.0000\d+ +\$0\.002\d+",
        r"a price that changed since +\$0\.000\d+ +\$0\.000\d+ +\$0\.000\d+",
        r"a client that isn't wrapped +\$0 +\$0 +\$0\.002\d+",
        r"POST /audio/speech bills in a way that can't be measured, .*",
        r"Requests that arrived: 0",
    ],
    "worker_processes": [
        r"\d+ answers, 24 refusals, 0 others",
        r"account \$(0\.0[23]\d*) of \$0\.03, held \$0, unconfirmed \$0",
        r"the provider's bill: \$0\.0[23]\d*",
    ],
    "redis_deployment": [
        r"ada: \d+ answers, 16 refusals, 0 others",
        r"the dashboard: ada spent \$0\.02\d+",
        r"bob, while Redis is away: 503 ledger_unavailable",
        r"bob, with Redis: 200 300 words",
        r"after the deploy: held \$0, unconfirmed \$0",
        r"the provider's bill \$(\S+), our account \$\1",
    ],
    "celery_tasks": [
        r"order 7, delivered: a picture of a house",
        r"order 7, delivered again: was drawn before",
        r"ada: [1-9]\d? of 24 questions refused",
        r"after SIGTERM: held \$0, unconfirmed \$0",
        r"bob's drawing: \$0\.002, in 1 request",
        r"the provider's bill \$(\S+), our account \$\1",
    ],
    "fastapi_chat": WEB_CHAT,
    "flask_chat": WEB_CHAT,
    "django_chat": WEB_CHAT,
    "custom_client": [
        r"granted 1000 tokens, held \$0\.001\d+, used 600, cost \$0\.0009\d+",
        r"granted [2-9]\d\d tokens, .*",
        r"refused: user_cost_limit_exceeded, .* left",
    ],
}
"""Lines of each example's output, in their order."""

IN_ENVIRONMENTS_OF_THEIR_OWN = {"agents_openai", "agents_pydantic_ai"}
"""Run by tests/frameworks/test_examples.py: what they need holds SDKs back."""


@functools.cache
def run(name: str) -> str:
    """What an example prints; it must end well, and without keys of real providers."""
    vendors = ("OPENAI_", "ANTHROPIC_", "GROQ_", "OLLAMA_")
    environment = {key: text for key, text in os.environ.items() if not key.startswith(vendors)}
    finished = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py")],
        env=environment | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr
    return finished.stdout


@pytest.mark.parametrize("name", PROMISED)
def test_an_example_prints_what_it_promises(name):
    """Every promised line is printed, in order."""
    lines = iter(run(name).splitlines())
    for promised in PROMISED[name]:
        assert any(re.fullmatch(promised, line.strip()) for line in lines), promised


def test_every_example_is_run():
    """No example is left out of the table."""
    assert {path.stem for path in EXAMPLES.glob("[!_]*.py")} == set(PROMISED) | IN_ENVIRONMENTS_OF_THEIR_OWN


def test_the_quickstart_account_equals_the_providers_bill():
    """The last two rows agree to the last digit, and stay inside the users' limits."""
    bill, account = run("quickstart").splitlines()[-2:]
    assert re.split(r"  +", bill.strip())[1:] == re.split(r"  +", account.strip())[1:]
    assert float(bill.rpartition("$")[2]) <= 0.08


def test_the_custom_clients_account_equals_the_providers_bill():
    """A call that was reserved by hand is priced like the provider prices it."""
    found = re.search(r"our account \$(\S+), the provider's bill \$(\S+)", run("custom_client"))
    assert found is not None
    assert found[1] == found[2]


def test_the_sessions_add_up_to_the_budget():
    """What three sessions counted side by side is what the budget counted."""
    found = re.search(r"Together (\d+) tokens; the budget counted (\d+)\.", run("async_sessions"))
    assert found is not None
    assert found[1] == found[2]


def test_the_quickstart_runs_without_the_sdks(tmp_path):
    """Where an SDK is missing, its part is left out."""
    hidden = tmp_path / "hide.py"
    hidden.write_text(
        "import importlib.util, runpy, sys\n"
        "plain = importlib.util.find_spec\n"
        "hidden = {'anthropic', 'groq'}\n"
        "importlib.util.find_spec = lambda name, *rest: None if name in hidden else plain(name, *rest)\n"
        f"sys.path.insert(0, {str(EXAMPLES)!r})\n"
        f"runpy.run_path({str(EXAMPLES / 'quickstart.py')!r}, run_name='__main__')\n"
    )
    finished = subprocess.run(
        [sys.executable, str(hidden)], capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert "Not installed, so left out: anthropic, groq" in finished.stdout
    assert "bob got 2 answers." in finished.stdout
