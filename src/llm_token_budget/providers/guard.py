"""One logical call through a wrapped client: its attempts reserve, and each of them ends.

Vendor-neutral. The seams (stainless, ollama) say when an attempt starts, fails and is answered.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from llm_token_budget.claims import Call
from llm_token_budget.context import Identity, Session, current, read_identity
from llm_token_budget.errors import BudgetError, ConfigurationError, ReservationConflict, UnmeteredCall
from llm_token_budget.estimation import model_facts, upper_tokens
from llm_token_budget.providers import outcome
from llm_token_budget.providers.dialect import Body, Defaults, Dialect, Endpoint, Reading, parse_object
from llm_token_budget.usage import Usage

if TYPE_CHECKING:
    from llm_token_budget.manager import BudgetManager
    from llm_token_budget.reservation import Reservation

logger: Final = logging.getLogger("llm_token_budget")


@dataclass(frozen=True, slots=True)
class Guard:
    """A budget, and whom calls of a client are charged to."""

    budget: BudgetManager
    bound: Identity
    """What `wrap` was told: goes before the current session."""

    def identity(self) -> Identity:
        """Who is spending now."""
        return self.bound.over(current(self.budget))


def read_guard(
    budget: object,
    user_key: str | None,
    session_id: str | None,
    dimensions: Mapping[str, str] | None,
) -> Guard:
    """A guard from what a user typed.

    Raises:
        ConfigurationError: neither a budget nor a session, or a bad key.
    """
    from llm_token_budget.manager import BudgetManager

    stated = read_identity(user_key, session_id, dimensions)
    if isinstance(budget, Session):
        return Guard(budget.budget, stated.over(budget.identity))
    if isinstance(budget, BudgetManager):
        return Guard(budget, stated)
    raise ConfigurationError(
        f"wrap(client, budget) takes a BudgetManager or a session of one, not {type(budget).__name__}"
    )


class GuardedCall:
    """A call to a metered endpoint: one reservation per attempt and budget."""

    def __init__(self, guards: Sequence[Guard], endpoint: Endpoint, body: Body, provider: str) -> None:
        self.endpoint = endpoint
        self.body = body
        self._guards = guards
        self._provider = provider
        self._calls: list[Call] = []
        self._identities = [guard.identity() for guard in guards]
        for guard in guards:
            budget = guard.budget
            defaults = Defaults(
                max_output_tokens=budget.default_max_output_tokens, min_output_tokens=budget.min_output_tokens
            )
            self._calls.append(endpoint.read_call(body, provider, defaults))
        self.reservations: list[Reservation] = []
        """Those of the attempt under way."""
        self.sent = False
        """Whether the attempt under way was handed to the transport."""

    @property
    def call(self) -> Call:
        return self._calls[0]

    def reserve(self) -> None:
        """Hold room for the next attempt, in every budget or in none.

        Raises:
            BudgetExceeded: a limit has no room.
        """
        held: list[Reservation] = []
        try:
            for guard, call, identity in zip(self._guards, self._calls, self._identities, strict=True):
                held.append(guard.budget.reserve_call(call, identity).enter())
        except BaseException:
            for reservation in held:
                reservation.release()
            raise
        self._begin(held)

    async def areserve(self) -> None:
        """`reserve` for tasks."""
        held: list[Reservation] = []
        try:
            for guard, call, identity in zip(self._guards, self._calls, self._identities, strict=True):
                held.append(await guard.budget.reserve_call(call, identity).aenter())
        except BaseException:
            for reservation in held:
                reservation.release_later()
            raise
        self._begin(held)

    def _begin(self, held: list[Reservation]) -> None:
        self.reservations = held
        self.sent = False

    @property
    def clamp(self) -> int | None:
        """The maximum output that the attempt must be sent with; None if it may stay as it is."""
        lowest = [reservation.clamped_to for reservation in self.reservations]
        return min((each for each in lowest if each is not None), default=None)

    def failed(self, response: Any = None, error: BaseException | None = None) -> None:
        """End the attempt under way, which brought no answer."""
        ended, free = self._fail(response, error)
        for reservation in ended:
            end(reservation, None, free=free)

    async def afailed(self, response: Any = None, error: BaseException | None = None) -> None:
        """`failed` for tasks."""
        ended, free = self._fail(response, error)
        for reservation in ended:
            await aend(reservation, None, free=free)

    def failed_later(self, error: BaseException) -> None:
        """`failed` for a cancelled task, and wherever nothing may block."""
        ended, free = self._fail(None, error)
        for reservation in ended:
            if free:
                reservation.release_later()
            else:
                reservation.settle_later()

    def _fail(self, response: Any, error: BaseException | None) -> tuple[list[Reservation], bool]:
        ended, self.reservations = self.reservations, []
        if not ended:
            return [], True
        if response is not None:
            return ended, outcome.of_response(response) == "free"
        return ended, not self.sent or (error is not None and outcome.of_exception(error) == "free")

    def take_reservations(self) -> list[Reservation]:
        """The reservations of the attempt that was answered, for whoever settles them: its answer, or its stream."""
        taken, self.reservations = self.reservations, []
        return taken


def end(reservation: Reservation, reading: Reading | None, *, free: bool = False, estimated: bool = False) -> None:
    """End a reservation: by what an answer says, for free, or (knowing nothing) in full. Never raises: a reply may exist."""
    try:
        if free:
            reservation.release()
        elif reading is None:
            reservation.charge_unconfirmed()
        else:
            usage = usage_of(reading, reservation)
            reservation.settle(
                usage,
                model=reading.model,
                service_tier=reading.service_tier,
                estimated=estimated,
            )
    except ReservationConflict:
        logger.debug("a reservation had ended before")
    except Exception:
        logger.exception("a reservation could not be settled now; it is settled later")
        reservation.settle_later(None if reading is None else usage_of(reading, reservation))


async def aend(
    reservation: Reservation, reading: Reading | None, *, free: bool = False, estimated: bool = False
) -> None:
    """`end` for tasks."""
    try:
        if free:
            await reservation.arelease()
        elif reading is None:
            await reservation.acharge_unconfirmed()
        else:
            usage = usage_of(reading, reservation)
            await reservation.asettle(
                usage,
                model=reading.model,
                service_tier=reading.service_tier,
                estimated=estimated,
            )
    except ReservationConflict:
        logger.debug("a reservation had ended before")
    except Exception:
        logger.exception("a reservation could not be settled now; it is settled later")
        reservation.settle_later(None if reading is None else usage_of(reading, reservation))


def count_output(text: str, call: Call) -> int:
    """An upper bound of the tokens of an answer's text. Counted, not kept."""
    return upper_tokens(text, model_facts(call.model or "", call.provider).family)


def read_bill(call: GuardedCall, content: bytes) -> tuple[Reading | None, bool]:
    """(what a whole answer says of its bill, whether it is an estimate). None: it can't be read."""
    body = parse_object(content)
    reading = None if body is None else call.endpoint.read_answer(body)
    if reading is None or reading.complete:
        return reading, False
    if reading.output_tokens is None and reading.visible_text and not call.endpoint.hidden_output(call.body, call.call):
        reading = replace(reading, output_tokens=count_output(reading.visible_text, call.call))
    return replace(reading, visible_text=""), True


def usage_of(reading: Reading, reservation: Reservation) -> Usage:
    """A reading as a usage. Parts that contradict their total are left out: the total is what is billed."""
    try:
        return reading.usage(reservation.held_usage)
    except BudgetError:
        return Reading(input_tokens=reading.input_tokens, output_tokens=reading.output_tokens).usage(
            reservation.held_usage
        )


def guarded_call(
    guards: Sequence[Guard], dialect: Dialect, path: str, body: Body | None, provider: str
) -> GuardedCall | None:
    """The call behind a POST, or None if it costs nothing.

    Raises:
        UnmeteredCall: what it bills can't be measured, and a limit applies.
    """
    endpoint = dialect.endpoint(path)
    if endpoint is not None and body is not None:
        return GuardedCall(guards, endpoint, body, provider)
    if endpoint is None and dialect.free(path):
        return None
    refuse_unmetered(guards, f"POST {path}")
    return None


def refuse_unmetered(guards: Iterable[Guard], endpoint: str) -> None:
    """Refuse what can't be measured where a hard limit applies.

    Raises:
        UnmeteredCall: a limit applies and the budget doesn't allow such calls.
    """
    for guard in guards:
        if guard.budget.refuses_unmetered(guard.identity()):
            raise UnmeteredCall(endpoint)
