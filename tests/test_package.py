"""The package: what importing it loads, what it names, and what it says of itself."""

from __future__ import annotations

import importlib.metadata
import inspect
import json
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import llm_token_budget

LATE = {
    "openai", "anthropic", "groq", "ollama", "pydantic", "pydantic_core", "httpx", "httpx2", "httpcore", "genai_prices",
    "asyncio", "importlib.metadata", "redis", "psycopg", "sqlite3", "anyio", "tokenizers", "tiktoken", "zoneinfo", "numpy",
    "multiprocessing", "concurrent.futures", "email", "ssl", "http.client", "unittest",
}  # fmt: skip
"""What costs time or may be missing: only loaded where it is used."""


def modules_after(code):
    """What a fresh interpreter has loaded after some code."""
    script = f"import sys; before = set(sys.modules)\n{code}\nimport json; print(json.dumps(sorted(set(sys.modules) - before)))"
    ran = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("import llm_token_budget", "llm_token_budget"),
        ("from llm_token_budget import *", "llm_token_budget.manager"),
        ("from llm_token_budget import wrap, budgeted, BudgetManager", "llm_token_budget.providers"),
    ],
)
def test_importing_loads_nothing_heavy(code, sign):
    """No vendor, no pydantic, no HTTP, no price data, no asyncio, no driver."""
    loaded = modules_after(code)
    assert sign in loaded
    assert not loaded & LATE


def test_the_public_names_can_be_listed():
    """Completion in a shell knows them before they were used."""
    assert set(llm_token_budget.__all__) <= set(dir(llm_token_budget))


def test_a_name_that_is_not_there_is_an_attribute_error():
    """With the name in it, as for any module."""
    with pytest.raises(AttributeError, match="no_such_name"):
        llm_token_budget.no_such_name  # noqa: B018


def test_a_token_budget_loads_nothing_heavy_either():
    """Limits, sessions and reservations of tokens need no prices and no event loop."""
    loaded = modules_after(
        "from llm_token_budget import *\n"
        "budget = BudgetManager(per_user_token_limit=100, limits=[Limit(requests=5, scope='org', window='1h')])\n"
        "with budget.session(user_key='ada', dimensions={'org': 'acme'}), budget.reserve(tokens=5) as reservation:\n"
        "    reservation.settle(tokens=5)\n"
        "assert budget.check(estimated_input_tokens=10, user_key='ada')\n"
        "estimate_tokens('hello')"
    )
    assert not loaded & LATE


@pytest.mark.parametrize("name", llm_token_budget.__all__)
def test_every_public_name_exists(name):
    """And what has a docstring of its own says what it is for."""
    thing = getattr(llm_token_budget, name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert (thing.__doc__ or "").strip()
        assert not thing.__doc__.startswith(f"{name}(")  # What dataclass writes where nobody did.


def test_the_names_that_are_promised_are_there():
    """The primitives, the npm package's functions and all errors."""
    promised = {
        "BudgetManager", "Limit", "Usage", "wrap", "budgeted", "estimate_tokens", "calculate_cost", "find_budget_error",
        "BudgetError", "BudgetExceeded", "UnknownModelPrice", "ReservationConflict", "LedgerUnavailable", "ConfigurationError",
    }  # fmt: skip
    assert promised <= set(llm_token_budget.__all__)
    assert sorted(set(llm_token_budget.__all__)) == sorted(llm_token_budget.__all__)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (owner, name)
        for owner in ("BudgetManager", "Limit", "Reservation", "Session", "MemoryLedger", "Usage", "BudgetExceeded")
        for name, _ in inspect.getmembers(getattr(llm_token_budget, owner), inspect.isfunction)
        if not name.startswith("_")
    ],
)
def test_every_public_method_says_what_it_does(owner, name):
    """On the class, or on the protocol that it fulfils."""
    member = getattr(getattr(llm_token_budget, owner), name)
    assert (inspect.getdoc(member) or "").strip()


def test_every_module_says_what_it_is():
    """The folder can be read by its first lines."""
    package = Path(llm_token_budget.__file__).parent
    for module in pkgutil.walk_packages([str(package)], "llm_token_budget."):
        path = package.joinpath(*module.name.split(".")[1:])
        source = path / "__init__.py" if module.ispkg else path.with_suffix(".py")
        assert source.read_text(encoding="utf-8").startswith('"""'), module.name


def test_the_version_is_the_distributions():
    """One version, in the package, its metadata and the project file."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    assert llm_token_budget.__version__ == "0.1.0"
    assert importlib.metadata.version("llm-token-budget") == llm_token_budget.__version__
    assert tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"] == llm_token_budget.__version__


def test_the_package_is_typed():
    """Type checkers read our annotations."""
    assert (Path(llm_token_budget.__file__).parent / "py.typed").exists()
