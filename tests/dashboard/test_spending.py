"""What a journal adds to the dashboard and the report: models, days, sessions and a burn rate at once."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from llm_token_budget import BudgetManager, Limit
from llm_token_budget.cli.app import run
from llm_token_budget.dashboard import JournalRate, pages, take_snapshot
from llm_token_budget.dashboard.rates import BurnRate
from llm_token_budget.dashboard.server import build_app
from llm_token_budget.dashboard.spending import JournalLook

from .conftest import HOSTILE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def ledger(tmp_path):
    return f"sqlite:///{tmp_path / 'budget.db'}?synchronous=normal"


@pytest.fixture
def budget(ledger):
    """$0.40 today, $0.10 a week ago, in two sessions of two users, one of them hostile; and a model of that name."""
    with BudgetManager(
        global_cost_limit="1.00",
        limits=[Limit(usd="0.50", scope="user", name="plan"), Limit(requests=100, scope="team", name="team")],
        missing_user="share",
        ledger=ledger,
        journal=True,
    ) as budget:
        week_ago = datetime.now(UTC) - timedelta(days=7)
        budget.record(cost="0.10", input_tokens=10, model="gpt-4o", user_key="ada", session_id="chat", at=week_ago)
        budget.record(
            cost="0.30", input_tokens=20, model=HOSTILE, user_key="ada", session_id=HOSTILE, dimensions={"team": "web"}
        )
        budget.record(cost="0.10", input_tokens=30, model="gpt-4o", user_key=HOSTILE, session_id="chat")
        yield budget


def test_models_days_and_sessions_are_shown(budget, client, serve):
    """The dearest first; a session with its user; hostile names are text; no inline style."""
    page = client.get(serve(build_app(budget))).text
    assert HOSTILE not in page
    models = page[page.index("<h2>Models") :]
    assert models.index("&lt;script&gt;") < models.index("gpt-4o")
    assert "$0.20" in models
    sessions = page[page.index("<h2>Sessions") :]
    assert sessions.index("$0.30") < sessions.index("$0.10")
    assert "<small>ada</small>" in sessions
    assert "<h2>Days" in page
    assert page.count("<title>") == 31, "30 days and the page's own"
    assert "style=" not in page


def test_days_are_without_gaps(budget):
    """The dearest is as high as the chart."""
    days = take_snapshot(budget, BurnRate()).spending.days
    assert len(days) == 30
    assert [day.cost for day in days if day.cost] == [Decimal("0.1"), Decimal("0.4")]
    assert (days[-1].part, days[-8].part, days[0].part) == (1.0, 0.25, 0.0)
    assert days[0].date == (datetime.now(UTC) - timedelta(days=29)).date().isoformat()


def test_the_data_is_there_as_json(budget, client, serve):
    """For whoever draws it otherwise."""
    spending = client.get(f"{serve(build_app(budget))}/api/snapshot").json()["spending"]
    assert spending["models"][0] == {
        "key": HOSTILE, "user_key": None, "cost": "0.3", "cost_nano_usd": 300_000_000, "tokens": 20, "requests": 1,
    }  # fmt: skip


def test_without_a_journal_there_is_nothing_of_it(tmp_path):
    """And no table is made by looking."""
    with BudgetManager(global_cost_limit=1, ledger=f"sqlite:///{tmp_path / 'plain.db'}") as budget:
        snapshot = take_snapshot(budget, BurnRate())
        assert snapshot.spending is None
        assert "Sessions" not in pages.page(snapshot)


def test_a_journal_that_others_keep_is_found(budget, ledger):
    """By whoever knows the ledger's address."""
    budget.journal.flush()
    with BudgetManager(global_cost_limit=1, ledger=ledger) as other:
        assert [total.cost for total in take_snapshot(other, BurnRate()).spending.models] == [
            Decimal("0.3"),
            Decimal("0.2"),
        ]


def test_a_long_journal_is_not_read_every_second(budget, monkeypatch):
    """What was read is shown again for a while."""
    look = JournalLook(budget)
    seen = look.look(0.0)
    monkeypatch.setattr(budget.journal, "totals", lambda *_, **__: pytest.fail("read again"))
    assert look.look(1.0) is seen


def test_the_burn_rate_of_the_last_hour(budget):
    """In the limit's own unit, of those it is for; None where nobody can say."""
    now = datetime.now(UTC).timestamp()
    rate = JournalRate(budget.journal)
    rows = [*budget.remaining("ada", dimensions={"team": "web"}), *budget.remaining(HOSTILE)]
    rates = {(row.limit.name, row.limit.key): rate.note(row, now) for row in rows}
    assert rates == {
        ("global_cost_limit", ()): Decimal("0.4") / 3600,
        ("plan", ("ada",)): Decimal("0.3") / 3600,
        ("plan", (HOSTILE,)): Decimal("0.1") / 3600,
        ("team", ("web",)): Decimal(1) / 3600,
    }
    (anonymous,) = [row for row in budget.remaining() if row.limit.name == "plan"]
    assert rate.note(anonymous, now) is None


def test_a_report_needs_no_second_look(budget, ledger, tmp_path, monkeypatch):
    """The journal knows the burn rate; the page needs nothing beside it."""
    budget.journal.flush()
    monkeypatch.delenv("LLM_TOKEN_BUDGET_LEDGER", raising=False)
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("it waits"))
    config, file = tmp_path / "budgets.toml", tmp_path / "report.html"
    config.write_text(f'ledger = "{ledger}"\nglobal_cost_limit = 1\nmissing_user = "share"\n')
    assert run(["report", "--config", str(config), "--html", str(file)]) == 0
    page = file.read_text()
    assert "<h2>Models" in page
    assert "<h2>Sessions" in page
    assert HOSTILE not in page
    assert "<td>$0.40</td>" in page, "per hour"
    assert "://" not in page


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_draws_the_days_under_the_strict_policy(budget, client, serve, tmp_path):
    """Headless Chromium: the bars are there and have their size, and nothing was refused by the policy."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--enable-logging=stderr",
        f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", serve(build_app(budget)),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert 'height="60.00"' in done.stdout
    assert "Content Security Policy" not in done.stderr
