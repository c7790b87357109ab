"""Functions as OpenAI's models read them: the published sum."""

import pytest
import toktok

from llm_token_budget.estimation import Estimator, RequestParts, Text, Tool, estimate_parts
from llm_token_budget.estimation.framing import FunctionRule
from llm_token_budget.estimation.functions import declared

COOKBOOK = {
    "name": "get_current_weather",
    "description": "Get the current weather in a given location",
    "parameters": {
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
            "unit": {
                "type": "string",
                "description": "The unit of temperature to return",
                "enum": ["celsius", "fahrenheit"],
            },
        },
        "required": ["location"],
    },
}
MESSAGES = (
    "You are a helpful assistant that can answer to questions about the weather.",
    "What's the weather like in San Francisco?",
)


@pytest.mark.parametrize(
    ("model", "tokens"), [("gpt-4o", 101), ("gpt-4o-mini", 101), ("gpt-4", 105), ("gpt-3.5-turbo", 105)]
)
def test_the_cookbooks_tool_example_is_counted_exactly(model, tokens):
    """With exact texts, OpenAI's own example comes out as OpenAI says."""
    parts = (Text(MESSAGES[0], "system"), Text(MESSAGES[1]), Tool("", COOKBOOK))
    request = RequestParts("openai", model, parts, messages=2)
    assert Estimator("exact")(request).expected == tokens
    estimate = estimate_parts(request)
    assert estimate.expected == pytest.approx(tokens, rel=0.1)
    assert tokens <= estimate.upper <= 1.5 * tokens


def _published(function, init):
    """The cookbook's sum, written down once more."""
    count = lambda text: toktok.batch_count([text], "o200k_base", threads=1)[0]  # noqa: E731
    total = init + count(f"{function['name']}:{function['description'].removesuffix('.')}")
    properties = function["parameters"]["properties"]
    total += 3 if properties else 0
    for name, schema in properties.items():
        total += 3 + count(f"{name}:{schema['type']}:{schema['description'].removesuffix('.')}")
        if "enum" in schema:
            total += -3 + sum(3 + count(item) for item in schema["enum"])
    return total + 12


def test_exact_texts_leave_no_error_for_functions():
    """Whatever the function, as long as the rule is published."""
    functions = [
        COOKBOOK,
        {"name": "ping", "description": "Says pong.", "parameters": {"type": "object", "properties": {}}},
        {
            "name": "book",
            "description": "Books a table.",
            "parameters": {
                "type": "object",
                "properties": {"guests": {"type": "integer", "description": "How many people come."}},
            },
        },
    ]
    for function in functions:
        request = RequestParts("openai", "gpt-4o", (Text("hi"), Tool("", function)))
        without = RequestParts("openai", "gpt-4o", (Text("hi"),))
        estimator = Estimator("exact")
        assert estimator(request).expected - estimator(without).expected == _published(function, 7)


def test_what_the_rule_leaves_open_is_counted_too():
    """Objects in objects, lists of objects and alternatives: no text of them is lost."""
    texts, around = declared(
        {
            "name": "f",
            "parameters": {
                "properties": {
                    "who": {"type": "object", "properties": {"name": {"type": ["string", "null"], "description": "x"}}},
                    "list": {"type": "array", "items": {"type": "object", "properties": {"inner": {"type": "string"}}}},
                    "either": {"anyOf": [{"type": "string"}, {"type": "number"}]},
                }
            },
        },
        FunctionRule(function=7),
    )
    joined = "\n".join(texts)
    assert all(word in joined for word in ("who", "name:string|null:x", "inner", "number"))
    assert around > 7 + 5 * 3


def test_a_schema_that_contains_itself_by_depth_ends():
    """Two hundred levels are counted as text from some level on."""
    schema = {"type": "string"}
    for _ in range(200):
        schema = {"type": "object", "properties": {"p": schema}}
    texts, _ = declared({"name": "f", "parameters": schema}, FunctionRule(function=7))
    assert 0 < len(texts) < 300


@pytest.mark.parametrize(
    "odd", [{"parameters": None}, {"parameters": {"properties": {"a": True}}}, {"name": 3, "description": None}]
)
def test_odd_definitions_are_counted_not_refused(odd):
    """What is wrong with a tool is the provider's to say."""
    texts, around = declared(odd, FunctionRule(function=7))
    assert texts
    assert around >= 7
