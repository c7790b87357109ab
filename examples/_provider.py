"""Where the examples send their calls: to real providers if their keys are in the environment, else to this machine.

`somewhere_to_call()` starts a loopback provider and points every SDK at it whose key is not set, by the variables that
the SDKs read themselves. So the examples create their clients as you would: `OpenAI()`.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from llm_token_budget.testing import LoopbackProvider, Reply


@contextmanager
def somewhere_to_call(reply: Reply | None = None) -> Generator[LoopbackProvider]:
    """A running loopback provider, which answers for every vendor without a key.

    Args:
        reply: what it answers; None: 300 words at a time.
    """
    with LoopbackProvider() as provider:
        provider.reply(reply or Reply(output_tokens=300))
        addresses = {
            "OPENAI": provider.openai_base_url,
            "ANTHROPIC": provider.anthropic_base_url,
            "GROQ": provider.groq_base_url,
        }
        for vendor, address in addresses.items():
            if f"{vendor}_API_KEY" not in os.environ:
                os.environ[f"{vendor}_API_KEY"] = "not-a-key"
                os.environ[f"{vendor}_BASE_URL"] = address
        os.environ.setdefault("OLLAMA_HOST", provider.ollama_base_url)
        yield provider


def print_table(*rows: tuple[object, ...]) -> None:
    """Rows of cells in columns; the first row is the heading."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for first, *others in texts:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        print("  " + "  ".join(cells).rstrip())
