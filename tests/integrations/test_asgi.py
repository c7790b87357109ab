"""The ASGI middleware, asked without a server: who is let in, what a refusal says, whose calls are whose."""

from __future__ import annotations

import asyncio
import re
import socket
import threading

import pytest
from starlette.responses import PlainTextResponse

from llm_token_budget import (
    BudgetExceeded,
    BudgetManager,
    ConfigurationError,
    LedgerUnavailable,
    Limit,
    MemoryLedger,
    MissingUser,
)
from llm_token_budget.integrations.asgi import BadRequest, BudgetMiddleware, header

from .asking import Answered, AwayLedger, ask, http_scope, spend


def ada(request):
    return "ada"


class App:
    """Answers, and notes who is spending while it works."""

    def __init__(self, budget, work=None):
        self.budget = budget
        self.work = work
        self.seen = []
        self.scopes = []

    async def __call__(self, scope, receive, send):
        self.seen.append(self.budget.identify())
        self.scopes.append(scope)
        if self.work is not None:
            await self.work(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
def budget(make_budget):
    return make_budget(per_user_token_limit=100)


async def test_a_request_with_room_comes_in_as_its_user(budget):
    """And the application finds budget and session on the request's state."""
    app = App(budget)
    answered = await ask(BudgetMiddleware(app, budget, user_key=ada, session_id=lambda request: "chat-7"))
    assert (answered.status, answered.body) == (200, b"done")
    assert (app.seen[0].user_key, app.seen[0].session_id) == ("ada", "chat-7")
    state = app.scopes[0]["state"]
    assert state["budget"] is budget
    assert state["budget_session"].user_key == "ada"
    assert budget.identify().user_key is None


async def test_a_used_up_budget_is_refused_before_the_application(budget):
    """In the npm package's words, and final: no SDK tries again."""
    spend(budget, "ada", 100)
    app = App(budget)
    answered = await ask(BudgetMiddleware(app, budget, user_key=ada))
    assert not app.seen
    assert answered.status == 429
    assert set(answered.json) == {"error", "reason", "message"}
    assert answered.json["error"] == "budget_exceeded"
    assert answered.json["reason"] == "user_token_limit_exceeded"
    assert answered.json["message"].startswith("Token budget exceeded. ")
    assert answered.headers["x-should-retry"] == "false"
    assert int(answered.headers["retry-after"]) > 0
    assert answered.headers["content-type"] == "application/json"
    assert int(answered.headers["content-length"]) == len(answered.body)
    assert budget.get_user_stats("ada").blocked == 1


async def test_another_user_still_comes_in(budget):
    """One user's limit is no other's."""
    spend(budget, "ada", 100)
    answered = await ask(BudgetMiddleware(App(budget), budget, user_key=lambda request: "bob"))
    assert answered.status == 200


async def test_a_refusal_says_when_the_window_ends(make_budget):
    """In seconds, rounded up: the clock stands at 10:30, the day ends at midnight."""
    budget = make_budget(limits=[Limit(tokens=10, window="day", scope="user")])
    spend(budget, "ada", 10)
    answered = await ask(BudgetMiddleware(App(budget), budget, user_key=ada))
    assert answered.headers["retry-after"] == str(13 * 3600 + 1800)
    assert answered.json["message"].endswith("is used up until 2026-11-19T00:00Z.")


async def test_room_that_is_only_held_may_be_asked_for_again_soon(budget):
    """A short Retry-After, and nothing that stops a client from trying again."""
    with budget.reserve(tokens=100, user_key="ada") as reservation:
        answered = await ask(BudgetMiddleware(App(budget), budget, user_key=ada))
        reservation.release()
    assert answered.status == 429
    assert "x-should-retry" not in answered.headers
    assert 1 <= int(answered.headers["retry-after"]) <= 30


async def test_the_message_gives_away_no_amounts_and_no_keys(make_budget):
    """Whoever asks may not be who pays."""
    budget = make_budget(limits=[Limit(usd="123.45", scope="org", name="secret-deal")])
    budget.record(cost="200", dimensions={"org": "zeta"})
    for form in ("npm", "openai", "anthropic", "problem"):
        answered = await ask(
            BudgetMiddleware(App(budget), budget, dimensions=lambda request: {"org": "zeta"}, error_format=form)
        )
        assert answered.status == 429
        for secret in (b"123", b"200", b"zeta", b"secret-deal"):
            assert secret not in answered.body


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("openai", {"type": "insufficient_quota", "param": None, "code": "budget_exceeded"}),
        ("anthropic", {"type": "rate_limit_error"}),
    ],
)
async def test_a_refusal_in_a_vendors_format(budget, form, expected):
    """What that vendor's SDK reads."""
    spend(budget, "ada", 100)
    answered = await ask(BudgetMiddleware(App(budget), budget, user_key=ada, error_format=form))
    error = answered.json["error"]
    assert error.pop("message").startswith("Token budget exceeded. ")
    assert error == expected


async def test_a_refusal_as_problem_details(budget):
    """RFC 9457, with a status of one's own."""
    spend(budget, "ada", 100)
    answered = await ask(BudgetMiddleware(App(budget), budget, user_key=ada, error_format="problem", status=402))
    assert answered.status == answered.json["status"] == 402
    assert answered.headers["content-type"] == "application/problem+json"
    assert answered.json["reason"] == "user_token_limit_exceeded"


async def test_an_estimate_is_asked_for_at_the_models_price(make_budget):
    """What fits comes in, what doesn't stays out."""
    budget = make_budget(per_user_cost_limit="0.001")

    async def size(request):
        return tuple((await request.json())["size"])

    middleware = BudgetMiddleware(App(budget), budget, user_key=ada, model="small", estimate=size)
    assert (await ask(middleware, body=[b'{"size": [4', b"00, 300]}"])).status == 200
    refused = await ask(middleware, body=[b'{"size": [400, 301]}'])
    assert refused.json["reason"] == "user_cost_limit_exceeded"


async def test_what_was_read_for_the_estimate_reaches_the_application(budget):
    """Every piece of the body, and what comes after it."""
    received = []

    async def read(scope, receive, send):
        while (message := await receive())["type"] != "http.disconnect":
            received.append(message["body"])
        await PlainTextResponse("ok")(scope, receive, send)

    async def size(request):
        return len(await request.body()), 0

    await ask(BudgetMiddleware(App(budget, read), budget, user_key=ada, estimate=size), body=[b"one", b"two"])
    assert received == [b"one", b"two"]


async def test_a_money_limit_needs_no_model_at_the_door(make_budget):
    """Without an estimate, the question is whether anything is left at all."""
    budget = make_budget(per_user_cost_limit="1")
    middleware = BudgetMiddleware(App(budget), budget, user_key=ada)
    assert (await ask(middleware)).status == 200
    budget.record(cost="1", user_key="ada")
    assert (await ask(middleware)).json["reason"] == "user_cost_limit_exceeded"


async def test_a_model_that_the_client_chose_and_nobody_can_price_is_its_mistake(make_budget):
    """400; a model that the application names is the application's."""
    budget = make_budget(global_cost_limit="1")
    chosen = BudgetMiddleware(App(budget), budget, model=lambda request: request.query_params["model"])
    answered = await ask(chosen, query=b"model=no-such-model")
    assert (answered.status, answered.json["reason"]) == (400, "unknown_model")
    with pytest.raises(Exception, match="no price for"):
        await ask(BudgetMiddleware(App(budget), budget, model="no-such-model"))


async def test_a_ledger_that_is_away_is_503(make_budget):
    """Come back soon: no word of never."""
    budget = make_budget(per_user_token_limit=100, ledger=AwayLedger())
    answered = await ask(BudgetMiddleware(App(budget), budget, user_key=ada))
    assert answered.status == 503
    assert answered.json["error"] == "budget_unavailable"
    assert int(answered.headers["retry-after"]) > 0
    assert "x-should-retry" not in answered.headers


async def test_a_ledger_that_blocks_does_not_hold_up_the_event_loop(make_budget):
    """It is asked in a thread: other tasks go on meanwhile."""
    others_went_on = threading.Event()

    class Slow(MemoryLedger):
        blocking = True

        def look(self, claim, *, count_blocked=False):
            assert others_went_on.wait(10)
            return super().look(claim, count_blocked=count_blocked)

    async def go_on():
        others_went_on.set()

    budget = make_budget(per_user_token_limit=100, ledger=Slow())
    answered, _ = await asyncio.gather(ask(BudgetMiddleware(App(budget), budget, user_key=ada)), go_on())
    assert answered.status == 200


@pytest.mark.parametrize(("choice", "status"), [("refuse", 503), ("allow", 200)])
async def test_a_store_that_is_down_is_the_budgets_choice(choice, status):
    """Where calls go out unguarded meanwhile, the door stands open too."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    options = {"ledger": f"redis://127.0.0.1:{port}/0", "on_ledger_error": choice}
    with BudgetManager(per_user_token_limit=100, **options) as budget:
        answered = await ask(BudgetMiddleware(App(budget), budget, user_key=ada))
    assert answered.status == status


async def test_a_refusal_that_escapes_from_the_application_is_the_same_answer(budget):
    """The door let it in, the call did not fit."""

    async def overspend(scope, receive, send):
        with budget.reserve(tokens=101):
            pass

    answered = await ask(BudgetMiddleware(App(budget, overspend), budget, user_key=ada))
    assert answered.status == 429
    assert answered.json["reason"] == "user_token_limit_exceeded"
    assert answered.headers["x-should-retry"] == "false"


async def test_so_it_is_if_a_framework_wrapped_it(budget, caplog):
    """The cause counts; what was around it is logged."""

    async def overspend(scope, receive, send):
        try:
            with budget.reserve(tokens=101):
                pass
        except BudgetExceeded as refusal:
            raise RuntimeError("retries used up") from refusal

    answered = await ask(BudgetMiddleware(App(budget, overspend), budget, user_key=ada))
    assert answered.status == 429
    assert "RuntimeError" in caplog.text


async def test_so_it_is_in_the_first_piece_of_a_stream(budget):
    """The start of a response waits for its first piece, so that it can still be taken back."""

    async def stream(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        with budget.reserve(tokens=101):
            pass

    answered = await ask(BudgetMiddleware(App(budget, stream), budget, user_key=ada))
    assert answered.status == 429
    assert len(answered.messages) == 2


async def test_a_response_that_has_begun_is_cut(budget):
    """Nothing can be taken back: the error goes on to the server."""
    answered = Answered()

    async def stream(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        with budget.reserve(tokens=101):
            pass

    async def send(message):
        answered.messages.append(message)

    with pytest.raises(BudgetExceeded):
        await BudgetMiddleware(App(budget, stream), budget, user_key=ada)(http_scope(), None, send)
    assert answered.body == b"one"


@pytest.mark.parametrize("error", [KeyError("x"), ConfigurationError("wiring")])
async def test_other_errors_are_none_of_ours(budget, error):
    """They reach the server as they are."""

    async def fail(scope, receive, send):
        raise error

    with pytest.raises(type(error)) as raised:
        await ask(BudgetMiddleware(App(budget, fail), budget, user_key=ada))
    assert raised.value is error


async def test_a_ledger_lost_on_the_way_is_503(budget):
    """The same answer as at the door."""

    async def lose(scope, receive, send):
        raise LedgerUnavailable("gone")

    assert (await ask(BudgetMiddleware(App(budget, lose), budget, user_key=ada))).status == 503


@pytest.mark.parametrize(
    "value",
    ["a\nb", "a\r\nSet-Cookie: x=1", "\x00", "", "x" * 10_000_000, "\ud800", "a\u2028b", "\x1b[31m"],
    ids=["newline", "header", "nul", "empty", "10MB", "surrogate", "separator", "escape"],
)
@pytest.mark.parametrize("what", ["user_key", "session_id", "model"])
async def test_hostile_values_stay_outside(budget, value, what, caplog):
    """400, with nothing of the value in the answer or the log, and no row in the ledger."""
    app = App(budget)
    options = {"user_key": ada, what: lambda request: value}
    answered = await ask(BudgetMiddleware(app, budget, **options))
    assert (answered.status, answered.json["reason"]) == (400, f"invalid_{what}")
    assert len(answered.body) < 300
    assert not app.seen
    assert not caplog.text
    assert budget.get_all_user_stats() == []


@pytest.mark.parametrize("value", ["ада", "愛", "O'Brien; DROP TABLE", "<script>alert(1)</script>", "a b", "x" * 1024])
async def test_unusual_users_are_users(budget, value):
    """Refused like anybody, in plain ASCII."""
    spend(budget, value, 100)
    answered = await ask(
        BudgetMiddleware(App(budget), budget, user_key=header("x-user")), headers=[("x-user", value.encode())]
    )
    assert answered.status == 429
    answered.body.decode("ascii")


@pytest.mark.parametrize("estimate", [-1, (10**30, 1), ("12", 1), (1, 2, 3), (True, 1), 1.5])
async def test_an_impossible_estimate_is_refused(budget, estimate):
    """It comes from what the client sent, as a rule."""
    answered = await ask(BudgetMiddleware(App(budget), budget, user_key=ada, estimate=lambda request: estimate))
    assert (answered.status, answered.json["reason"]) == (400, "invalid_estimate")


async def test_a_body_that_is_too_long_is_not_read_to_its_end(budget):
    """413, before it fills the memory."""

    async def size(request):
        return len(await request.body()), 0

    middleware = BudgetMiddleware(App(budget), budget, user_key=ada, estimate=size, max_body=10)
    answered = await ask(middleware, body=[b"123456", b"123456", b"never read"])
    assert (answered.status, answered.json["reason"]) == (413, "body_too_large")


@pytest.mark.parametrize("body", [b"no json", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_is_the_clients_mistake(budget, body):
    """400 for whoever reads it with request.json()."""

    async def model(request):
        return (await request.json())["model"]

    answered = await ask(BudgetMiddleware(App(budget), budget, user_key=ada, model=model), body=[body])
    assert (answered.status, answered.json["reason"]) == (400, "invalid_json")


async def test_a_header_that_is_there_twice_is_refused(budget):
    """Nobody knows which of them the gateway wrote."""
    answered = await ask(
        BudgetMiddleware(App(budget), budget, user_key=header("X-User")),
        headers=[("x-user", b"eve"), ("x-user", b"ada")],
    )
    assert (answered.status, answered.json["reason"]) == (400, "ambiguous_header")


async def test_nobody_under_a_per_user_limit_is_403(budget):
    """Where the application looks for a user and finds none; without user_key= the wiring is wrong, and that must show."""
    answered = await ask(BudgetMiddleware(App(budget), budget, user_key=lambda request: None))
    assert (answered.status, answered.json["reason"]) == (403, "missing_user")
    with pytest.raises(MissingUser):
        await ask(BudgetMiddleware(App(budget), budget))


async def test_a_user_that_is_no_text_is_a_mistake_in_the_wiring(budget):
    """The message names the way out."""
    with pytest.raises(ConfigurationError, match=r"user_key= must give a str or None, not int; for a number use str"):
        await ask(BudgetMiddleware(App(budget), budget, user_key=lambda request: 7))


async def test_callables_may_be_asynchronous_and_refuse_by_themselves(budget):
    """With a status and words of their own."""

    async def user(request):
        raise BadRequest("Sign in.", reason="no_ticket", status=401)

    answered = await ask(BudgetMiddleware(App(budget), budget, user_key=user))
    assert (answered.status, answered.json["reason"], answered.json["message"]) == (401, "no_ticket", "Sign in.")


async def test_what_callables_see_of_a_request(budget):
    """The names of Starlette's Request, and the scope as a mapping."""
    found = {}

    def look(request):
        found.update(
            path=request.path,
            method=request.method,
            header=request.headers["X-Kind"],
            missing=request.headers.get("x-none"),
            names=list(request.headers),
            query=request.query_params,
            cookies=request.cookies,
            host=request.client.host,
            user=request.user,
            given=request.state.tenant,
            raw=request["path"],
            url=str(request.url),
            whole_path=request.url.path,
        )
        return "ada"

    await ask(
        BudgetMiddleware(App(budget), budget, user_key=look),
        "/api/v1",
        method="GET",
        query=b"a=1&b=%C3%A9",
        headers=[("host", b"shop.example"), ("x-kind", b"k"), ("cookie", b'sid="s1"; theme=dark')],
        root_path="/api",
        user="admin",
        state={"tenant": "acme"},
    )
    assert found == {
        "path": "/v1",
        "method": "GET",
        "header": "k",
        "missing": None,
        "names": ["host", "x-kind", "cookie"],
        "query": {"a": "1", "b": "é"},
        "cookies": {"sid": "s1", "theme": "dark"},
        "host": "192.0.2.7",
        "user": "admin",
        "given": "acme",
        "raw": "/api/v1",
        "url": "http://shop.example/api/v1?a=1&b=%C3%A9",
        "whole_path": "/api/v1",
    }


@pytest.mark.parametrize(
    ("paths", "covered", "free"),
    [
        ("/v1", ["/v1", "/v1/chat"], ["/", "/v10", "/health"]),
        (["/v1/", "/chat"], ["/v1/x", "/v1", "/chat"], ["/other"]),
        ("/", ["/", "/anything"], []),
        (re.compile(r"/v\d+/"), ["/v1/a", "/v22/b"], ["/x/v1/"]),
        (lambda request: request.method == "POST" and request.path != "/free", ["/v1"], ["/free"]),
    ],
    ids=["prefix", "prefixes", "root", "expression", "function"],
)
async def test_only_what_is_covered_has_to_ask(budget, paths, covered, free):
    """The rest passes untouched."""
    spend(budget, "ada", 100)
    middleware = BudgetMiddleware(App(budget), budget, user_key=ada, paths=paths)
    assert [(await ask(middleware, path)).status for path in covered] == [429] * len(covered)
    assert [(await ask(middleware, path)).status for path in free] == [200] * len(free)


async def test_a_server_that_mounts_the_application_elsewhere_uncovers_nothing(budget):
    """Prefixes are below the root path."""
    spend(budget, "ada", 100)
    middleware = BudgetMiddleware(App(budget), budget, user_key=ada, paths="/v1")
    assert (await ask(middleware, "/api/v1/chat", root_path="/api")).status == 429


async def test_a_browsers_preflight_passes(budget):
    """It spends nothing, and without it the page can't see the 429."""
    spend(budget, "ada", 100)
    middleware = BudgetMiddleware(App(budget), budget, user_key=ada)
    preflight = [("access-control-request-method", b"POST")]
    assert (await ask(middleware, method="OPTIONS", headers=preflight)).status == 200
    assert (await ask(middleware, method="OPTIONS")).status == 429


async def test_a_head_request_is_refused_without_a_body(budget):
    """As HTTP wants it."""
    spend(budget, "ada", 100)
    answered = await ask(BudgetMiddleware(App(budget), budget, user_key=ada), method="HEAD")
    assert (answered.status, answered.body) == (429, b"")


async def test_on_blocked_is_told_and_may_leave_the_answer_to_us(budget):
    """At the door, and of refusals that escape."""
    told = []

    async def overspend(scope, receive, send):
        with budget.reserve(tokens=101):
            pass

    middleware = BudgetMiddleware(
        App(budget, overspend),
        budget,
        user_key=ada,
        on_blocked=lambda request, error: told.append((request.path, error)),
    )
    assert (await ask(middleware, "/one")).status == 429
    spend(budget, "ada", 100)
    assert (await ask(middleware, "/two")).status == 429
    assert [path for path, _ in told] == ["/one", "/two"]
    assert all(isinstance(error, BudgetExceeded) and error.key == "ada" for _, error in told)


async def test_on_blocked_may_give_the_body_or_the_whole_answer(budget):
    """A dict, or an ASGI application such as a Starlette response; from a coroutine function too."""
    spend(budget, "ada", 100)

    async def whole(request, error):
        return PlainTextResponse("Come back tomorrow", 418)

    body = await ask(BudgetMiddleware(App(budget), budget, user_key=ada, on_blocked=lambda r, e: {"error": "mine"}))
    assert (body.status, body.json, body.headers["x-should-retry"]) == (429, {"error": "mine"}, "false")
    answer = await ask(BudgetMiddleware(App(budget), budget, user_key=ada, on_blocked=whole))
    assert (answer.status, answer.body) == (418, b"Come back tomorrow")


async def test_an_on_blocked_that_fails_lets_nobody_in(budget, caplog):
    """The refusal stands; the failure is logged."""
    spend(budget, "ada", 100)
    app = App(budget)
    answered = await ask(BudgetMiddleware(app, budget, user_key=ada, on_blocked=lambda request, error: 1 / 0))
    assert answered.status == 429
    assert not app.seen
    assert "ZeroDivisionError" in caplog.text


async def test_lifespans_pass(budget):
    """They are no requests."""
    scope = {"type": "lifespan"}
    app = App(budget, work=lambda *_: _nothing())
    await BudgetMiddleware(app, budget, user_key=ada)(scope, None, None)
    assert app.scopes == [scope]


async def _nothing():
    """Nothing."""


async def test_observing_lets_everybody_in(make_budget):
    """admission="observe" refuses nobody, at no door."""
    budget = make_budget(per_user_token_limit=100, admission="observe")
    spend(budget, "ada", 100)
    assert (await ask(BudgetMiddleware(App(budget), budget, user_key=ada))).status == 200


def websocket(**more):
    return http_scope("/live", type="websocket", **more)


async def test_a_websocket_is_refused_before_it_is_accepted(budget):
    """With the code for policies."""
    spend(budget, "ada", 100)
    app = App(budget)
    answered = await ask(BudgetMiddleware(app, budget, user_key=ada), scope=websocket())
    assert answered.messages == [{"type": "websocket.close", "code": 1008, "reason": "user_token_limit_exceeded"}]
    assert not app.seen


async def test_a_websocket_may_come_again_when_room_is_held_or_the_ledger_is_away(budget, make_budget):
    """With the code for that."""
    with budget.reserve(tokens=100, user_key="ada") as reservation:
        held = await ask(BudgetMiddleware(App(budget), budget, user_key=ada), scope=websocket())
        reservation.release()
    away_budget = make_budget(per_user_token_limit=100, ledger=AwayLedger())
    away = await ask(BudgetMiddleware(App(away_budget), away_budget, user_key=ada), scope=websocket())
    assert [answered.messages[0]["code"] for answered in (held, away)] == [1013, 1013]


async def test_a_refusal_inside_a_websocket_closes_it(budget):
    """After it was accepted, the code reaches the client."""

    async def talk(scope, receive, send):
        await send({"type": "websocket.accept"})
        with budget.reserve(tokens=101):
            pass

    answered = await ask(BudgetMiddleware(App(budget, talk), budget, user_key=ada), scope=websocket())
    assert [message["type"] for message in answered.messages] == ["websocket.accept", "websocket.close"]
    assert answered.messages[-1]["code"] == 1008


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"user_key": "x-user"}, r"header\('x-user'\) if a gateway"),
        ({"session_id": 7}, "session_id= takes a function"),
        ({"model": ""}, "model= takes"),
        ({"estimate": (1, -1)}, "estimate= takes"),
        ({"on_blocked": 1}, "on_blocked is a function"),
        ({"paths": "v1"}, "paths= takes prefixes such as '/v1'"),
        ({"paths": []}, "paths= takes"),
        ({"status": 200}, "status is 429, 402"),
        ({"error_format": "xml"}, "error_format is one of"),
        ({"max_body": -1}, "max_body must be a whole number"),
    ],
)
def test_wrong_options_are_refused_at_once(budget, options, message):
    """And say what would be right."""
    with pytest.raises(ConfigurationError, match=message):
        BudgetMiddleware(App(budget), budget, **options)


def test_the_budget_is_a_budget(budget):
    """Not its options, nor a session."""
    with pytest.raises(ConfigurationError, match="BudgetManager"):
        BudgetMiddleware(App(budget), budget.session("ada"))
    with pytest.raises(ConfigurationError, match="header's name"):
        header("not a name\n")


async def test_a_state_that_nobody_has_filled_says_who_should(budget):
    """A middleware that is added first runs last: the commonest slip of those who wire it up."""
    middleware = BudgetMiddleware(App(budget), budget, user_key=lambda request: request.state.user_id)
    with pytest.raises(AttributeError, match="no 'user_id': a middleware outside this one has to put it there"):
        await ask(middleware)
