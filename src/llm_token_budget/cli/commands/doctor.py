"""`doctor`: are all call forms guarded, with the SDK that is installed here?"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Any

import click

from llm_token_budget.cli.app import FAILED
from llm_token_budget.cli.options import as_json
from llm_token_budget.cli.printing import print_json
from llm_token_budget.errors import ConfigurationError, shown

CLIENTS = {
    "openai": ("openai", "OpenAI"),
    "openai-async": ("openai", "AsyncOpenAI"),
    "anthropic": ("anthropic", "Anthropic"),
    "anthropic-async": ("anthropic", "AsyncAnthropic"),
    "groq": ("groq", "Groq"),
    "groq-async": ("groq", "AsyncGroq"),
    "ollama": ("ollama", "Client"),
    "ollama-async": ("ollama", "AsyncClient"),
}


@click.command()
@as_json
@click.argument("client", metavar="CLIENT")
def command(client: str, json_: bool) -> int:
    """Fire every call form of CLIENT at a provider on this machine, and say which ones a budget holds.

    CLIENT is openai, anthropic, groq, ollama (each also with -async), or MODULE:NAME of a wrapped client of your own.
    """
    from llm_token_budget.diagnosis import doctor

    out = io.StringIO()
    diagnosis = doctor(_client(client), out=out)
    if json_:
        print_json(diagnosis)
    else:
        click.echo(out.getvalue(), nl=False)
    return 0 if diagnosis.ok else FAILED


def _client(named: str) -> Any:
    from llm_token_budget.manager import BudgetManager
    from llm_token_budget.providers import wrap

    if named in CLIENTS:
        module, name = CLIENTS[named]
        made = getattr(_imported(module, f": pip install 'llm-token-budget[{module}]'"), name)
        key = {} if module == "ollama" else {"api_key": "not-a-key"}
        return wrap(made(**key), BudgetManager(global_cost_limit=1))
    module, colon, name = named.partition(":")
    if not colon:
        raise click.UsageError(f"CLIENT is one of {', '.join(CLIENTS)}, or MODULE:NAME")
    sys.path.insert(0, os.getcwd())  # As `python -m` does: the module of a person's own lies there.
    found = getattr(_imported(module), name, None)
    if found is None:
        raise ConfigurationError(f"{module} has no {name!r}")
    return found


def _imported(module: str, way_out: str = "") -> Any:
    try:
        return import_module(module)
    except Exception as error:
        # Whatever a module of somebody's own does when it is imported.
        why = f"{type(error).__name__}: {error}"
        raise ConfigurationError(f"{shown(module)} can't be imported ({why}){way_out}") from error
