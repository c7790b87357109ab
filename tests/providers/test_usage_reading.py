"""Usage in every shape: what is broken, missing or new is never an under-count."""

import logging
from decimal import Decimal
from types import SimpleNamespace

import pytest

from llm_token_budget import ConfigurationError, UnknownModelPrice, price_response
from llm_token_budget.providers import counts
from llm_token_budget.providers.groq import CHAT as GROQ_CHAT
from llm_token_budget.providers.usage_reading import read_chat, read_image, read_message, read_response
from llm_token_budget.usage import ToolUse, Usage

ABSURD = [10**9, 10**30, -1, -(10**30), 1.5, float("nan"), float("inf"), "many", "-3", "5", "", [5], {"n": 5}, True]


def chat(usage, model="gpt-4o", **more):
    return {"model": model, "choices": [], "usage": usage} | more


def message(usage, model="claude-opus-5-5"):
    return {"type": "message", "model": model, "usage": usage}


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch):
    monkeypatch.setattr(counts, "_SAID", set())


@pytest.mark.parametrize("value", [None, 0, *ABSURD])
@pytest.mark.parametrize(
    "field", ["cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens", "novel_tokens"]
)
def test_a_broken_part_costs_the_full_price(field, value):
    """A discount that nobody can read is none; a surcharge that nobody can read is at least the plain price."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": {field: value}}
    assert price_response("openai", chat(usage)).cost == Decimal("0.0035")


@pytest.mark.parametrize("details", [None, 5, "x", [], [{"cached_tokens": 5}], {"cached_tokens": None}, {}])
def test_details_that_are_none_cost_the_full_price(details):
    """Null, a number, a list: as if they were not there."""
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "prompt_tokens_details": details,
        "completion_tokens_details": details,
    }
    assert price_response("openai", chat(usage)).cost == Decimal("0.0035")


@pytest.mark.parametrize(
    "field",
    ["cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation", "server_tool_use", "iterations"],
)
@pytest.mark.parametrize("value", [None, 0, *ABSURD])
def test_a_broken_field_of_a_message_leaves_the_rest(field, value):
    """What is beside the input can't be made up; the input and output that are told are charged."""
    usage = {"input_tokens": 1000, "output_tokens": 100, field: value}
    assert price_response("anthropic", message(usage)).cost >= Decimal("0.006")


@pytest.mark.parametrize("value", [None, *ABSURD])
@pytest.mark.parametrize("field", ["prompt_tokens", "completion_tokens"])
def test_a_total_that_is_no_count_is_not_nothing(field, value):
    """`price_response` says what is missing; a client charges what was held instead."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, field: value}
    with pytest.raises(ConfigurationError, match="doesn't say how many"):
        price_response("openai", chat(usage))
    assert not read_chat(chat(usage)).complete


def test_a_whole_float_is_a_count():
    """As some servers write all their numbers."""
    usage = {"prompt_tokens": 1000.0, "completion_tokens": 100}
    assert price_response("openai", chat(usage)).cost == Decimal("0.0035")


def test_a_field_that_cannot_be_read_is_logged_once(caplog):
    """By its name, without its value."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": -77}}
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            read_chat(chat(usage))
    assert [record.args for record in caplog.records] == [("cached_tokens",)]
    assert "77" not in caplog.text


def test_more_cached_than_sent_is_charged_on_top():
    """Then the one is no part of the other."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 4000}}
    assert price_response("openai", chat(usage)).cost == Decimal("0.0075")


def test_audio_that_does_not_fit_beside_the_cache_is_inside_it():
    """Unless the answer says which part of the cache was audio."""
    details = {"cached_tokens": 800, "audio_tokens": 500}
    usage = {"input_tokens": 1000, "output_tokens": 0, "input_token_details": details}
    reading = read_response({"usage": usage})
    assert reading.parts == {"cache_read_tokens": 800, "cache_read_audio_tokens": 300, "audio_input_tokens": 200}
    details["cached_tokens_details"] = {"audio_tokens": 400, "text_tokens": 400}
    reading = read_response({"usage": usage})
    assert reading.parts == {"cache_read_tokens": 800, "cache_read_audio_tokens": 400, "audio_input_tokens": 100}


def test_an_image_that_is_not_told_apart_is_an_image():
    """Text would be cheaper."""
    reading = read_image({"usage": {"input_tokens": 100, "output_tokens": 200}})
    assert reading.parts == {"image_input_tokens": 100, "image_output_tokens": 200}


def test_iterations_that_cannot_be_read_add_up_with_the_top():
    """Twice rather than not at all."""
    usage = {
        "input_tokens": 1000,
        "output_tokens": 100,
        "iterations": [{"type": "message"}, {"input_tokens": 5, "output_tokens": 5}],
    }
    reading = read_message(usage, "m")
    assert (reading.input_tokens, reading.output_tokens) == (1005, 105)
    nothing = read_message({"iterations": [{"type": "message"}]}, "m")
    assert not nothing.complete


def test_a_zero_that_is_reported_is_a_zero():
    """Not a missing count."""
    assert price_response("openai", chat({"prompt_tokens": 0, "completion_tokens": 0})).cost == 0
    assert price_response("anthropic", message({"input_tokens": 0, "output_tokens": 0})).cost_nano_usd == 0


def test_what_is_billed_by_the_call_is_counted():
    """Searches by their action, containers by their id."""
    output = [
        {"type": "web_search_call", "action": {"type": "search"}},
        {"type": "web_search_call", "action": {"type": "open_page"}},
        {"type": "web_search_call"},
        {"type": "code_interpreter_call", "container_id": "a"},
        {"type": "code_interpreter_call", "container_id": "a"},
        {"type": "file_search_call"},
        {"type": "message"},
        "nonsense",
        None,
    ]
    reading = read_response({"usage": {"input_tokens": 1, "output_tokens": 1}, "output": output})
    assert set(reading.parts["tools"]) == {
        ToolUse("web_search", 2),
        ToolUse("file_search", 1),
        ToolUse("code_session", 1),
    }


def test_the_terms_of_an_answer_are_in_its_usage():
    """Tier, speed, place and batch."""
    usage = {"input_tokens": 1, "output_tokens": 1, "service_tier": "batch", "inference_geo": "us", "speed": "fast"}
    read = price_response("anthropic", message(usage)).usage
    assert (read.service_tier, read.speed, read.geography, read.batch) == ("batch", "fast", "us", True)
    flex = price_response(
        "openai", chat({"prompt_tokens": 1, "completion_tokens": 1}, "gpt-5", service_tier="flex")
    ).usage
    assert (flex.service_tier, flex.speed, flex.geography, flex.batch) == ("flex", None, None, False)


def test_a_gateway_reports_its_own_cost():
    """With a key of one's own, what the provider charges comes on top."""
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.5, "cost_details": {"upstream_inference_cost": 0.25}}
    assert price_response("openrouter", chat(usage, "openai/gpt-4o")).usage.reported_cost == Decimal("0.5")
    usage["is_byok"] = True
    assert price_response("openrouter", chat(usage, "openai/gpt-4o")).usage.reported_cost == Decimal("0.75")


@pytest.mark.parametrize("cost", ["free", -1, float("nan"), True, [1]])
def test_a_cost_that_is_no_money_is_none(cost):
    """Then the price counts, even of a gateway that is believed."""
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "cost": cost}
    assert price_response("openrouter", chat(usage, "openai/gpt-4o")).usage.reported_cost is None


def test_objects_of_the_sdks_are_read():
    """Pydantic models, with the fields that only a newer API has, and the raw response around them."""
    from anthropic.types import Message
    from groq.types.chat import ChatCompletion as GroqCompletion
    from openai.types import CreateEmbeddingResponse
    from openai.types.chat import ChatCompletion

    details = {"cached_tokens": 400, "brand_new": 1}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, "prompt_tokens_details": details}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o",
        "choices": [choice],
        "usage": usage,
    }
    assert price_response("openai", ChatCompletion.model_validate(body)).cost == Decimal("0.003")
    body["model"] = "openai/gpt-oss-120b"
    assert price_response("groq", GroqCompletion.model_validate(body)).cost == Decimal("0.00018")
    embedded = {
        "object": "list",
        "model": "text-embedding-3-small",
        "data": [],
        "usage": {"prompt_tokens": 50, "total_tokens": 50},
    }
    assert price_response("openai", CreateEmbeddingResponse.model_validate(embedded)).cost == Decimal("0.000001")
    iteration = {"type": "message", "input_tokens": 10, "output_tokens": 10}
    said = message({"input_tokens": 10, "output_tokens": 10, "iterations": [iteration]})
    said |= {"id": "m", "role": "assistant", "content": [], "stop_reason": "end_turn", "stop_sequence": None}
    assert price_response("anthropic", Message.model_validate(said)).cost == Decimal("0.00024")


def test_raw_responses_are_read():
    """Whatever has the bytes of an answer and its headers."""
    raw = SimpleNamespace(
        content=b'{"model": "gpt-4o", "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}', headers={}
    )
    assert price_response("openai", raw).cost == Decimal("0.0035")


def test_raw_responses_of_sdks_without_a_content_of_their_own_are_read():
    """They keep the HTTP response inside; one that was not read yet says so."""
    import httpx
    from groq._response import APIResponse

    body = {"model": "openai/gpt-oss-20b", "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}

    def raw(response):
        return APIResponse(raw=response, cast_to=object, client=None, stream=False, stream_cls=None, options=None)

    assert price_response("groq", raw(httpx.Response(200, json=body))).cost == Decimal("0.000105")
    unread = httpx.Response(200, stream=httpx.ByteStream(b"{}"))
    for response in (unread, raw(unread)):
        with pytest.raises(ConfigurationError, match="not been read"):
            price_response("groq", response)


def test_the_stop_of_a_message_that_a_helper_streamed_is_read():
    """It has the whole message; its start has not, and is refused."""
    said = message({"input_tokens": 10, "output_tokens": 5})
    stop = SimpleNamespace(type="message_stop", message=SimpleNamespace(**said))
    assert price_response("anthropic", stop).cost == Decimal("0.00014")
    with pytest.raises(ConfigurationError):
        price_response("anthropic", {"type": "message_start", "message": said})


def test_a_view_of_bytes_is_read():
    """As bytes are."""
    view = memoryview(b'{"model": "gpt-4o", "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}')
    assert price_response("openai", view).cost == Decimal("0.0035")


def test_thoughts_that_only_the_sum_has_are_output():
    """Google's answers in OpenAI's language count them nowhere else."""
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 160}
    assert price_response("google", chat(usage, "gemini-2.5-pro")).usage.output_tokens == 60
    assert price_response("openai", chat(usage)).usage.output_tokens == 20


def test_tools_that_groq_ran_are_billed_whatever_else_the_answer_has():
    """Its searches and visits, also without Groq's own field beside them."""
    ran = [{"index": number, "type": kind} for number, kind in enumerate(["search", "search", "visit", "python"])]
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi.", "executed_tools": ran}}
    answer = chat({"prompt_tokens": 1000, "completion_tokens": 100}, "openai/gpt-oss-120b", choices=[choice])
    assert price_response("groq", answer).cost == Decimal("0.00021") + Decimal("0.017")


def test_tools_that_groq_ran_in_a_stream_are_billed_once():
    """They are told in chunks before the last, each first without and then with what it found."""
    fold = GROQ_CHAT.fold()
    for found in ({}, {"output": "..."}):
        ran = [{"index": 0, "type": "search", **found}, {"index": 1, "type": "visit", **found}]
        fold.feed({"choices": [{"index": 0, "delta": {"executed_tools": ran}}]})
    fold.feed({"choices": [], "x_groq": {"id": "r", "usage": {"prompt_tokens": 10, "completion_tokens": 5}}})
    assert fold.reading().parts["tools"] == (ToolUse("web_search", 1), ToolUse("visit_website", 1))


@pytest.mark.parametrize(
    "response", [None, 5, "", "[]", b"{", b"\xff", [], object(), {}, {"model": "gpt-4o"}, {"usage": None}]
)
def test_what_is_no_response_is_refused(response):
    """Or one without usage: the error says so."""
    with pytest.raises(ConfigurationError):
        price_response("openai", response)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("provider", ""), ("provider", None), ("model", 5), ("at", "yesterday"), ("at", True), ("at", [1]), ("at", 1e300)],
)
def test_an_argument_that_cannot_be_is_refused(argument, value):
    """The error names it."""
    arguments = {"provider": "openai", argument: value}
    provider = arguments.pop("provider")
    with pytest.raises(ConfigurationError, match=argument):
        price_response(provider, chat({"prompt_tokens": 1, "completion_tokens": 1}), **arguments)


def test_a_model_that_nobody_knows_is_refused():
    """By the name that the answer has, unless the caller names one that has a price."""
    answer = chat({"prompt_tokens": 1000, "completion_tokens": 100}, "gpt-99")
    with pytest.raises(UnknownModelPrice, match="gpt-99"):
        price_response("openai", answer)
    priced = price_response("openai", answer, model="gpt-4o")
    assert (priced.cost, priced.model, priced.fell_back) == (Decimal("0.0035"), "gpt-4o", True)


def test_a_plain_answer_has_a_plain_usage():
    """Nothing is built that nobody needs: this runs for every call."""
    reading = read_chat(
        chat(
            {
                "prompt_tokens": 5,
                "completion_tokens": 7,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            }
        )
    )
    assert reading.parts == {}
    assert reading.usage(0, 0) == Usage(input_tokens=5, output_tokens=7)
