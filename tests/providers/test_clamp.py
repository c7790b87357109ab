"""Near a limit the request's own maximum is lowered, under its own name, or the call is refused: never sent broken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion

from llm_token_budget import BudgetExceeded, BudgetManager, wrap
from llm_token_budget.testing import Reply

from .driving import every, got, plenty
from .forms import CHAT, COMPLETION, GROQ, MESSAGE, OLLAMA, RESPONSE, TOOL, Said, takes

ROOM = 2500
"""Tokens: more than an answer needs to be of use, less than the requests below ask for."""


@dataclass(frozen=True)
class Case:
    """A request that asks for more than there is room for, and where its maximum stands."""

    name: str
    vendor: str
    send: Any
    maximum: str


def chat(**more: Any) -> Any:
    arguments = {name: value for name, value in CHAT.items() if name != "max_completion_tokens"} | more
    return lambda client: client.chat.completions.create(**arguments)


def message(**more: Any) -> Any:
    return lambda client: client.messages.create(**MESSAGE | more)


def groq_chat(**more: Any) -> Any:
    arguments = {name: value for name, value in GROQ.items() if name != "max_completion_tokens"} | more
    return lambda client: client.chat.completions.create(**arguments)


CASES = [
    Case("openai", "openai", chat(max_completion_tokens=8000), "max_completion_tokens"),
    Case("openai, older name", "openai", chat(max_tokens=8000), "max_tokens"),
    Case("openai, none", "openai", chat(), "max_completion_tokens"),
    Case("openai, streamed", "openai", chat(max_tokens=8000, stream=True), "max_tokens"),
    Case("openai, unknown model", "openai", chat(model="my-model"), "max_tokens"),
    Case("openai, extra body", "openai", chat(extra_body={"max_completion_tokens": 8000}), "max_completion_tokens"),
    Case("azure", "azure", chat(max_completion_tokens=8000), "max_completion_tokens"),
    Case(
        "openai raw",
        "openai",
        lambda client: client.chat.completions.with_raw_response.create(**CHAT | {"max_completion_tokens": 8000}),
        "max_completion_tokens",
    ),
    Case(
        "response",
        "openai",
        lambda client: client.responses.create(**RESPONSE | {"max_output_tokens": 8000}),
        "max_output_tokens",
    ),
    Case(
        "response, none",
        "openai",
        lambda client: client.responses.create(model="gpt-4o-mini", input="Hello"),
        "max_output_tokens",
    ),
    Case(
        "completion",
        "openai",
        lambda client: client.completions.create(**COMPLETION | {"max_tokens": 3900}),
        "max_tokens",
    ),
    Case(
        "posted",
        "openai",
        lambda client: client.post(
            "/chat/completions", body={**CHAT, "max_completion_tokens": 8000}, cast_to=ChatCompletion
        ),
        "max_completion_tokens",
    ),
    Case("anthropic", "anthropic", message(max_tokens=8000), "max_tokens"),
    Case("anthropic, streamed", "anthropic", message(max_tokens=8000, stream=True), "max_tokens"),
    Case(
        "anthropic, beta",
        "anthropic",
        lambda client: client.beta.messages.create(**MESSAGE | {"max_tokens": 8000}),
        "max_tokens",
    ),
    Case("anthropic, extra body", "anthropic", message(extra_body={"max_tokens": 8000}), "max_tokens"),
    Case("groq", "groq", groq_chat(max_completion_tokens=8000), "max_completion_tokens"),
    Case("groq, older name", "groq", groq_chat(max_tokens=8000), "max_tokens"),
    Case("groq, none", "groq", groq_chat(), "max_completion_tokens"),
    Case(
        "ollama",
        "ollama",
        lambda client: client.chat(**OLLAMA | {"options": {"num_predict": 8000, "seed": 1}}),
        "num_predict",
    ),
    Case("ollama, none", "ollama", lambda client: client.generate("llama3.2", "Hello"), "num_predict"),
    Case(
        "ollama, endless",
        "ollama",
        lambda client: client.chat(**OLLAMA | {"options": {"num_predict": -1}}),
        "num_predict",
    ),
    Case(
        "ollama, streamed",
        "ollama",
        lambda client: client.chat(**OLLAMA | {"options": {"num_predict": 8000}}, stream=True),
        "num_predict",
    ),
]
EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


async def sent(client: Any, send: Any) -> None:
    answer = await got(send(client))
    if (
        isinstance(answer, openai.Stream | openai.AsyncStream)
        or hasattr(answer, "__anext__")
        or hasattr(answer, "__next__")
    ):
        await every(answer)


def maximum_of(body: dict[str, Any], name: str) -> Any:
    return body["options"].get(name) if name == "num_predict" else body.get(name)


@EVERY_CASE
def test_the_maximum_is_lowered_to_the_room_there_is(bench, case):
    """Under the name in use, or that the model takes; everything else stays, and the bill stays inside the limit."""
    bench.provider.reply(Reply(output_tokens=20_000))
    budget = BudgetManager(global_token_limit=ROOM)
    bench.run(sent(wrap(bench.client(case.vendor), budget), case.send))
    bench.provider.wait_until_idle()
    body = bench.provider.requests[0].body
    assert 1024 <= maximum_of(body, case.maximum) < ROOM
    names = {"max_tokens", "max_completion_tokens", "max_output_tokens"} & body.keys()
    assert names == ({case.maximum} if case.vendor != "ollama" else set())
    if case.name == "ollama":
        assert body["options"]["seed"] == 1
    stats = budget.get_global_stats()
    assert stats.total_tokens == bench.provider.bill.total_tokens <= ROOM
    assert not stats.overrun


@EVERY_CASE
@pytest.mark.parametrize("admission", ["observe", "strict"])
def test_other_admissions_change_no_request(bench, case, admission):
    """Observed, it is sent as it is; strictly, refused as it is."""
    bench.run(sent(bench.client(case.vendor), case.send))
    budget = BudgetManager(global_token_limit=ROOM, admission=admission)
    client = wrap(bench.client(case.vendor), budget)
    if admission == "observe":
        bench.run(sent(client, case.send))
        plain, wrapped = (request.body for request in bench.provider.requests)
        assert {**wrapped, "stream_options": None} == {**plain, "stream_options": None}
        return
    with pytest.raises((BudgetExceeded, ValueError)):
        bench.run(sent(client, case.send))
    assert bench.provider.request_count == 1


@EVERY_CASE
def test_a_maximum_is_never_raised(bench, case):
    """A request that asks for little gets what it asked for, however close the limit."""
    small: dict[str, Any] = {"openai": CHAT, "azure": CHAT, "anthropic": MESSAGE, "groq": GROQ, "ollama": OLLAMA}[
        case.vendor
    ]

    async def use(client: Any) -> None:
        if case.vendor == "ollama":
            await got(client.chat(**small))
        else:
            await got((client.messages if case.vendor == "anthropic" else client.chat.completions).create(**small))

    bench.run(use(bench.client(case.vendor)))
    bench.run(use(wrap(bench.client(case.vendor), BudgetManager(global_token_limit=600))))
    plain, wrapped = (request.body for request in bench.provider.requests)
    assert plain == wrapped


REFUSED: list[tuple[str, str, Any]] = [
    ("too little to be of use", "openai", (900, chat(max_tokens=8000))),
    (
        "JSON by schema",
        "openai",
        (
            ROOM,
            chat(max_tokens=8000, response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}),
        ),
    ),
    ("JSON", "openai", (ROOM, chat(max_tokens=8000, response_format={"type": "json_object"}))),
    (
        "parsed",
        "openai",
        (
            ROOM,
            lambda client: client.chat.completions.parse(
                **CHAT | {"max_completion_tokens": 8000}, response_format=Said
            ),
        ),
    ),
    ("a forced tool", "openai", (ROOM, chat(max_tokens=8000, tools=[TOOL], tool_choice="required"))),
    (
        "a named tool",
        "openai",
        (ROOM, chat(max_tokens=8000, tools=[TOOL], tool_choice={"type": "function", "function": {"name": "look"}})),
    ),
    ("several choices", "openai", (ROOM, chat(max_tokens=8000, n=3))),
    ("reasoning", "openai", (ROOM, chat(max_completion_tokens=8000, model="gpt-6.1-terra"))),
    (
        "a response by schema",
        "openai",
        (ROOM, lambda client: client.responses.parse(**RESPONSE | {"max_output_tokens": 8000}, text_format=Said)),
    ),
    ("thinking", "anthropic", (ROOM, message(max_tokens=8000, thinking={"type": "enabled", "budget_tokens": 2000}))),
    (
        "a forced tool of anthropic",
        "anthropic",
        (
            ROOM,
            message(
                max_tokens=8000,
                tools=[{"name": "look", "input_schema": {"type": "object"}}],
                tool_choice={"type": "any"},
            ),
        ),
    ),
    (
        "a format of ollama",
        "ollama",
        (ROOM, lambda client: client.chat(**OLLAMA | {"options": {"num_predict": 8000}}, format="json")),
    ),
]


@pytest.mark.parametrize(("vendor", "case"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_what_would_be_cut_is_refused(bench, vendor, case):
    """Half a JSON, a thought without an answer, or a sentence of ten words is paid and of no use."""
    room, send = case
    budget = BudgetManager(global_token_limit=room)
    with pytest.raises(BudgetExceeded) as refused:
        bench.run(sent(wrap(bench.client(vendor), budget), send))
    assert refused.value.needed > room
    assert bench.provider.request_count == 0


def test_a_thinking_budget_keeps_its_room(bench):
    """Lowered, but not below the thinking budget and something to say."""
    budget = BudgetManager(global_token_limit=4000)
    send = message(max_tokens=8000, thinking={"type": "enabled", "budget_tokens": 1500})
    bench.run(sent(wrap(bench.client("anthropic"), budget), send))
    assert 2524 <= bench.provider.requests[0].body["max_tokens"] < 4000


def test_several_choices_share_the_room(bench):
    """The maximum is per choice."""
    bench.provider.reply(Reply(output_tokens=9000))
    budget = BudgetManager(global_token_limit=5000)
    bench.run(sent(wrap(bench.client("openai"), budget), chat(max_tokens=8000, n=3)))
    assert 1024 <= bench.provider.requests[0].body["max_tokens"] <= 5000 // 3
    assert budget.get_global_stats().total_tokens == bench.provider.bill.total_tokens <= 5000


def test_the_least_can_be_set(bench):
    """`min_output_tokens=` says below which an answer is refused."""
    budget = BudgetManager(global_token_limit=400, min_output_tokens=50)
    bench.run(sent(wrap(bench.client("openai"), budget), chat(max_tokens=8000)))
    assert 50 <= bench.provider.requests[0].body["max_tokens"] < 400
    strict = BudgetManager(global_token_limit=ROOM, min_output_tokens=3000)
    with pytest.raises(BudgetExceeded):
        bench.run(sent(wrap(bench.client("openai"), strict), chat(max_tokens=8000)))


@pytest.mark.parametrize("content", [True, False], ids=["bytes", "text"])
def test_a_body_of_bytes_is_read_and_lowered(bench, content):
    """`client.post(content=)` is JSON all the same."""
    if not takes(openai.OpenAI.post, "content"):
        pytest.skip("this SDK posts no bytes")
    text = json.dumps({**CHAT, "max_completion_tokens": 8000, "user": "grüße"})
    budget = BudgetManager(global_token_limit=ROOM)
    client = wrap(bench.client("openai"), budget)
    options = {"headers": {"content-type": "application/json"}}
    bench.run(
        got(
            client.post(
                "/chat/completions", content=text.encode() if content else text, cast_to=ChatCompletion, options=options
            )
        )
    )
    body = bench.provider.requests[0].body
    assert body["max_completion_tokens"] < ROOM
    assert body["user"] == "grüße"
    assert budget.get_global_stats().total_tokens == bench.provider.bill.total_tokens


@pytest.mark.parametrize("maximum", [1200.0, 200.0])
def test_a_maximum_written_as_a_float_is_one(bench, maximum):
    """Never raised, and held as what it says."""
    budget = plenty(global_token_limit=3000)
    bench.provider.on(
        lambda _: Reply(body={"model": "llama3.2", "done": True, "prompt_eval_count": 9, "eval_count": 3})
    )
    client = wrap(bench.client("ollama"), budget)
    bench.run(
        got(
            client._request_raw(
                "POST",
                "/api/generate",
                json={"model": "llama3.2", "prompt": "Hi", "options": {"num_predict": maximum}, "stream": False},
            )
        )
    )
    assert bench.provider.requests[0].body["options"]["num_predict"] == maximum
    assert budget.ledger.handles[0].reserved.tokens < maximum + 200


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "groq"])
def test_a_retry_is_lowered_to_the_room_it_finds(bench, vendor):
    """Each attempt has its own room: what the lost one is charged is gone."""
    bench.provider.enqueue(Reply(status=504, billed=True))
    sends = {"openai": chat(max_tokens=1500), "anthropic": message(max_tokens=1500), "groq": groq_chat(max_tokens=1500)}
    budget = BudgetManager(global_token_limit=3000)
    bench.run(sent(wrap(bench.client(vendor, max_retries=1), budget), sends[vendor]))
    first, second = (request.body["max_tokens"] for request in bench.provider.requests)
    assert (first, second < 1500) == (1500, True)
    assert budget.get_global_stats().total_tokens <= 3000


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "groq"])
def test_a_retry_without_room_is_refused(bench, vendor):
    """BudgetExceeded from the second attempt reaches the user as it is."""
    bench.provider.reply(Reply(status=504, billed=True))
    sends = {"openai": chat(max_tokens=1500), "anthropic": message(max_tokens=1500), "groq": groq_chat(max_tokens=1500)}
    budget = BudgetManager(global_token_limit=2000)
    with pytest.raises(BudgetExceeded) as refused:
        bench.run(sent(wrap(bench.client(vendor, max_retries=5), budget), sends[vendor]))
    assert type(refused.value) is BudgetExceeded
    assert bench.provider.request_count == 1
    assert refused.value.unconfirmed > 1500
