"""Holding room for a call before it is sent, in somebody's name."""

from __future__ import annotations

import weakref
from collections.abc import Iterable

from llm_token_budget.claims import Call
from llm_token_budget.context import Identity, Session, read_identity
from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation import model_facts
from llm_token_budget.identifiers import id_of_key
from llm_token_budget.ledgers.base import Counter
from llm_token_budget.limits import Amount, Limit, check_key, read_limits
from llm_token_budget.manager.workings import Dimensions, Workings
from llm_token_budget.money import parse_usd
from llm_token_budget.options import check_count, check_name
from llm_token_budget.reservation import Reservation


class Reserving(Workings):
    """The primitive that wrapped clients, decorators and web doors stand on, and the blocks that name who spends."""

    def reserve(
        self,
        *,
        model: str | None = None,
        provider: str | None = None,
        input_tokens: int = 0,
        max_output_tokens: int | None = None,
        min_output_tokens: int | None = None,
        usd: Amount | None = None,
        tokens: int | None = None,
        service_tier: str | None = None,
        user_key: str | None = None,
        session_id: str | None = None,
        dimensions: Dimensions | None = None,
        idempotency_key: str | None = None,
    ) -> Reservation:
        """Room for one call: enter it with `with` or `async with`, then settle it. Holds nothing before it is entered.

        Give either a call of a model (`model`, `input_tokens`, `max_output_tokens`), or plain `usd` or `tokens` for what is
        not a model's call (a paid tool, an image).

        Args:
            model: the model; `default_model` where left out.
            provider: whose model it is, where the name alone doesn't say.
            input_tokens: an upper bound of what is sent.
            max_output_tokens: the maximum that the call is sent with. Where left out, `reservation.max_output_tokens` says
                what was granted: send the call with that.
            min_output_tokens: if given, less than `max_output_tokens` may be granted near a limit, but not less than this:
                `reservation.max_output_tokens` says how much. Otherwise all or nothing.
            usd: USD.
            tokens: tokens.
            service_tier: the tier that the call asks for.
            user_key: who spends; the session's user where left out.
            session_id: the session it is part of.
            dimensions: further keys, for limits whose scope is a dimension.
            idempotency_key: names the work, for this user, where it may be begun more than once: the id of a task that a
                queue delivers again, say. While its reservation is open (its worker was killed), entering again holds nothing
                more. Once that has ended, whichever way, entering raises `ReservationConflict`: the work was done before, or
                given up and charged when its lease ended. Work that is to be done anew takes a new key
                (`f"{task_id}:{retries}"`). Ended keys are remembered for a day and the longest lease.

        Raises:
            ConfigurationError: an argument is wrong. (Entering raises `BudgetExceeded` and `UnknownModelPrice`.)
        """
        identity = self.identify(user_key, session_id, dimensions)
        own_id = None
        if idempotency_key is not None:
            own_id = id_of_key(identity.user_key, check_key(idempotency_key, "idempotency_key"))
        check_name("provider", provider)
        check_name("service_tier", service_tier)
        if usd is not None or tokens is not None:
            of_a_call = (model, max_output_tokens, min_output_tokens, service_tier)
            if input_tokens or any(argument is not None for argument in of_a_call):
                raise ConfigurationError(
                    "reserve() takes plain usd= or tokens=, or a model's call with input_tokens=, not both"
                )
            call = Call(
                provider=provider,
                usd=None if usd is None else parse_usd(usd),
                input_tokens=0 if tokens is None else check_count("tokens", tokens),
                choices=0,
            )
            return Reservation(self._admissions, call, identity, own_id)
        output = None if max_output_tokens is None else check_count("max_output_tokens", max_output_tokens)
        least = output if min_output_tokens is None else check_count("min_output_tokens", min_output_tokens)
        model = self._model(model)
        facts = model_facts(model or "", provider)
        call = Call(
            provider=provider,
            model=model,
            input_tokens=check_count("input_tokens", input_tokens),
            max_output_tokens=output,
            model_maximum=facts.max_output_tokens or None,
            # An embedding has no output; neither has a call of no model.
            choices=0 if output is None and (model is None or facts.max_output_tokens == 0) else 1,
            min_output_tokens=least,
            service_tier=service_tier,
        )
        return Reservation(self._admissions, call, identity, own_id)

    def reserve_call(self, call: Call, identity: Identity) -> Reservation:
        """`reserve` for wrapped clients, who have read the call already."""
        return Reservation(self._admissions, call, identity)

    def refuses_unmetered(self, identity: Identity) -> bool:
        """Whether a call that can't be measured is refused: a limit applies to whoever makes it, and no option allows it.

        Under `admission="estimate"` too, whose limits are not hard: an overrun is counted there, such a call never would be.
        """
        if self.unmetered.allowed or self.admission == "observe":
            return False
        return any(limit.enforce for limit, _ in self._planner.lines_for(identity, None, None))

    def session(
        self,
        user_key: str | None = None,
        session_id: str | None = None,
        *,
        dimensions: Dimensions | None = None,
        limits: Iterable[Limit] = (),
    ) -> Session:
        """A block of calls that are charged to somebody: `with budget.session(user_key="ada"): ...`, in async code too.

        Args:
            user_key: who spends.
            session_id: the session, for limits per session: a session's key is its user and its id.
            dimensions: further keys, such as `{"org": "acme"}`.
            limits: limits on this block alone (one agent run, one job).

        Raises:
            ConfigurationError: a bad key, or a limit that is not one of a run.
        """
        session = Session(self, read_identity(user_key, session_id, dimensions), read_limits(limits))
        if (run := session.run) is not None:
            counters = tuple(Counter(("run",), (run.id,), limit.span.id) for limit in run.limits)
            weakref.finalize(run, self._ledger.forget_later, counters).atexit = False
        return session
