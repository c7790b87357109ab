"""Does the budget hold on this machine? `doctor(client)` calls a provider here in every way that the client knows.

- `forms`      the ways to make a call, by vendor
- `stand_in`   a client like the user's that can reach nothing but this machine
- `firing`     one form, fired and judged
- `finding`    what was found, and how it is printed
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from typing import Any, TextIO, cast

from llm_token_budget.diagnosis.finding import Diagnosis, Finding, Verdict
from llm_token_budget.diagnosis.firing import Examination
from llm_token_budget.diagnosis.forms import forms_of
from llm_token_budget.diagnosis.stand_in import StandIn, stand_in_of

__all__ = ["Diagnosis", "Finding", "Verdict", "doctor"]


def doctor(client: object, *, out: TextIO | None = None) -> Diagnosis:
    """Make every call that a wrapped client knows, against a provider on this machine, and say which ones a budget holds.

    A client of the same class, with the installed SDK, is pointed at 127.0.0.1, with a made-up key, an HTTP client and two
    budgets of its own: the client's own budget is charged nothing, and its keys, headers, middleware and HTTP client are not
    used. What `wrap` was told of the server (`stream_usage`, `maximum_field`) holds here, too. If the class is one of yours,
    its methods run, and see those attributes that are text, numbers or None. Takes a few seconds. An async client runs in an
    event loop of its own, in another thread if one is running here.

    Args:
        client: what `wrap` returned for a client of OpenAI, AzureOpenAI, Anthropic, Groq or Ollama, plain or async.
        out: where the table is printed. None: standard output.

    Raises:
        ConfigurationError: a client that isn't wrapped, or that no provider here can stand in for.
    """
    stand_in = stand_in_of(client)
    diagnosis = Diagnosis(stand_in.name, _run(_examined(stand_in), is_async=stand_in.is_async))
    print(diagnosis, file=sys.stdout if out is None else out)
    return diagnosis


async def _examined(stand_in: StandIn) -> tuple[Finding, ...]:
    from llm_token_budget.testing import LoopbackProvider

    with LoopbackProvider(prices=Examination.PRICES) as provider:
        client = stand_in.client(provider)
        try:
            examination = Examination(client, provider, stand_in.server)
            return tuple([await examination.of(form) for form in forms_of(stand_in.vendor)])
        finally:
            await stand_in.close(client)


def _run(work: Coroutine[Any, Any, tuple[Finding, ...]], *, is_async: bool) -> tuple[Finding, ...]:
    if not is_async:
        # Nothing in it waits for an event loop, so it runs without one, as the user's own code does.
        try:
            work.send(None)
        except StopIteration as done:
            return cast("tuple[Finding, ...]", done.value)
        raise AssertionError("a plain client waited for something")
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, "llm-token-budget-doctor") as pool:
        return pool.submit(asyncio.run, work).result()
