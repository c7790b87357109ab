"""A file for each test."""

from __future__ import annotations

import pytest


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "budget.db")
