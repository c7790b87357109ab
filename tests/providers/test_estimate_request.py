"""`estimate_request`: a request's input tokens before it is sent."""

import base64
import copy
import json
import struct
import zlib

import pytest

import llm_token_budget
from llm_token_budget import ConfigurationError, RequestEstimate, estimate_request

WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "Which city"}}},
}


def png(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + bytes(3000)
    return base64.b64encode(data).decode()


IMAGE = png(1024, 1024)
HELLO = [{"role": "user", "content": "How are you today?"}]
REQUESTS = {
    "openai chat": ("openai", {"model": "gpt-4o", "messages": HELLO}),
    "openai responses": (
        "openai",
        {"model": "gpt-6.1-terra", "input": "How are you today?", "instructions": "Be brief."},
    ),
    "openai embeddings": ("openai", {"model": "text-embedding-3-small", "input": ["one text", "another"]}),
    "openai completions": ("openai", {"model": "gpt-3.5-turbo-instruct", "prompt": "Once upon a time"}),
    "azure chat": ("azure", {"model": "gpt-4o", "messages": HELLO}),
    "anthropic": (
        "anthropic",
        {"model": "claude-opus-5-5", "max_tokens": 100, "system": "Be brief.", "messages": HELLO},
    ),
    "groq": ("groq", {"model": "openai/gpt-oss-120b", "messages": HELLO}),
    "ollama chat": ("ollama", {"model": "llama3.1:8b", "messages": HELLO}),
    "ollama generate": ("ollama", {"model": "qwen3:8b", "prompt": "How are you today?", "system": "Be brief."}),
    "ollama embed": ("ollama", {"model": "nomic-embed-text", "input": ["one text", "another"]}),
    "tools": (
        "openai",
        {
            "model": "gpt-4o",
            "messages": [
                *HELLO,
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "call_1", "content": "Rain, 4 degrees"},
            ],
            "tools": [{"type": "function", "function": WEATHER}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "w", "schema": WEATHER["parameters"]}},
        },
    ),
    "image": (
        "openai",
        {
            "model": "gpt-4o",
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE}", "detail": "high"}},
                    ],
                }
            ],
        },
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_endpoint_is_estimated_part_by_part(name):
    """The parts add up to both figures, and the request stays as it is."""
    provider, request = REQUESTS[name]
    before = copy.deepcopy(request)
    estimate = estimate_request(provider, request)
    assert isinstance(estimate, RequestEstimate)
    assert request == before
    assert 0 < estimate.expected <= estimate.upper
    assert sum(part.expected for part in estimate.parts) == estimate.expected
    assert sum(part.upper for part in estimate.parts) == estimate.upper
    assert estimate.method == "heuristic"


@pytest.mark.parametrize("name", REQUESTS)
def test_an_estimate_explains_itself_in_words_and_as_data(name):
    """Every part has a line and a row; the data is JSON."""
    provider, request = REQUESTS[name]
    estimate = estimate_request(provider, request)
    text, data = estimate.explain(), json.loads(json.dumps(estimate.explanation))
    assert f"{estimate.upper:,} at most" in text
    assert len(text.splitlines()) >= 1 + sum(part.upper > 0 for part in estimate.parts)
    assert data["upper"] == estimate.upper
    assert sum(row["upper"] for row in data["parts"]) == estimate.upper


def kinds(provider, request):
    return {part.kind: part for part in estimate_request(provider, request).parts}


def test_parts_are_named_for_what_they_are():
    """System prompts, tools, calls, results and schemas are told apart."""
    assert set(kinds(*REQUESTS["tools"])) == {"text", "tool calls", "tool results", "tools", "schema", "framing"}
    assert {"system", "text"} < set(kinds(*REQUESTS["anthropic"]))
    assert {"system", "text"} < set(kinds(*REQUESTS["openai responses"]))
    assert {"system", "text"} < set(kinds(*REQUESTS["ollama generate"]))


def test_an_image_costs_by_its_size_and_its_bytes_nothing():
    """Only the header is read: 1024 x 1024 is 765 tokens on GPT-4o, whatever the file weighs."""
    assert kinds(*REQUESTS["image"])["images"].upper == 765


@pytest.mark.parametrize(
    ("provider", "request_"),
    [
        ("anthropic", {"model": "claude-haiku-4-5", "max_tokens": 5, "messages": [{"role": "user", "content": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}}]}]}),
        ("ollama", {"model": "llava", "messages": [{"role": "user", "content": "What is this?", "images": [IMAGE]}]}),
        ("openai", {"model": "gpt-6.1-terra", "input": [{"type": "computer_call_output", "call_id": "c", "output": {
            "type": "computer_screenshot", "image_url": f"data:image/png;base64,{IMAGE}"}}]}),
        ("openai", {"model": "gpt-4o", "messages": [{"role": "user", "content": [
            {"type": "something_new", "payload": {"data": IMAGE}}]}]}),
    ],
)  # fmt: skip
def test_base64_is_never_counted_as_text(provider, request_):
    """Wherever a file stands, even where nobody knows what it is."""
    parts = kinds(provider, request_)
    assert parts["images"].number == 1
    assert sum(part.upper for kind, part in parts.items() if kind not in ("images", "framing")) < 60


@pytest.mark.parametrize(
    "source", [{"type": "url", "url": "https://example.com/a.png"}, {"type": "file", "file_id": "file_1"}]
)
def test_an_image_that_can_not_be_seen_costs_the_ceiling(source):
    """A URL or a file id says nothing of its size."""
    request = {
        "model": "claude-opus-5-5",
        "messages": [{"role": "user", "content": [{"type": "image", "source": source}]}],
    }
    assert kinds("anthropic", request)["images"].upper == 4800


def test_tools_bring_claudes_own_prompt():
    """The published numbers: 286 tokens on Opus 5 if it may choose, 406 if it must call one."""
    request = {"model": "claude-opus-5", "max_tokens": 5, "messages": HELLO}
    tool = {"name": "f", "description": "d", "input_schema": {"type": "object"}}
    without = estimate_request("anthropic", request)
    free = estimate_request("anthropic", {**request, "tools": [tool]})
    forced = estimate_request("anthropic", {**request, "tools": [tool], "tool_choice": {"type": "any"}})
    assert free.expected - without.expected >= 286
    assert forced.expected - free.expected == 406 - 286


@pytest.mark.parametrize(
    "stored", [{"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"prompt": {"id": "pmpt_1"}},
               {"input": [{"type": "item_reference", "id": "msg_1"}]}],
)  # fmt: skip
def test_what_only_the_server_has_fills_the_context_or_is_refused(stored):
    """It can't be counted here: the most that fits, or, if asked to be strict, an error that says why."""
    request = {"model": "gpt-6.1-terra", "input": "And then?", **stored}
    estimate = estimate_request("openai", request)
    assert estimate.upper == estimate.facts.context_window
    with pytest.raises(ConfigurationError, match="kept by the server"):
        estimate_request("openai", request, strict=True)


def test_earlier_reasoning_is_reckoned_and_its_cipher_is_not_text():
    """Encrypted reasoning is base64; without it only an id is known."""
    sealed = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "A" * 8000}
    named = {"type": "reasoning", "id": "rs_1", "summary": []}
    assert kinds("openai", {"model": "gpt-6.1-terra", "input": [sealed]})["reasoning"].upper < 2000
    assert kinds("openai", {"model": "gpt-6.1-terra", "input": [named]})["reasoning"].upper >= 16_000
    thinking = {"type": "thinking", "thinking": "Let me see.", "signature": "A" * 8000}
    request = {"model": "claude-opus-5-5", "messages": [{"role": "assistant", "content": [thinking]}]}
    assert kinds("anthropic", request)["reasoning"].upper < 20


def test_pages_and_sound_have_parts_of_their_own():
    """A PDF by its pages, sound by its size."""
    pdf = base64.b64encode(b"%PDF-1.4\n" + b"<< /Type /Page >>\n" * 3).decode()
    document = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": pdf}}
    request = {"model": "claude-opus-5-5", "messages": [{"role": "user", "content": [document]}]}
    assert 3 * 1500 < kinds("anthropic", request)["documents"].upper < 3 * 10_000
    sound = {"type": "input_audio", "input_audio": {"data": "A" * 40_000, "format": "mp3"}}
    request = {"model": "gpt-audio", "messages": [{"role": "user", "content": [sound]}]}
    assert kinds("openai", request)["audio"].upper > 0


def test_exact_counts_leave_no_error_where_the_framing_is_published():
    """The cookbook's rule with the extra `tokenizers`: 3 a message, 1 for the role, 3 for the reply."""
    toktok = pytest.importorskip("toktok")
    texts = ["You are helpful.", "What is the capital of Norway?"]
    request = {
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": texts[0]}, {"role": "user", "content": texts[1]}],
    }
    estimate = estimate_request("openai", request, count="exact")
    assert estimate.expected == sum(toktok.batch_count(texts, "o200k_base", threads=1)) + 2 * 4 + 3
    assert estimate.method == "exact"
    named = {"role": "user", "name": "ada", "content": "Hi"}
    more = estimate_request("openai", {"model": "gpt-4o", "messages": [*request["messages"], named]}, count="exact")
    extra = sum(toktok.batch_count(["ada", "Hi"], "o200k_base", threads=1)) + 4 + 1
    assert more.expected - estimate.expected == extra


def test_bytes_are_a_bound_for_any_text():
    """Larger than the estimate's own bound, and what is expected stays."""
    provider, request = REQUESTS["openai chat"]
    plain, by_bytes = estimate_request(provider, request), estimate_request(provider, request, input_bound="bytes")
    assert by_bytes.expected == plain.expected
    assert by_bytes.upper > plain.upper


def test_objects_of_the_sdks_are_read_as_what_they_send():
    """Messages of an earlier answer can be passed on as they came."""
    from openai.types.chat import ChatCompletionMessage

    message = ChatCompletionMessage(role="assistant", content="I am fine, thank you.")
    as_object = estimate_request("openai", {"model": "gpt-4o", "messages": [*HELLO, message]})
    as_dict = estimate_request(
        "openai", {"model": "gpt-4o", "messages": [*HELLO, {"role": "assistant", "content": "I am fine, thank you."}]}
    )
    assert as_object.parts == as_dict.parts


def test_an_extra_body_is_part_of_the_request():
    """The SDKs merge it."""
    request = {"model": "gpt-4o", "messages": HELLO}
    larger = estimate_request(
        "openai", {**request, "extra_body": {"tools": [{"type": "function", "function": WEATHER}]}}
    )
    assert larger.expected > estimate_request("openai", request).expected


def test_lone_surrogates_and_the_worst_json_are_accepted():
    """What can't be sent as it is, is still estimated."""
    assert (
        estimate_request("openai", {"model": "gpt-4o", "messages": [{"role": "user", "content": "\ud800 ok"}]}).expected
        > 0
    )
    odd = [None, 3, "text", [], {}, {"role": None, "content": {"type": 5}}, {"content": [None, 7, {"type": "text"}]}]
    for provider in ("openai", "anthropic", "groq", "ollama"):
        assert estimate_request(provider, {"model": "m", "messages": odd}).upper >= 0


@pytest.mark.parametrize(
    ("provider", "request_", "message"),
    [
        ("gemini", {"messages": []}, "knows 'openai'"),
        ("openai", ["messages"], "as a dict, not list"),
        ("openai", {"model": "gpt-4o"}, "neither messages nor input nor prompt"),
        ("anthropic", {"model": "claude-opus-5-5", "prompt": "hi"}, "no endpoint of anthropic"),
        ("openai", {"model": "gpt-4o", "messages": iter([])}, "make it a list"),
    ],
)
def test_what_is_no_request_is_refused_with_a_way_out(provider, request_, message):
    """The message says what is wrong with it."""
    with pytest.raises(ConfigurationError, match=message):
        estimate_request(provider, request_)


def test_asking_the_provider_is_for_clients():
    """This function sends nothing."""
    with pytest.raises(ConfigurationError, match="sends nothing"):
        estimate_request("openai", REQUESTS["openai chat"][1], count="provider")


def test_it_is_public():
    """And read on first use."""
    assert {"estimate_request", "RequestEstimate", "Tokenizer"} <= set(llm_token_budget.__all__)
