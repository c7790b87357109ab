"""`price_response`: what an answer cost, without a client or a manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from math import ceil
from typing import Any, Final, NamedTuple, cast

from llm_token_budget.errors import ConfigurationError, shown, shown_value
from llm_token_budget.options import read_instant
from llm_token_budget.pricing import Bill, BillLine, PriceBook
from llm_token_budget.pricing.names import canonical_provider
from llm_token_budget.providers.counts import money
from llm_token_budget.providers.dialect import Body, Reading, is_object, mapping, parse_object, text_or_none
from llm_token_budget.providers.regions import region_of
from llm_token_budget.providers.usage_reading import reader_of
from llm_token_budget.usage import Terms, Usage

_DEEPEST: Final = 12
"""So deep an answer may be nested, as far as it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedResponse:
    """What one answer cost."""

    usage: Usage
    cost: Decimal
    """USD, exact."""
    cost_nano_usd: int
    """Nano-USD (10^-9 USD), rounded up once: what a budget is charged."""
    provider: str
    model: str | None
    """The model whose price counts, as the answer or the caller named it."""
    rate_card_id: str
    """Names the prices: provider, model, tier, date and a digest of the rates."""
    updated_at: str
    """The date of the prices."""
    fell_back: bool
    """Nobody can price the model that answered: the price is that of the `model` that was asked for."""
    parts: tuple[BillLine, ...] = field(repr=False)
    """What the cost is made of."""


def price_response(
    provider: str,
    response: object,
    *,
    model: str | None = None,
    at: datetime | date | str | float | None = None,
    batch: bool = False,
    base_url: object = None,
    prices: PriceBook | None = None,
) -> PricedResponse:
    """Price an answer that exists already: a dict, an SDK's object, or the JSON that came over the wire.

    Args:
        provider: whose prices count: `openai`, `anthropic`, `groq`, `ollama`, `azure`, `aws` (or `bedrock`), `google` (or
            `vertex`), `openrouter` ...
        response: of chat, completions, responses, messages, embeddings, images or transcripts; a line of a batch's results;
            the last event of a stream of responses.
        model: the model that was asked for. Its price counts where the answer names none, or one without a price.
        at: when it was answered: that day's prices (UTC) count. A datetime, date, ISO string, or seconds since the epoch.
            Today where left out.
        batch: it was part of a batch. (A line of a batch's results says so by itself.)
        base_url: where the request went, if a region's address was used.
        prices: a price book, such as a `BudgetManager`'s: for prices and aliases of your own. The published ones otherwise.

    Raises:
        UnknownModelPrice: nobody knows what the model costs.
        ConfigurationError: an argument is wrong, or the response doesn't say what it used.
    """
    book = _standard_book() if prices is None else prices
    if not isinstance(provider, str) or not provider.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"provider must be a name such as 'openai', not {shown_value(provider)}")
    if model is not None and not isinstance(model, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"model must be a name, not {shown_value(model)}")
    owner = canonical_provider(provider)
    answer = _unwrapped(_body_of(response), batch=batch)
    if (seconds := _seconds(answer.body)) is not None:
        named = text_or_none(answer.body.get("model")) or model
        return _priced(Usage(), book.audio_bill(seconds, model=named, provider=provider, at=_day(at)), provider)
    reading = _reading(owner, answer.body)
    usage = _usage(reading, batch=answer.batch)
    bill = book.bill(
        usage,
        model=reading.model or model,
        provider=provider,
        requested=model,
        service_tier=reading.service_tier,
        geography=region_of(owner, base_url),
        batch=answer.batch,
        at=_day(at),
    )
    return _priced(usage, bill, provider)


class _Answer(NamedTuple):
    body: Body
    batch: bool


def _unwrapped(body: Body, *, batch: bool) -> _Answer:
    """The answer itself, out of a line of a batch's results or an event of a stream."""
    if "custom_id" in body:
        inner = mapping(mapping(body.get("response")).get("body")) or mapping(
            mapping(body.get("result")).get("message")
        )
        return _Answer(inner or body, batch=True)
    if body.get("object") == "batch":
        return _Answer(body, batch=True)
    event = str(body.get("type"))
    if event.startswith("response.") and is_object(body.get("response")):
        return _Answer(body["response"], batch)
    if event == "message_stop" and is_object(body.get("message")):  # Of the SDK's helper, which adds the message.
        return _Answer(body["message"], batch)
    return _Answer(body, batch)


def _seconds(body: Body) -> int | None:
    """Seconds of sound, of an answer that is billed by them: begun ones count."""
    usage = mapping(body.get("usage"))
    seconds = money(usage.get("seconds")) if usage.get("type") == "duration" else None
    return None if seconds is None else ceil(seconds)


def _reading(provider: str, body: Body) -> Reading:
    reading = reader_of(provider, body)(body)
    if reading is None:
        raise ConfigurationError("the response bills by the second, and doesn't say how many")
    if reading.complete:
        return reading
    if provider == "ollama":  # Which bills nothing, and leaves out what it had cached.
        return reading._replace(input_tokens=reading.input_tokens or 0, output_tokens=reading.output_tokens or 0)
    missing = "input tokens" if reading.input_tokens is None else "output tokens"
    raise ConfigurationError(
        f"the response doesn't say how many {missing} it used: pass the whole response with its usage "
        "(for a stream: the object that has it)"
    )


def _usage(reading: Reading, *, batch: bool) -> Usage:
    """The usage, with the terms that the answer names beside it."""
    terms: Terms | None = reading.parts.get("terms")
    tier = reading.service_tier
    if terms is None and (tier or batch):
        terms = Terms(service_tier=tier, batch=batch)
    elif terms is not None and terms.speed is None and tier and terms.service_tier is None:
        terms = replace(terms, service_tier=tier)
    return reading._replace(parts={**reading.parts, "terms": terms}).usage(0, 0)


def _priced(usage: Usage, bill: Bill, provider: str) -> PricedResponse:
    return PricedResponse(
        usage=usage,
        cost=bill.cost,
        cost_nano_usd=bill.nano_usd,
        provider=provider,
        model=bill.model,
        rate_card_id=bill.rate_card_id,
        updated_at=bill.updated_at,
        fell_back=bill.fell_back,
        parts=bill.lines,
    )


@cache
def _standard_book() -> PriceBook:
    return PriceBook()


def _day(at: object) -> date | None:
    """The day in UTC.

    Raises:
        ConfigurationError: no point in time.
    """
    if at is None:
        return None
    if isinstance(at, str):
        try:
            at = date.fromisoformat(at) if len(at) == len("2026-01-01") else datetime.fromisoformat(at)
        except ValueError:
            raise ConfigurationError(f"at is a date or datetime such as '2026-03-01', not {shown_value(at)}") from None
    if isinstance(at, datetime):
        # One without a time zone is taken for UTC: a day is all that counts.
        return (at if at.utcoffset() is None else at.astimezone(UTC)).date()
    if isinstance(at, date):
        return at
    return datetime.fromtimestamp(read_instant("at", at), UTC).date()


def _body_of(response: object) -> Body:
    """The JSON object of an answer in any form.

    Raises:
        ConfigurationError: no JSON object.
    """
    if isinstance(response, bytes | bytearray | memoryview | str):
        body = parse_object(response if isinstance(response, str) else bytes(cast("bytes", response)))
        if body is None:
            raise ConfigurationError("the response is no JSON object")
        return body
    if is_object(response):
        return response
    content = _http_content(response)
    if content is not None:
        return _body_of(content)
    body = _plain(response, 0)
    if not is_object(body) or not body:
        raise ConfigurationError(
            "price_response() takes a response as a dict, an SDK's object or JSON bytes, not "
            f"{shown(type(response).__name__)}"
        )
    return body


def _http_content(response: object) -> bytes | None:
    """The bytes of an HTTP response, httpx's or in an SDK's raw one; None if it is no such thing.

    Raises:
        ConfigurationError: they have not been read yet.
    """
    for holder in (response, getattr(response, "http_response", None)):
        if holder is None or not hasattr(holder, "headers"):
            continue
        try:
            content = getattr(holder, "content", None)
        except RuntimeError:  # httpx.ResponseNotRead.
            raise ConfigurationError("the response has not been read yet: call its read() first") from None
        if isinstance(content, bytes):
            return content
    return None


def _plain(value: Any, depth: int) -> Any:
    """An object of an SDK, or of anybody's, as what JSON knows."""
    if value is None or isinstance(value, str | int | float | bytes):
        return value
    if depth > _DEEPEST:
        return None
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {str(name): _plain(each, depth + 1) for name, each in items}
    if isinstance(value, list | tuple):
        return [_plain(each, depth + 1) for each in cast("list[Any]", value)]
    fields = _fields_of(value)
    return {
        name: _plain(each, depth + 1)
        for name, each in fields.items()
        if not name.startswith("_") and each is not value and not callable(each)
    }


def _fields_of(value: Any) -> dict[str, Any]:
    fields: dict[str, Any] = dict(getattr(value, "__dict__", None) or {})
    for name in getattr(cast("Any", type(value)), "__slots__", ()):
        if isinstance(name, str) and hasattr(value, name):
            fields[name] = getattr(value, name)
    # What a newer API adds, pydantic keeps beside the fields that the SDK knows.
    extra = getattr(value, "__pydantic_extra__", None)
    if isinstance(extra, dict):
        fields.update(cast("dict[str, Any]", extra))
    return fields
