"""`cache_bound="seen"`: an agent whose long context is cached gets its money's worth."""

from llm_token_budget import BudgetExceeded, BudgetManager, wrap
from llm_token_budget.testing import Reply

CONTEXT = 60_000
CACHED = [
    {
        "type": "text",
        "text": "The quick brown fox jumps over the lazy dog. " * 6000,
        "cache_control": {"type": "ephemeral"},
    }
]


def run_agent(bench, provider, **options):
    """Calls until the dollar is spent: a growing conversation, all of which but the last words is cached."""
    budget = BudgetManager(global_cost_limit="1.00", wait_for_held=0, **options)
    client = wrap(bench.client("anthropic"), budget, provider="anthropic")
    messages, cached = [], 0
    for step in range(1000):
        messages.append({"role": "user", "content": f"Step {step}: go on with the next part of the work, please."})
        total = CONTEXT + 40 * step
        provider.enqueue(
            Reply("done " * 20, input_tokens=total, cached_tokens=cached, cache_write_tokens=total - cached - 10)
        )
        cached = total - 10
        try:
            answer = client.messages.create(
                model="claude-sonnet-5-5", max_tokens=1000, system=CACHED, messages=list(messages)
            )
        except BudgetExceeded as refused:
            return budget, refused
        messages.append({"role": "assistant", "content": answer.content[0].text})
    raise AssertionError("a dollar never ended")


def test_a_cached_agent_gets_nearly_all_of_its_budget(plain_bench, provider):
    """60,000 tokens of context whose true cost is a tenth of the worst: nine tenths of the dollar and more are used."""
    budget, refused = run_agent(plain_bench, provider, cache_bound="seen")
    stats = budget.get_global_stats()
    assert 0.90 <= stats.total_cost <= 1
    assert stats.overrun.cost == 0
    assert "up to $0.0" in str(refused)


def test_by_default_each_call_is_held_as_if_nothing_were_cached(plain_bench, provider):
    """A hard bound: much of the dollar is left, and the refusal tells both figures."""
    budget, refused = run_agent(plain_bench, provider)
    assert budget.get_global_stats().total_cost < 0.85
    message = str(refused)
    assert "if nothing is cached; your last calls cost $0.0" in message
    assert "cache_bound='seen'" in message
    assert refused.usual_cost < refused.cost / 5


def test_what_the_provider_forgot_is_an_overrun_that_is_counted(plain_bench, provider):
    """The cache was cleared early: the bill is the truth, and the excess is reported as such."""
    budget = BudgetManager(global_cost_limit="5.00", cache_bound="seen")
    client = wrap(plain_bench.client("anthropic"), budget, provider="anthropic")
    messages = [{"role": "user", "content": "Begin."}]
    provider.enqueue(Reply("ok", input_tokens=CONTEXT, cache_write_tokens=CONTEXT - 10))
    provider.enqueue(Reply("ok", input_tokens=CONTEXT + 20, cached_tokens=0))
    client.messages.create(model="claude-sonnet-5-5", max_tokens=50, system=CACHED, messages=messages)
    spent = budget.get_global_stats().total_cost
    client.messages.create(
        model="claude-sonnet-5-5",
        max_tokens=50,
        system=CACHED,
        messages=[*messages, {"role": "user", "content": "Go on."}],
    )
    stats = budget.get_global_stats()
    assert stats.total_cost > spent
    assert stats.overrun.cost > 0
