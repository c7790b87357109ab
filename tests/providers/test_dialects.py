"""What the dialects read from requests, answers and events: total functions on whatever JSON there is."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from llm_token_budget.claims import Call
from llm_token_budget.providers import anthropic, groq, ollama, openai
from llm_token_budget.providers.answer_reading import AnswerReader
from llm_token_budget.providers.dialect import Body, Defaults, Dialect, Endpoint
from llm_token_budget.providers.guard import GuardedCall, read_bill, read_guard
from llm_token_budget.providers.watch import Ending
from llm_token_budget.testing import Reply

from .driving import plenty

DEFAULTS = Defaults(max_output_tokens=None, min_output_tokens=None)
DIALECTS: dict[str, Dialect] = {
    "openai": openai.DIALECT,
    "anthropic": anthropic.DIALECT,
    "groq": groq.DIALECT,
    "ollama": ollama.DIALECT,
}
ENDPOINTS = [(name, path) for name, dialect in DIALECTS.items() for path in dialect.endpoints]
EVERY_ENDPOINT = pytest.mark.parametrize(("provider", "path"), ENDPOINTS)


def endpoint_of(provider: str, path: str) -> Endpoint:
    return DIALECTS[provider].endpoints[path]


def read(provider: str, path: str, body: Body) -> Call:
    return endpoint_of(provider, path).read_call(body, provider, DEFAULTS)


# Any JSON

NAMES = (
    *("model", "messages", "input", "prompt", "system", "instructions", "tools", "functions", "tool_choice", "stream"),
    *("max_tokens", "max_completion_tokens", "max_output_tokens", "options", "num_predict", "n", "best_of", "thinking"),
    *(
        "content",
        "role",
        "type",
        "text",
        "image_url",
        "url",
        "detail",
        "source",
        "data",
        "input_audio",
        "file",
        "images",
    ),
    *("response_format", "json_schema", "schema", "format", "output_format", "cache_control", "ttl", "budget_tokens"),
    *("modalities", "audio", "prediction", "service_tier", "speed", "context", "usage", "choices", "delta", "message"),
    *("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "prompt_tokens_details", "cached_tokens"),
    *(
        "cache_creation",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "ephemeral_1h_input_tokens",
        "x_groq",
    ),
    *("prompt_eval_count", "eval_count", "done", "response", "tool_calls", "function", "arguments", "name", "output"),
    *(
        "input_schema",
        "stream_options",
        "include_usage",
        "previous_response_id",
        "prompt_cache_retention",
        "finish_reason",
    ),
)
WORDS = (
    *("gpt-4o-mini", "gpt-6.1-terra", "claude-opus-4-8", "llama3.2", "", "text", "image", "image_url", "document"),
    *("base64", "user", "system", "json_schema", "required", "any", "enabled", "5m", "1h", "fast", "message_start"),
    *("message_delta", "message_stop", "content_block_delta", "response.completed", "tool_result", "tool_use", "file"),
    *(
        "data:image/png;base64,iVBORw0KGgo=",
        "data:image/png;base64,!!!",
        "input_audio",
        "Hello there",
        "\ud800",
        "日本",
    ),
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from(WORDS)
    | st.text(max_size=12)
)
JSON: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
BODIES = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=10)
quick = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)


@EVERY_ENDPOINT
@given(body=BODIES)
@quick
def test_reading_a_call_never_raises_and_changes_nothing(provider, path, body):
    """Whatever the request, there is a call: what is wrong with it is the provider's to say."""
    before = copy.deepcopy(body)
    call = read(provider, path, body)
    assert repr(body) == repr(before)
    assert call.provider == provider
    assert call.input_tokens >= 0
    assert call.choices >= 0
    assert call.max_output_tokens is None or call.max_output_tokens > 0
    endpoint = endpoint_of(provider, path)
    assert endpoint.hidden_output(body, call) in {True, False}
    endpoint.maximum(body)
    endpoint.asks_usage(body)
    assert repr(body) == repr(before)


@EVERY_ENDPOINT
@given(answer=BODIES)
@quick
def test_reading_an_answer_never_raises_and_never_counts_nonsense(provider, path, answer):
    """Counts are whole numbers from 0 up, or None."""
    reading = endpoint_of(provider, path).read_answer(answer)
    assert reading is not None
    for count in (reading.input_tokens, reading.output_tokens, *reading.parts.values()):
        assert count is None or (type(count) is int and count >= 0)


@pytest.mark.parametrize(("provider", "path"), [each for each in ENDPOINTS if endpoint_of(*each).fold])
@given(events=st.lists(BODIES, max_size=8))
@quick
def test_folding_a_stream_never_raises(provider, path, events):
    """Whatever its events; and the charge stays within what was held unless the provider itself says more."""
    fold = endpoint_of(provider, path).fold
    assert fold is not None
    folded = fold()
    for event in events:
        folded.feed(event)
        assert isinstance(folded.text_seen(), str)
    reading = folded.reading()
    assert reading is None or reading.input_tokens is None or reading.input_tokens >= 0


@EVERY_ENDPOINT
@given(body=BODIES, answer=BODIES)
@quick
def test_every_answer_can_be_settled(provider, path, body, answer):
    """From request to charge: nothing raises, and nothing stays reserved."""
    budget = BUDGET
    call = GuardedCall((read_guard(budget, None, None, None),), endpoint_of(provider, path), body, provider)
    call.reserve()
    reading, estimated = read_bill(call, json.dumps(answer).encode())
    for reservation, charge in call.charges(reading, estimated=estimated):
        reservation.book(charge)
    assert not budget.get_global_stats().reserved


BUDGET = plenty(global_cost_limit=None, global_token_limit=10**14)


def test_an_event_that_breaks_our_reading_reaches_the_user(monkeypatch, caplog):
    """It is logged, the call is charged what it had reserved, and the bytes pass."""

    def broken(self: Any, event: Body) -> None:
        raise RuntimeError("of ours")

    monkeypatch.setattr("llm_token_budget.providers.chat.ChatFold.feed", broken)
    budget = plenty()
    body = {"model": "gpt-4o-mini", "messages": [], "max_tokens": 50, "stream": True}
    call = GuardedCall((read_guard(budget, None, None, None),), openai.CHAT, body, "openai")
    call.reserve()
    reader = AnswerReader(openai.CHAT, call, streamed=True, framing="sse", hide_usage=True)
    ending = Ending(reader, call.take_reservations())
    assert reader.feed(b'data: {"choices": []}\n\n') == b'data: {"choices": []}\n\n'
    ending.now(ended=True)
    stats = budget.get_global_stats()
    assert stats.total_tokens == stats.unconfirmed.tokens >= 50
    assert "could not be read" in caplog.text


@pytest.mark.parametrize("value", [0.5, True, [0.5], [[True]], [[[]]], {"a": 1}, [None], 7, [[1, 2], ["x"]], "text"])
def test_inputs_of_any_shape_are_read(value):
    """A lone number is no endless list."""
    assert read("openai", "/embeddings", {"model": "text-embedding-3-small", "input": value}).input_tokens >= 0


# Readings


def test_openai_usage_is_read_with_its_parts():
    """Cached, cache-written, audio and reasoning tokens are parts of the totals."""
    answer = {
        "model": "gpt-6.1-terra",
        "service_tier": "flex",
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 5, "cache_write_tokens": 10},
            "completion_tokens_details": {"reasoning_tokens": 30, "audio_tokens": 2, "rejected_prediction_tokens": 1},
        },
    }
    reading = openai.CHAT.read_answer(answer)
    assert reading is not None
    assert (reading.input_tokens, reading.output_tokens) == (100, 50)
    assert reading.parts == {
        "cache_read_tokens": 60,
        "cache_write_tokens": 10,
        "audio_input_tokens": 5,
        "reasoning_tokens": 30,
        "audio_output_tokens": 2,
    }
    assert (reading.model, reading.service_tier) == ("gpt-6.1-terra", "flex")


def test_anthropic_input_is_added_up():
    """The only vendor whose input leaves out what was cached."""
    usage = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 70,
        "cache_read_input_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 40},
        "output_tokens": 5,
    }
    reading = anthropic.MESSAGES.read_answer({"model": "m", "usage": usage})
    assert reading is not None
    assert (reading.input_tokens, reading.output_tokens) == (180, 5)
    assert reading.parts == {"cache_read_tokens": 100, "cache_write_tokens": 30, "cache_write_1h_tokens": 40}


def test_groqs_own_place_for_usage_is_known():
    """In `x_groq` of the last chunk."""
    reading = groq.CHAT.read_answer({"x_groq": {"usage": {"prompt_tokens": 7, "completion_tokens": 3}}})
    assert reading is not None
    assert (reading.input_tokens, reading.output_tokens) == (7, 3)


def test_a_prompt_count_that_ollama_leaves_out_is_not_zero():
    """Older servers leave it out when the prompt was cached."""
    reading = ollama.ANSWER.read_answer({"eval_count": 3, "done": True})
    assert reading is not None
    assert (reading.input_tokens, reading.output_tokens, reading.complete) == (None, 3, False)


@pytest.mark.parametrize("zero", [0, 0.0])
def test_a_zero_that_is_reported_is_a_zero(zero):
    """Not "missing"."""
    reading = openai.CHAT.read_answer({"usage": {"prompt_tokens": zero, "completion_tokens": zero}})
    assert reading is not None
    assert (reading.input_tokens, reading.output_tokens) == (0, 0)


def test_service_tiers_that_are_no_tier_have_a_price():
    """`auto`, `default` and `standard` are the standard price, under a USD limit too."""
    budget = plenty()
    for provider, body in [
        ("openai", {"model": "gpt-6.1-terra", "messages": [], "service_tier": "auto"}),
        ("openai", {"model": "gpt-6.1-terra", "messages": [], "service_tier": "default"}),
        ("openai", {"model": "gpt-6.1-terra", "messages": [], "service_tier": "flex"}),
        ("openai", {"model": "gpt-6.1-terra", "messages": [], "service_tier": "priority"}),
        ("anthropic", {"model": "claude-opus-4-8", "messages": [], "max_tokens": 5, "speed": "standard"}),
        ("anthropic", {"model": "claude-opus-4-8", "messages": [], "max_tokens": 5, "service_tier": "auto"}),
        ("anthropic", {"model": "claude-opus-4-8", "messages": [], "max_tokens": 5, "service_tier": "standard_only"}),
        ("groq", {"model": "llama-3.1-8b-instant", "messages": [], "service_tier": "auto"}),
        ("groq", {"model": "llama-3.1-8b-instant", "messages": [], "service_tier": "on_demand"}),
        ("groq", {"model": "llama-3.1-8b-instant", "messages": [], "service_tier": "flex"}),
    ]:
        dialect = DIALECTS[provider]
        endpoint = next(iter(dialect.endpoints.values()))
        call = GuardedCall((read_guard(budget, None, None, None),), endpoint, body, provider)
        call.reserve()
        for reservation in call.take_reservations():
            reservation.release()


# The bound

LOREM = "What do you see from the old house over there, when the light falls on the land where my father lives? " * 20
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "The city and state."}, "unit": {"enum": ["c", "f"]}},
    "required": ["city"],
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
FUNCTION = {"type": "function", "function": {"name": "weather", "description": "Tells it.", "parameters": SCHEMA}}
CALLED = [
    {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Lund", "unit": "c"}'}}
]
CHATS: list[Any] = [
    {"messages": [{"role": "user", "content": "Hi"}]},
    {
        "messages": [
            {"role": "system", "content": LOREM},
            {"role": "user", "content": "日本語のテキストを翻訳してください。" * 9},
        ]
    },
    {"messages": [{"role": "user", "content": json.dumps(SCHEMA) * 9}], "tools": [FUNCTION] * 3},
    {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": LOREM},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
                ],
            }
        ]
    },
    {
        "messages": [
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": None, "tool_calls": CALLED},
            {"role": "tool", "tool_call_id": "c1", "content": LOREM},
        ],
        "tools": [FUNCTION],
    },
    {
        "messages": [{"role": "user", "content": "List."}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
    },
    {"messages": [{"role": "user", "name": "ada", "content": "🦜🎉 naïve café\n" * 30}] * 4},
]
MESSAGES: list[Any] = [
    {"messages": [{"role": "user", "content": "Hi"}]},
    {"system": LOREM, "messages": [{"role": "user", "content": LOREM}, {"role": "assistant", "content": "Yes."}]},
    {
        "system": [{"type": "text", "text": LOREM, "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "What?"}]}],
    },
    {
        "messages": [{"role": "user", "content": "Weather?"}],
        "tools": [{"name": "weather", "description": "Tells it.", "input_schema": SCHEMA}] * 4,
    },
    {
        "messages": [
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "weather", "input": {"city": "Lund"}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": LOREM}]}],
            },
        ]
    },
    {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
                    {"type": "text", "text": LOREM},
                ],
            }
        ]
    },
]
RESPONSES: list[Any] = [
    {"input": "Hi"},
    {"input": LOREM, "instructions": LOREM},
    {
        "input": [{"role": "user", "content": [{"type": "input_text", "text": LOREM}]}],
        "tools": [{"type": "function", "name": "weather", "parameters": SCHEMA}],
    },
    {
        "input": [
            {"type": "function_call", "call_id": "c", "name": "weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": LOREM},
        ]
    },
]
REALISTIC: list[tuple[str, str, str, str, dict[str, Any]]] = [
    *(("openai", "/chat/completions", "openai_base_url", "gpt-4o-mini", body) for body in CHATS),
    *(("openai", "/chat/completions", "openai_base_url", "gpt-6.1-terra", body) for body in CHATS),
    *(("groq", "/chat/completions", "groq_base_url", "llama-3.1-8b-instant", body) for body in CHATS),
    *(("groq", "/chat/completions", "groq_base_url", "openai/gpt-oss-120b", body) for body in CHATS),
    *(("openai", "/responses", "openai_base_url", "gpt-4o-mini", body) for body in RESPONSES),
    *(
        ("anthropic", "/messages", "anthropic_base_url", "claude-opus-4-8", {"max_tokens": 9} | body)
        for body in MESSAGES
    ),
    *(("ollama", "/api/chat", "ollama_base_url", "llama3.2", {"stream": False} | body) for body in CHATS[:3]),
    ("openai", "/embeddings", "openai_base_url", "text-embedding-3-small", {"input": [LOREM, "Hi"]}),
    ("openai", "/embeddings", "openai_base_url", "text-embedding-3-small", {"input": [[1, 2, 3], [4, 5]]}),
    ("openai", "/completions", "openai_base_url", "gpt-3.5-turbo-instruct", {"prompt": [LOREM, "Hi"]}),
    ("ollama", "/api/generate", "ollama_base_url", "llama3.2", {"stream": False, "system": LOREM, "prompt": "Hi"}),
    ("ollama", "/api/embed", "ollama_base_url", "nomic-embed-text", {"input": [LOREM, "Hi"]}),
]


@pytest.mark.parametrize(("vendor", "path", "address", "model", "body"), REALISTIC)
def test_the_input_held_is_not_below_what_a_tokenizer_counts(provider, vendor, path, address, model, body):
    """The loopback provider counts with a real tokenizer, and shares no code with the estimate."""
    import httpx

    provider.reply(Reply("Yes."))
    prefix = {"groq": "/openai/v1", "anthropic": "/v1"}.get(vendor, "")
    body = {"model": model, **body}
    with httpx.Client(verify=False) as client:
        client.post(f"{getattr(provider, address)}{prefix}{path}", json=body).raise_for_status()
    counted = provider.bill.input_tokens
    call = read(vendor, path, body)
    assert counted <= call.input_tokens
    assert call.expected_input_tokens is not None
    assert call.expected_input_tokens <= call.input_tokens
    if "image" not in json.dumps(body):
        assert call.input_tokens < 4 * counted + 1200
