"""One logical call through a wrapped client: its attempts reserve, and each of them ends.

Vendor-neutral. The seams (stainless, ollama) say when an attempt starts, fails and is answered.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from llm_token_budget.claims import Call
from llm_token_budget.context import NOBODY, Identity, Session, current, read_identity
from llm_token_budget.errors import BudgetError, ConfigurationError, ReservationConflict, UnmeteredCall
from llm_token_budget.estimation import TokenEstimate, model_facts, upper_tokens
from llm_token_budget.estimation.estimator import counted_by_provider
from llm_token_budget.ledgers.base import Charge
from llm_token_budget.providers import background, outcome
from llm_token_budget.providers.dialect import NO_PARTS, Body, Defaults, Dialect, Endpoint, Reading, parse_object
from llm_token_budget.providers.hosts import place_of, provider_at
from llm_token_budget.providers.regions import region_of
from llm_token_budget.providers.server import Lowered
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
    defaults: Defaults
    provider: str | None = None
    """Whose prices count where a request is sent; None: the client's own vendor's."""
    geography: str | None = None
    """Where requests have to be worked on, if the address says so and the provider asks more for it."""

    def at(self, address: str, said: str | None, vendor: str) -> Guard:
        """The same for an address. `said` goes first: then the budget's `hosts`, then what is known of the host."""
        provider = said or self.budget.prices.provider_at(*place_of(address)) or provider_at(address, vendor)
        return replace(self, provider=provider, geography=region_of(provider, address))

    def placed(self, call: Call) -> Call:
        """A call, worked on where the address says."""
        return call if self.geography is None else call._replace(geography=self.geography)

    def identity(self) -> Identity:
        """Who is spending now."""
        ambient = current(self.budget)
        return self.bound if ambient is NOBODY else self.bound.over(ambient)


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
        return Guard(budget.budget, stated.over(budget.identity), _defaults(budget.budget))
    if isinstance(budget, BudgetManager):
        return Guard(budget, stated, _defaults(budget))
    raise ConfigurationError(
        f"wrap(client, budget) takes a BudgetManager or a session of one, not {type(budget).__name__}"
    )


def _defaults(budget: BudgetManager) -> Defaults:
    return Defaults(
        max_output_tokens=budget.default_max_output_tokens,
        min_output_tokens=budget.min_output_tokens,
        estimate=budget.estimator,
    )


class GuardedCall:
    """A call to a metered endpoint: one reservation per attempt and budget."""

    fixed = False
    """Whether any answer costs the same, whatever it says."""

    def __init__(
        self, guards: Sequence[Guard], endpoint: Endpoint, body: Body, provider: str, calls: list[Call] | None = None
    ) -> None:
        self.endpoint = endpoint
        self.body = body
        self._guards = guards
        self._provider = provider
        self._identities: list[Identity] = []
        for guard in guards:
            self._identities.append(guard.identity())
        self._calls = calls or self._read(body)
        self.reservations: list[Reservation] = []
        """Those of the attempt under way."""
        self.clamp: int | None = None
        """The maximum output that the attempt must be sent with; None if it may stay as it is."""
        self.sent = False
        """Whether the attempt under way was handed to the transport."""
        self.promised: str | None = None
        """The id of the answer, if it is still being worked on."""
        self.hides_usage = False
        """Whether usage was asked for that the caller didn't ask for."""
        self.lowered: Lowered | None = None
        """What the attempt under way was changed in."""

    @property
    def call(self) -> Call:
        return self._calls[0]

    def read_again(self, body: Body) -> None:
        """Take the body of the next attempt, which is another than was read: middleware may change requests."""
        self.body, self._calls = body, self._read(body)

    def _read(self, body: Body) -> list[Call]:
        read, vendor = self.endpoint.read_call, self._provider
        return [guard.placed(read(body, guard.provider or vendor, guard.defaults)) for guard in self._guards]

    def counted(self, tokens: int) -> None:
        """The provider says how many tokens the input is: for the budgets that asked."""
        for place, (guard, call) in enumerate(zip(self._guards, self._calls, strict=True)):
            if guard.budget.estimator.asks_provider and call.estimate is not None:
                estimate = counted_by_provider(call.estimate, tokens)
                self._calls[place] = call._replace(
                    input_tokens=estimate.upper, expected_input_tokens=estimate.expected, estimate=estimate
                )

    def reserve(self) -> None:
        """Hold room for the next attempt, in every budget or in none.

        Raises:
            BudgetExceeded: a limit has no room.
        """
        held: list[Reservation] = []
        try:
            for guard, call, identity in zip(self._guards, self._calls, self._identities, strict=True):
                held.append(guard.budget.reserve_call(call, identity).enter(self))
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
                held.append(await guard.budget.reserve_call(call, identity).aenter(self))
        except BaseException:
            for reservation in held:
                reservation.release_later()
            raise
        self._begin(held)

    def _begin(self, held: list[Reservation]) -> None:
        self.reservations = held
        self.sent = False
        self.clamp = None
        for reservation in held:
            most = reservation.clamped_to
            if most is not None and (self.clamp is None or most < self.clamp):
                self.clamp = most

    def failed(self, response: Any = None, error: BaseException | None = None) -> None:
        """End the attempt under way, which brought no answer."""
        for reservation, charge in self.losses(response, error):
            end(reservation, charge)

    async def afailed(self, response: Any = None, error: BaseException | None = None) -> None:
        """`failed` for tasks."""
        for reservation, charge in self.losses(response, error):
            await aend(reservation, charge)

    def failed_later(self, error: BaseException) -> None:
        """`failed` for a cancelled task, and wherever nothing may block."""
        for reservation, charge in self.losses(None, error):
            reservation.book_later(charge)

    def end_early(self) -> None:
        """The budget is closed: what was not sent is free, of what is on its way nobody knows.

        They stay the call's own: if an answer comes after all, it says the truth.
        """
        for reservation in self.reservations:
            if not reservation.ended:
                reservation.book_later(reservation.unknown_charge() if self.sent else None)

    def losses(self, response: Any, error: BaseException | None = None) -> list[tuple[Reservation, Charge | None]]:
        """What a failed attempt is charged: nothing, or what its budget says if nobody knows whether it was billed."""
        ended = self.take_reservations()
        if not ended:
            return []
        how: outcome.Outcome = "unknown"
        if response is not None:
            how = outcome.of_response(response)
        elif not self.sent:
            how = "free"
        elif error is not None:
            how = outcome.of_exception(error)
        match how:
            case "free":
                return [(reservation, None) for reservation in ended]
            case "unread":
                return [(reservation, reservation.unread_charge()) for reservation in ended]
            case _:
                return [(reservation, reservation.unknown_charge()) for reservation in ended]

    def charges(self, reading: Reading | None, *, estimated: bool) -> list[tuple[Reservation, Charge | None]]:
        """What the attempt that was answered is charged in each budget."""
        taken = self.take_reservations()
        if self.promised is not None:
            self.await_promised(taken)
        charged: list[tuple[Reservation, Charge | None]] = []
        for reservation in taken:
            charged.append((reservation, charge_of(reservation, reading, estimated=estimated)))  # noqa: PERF401 - one call less
        return charged

    def await_promised(self, reservations: Sequence[Reservation]) -> None:
        """If the answer is still being worked on, let it settle these when it is asked for."""
        if self.promised is not None:
            for guard, reservation in zip(self._guards, reservations, strict=True):
                background.remember(guard.budget, self.promised, reservation)

    def take_reservations(self) -> list[Reservation]:
        """The reservations of the attempt that was answered, for whoever settles them: its answer, or its stream."""
        taken, self.reservations = self.reservations, []
        return taken


class FixedCall(GuardedCall):
    """A call that can't be measured, to an endpoint for which each budget has a charge of its own."""

    fixed = True

    def __init__(self, charged: Sequence[tuple[Guard, int]], body: Body, provider: str) -> None:
        self._charged = [charge for _, charge in charged]
        super().__init__([guard for guard, _ in charged], _FIXED, body, provider)

    def _read(self, body: Body) -> list[Call]:
        del body
        return [
            Call(provider=guard.provider or self._provider, usd=charge, choices=0)
            for guard, charge in zip(self._guards, self._charged, strict=True)
        ]


class LateCall(GuardedCall):
    """A free request for an answer that was promised: what that says settles the call that it was promised to."""

    def __init__(self, endpoint: Endpoint, provider: str, late: Sequence[background.LateReservation]) -> None:
        super().__init__((), endpoint, {}, provider)
        self._calls = [Call(provider=provider)]
        self._late = late

    def reserve(self) -> None:
        """It costs nothing."""

    async def areserve(self) -> None:
        """It costs nothing."""

    def losses(self, response: Any, error: BaseException | None = None) -> list[tuple[Reservation, Charge | None]]:
        del response, error
        return []

    def read_again(self, body: Body) -> None:
        del body

    def await_promised(self, reservations: Sequence[Reservation]) -> None:
        """It is awaited already."""

    def take_reservations(self) -> list[Reservation]:
        taken, self._late = self._late, ()
        return cast("list[Reservation]", list(taken))


def late_call(guards: Sequence[Guard], dialect: Dialect, path: str, provider: str) -> LateCall | None:
    """The request behind a path, if it asks for an answer that a budget waits for."""
    asked_for = dialect.asked_for(path)
    if asked_for is None:
        return None
    endpoint, answer_id = asked_for
    late = [each for guard in guards if (each := background.awaited(guard.budget, answer_id)) is not None]
    return LateCall(endpoint, provider, late) if late else None


_NOTHING: Final = Reading(input_tokens=0, output_tokens=0)
_FIXED: Final = Endpoint(
    read_call=lambda _body, provider, _defaults: Call(provider=provider), read_answer=lambda _: _NOTHING
)


def charge_of(reservation: Reservation, reading: Reading | None, *, estimated: bool) -> Charge | None:
    """What an answer comes to; if nobody can know, what the reservation's budget says of such calls.

    Without a reading, `estimated` means that a part of the answer was seen.
    """
    if reading is None:
        return reservation.unknown_charge(begun=estimated)
    input_tokens, output_tokens, parts, model, tier, _, _ = reading
    if input_tokens is not None and (estimate := reservation.call.estimate) is not None:
        _teach(estimate, input_tokens, parts)
    if not parts and input_tokens is not None and output_tokens is not None:
        return reservation.charge_for_totals(input_tokens, output_tokens, model, tier, estimated=estimated)
    usage = usage_of(reading, reservation)
    return reservation.charge_for(usage, model=reading.model, service_tier=reading.service_tier, estimated=estimated)


def _teach(estimate: TokenEstimate, input_tokens: int, parts: Mapping[str, Any]) -> None:
    """Tell whoever estimated the input what it was billed. Never raises: a reply exists."""
    if estimate.learner is None:
        return
    try:
        estimate.learner.learn(estimate, input_tokens, sum(parts.get(kind, 0) for kind in _CACHED) if parts else 0)
    except Exception:
        logger.exception("an estimate could not learn from a bill")


_CACHED: Final = ("cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "cache_write_12h_tokens")
"""What a provider keeps of an input, and what it already had."""


def end(reservation: Reservation, charge: Charge | None) -> None:
    """End a reservation with a charge, or for free. Never raises: a reply may exist."""
    try:
        reservation.book(charge)
    except ReservationConflict:
        logger.debug("a reservation had ended before")
    except Exception:
        logger.exception("a reservation could not be settled now; it is settled later")
        reservation.book_later(charge)


def renew(reservation: Reservation) -> None:
    """Keep the room of an answer that goes on. Never raises: the answer goes first."""
    try:
        reservation.renew()
    except Exception:
        logger.exception("a reservation could not be renewed; if its lease ends, it is charged until the truth comes")


async def arenew(reservation: Reservation) -> None:
    """`renew` for tasks."""
    try:
        await reservation.arenew()
    except Exception:
        logger.exception("a reservation could not be renewed; if its lease ends, it is charged until the truth comes")


async def aend(reservation: Reservation, charge: Charge | None) -> None:
    """`end` for tasks."""
    try:
        await reservation.abook(charge)
    except ReservationConflict:
        logger.debug("a reservation had ended before")
    except Exception:
        logger.exception("a reservation could not be settled now; it is settled later")
        reservation.book_later(charge)


def count_output(text: str, call: Call) -> int:
    """An upper bound of the tokens of an answer's text. Counted, not kept."""
    return upper_tokens(text, model_facts(call.model or "", call.provider).family)


def read_bill(call: GuardedCall, content: bytes) -> tuple[Reading | None, bool]:
    """(what a whole answer says of its bill, whether it is an estimate). None: it can't be read."""
    return read_body(call, None if call.fixed else parse_object(content))


def read_body(call: GuardedCall, body: Body | None) -> tuple[Reading | None, bool]:
    """`read_bill` of an answer that was parsed."""
    if call.fixed:
        return _NOTHING, False
    if body is not None and call.endpoint.promised is not None:
        call.promised = call.endpoint.promised(body)
        if call.promised is not None:
            return None, True
    reading = None if body is None else call.endpoint.read_answer(body)
    if reading is None or (reading.input_tokens is not None and reading.output_tokens is not None):
        return reading, False
    if reading.output_tokens is None and reading.visible_text and not call.endpoint.hidden_output(call.body, call.call):
        reading = reading._replace(output_tokens=count_output(reading.visible_text, call.call))
    return reading._replace(visible_text=""), True


def usage_of(reading: Reading, reservation: Reservation) -> Usage:
    """A reading as a usage. Parts that contradict their total are left out: the total is what is billed."""
    try:
        return reading.usage(reservation.input_tokens, reservation.output_tokens)
    except BudgetError:
        totals = reading._replace(parts=NO_PARTS)
        return totals.usage(reservation.input_tokens, reservation.output_tokens)


def guarded_call(
    guards: Sequence[Guard], dialect: Dialect, path: str, body: Body | None, provider: str
) -> GuardedCall | None:
    """The call behind a POST, or None if it costs nothing, or is let pass unmeasured.

    Raises:
        UnmeteredCall: what it bills can't be measured, a limit applies, and the budget has no charge for such calls.
    """
    endpoint = dialect.endpoint(path)
    if endpoint is not None and body is not None and (endpoint.measures is None or endpoint.measures(body)):
        return GuardedCall(guards, endpoint, body, provider)
    if endpoint is None and dialect.free(path):
        return None
    name = f"POST {path}"
    charges = [(guard, guard.budget.unmetered.charge(name)) for guard in guards]
    charged = [(guard, charge) for guard, charge in charges if charge is not None]
    refuse_unmetered([guard for guard, charge in charges if charge is None], name)
    return FixedCall(charged, body or {}, provider) if charged else None


def refuse_unmetered(guards: Iterable[Guard], endpoint: str) -> None:
    """Refuse what can't be measured where a hard limit applies, and note where it passes.

    Raises:
        UnmeteredCall: a limit applies and the budget doesn't allow such calls.
    """
    guards = list(guards)
    for guard in guards:
        if guard.budget.refuses_unmetered(guard.identity()):
            raise UnmeteredCall(endpoint)
    for guard in guards:
        guard.budget.unmetered.note(endpoint)
