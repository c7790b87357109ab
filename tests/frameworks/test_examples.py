"""The examples of agents run as they stand, against the provider on this machine, and print what they promise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .requiring import framework

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

NEEDED = {"agents_openai": "agents", "agents_pydantic_ai": "pydantic_ai"}
"""What each needs."""

PROMISED = [
    r"bob: answered: The moon does it\. \(\$0\.000\d+ in 2 calls\)",
    r"ada: stopped: run_cost_limit_exceeded \(\$0\.00[34]\d* in \d\d calls\)",
    r"ada: stopped: run_cost_limit_exceeded \(\$0\.00[34]\d* in \d\d calls\)",
    r"ada: stopped: user_cost_limit_exceeded \(\$0\.00[0-4]\d* in \d+ calls\)",
    r"ada today: \$0\.00\d+ of \$0\.01",
    r"the provider's bill \$(\S+), our account \$\1",
]


@pytest.mark.parametrize("name", NEEDED)
def test_an_agent_is_stopped_by_its_run_and_then_by_its_user(name):
    """Bob's run ends by itself; ada's are stopped, the last one by her day. The account is the bill."""
    framework(NEEDED[name])
    vendors = ("OPENAI_", "ANTHROPIC_", "GROQ_", "OLLAMA_")
    finished = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py")],
        env={key: text for key, text in os.environ.items() if not key.startswith(vendors)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    lines = [line for line in finished.stdout.splitlines() if line]
    assert len(lines) == len(PROMISED), finished.stdout
    for line, promised in zip(lines, PROMISED, strict=True):
        assert re.fullmatch(promised, line), line
