"""Requests that were read before, so that the same one need not be read again. Of a request a hash is kept, never its text."""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from llm_token_budget.claims import Call
    from llm_token_budget.estimation import TokenEstimate
    from llm_token_budget.providers.dialect import Body, Endpoint
    from llm_token_budget.providers.guard import Guard

LONGEST: Final = 16_384
"""Bytes of a request, above which it isn't looked for: a hash of all of it costs more than its texts' remembered counts."""

KEPT: Final = 512
"""So many requests are known, and so many are noted as seen once."""

Key = tuple[str, int, int]


class Known(NamedTuple):
    """What was read of a request, for each guard."""

    endpoint: Endpoint
    estimates: list[TokenEstimate]
    """Before earlier bills had their say."""
    turns: list[int]
    """Of the calibration, when they last had it."""
    calls: list[Call]
    """What came of that. Whoever plans a call knows it again by being the same object."""
    streams: bool
    """Whether usage has to be asked for."""


class Familiar:
    """What was read of requests to one address, for its guards. Single dict operations, no lock: a lost race reads once more."""

    __slots__ = ("_guards", "_known", "_once")

    def __init__(self, guards: Sequence[Guard]) -> None:
        self._guards = guards
        self._known: dict[Key, Known] = {}
        self._once: dict[Key, None] = {}

    def find(self, key: Key) -> Known | None:
        """What is known of a request, corrected by what bills have taught since."""
        known = self._known.get(key)
        if known is None:
            return None
        turns = known.turns
        for place, guard in enumerate(self._guards):
            estimator = guard.budget.estimator
            if (turn := estimator.calibration.turn) != turns[place]:
                estimate, call = estimator.calibrated(known.estimates[place]), known.calls[place]
                if estimate.upper != call.input_tokens or estimate.expected != call.expected_input_tokens:
                    known.calls[place] = _estimated(call, estimate)
                turns[place] = turn
        return known

    def note(self, key: Key, endpoint: Endpoint, body: Body, vendor: str) -> None:
        """Remember what a request was read as, the second time that it comes: most come only once."""
        if not endpoint.recurs:
            return
        if key not in self._once:
            if len(self._once) >= KEPT:
                self._once.clear()
            self._once[key] = None
            return
        estimates: list[TokenEstimate] = []
        calls: list[Call] = []
        for guard in self._guards:
            defaults = replace(guard.defaults, estimate=guard.budget.estimator.uncalibrated)
            call = guard.placed(endpoint.read_call(body, guard.provider or vendor, defaults))
            estimate = call.estimate
            if estimate is None or estimate.request is None:
                return
            estimate = estimate._replace(request=estimate.request._replace(parts=()))
            estimates.append(estimate)
            calls.append(_estimated(call, estimate))
        if len(self._known) >= KEPT:
            self._known.clear()
        turns = [-1] * len(calls)
        self._known[key] = Known(endpoint, estimates, turns, calls, endpoint.asks_usage(body) is not None)


def _estimated(call: Call, estimate: TokenEstimate) -> Call:
    return call._replace(
        input_tokens=estimate.upper, expected_input_tokens=estimate.expected, estimate=estimate, recurs=True
    )


def key_of(path: str, options: Any) -> Key | None:
    """What tells a request from all others; None for one that isn't all in its JSON body, or is long."""
    if options.json_data.__class__ is not dict or options.extra_json or options.files:
        return None
    try:
        # Version 2 writes equal values alike and tells all types apart; what isn't plain data, it refuses.
        content = marshal.dumps(options.json_data, 2)
    except ValueError:
        return None
    return (path, hash(content), len(content)) if len(content) <= LONGEST else None
