"""The README is true: its Python runs in order and prints what it says, and its commands are the ones that are checked.

The blocks of one section share their names. They call a provider on this machine, by the variables that the SDKs read.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from llm_token_budget import BudgetManager

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """One block of code."""

    language: str
    section: str
    line: int
    code: str


def blocks(language: str) -> list[Block]:
    section, found = "Opening", list[Block]()
    for part in re.finditer(
        r"^## (?P<section>[^\n]+)$|^```(?P<language>\w+)\n(?P<code>.*?)^```$", README, re.MULTILINE | re.DOTALL
    ):
        section = part["section"] or section
        if part["language"] == language:
            found.append(Block(language, section, README.count("\n", 0, part.start("code")) + 1, part["code"]))
    return found


PYTHON = {section: list(each) for section, each in groupby(blocks("python"), lambda block: block.section)}
COMMANDS = [block.code.strip() for block in blocks("sh")]


@pytest.fixture
def environment(loopback_provider, monkeypatch, tmp_path):
    """What `OpenAI()` and its like read; and a folder for files."""
    monkeypatch.chdir(tmp_path)
    provider = loopback_provider
    for vendor, address in {
        "OPENAI": provider.openai_base_url,
        "ANTHROPIC": provider.anthropic_base_url,
        "GROQ": provider.groq_base_url,
    }.items():
        monkeypatch.setenv(f"{vendor}_API_KEY", "not-a-key")
        monkeypatch.setenv(f"{vendor}_BASE_URL", address)
    monkeypatch.setenv("OLLAMA_HOST", provider.ollama_base_url)


def promised(code: str) -> list[str]:
    """What the comments behind the calls of `print` say that they print."""
    return re.findall(r"^ *print\(.*\) +# (.+)$", code, re.MULTILINE)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("section", PYTHON)
def test_the_python_of_a_section_runs_and_prints_what_it_says(section, capsys):
    """Its blocks run one after the other; every commented print is held to its comment (`...` stands for anything)."""
    names: dict[str, object] = {"__name__": "readme"}
    for block in PYTHON[section]:
        # Empty lines in front, so that a traceback shows the line in the README.
        exec(compile("\n" * (block.line - 1) + block.code, "README.md", "exec"), names)
        printed = capsys.readouterr().out.splitlines()
        said = promised(block.code)
        assert len(printed) == len(said)
        for line, comment in zip(printed, said, strict=True):
            assert re.fullmatch(re.escape(comment).replace(r"\.\.\.", ".*"), line), f"{line!r} is not {comment!r}"
    for thing in names.values():
        if type(thing).__module__.startswith(("openai", "anthropic")) and hasattr(thing, "close"):
            thing.close()


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: f"line {block.line}")
def test_a_configuration_can_be_read(block, tmp_path, monkeypatch):
    """What the README writes into a file makes a budget."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "budgets.toml").write_text(block.code, encoding="utf-8")
    with BudgetManager.from_config("budgets.toml", environment={}) as budget:
        assert budget.limits


def test_there_is_python_to_run():
    """The parser finds the sections; an empty table would pass unseen."""
    assert {"Opening", "Choose limits", "Say who is spending", "Coming from the npm package"} <= set(PYTHON)
    assert sum(map(len, PYTHON.values())) == README.count("```python")


def test_the_two_commands_do_all_their_own_set_up():
    """Each is one line that makes an environment, installs, and runs."""
    for command, extra, does in zip(COMMANDS[:2], ("[all]", "[dev]"), ("quickstart.py", "pytest"), strict=True):
        steps = [step.strip() for step in command.split("&&")]
        assert "\n" not in command
        assert steps[0] == "python3 -m venv .venv"
        assert steps[1].startswith(".venv/bin/pip install ")
        assert extra in steps[1]
        assert does in steps[2]


def test_ci_runs_the_test_command_as_printed():
    """`.ci/run` takes it from here, letter by letter."""
    shown = subprocess.run(
        ["bash", str(ROOT / ".ci" / "run"), "--print"], capture_output=True, encoding="utf-8", check=True
    )
    assert shown.stdout.strip() == COMMANDS[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_names_exists(command):
    """Files and folders are there, and a selection by keyword finds a test."""
    words = shlex.split(command)
    paths = [ROOT / word for word in words if word.startswith(("tests/", "examples/"))]
    for path in paths:
        assert path.exists()
        assert path.is_file() or list(path.rglob("test_*.py"))
    if "-k" in words:
        keyword = words[words.index("-k") + 1]
        assert re.search(rf"^(async )?def test_\w*{keyword}", "".join(path.read_text() for path in paths), re.MULTILINE)


def test_every_example_that_the_readme_names_exists():
    """And none is left out."""
    named = set(re.findall(r"\b(\w+\.py)\b", README))
    assert {path.name for path in (ROOT / "examples").glob("[!_]*.py")} == {
        name for name in named if not name.startswith("test_")
    }


def test_the_license_and_the_change_log_are_there():
    """The README's last words."""
    assert "MIT" in (ROOT / "LICENSE").read_text()
    assert "0.1.0" in (ROOT / "CHANGELOG.md").read_text()
