"""What happens in a budget, for whoever wants to know: one frozen value per happening, given to a hook."""

from __future__ import annotations

import inspect
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypedDict

from llm_token_budget.claims import Call
from llm_token_budget.context import Identity
from llm_token_budget.errors import ConfigurationError, Refusal, shown_value
from llm_token_budget.ledgers.base import Amounts, Charge, Handle
from llm_token_budget.receipts import Draft, Receipt
from llm_token_budget.statistics import Portion, portion_of
from llm_token_budget.usage import Usage

logger: Final = logging.getLogger("llm_token_budget")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event says: whose call it was, of which model, and when."""

    user_key: str | None
    session_id: str | None
    dimensions: Mapping[str, str]
    provider: str | None
    """Whose model was asked for, where the call says."""
    model: str | None
    """The model that was asked for."""
    at: datetime
    """By the ledger's clock, or by this process's where asking the ledger would be I/O."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved(Event):
    """A call was admitted: what it may cost is held. A call through a wrapped client says so once per attempt."""

    reservation_id: str
    held: Portion
    input_tokens: int
    """The part of what is held that is input."""
    output_tokens: int
    """The part of what is held that is output, all choices together."""
    waited: float
    """Seconds that the call waited for room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clamped(Event):
    """A call gets a lower maximum output than it would have had, to fit in what is left. Follows `Reserved`."""

    reservation_id: str
    clamped_from: int
    """Output tokens, per choice."""
    clamped_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled(Event):
    """A reservation has ended: it was charged, or given back (then `charged` is nothing)."""

    reservation_id: str
    held: Portion
    charged: Portion
    usage: Usage
    """The tokens that were charged, by kind; where nobody knows them, input and output as they were held."""
    answered_by: str | None
    """The model that the answer names, where that is known."""
    unconfirmed: bool
    """Charged without the provider's word: the call's outcome is unknown. A truth may follow in another `Settled`."""
    estimated: bool
    """The tokens are ours, not the provider's."""
    unpriced: bool
    """Nobody knows the price: the money is missing."""
    replaced: Portion | None
    """What an earlier `Settled` of this reservation had charged, which this one replaces; None for the first."""
    clamped_from: int | None
    """The maximum output that the call would have had, where it was sent with a lower one."""
    clamped_to: int | None
    cut_by_us: bool
    """The answer is as long as the lowered maximum let it be: without us it would have gone on."""
    draft: Draft = field(repr=False, compare=False)

    @property
    def receipt(self) -> Receipt:
        """All that is known of the call, with the prices that it was charged at."""
        return self.draft.receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrun(Event):
    """The bill was above what was held. Follows `Settled`."""

    reservation_id: str
    held: Portion
    charged: Portion
    above: Portion
    """By how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(Event):
    """A call was refused, or `check` said no. Nothing was sent, nothing is held."""

    refusal: Refusal
    """The limit that the error speaks of."""
    refusals: tuple[Refusal, ...]
    """All limits that had no room."""


Hook = Callable[[Any], object]


Answer = tuple[Usage, str | None]
"""The usage that a charge was made from, and the model that answered."""


class _Facts(TypedDict):
    """The fields that every event has."""

    user_key: str | None
    session_id: str | None
    dimensions: Mapping[str, str]
    provider: str | None
    model: str | None
    at: datetime


class Hooks:
    """Whom to tell of what happens. There is one only where somebody wants to know.

    Hooks are called with no lock of ours held. What happens in a finalizer or a cancelled task is noted, and told by the
    next operation of the budget: no code of the user's runs inside a finalizer.
    """

    def __init__(self, hooks: Mapping[type[Event], Hook], clock: Callable[[], float]) -> None:
        self._hooks: dict[type[Event], tuple[Hook, ...]] = {kind: (hook,) for kind, hook in hooks.items()}
        self._clock = clock
        self._late: deque[Event] = deque()

    def add(self, hooks: Mapping[type[Event], Hook]) -> None:
        """Tell these too, after those that are there."""
        self._hooks = self._hooks | {kind: (*self._hooks.get(kind, ()), hook) for kind, hook in hooks.items()}

    def remove(self, hooks: Mapping[type[Event], Hook]) -> None:
        """Tell these no more."""
        left = dict(self._hooks)
        for kind, hook in hooks.items():
            told = list(left.get(kind, ()))
            if hook in told:
                told.remove(hook)
            left[kind] = tuple(told)
        self._hooks = {kind: told for kind, told in left.items() if told}

    def held(
        self, call: Call, identity: Identity, handle: Handle, *, waited: float, clamped: tuple[int, int] | None
    ) -> None:
        """Tell that a call was admitted, and whether (from, to) its maximum is lowered."""
        self.catch_up()
        if not self._want(Reserved, Clamped):
            return
        facts = _facts(call, identity, handle.created)
        reserved = handle.reserved
        self._tell(
            Reserved(
                **facts,
                reservation_id=handle.id,
                held=portion_of(reserved),
                input_tokens=handle.input_tokens,
                output_tokens=reserved.tokens - handle.input_tokens,
                waited=waited,
            )
        )
        if clamped is not None:
            above, to = clamped
            self._tell(Clamped(**facts, reservation_id=handle.id, clamped_from=above, clamped_to=to))

    def blocked(self, call: Call, identity: Identity, refusals: Sequence[Refusal]) -> None:
        """Tell that a call was refused."""
        self.catch_up()
        if self._want(Blocked):
            facts = _facts(call, identity, self._clock())
            self._tell(Blocked(**facts, refusal=refusals[0], refusals=tuple(refusals)))

    def ended(
        self,
        call: Call,
        identity: Identity,
        handle: Handle,
        charge: Charge,
        *,
        before: Charge | None,
        covered: Amounts,
        clamped: tuple[int, int] | None,
        answer: Answer | None,
        draft: Draft,
    ) -> None:
        """Note that a reservation ended, for `catch_up` to tell. Takes no lock and runs nobody's code: for finalizers.

        Args:
            call: what was asked for.
            identity: whose it was.
            handle: the reservation.
            charge: what it was charged; of nothing if it was given back.
            before: what an earlier ending had charged.
            covered: what was held for it; more is an overrun.
            clamped: (from, to), where its maximum was lowered.
            answer: what the charge was made from, where it was made from an answer.
            draft: what its receipt is made of.
        """
        if not self._want(Settled, Overrun):
            return
        facts = _facts(call, identity, self._clock())
        usage, answered_by = Usage(input_tokens=charge.input_tokens, output_tokens=charge.output_tokens), None
        if answer is not None and not charge.unconfirmed and answer[0].total_tokens == usage.total_tokens:
            usage, answered_by = answer
        held, charged = portion_of(handle.reserved), portion_of(charge.amounts)
        self._note(
            Settled(
                **facts,
                reservation_id=handle.id,
                held=held,
                charged=charged,
                usage=usage,
                answered_by=answered_by,
                unconfirmed=charge.unconfirmed,
                estimated=charge.estimated,
                unpriced=charge.unpriced,
                replaced=None if before is None else portion_of(before.amounts),
                clamped_from=None if clamped is None else clamped[0],
                clamped_to=None if clamped is None else clamped[1],
                cut_by_us=clamped is not None and _was_cut(charge, clamped[1] * call.choices),
                draft=draft,
            )
        )
        above = _above(charge.amounts, covered)
        if above:
            self._note(Overrun(**facts, reservation_id=handle.id, held=held, charged=charged, above=portion_of(above)))

    def catch_up(self) -> None:
        """Tell what was noted."""
        while self._late:
            try:
                event = self._late.popleft()
            except IndexError:  # Another thread was quicker.
                return
            self._tell(event)

    def _want(self, *kinds: type[Event]) -> bool:
        return any(kind in self._hooks for kind in kinds)

    def _note(self, event: Event) -> None:
        if type(event) in self._hooks:
            self._late.append(event)

    def _tell(self, event: Event) -> None:
        for hook in self._hooks.get(type(event), ()):
            try:
                hook(event)
            except Exception:
                logger.exception("a hook raised when told of %s; the call is not affected", type(event).__name__)


def read_hooks(hooks: Mapping[str, tuple[type[Event], Hook | None]]) -> dict[type[Event], Hook]:
    """The hooks that are set, by the names of their options.

    Raises:
        ConfigurationError: one can't be called, or would have to be awaited.
    """
    wanted: dict[type[Event], Hook] = {}
    for name, (kind, hook) in hooks.items():
        if hook is None:
            continue
        if not callable(hook):  # pyright: ignore[reportUnnecessaryComparison]
            raise ConfigurationError(f"{name} takes a function of one argument, not {shown_value(hook)}")
        if inspect.iscoroutinefunction(hook):
            raise ConfigurationError(
                f"{name} takes a plain function: it is called from threads and tasks alike, and nobody awaits it. "
                "Put the event on a queue of yours, and let a task read that."
            )
        wanted[kind] = hook
    return wanted


def _facts(call: Call, identity: Identity, at: float) -> _Facts:
    return {
        "user_key": identity.user_key,
        "session_id": identity.session_id,
        "dimensions": dict(identity.dimensions),
        "provider": call.provider,
        "model": call.model,
        "at": datetime.fromtimestamp(at, UTC),
    }


def _was_cut(charge: Charge, most: int) -> bool:
    """Whether an answer is as long as its lowered maximum. Then it was cut: hardly one ends there by itself."""
    return not charge.unconfirmed and not charge.estimated and charge.output_tokens >= most > 0


def _above(charged: Amounts, covered: Amounts) -> Amounts:
    return Amounts(*(max(actual - held, 0) for actual, held in zip(charged, covered, strict=True)))
