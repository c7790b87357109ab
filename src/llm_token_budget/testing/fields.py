"""Reading the fields of a request, and refusing what the vendors refuse."""

from __future__ import annotations

from typing import Any, TypeGuard, cast

from llm_token_budget.testing.received import Json


class BadRequest(Exception):
    """The request would get a 400 from the vendor."""

    def __init__(self, message: str, param: str | None = None) -> None:
        self.message = message
        self.param = param
        super().__init__(message)


def as_mapping(value: Any) -> Json:
    """A JSON object as it is; an empty one for anything else."""
    return cast("Json", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """A JSON array as it is; an empty one for anything else."""
    return value if _is_list(value) else []


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def model_of(body: Json, otherwise: str | None = None) -> str:
    model = body.get("model") or otherwise
    if not isinstance(model, str) or not model:
        raise BadRequest("you must provide a model parameter", "model")
    return model


def whole_number(body: Json, name: str, *, at_least: int = 1) -> int | None:
    """A whole number, or None where the request says nothing."""
    number = body.get(name)
    if number is None:
        return None
    if type(number) is not int:
        raise BadRequest(f"Invalid type for '{name}': expected an integer", name)
    if number < at_least:
        raise BadRequest(
            f"Invalid '{name}': integer below minimum value. Expected a value >= {at_least}, but got {number} instead.",
            name,
        )
    return number


def smallest(*numbers: int | None) -> int | None:
    return min((number for number in numbers if number is not None), default=None)
