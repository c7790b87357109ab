"""Fees of tools that the provider runs: held before a call, as far as they are bounded."""

from decimal import Decimal

import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, ConfigurationError, estimate_request
from llm_token_budget.context import NOBODY
from llm_token_budget.providers import anthropic, groq, openai
from llm_token_budget.providers.dialect import Defaults
from llm_token_budget.providers.price_response import price_response
from llm_token_budget.providers.server_tools import UNBOUNDED_USES
from llm_token_budget.usage import ToolUse

DEFAULTS = Defaults(max_output_tokens=None, min_output_tokens=None)
RESPONSES = openai.DIALECT.endpoints["/responses"]
MESSAGES = anthropic.DIALECT.endpoints["/messages"]
GROQ_CHAT = groq.DIALECT.endpoints["/chat/completions"]


def response_call(*tools, **more):
    body = {"model": "gpt-6.1-terra", "input": "What is new?", "max_output_tokens": 100, "tools": list(tools), **more}
    return RESPONSES.read_call(body, "openai", DEFAULTS)


def message_call(*tools, model="claude-sonnet-5-5"):
    messages = [{"role": "user", "content": "What is new?"}]
    body = {"model": model, "max_tokens": 100, "messages": messages, "tools": list(tools)}
    return MESSAGES.read_call(body, "anthropic", DEFAULTS)


def held(call, **options):
    budget = BudgetManager(global_cost_limit=100, **options)
    with budget.reserve_call(call, NOBODY) as reservation:
        cost = budget.get_global_stats().reserved.cost
        reservation.release()
    return cost


def fees_held(call, **options):
    return held(call, **options) - held(call._replace(tools=()), **options)


SEARCH = {"type": "web_search"}
CASES = [
    (response_call(SEARCH, max_tool_calls=3), "0.03"),
    (response_call({"type": "web_search_2025_08_26"}, max_tool_calls=3), "0.03"),
    (response_call({"type": "web_search_preview"}, max_tool_calls=2, model="gpt-4o"), "0.05"),
    (response_call({"type": "web_search_preview_2025_03_11"}, max_tool_calls=2, model="o3"), "0.02"),
    (response_call({"type": "file_search", "vector_store_ids": ["v"]}, max_tool_calls=4), "0.01"),
    (response_call(SEARCH, {"type": "file_search", "vector_store_ids": ["v"]}, max_tool_calls=4), "0.04"),
    (response_call({"type": "code_interpreter", "container": {"type": "auto"}}), "0.03"),
    (response_call({"type": "code_interpreter", "container": {"type": "auto", "memory_limit": "4g"}}), "0.12"),
    (response_call({"type": "shell", "environment": {"type": "container_auto", "memory_limit": "64g"}}), "1.92"),
    (response_call({"type": "shell", "environment": {"type": "local"}}), "0"),
    (response_call(SEARCH, {"type": "code_interpreter", "container": {"type": "auto"}}, max_tool_calls=1), "0.04"),
    (response_call({"type": "function", "name": "f", "parameters": {}}), "0"),
    (message_call({"type": "web_search_20250305", "name": "web_search", "max_uses": 7}), "0.07"),
    (message_call({"type": "web_search_20260209", "name": "web_search", "max_uses": 1}), "0.01"),
    (message_call({"type": "web_fetch_20250910", "name": "web_fetch", "max_uses": 7}), "0"),
    (message_call({"name": "f", "input_schema": {"type": "object"}}), "0"),
]


@pytest.mark.parametrize(("call", "fees"), CASES)
def test_what_a_request_bounds_is_held(call, fees):
    """To the last digit, beside the tokens."""
    assert fees_held(call) == Decimal(fees)
    assert call.tools_bounded


@pytest.mark.parametrize(
    "call", [response_call(SEARCH), message_call({"type": "web_search_20250305", "name": "web_search"})]
)
def test_a_few_uses_are_held_of_what_nobody_bounds(call):
    """And it is known that they are no bound."""
    assert call.tools == (ToolUse("web_search", UNBOUNDED_USES),)
    assert fees_held(call) == UNBOUNDED_USES * Decimal("0.01")
    assert not call.tools_bounded


def test_strict_admission_refuses_what_nobody_bounds():
    """It holds only what it can see; a limit on tokens alone has nothing to do with fees."""
    call = response_call(SEARCH)
    with pytest.raises(ConfigurationError, match="max_tool_calls"):
        held(call, admission="strict")
    tokens_only = BudgetManager(global_token_limit=100_000, admission="strict")
    with tokens_only.reserve_call(call, NOBODY) as reservation:
        reservation.release()
    assert held(response_call(SEARCH, max_tool_calls=1), admission="strict")


def test_a_bill_with_all_its_searches_is_no_overrun():
    """What was held is at least what comes."""
    budget = BudgetManager(global_cost_limit="0.06")
    call = message_call({"type": "web_search_20250305", "name": "web_search", "max_uses": 5})
    usage = {"input_tokens": call.input_tokens, "output_tokens": 100, "server_tool_use": {"web_search_requests": 5}}
    answer = {"type": "message", "model": "claude-sonnet-5-5", "usage": usage}
    with budget.reserve_call(call, NOBODY) as reservation:
        reservation.settle(price_response("anthropic", answer).usage)
    stats = budget.get_global_stats()
    assert stats.total_cost == price_response("anthropic", answer).cost
    assert not stats.overrun.cost
    with pytest.raises(BudgetExceeded), budget.reserve_call(call, NOBODY):
        pass


def test_a_refusal_tells_the_uses_that_it_held():
    """Beside the tokens, in words and as data."""
    budget = BudgetManager(global_cost_limit="0.01")
    call = message_call({"type": "web_search_20250305", "name": "web_search", "max_uses": 5})
    with pytest.raises(BudgetExceeded) as refused, budget.reserve_call(call, NOBODY):
        pass
    assert "uses of web_search: up to 5" in refused.value.explain()


@pytest.mark.parametrize(
    ("model", "more", "uses"),
    [
        ("groq/compound", {}, (ToolUse("web_search", 10),)),
        ("groq/compound-mini", {}, (ToolUse("web_search", 1),)),
        (
            "groq/compound",
            {"compound_custom": {"tools": {"enabled_tools": ["visit_website"]}}},
            (ToolUse("visit_website", 10),),
        ),
        ("groq/compound", {"compound_custom": {"tools": {"enabled_tools": ["code_interpreter"]}}}, ()),
        ("openai/gpt-oss-120b", {"tools": [{"type": "function", "function": {"name": "f"}}]}, ()),
    ],
)
def test_groq_bounds_its_own_systems(model, more, uses):
    """Ten calls of tools, or one."""
    body = {"model": model, "messages": [{"role": "user", "content": "What is new?"}], **more}
    call = GROQ_CHAT.read_call(body, "groq", DEFAULTS)
    assert call.tools == uses
    assert call.tools_bounded


def test_browsing_of_an_open_model_is_not_bounded():
    """A few searches and visits are held."""
    body = {"model": "openai/gpt-oss-120b", "messages": [], "tools": [{"type": "browser_search"}]}
    call = GROQ_CHAT.read_call(body, "groq", DEFAULTS)
    assert fees_held(call) == UNBOUNDED_USES * (Decimal("0.008") + Decimal("0.001"))


@pytest.mark.parametrize(
    ("model", "tool", "tokens"),
    [
        ("gpt-4o-mini", "web_search", 16_000),
        ("gpt-4.1-mini-2025-04-14", "web_search", 16_000),
        ("gpt-4o-mini", "web_search_preview", 0),
        ("gpt-4.1", "web_search", 0),
    ],
)
def test_fixed_blocks_of_search_content_are_held(model, tool, tokens):
    """For each search that may be made."""
    request = {"model": model, "input": "What is new?", "tools": [{"type": tool}]}
    with_two = estimate_request("openai", {**request, "max_tool_calls": 2})
    parts = {part.kind: part.upper for part in with_two.parts}
    assert parts["server tools"] == tokens


def test_what_a_fetch_may_bring_is_held_where_the_request_says_it():
    """So many tokens for each use."""
    tool = {"type": "web_fetch_20250910", "name": "web_fetch", "max_uses": 3, "max_content_tokens": 5_000}
    request = {"model": "claude-sonnet-5-5", "max_tokens": 10, "messages": [], "tools": [tool]}
    parts = {part.kind: part.upper for part in estimate_request("anthropic", request).parts}
    assert parts["server tools"] == 15_000


def test_an_own_price_says_nothing_of_tools():
    """They cost what the provider asks, and a discount counts for them too."""
    call = response_call(SEARCH, max_tool_calls=3)
    own = {"gpt-6.1-terra": {"input": 1, "output": 2}}
    assert fees_held(call, custom_pricing=own) == Decimal("0.03")
