"""What an sqlite URL says."""

from __future__ import annotations

import pytest

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.ledgers.sqlite.location import Location, check, read_url

URLS = {
    "sqlite:///budget.db": Location("budget.db"),
    "sqlite:///data/budget.db": Location("data/budget.db"),
    "sqlite:////var/lib/budget.db": Location("/var/lib/budget.db"),
    "SQLite:///budget.db": Location("budget.db"),
    "sqlite:///a%20b%3Fc%23d%25.db": Location("a b?c#d%.db"),
    "sqlite:///budg%C3%A9t.db": Location("budgét.db"),
    "sqlite:///C:/data/budget.db": Location("C:/data/budget.db"),
    "sqlite:///budget.db?synchronous=normal": Location("budget.db", "normal"),
    "sqlite:///budget.db?synchronous=FULL&busy_timeout=0.5": Location("budget.db", "full", 0.5),
}

WRONG = {
    "sqlite://budget.db": "three slashes",
    "sqlite://localhost/budget.db": "three slashes",
    "sqlite:///": "needs a file",
    "sqlite://": "needs a file",
    "sqlite:///:memory:": "memory://",
    "sqlite:///budget.db?synchronous=off": "'full'",
    "sqlite:///budget.db?busy_timeout=soon": "number of seconds",
    "sqlite:///budget.db?busy_timeout=-1": "number of seconds",
    "sqlite:///budget.db?busy_timeout=nan": "number of seconds",
    "sqlite:///budget.db?cache=shared": "'cache'",
    "sqlite:///budget.db?synchronous": "'full'",
    "sqlite:///budget.db#1": "%23",
    "sqlite:///a%00b.db": "NUL",
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_names_a_file_and_how_it_is_used(url):
    """Three slashes before a relative path, four before an absolute one; the path may be escaped."""
    assert read_url(url) == URLS[url]


@pytest.mark.parametrize("url", WRONG)
def test_a_url_that_says_something_else_is_refused(url):
    """And told what to write instead."""
    with pytest.raises(ConfigurationError, match=WRONG[url]):
        read_url(url)


def test_a_location_is_checked_however_it_came():
    """By URL or as arguments."""
    with pytest.raises(ConfigurationError, match="busy_timeout"):
        check(Location("budget.db", "full", 1e9))
