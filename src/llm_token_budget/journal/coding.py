"""Lines as JSON, one per row: ASCII whatever a key holds, so that no key can end a line or be refused by a store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as _quoted
from typing import Final

from llm_token_budget.journal.row import NO_DIMENSIONS, Row, Sum

_encode: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

_OWN: Final = frozenset(
    {
        "key", "kind", "id", "at", "booked_at", "user", "session", "provider", "model", "dimensions", "outcome", "replaced",
        *Sum._fields,
    }
)  # fmt: skip


def as_json(row: Row) -> str:
    """One line, without its end. Money is in nano-USD, times are seconds since the epoch.

    Written piece by piece, which takes half as long as making a dict for the encoder: this is done for every call.
    """
    key, kept_as, reservation, at, booked_at, user, session, provider, model, dimensions, charged, replaced, outcome, details = row  # fmt: skip  # noqa: E501
    text = f'{{"key":"{key}","kind":"{kept_as}","id":{_quoted(reservation)},"at":{at!r},"booked_at":{booked_at!r}'
    if user is not None:
        text += f',"user":{_quoted(user)}'
    if session is not None:
        text += f',"session":{_quoted(session)}'
    if provider is not None:
        text += f',"provider":{_quoted(provider)}'
    if model is not None:
        text += f',"model":{_quoted(model)}'
    if dimensions:
        text += f',"dimensions":{_encode(dict(dimensions))}'
    input_tokens, output_tokens, nano_usd, requests = charged
    text += (
        f',"outcome":"{outcome}","input_tokens":{input_tokens},"output_tokens":{output_tokens},"nano_usd":{nano_usd}'
        f',"requests":{requests}'
    )
    if replaced is not None:
        text += f',"replaced":{_encode(replaced)}'
    for name, value in details.items():
        if name == "held":
            text += f',"held":[{value[0]},{value[1]},{value[2]}]'
        elif isinstance(value, str):
            text += f',"{name}":{_quoted(value)}'
        else:
            text += f',"{name}":{_encode(value)}'
    return text + "}"


def from_json(text: str | bytes) -> Row:
    """The row of a line.

    Raises:
        ValueError: it is none, or was cut.
    """
    try:
        line = json.loads(text)
        replaced = line.get("replaced")
        return Row(
            line["key"],
            line["kind"],
            line["id"],
            float(line["at"]),
            float(line["booked_at"]),
            line.get("user"),
            line.get("session"),
            line.get("provider"),
            line.get("model"),
            line.get("dimensions", NO_DIMENSIONS),
            Sum(*(int(line[name]) for name in Sum._fields)),
            None if replaced is None else Sum(*map(int, replaced)),
            line["outcome"],
            {name: value for name, value in line.items() if name not in _OWN},
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("no line of a journal") from error


def dimensions_as_json(dimensions: Mapping[str, str]) -> str:
    """The same text for the same dimensions; none for none."""
    return json.dumps(dict(dimensions), sort_keys=True, separators=(",", ":")) if dimensions else ""


def dimensions_from_json(text: str) -> Mapping[str, str]:
    return json.loads(text) if text else NO_DIMENSIONS


def as_bytes(key: str | None) -> bytes | None:
    """A key as stores keep it that sort and compare: whatever it holds."""
    return None if key is None else key.encode("utf-8", "surrogatepass")


def from_bytes(key: bytes | memoryview | None) -> str | None:
    return None if key is None else bytes(key).decode("utf-8", "surrogatepass")
