"""Parts of a budget as its options describe them; what is wrong with an option is said here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, get_args

from llm_token_budget.admissions import UnknownOutcome
from llm_token_budget.claims import MissingUserPolicy, UnknownModelPolicy
from llm_token_budget.durations import parse_seconds
from llm_token_budget.estimation import CacheBound, Count, Estimator, InputBound, Tokenizer
from llm_token_budget.estimation.tokenizers import read_tokenizer
from llm_token_budget.events import Blocked, Clamped, Event, Hook, Hooks, Overrun, Reserved, Settled, read_hooks
from llm_token_budget.ledgers import Ledger
from llm_token_budget.ledgers.opening import open_ledger
from llm_token_budget.ledgers.stored import OnError, StoredLedger
from llm_token_budget.limits import ADMISSIONS, Limit, check_names, read_limits
from llm_token_budget.options import Seconds, check_choice
from llm_token_budget.pricing.aliases import read_aliases
from llm_token_budget.windows import Window

if TYPE_CHECKING:
    from llm_token_budget.journal import Journal

_CHOICES: Final = {
    "missing_user": get_args(MissingUserPolicy),
    "unknown_model": get_args(UnknownModelPolicy),
    "admission": ADMISSIONS,
    "unknown_outcome": get_args(UnknownOutcome),
    "count": get_args(Count),
    "input_bound": get_args(InputBound),
    "cache_bound": get_args(CacheBound),
    "on_ledger_error": get_args(OnError),
}

_NAMED_LIMITS: Final = (
    ("global_token_limit", "global", "tokens"),
    ("global_cost_limit", "global", "usd"),
    ("per_user_token_limit", "user", "tokens"),
    ("per_user_cost_limit", "user", "usd"),
    ("per_session_token_limit", "session", "tokens"),
)
"""The npm package's limits: option, scope, unit."""


def check_choices(**chosen: str) -> None:
    """Options that take one of a few words, by their names."""
    for name, choice in chosen.items():
        check_choice(name, choice, _CHOICES[name])


def open_limits(amounts: Iterable[Any], window: Window, limits: object) -> tuple[Limit, ...]:
    """The limits that options of their own name (None: not given), in the order of `_NAMED_LIMITS`; then the others."""
    named = [
        Limit(**{unit: amount}, scope=scope, window=window, name=name)
        for (name, scope, unit), amount in zip(_NAMED_LIMITS, amounts, strict=True)
        if amount is not None
    ]
    found = (*named, *read_limits(limits))
    check_names(found)
    return found


def open_estimator(
    count: Count,
    input_bound: InputBound,
    tokenizer: Tokenizer | None,
    cache_bound: CacheBound,
    aliases: Mapping[str, str] | None,
) -> Estimator:
    """How the input of calls is estimated: a deployment's by the model that it is."""
    models = {name: target.model for name, target in read_aliases(aliases).items()}
    return Estimator(count, input_bound, read_tokenizer(tokenizer), cache_bound, models)


def open_own_ledger(ledger: str | Ledger, session_ttl: Seconds, on_ledger_error: OnError | None) -> Ledger:
    """The ledger, with the budget's word on what calls get when it can't be reached."""
    opened = open_ledger(ledger, idle_seconds=parse_seconds(session_ttl, "session_ttl"))
    if on_ledger_error is not None and isinstance(opened, StoredLedger):
        opened.on_error = on_ledger_error
    return opened


def clock_of(ledger: Ledger) -> Callable[[], float]:
    """What tells when something happened: a ledger elsewhere isn't asked for the time of each event."""
    return time.time if ledger.blocking else ledger.now


def named_hooks(
    on_reserve: Hook | None,
    on_settle: Hook | None,
    on_blocked: Hook | None,
    on_overrun: Hook | None,
    on_clamp: Hook | None,
) -> dict[type[Event], Hook]:
    """The hooks that are set, by the event that each is told of."""
    return read_hooks(
        {
            "on_reserve": (Reserved, on_reserve),
            "on_settle": (Settled, on_settle),
            "on_blocked": (Blocked, on_blocked),
            "on_overrun": (Overrun, on_overrun),
            "on_clamp": (Clamped, on_clamp),
        }
    )


def open_hooks(hooks: Mapping[type[Event], Hook], ledger: Ledger) -> Hooks:
    """Hooks that are told at a ledger's time."""
    return Hooks(hooks, clock_of(ledger))


def open_journal(option: object, ledger: Ledger, retention: Seconds | None) -> Journal | None:
    """The journal that the options ask for; the package is read only where they do."""
    if retention is not None:
        parse_seconds(retention, "journal_retention")
    if option is None:
        return None
    from llm_token_budget.journal import read_journal

    return read_journal(option, ledger, retention)
