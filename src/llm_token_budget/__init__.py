"""A budget that holds: token and dollar limits for applications that call LLMs.

    client = wrap(OpenAI(), BudgetManager(global_cost_limit="5.00"))

- `BudgetManager`, `Limit`    who may spend how much, over which window (`Calendar`, `Sliding`)
- `wrap`, `budgeted`, `BudgetManager.session`, `BudgetManager.reserve`    the doors: a client, a function, a block, anything
- `Usage`, `estimate_tokens`, `calculate_cost`    tokens and what they cost
- `estimate_request`, `RequestEstimate`, `Tokenizer`    what a request may be, before it is sent
- `price_response`, `PricedResponse`    what an answer cost, from its JSON or an SDK's object
- `receipt_for`, `Receipt`    all about one call: usage, cost, prices, estimate (also `session.receipts`, `on_settle`)
- `Reserved`, `Settled`, `Blocked`, `Overrun`, `Clamped`    what hooks are told (`BudgetManager(on_settle=...)`)
- `Journal`, `JournalEntry`, `JournalTotal`    an entry for each call, kept (`BudgetManager(journal=True)`)
- `Alert`, `Webhook`    who is told before a limit is reached (`BudgetManager(alerts=[0.8])`)
- `BudgetManager.set_mode`, `Switched`    the switch for a bad night
- `BudgetManager.from_config`    budgets from a TOML file
- `BudgetError` and its kinds, `find_budget_error`    what can go wrong
- `doctor`, `Diagnosis`    whether a wrapped client's every call is guarded, tried out on this machine
- `llm_token_budget.ledgers`    where amounts are kept: memory, SQLite, Redis, PostgreSQL
- `llm_token_budget.integrations`    web frameworks, OpenTelemetry, pytest
- `llm_token_budget.cli`    the command line
- `llm_token_budget.testing`    a loopback provider for tests
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from llm_token_budget.alerts import Alert, Webhook
    from llm_token_budget.context import Session
    from llm_token_budget.decorators import budgeted
    from llm_token_budget.diagnosis import Diagnosis, doctor
    from llm_token_budget.errors import (
        BudgetError,
        BudgetExceeded,
        ConfigurationError,
        LedgerUnavailable,
        LimitView,
        MissingUser,
        Refusal,
        ReservationConflict,
        UnknownModelPrice,
        UnmeteredCall,
        find_budget_error,
    )
    from llm_token_budget.estimation import Tokenizer, estimate_tokens
    from llm_token_budget.events import Blocked, Clamped, Overrun, Reserved, Settled
    from llm_token_budget.journal import Journal, JournalEntry, JournalTotal
    from llm_token_budget.ledgers import Ledger, MemoryLedger
    from llm_token_budget.limits import Limit
    from llm_token_budget.manager import BudgetManager
    from llm_token_budget.modes import Switched
    from llm_token_budget.options import UnmeteredUse
    from llm_token_budget.pricing import CostBreakdown, calculate_cost
    from llm_token_budget.providers import wrap
    from llm_token_budget.providers.estimate_request import RequestEstimate, estimate_request
    from llm_token_budget.providers.price_response import PricedResponse, price_response
    from llm_token_budget.providers.receipt_for import receipt_for
    from llm_token_budget.receipts import Receipt
    from llm_token_budget.reservation import Reservation
    from llm_token_budget.statistics import CheckResult, Portion, RecordResult, Remaining, Stats, UnconfirmedCharge
    from llm_token_budget.usage import Usage
    from llm_token_budget.windows import Calendar, Every, Sliding, Window

__version__ = "0.1.0"

__all__ = [
    "Alert",
    "Blocked",
    "BudgetError",
    "BudgetExceeded",
    "BudgetManager",
    "Calendar",
    "CheckResult",
    "Clamped",
    "ConfigurationError",
    "CostBreakdown",
    "Diagnosis",
    "Every",
    "Journal",
    "JournalEntry",
    "JournalTotal",
    "Ledger",
    "LedgerUnavailable",
    "Limit",
    "LimitView",
    "MemoryLedger",
    "MissingUser",
    "Overrun",
    "Portion",
    "PricedResponse",
    "Receipt",
    "RecordResult",
    "Refusal",
    "Remaining",
    "RequestEstimate",
    "Reservation",
    "ReservationConflict",
    "Reserved",
    "Session",
    "Settled",
    "Sliding",
    "Stats",
    "Switched",
    "Tokenizer",
    "UnconfirmedCharge",
    "UnknownModelPrice",
    "UnmeteredCall",
    "UnmeteredUse",
    "Usage",
    "Webhook",
    "Window",
    "__version__",
    "budgeted",
    "calculate_cost",
    "doctor",
    "estimate_request",
    "estimate_tokens",
    "find_budget_error",
    "price_response",
    "receipt_for",
    "wrap",
]

# Read on first use: whoever imports us for an exception's name pays for no price book, estimator or client.
_HOMES: Final = {
    "alerts": ("Alert", "Webhook"),
    "context": ("Session",),
    "decorators": ("budgeted",),
    "diagnosis": ("Diagnosis", "doctor"),
    "errors": (
        "BudgetError",
        "BudgetExceeded",
        "ConfigurationError",
        "LedgerUnavailable",
        "LimitView",
        "MissingUser",
        "Refusal",
        "ReservationConflict",
        "UnknownModelPrice",
        "UnmeteredCall",
        "find_budget_error",
    ),
    "estimation": ("Tokenizer", "estimate_tokens"),
    "events": ("Blocked", "Clamped", "Overrun", "Reserved", "Settled"),
    "journal": ("Journal", "JournalEntry", "JournalTotal"),
    "ledgers": ("Ledger", "MemoryLedger"),
    "limits": ("Limit",),
    "manager": ("BudgetManager",),
    "modes": ("Switched",),
    "options": ("UnmeteredUse",),
    "pricing": ("CostBreakdown", "calculate_cost"),
    "providers.price_response": ("PricedResponse", "price_response"),
    "providers.receipt_for": ("receipt_for",),
    "receipts": ("Receipt",),
    "providers": ("wrap",),
    "providers.estimate_request": ("RequestEstimate", "estimate_request"),
    "reservation": ("Reservation",),
    "statistics": ("CheckResult", "Portion", "RecordResult", "Remaining", "Stats", "UnconfirmedCharge"),
    "usage": ("Usage",),
    "windows": ("Calendar", "Every", "Sliding", "Window"),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
