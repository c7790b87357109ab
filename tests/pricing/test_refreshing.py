"""Newer prices: taken if they look right, refused if they lose a model or move a price too far."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot

from llm_token_budget.pricing import PriceBook


def book_of(**prices):
    """genai-prices' data format, with all of one vendor's models that a test looks at."""
    models = [
        {
            "id": name,
            "match": {"equals": name},
            "prices": {"input_mtok": price, "cache_read_mtok": price / 2, "output_mtok": 10},
        }
        for name, price in prices.items()
    ]
    others = [
        {
            "id": vendor,
            "name": vendor,
            "api_pattern": vendor,
            "models": [{"id": "x", "match": {"equals": "x"}, "prices": {}}],
        }
        for vendor in ("anthropic", "groq")
    ]
    return json.dumps([{"id": "openai", "name": "OpenAI", "api_pattern": "openai", "models": models}, *others]).encode()


def input_price(book, model="gpt-4o"):
    return book.rate_card(model, "openai").tariff.bands[0].input


def test_a_newer_book_is_taken():
    """From then on its prices count, in this book and in no other."""
    book = PriceBook()
    assert input_price(book) == 2_500_000
    result = book.refresh(lambda: book_of(**{"gpt-4o": 2}))
    assert result.accepted
    assert result.problems == ()
    assert input_price(book) == 2_000_000
    assert input_price(PriceBook()) == 2_500_000
    assert genai_prices.data_snapshot.get_snapshot() is get_snapshot()


def test_a_book_that_loses_a_model_in_use_is_rejected():
    """Asked for within the hour, or named by the caller; the old prices stay."""
    book = PriceBook()
    book.rate_card("gpt-4o-mini", "openai")
    result = book.refresh(lambda: book_of(**{"gpt-4o": 2.5}))
    assert not result.accepted
    assert "gpt-4o-mini is in use" in result.problems[0]
    assert input_price(book, "gpt-4o-mini") == 150_000
    assert not PriceBook().refresh(lambda: book_of(**{"gpt-4o": 2.5}), in_use=["openai:gpt-4o-mini"]).accepted
    assert PriceBook().refresh(lambda: book_of(**{"gpt-4o": 2.5})).accepted


@pytest.mark.parametrize(("price", "accepted"), [(12.5, True), (12.6, False), (0.5, True), (0.49, False), (0, False)])
def test_a_price_may_move_five_fold_and_no_further(price, accepted):
    """Up or down, in use or not: a slipped decimal point is no price."""
    assert PriceBook().refresh(lambda: book_of(**{"gpt-4o": price})).accepted == accepted


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"<html>", b'[{"id": 5}]', b'[{"id": "openai", "models": 3}]', b"\xff"]
)
def test_what_is_no_book_is_rejected(content):
    """The old prices stay, and nothing is raised."""
    book = PriceBook()
    assert not book.refresh(lambda: content).accepted
    assert input_price(book) == 2_500_000


def test_a_book_without_a_vendor_is_rejected():
    """A half of the data is not newer data."""
    half = json.dumps(json.loads(book_of(**{"gpt-4o": 2}))[:1]).encode()
    result = PriceBook().refresh(lambda: half)
    assert result.problems == ("anthropic is missing", "groq is missing")


def test_a_book_is_read_from_a_file(tmp_path):
    """By path; one that isn't there is rejected."""
    path = tmp_path / "prices.json"
    path.write_bytes(book_of(**{"gpt-4o": 3}))
    book = PriceBook()
    assert book.refresh(str(path)).accepted
    assert input_price(book) == 3_000_000
    assert not book.refresh(str(tmp_path / "nowhere.json")).accepted


def test_a_book_is_read_from_an_address():
    """By http; an address that answers with an error is rejected."""

    class Prices(BaseHTTPRequestHandler):
        def do_GET(self):
            content = book_of(**{"gpt-4o": 4})
            self.send_response(200 if self.path == "/prices.json" else 404)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Prices) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}"
            book = PriceBook()
            assert book.refresh(f"{address}/prices.json", timeout=5).accepted
            assert input_price(book) == 4_000_000
            assert not book.refresh(f"{address}/elsewhere", timeout=5).accepted
        finally:
            server.shutdown()
            thread.join()


def test_corrections_and_custom_prices_go_on_winning():
    """What the user gave, and what we know better."""
    book = PriceBook({"my-model": {"input": 1, "output": 1}})
    assert book.refresh(lambda: book_of(**{"gpt-4o": 2})).accepted
    assert book.rate_card("my-model").tariff.bands[0].input == 1_000_000
    assert book.rate_card("gpt-6.2-sol", "openai").tariff.bands[0].input == 2_000_000
