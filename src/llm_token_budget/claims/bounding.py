"""What a call may bring and cost at most, or is expected to: the amounts of its claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from llm_token_budget.claims.calls import Call
from llm_token_budget.claims.rules import Rules
from llm_token_budget.claims.saying import Say
from llm_token_budget.errors import ConfigurationError
from llm_token_budget.identifiers import new_id
from llm_token_budget.ledgers.base import NANO_USD, SLOPE_SCALE, Amounts, Claim, Line, make
from llm_token_budget.money import nano_from_pico
from llm_token_budget.usage import ToolUse, Usage

if TYPE_CHECKING:
    from llm_token_budget.estimation import TokenEstimate
    from llm_token_budget.pricing import PriceBook, RateCard

MIN_OUTPUT_TOKENS: Final = 1024
DEFAULT_MAX_OUTPUT_TOKENS: Final = 4096
"""Where neither the call nor the budget says."""

EXPECTED_PART: Final = 4
"""Under `admission="estimate"`, an answer is expected to be a quarter of what is usual for a request without a maximum."""


class Bounding:
    """The part of a planner that knows amounts."""

    rules: Rules
    _prices: PriceBook
    _expects: bool
    """Whether what is likely is claimed, rather than the most."""

    def _claim(self, call: Call, card: RateCard | None, say: Say, *, patient: bool) -> Claim:
        money, slope = call.usd or 0, 0
        input_tokens, choices, audio = call.input_tokens, call.choices, call.audio
        if self._expects and call.expected_input_tokens is not None:
            input_tokens = min(call.expected_input_tokens, input_tokens)
        if self.rules.admission == "strict" and call.estimate is not None and call.estimate.is_open:
            _refuse_unseen(say.lines)
        if call.tools and not call.tools_bounded and self.rules.admission == "strict":
            _refuse_unbounded(call.tools, say.lines)
        if card is not None:
            if self._expects:
                pico = card.cost_pico(Usage(input_tokens=input_tokens))
            else:
                if (estimate := call.estimate) is not None:
                    input_tokens = _narrowed(estimate, card, input_tokens)
                pico = _worst_input(call, card, input_tokens)
            if call.tools:
                uses = [ToolUse(tool, 1) for tool, _ in call.tools] if self._expects else call.tools
                pico += self._prices.tool_fees_pico(card, uses, call.provider, call.model)
            money += nano_from_pico(pico)
            slope = card.worst_output_pico(input_tokens, audio=audio) * choices
        want, at_least, share, floor = self._output(call, say.lines) if choices else (0, 0, 0, 0)
        fixed = make(Amounts, (input_tokens, money, 1))
        slopes = (SLOPE_SCALE * choices, slope, 0)
        lease = self.rules.lease
        return make(
            Claim, (new_id(), say.counters, say.lines, fixed, slopes, want, at_least, share, floor, lease, patient)
        )

    def _output(self, call: Call, lines: Sequence[Line]) -> tuple[int, int, int, int]:
        """(want, at_least, share, share_floor) of the claim's free variable."""
        rules = self.rules
        if self._expects:
            expected = call.expected_output_tokens
            if expected is None:
                expected = min(self._at_most(call), max(self._usual(call) // EXPECTED_PART, 1))
            return expected, expected, 0, 0
        least = call.min_output_tokens
        if least is None:
            least = MIN_OUTPUT_TOKENS if rules.min_output_tokens is None else rules.min_output_tokens
        if call.max_output_tokens is not None:
            want = call.max_output_tokens
            return want, want if rules.admission == "strict" else min(want, least), 0, 0
        if rules.admission == "strict" and call.model_maximum is None and any(line.unit <= NANO_USD for line in lines):
            raise ConfigurationError(
                f"admission='strict' never changes a request, and nobody knows how much {call.model!r:.80} writes at most: "
                "set the request's own maximum (max_tokens or the like), or use admission='clamp'"
            )
        floor = self._usual(call)
        want = call.model_maximum or floor
        if rules.admission != "clamp":
            return want, want if rules.admission == "strict" else min(want, least), 0, 0
        least = min(want, least)
        return (want, least, rules.output_share, max(floor, least)) if call.model_maximum else (want, least, 0, 0)

    def _usual(self, call: Call) -> int:
        return call.default_max_output_tokens or self.rules.default_max_output_tokens or DEFAULT_MAX_OUTPUT_TOKENS

    def _at_most(self, call: Call) -> int:
        """What a request that stays as it is may bring, per choice."""
        if not call.choices:
            return 0
        if call.max_output_tokens is not None:
            return call.max_output_tokens
        return call.model_maximum or self._usual(call)


def _refuse_unseen(lines: Sequence[Line]) -> None:
    if any(line.unit <= NANO_USD for line in lines):
        raise ConfigurationError(
            "admission='strict' holds only what it can see, and a part of this request is kept by the server "
            "(previous_response_id, a stored prompt, a conversation): send the whole input, or use admission='clamp', which "
            "holds the model's whole context for it"
        )


def _refuse_unbounded(tools: Sequence[ToolUse], lines: Sequence[Line]) -> None:
    if any(line.unit == NANO_USD for line in lines):
        names = ", ".join(dict.fromkeys(use.tool for use in tools))
        raise ConfigurationError(
            f"admission='strict' holds only what is bounded, and this request lets the provider use tools that it bills by the "
            f"call ({names}) as often as it likes: set max_uses on the tool (Anthropic) or max_tool_calls (OpenAI), or use "
            "admission='clamp', which holds a few uses of each"
        )


def _narrowed(estimate: TokenEstimate, card: RateCard, most: int) -> int:
    """The bound of the input: counted exactly where only its margin would make the whole call dearer."""
    bands = card.tariff.bands
    if len(bands) == 1 or not any(estimate.expected <= band.above < most for band in bands[1:]):
        return most
    if estimate.learner is None or estimate.request is None:
        return most
    counted = estimate.learner.recount(estimate.request)
    return most if counted is None else min(counted, most)


def _worst_input(call: Call, card: RateCard, input_tokens: int) -> int:
    """The most pico-USD that the input can cost. What an earlier bill calls cached is reckoned at the price of reading it."""
    worst = card.worst_input_pico(input_tokens, longest_cache=call.longest_cache, audio=call.audio)
    estimate = call.estimate
    if estimate is None or not estimate.seen_tokens or not input_tokens:
        return worst
    seen = min(estimate.seen_tokens, input_tokens)
    request = card.worst_input_pico(0)
    read = card.cost_pico(Usage(input_tokens=input_tokens, cache_read_tokens=input_tokens)) - request
    fresh = input_tokens - seen
    return request + -(-((worst - request) * fresh + read * seen) // input_tokens)
