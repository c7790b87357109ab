"""The dashboard: what it shows, to whom, and what a hostile name can do there (nothing)."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx2
import pytest

from llm_token_budget.cli.app import run
from llm_token_budget.dashboard import BurnRate, pages, take_snapshot
from llm_token_budget.dashboard.server import build_app, is_this_machine
from llm_token_budget.errors import LedgerUnavailable

from .conftest import HOSTILE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def test_the_page_shows_who_spent_what(client, address):
    """Everyone's figures, limits with bars, users by cost."""
    page = client.get(address).text
    assert "$0.48" in page
    assert "global_cost_limit" in page
    assert page.index(">ada<") < page.index("bob")
    assert 'aria-label="48.00 % spent, 0.00 % held"' in page


def test_a_users_limits_are_shown_when_asked(client, address):
    """A click on a user."""
    page = client.get(address, params={"user": "ada"}).text
    assert "<small>ada</small>" in page
    assert "$0.45" in page


def test_the_shared_anonymous_user_has_a_name(client, address, budget):
    """Calls that name nobody are somebody's row, too."""
    with budget.reserve(usd="0.03") as reservation:
        reservation.settle(usd="0.03")
    assert "(anonymous)" in client.get(address).text


def test_what_is_held_shows(client, address, budget):
    """A call in flight is seen at the next look."""
    with budget.reserve(usd="0.20", user_key="bob") as reservation:
        snapshot = client.get(f"{address}/api/snapshot").json()
        assert snapshot["everyone"]["reserved"]["cost"] == "0.2"
        assert "20.00 % held" in client.get(f"{address}/body").text
        reservation.release()


def test_hostile_names_are_text(client, address):
    """In the page and in what the script puts into it; and the browser is told to run nothing else."""
    for path in ("/", "/body", "/?user=%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/?search=%3Cscript%3E"):
        answer = client.get(f"{address}{path}")
        assert HOSTILE not in answer.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_search_finds_whole_names_and_parts(client, address):
    """And says so where there is none."""
    assert "bob" not in client.get(address, params={"search": "AD"}).text
    assert ">ada<" in client.get(address, params={"search": "ada"}).text
    assert "No user of that name" in client.get(address, params={"search": "nobody"}).text


@pytest.mark.parametrize(
    "query", ["page=-1", "page=9999999999999999", "page=x", "user=", "search=" + "x" * 5000, "user=%00"]
)
def test_strange_questions_get_an_answer(client, address, query):
    """Never a stack trace."""
    assert client.get(f"{address}/?{query}").status_code in (200, 400)


def test_nothing_is_fetched_from_elsewhere(client, address):
    """No address in the page, the style or the script."""
    for path in ("/", "/static/style.css", "/static/live.js"):
        answer = client.get(f"{address}{path}")
        assert answer.status_code == 200
        assert "://" not in answer.text


def test_another_name_for_this_machine_is_refused(client, address):
    """A page of somebody else's can't reach it by a name that points here."""
    assert client.get(address, headers={"Host": "evil.example"}).status_code == 400


def test_a_token_is_asked_for(client, budget, serve):
    """Once: then a cookie remembers, and the address forgets it. A bearer token will do."""
    address = serve(build_app(budget, token="sesame"))
    assert client.get(address).status_code == 401
    assert client.get(address, params={"token": "wrong"}).status_code == 401
    assert client.get(f"{address}/api/snapshot", headers={"Authorization": "Bearer sesame"}).status_code == 200
    answer = client.get(address, params={"token": "sesame"})
    assert answer.status_code == 303
    assert "sesame" not in answer.headers["location"]
    assert client.get(address).status_code == 200
    assert "HttpOnly" in answer.headers["set-cookie"]


def test_elsewhere_needs_a_token(capsys, tmp_path):
    """Whoever binds it to the world must say who may look."""
    assert run(["dashboard", "--ledger", f"sqlite:///{tmp_path / 'b.db'}", "--host", "0.0.0.0"]) == 2
    assert "--token" in capsys.readouterr().err
    assert [is_this_machine(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "10.0.0.1", "host")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def test_a_ledger_that_is_away_is_503(client, budget, serve, monkeypatch):
    """With the ledger's own words."""

    def away():
        raise LedgerUnavailable("the ledger at sqlite can't be reached")

    monkeypatch.setattr(budget, "get_global_stats", away)
    answer = client.get(serve(build_app(budget)))
    assert answer.status_code == 503
    assert "can't be reached" in answer.text


def test_rates_and_forecasts(budget):
    """Two looks make a rate: how long until it is used up, and what it will be at the reset."""
    rates = BurnRate()
    (row,) = [row for row in take_snapshot(budget, rates, users=["ada"]).limits if row.standing.limit.key == ("ada",)]
    assert row.per_second is None
    standing = row.standing
    rate = BurnRate()
    assert rate.note(standing, 0) is None
    later = type(standing)(
        **{field: getattr(standing, field) for field in standing.__slots__} | {"spent": Decimal("0.48")}
    )
    assert rate.note(later, 30) == Decimal("0.001")
    assert rate.note(standing, 40) is None, "a reset is no negative rate"


def test_a_report_is_one_page(budget, tmp_path, monkeypatch):
    """With its style inside and nothing to fetch; hostile names are text there, too."""
    file = tmp_path / "report.html"
    config = tmp_path / "budgets.toml"
    config.write_text(f'ledger = "sqlite:///{tmp_path / "budget.db"}"\nglobal_cost_limit = 1\nmissing_user = "share"\n')
    monkeypatch.delenv("LLM_TOKEN_BUDGET_LEDGER", raising=False)
    assert run(["report", "--config", str(config), "--html", str(file), "--rate-over", "0"]) == 0
    page = file.read_text()
    assert "<style>" in page
    assert "://" not in page
    assert HOSTILE not in page
    assert "$0.48" in page


def test_figures_in_words():
    """As people read them."""
    assert pages.lasting(timedelta(days=2, hours=3, minutes=4)) == "2d 3h"
    assert pages.lasting(timedelta(seconds=0)) == "0s"
    assert pages.lasting(None) == "-"
    assert pages.shown(Decimal("0.123456")) == "$0.1235"
    assert pages.shown(1234567) == "1,234,567"
    assert pages.moment(datetime(2030, 1, 2, 3, 4, tzinfo=UTC)) == "2030-01-02 03:04 UTC"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_real_browser_runs_no_hostile_name_and_keeps_looking(client, address, budget, tmp_path):
    """Headless Chromium, with the page's own script: the table is there, and no alert stops it."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000",
        f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", address,
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "$0.48" in shown


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_an_open_page_says_that_the_ledger_is_away(budget, serve, monkeypatch, tmp_path):
    """It keeps what was seen last under it."""
    looks = itertools.count()
    plain = budget.get_global_stats

    def away_later():
        if next(looks):
            raise LedgerUnavailable("the ledger at <b>nowhere</b> can't be reached")
        return plain()

    monkeypatch.setattr(budget, "get_global_stats", away_later)
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000",
        f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", serve(build_app(budget)),
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "the ledger at &lt;b&gt;nowhere&lt;/b&gt; can't be reached" in shown
    assert "$0.48" in shown


def test_the_command_listens_before_it_names_its_address(budget, tmp_path):
    """A script that reads the line may ask at once."""
    ledger = f"sqlite:///{tmp_path / 'budget.db'}"
    command = [sys.executable, "-m", "llm_token_budget", "dashboard", "--ledger", ledger, "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as showing:
        try:
            address = showing.stderr.readline().strip()
            answer = httpx2.get(f"{address}/api/snapshot", timeout=30)
        finally:
            showing.terminate()
    assert answer.json()["everyone"]["total_cost"] == "0.48"
