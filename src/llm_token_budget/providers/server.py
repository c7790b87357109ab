"""What a user says of the server behind a client, where it isn't the vendor's own: `wrap(client, budget, stream_usage="never")`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, cast, get_args

from llm_token_budget.claims import Call
from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.options import check_choice, check_name
from llm_token_budget.providers.dialect import Body, Defaults, Dialect, Endpoint, positive

StreamUsage = Literal["ask", "never"]

MaximumField = str | Mapping[str, str]
"""What a server calls the maximum output: for all models, or by model."""

REFUSALS: Final = {400, 422}
"""Statuses of servers that don't like what a request says; the second is that of servers built on FastAPI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server's ways, as far as somebody said; None: as the vendor's own."""

    provider: str | None = None
    stream_usage: StreamUsage | None = None
    maximum_field: MaximumField | None = None

    def over(self, earlier: Server) -> Server:
        """What is said here, else what was said before: a client may be wrapped twice."""
        return Server(
            provider=self.provider or earlier.provider,
            stream_usage=self.stream_usage or earlier.stream_usage,
            maximum_field=self.maximum_field or earlier.maximum_field,
        )

    def adapted(self, dialect: Dialect) -> Dialect:
        """The vendor's dialect as this server speaks it."""
        if self.stream_usage in (None, "ask") and self.maximum_field is None:
            return dialect
        return replace(dialect, endpoints={path: self._adapted(each) for path, each in dialect.endpoints.items()})

    def _adapted(self, endpoint: Endpoint) -> Endpoint:
        if self.stream_usage == "never":
            endpoint = replace(endpoint, asks_usage=_asks_for_nothing)
        if self.maximum_field is not None and endpoint.maximum({}):
            endpoint = _renaming(endpoint, self.maximum_field)
        return endpoint


def _asks_for_nothing(body: Body) -> None:
    del body


def read_server(provider: str | None, stream_usage: StreamUsage | None, maximum_field: MaximumField | None) -> Server:
    """A server from what a user typed.

    Raises:
        ConfigurationError: an option is wrong.
    """
    check_name("provider", provider)
    if stream_usage is not None:
        check_choice("stream_usage", stream_usage, get_args(StreamUsage))
    if maximum_field is not None:
        _check_field(maximum_field)
    return Server(provider=provider, stream_usage=stream_usage, maximum_field=maximum_field)


def _check_field(field: object) -> None:
    named = isinstance(field, Mapping)
    names = cast("Mapping[object, object]", field) if named else {"": field}
    if not all(isinstance(model, str) and isinstance(name, str) and name for model, name in names.items()):
        raise ConfigurationError(
            "maximum_field is the name of a request's field, such as 'max_tokens', or names by model, such as "
            f"{{'my-model': 'max_tokens'}}, not {shown_value(field if not named else names)}"
        )


def _renaming(endpoint: Endpoint, field: MaximumField) -> Endpoint:
    """The endpoint, with another name for the maximum. A request's own maximum stays where it is."""

    def named(body: Body) -> str | None:
        return field if isinstance(field, str) else field.get(str(body.get("model")))

    def maximum(body: Body) -> tuple[str, ...]:
        own = endpoint.maximum(body)
        name = named(body)
        return own if name is None or (body.get(name) is None and body.get(own[0]) is not None) else (name,)

    def read_call(body: Body, provider: str, defaults: Defaults) -> Call:
        call = endpoint.read_call(body, provider, defaults)
        name = named(body)
        most = None if name is None else positive(body.get(name))
        return call if most is None else call._replace(max_output_tokens=most)

    return replace(endpoint, maximum=maximum, read_call=read_call)


class Lowered(NamedTuple):
    """A maximum that was written into a request."""

    field: str
    own: int | None
    """What the request had; None if it had none."""
    to: int
    renamable: bool = True
    """Whether servers of this kind may have another name for it."""


def add_hint(error: BaseException, *, asked_usage: bool, lowered: Lowered | None) -> None:
    """Say what we changed about a request that a server refused. The error stays the SDK's: a note is added to it."""
    if not (asked_usage or lowered) or getattr(error, "status_code", None) not in REFUSALS:
        return
    if asked_usage:
        error.add_note(
            "llm-token-budget added stream_options={'include_usage': True} to this request, to be told what the stream bills. "
            "If the server doesn't know that: wrap(client, budget, stream_usage='never') leaves streams as they are and charges "
            "them by estimate."
        )
    if lowered is not None:
        own = "no maximum" if lowered.own is None else f"{lowered.own:,}"
        renaming = " If the server calls it by another name: wrap(client, budget, maximum_field='max_tokens'), or whatever it is."
        error.add_note(
            f"llm-token-budget lowered this request's maximum output near a limit: {lowered.field}, from {own} to "
            f"{lowered.to:,} tokens.{renaming if lowered.renamable else ''} BudgetManager(admission='strict') never changes a "
            "maximum."
        )
