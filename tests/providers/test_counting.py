"""`count=`, `tokenizer=` and `input_bound=` on calls of wrapped clients."""

import pytest

from llm_token_budget import BudgetManager, ConfigurationError, wrap
from llm_token_budget.testing import Reply

from .driving import got, held_tokens, plenty

ASKED = {"anthropic": "/v1/messages/count_tokens", "openai": "/v1/responses/input_tokens"}
TEXT = "How are you today, and what is the weather like in Oslo?"


async def call(client, vendor):
    if vendor == "anthropic":
        return await got(
            client.messages.create(model="claude-opus-5-5", max_tokens=10, messages=[{"role": "user", "content": TEXT}])
        )
    return await got(client.responses.create(model="gpt-6.1-terra", input=TEXT, max_output_tokens=16))


def paths(provider):
    return [request.path for request in provider.requests]


@pytest.mark.parametrize("option", [{"count": "provider"}, {"input_bound": "provider"}])
@pytest.mark.parametrize("vendor", ASKED)
def test_the_provider_is_asked_before_a_call(bench, provider, vendor, option):
    """One more request, which costs nothing; what it says is held, and little more."""
    budget = plenty(**option)
    client = wrap(bench.client(vendor), budget)
    bench.run(call(client, vendor))
    assert paths(provider)[0] == ASKED[vendor]
    assert provider.bill.requests == 1
    counted = provider.bill.input_tokens
    most_output = 10 if vendor == "anthropic" else 16
    assert counted <= held_tokens(budget) - most_output <= 1.02 * counted + 9


@pytest.mark.parametrize("vendor", ASKED)
def test_nobody_is_asked_by_default(plain_bench, provider, vendor):
    """The estimate needs no network."""
    plain_bench.run(call(wrap(plain_bench.client(vendor), plenty()), vendor))
    assert len(paths(provider)) == 1


@pytest.mark.parametrize("vendor", ASKED)
def test_a_failure_of_counting_is_no_failure_of_the_call(bench, provider, vendor, caplog):
    """The estimate counts, the log says so, and after three failures the provider is left alone."""
    budget = plenty(count="provider")
    client = wrap(bench.client(vendor), budget)
    break_counting(provider)
    for _ in range(5):
        bench.run(call(client, vendor))
    assert paths(provider).count(ASKED[vendor]) == 3
    assert provider.bill.requests == 5
    assert "it is estimated" in caplog.text


def break_counting(provider):
    """Counting endpoints answer with an error, whatever is asked."""
    provider.on(lambda request: Reply(status=500) if request.path in ASKED.values() else None)


CHATS = [
    [{"role": "user", "content": TEXT}],
    [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": TEXT}]}],
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello."}, {"type": "text", "text": "And?"}]},
        {"role": "user", "content": TEXT},
    ],
]


def texts_of(messages):
    return [
        (message["role"], part if isinstance(part, str) else part["text"])
        for message in messages
        for part in ([message["content"]] if isinstance(message["content"], str) else message["content"])
    ]


@pytest.mark.parametrize("messages", CHATS)
def test_a_chat_of_texts_is_counted_as_the_response_that_reads_the_same(bench, provider, messages):
    """OpenAI counts no chats, but says what the same texts are in a response."""
    budget = plenty(count="provider")
    client = wrap(bench.client("openai"), budget)
    completion = client.chat.completions.create(model="gpt-6.1-terra", messages=messages, max_completion_tokens=16)
    bench.run(got(completion))
    assert paths(provider) == ["/v1/responses/input_tokens", "/v1/chat/completions"]
    asked = provider.requests[0].body
    assert asked["model"] == "gpt-6.1-terra"
    assert texts_of(asked["input"]) == texts_of(messages)
    counted = plenty_of_responses(bench, asked["input"])
    assert counted <= held_tokens(budget) - 16 <= 1.02 * counted + 9


def plenty_of_responses(bench, items):
    """What the provider's endpoint says of a response's input."""
    body = {"model": "gpt-6.1-terra", "input": items}  # Older SDKs have no method for it.
    answer = got(bench.client("openai").post("/responses/input_tokens", body=body, cast_to=object))
    return bench.run(answer)["input_tokens"]


@pytest.mark.parametrize(
    ("messages", "more"),
    [
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]}], {}),
        ([{"role": "user", "content": TEXT, "name": "ada"}], {}),
        ([{"role": "user", "content": TEXT}, {"role": "tool", "tool_call_id": "1", "content": "3"}], {}),
        (CHATS[0], {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]}),
        (CHATS[0], {"response_format": {"type": "json_object"}}),
    ],
)
def test_a_chat_of_more_than_texts_is_estimated(plain_bench, provider, messages, more):
    """Nobody publishes what a response would make of it: no request is wasted."""
    client = wrap(plain_bench.client("openai"), plenty(count="provider"))
    client.chat.completions.create(model="gpt-6.1-terra", messages=messages, max_completion_tokens=16, **more)
    assert paths(provider) == ["/v1/chat/completions"]


def test_servers_own_tools_are_not_asked_about(plain_bench, provider):
    """Anthropic's endpoint refuses them: no request is wasted."""
    client = wrap(plain_bench.client("anthropic"), plenty(count="provider", unmetered="allow"))
    client.messages.create(
        model="claude-opus-5-5",
        max_tokens=10,
        messages=[{"role": "user", "content": TEXT}],
        tools=[{"type": "web_search_20250305", "name": "web_search", "max_uses": 1}],
    )
    assert paths(provider) == ["/v1/messages"]


def test_bytes_hold_more_than_the_estimate(plain_bench):
    """A proof is wider."""
    held = []
    for bound in ("calibrated", "bytes"):
        budget = plenty(input_bound=bound)
        plain_bench.run(call(wrap(plain_bench.client("openai"), budget), "openai"))
        held.append(held_tokens(budget))
    assert held[0] < held[1]


def test_a_tokenizer_of_ones_own_counts_calls(plain_bench):
    """What it says is held, with the margins of the framing."""

    class Many:
        def count(self, text, model):
            return 5000

    budget = plenty(tokenizer=Many())
    plain_bench.run(call(wrap(plain_bench.client("openai"), budget), "openai"))
    assert 5000 < held_tokens(budget) < 5300


@pytest.mark.parametrize(
    "wrong", [{"count": "exactly"}, {"input_bound": "characters"}, {"cache_bound": "hit"}, {"tokenizer": "gpt-4o"}]
)
def test_a_wrong_option_is_refused_when_the_budget_is_made(wrong):
    """Not at night."""
    with pytest.raises(ConfigurationError):
        BudgetManager(**wrong)


def test_bills_correct_the_next_estimates(plain_bench, provider):
    """A bill above what was held for the input raises what the next call is held for, at once."""
    budget = plenty()
    client = wrap(plain_bench.client("openai"), budget)
    plain_bench.run(call(client, "openai"))
    before = held_tokens(budget)
    provider.reply(Reply("ok", input_tokens=3 * before))
    plain_bench.run(call(client, "openai"))
    second = held_tokens(budget) - before
    plain_bench.run(call(client, "openai"))
    assert held_tokens(budget) - before - second > 1.3 * second


def test_a_deployment_is_counted_as_the_model_behind_it(plain_bench):
    """Nobody knows the tokenizer of `prod-chat-01`; of what it stands for, everybody does."""
    held = []
    for options in ({}, {"aliases": {"prod-chat-01": "openai:gpt-6.1-terra"}}):
        budget = plenty(global_cost_limit=None, **options)
        client = wrap(plain_bench.client("openai"), budget)
        client.responses.create(model="prod-chat-01", input=TEXT, max_output_tokens=16)
        held.append(held_tokens(budget))
    assert held[1] < held[0] / 2
