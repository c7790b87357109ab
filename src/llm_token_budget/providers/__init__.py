"""Wrapped clients: `wrap(client, budget)` for the official SDKs of openai, anthropic, groq and ollama.

- `dialect`    what a vendor's wire format must tell: calls, bills, streams
- `media`      OpenAI's images and speech, as far as they bill tokens
- `background` answers that come later, and settle then what was held for them
- `chat` `openai` `anthropic` `groq` `ollama`    the vendors; `chat` is the format that several share
- `content`    messages, tools and files as neutral parts
- `estimate_request`    what a request may be, without a client; `counting` asks the provider
- `guard`      one logical call: attempts reserve, and each of them ends
- `familiar`   what was read of requests that come again; `lending` spares the SDK parsing what was parsed for the bill
- `hosts`      whose prices count where
- `server`     what a user says of a server that isn't the vendor's own
- `outcome`    what a failed attempt is charged
- `framing` `answer_reading` `watch`    an answer's bytes, cut, read and watched to their end; `ollama_streams`    ollama's parts
- `stainless`  the seam shared by the clients of openai, anthropic and groq
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Final, TypeVar, cast

from llm_token_budget.context import Session
from llm_token_budget.errors import ConfigurationError
from llm_token_budget.manager import BudgetManager
from llm_token_budget.providers import anthropic, groq, ollama, openai, stainless
from llm_token_budget.providers.dialect import Dialect
from llm_token_budget.providers.guard import read_guard
from llm_token_budget.providers.hosts import BY_CLASS
from llm_token_budget.providers.server import MaximumField, StreamUsage, read_server

__all__ = ["wrap"]

C = TypeVar("C")

_STAINLESS: Final[Mapping[str, Dialect]] = {
    "openai": openai.DIALECT,
    "anthropic": anthropic.DIALECT,
    "groq": groq.DIALECT,
}

_CLIENTS: Final[Mapping[str, str]] = {
    "openai": "openai.OpenAI()",
    "anthropic": "anthropic.Anthropic()",
    "groq": "groq.Groq()",
    "ollama": "ollama.Client()",
}
"""What to wrap instead of a module."""

_WRAPPABLE: Final = "the clients of openai, anthropic, groq and ollama, plain and async"


def wrap(
    client: C,
    budget: BudgetManager | Session,
    *,
    user_key: str | None = None,
    session_id: str | None = None,
    dimensions: Mapping[str, str] | None = None,
    provider: str | None = None,
    stream_usage: StreamUsage | None = None,
    maximum_field: MaximumField | None = None,
) -> C:
    """A copy of a client that can't spend more than a budget allows. The client itself stays as it is.

    The copy is of the client's own class, to `isinstance` and type checkers, and behaves like it, but that a call which
    doesn't fit raises `BudgetExceeded` before anything is sent.

    Args:
        client: an official client of openai (Azure's too), anthropic, groq or ollama, plain or async.
        budget: a `BudgetManager`, or a session of one: then its user, session and limits are carried into any thread.
        user_key: who is charged for all calls of this client, whatever session is current.
        session_id: the session of these calls.
        dimensions: further keys, such as `{"feature": "search"}`.
        provider: whose prices count, such as `"openai"` or `"openrouter"`, wherever the client sends its requests. None: the
            client's class says so (Azure, Bedrock, Vertex ...), or the host that it sends to: a vendor's own, one in
            `BudgetManager(hosts=...)`, or one of another provider's that the price data knows. At this machine
            (localhost) the client's own vendor's prices count; at any other host nobody's, and a USD limit refuses the call.
        stream_usage: `"ask"` (as None): streams of chat and completions are asked for their usage
            (`stream_options.include_usage`), and what the user didn't ask for is hidden from them. `"never"`: for servers that
            refuse such requests; streams stay as they are, and those that report no usage are charged by estimate: input and
            the output seen, or all that was held where output can be hidden.
        maximum_field: what the server calls the maximum output, for requests near a limit that set none of their own:
            `"max_tokens"`, or by model: `{"my-model": "max_tokens"}`. None: as the vendor's API does. What a request sets
            under this name is its own maximum.

    Raises:
        ConfigurationError: not such a client, not such a budget, a bad key or option.
    """
    server = read_server(provider, stream_usage, maximum_field)
    guard = read_guard(budget, user_key, session_id, dimensions)
    guard.budget.warm_up()
    # The vendor whose class it is, its own or the base of a user's subclass: no vendor is imported to find out.
    vendors = [base.__module__.partition(".")[0] for base in type(client).__mro__]
    for vendor in vendors:
        dialect = _STAINLESS.get(vendor)
        if dialect is not None and hasattr(client, "request"):
            return cast("C", stainless.wrap_client(client, guard, dialect, _provider(client), server))
        if vendor == "ollama" and hasattr(client, "_request_raw"):
            return cast("C", ollama.wrap_client(client, guard, server))
    raise ConfigurationError(_refusal(client))


def _refusal(client: object) -> str:
    """What was passed, and what to do instead."""
    if isinstance(client, type):
        return f"wrap() takes a client, not a class: wrap({client.__name__}(), budget)"
    if isinstance(client, ModuleType):
        name = client.__name__
        if (instead := _CLIENTS.get(name)) is None:
            return f"wrap() knows {_WRAPPABLE}, not the module {name!r}: for another client use budget.reserve(...)"
        return (
            f"wrap() takes a client, not the module {name!r}: call client = wrap({instead}, budget), and that client instead of "
            "the module's own functions, which use a client that the whole process shares and no budget guards"
        )
    kind = type(client)
    return f"wrap() knows {_WRAPPABLE}, not {kind.__module__}.{kind.__qualname__}: for another client use budget.reserve(...)"


def _provider(client: object) -> str | None:
    """Whose prices count, where the client's class says so."""
    names = [base.__name__.removeprefix("Async") for base in type(client).__mro__]
    return next((BY_CLASS[name] for name in names if name in BY_CLASS), None)
