"""The fixture, the example in the docstring, and what an import costs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import llm_token_budget.testing
from llm_token_budget.testing import LoopbackProvider


def test_the_fixture_is_a_running_provider(loopback_provider):
    """pytest finds it by the entry point."""
    assert isinstance(loopback_provider, LoopbackProvider)
    assert loopback_provider.url.startswith("http://127.0.0.1:")
    assert loopback_provider.bill.requests == 0


def test_the_example_runs():
    """What the docstring shows is true."""
    (example,) = re.findall(r"```python\n(.*?)```", llm_token_budget.testing.__doc__, re.DOTALL)
    exec(compile(example, "example", "exec"), scope := {})
    scope["client"].close()


def loaded_by(statement: str) -> set[str]:
    """The modules that a statement brings into a process that has pytest."""
    code = f"import sys, pytest; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    return set(subprocess.check_output([sys.executable, "-c", code], text=True).split())


def test_importing_is_cheap():
    """Neither asyncio nor any SDK or driver comes along."""
    heavy = {
        "asyncio",
        "openai",
        "anthropic",
        "groq",
        "ollama",
        "httpx",
        "httpx2",
        "pydantic",
        "genai_prices",
        "toktok",
    }
    assert not loaded_by("from llm_token_budget.testing import *; LoopbackProvider") & heavy


def test_the_plugin_brings_nothing_along():
    """Every run of pytest imports it: of the provider only the empty package."""
    ours = {name for name in loaded_by("import llm_token_budget.testing.plugin") if ".testing" in name}
    assert ours == {"llm_token_budget.testing", "llm_token_budget.testing.plugin"}


def test_every_public_name_is_there():
    """And an unknown one is the usual error."""
    package = llm_token_budget.testing
    assert {name for name in package.__all__ if getattr(package, name) is not None} == set(package.__all__)
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'Provider'"):
        _ = package.Provider


def test_it_shares_no_code_with_what_it_judges():
    """Of the library it knows the errors, and itself."""
    package = Path(llm_token_budget.testing.__file__).parent
    imports = {
        line.split()[1]
        for module in package.glob("*.py")
        for line in module.read_text().splitlines()
        if re.match(r"\s*(from|import) llm_token_budget", line)
    }
    assert {name for name in imports if not name.startswith("llm_token_budget.testing")} == {"llm_token_budget.errors"}
