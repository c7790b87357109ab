"""OpenAI's and Azure's wire format, as the real SDK reads it."""

from __future__ import annotations

import json
from decimal import Decimal

import openai
import pytest
from pydantic import BaseModel

from llm_token_budget.testing import Reply

MODEL = "gpt-6.1-terra"
MESSAGES = [{"role": "user", "content": "How is the weather?"}]
WEATHER_TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


class City(BaseModel):
    name: str
    people: int


def test_answers_the_text_that_was_ordered(provider, openai_client):
    """The words of the order are the content, and each is one token."""
    provider.enqueue(Reply("Sunny and warm.", input_tokens=12))
    completion = openai_client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert completion.choices[0].message.content == "Sunny and warm."
    assert completion.choices[0].finish_reason == "stop"
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (12, 3)
    assert completion.service_tier == "default"


@pytest.mark.parametrize("maximum", [{"max_tokens": 5}, {"max_completion_tokens": 5}])
def test_honours_the_maximum_of_a_request(provider, openai_client, maximum):
    """An answer that wants to be longer is cut there and says so."""
    provider.reply(Reply(output_tokens=50))
    completion = openai_client.chat.completions.create(model=MODEL, messages=MESSAGES, **maximum)
    assert completion.usage.completion_tokens == 5
    assert completion.choices[0].finish_reason == "length"


def test_reasoning_counts_inside_the_maximum(provider, openai_client):
    """Hidden tokens use up the maximum before the first word."""
    provider.reply(Reply(output_tokens=50, reasoning_tokens=90))
    completion = openai_client.chat.completions.create(model=MODEL, messages=MESSAGES, max_completion_tokens=100)
    assert completion.usage.completion_tokens == 100
    assert completion.usage.completion_tokens_details.reasoning_tokens == 90
    assert len(completion.choices[0].message.content.split()) == 10


def test_bills_every_choice(provider, openai_client):
    """`n` multiplies the output, not the input."""
    provider.reply(Reply(output_tokens=7, input_tokens=10))
    completion = openai_client.chat.completions.create(model=MODEL, messages=MESSAGES, n=3)
    assert len(completion.choices) == 3
    assert completion.usage.completion_tokens == 21
    assert provider.bill.total_tokens == 31


def test_reports_cached_input(provider, openai_client):
    """Cached and cache-write tokens are parts of the prompt, at their own rates."""
    provider.reply(Reply("Yes.", input_tokens=1000, cached_tokens=600, cache_write_tokens=100))
    usage = openai_client.chat.completions.create(model=MODEL, messages=MESSAGES).usage
    assert usage.prompt_tokens_details.cached_tokens == 600
    assert usage.prompt_tokens_details.model_dump()["cache_write_tokens"] == 100
    # 300 x $1 + 600 x $0.05 + 100 x $1.25 + 1 x $5, per million.
    assert provider.bill.usd == Decimal("0.00046")


def test_a_stream_without_the_wish_has_no_usage(provider, openai_client):
    """Every chunk has a choice, and none has usage."""
    provider.reply(Reply(output_tokens=4))
    chunks = list(openai_client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))
    assert all(len(chunk.choices) == 1 and chunk.usage is None for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_stream_reports_usage_in_a_last_chunk_of_its_own(provider, openai_client):
    """With `include_usage` there is one more chunk, without choices; the others say null."""
    provider.reply(Reply(output_tokens=4, input_tokens=9))
    stream = openai_client.chat.completions.create(
        model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = list(stream)
    assert all(chunk.usage is None and "usage" in chunk.model_fields_set for chunk in chunks)
    assert last.choices == []
    assert last.usage.total_tokens == 13 == provider.bill.total_tokens


@pytest.mark.parametrize("chunk_tokens", [1, 3, 100])
def test_a_stream_is_the_same_text_in_pieces(provider, openai_client, chunk_tokens):
    """Pieces of any size add up to the text, for each choice."""
    provider.reply(Reply("one two\n three  four ", chunk_tokens=chunk_tokens))
    texts = {0: "", 1: ""}
    for chunk in openai_client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True, n=2):
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert set(texts.values()) == {"one two\n three  four "}
    assert provider.bill.output_tokens == 8


def test_parses_a_scripted_object(provider, openai_client):
    """`.parse()` gets the text as its object."""
    provider.reply(Reply('{"name": "Rome", "people": 2800000}'))
    completion = openai_client.chat.completions.parse(model=MODEL, messages=MESSAGES, response_format=City)
    assert completion.choices[0].message.parsed == City(name="Rome", people=2800000)


def test_a_cut_object_is_a_length_error(provider, openai_client):
    """The SDK raises its own error when the maximum cut the JSON."""
    provider.reply(Reply('{"name": "Rome", "people": 2800000}'))
    with pytest.raises(openai.LengthFinishReasonError):
        openai_client.chat.completions.parse(
            model=MODEL, messages=MESSAGES, response_format=City, max_completion_tokens=2
        )


def test_json_that_nobody_scripted_is_json(provider, openai_client):
    """A made-up answer to a request for JSON is an object."""
    completion = openai_client.chat.completions.create(
        model=MODEL, messages=MESSAGES, response_format={"type": "json_object"}
    )
    assert isinstance(json.loads(completion.choices[0].message.content), dict)


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "get_weather"}}])
def test_a_forced_tool_is_called(provider, openai_client, choice):
    """The scripted text becomes the arguments."""
    provider.reply(Reply('{"city": "Rome"}'))
    completion = openai_client.chat.completions.create(
        model=MODEL, messages=MESSAGES, tools=[WEATHER_TOOL], tool_choice=choice
    )
    (call,) = completion.choices[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Rome"})
    assert completion.choices[0].finish_reason == "tool_calls"


def test_the_stream_helper_collects_a_tool_call(provider, openai_client):
    """`.stream()` puts the pieces of the arguments together."""
    provider.reply(Reply('{"city": "New York"}', tool="get_weather"))
    tool = WEATHER_TOOL | {"function": WEATHER_TOOL["function"] | {"strict": True}}
    with openai_client.chat.completions.stream(model=MODEL, messages=MESSAGES, tools=[tool]) as stream:
        stream.until_done()
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "New York"}


def test_with_raw_response(provider, openai_client):
    """Headers are there, and the body parses."""
    provider.reply(Reply("Hello.", headers={"X-Mine": "yes"}))
    raw = openai_client.chat.completions.with_raw_response.create(model=MODEL, messages=MESSAGES)
    assert raw.headers["x-mine"] == "yes"
    assert raw.headers["x-request-id"] == "req-1"
    assert raw.parse().choices[0].message.content == "Hello."


def test_responses(provider, openai_client):
    """Text, usage and status of a whole response."""
    provider.reply(Reply("Sunny and warm.", input_tokens=20, cached_tokens=5, reasoning_tokens=30))
    response = openai_client.responses.create(model=MODEL, input="How is the weather?")
    assert response.output_text == "Sunny and warm."
    assert response.status == "completed"
    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert (response.usage.input_tokens, response.usage.output_tokens) == (20, 33)
    assert response.usage.output_tokens_details.reasoning_tokens == 30
    assert response.usage.input_tokens_details.cached_tokens == 5


def test_a_response_is_incomplete_at_its_maximum(provider, openai_client):
    """Reasoning alone can use it up: then there is no message at all."""
    provider.reply(Reply(output_tokens=10, reasoning_tokens=40))
    response = openai_client.responses.create(model=MODEL, input="Hello", max_output_tokens=20)
    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "max_output_tokens"
    assert [item.type for item in response.output] == ["reasoning"]
    assert response.usage.output_tokens == 20


@pytest.mark.parametrize(("maximum", "last"), [(None, "response.completed"), (16, "response.incomplete")])
def test_a_responses_stream(provider, openai_client, maximum, last):
    """Events come numbered, in order, and the last one carries the usage."""
    provider.reply(Reply(output_tokens=20, input_tokens=8))
    arguments = {} if maximum is None else {"max_output_tokens": maximum}
    events = list(openai_client.responses.create(model=MODEL, input="Hello", stream=True, **arguments))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [events[0].type, events[-1].type] == ["response.created", last]
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == events[-1].response.output_text
    assert events[-1].response.usage.total_tokens == 8 + (maximum or 20) == provider.bill.total_tokens


def test_the_responses_stream_helper(provider, openai_client):
    """`.stream()` collects the same response."""
    provider.reply(Reply('{"name": "Rome", "people": 3}', reasoning_tokens=2))
    with openai_client.responses.stream(model=MODEL, input="Hello", text_format=City) as stream:
        stream.until_done()
        assert stream.get_final_response().output_parsed == City(name="Rome", people=3)


def test_responses_parse_and_tools(provider, openai_client):
    """A forced tool of the Responses API is called with the scripted arguments, streamed or not."""
    provider.reply(Reply('{"city": "Rome"}'))
    tool = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}, "strict": False}
    request = {"model": MODEL, "input": "Hello", "tools": [tool], "tool_choice": "required"}
    (call,) = openai_client.responses.create(**request).output
    *_, last = openai_client.responses.create(**request, stream=True)
    assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "get_weather", {"city": "Rome"})
    assert last.response.output[0].arguments == call.arguments


def test_embeddings(provider, openai_client):
    """One vector per input, of the size asked for; only input is billed."""
    reply = openai_client.embeddings.create(model="text-embedding-3-small", input=["a b", "c"], dimensions=4)
    assert [len(item.embedding) for item in reply.data] == [4, 4]
    assert reply.data[0].embedding[0] == pytest.approx(0.5)
    assert reply.usage.prompt_tokens == 3 == provider.bill.input_tokens
    assert provider.bill.output_tokens == 0
    assert provider.bill.usd == Decimal("0.00000006")


def test_embeddings_of_token_numbers(provider, openai_client):
    """Lists of token numbers count as what they are."""
    openai_client.embeddings.create(model="text-embedding-3-small", input=[[1, 2, 3], [4]])
    openai_client.embeddings.create(model="text-embedding-3-small", input=[1, 2])
    assert [line.input_tokens for line in provider.bill.lines] == [4, 2]


@pytest.mark.parametrize("streams", [False, True])
def test_legacy_completions_stop_at_16_tokens(provider, openai_client, streams):
    """Where a request sets no maximum, the endpoint has its own."""
    provider.reply(Reply(output_tokens=50))
    reply = openai_client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Once", stream=streams)
    last = list(reply)[-1] if streams else reply
    assert last.choices[0].finish_reason == "length"
    assert provider.bill.output_tokens == 16


def test_free_endpoints_bill_nothing(provider, openai_client):
    """Lists and moderations use up no order either."""
    provider.enqueue(Reply(status=500))
    assert openai_client.models.list().data
    assert openai_client.models.retrieve("gpt-4o").id == "gpt-4o"
    assert openai_client.moderations.create(input="Hello").results[0].flagged is False
    assert provider.bill.requests == 0
    with pytest.raises(openai.InternalServerError):
        openai_client.chat.completions.create(model=MODEL, messages=MESSAGES)


def test_counting_input_is_free_and_true(provider, openai_client):
    """The count of the counting endpoint is the count on the bill."""
    if not hasattr(openai_client.responses, "input_tokens"):
        pytest.skip("this SDK has no counting endpoint")
    counted = openai_client.responses.input_tokens.count(
        model=MODEL, input="How is the weather?", instructions="Be kind."
    )
    openai_client.responses.create(model=MODEL, input="How is the weather?", instructions="Be kind.")
    assert counted.input_tokens == provider.bill.input_tokens
    assert provider.bill.requests == 1


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"n": 1000}, "n"),
        ({"messages": []}, "messages"),
        ({"model": ""}, "model"),
    ],
)
def test_refuses_what_the_vendor_refuses(provider, openai_client, arguments, param):
    """A wrong request is a 400 that names the parameter, and costs nothing."""
    with pytest.raises(openai.BadRequestError) as caught:
        openai_client.chat.completions.create(**{"model": MODEL, "messages": MESSAGES, **arguments})
    assert caught.value.param == param
    assert provider.bill.requests == 0


def test_responses_refuse_a_maximum_below_16(provider, openai_client):
    """The Responses API has a smallest maximum."""
    with pytest.raises(openai.BadRequestError, match=">= 16"):
        openai_client.responses.create(model=MODEL, input="Hello", max_output_tokens=15)


@pytest.mark.parametrize(
    ("asked", "answered"), [(None, "default"), ("auto", "default"), ("flex", "flex"), ("fast", "priority")]
)
def test_names_the_service_tier(provider, openai_client, asked, answered):
    """The answer names the tier that was used, and the bill has its price."""
    provider.reply(Reply("Yes.", input_tokens=1000))
    extra = {} if asked is None else {"service_tier": asked}
    completion = openai_client.chat.completions.create(model=MODEL, messages=MESSAGES, extra_body=extra)
    assert completion.service_tier == answered
    per_million = {"default": "1005", "flex": "502.5", "priority": "2010"}[answered]
    assert provider.bill.usd == Decimal(per_million) / 1_000_000


def test_azure(provider, azure_client):
    """A deployment is the model in the path; the order can name the model behind it."""
    provider.reply(Reply("Yes.", input_tokens=10, model="gpt-4o-2024-08-06"))
    completion = azure_client.chat.completions.create(model="our-chat", messages=MESSAGES)
    assert completion.model == "gpt-4o-2024-08-06"
    (line,) = provider.bill.lines
    assert (line.provider, line.requested_model, line.usd) == ("azure", "our-chat", Decimal("0.000035"))
    (request,) = provider.requests
    assert request.path == "/openai/deployments/our-chat/chat/completions"
    assert request.query == {"api-version": "2026-01-01"}
    assert request.model == "our-chat"


async def test_the_async_client(provider):
    """The same, awaited: whole and streamed."""
    async with openai.AsyncOpenAI(base_url=provider.openai_base_url, api_key="secret") as client:
        completion = await client.chat.completions.create(model=MODEL, messages=MESSAGES)
        stream = await client.responses.create(model=MODEL, input="Hello", stream=True)
        events = [event async for event in stream]
    assert completion.usage.total_tokens + events[-1].response.usage.total_tokens == provider.bill.total_tokens
