"""OpenTelemetry: the metrics and span attributes of a budget, read with the SDK's in-memory exporters."""

from __future__ import annotations

import subprocess
import sys

import pytest
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import use_span
from prometheus_client import REGISTRY, generate_latest

from llm_token_budget import BudgetExceeded, ConfigurationError, Limit, Usage, wrap
from llm_token_budget.integrations.otel import instrument

from .asking import AwayLedger

USAGE = "gen_ai.client.inference.usage"


class Measured:
    """What a budget's metrics come to."""

    def __init__(self):
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader])

    def points(self, name):
        """(attributes, value) of a metric's points."""
        data = self.reader.get_metrics_data()
        return [
            (dict(point.attributes), getattr(point, "value", None) if hasattr(point, "value") else point.sum)
            for resource in (data.resource_metrics if data else [])
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    def value(self, name, **attributes):
        """The sum of the points with these attributes, `_` for `.`."""
        return sum(
            value
            for found, value in self.points(name)
            if all(found.get(key.replace("__", ".")) == wanted for key, wanted in attributes.items())
        )


@pytest.fixture
def measured():
    measured = Measured()
    yield measured
    measured.provider.shutdown()


@pytest.fixture
def spans():
    """A tracer, and what it finished."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider.get_tracer("test"), exporter
    provider.shutdown()


def call(budget, usage, **options):
    with budget.reserve(model="small", input_tokens=100, max_output_tokens=100, **options) as reservation:
        reservation.settle(usage)


def test_tokens_are_counted_by_kind_model_and_operation(make_budget, measured):
    """In the counters of today's conventions and the histogram of before."""
    budget = make_budget(global_token_limit=10_000)
    instrument(budget, meter_provider=measured.provider)
    usage = Usage(input_tokens=90, output_tokens=20, cache_read_tokens=40, cache_write_tokens=30, reasoning_tokens=5)
    for _ in range(2):
        call(budget, usage, provider="azure", user_key="ada")
    for part, tokens in {
        "input_tokens": 180,
        "output_tokens": 40,
        "cache_read.input_tokens": 80,
        "cache_write.input_tokens": 60,
        "reasoning.output_tokens": 10,
    }.items():
        ((attributes, value),) = measured.points(f"{USAGE}.{part}")
        assert value == tokens
        assert attributes == {
            "gen_ai.provider.name": "azure.ai.openai",
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "small",
        }
    per_call = {point["gen_ai.token.type"]: value for point, value in measured.points("gen_ai.client.token.usage")}
    assert per_call == {"input": 180, "output": 40}


def test_a_wrapped_clients_calls_name_the_model_that_answered(make_budget, measured, loopback_provider):
    """And their cost is the provider's bill."""
    from openai import OpenAI

    budget = make_budget(global_cost_limit=1, custom_pricing=None)
    instrument(budget, meter_provider=measured.provider)
    plain = OpenAI(base_url=loopback_provider.openai_base_url, api_key="unused")
    with wrap(plain, budget, user_key="ada") as client:
        client.chat.completions.create(model="gpt-6.1-terra", messages=[{"role": "user", "content": "Tides?"}])
    ((attributes, tokens),) = measured.points(f"{USAGE}.output_tokens")
    assert tokens == loopback_provider.bill.output_tokens
    assert attributes["gen_ai.provider.name"] == "openai"
    assert attributes["gen_ai.response.model"] == "gpt-6.1-terra"
    assert measured.value("llm_token_budget.cost") == pytest.approx(float(loopback_provider.bill.usd), rel=1e-9)


def test_what_is_held_goes_up_and_down(make_budget, measured):
    """In tokens and in USD, of calls in flight."""
    budget = make_budget(global_cost_limit=1)
    instrument(budget, meter_provider=measured.provider)
    reserved = "llm_token_budget.reserved"
    with budget.reserve(model="small", input_tokens=100, max_output_tokens=100) as reservation:
        assert measured.value(reserved, llm_token_budget__unit="tokens") == 200
        assert measured.value(reserved, llm_token_budget__unit="usd") == pytest.approx(0.0003)
        reservation.release()
    assert measured.value(reserved) == 0
    assert measured.points("llm_token_budget.cost") == []


def test_what_remains_is_measured_when_it_is_read(make_budget, measured):
    """Of limits on everyone together; nobody's own limit is a series."""
    budget = make_budget(global_cost_limit=1, limits=[Limit(tokens=1_000, scope="global", name="all", window="day")])
    instrument(budget, meter_provider=measured.provider)
    call(budget, Usage(input_tokens=100, output_tokens=100), user_key="ada")
    left = {
        (point["llm_token_budget.limit"], point["llm_token_budget.unit"]): value
        for point, value in measured.points("llm_token_budget.remaining")
    }
    assert left == {("all", "tokens"): 800, ("global_cost_limit", "usd"): pytest.approx(0.9997)}


def test_a_ledger_that_is_away_leaves_a_gap(make_budget, measured, caplog):
    """And a line in the log, not a broken export."""

    class Away(AwayLedger):
        def read(self, counters):
            return self.look(None)

    budget = make_budget(global_token_limit=10, ledger=Away())
    instrument(budget, meter_provider=measured.provider)
    assert measured.points("llm_token_budget.remaining") == []
    assert "could not be measured" in caplog.text


def test_refusals_are_counted_by_their_reason(make_budget, measured):
    """Those of `check` too."""
    budget = make_budget(per_user_token_limit=100)
    instrument(budget, meter_provider=measured.provider)
    budget.check(estimated_input_tokens=101, user_key="ada")
    with pytest.raises(BudgetExceeded):
        budget.reserve(tokens=101, user_key="bob").enter()
    ((attributes, count),) = measured.points("llm_token_budget.rejections")
    assert count == 2
    assert attributes == {
        "llm_token_budget.reason": "user_token_limit_exceeded",
        "llm_token_budget.scope": "user",
        "llm_token_budget.held": False,
    }


def test_a_charge_that_nobody_confirmed_is_told_apart(make_budget, measured):
    """Its tokens are in no usage; the truth that replaces it is in the other series of the cost."""
    budget = make_budget(global_cost_limit=1)
    instrument(budget, meter_provider=measured.provider)
    with budget.reserve(model="small", input_tokens=100, max_output_tokens=100) as reservation:
        reservation.charge_unconfirmed()
    assert measured.points(f"{USAGE}.input_tokens") == []
    cost = "llm_token_budget.cost"
    assert measured.value(cost, llm_token_budget__unconfirmed=True) == pytest.approx(0.0003)
    reservation.settle(Usage(input_tokens=50, output_tokens=0))
    assert measured.value(cost, llm_token_budget__unconfirmed=False) == pytest.approx(0.00005)
    assert measured.value(f"{USAGE}.input_tokens") == 50
    assert measured.value("llm_token_budget.reserved") == 0


def test_users_are_no_labels_unless_they_are_asked_for(make_budget, measured):
    """Dimensions neither."""
    budget = make_budget(global_cost_limit=1)
    end = instrument(budget, meter_provider=measured.provider)
    with budget.session("ada", dimensions={"team": "search", "feature": "chat"}):
        call(budget, Usage(input_tokens=1))
        end()
        assert "ada" not in repr(measured.reader.get_metrics_data())
        assert "search" not in repr(measured.reader.get_metrics_data())
        instrument(budget, meter_provider=measured.provider, user_keys=True, dimensions=["team"])
        call(budget, Usage(input_tokens=2))
    labelled = {"llm_token_budget.user": "ada", "llm_token_budget.dimension.team": "search"}
    (value,) = (value for found, value in measured.points(f"{USAGE}.input_tokens") if labelled.items() <= found.items())
    assert value == 2


def test_it_can_be_ended(make_budget, measured, spans):
    """Nothing is counted after that, and ending twice is as good as once."""
    tracer, exporter = spans
    budget = make_budget(global_cost_limit=1)
    end = instrument(budget, meter_provider=measured.provider)
    end()
    end()
    with tracer.start_as_current_span("work"):
        call(budget, Usage(input_tokens=1))
    assert measured.points("llm_token_budget.cost") == []
    assert measured.points("llm_token_budget.remaining") == []
    assert not exporter.get_finished_spans()[0].attributes


def test_the_current_span_says_what_its_calls_cost(make_budget, measured, spans):
    """All of them together; who spent it only if that is asked for."""
    tracer, exporter = spans
    budget = make_budget(global_cost_limit=1)
    instrument(budget, meter_provider=measured.provider)
    with tracer.start_as_current_span("outer"), tracer.start_as_current_span("inner"):
        call(budget, Usage(input_tokens=90, output_tokens=20), user_key="ada")
        call(budget, Usage(input_tokens=10, output_tokens=1), user_key="ada")
    inner, outer = exporter.get_finished_spans()
    assert inner.attributes == {
        "llm_token_budget.calls": 2,
        "llm_token_budget.input_tokens": 100,
        "llm_token_budget.output_tokens": 21,
        "llm_token_budget.cost": pytest.approx(0.000142),
    }
    assert not outer.attributes


def test_a_call_is_noted_on_the_span_that_it_began_in(make_budget, measured, spans):
    """Wherever it ends; on one that is over, nothing is noted."""
    tracer, exporter = spans
    budget = make_budget(global_cost_limit=1)
    instrument(budget, meter_provider=measured.provider, user_keys=True)
    open_span = tracer.start_span("open")
    reservations = []
    with use_span(open_span):
        reservations.append(budget.reserve(model="small", input_tokens=5, user_key="ada").enter())
    with tracer.start_as_current_span("over"):
        reservations.append(budget.reserve(model="small", input_tokens=5).enter())
    with tracer.start_as_current_span("elsewhere"):
        for reservation in reservations:
            reservation.settle(Usage(input_tokens=5))
    open_span.end()
    noted = {span.name: dict(span.attributes) for span in exporter.get_finished_spans()}
    assert noted["open"]["llm_token_budget.input_tokens"] == 5
    assert noted["open"]["llm_token_budget.user"] == "ada"
    assert noted["over"] == noted["elsewhere"] == {}


def test_the_current_span_says_why_a_call_was_refused(make_budget, measured, spans):
    """Unless spans are left out."""
    tracer, exporter = spans
    budget = make_budget(global_token_limit=1)
    instrument(budget, meter_provider=measured.provider)
    with tracer.start_as_current_span("work"):
        budget.check(estimated_input_tokens=2)
    assert exporter.get_finished_spans()[0].attributes["llm_token_budget.reason"] == "global_token_limit_exceeded"
    silent = make_budget(global_token_limit=1)
    instrument(silent, meter_provider=measured.provider, spans=False)
    with tracer.start_as_current_span("work"):
        silent.check(estimated_input_tokens=2)
    assert not exporter.get_finished_spans()[1].attributes


def test_hooks_of_the_options_are_told_as_before(make_budget, measured):
    """Subscribers come beside them."""
    told = []
    budget = make_budget(global_cost_limit=1, on_settle=told.append)
    instrument(budget, meter_provider=measured.provider)
    call(budget, Usage(input_tokens=1))
    assert len(told) == 1


def test_prometheus_reads_it_through_opentelemetrys_exporter(make_budget):
    """The recipe of the README: the names that a scrape finds."""
    reader = PrometheusMetricReader()
    provider = MeterProvider([reader])
    try:
        budget = make_budget(global_cost_limit=1)
        instrument(budget, meter_provider=provider)
        call(budget, Usage(input_tokens=90, output_tokens=20))
        budget.check(estimated_input_tokens=10_000_000, model="small")
        scraped = generate_latest(REGISTRY).decode()
    finally:
        provider.shutdown()
    lines = {line.split("{")[0]: line for line in scraped.splitlines() if not line.startswith("#")}
    assert lines["gen_ai_client_inference_usage_input_tokens_total"].endswith(" 90.0")
    assert lines["llm_token_budget_cost_USD_total"].endswith(" 0.00013")
    assert float(lines["llm_token_budget_remaining"].split()[-1]) == pytest.approx(0.99987)
    assert lines["llm_token_budget_rejections_total"].endswith(" 1.0")
    assert "llm_token_budget_reserved" in lines


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": "budget"}, "takes a BudgetManager"),
        ({"dimensions": ["no name"]}, "dimensions= takes names"),
    ],
)
def test_wrong_options_are_refused(make_budget, measured, options, message):
    """At once."""
    with pytest.raises(ConfigurationError, match=message):
        instrument(**{"budget": make_budget(), "meter_provider": measured.provider, **options})


def test_it_is_off_by_default():
    """Using a budget imports nothing of OpenTelemetry's."""
    script = (
        "import sys; from llm_token_budget import BudgetManager, Usage\n"
        "with BudgetManager(global_token_limit=9).reserve(tokens=1) as held: held.settle(tokens=1)\n"
        "assert not any(name.startswith('opentelemetry') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-c", script], check=True, timeout=60)


def test_without_opentelemetry_it_says_what_to_install():
    """Not only which module is missing."""
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "try:\n    import llm_token_budget.integrations.otel\n"
        "except ModuleNotFoundError as missing:\n    print(missing)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "OpenTelemetry is not installed: pip install 'llm-token-budget[otel]'"
