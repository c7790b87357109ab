"""Which limits have a say in a call, whose they are, and where they are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llm_token_budget.claims.rules import Rules
from llm_token_budget.claims.spans import Spans
from llm_token_budget.context import Identity
from llm_token_budget.errors import BudgetError, ConfigurationError, MissingUser, UnknownModelPrice
from llm_token_budget.ledgers.base import Counter, Line
from llm_token_budget.limits import UNITS, Limit
from llm_token_budget.pricing.names import canonical_provider

if TYPE_CHECKING:
    from llm_token_budget.pricing import PriceBook, RateCard

ANONYMOUS: Final = ""
"""The key of whoever has no name, where `missing_user="share"` lets them call."""

LONGEST_NAME: Final = 256
"""Of a model or a provider, as a key."""

_NO_PROVIDERS: Final = {"custom", "any"}
"""What rate cards name instead of a provider where they are the user's own, or an upper bound of all."""


@dataclass(frozen=True, slots=True)
class Say:
    """The limits that have a say in a call, as a claim takes them."""

    turn: int
    """The windows' turn that it holds in."""
    card: RateCard | None
    """The prices that it was found with: they name the model whose limits apply."""
    counters: tuple[Counter, ...]
    lines: tuple[Line, ...]
    limits: tuple[Limit, ...]
    problems: tuple[BudgetError, ...]


class Saying:
    """The part of a planner that knows limits, keys and counters."""

    rules: Rules
    spans: Spans
    _prices: PriceBook
    _enforces: bool
    """Whether anything is refused at all."""

    def _find_say(self, identity: Identity, provider: str | None, model: str | None, card: RateCard | None) -> Say:
        model, provider = _counted_as(card, model, provider)
        # Before the windows are read: should they move on meanwhile, nothing stale is remembered.
        turn = self.spans.turn
        places = {counter: place for place, counter in enumerate(self.statistics_counters(identity))}
        lines: list[Line] = []
        limits: list[Limit] = []
        problems: list[BudgetError] = []
        for limit, key in self._applicable(identity, provider, model, problems):
            try:
                amount = limit.amount_for(key)
            except ConfigurationError as problem:
                if self._insists(limit):
                    raise
                problems.append(problem.with_traceback(None))
                continue
            place = -1
            if limit.scopes != ("call",):
                place = places.setdefault(self.counter(limit, key), len(places))
            unit = UNITS.index(limit.unit)
            lines.append(Line(limit.name, key, unit, amount, place, self._insists(limit)))
            limits.append(limit)
        return Say(turn, card, tuple(places), tuple(lines), tuple(limits), tuple(problems))

    def _insists(self, limit: Limit) -> bool:
        """Whether it may refuse a call, rather than watch it."""
        return limit.enforce and self._enforces

    def lines_for(
        self, identity: Identity, model: str | None, provider: str | None
    ) -> list[tuple[Limit, tuple[str, ...]]]:
        """The limits that a key is known for, and those keys. Asks for nobody's name."""
        model, provider = self._counted(model, provider)
        return list(self._applicable(identity, provider, model))

    def lines(self, found: Sequence[tuple[Limit, tuple[str, ...]]]) -> list[Line]:
        """Lines of a claim for some limits and keys, looking at no counter."""
        return [Line(limit.name, key, UNITS.index(limit.unit), limit.amount_for(key), -1) for limit, key in found]

    def counter(self, limit: Limit, key: tuple[str, ...]) -> Counter:
        """The counter that a limit looks at, in its current window."""
        start, end, sliding = self.spans.of(limit.span)
        return Counter(limit.key_names or limit.scopes, key, limit.span.id, start, end, sliding)

    def statistics_counters(self, identity: Identity) -> list[Counter]:
        """Where a call is counted whatever the limits: for everyone, the user and the session."""
        window = self.rules.statistics_window
        start, end, _ = self.spans.of(window)
        counters = [Counter(("global",), (), window.id, start, end)]
        user, session = identity.user_key, identity.session_id
        if user is not None or self.rules.missing_user == "share":
            counters.append(Counter(("user",), (user or ANONYMOUS,), window.id, start, end))
        if session is not None:
            counters.append(Counter(("user", "session"), (user or ANONYMOUS, session), window.id, start, end))
        return counters

    def all_counters(self, identity: Identity, model: str | None, provider: str | None) -> tuple[Counter, ...]:
        """Every counter that something spent by somebody belongs to."""
        model, provider = self._counted(model, provider)
        counters = dict.fromkeys(self.statistics_counters(identity))
        for limit, key in self._applicable(identity, provider, model):
            if limit.scopes != ("call",):
                counters[self.counter(limit, key)] = None
        return tuple(counters)

    def _applicable(
        self, identity: Identity, provider: str | None, model: str | None, problems: list[BudgetError] | None = None
    ) -> list[tuple[Limit, tuple[str, ...]]]:
        """The limits that apply, and their keys. With a list for problems, missing keys are asked for."""
        found: list[tuple[Limit, tuple[str, ...]]] = []
        for limit in self.rules.limits:
            if not limit.key_names:
                found.append((limit, ()))
                continue
            try:
                key = self._key(limit, identity, provider, model, ask=problems is not None)
            except ConfigurationError as problem:
                if problems is None or self._insists(limit):
                    raise
                problems.append(problem.with_traceback(None))
                continue
            if key is not None:
                found.append((limit, key))
        for run in identity.runs:
            found += [(limit, (run.id,)) for limit in run.limits]
        return found

    def _key(
        self, limit: Limit, identity: Identity, provider: str | None, model: str | None, *, ask: bool
    ) -> tuple[str, ...] | None:
        """Whose limit it is in this call; None if it doesn't apply."""
        parts: list[str] = []
        for name in limit.key_names:
            match name:
                case "user":
                    part = identity.user_key
                    if part is None and "user" in limit.scopes and self.rules.missing_user != "share":
                        if ask and (self.rules.missing_user == "refuse" or limit.required):
                            raise _missing_user(limit)
                        return None
                    part = part or ANONYMOUS
                case "session":
                    part = identity.session_id
                case "model":
                    part = model
                case "provider":
                    part = provider
                case _:
                    part = identity.dimensions.get(name)
            if part is None:
                if limit.required and ask:
                    raise _missing_part(limit, name)
                return None
            parts.append(part)
        return tuple(parts)

    def _counted(self, model: str | None, provider: str | None) -> tuple[str | None, str | None]:
        """`_counted_as` for what has no claim. Asks for no price where no limit depends on it."""
        if model is None or not any({"model", "provider"} & set(limit.scopes) for limit in self.rules.limits):
            return model, provider
        try:
            return _counted_as(self._prices.rate_card(model, provider), model, provider)
        except UnknownModelPrice:
            return _counted_as(None, model, provider)


def _counted_as(card: RateCard | None, model: str | None, provider: str | None) -> tuple[str | None, str | None]:
    """The model and provider whose limits a call counts towards: all names of a model are one."""
    if card is not None and card.provider != "any":
        model = card.model
    elif model is not None:
        model = model[:LONGEST_NAME]
    if provider is not None:
        return model, canonical_provider(provider[:LONGEST_NAME])
    return model, None if card is None or card.provider in _NO_PROVIDERS else card.provider


def _missing_user(limit: Limit) -> MissingUser:
    return MissingUser(
        f"limit {limit.name!r} is per user, and nobody said who is spending: enter budget.session(user_key=...), "
        "use wrap(client, budget, user_key=...), or choose BudgetManager(missing_user='share' or 'exempt')"
    )


def _missing_part(limit: Limit, name: str) -> ConfigurationError:
    option = "session_id=" if name == "session" else f"dimensions={{{name!r}: ...}}"
    return ConfigurationError(
        f"limit {limit.name!r} is required, and the call has no {name}: give {option} to session() or wrap()"
    )
