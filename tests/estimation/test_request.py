"""Estimating a whole request from its parts."""

import json

import pytest

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.estimation import (
    Audio,
    Document,
    Image,
    Opaque,
    RequestParts,
    Text,
    TextCount,
    Tool,
    count_text,
    estimate_parts,
)
from llm_token_budget.estimation.media import pdf_pages

WEATHER = Tool(
    json.dumps({"name": "get_weather", "description": "The weather in a city", "parameters": {"type": "object"}})
)
EVERY_MODEL = [
    "gpt-4o",
    "gpt-4",
    "gpt-6.1-terra",
    "claude-opus-5",
    "claude-3-haiku-20240307",
    "llama3.1:8b",
    "qwen3:8b",
    "what",
]


def request(*parts, model="gpt-4o", provider="openai", **more):
    return RequestParts(provider, model, parts, **more)


def most(estimate, kind):
    """The upper bound of one kind of part."""
    return next(part.upper for part in estimate.parts if part.kind == kind)


def test_one_message_costs_its_text_and_the_published_frame():
    """3 a message, 1 for its role, 3 for the reply."""
    estimate = estimate_parts(request(Text("Hello there, how are you?")))
    assert estimate.expected == count_text("Hello there, how are you?", "o200k").expected + 7
    assert estimate.upper > estimate.expected
    assert estimate.method == "heuristic"


def test_texts_without_messages_have_no_frame():
    """Embeddings send bare texts."""
    text = "Hello there"
    estimate = estimate_parts(request(Text(text), model="text-embedding-3-small", messages=0))
    assert (estimate.expected, estimate.upper) == tuple(count_text(text, "cl100k"))


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_every_further_message_and_tool_costs_something(model):
    """Growing a request in any way raises both numbers."""
    small = estimate_parts(request(Text("a question"), model=model))
    longer = estimate_parts(request(Text("a question"), Text("an answer"), model=model, messages=2))
    tooled = estimate_parts(request(Text("a question"), WEATHER, model=model))
    two_tools = estimate_parts(request(Text("a question"), WEATHER, WEATHER, model=model))
    assert small.upper < longer.upper < tooled.upper < two_tools.upper
    assert small.expected < longer.expected < tooled.expected < two_tools.expected


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_the_breakdown_adds_up_to_the_upper_bound(model):
    """Nobody has to wonder where a reservation came from."""
    parts = (Text("hi"), Text("ho"), WEATHER, Image(), Audio(seconds=3), Document(pages=2), Opaque(10, "search"))
    for estimate in (estimate_parts(request(*parts, model=model)), estimate_parts(request(Text("hi"), model=model))):
        assert sum(part.upper for part in estimate.parts) == estimate.upper
        assert estimate.upper >= estimate.expected == sum(part.expected for part in estimate.parts) > 0
    names = [part.kind for part in estimate_parts(request(*parts, model=model)).parts]
    assert names == ["text", "tools", "images", "audio", "documents", "search", "framing"]


def test_tools_bring_claudes_hidden_prompt():
    """The documented example, one tool and a short question on Opus 5, is 403 tokens."""
    schema = {
        "name": "get_weather",
        "description": "Get the current weather in a given location",
        "input_schema": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"}},
            "required": ["location"],
        },
    }
    parts = (Text("What's the weather like in San Francisco?"), Tool(json.dumps(schema)))
    estimate = estimate_parts(request(*parts, model="claude-opus-5", provider="anthropic"))
    assert estimate.expected == pytest.approx(403, rel=0.1)
    assert estimate.upper >= 403


def test_a_forced_tool_costs_claude_more():
    """Its prompt says that a tool must be used."""
    free = estimate_parts(request(Text("hi"), WEATHER, model="claude-opus-5"))
    forced = estimate_parts(request(Text("hi"), WEATHER, model="claude-opus-5", forced_tool=True))
    assert forced.expected - free.expected == 406 - 286
    assert forced.upper - free.upper == 406 - 286


def test_the_cookbooks_conversation_fits():
    """OpenAI's own example: six messages, two of a system speaking with a name, 124 tokens for gpt-4o, 129 for gpt-4."""
    texts = [
        "You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
        "New synergies will help drive top-line growth.",
        "Things working well together will increase revenue.",
        "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
        "Let's talk later when we're less busy about how to do better.",
        "This late pivot means we don't have time to boil the ocean for the client deliverable.",
    ]
    for model, tokens in (("gpt-4o", 124), ("gpt-4", 129)):
        estimate = estimate_parts(request(*map(Text, texts), model=model, messages=6))
        assert estimate.expected == pytest.approx(tokens, rel=0.12)
        assert estimate.upper >= tokens


def test_tools_can_be_counted_where_their_text_is_one():
    """A dialect may pass all schemas as one text."""
    one = estimate_parts(request(Text("hi"), WEATHER, tools=1))
    five = estimate_parts(request(Text("hi"), WEATHER, tools=5))
    assert five.upper > one.upper == estimate_parts(request(Text("hi"), WEATHER)).upper


def test_an_exact_counter_takes_the_heuristics_place():
    """The estimate says how it was counted."""

    class OneEach:
        method = "exact"

        def __call__(self, text, family):
            return TextCount(1, 1)

    estimate = estimate_parts(request(Text("a long text of many words"), Text("another"), messages=0), OneEach())
    assert (estimate.expected, estimate.upper, estimate.method) == (2, 2, "exact")


def test_sound_costs_by_its_length_else_by_its_size():
    """Ten tokens a second; a file of unknown length may be encoded very tightly."""
    by_length = most(estimate_parts(request(Audio(seconds=60.0))), "audio")
    by_size = most(estimate_parts(request(Audio(size=480_000))), "audio")
    hidden = most(estimate_parts(request(Audio())), "audio")
    assert 600 <= by_length < by_size < hidden


def test_documents_cost_by_the_page_else_what_the_context_holds():
    """A file that can't be read is reserved for the most that fits."""
    pages = [most(estimate_parts(request(Document(pages=n), model="claude-opus-5")), "documents") for n in (1, 10)]
    assert pages[1] == 10 * pages[0] >= 10 * 3152
    hidden = most(estimate_parts(request(Document(), model="claude-haiku-4-5")), "documents")
    assert hidden == 200_000


def test_pages_are_counted_where_a_pdf_shows_them():
    """Not its page tree, and not in a file that keeps its objects in compressed streams."""
    page = b"1 0 obj << /Type /Page /Parent 3 0 R >> endobj\n"
    assert pdf_pages(b"%PDF-1.4\n3 0 obj << /Type /Pages /Count 2 >> endobj\n" + page + page) == 2
    assert pdf_pages(b"%PDF-1.5\n" + page + b"<< /Type /ObjStm >>") is None
    assert pdf_pages(b"PK\x03\x04") is None
    data = b"%PDF-1.4\n" + page
    one_page = estimate_parts(request(Document(pages=1), model="claude-opus-5"))
    assert estimate_parts(request(Document(data=data), model="claude-opus-5")).parts == one_page.parts


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        (Text(None), "text must be a str"),
        (Tool(b"{}"), "text must be a str"),
        (Opaque(-1), "Opaque.tokens"),
        (Opaque(1.5), "Opaque.tokens"),
        (Audio(seconds=-1.0), "Audio.seconds"),
        (Audio(seconds=float("nan")), "Audio.seconds"),
        (Audio(size=-1), "Audio.size"),
        (Document(pages=-1), "Document.pages"),
        ("text", "a request is made of"),
    ],
)
def test_bad_parts_are_refused(part, complaint):
    """The message names the field and what it must be."""
    with pytest.raises(ConfigurationError, match=complaint):
        estimate_parts(request(part))
    with pytest.raises(ConfigurationError, match=complaint):
        estimate_parts(request(Text("hi"), part))


def test_negative_counts_of_messages_and_tools_are_refused():
    """They would lower a bound."""
    with pytest.raises(ConfigurationError, match="must be 0 or more"):
        estimate_parts(request(Text("hi"), messages=-1))
    with pytest.raises(ConfigurationError, match="must be 0 or more"):
        estimate_parts(request(Text("hi"), tools=-1))


def test_a_request_is_not_changed_and_its_data_not_shown():
    """Parts are values; files don't end up in logs through a repr."""
    image = Image(data=b"secret bytes")
    made = request(Text("hi"), image)
    before = (made.parts, made.messages, made.tools)
    estimate_parts(made)
    assert (made.parts, made.messages, made.tools) == before
    assert "secret" not in repr(made)


def _conversation(turns, start="u"):
    texts = [Text("Be brief, and kind.", "system")]
    for number in range(turns):
        texts += [Text(f"{start} asks for the {number}th time."), Text(f"The answer to {number} is {number * number}.")]
    return texts


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-5-5", "kimi-k2-instruct", "nobody-knows-it"])
def test_a_conversation_costs_the_same_however_it_grew(model):
    """What is remembered of its beginning is what counting all of it says: by a turn, by one text, by three."""
    start = f"{model} {id(object())}"
    texts = _conversation(12, start)

    def count(size):
        return estimate_parts(RequestParts("openai", model, tuple(texts[:size]), messages=size))

    grown = {size: count(size) for size in (5, 7, 8, 11, 25, 25)}
    for size, estimate in grown.items():
        backwards = [Opaque(0, "nothing"), *reversed(texts[:size])]  # Neither remembered nor in that order.
        fresh = estimate_parts(RequestParts("openai", model, tuple(backwards), messages=size))
        assert (estimate.expected, estimate.upper) == (fresh.expected, fresh.upper)
        assert {part for part in fresh.parts if part.kind != "nothing"} == set(estimate.parts)


def test_a_conversation_that_was_changed_is_counted_anew():
    """One letter anywhere, a kind, or an order: all of it is another conversation."""
    texts = _conversation(6, "someone")

    def kinds(changed):
        return {p.kind: p.expected for p in estimate_parts(RequestParts("openai", "gpt-4o", tuple(changed))).parts}

    before = kinds(texts)
    longer = kinds([texts[0], Text(texts[1].text + " And more than that, as was said before."), *texts[2:]])
    assert longer["text"] > before["text"]
    moved = kinds([Text(texts[0].text), *texts[1:]])
    assert "system" not in moved
    assert moved["text"] > before["text"]


def test_a_text_that_is_none_is_refused_in_a_conversation_too():
    """Whether or not it can be hashed."""
    for wrong in ([], 3):
        with pytest.raises(ConfigurationError):
            estimate_parts(RequestParts("openai", "gpt-4o", (*_conversation(3), Text(wrong))))
