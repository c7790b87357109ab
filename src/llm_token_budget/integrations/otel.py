"""OpenTelemetry: what a budget spends, holds and refuses, as metrics and on the current span. Extra `otel`.

    from llm_token_budget.integrations.otel import instrument
    instrument(budget)

Nothing is measured unless this is called. It needs the API alone: where the numbers go is the application's choice of
OpenTelemetry SDK and exporter.

| instrument | kind | what |
|---|---|---|
| `gen_ai.client.inference.usage.*` | counters, `{token}` | tokens as providers billed them (parts: below) |
| `gen_ai.client.token.usage` | histogram, `{token}` | the same per call, by `gen_ai.token.type` |
| `llm_token_budget.cost` | counter, `USD` | what was charged, by `.unconfirmed` |
| `llm_token_budget.reserved` | up-down counter | what calls of this process hold now, by `.unit` |
| `llm_token_budget.remaining` | gauge | what is left of limits on everyone together, by `.limit` and `.unit` |
| `llm_token_budget.rejections` | counter, `{call}` | refused calls, by `.reason`, `.scope` and `.held` |

The parts of usage: `input_tokens`, `output_tokens`; of these, `cache_read.input_tokens`, `cache_write.input_tokens` and
`reasoning.output_tokens`. What `record` books and refunds give back is not in them.
A charge without the provider's word that a truth replaces later is in both series of the cost: add up one of them.
Names: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/ (in development). Cost has none there yet.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from weakref import WeakKeyDictionary

try:
    from opentelemetry import metrics, trace
    from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
    from opentelemetry.trace import Span
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "OpenTelemetry is not installed: pip install 'llm-token-budget[otel]'", name=missing.name
    ) from missing

from llm_token_budget.errors import BudgetError, ConfigurationError, shown_value
from llm_token_budget.estimation import model_facts
from llm_token_budget.events import Blocked, Event, Reserved, Settled
from llm_token_budget.manager import BudgetManager
from llm_token_budget.usage import Usage

logger: Final = logging.getLogger("llm_token_budget")

_SCOPE: Final = "llm_token_budget"
_USAGE: Final = "gen_ai.client.inference.usage"

_PROVIDERS: Final = {
    "aws": "aws.bedrock",
    "azure": "azure.ai.openai",
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "x-ai": "x_ai",
}
"""How the conventions spell a provider, where they differ. Others stay what they are."""

_TOKEN_BUCKETS: Final = [4**power for power in range(14)]
"""As the conventions advise for `gen_ai.client.token.usage`."""

_REMEMBERED: Final = 10_000
"""Calls in flight whose spans are remembered."""

Attributes = dict[str, str | bool]


def instrument(
    budget: BudgetManager,
    *,
    meter_provider: MeterProvider | None = None,
    spans: bool = True,
    user_keys: bool = False,
    dimensions: Iterable[str] = (),
) -> Callable[[], None]:
    """Measure a budget.

    Args:
        budget: the budget.
        meter_provider: where the metrics go; None: the global one.
        spans: also write what calls cost, and why one was refused, on the span that is current when they reserve.
        user_keys: label metrics and spans with `llm_token_budget.user`. A series per user: mind their number, and who may see
            them.
        dimensions: label metrics with these dimensions of calls, such as `["team"]`, as `llm_token_budget.dimension.team`.

    Returns:
        A function that ends it.

    Raises:
        ConfigurationError: not a budget, or no names of dimensions.
    """
    if not isinstance(budget, BudgetManager):
        raise ConfigurationError(f"instrument() takes a BudgetManager, not {shown_value(budget)}")
    names = (dimensions,) if isinstance(dimensions, str) else tuple(dimensions)
    if not all(isinstance(name, str) and name.isidentifier() for name in names):
        raise ConfigurationError(f"dimensions= takes names such as ['team'], not {shown_value(names)}")
    labels = _Labels(user_keys=user_keys, dimensions=names)
    meters = _Meters(budget, meter_provider, labels)
    ends = [budget.subscribe(on_reserve=meters.reserved, on_settle=meters.settled, on_blocked=meters.blocked)]
    if spans:
        notes = _Spans(labels)
        ends.append(budget.subscribe(on_reserve=notes.reserved, on_settle=notes.settled, on_blocked=notes.blocked))
    ends.append(meters.stop)

    def end() -> None:
        for each in ends:
            each()

    return end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labels:
    """What metrics say of a call."""

    user_keys: bool
    dimensions: tuple[str, ...]

    def of(self, event: Event) -> Attributes:
        """Whose it is, as far as that is asked for."""
        found: Attributes = {}
        if self.user_keys and event.user_key is not None:
            found["llm_token_budget.user"] = event.user_key
        for name in self.dimensions:
            if name in event.dimensions:
                found[f"llm_token_budget.dimension.{name}"] = event.dimensions[name]
        return found

    def of_call(self, event: Event, answered_by: str | None = None) -> Attributes:
        """The same, and what was called."""
        found = self.of(event)
        if event.provider is not None:
            found["gen_ai.provider.name"] = _PROVIDERS.get(event.provider, event.provider)
        if event.model is not None:
            writes = model_facts(event.model, event.provider).max_output_tokens != 0
            found["gen_ai.operation.name"] = "chat" if writes else "embeddings"
            found["gen_ai.request.model"] = event.model
        if answered_by is not None:
            found["gen_ai.response.model"] = answered_by
        return found


class _Meters:
    """The instruments."""

    def __init__(self, budget: BudgetManager, provider: MeterProvider | None, labels: _Labels) -> None:
        self._budget = budget
        self._labels = labels
        self._stopped = False
        meter = metrics.get_meter(_SCOPE, meter_provider=provider)
        self._tokens = {
            part: meter.create_counter(f"{_USAGE}.{part}", unit="{token}", description=f"Tokens billed: {words}")
            for part, words in _PARTS.items()
        }
        self._per_call = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Tokens of one call",
            explicit_bucket_boundaries_advisory=_TOKEN_BUCKETS,
        )
        self._cost = meter.create_counter("llm_token_budget.cost", unit="USD", description="What was charged")
        self._reserved = meter.create_up_down_counter(
            "llm_token_budget.reserved", description="Held by calls in flight"
        )
        self._rejections = meter.create_counter(
            "llm_token_budget.rejections", unit="{call}", description="Calls refused"
        )
        meter.create_observable_gauge(
            "llm_token_budget.remaining", [self._remaining], description="Left of limits on everyone together"
        )

    def reserved(self, event: Reserved) -> None:
        self._hold(event, event.held.tokens, event.held.cost)

    def settled(self, event: Settled) -> None:
        if event.replaced is None:
            self._hold(event, -event.held.tokens, -event.held.cost)
        if not event.charged:
            return
        attributes = self._labels.of_call(event, event.answered_by)
        self._cost.add(float(event.charged.cost), attributes | {"llm_token_budget.unconfirmed": event.unconfirmed})
        if event.unconfirmed or event.model is None:
            return  # Nobody billed these tokens as far as we know, or they are no model's.
        for part, count in _counts(event.usage).items():
            if count:
                self._tokens[part].add(count, attributes)
        for kind, count in (("input", event.usage.input_tokens), ("output", event.usage.output_tokens)):
            self._per_call.record(count, attributes | {"gen_ai.token.type": kind})

    def blocked(self, event: Blocked) -> None:
        refusal = event.refusal
        why: Attributes = {
            "llm_token_budget.reason": refusal.reason,
            "llm_token_budget.scope": "+".join(refusal.limit.scope),
            "llm_token_budget.held": refusal.held,
        }
        self._rejections.add(1, self._labels.of_call(event) | why)

    def stop(self) -> None:
        """The gauge stays registered, as the API knows no way back; it has nothing more to say."""
        self._stopped = True

    def _hold(self, event: Event, tokens: int, cost: Decimal) -> None:
        whose = self._labels.of(event)
        self._reserved.add(tokens, whose | {"llm_token_budget.unit": "tokens"})
        self._reserved.add(float(cost), whose | {"llm_token_budget.unit": "usd"})

    def _remaining(self, _options: CallbackOptions) -> list[Observation]:
        if self._stopped:
            return []
        try:
            rows = self._budget.remaining()
        except BudgetError:
            logger.warning("what remains of the budget could not be measured", exc_info=True)
            return []
        return [
            Observation(
                float(row.remaining),
                {"llm_token_budget.limit": row.limit.name, "llm_token_budget.unit": row.limit.unit},
            )
            for row in rows
            if not row.limit.key
        ]


_PARTS: Final = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read.input_tokens": "input that was read from a cache",
    "cache_write.input_tokens": "input that was written to a cache",
    "reasoning.output_tokens": "output that was reasoning",
}


def _counts(usage: Usage) -> Mapping[str, int]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read.input_tokens": usage.cache_read_tokens,
        "cache_write.input_tokens": usage.cache_write_tokens,
        "reasoning.output_tokens": usage.reasoning_tokens,
    }


@dataclass(slots=True)
class _Sums:
    """What the calls of one span came to."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)


class _Spans:
    """Notes on the span in which a call reserved: it may settle elsewhere, and later."""

    def __init__(self, labels: _Labels) -> None:
        self._labels = labels
        self._lock = threading.Lock()
        self._of_calls: OrderedDict[str, Span] = OrderedDict()
        self._sums: WeakKeyDictionary[Span, _Sums] = WeakKeyDictionary()

    def reserved(self, event: Reserved) -> None:
        span = trace.get_current_span()
        if not span.is_recording():
            return
        with self._lock:
            self._of_calls[event.reservation_id] = span
            if len(self._of_calls) > _REMEMBERED:
                self._of_calls.popitem(last=False)
        if self._labels.user_keys and event.user_key is not None:
            span.set_attribute("llm_token_budget.user", event.user_key)

    def settled(self, event: Settled) -> None:
        with self._lock:
            span = self._of_calls.pop(event.reservation_id, None)
            if span is None or not span.is_recording():
                return
            sums = self._sums.setdefault(span, _Sums())
            sums.calls += event.charged.requests
            sums.input_tokens += event.usage.input_tokens if event.charged else 0
            sums.output_tokens += event.usage.output_tokens if event.charged else 0
            sums.cost += event.charged.cost
            written: dict[str, Any] = {
                "llm_token_budget.calls": sums.calls,
                "llm_token_budget.input_tokens": sums.input_tokens,
                "llm_token_budget.output_tokens": sums.output_tokens,
                "llm_token_budget.cost": float(sums.cost),
            }
        if event.unconfirmed:
            written["llm_token_budget.unconfirmed"] = True
        span.set_attributes(written)

    def blocked(self, event: Blocked) -> None:
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attributes(
                {
                    "llm_token_budget.rejected": True,
                    "llm_token_budget.reason": event.refusal.reason,
                    "llm_token_budget.held": event.refusal.held,
                }
            )
