"""Endpoints beside the usual ones: a fixed charge, a note of what passed, images, speech, compaction, background answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import anthropic
import groq
import ollama
import openai
import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, ConfigurationError, Limit, UnmeteredCall, wrap
from llm_token_budget.providers.dialect import FILES, Defaults
from llm_token_budget.providers.media import IMAGE_INPUT, SPEECH_INPUT, image_output, read_image_call
from llm_token_budget.testing import Reply

from .driving import every, first, got, held_tokens, plenty
from .serving import Server, events

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
"""The SDK says so of translations and variations, which are billed all the same."""

SPEECH = {"POST /audio/speech": "0.015"}


def speak(client: Any) -> Any:
    return client.audio.speech.create(model="tts-1", voice="alloy", input="Hello")


def spent(budget: BudgetManager) -> Decimal:
    return budget.get_global_stats().total_cost


@pytest.mark.parametrize("vendor", ["openai", "azure"])
def test_a_fixed_charge_is_booked_per_call(bench, vendor):
    """Sound has no usage: each answer costs what the budget says, and no tokens."""
    bench.provider.on(lambda _: Reply(body="not JSON", headers={"content-type": "audio/mpeg"}))
    budget = plenty(unmetered=SPEECH)
    client = wrap(bench.client(vendor), budget)
    for _ in range(3):
        bench.run(got(speak(client)))
    stats = budget.get_global_stats()
    assert (stats.total_cost, stats.requests, stats.total_tokens) == (Decimal("0.045"), 3, 0)
    assert budget.unconfirmed() == []
    assert budget.unmetered_calls() == []


def test_a_fixed_charge_is_held_before_the_call(bench):
    """What doesn't fit is not sent."""
    bench.provider.on(lambda _: Reply(body={}))
    budget = BudgetManager(global_cost_limit="0.04", unmetered=SPEECH)
    client = wrap(bench.client("openai"), budget)
    for _ in range(2):
        bench.run(got(speak(client)))
    with pytest.raises(BudgetExceeded):
        bench.run(got(speak(client)))
    assert bench.provider.request_count == 2


def test_an_error_answer_costs_no_fixed_charge(bench):
    """Providers don't bill errors."""
    bench.provider.on(lambda _: Reply(status=400))
    budget = plenty(unmetered=SPEECH)
    client = wrap(bench.client("openai"), budget)

    async def use() -> None:
        await got(speak(client))

    with pytest.raises(Exception, match="400"):
        bench.run(use())
    assert spent(budget) == 0
    assert all(row.reserved == 0 for row in budget.remaining())


def test_endpoints_without_a_fixed_charge_stay_refused(bench):
    """A mapping opens only what it names."""
    client = wrap(bench.client("openai"), plenty(unmetered=SPEECH))

    async def use() -> None:
        await got(client.batches.create(completion_window="24h", endpoint="/v1/responses", input_file_id="f"))

    with pytest.raises(UnmeteredCall, match="POST /batches"):
        bench.run(use())
    assert bench.provider.request_count == 0


@pytest.mark.parametrize(
    ("vendor", "named", "path"),
    [
        ("openai", "POST /threads/{thread_id}/runs", "/threads/thread_1/runs"),
        ("anthropic", "POST /messages/batches", "/v1/messages/batches"),
        ("groq", "POST /audio/speech", "/openai/v1/audio/speech"),
    ],
)
def test_a_fixed_charge_is_found_by_the_documented_path(bench, vendor, named, path):
    """Placeholders stand for one segment, and what comes before the path doesn't matter."""
    bench.provider.on(lambda _: Reply(body={}))
    budget = plenty(unmetered={named: 1})
    bench.run(got(wrap(bench.client(vendor), budget).post(path, body={"a": 1}, cast_to=object)))
    assert spent(budget) == 1


def test_ollama_takes_a_fixed_charge_too(bench):
    """Its seam is another one."""
    bench.provider.on(lambda _: Reply(body={}))
    budget = plenty(unmetered={"POST /api/web_search": "0.002"})
    client = wrap(bench.client("ollama"), budget)
    address = bench.provider.ollama_base_url
    bench.run(got(client._request_raw("POST", f"{address}/api/web_search", json={})))
    assert spent(budget) == Decimal("0.002")


def test_of_two_budgets_each_charges_its_own(bench):
    """One has a charge, one lets such calls pass and notes them."""
    bench.provider.on(lambda _: Reply(body={}))
    inner, outer = plenty(unmetered="allow"), plenty(unmetered=SPEECH)
    bench.run(got(speak(wrap(wrap(bench.client("openai"), inner), outer))))
    assert (spent(inner), spent(outer)) == (0, Decimal("0.015"))
    assert [use.endpoint for use in inner.unmetered_calls()] == ["POST /audio/speech"]


@pytest.mark.parametrize(
    "option",
    [
        "maybe",
        None,
        {"/audio/speech": 1},
        {"GET /models": 1},
        {"POST ": 1},
        {"POST /": 1},
        {"POST /x": "free"},
        {"POST /x": -1},
        {1: 1},
    ],
)
def test_a_bad_option_for_unmetered_calls_is_refused(option):
    """When the budget is made."""
    with pytest.raises(ConfigurationError, match="unmetered"):
        BudgetManager(unmetered=option)


def test_what_passed_unmetered_is_listed(bench, clock):
    """By endpoint, with identifiers taken out, the latest first."""
    from llm_token_budget import MemoryLedger

    bench.provider.on(lambda _: Reply(body={}))
    budget = BudgetManager(global_token_limit=10, unmetered="allow", ledger=MemoryLedger(clock=clock))
    client = wrap(bench.client("openai"), budget)
    for name in ("thread_123", "thread_456"):
        bench.run(got(client.post(f"/threads/{name}/runs", body={}, cast_to=object)))
    clock.advance(60)
    bench.run(got(speak(client)))
    speech, runs = budget.unmetered_calls()
    assert (speech.endpoint, speech.count) == ("POST /audio/speech", 1)
    assert (runs.endpoint, runs.count) == ("POST /threads/{id}/runs", 2)
    assert (speech.last_at - runs.last_at).total_seconds() == 60


def test_what_passed_unmetered_is_listed_for_tasks(async_bench):
    """The same list."""
    async_bench.provider.on(lambda _: Reply(body={}))
    budget = BudgetManager()

    async def use() -> list[Any]:
        await speak(wrap(async_bench.client("openai"), budget))
        return await budget.aunmetered_calls()

    assert [use.count for use in async_bench.run(use())] == [1]


def test_the_list_of_what_passed_is_bounded():
    """The longest unused endpoints are forgotten."""
    budget = BudgetManager()
    for number in range(1500):
        budget.unmetered.note(f"POST /x{number:04}/a")
    assert len(budget.unmetered_calls()) == 1000
    assert budget.unmetered_calls()[0].endpoint == "POST /x1499/a"


def test_a_refused_call_is_not_listed(bench):
    """It didn't pass."""
    budget = BudgetManager(limits=[Limit(requests=10)])

    async def use() -> None:
        await got(speak(wrap(bench.client("openai"), budget)))

    with pytest.raises(UnmeteredCall):
        bench.run(use())
    assert budget.unmetered_calls() == []


DRAWN = {
    "created": 1,
    "data": [{"b64_json": "AAAA"}],
    "usage": {
        "input_tokens": 50,
        "output_tokens": 1056,
        "total_tokens": 1106,
        "input_tokens_details": {"image_tokens": 40, "text_tokens": 10},
    },
}
HEARD = {
    "text": "Hello there.",
    "usage": {
        "type": "tokens",
        "input_tokens": 14,
        "output_tokens": 45,
        "total_tokens": 59,
        "input_token_details": {"text_tokens": 4, "audio_tokens": 10},
    },
}


def draw(client: Any, **more: Any) -> Any:
    return client.images.generate(model="gpt-image-1-mini", prompt="A house", **more)


def edit(client: Any, **more: Any) -> Any:
    return client.images.edit(model="gpt-image-1-mini", image=[b"one", b"two"], prompt="A house", **more)


def listen(client: Any, **more: Any) -> Any:
    return client.audio.transcriptions.create(model="gpt-4o-transcribe", file=("a.wav", b"RIFF"), **more)


METERED = [
    # $2.50 per million for what is read (an image's rate: the dearest counts), $8 for what is drawn.
    ("/images/generations", draw, DRAWN, (50, 1056), "0.008568"),
    ("/images/edits", edit, DRAWN, (50, 1056), "0.008568"),
    # $2.50 for text, $6 for sound, $10 for what is written.
    ("/audio/transcriptions", listen, HEARD, (14, 45), "0.00052"),
    (
        "/audio/translations",
        lambda client: client.audio.translations.create(model="gpt-4o-transcribe", file=("a.wav", b"RIFF")),
        HEARD,
        (14, 45),
        "0.00052",
    ),
    (
        "/responses/compact",
        lambda client: client.post(
            "/responses/compact", body={"model": "gpt-4o-mini", "input": "Hello"}, cast_to=object
        ),
        {"id": "r", "created_at": 1, "object": "response.compaction", "output": [], "usage": DRAWN["usage"]},
        (50, 1056),
        "0.0006411",
    ),
]
IDS = [each[0] for each in METERED]


@pytest.mark.parametrize(("path", "make", "answer", "tokens", "usd"), METERED, ids=IDS)
def test_other_endpoints_are_metered_from_their_usage(bench, path, make, answer, tokens, usd):
    """Images, speech and compaction cost what their answers say."""
    server = Server(bench, path, answer)
    budget = plenty()
    bench.run(got(make(wrap(server.client, budget))))
    stats = budget.get_global_stats()
    assert (stats.input_tokens, stats.output_tokens) == tokens
    assert stats.total_cost == Decimal(usd)
    assert budget.unconfirmed() == []


@pytest.mark.parametrize(("path", "make", "answer", "tokens"), [each[:4] for each in METERED], ids=IDS)
def test_other_endpoints_are_held_before_they_are_sent(bench, path, make, answer, tokens):
    """A budget that covers the bill and not the bound refuses."""
    server = Server(bench, path, answer)
    budget = BudgetManager(global_token_limit=sum(tokens), wait_for_held=0)

    async def use() -> None:
        await got(make(wrap(server.client, budget)))

    with pytest.raises(BudgetExceeded):
        bench.run(use())
    assert server.requests == 0


STREAMS = [
    (
        "/images/generations",
        lambda client: draw(client, stream=True, partial_images=1),
        events(
            {"type": "image_generation.partial_image", "b64_json": "AA", "partial_image_index": 0},
            {"type": "image_generation.completed", "b64_json": "AAAA", "usage": DRAWN["usage"]},
        ),
        1106,
    ),
    (
        "/images/edits",
        lambda client: edit(client, stream=True),
        events({"type": "image_edit.completed", "b64_json": "AAAA", "usage": DRAWN["usage"]}),
        1106,
    ),
    (
        "/audio/transcriptions",
        lambda client: listen(client, stream=True),
        events(
            {"type": "transcript.text.delta", "delta": "Hello"},
            {"type": "transcript.text.done", "text": "Hello", "usage": HEARD["usage"]},
        ),
        59,
    ),
]


@pytest.mark.parametrize(("path", "make", "sent", "tokens"), STREAMS, ids=[each[0] for each in STREAMS])
def test_streams_of_other_endpoints_are_metered(bench, path, make, sent, tokens):
    """The last event has the usage."""
    server = Server(bench, path, sent)
    budget = plenty()

    async def use() -> None:
        assert await every(await got(make(wrap(server.client, budget))))

    bench.run(use())
    assert budget.get_global_stats().total_tokens == tokens
    assert budget.unconfirmed() == []


NOT_BOUNDED = [
    ("dall-e", lambda client: client.images.generate(model="dall-e-3", prompt="A house")),
    ("no model", lambda client: client.images.generate(prompt="A house")),
    ("quality", lambda client: draw(client, quality="max")),
    ("svg", lambda client: draw(client, extra_body={"output_format": "svg"})),
    ("several streamed", lambda client: draw(client, stream=True, n=2)),
    ("by the minute", lambda client: client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"RIFF"))),
    ("variation", lambda client: client.images.create_variation(image=b"one")),
]


@pytest.mark.parametrize("make", [each[1] for each in NOT_BOUNDED], ids=[each[0] for each in NOT_BOUNDED])
def test_what_has_no_bound_stays_unmetered(bench, make):
    """Refused rather than guessed."""

    async def use() -> None:
        await got(make(wrap(bench.client("openai"), plenty())))

    with pytest.raises(UnmeteredCall):
        bench.run(use())
    assert bench.provider.request_count == 0


def test_a_fixed_charge_is_for_what_cannot_be_measured(bench):
    """At an endpoint where some models report tokens, those that don't are charged."""
    server, budget = Server(bench, "/images/generations", DRAWN), plenty(unmetered={"POST /images/generations": "0.04"})
    client = wrap(server.client, budget)
    bench.run(got(client.images.generate(model="dall-e-3", prompt="A house")))
    assert spent(budget) == Decimal("0.04")
    bench.run(got(draw(client)))
    assert spent(budget) == Decimal("0.04") + Decimal("0.008568")


def test_a_transcript_that_is_left_costs_what_was_seen(bench):
    """And the input that was held: all that it writes is shown."""
    sent = events(
        {"type": "transcript.text.delta", "delta": "Hello there"}, {"type": "transcript.text.delta", "delta": "!"}
    )
    server, budget = Server(bench, "/audio/transcriptions", sent), plenty()

    async def use() -> None:
        stream = await got(listen(wrap(server.client, budget), stream=True))
        await first(stream)
        await got(stream.close())

    bench.run(use())
    stats = budget.get_global_stats()
    assert SPEECH_INPUT <= stats.input_tokens < stats.total_tokens < held_tokens(budget)


@pytest.mark.parametrize("make", [lambda client: draw(client, stream=True), lambda client: edit(client, stream=True)])
def test_an_image_that_is_left_costs_what_was_held(bench, make):
    """Nobody sees how far it has come."""
    sent = events({"type": "image_generation.partial_image", "b64_json": "AA", "partial_image_index": 0})
    server, budget = Server(bench, "/images/", sent), plenty()

    async def use() -> None:
        stream = await got(make(wrap(server.client, budget)))
        await first(stream)
        await got(stream.close())

    bench.run(use())
    assert len(budget.unconfirmed()) == 1
    assert budget.get_global_stats().total_tokens == held_tokens(budget)


@pytest.mark.parametrize(
    ("model", "quality", "size", "published"),
    [
        ("gpt-image-1", "low", "1024x1024", 272),
        ("gpt-image-1", "medium", "1024x1536", 1584),
        ("gpt-image-1.5", "high", "1536x1024", 6208),
        ("gpt-image-2", "high", "1024x1024", 7024),
        ("gpt-image-2", "high", "3584x2048", 12329),
        ("gpt-image-2", "auto", "auto", 12329),
        ("gpt-image-1", None, None, 6240),
    ],
)
def test_the_bound_of_an_image_covers_what_is_published(model, quality, size, published):
    """Never below, for any size and quality whose tokens the vendor states."""
    assert image_output({"quality": quality, "size": size}, model) >= published


def test_each_image_that_is_read_is_held():
    """Files of a form and images of a JSON body alike, and each image that is asked for."""
    defaults = Defaults(max_output_tokens=None, min_output_tokens=None)
    body = {"model": "gpt-image-1-mini", "prompt": "x"}

    def held(**more: Any) -> Any:
        return read_image_call({**body, **more}, "openai", defaults)

    none = held().input_tokens
    assert held(**{FILES: ["image[]", "image[]", "mask"]}).input_tokens == none + 3 * IMAGE_INPUT
    assert held(images=[{"file_id": "f"}]).input_tokens == none + IMAGE_INPUT
    assert held(n=4).choices == 4


def test_the_files_of_a_form_are_counted(plain_bench):
    """They are not in its JSON object."""
    budget = plenty()
    edit(wrap(Server(plain_bench, "/images/edits", DRAWN).client, budget))
    assert held_tokens(budget) > 2 * IMAGE_INPUT


def test_an_answer_without_usage_costs_what_was_held(bench):
    """Some servers don't report any."""
    server = Server(bench, "/images/generations", {"created": 1, "data": []})
    budget = plenty()
    bench.run(got(draw(wrap(server.client, budget))))
    assert budget.get_global_stats().total_tokens == held_tokens(budget) > 6000


@pytest.mark.parametrize(
    ("module", "instead"),
    [
        (openai, "openai.OpenAI()"),
        (anthropic, "anthropic.Anthropic()"),
        (groq, "groq.Groq()"),
        (ollama, "ollama.Client()"),
    ],
)
def test_a_module_names_the_client_to_wrap_instead(module, instead):
    """Its own functions use a client that all of the process shares: guarding that would guard other people's calls."""
    with pytest.raises(ConfigurationError) as refused:
        wrap(module, BudgetManager())
    assert f"wrap({instead}, budget)" in str(refused.value)


def test_the_default_client_of_a_module_can_be_wrapped(plain_bench, monkeypatch):
    """For whoever has configured `openai` itself."""
    monkeypatch.setattr(openai, "api_key", "secret")
    monkeypatch.setattr(openai, "base_url", f"{plain_bench.provider.openai_base_url}/")
    monkeypatch.setattr(openai, "_client", None)
    budget = plenty()
    default = openai._load_client()
    try:
        wrap(default, budget).chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hi"}])
    finally:
        default.close()
    assert budget.get_global_stats().total_tokens == plain_bench.provider.bill.total_tokens > 0


def test_the_default_client_of_ollama_can_be_wrapped(plain_bench, monkeypatch):
    """`ollama.chat` is a method of a client that can be had."""
    default = ollama.chat.__self__
    client = plain_bench.client("ollama")
    monkeypatch.setattr(default, "_client", client._client)
    budget = plenty()
    wrap(default, budget).chat(model="llama3.2", messages=[{"role": "user", "content": "Hi"}])
    assert budget.get_global_stats().total_tokens == plain_bench.provider.bill.total_tokens > 0
