"""Functions as OpenAI's models read them: not as JSON, but as a declaration of names, types and descriptions.

The sum is the one of https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken; what it leaves open (objects
in objects, alternatives) is counted in the same way, one level further in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from llm_token_budget.estimation.framing import FunctionRule

_DEEPEST = 32
"""Schemas nested deeper are counted as text from there on."""


def declared(definition: Mapping[str, Any], rule: FunctionRule) -> tuple[list[str], int]:
    """The texts of a function's declaration, and the tokens around them."""
    texts = [f"{_text(definition.get('name'))}:{_description(definition)}"]
    around = rule.function
    for text, cost in _properties(definition.get("parameters"), rule, 0):
        texts += text
        around += cost
    return texts, around


def _properties(schema: object, rule: FunctionRule, depth: int) -> Iterator[tuple[list[str], int]]:
    properties = _mapping(_mapping(schema).get("properties"))
    if properties:
        yield [], rule.first_property
    for name, inner in properties.items():
        yield from _property(str(name), _mapping(inner), rule, depth)


def _property(name: str, schema: Mapping[str, Any], rule: FunctionRule, depth: int) -> Iterator[tuple[list[str], int]]:
    yield [f"{name}:{_type(schema)}:{_description(schema)}"], rule.property
    choices = schema.get("enum")
    if isinstance(choices, list | tuple):
        texts = [_text(choice) for choice in cast("list[Any]", choices)]
        yield texts, rule.enum + rule.choice * len(texts)
    if depth >= _DEEPEST:
        yield [_text(schema)], 0
        return
    yield from _properties(schema, rule, depth + 1)
    items = _mapping(schema.get("items"))
    if items.get("properties") or items.get("enum") or items.get("description"):
        yield from _property("", items, rule, depth + 1)
    for word in ("anyOf", "oneOf", "allOf"):
        if schema.get(word) is not None:
            yield [_text(schema[word])], 0


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    return "|".join(map(str, cast("list[Any]", kind))) if isinstance(kind, list) else _text(kind)


def _description(holder: Mapping[str, Any]) -> str:
    return _text(holder.get("description")).removesuffix(".")


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
