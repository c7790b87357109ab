"""Servers that aren't the vendor's own: what a user says of them is done, and their refusals say what we changed."""

from __future__ import annotations

from typing import Any

import ollama
import openai
import pytest

from llm_token_budget import BudgetManager, ConfigurationError, wrap
from llm_token_budget.testing import Reply

from .driving import closed, every, first, got, plenty
from .forms import CHAT, COMPLETION, GROQ, MESSAGE, RESPONSE

BARE = {name: value for name, value in CHAT.items() if name != "max_completion_tokens"}
STREAMS = {
    "chat": lambda client: client.chat.completions.create(**CHAT, stream=True),
    "completion": lambda client: client.completions.create(**COMPLETION, stream=True),
    "raw": lambda client: client.chat.completions.with_raw_response.create(**CHAT, stream=True),
}


def refusing(name: str) -> Any:
    """A server that knows a field as little as its users do."""
    error = {"error": {"message": f"Unrecognized request argument supplied: {name}", "type": "invalid_request_error"}}
    return lambda request: Reply(status=400, body=error) if name in request.body else None


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_a_stream_is_not_asked_for_usage_where_that_is_refused(bench, stream):
    """With stream_usage="never" the request is as the user wrote it, to the byte."""
    plain = bench.client("openai")
    for client in (plain, wrap(plain, plenty(), stream_usage="never")):
        bench.run(got(stream(client)))
    plain_one, ours = bench.provider.requests
    assert ours.body == plain_one.body
    assert "stream_options" not in ours.body


def test_a_stream_without_usage_is_charged_what_was_seen(bench):
    """Input as held, output counted high: not below the bill, not as much as was held, and marked as an estimate."""
    budget = plenty()
    client = wrap(bench.client("openai"), budget, stream_usage="never")

    async def read() -> None:
        await every(await got(client.chat.completions.create(**CHAT, stream=True)))

    bench.run(read())
    bench.provider.wait_until_idle()
    stats, bill = budget.get_global_stats(), bench.provider.bill
    assert bill.output_tokens <= stats.output_tokens < CHAT["max_completion_tokens"]
    assert stats.input_tokens >= bill.input_tokens
    assert (stats.estimated_requests, stats.reserved.tokens, stats.unconfirmed.tokens) == (1, 0, 0)


def test_a_stream_without_usage_and_with_hidden_output_is_charged_as_held(bench):
    """Of two choices the bill may be anything up to what was held."""
    budget = plenty()
    client = wrap(bench.client("openai"), budget, stream_usage="never")

    async def read() -> None:
        await every(await got(client.chat.completions.create(**CHAT, n=2, stream=True)))

    bench.run(read())
    assert budget.get_global_stats().unconfirmed.tokens >= 400


def test_usage_that_the_user_asks_for_is_asked_for_and_shown(bench):
    """stream_usage="never" is about what we add: the user's own stream_options are sent, and their chunk is theirs."""
    budget = plenty()
    client = wrap(bench.client("openai"), budget, stream_usage="never")

    async def read() -> list[Any]:
        asked = {"include_usage": True}
        return await every(await got(client.chat.completions.create(**CHAT, stream=True, stream_options=asked)))

    chunks = bench.run(read())
    assert chunks[-1].usage is not None
    bench.provider.wait_until_idle()
    assert budget.get_global_stats().total_tokens == bench.provider.bill.total_tokens
    assert not budget.get_global_stats().estimated_requests


def test_copies_and_second_wraps_keep_what_was_said(bench):
    """A server's ways are the client's: with_options() and another budget change nothing about them."""
    once = wrap(bench.client("openai"), plenty(), stream_usage="never")
    for client in (once.with_options(timeout=9), wrap(once, plenty())):
        bench.run(got(client.chat.completions.create(**CHAT, stream=True)))
    assert all("stream_options" not in request.body for request in bench.provider.requests)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("form", ["chat", "raw"])
def test_a_refusal_of_what_we_added_names_the_option(bench, form, status):
    """The error's type and message stay the SDK's; its notes say what we did, and how to stop us."""
    error = {"error": {"message": "Unrecognized request argument supplied: stream_options"}}
    bench.provider.reply(Reply(status=status, body=error))
    client = wrap(bench.client("openai"), plenty())
    with pytest.raises(openai.APIStatusError) as raised:
        bench.run(got(STREAMS[form](client)))
    with pytest.raises(openai.APIStatusError) as plain:
        bench.run(got(STREAMS[form](bench.client("openai"))))
    assert (type(raised.value), str(raised.value)) == (type(plain.value), str(plain.value))
    (note,) = raised.value.__notes__
    assert "stream_options" in note
    assert "stream_usage='never'" in note


def test_a_refusal_of_a_lowered_maximum_says_from_what_to_what(bench):
    """And under which name, and how to have another one written."""
    bench.provider.on(refusing("max_completion_tokens"))
    client = wrap(bench.client("openai"), BudgetManager(global_token_limit=2500, wait_for_held=0))
    with pytest.raises(openai.BadRequestError) as raised:
        bench.run(got(client.chat.completions.create(**BARE, max_completion_tokens=8000)))
    (note,) = raised.value.__notes__
    sent = bench.provider.requests[-1].body["max_completion_tokens"]
    assert f"max_completion_tokens, from 8,000 to {sent:,} tokens" in note
    assert "maximum_field=" in note
    assert "admission='strict'" in note


def test_a_maximum_that_the_request_did_not_have_is_named_too(bench):
    """Nothing to lower from: the note says so."""
    bench.provider.on(refusing("max_completion_tokens"))
    client = wrap(bench.client("openai"), BudgetManager(global_token_limit=2500, wait_for_held=0))
    with pytest.raises(openai.BadRequestError) as raised:
        bench.run(got(client.chat.completions.create(**BARE)))
    assert "max_completion_tokens, from no maximum to" in raised.value.__notes__[0]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_refusal_of_ollamas_lowered_maximum_says_so_too(bench, streamed):
    """There is one name for it, so the note offers no other one."""
    bench.provider.reply(Reply(status=400))
    client = wrap(bench.client("ollama"), BudgetManager(global_token_limit=2500, wait_for_held=0))

    async def ask() -> None:
        answer = await got(
            client.chat(
                "llama3.2", [{"role": "user", "content": "Hello"}], stream=streamed, options={"num_predict": 8000}
            )
        )
        if streamed:
            await anext(aiter(answer)) if hasattr(answer, "__aiter__") else next(answer)

    with pytest.raises(ollama.ResponseError) as raised:
        bench.run(ask())
    (note,) = raised.value.__notes__
    sent = bench.provider.requests[-1].body["options"]["num_predict"]
    assert sent < 2500
    assert f"options.num_predict, from 8,000 to {sent:,} tokens" in note
    assert "admission='strict'" in note
    assert "maximum_field" not in note


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_errors_of_untouched_requests_and_other_errors_get_no_note(bench, status):
    """A note on every error would be noise: only where what we changed may be the reason."""
    bench.provider.reply(Reply(status=status))
    client = wrap(bench.client("openai"), plenty())
    with pytest.raises(openai.APIStatusError) as raised:
        bench.run(got(client.chat.completions.create(**CHAT)))
    assert not getattr(raised.value, "__notes__", ())
    if status != 400:
        with pytest.raises(openai.APIStatusError) as streamed:
            bench.run(got(client.chat.completions.create(**CHAT, stream=True)))
        assert not getattr(streamed.value, "__notes__", ())


@pytest.mark.parametrize(
    ("field", "expected"),
    [("max_tokens", "max_tokens"), ({"gpt-4o-mini": "max_new_tokens"}, "max_new_tokens"), ({"other": "x"}, None)],
)
def test_the_maximum_is_written_under_the_name_that_the_user_gives(bench, field, expected):
    """For all models or by model; a model that isn't named keeps what the vendor's API takes."""
    client = wrap(bench.client("openai"), BudgetManager(global_token_limit=2500, wait_for_held=0), maximum_field=field)
    bench.run(got(client.chat.completions.create(**BARE)))
    body = bench.provider.requests[-1].body
    maxima = {name: value for name, value in body.items() if name.startswith("max")}
    assert list(maxima) == [expected or "max_completion_tokens"]
    assert 1024 <= maxima[expected or "max_completion_tokens"] < 2500


def test_a_requests_own_maximum_is_lowered_under_its_own_name(bench):
    """What the user wrote is what their server understands."""
    client = wrap(
        bench.client("openai"), BudgetManager(global_token_limit=2500, wait_for_held=0), maximum_field="max_tokens"
    )
    bench.run(got(client.chat.completions.create(**BARE, max_completion_tokens=8000)))
    body = bench.provider.requests[-1].body
    assert body["max_completion_tokens"] < 2500
    assert "max_tokens" not in body


def test_a_maximum_under_the_given_name_is_the_requests_own(bench):
    """It is held, and lowered, like any."""
    budget = plenty()
    client = wrap(bench.client("openai"), budget, maximum_field="max_new_tokens")
    bench.provider.reply(Reply(usage="absent"))

    async def leave() -> None:
        stream = await got(client.chat.completions.create(**BARE, n=2, stream=True, extra_body={"max_new_tokens": 70}))
        await first(stream)
        await closed(stream)

    bench.run(leave())
    assert 140 <= budget.get_global_stats().unconfirmed.tokens < 1000
    tight = wrap(
        bench.client("openai"), BudgetManager(global_token_limit=2500, wait_for_held=0), maximum_field="max_new_tokens"
    )
    bench.run(got(tight.chat.completions.create(**BARE, extra_body={"max_new_tokens": 9000})))
    assert bench.provider.requests[-1].body["max_new_tokens"] < 2500


def test_other_endpoints_and_vendors_take_the_name_too(plain_bench):
    """Responses, messages, and Groq's chat; embeddings have no maximum, and get none."""
    tight = {"global_token_limit": 2500, "wait_for_held": 0}
    responses = {name: value for name, value in RESPONSE.items() if name != "max_output_tokens"}
    groq_chat = {name: value for name, value in GROQ.items() if name != "max_completion_tokens"}
    wrapped = {
        vendor: wrap(plain_bench.client(vendor), BudgetManager(**tight), maximum_field="most")
        for vendor in ("openai", "groq", "anthropic")
    }
    wrapped["openai"].responses.create(**responses)
    assert plain_bench.provider.requests[-1].body["most"] < 2500
    wrapped["openai"].embeddings.create(model="text-embedding-3-small", input="Hello")
    assert "most" not in plain_bench.provider.requests[-1].body
    wrapped["groq"].chat.completions.create(**groq_chat)
    assert plain_bench.provider.requests[-1].body["most"] < 2500
    wrapped["anthropic"].messages.create(**MESSAGE)
    assert "most" not in plain_bench.provider.requests[-1].body


@pytest.mark.parametrize(
    "wrong",
    [
        {"stream_usage": "always"},
        {"stream_usage": True},
        {"maximum_field": ""},
        {"maximum_field": 5},
        {"maximum_field": {"my-model": None}},
        {"maximum_field": {1: "max_tokens"}},
        {"provider": ""},
        {"provider": 1},
    ],
    ids=str,
)
def test_wrong_options_are_refused_at_once(plain_bench, wrong):
    """With the option's name in the message."""
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        wrap(plain_bench.client("openai"), plenty(), **wrong)


@pytest.mark.parametrize("option", [{"stream_usage": "never"}, {"maximum_field": "max_tokens"}], ids=str)
def test_options_that_say_nothing_of_ollama_are_refused_for_it(plain_bench, option):
    """Its servers are asked for nothing, and all know num_predict."""
    with pytest.raises(ConfigurationError, match="openai, anthropic and groq"):
        wrap(plain_bench.client("ollama"), plenty(), **option)
