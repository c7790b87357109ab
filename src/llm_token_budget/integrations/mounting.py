"""`BudgetManager.middleware`: the door of whichever interface an application speaks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, Literal, get_args

from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.manager import BudgetManager
from llm_token_budget.options import check_choice

Interface = Literal["asgi", "wsgi", "django"]

_ARGUMENTS: Final[dict[int, Interface]] = {1: "django", 2: "wsgi", 3: "asgi"}
"""What each is called with: a request; environ and start_response; scope, receive and send."""


def mounter(budget: BudgetManager, interface: Interface | None, options: Mapping[str, Any]) -> Callable[..., Any]:
    """A function from an application to the same behind the budget's door.

    Raises:
        ConfigurationError: an option is wrong; now, not at the first application.
    """
    if interface is not None:
        check_choice("interface", interface, get_args(Interface))
    # Django needs its settings to be imported; all of them take the same options.
    _mounted(_nothing, "asgi", budget, options)

    def mount(app: Any) -> Any:
        return _mounted(app, interface or interface_of(app), budget, options)

    # https://docs.djangoproject.com/en/stable/topics/http/middleware/#asynchronous-support
    mount.sync_capable = mount.async_capable = True  # type: ignore[attr-defined]
    return mount


def interface_of(app: object) -> Interface:
    """What an application speaks, by the arguments that it can be called with.

    Raises:
        ConfigurationError: it takes neither.
    """
    if not callable(app):
        raise ConfigurationError(f"an application is a callable, not {shown_value(app)}")
    signature = inspect.signature(app)
    found: list[Interface] = [interface for count, interface in _ARGUMENTS.items() if _takes(signature, count)]
    if len(found) != 1:
        raise ConfigurationError(
            "it can't be seen what this application speaks: say interface='asgi', 'wsgi' or 'django'"
        )
    return found[0]


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def _mounted(app: Any, interface: Interface, budget: BudgetManager, options: Mapping[str, Any]) -> Any:
    module = import_module(f"llm_token_budget.integrations.{interface}")
    try:
        return module.BudgetMiddleware(app, budget, **options)
    except TypeError as problem:
        raise ConfigurationError(f"middleware(): {problem}") from None


async def _nothing(*_: object) -> None:
    """The application of a door that is only built to look at its options."""
