"""The command line: `llm-token-budget`, or `python -m llm_token_budget`.

- `app`        the commands by name, exit codes, one-line errors
- `options`    what all commands that look at a budget take: `--ledger`, `--config`, `--json`
- `printing`   tables for people, JSON for programs
- `streams`    where it is printed
- `commands`   one module a command

Exit codes: 0 done, 1 it could not be done, 2 wrongly asked, 3 over budget.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    import sys

    try:
        from llm_token_budget.cli.app import run
    except ModuleNotFoundError as missing:
        sys.exit(
            f"error: {missing.name} is not installed; the command line needs it: pip install 'llm-token-budget[cli]'"
        )
    from llm_token_budget.cli.streams import make_ready

    make_ready()
    sys.exit(run())
