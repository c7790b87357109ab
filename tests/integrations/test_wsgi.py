"""The WSGI middleware: Flask behind two real servers, and what the protocol alone can show."""

from __future__ import annotations

import http.client
import io
import re
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import flask
import httpx
import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, ConfigurationError
from llm_token_budget.integrations.wsgi import BadRequest, BudgetMiddleware, header

from .asking import AwayLedger, environ, spend
from .serving import waitress_serves, wsgiref_serves


@pytest.fixture
def budget():
    return BudgetManager(per_user_token_limit=100, ledger="memory://", wait_for_held=0)


def ada(request):
    return "ada"


def spend_one(budget):
    with budget.reserve(tokens=1) as reservation:
        reservation.settle(tokens=1)


def spent_by(budget, user):
    return budget.get_user_stats(user).total_tokens


def make_flask(budget):
    app = flask.Flask("shop")
    app.secret_key = "not-a-secret"

    @app.get("/plain")
    def plain():
        spend_one(budget)
        return {"user": budget.identify().user_key}

    @app.get("/stream")
    def stream():
        def pieces():
            try:
                for piece in "abc":
                    spend_one(budget)
                    yield piece
            finally:
                spend_one(budget)

        return flask.Response(pieces(), mimetype="text/plain")

    @app.get("/escapes")
    def escapes():
        with budget.reserve(tokens=101):
            pass

    @app.get("/escapes-in-stream")
    def escapes_in_stream():
        def pieces():
            escapes()
            yield "never"

        return flask.Response(pieces())

    @app.get("/breaks-off")
    def breaks_off():
        def pieces():
            yield "one"
            escapes()

        return flask.Response(pieces())

    @app.get("/sign-in/<user>")
    def sign_in(user):
        flask.session["user"] = user
        return "welcome"

    @app.get("/state")
    def state():
        found = flask.request.environ["llm_token_budget.state"]
        return [found["budget"] is budget, found["budget_session"].user_key]

    return app


@pytest.fixture(params=[wsgiref_serves, waitress_serves], ids=["wsgiref", "waitress"])
def site(request, budget):
    app = make_flask(budget)
    app.wsgi_app = BudgetMiddleware(app.wsgi_app, budget, user_key=header("x-user"))
    with request.param(app) as url, httpx.Client(base_url=url, headers={"x-user": "ada"}) as client:
        yield client


@pytest.mark.parametrize(("path", "tokens"), [("/plain", 1), ("/stream", 4)])
def test_calls_are_charged_to_the_user_wherever_they_are_made(site, budget, path, tokens):
    """In the view, at each step of a stream, and when that ends."""
    for user in ("ada", "bob", "ada"):
        assert site.get(path, headers={"x-user": user}).status_code == 200
    assert (spent_by(budget, "ada"), spent_by(budget, "bob")) == (2 * tokens, tokens)
    assert budget.get_global_stats().total_tokens == 3 * tokens


def test_a_used_up_budget_is_refused(site, budget):
    """In the npm package's words."""
    spend(budget, "ada", 100)
    answered = site.get("/plain")
    assert answered.status_code == 429
    assert answered.reason_phrase == "Too Many Requests"
    assert set(answered.json()) == {"error", "reason", "message"}
    assert answered.json()["reason"] == "user_token_limit_exceeded"
    assert answered.json()["message"].startswith("Token budget exceeded. ")
    assert answered.headers["x-should-retry"] == "false"
    assert int(answered.headers["retry-after"]) > 0
    assert site.get("/plain", headers={"x-user": "bob"}).json() == {"user": "bob"}


@pytest.mark.parametrize("path", ["/escapes", "/escapes-in-stream"])
def test_a_refusal_that_escapes_is_the_same_answer(site, path):
    """From a view, past Flask's own error page; and from a stream, whose status is replaced: nothing was sent yet."""
    answered = site.get(path)
    assert answered.status_code == 429
    assert answered.json()["reason"] == "user_token_limit_exceeded"


def test_a_stream_that_has_begun_is_cut(site):
    """Its client sees that it did not end well, or at least nothing after the first piece."""
    try:
        assert site.get("/breaks-off").text == "one"
    except httpx.RemoteProtocolError:
        return


def test_the_budget_is_in_the_environment(site):
    """With the session next to it."""
    assert site.get("/state").json() == [True, "ada"]


def test_hostile_headers_are_refused(site):
    """Escapes in a header are 400, whatever the server lets through."""
    address = urlsplit(str(site.base_url))
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    connection.request("GET", "/plain", headers={"x-user": b"a\x1b[31mb"})
    assert connection.getresponse().status == 400
    connection.close()


def test_who_is_signed_in_may_be_known_to_flask_alone(budget):
    """Its signed cookie is read in a context of its own; an unsigned one counts for nothing."""
    app = make_flask(budget)

    def user(request):
        with app.request_context(request.environ):
            return flask.session.get("user")

    app.wsgi_app = BudgetMiddleware(app.wsgi_app, budget, user_key=user, paths="/plain")
    with wsgiref_serves(app) as url, httpx.Client(base_url=url) as client:
        assert client.get("/plain").status_code == 403
        assert client.get("/sign-in/ada").text == "welcome"
        assert client.get("/plain").json() == {"user": "ada"}
        forged = httpx.get(f"{url}/plain", headers={"cookie": "session=eyJ1c2VyIjoiYWRhIn0.forged.forged"})
        assert forged.status_code == 403


def test_a_developers_own_handler_in_flask_goes_first(budget):
    """Whether it was there before the door or came later; other errors are Flask's."""
    app = make_flask(budget)
    app.register_error_handler(BudgetExceeded, lambda error: ("mine", 418))
    app.wsgi_app = BudgetMiddleware(app.wsgi_app, budget, user_key=ada)
    assert call(app, "/escapes", method="GET").status == 418
    assert call(app, "/no-such-page", method="GET").status == 404


def test_on_blocked_answers_inside_flask_too(budget):
    """With a response of Flask's."""
    app = make_flask(budget)
    app.wsgi_app = BudgetMiddleware(
        app.wsgi_app, budget, user_key=ada, on_blocked=lambda request, error: flask.Response("later", 418)
    )
    answered = call(app, "/escapes", method="GET")
    assert (answered.status, answered.body) == (418, b"later")


def test_what_did_not_come_through_the_door_is_left_to_flask(budget):
    """An uncovered view's refusal is Flask's 500."""
    app = make_flask(budget)
    app.wsgi_app = BudgetMiddleware(app.wsgi_app, budget, user_key=ada, paths="/v1")
    app.logger.disabled = True
    assert call(app, "/escapes", method="GET").status == 500


class Called:
    """What a WSGI application answered."""

    def __init__(self):
        self.starts = []
        self.body = b""

    def start_response(self, status, headers, exc_info=None):
        assert exc_info or not self.starts, "start_response was called twice"
        self.starts.append((status, dict(headers)))
        return self.write

    def write(self, data):
        self.body += data

    @property
    def status(self):
        return int(self.starts[-1][0].split()[0])

    @property
    def json(self):
        return flask.json.loads(self.body)


def call(app, path="/", *, read=None, **request):
    """One request; `read` pieces of the answer, or all of them."""
    called = Called()
    pieces = app(environ(path, **request), called.start_response)
    try:
        for number, piece in enumerate(pieces):
            called.body += piece
            if read is not None and number + 1 >= read:
                break
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
    return called


def answering(*pieces):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield from pieces

    return app


def test_a_stream_left_early_is_closed_as_its_user(budget):
    """What is spent in its `finally` is charged to the same user."""

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            yield b"one"
            yield b"two"
        finally:
            spend_one(budget)

    called = call(BudgetMiddleware(app, budget, user_key=ada), read=1)
    assert called.body == b"one"
    assert spent_by(budget, "ada") == 1
    assert budget.identify().user_key is None


def test_between_two_pieces_nobody_is_spending(budget):
    """The server's own code is not inside the session."""
    pieces = iter(BudgetMiddleware(answering(b"one", b"two"), budget, user_key=ada)(environ(), Called().start_response))
    assert next(pieces) == b"one"
    assert budget.identify().user_key is None
    pieces.close()


def test_what_was_written_can_not_be_taken_back(budget):
    """An application that uses `write` and then fails is cut."""

    def app(environ, start_response):
        start_response("200 OK", [])(b"one")
        with budget.reserve(tokens=101):
            pass

    with pytest.raises(BudgetExceeded):
        call(BudgetMiddleware(app, budget, user_key=ada))


def test_an_answer_that_is_complete_stays_what_it_is(budget):
    """A list keeps its length, from which servers make a content-length."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"done"]

    answer = BudgetMiddleware(app, budget, user_key=ada)(environ(), Called().start_response)
    assert answer == [b"done"]


def test_the_body_can_be_read_for_the_estimate(budget):
    """And by the application after that."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    door = BudgetMiddleware(app, budget, user_key=ada, estimate=lambda request: request.json()["size"])
    assert call(door, body=b'{"size": 100}').body == b'{"size": 100}'
    assert call(door, body=b'{"size": 101}').status == 429


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        ({"body": b"x" * 11}, 413, "body_too_large"),
        ({"body": b"{", "CONTENT_LENGTH": "1"}, 400, "invalid_json"),
        ({"body": b"{}", "CONTENT_LENGTH": "-1"}, 400, "incomplete_body"),
        ({"body": b"{}", "CONTENT_LENGTH": "9" * 5000}, 413, "body_too_large"),
        ({"body": b"{}", "CONTENT_LENGTH": "9"}, 400, "incomplete_body"),
        ({"body": b"x" * 11, "CONTENT_LENGTH": "", "wsgi.input_terminated": True}, 413, "body_too_large"),
        ({"body": b"{}", "CONTENT_LENGTH": ""}, 400, "invalid_json"),
    ],
)
def test_hostile_bodies_stay_outside(budget, request_, status, reason):
    """Too long, broken, or lying about their length."""
    door = BudgetMiddleware(
        answering(b""), budget, user_key=ada, estimate=lambda request: len(request.json()), max_body=10
    )
    answered = call(door, **request_)
    assert (answered.status, answered.json["reason"]) == (status, reason)


@pytest.mark.parametrize("value", ["a\nb", "\x00", "", "x" * 10_000_000, "\ud800"])
def test_hostile_values_stay_outside(budget, value, caplog):
    """400, and nothing of them anywhere."""
    answered = call(BudgetMiddleware(answering(b""), budget, user_key=lambda request: value))
    assert (answered.status, answered.json["reason"]) == (400, "invalid_user_key")
    assert not caplog.text
    assert budget.get_all_user_stats() == []


def test_users_beyond_latin_1_are_read_as_they_were_sent(budget):
    """WSGI hands UTF-8 over as Latin-1."""
    spend(budget, "ада", 100)
    door = BudgetMiddleware(answering(b""), budget, user_key=header("x-user"))
    assert call(door, HTTP_X_USER="ада".encode().decode("latin-1")).status == 429


def test_a_ledger_that_is_away_is_503():
    """Before the application is called."""
    budget = BudgetManager(per_user_token_limit=100, ledger=AwayLedger())
    answered = call(BudgetMiddleware(answering(b"never"), budget, user_key=ada))
    assert answered.status == 503
    assert answered.starts[0][0] == "503 Service Unavailable"


def test_held_room_may_be_asked_for_again(budget):
    """No word of never."""
    with budget.reserve(tokens=100, user_key="ada") as reservation:
        answered = call(BudgetMiddleware(answering(b""), budget, user_key=ada))
        reservation.release()
    assert "X-Should-Retry" not in answered.starts[0][1]
    assert int(answered.starts[0][1]["Retry-After"]) <= 30


def test_on_blocked_may_give_the_body_or_the_whole_answer(budget):
    """A dict, or a WSGI application such as a Flask response; a failing one lets nobody in."""
    spend(budget, "ada", 100)
    body = call(BudgetMiddleware(answering(b""), budget, user_key=ada, on_blocked=lambda r, e: {"mine": e.reason}))
    assert (body.status, body.json) == (429, {"mine": "user_token_limit_exceeded"})
    whole = call(
        BudgetMiddleware(answering(b""), budget, user_key=ada, on_blocked=lambda r, e: flask.Response("later", 418))
    )
    assert (whole.status, whole.body) == (418, b"later")
    assert call(BudgetMiddleware(answering(b""), budget, user_key=ada, on_blocked=lambda r, e: 1 / 0)).status == 429


def test_what_is_not_covered_passes(budget):
    """Prefixes, preflights; a HEAD request is refused without a body."""
    spend(budget, "ada", 100)
    door = BudgetMiddleware(answering(b"ok"), budget, user_key=ada, paths=re.compile("/v1"))
    assert call(door, "/free").status == 200
    assert call(door, "/v1/chat").status == 429
    assert call(door, "/v1/chat", method="OPTIONS", HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST").status == 200
    assert call(door, "/v1/chat", method="HEAD").body == b""


def test_a_callable_must_be_a_plain_function(budget):
    """Nothing can be awaited here."""

    async def user(request):
        return "ada"

    with pytest.raises(ConfigurationError, match="plain functions"):
        call(BudgetMiddleware(answering(b""), budget, user_key=user))


def test_callables_may_refuse_by_themselves(budget):
    """With a status and words of their own."""

    def user(request):
        assert (request.client.host, request.method, request["SERVER_PORT"]) == ("192.0.2.7", "POST", "80")
        assert (str(request.url), request.path, request.query_params) == (
            "http://127.0.0.1/shop/caf%C3%A9?a=1",
            "/café",
            {"a": "1"},
        )
        raise BadRequest("Sign in.", status=401)

    latin = "/café".encode().decode("latin-1")
    door = BudgetMiddleware(answering(b""), budget, user_key=user)
    assert call(door, latin, SCRIPT_NAME="/shop", QUERY_STRING="a=1").status == 401


def test_errors_of_the_application_are_none_of_ours(budget):
    """Also in the middle of a response."""

    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"one"
        raise KeyError("x")

    with pytest.raises(KeyError):
        call(BudgetMiddleware(app, budget, user_key=ada))


def test_gunicorn_serves_it(tmp_path):
    """A worker process of its own, threads in it, a stream, and a refusal."""
    (tmp_path / "site_app.py").write_text(
        "from llm_token_budget import BudgetManager\n"
        "from llm_token_budget.integrations.wsgi import header\n"
        "budget = BudgetManager(per_user_token_limit=3, ledger='memory://', wait_for_held=0)\n"
        "def work(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    for piece in (b'a', b'b', b'c'):\n"
        "        with budget.reserve(tokens=1) as held:\n"
        "            held.settle(tokens=1)\n"
        "        yield piece\n"
        "app = budget.middleware(user_key=header('x-user'))(work)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        command = [
            sys.executable, "-m", "gunicorn", "--threads", "2", "--bind", f"fd://{listening.fileno()}",
            "--no-control-socket", "--chdir", str(tmp_path), "site_app:app",
        ]  # fmt: skip
        server = subprocess.Popen(command, pass_fds=[listening.fileno()], stderr=subprocess.PIPE)
    try:
        first = httpx.get(f"http://127.0.0.1:{port}/", headers={"x-user": "ada"}, timeout=60)
        second = httpx.get(f"http://127.0.0.1:{port}/", headers={"x-user": "ada"}, timeout=60)
    finally:
        server.terminate()
        _, said = server.communicate(timeout=60)
    assert (first.status_code, first.text) == (200, "abc"), said.decode()
    assert second.status_code == 429


def test_reading_a_body_without_a_length_does_not_wait(budget):
    """Where the server says neither its length nor that it ends, there is none."""

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            raise AssertionError("would block")

    door = BudgetMiddleware(answering(b"ok"), budget, user_key=ada, estimate=lambda request: len(request.body()))
    assert call(door, CONTENT_LENGTH="", **{"wsgi.input": Endless()}).status == 200
