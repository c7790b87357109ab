"""The commands by name. A command's module is imported when it is called: `--help` waits for none of them."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Final

import click

from llm_token_budget.errors import BudgetError, BudgetExceeded, ConfigurationError

DONE: Final = 0
FAILED: Final = 1
WRONGLY_ASKED: Final = 2
OVER_BUDGET: Final = 3

COMMANDS: Final = {
    "copy": "Bring a ledger up to another: what was spent, and limits set by hand.",
    "cost": "What a call costs.",
    "dashboard": "Who spent what, in a browser.",
    "demo": "Fifty threads on one small budget: check-then-record beside a wrapped client.",
    "doctor": "Fire every call form of a client at this machine; say which are guarded.",
    "estimate": "How many tokens a text or a request has.",
    "export": "The journal as CSV or JSON lines.",
    "limits": "The limits and how they stand; check, set and clear them.",
    "mode": "Stop everything, stop enforcing, or go back to normal, without a deploy.",
    "prices": "What models cost; --require fails where one has no price.",
    "refund": "Give back charges that no provider has confirmed.",
    "report": "Who spent what, as a page of HTML.",
    "reset": "Zero what was spent.",
    "stats": "What was spent by everyone, a user or a session.",
    "users": "Users by what they cost, highest first.",
    "watch": "Limits live: spent, reserved, burn rate, time to exhaustion.",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            close = get_close_matches(cmd_name, COMMANDS, n=1)
            ctx.fail(f"No such command {cmd_name!r}." + (f" Did you mean {close[0]!r}?" if close else ""))
        command: click.Command = import_module(f"llm_token_budget.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="llm-token-budget")
def app() -> None:
    """Budgets that hold, for applications that call LLMs.

    Commands that look at a budget take --ledger URL (or LLM_TOKEN_BUDGET_LEDGER) and --config FILE (or budgets.toml in this
    folder, or [tool.llm-token-budget] of its pyproject.toml). Exit codes: 0 done, 1 it could not be done, 2 wrongly asked,
    3 over budget.
    """


def run(arguments: list[str] | None = None) -> int:
    """Carry out one command line. Returns the exit code."""
    try:
        code = app.main(arguments, prog_name="llm-token-budget", standalone_mode=False)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.UsageError as wrong:
        wrong.show()
        return WRONGLY_ASKED
    except click.ClickException as failed:
        failed.show()
        return FAILED
    except click.Abort:
        return _fail("stopped", FAILED)
    except BudgetExceeded as exceeded:
        return _fail(str(exceeded), OVER_BUDGET)
    except ConfigurationError as wrong:
        return _fail(str(wrong), WRONGLY_ASKED)
    except (BudgetError, OSError) as failed:
        return _fail(str(failed), FAILED)
    return code if isinstance(code, int) else DONE


def _fail(message: str, code: int) -> int:
    print("error:", " ".join(message.split()), file=sys.stderr)
    return code
