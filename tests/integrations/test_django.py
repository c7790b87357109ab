"""Django's middleware behind real servers: WSGI with sync views, ASGI with both kinds, streams, and its settings."""

from __future__ import annotations

import sys
import types

import django
import httpx
import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path
from django.utils.asyncio import async_unsafe

from llm_token_budget import BudgetManager, ConfigurationError
from llm_token_budget.integrations.django import BudgetMiddleware, budget_middleware, header, signed_in_user

from .asking import AwayLedger, spend
from .serving import uvicorn_serves, waitress_serves, wsgiref_serves

DOOR = "llm_token_budget.integrations.django.BudgetMiddleware"


SYNCHRONOUS_BEHIND_ASYNCHRONOUS = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous")


def spend_one(request):
    with request.budget.reserve(tokens=1) as reservation:
        reservation.settle(tokens=1)


def overspend(request):
    with request.budget.reserve(tokens=101):
        pass


def plain(request):
    if request.method == "OPTIONS":
        return HttpResponse(status=204)
    spend_one(request)
    return JsonResponse({"user": request.budget_session.user_key, "spending": request.budget.identify().user_key})


async def plain_async(request):
    return plain(request)


def stream(request):
    def pieces():
        try:
            for piece in "abc":
                spend_one(request)
                yield piece
        finally:
            spend_one(request)

    return StreamingHttpResponse(pieces())


async def stream_async(request):
    async def pieces():
        for piece in "abc":
            spend_one(request)
            yield piece
        spend_one(request)

    return StreamingHttpResponse(pieces())


def escapes(request):
    overspend(request)


async def escapes_async(request):
    overspend(request)


def escapes_in_stream(request):
    def pieces():
        overspend(request)
        yield "never"

    return StreamingHttpResponse(pieces())


async def escapes_in_stream_async(request):
    async def pieces():
        overspend(request)
        yield "never"

    return StreamingHttpResponse(pieces())


def empty(request):
    return StreamingHttpResponse(iter(()))


async def empty_async(request):
    async def pieces():
        for nothing in ():
            yield nothing

    return StreamingHttpResponse(pieces())


def breaks(request):
    raise KeyError("x")


def file(request):
    return FileResponse(open(__file__, "rb"))


def free(request):
    return HttpResponse("free")


class Urls:
    """What a module of URLs has."""

    urlpatterns = (
        path("plain", plain),
        path("plain-async", plain_async),
        path("stream", stream),
        path("stream-async", stream_async),
        path("escapes", escapes),
        path("escapes-async", escapes_async),
        path("escapes-in-stream", escapes_in_stream),
        path("escapes-in-stream-async", escapes_in_stream_async),
        path("empty", empty),
        path("empty-async", empty_async),
        path("breaks", breaks),
        path("file", file),
        path("free", free),
    )


if not settings.configured:
    settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=Urls, LOGGING_CONFIG=None, SECRET_KEY="not-a-secret")
    django.setup()


@pytest.fixture
def budget():
    return BudgetManager(per_user_token_limit=100, ledger="memory://", wait_for_held=0)


@pytest.fixture
def shop(budget, monkeypatch):
    """A module that settings can name."""
    module = types.ModuleType("shop_budgets")
    module.budget = budget
    module.user = header("x-user")
    module.middleware = budget_middleware(budget, user_key=header("x-user"))
    module.npm_middleware = budget.middleware(user_key=header("x-user"))
    monkeypatch.setitem(sys.modules, "shop_budgets", module)
    return module


def site_with(serve, handler, **options):
    """Django behind a server, its door made from the settings."""
    with override_settings(MIDDLEWARE=[DOOR], LLM_TOKEN_BUDGET={"budget": "shop_budgets.budget", **options}):
        return serve(handler())


SERVERS = {
    "wsgiref": (wsgiref_serves, WSGIHandler),
    "waitress": (waitress_serves, WSGIHandler),
    "uvicorn": (uvicorn_serves, ASGIHandler),
}


@pytest.fixture(params=SERVERS)
def site(request, shop):
    with (
        site_with(*SERVERS[request.param], user_key="shop_budgets.user") as url,
        httpx.Client(base_url=url, headers={"x-user": "ada"}) as client,
    ):
        yield client


@pytest.fixture
def asynchronous(shop):
    with (
        site_with(uvicorn_serves, ASGIHandler, user_key="shop_budgets.user") as url,
        httpx.Client(base_url=url, headers={"x-user": "ada"}) as client,
    ):
        yield client


def spent_by(budget, user):
    return budget.get_user_stats(user).total_tokens


@pytest.mark.parametrize(("view", "tokens"), [("/plain", 1), ("/plain-async", 1), ("/stream", 4)])
@SYNCHRONOUS_BEHIND_ASYNCHRONOUS
def test_calls_are_charged_to_the_user_wherever_they_are_made(site, budget, view, tokens):
    """In views of both kinds and at each step of a stream."""
    for user in ("ada", "bob", "ada"):
        assert site.get(view, headers={"x-user": user}).status_code == 200
    assert (spent_by(budget, "ada"), spent_by(budget, "bob")) == (2 * tokens, tokens)
    assert budget.get_global_stats().total_tokens == 3 * tokens


def test_asynchronous_streams_are_the_users_too(asynchronous, budget):
    """Each step of them."""
    assert asynchronous.get("/stream-async").text == "abc"
    assert spent_by(budget, "ada") == 4


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
def test_asynchronous_streams_behind_a_synchronous_server_are_the_users_too(shop, budget):
    """Django reads them in a loop of its own."""
    with site_with(waitress_serves, WSGIHandler, user_key="shop_budgets.user") as url:
        assert httpx.get(f"{url}/stream-async", headers={"x-user": "ada"}).text == "abc"
    assert spent_by(budget, "ada") == 4


def test_a_used_up_budget_is_refused(site, budget):
    """In the npm package's words, at every kind of door."""
    spend(budget, "ada", 100)
    answered = site.get("/plain")
    assert answered.status_code == 429
    assert set(answered.json()) == {"error", "reason", "message"}
    assert answered.json()["reason"] == "user_token_limit_exceeded"
    assert answered.headers["x-should-retry"] == "false"
    assert int(answered.headers["retry-after"]) > 0
    assert site.get("/plain", headers={"x-user": "bob"}).json() == {"user": "bob", "spending": "bob"}


@pytest.mark.parametrize("view", ["/escapes", "/escapes-async", "/escapes-in-stream"])
@SYNCHRONOUS_BEHIND_ASYNCHRONOUS
def test_a_refusal_that_escapes_is_the_same_answer(site, view):
    """Past Django's own error page, and from the first piece of a stream."""
    answered = site.get(view)
    assert answered.status_code == 429
    assert answered.json()["reason"] == "user_token_limit_exceeded"


def test_so_it_is_in_the_first_piece_of_an_asynchronous_stream(asynchronous):
    """It is made before anything is sent."""
    assert asynchronous.get("/escapes-in-stream-async").status_code == 429


@pytest.mark.parametrize("view", ["/empty", "/empty-async"])
@SYNCHRONOUS_BEHIND_ASYNCHRONOUS
def test_an_empty_stream_stays_empty(asynchronous, view):
    """There is no first piece to make."""
    answered = asynchronous.get(view)
    assert (answered.status_code, answered.content) == (200, b"")


@SYNCHRONOUS_BEHIND_ASYNCHRONOUS
def test_files_and_errors_are_djangos(site):
    """Neither is touched."""
    with open(__file__, "rb") as wanted:
        assert site.get("/file").content == wanted.read()
    assert site.get("/breaks").status_code == 500
    assert site.get("/no-such-page").status_code == 404


def test_hostile_values_stay_outside(shop, budget):
    """400, in the format that was asked for."""
    shop.hostile = lambda request: request.GET["user"]
    with site_with(wsgiref_serves, WSGIHandler, user_key="shop_budgets.hostile", error_format="openai") as url:
        for value in ("a%0Ab", "%00", "", "x" * 2000):
            answered = httpx.get(f"{url}/plain?user={value}")
            assert (answered.status_code, answered.json()["error"]["code"]) == (400, "invalid_user_key")
        assert httpx.get(f"{url}/plain?user=%D0%B0").json()["user"] == "а"  # noqa: RUF001 - Cyrillic
    assert len(budget.get_all_user_stats()) == 1


@pytest.mark.parametrize("server", ["wsgiref", "uvicorn"])
def test_a_ledger_that_is_away_is_503(shop, server):
    """At every kind of door."""
    shop.budget = BudgetManager(per_user_token_limit=100, ledger=AwayLedger())
    with site_with(*SERVERS[server], user_key="shop_budgets.user") as url:
        answered = httpx.get(f"{url}/plain", headers={"x-user": "ada"})
    assert (answered.status_code, answered.json()["error"]) == (503, "budget_unavailable")


@pytest.mark.parametrize("server", ["wsgiref", "uvicorn"])
def test_plain_functions_may_ask_the_database_behind_either_server(shop, server):
    """They run where Django allows that: never on the event loop."""

    @async_unsafe("not here")
    def from_the_database():
        return "ada"

    shop.slow = lambda request: from_the_database()
    with site_with(*SERVERS[server], user_key="shop_budgets.slow") as url:
        assert httpx.get(f"{url}/plain").json()["user"] == "ada"


def test_coroutine_functions_serve_an_asynchronous_door(shop):
    """They are awaited."""

    async def user(request):
        return "ada"

    shop.user = user
    with site_with(uvicorn_serves, ASGIHandler, user_key="shop_budgets.user") as url:
        assert httpx.get(f"{url}/plain-async").json()["user"] == "ada"


@pytest.mark.parametrize("server", ["wsgiref", "uvicorn"])
def test_only_what_is_covered_has_to_ask(shop, budget, server):
    """The rest passes without a session; so do preflights."""
    spend(budget, "ada", 100)
    with (
        site_with(*SERVERS[server], user_key="shop_budgets.user", paths="/plain") as url,
        httpx.Client(base_url=url, headers={"x-user": "ada"}) as client,
    ):
        assert client.get("/free").text == "free"
        assert client.get("/plain").status_code == 429
        assert client.options("/plain").status_code == 429
        assert client.options("/plain", headers={"access-control-request-method": "POST"}).status_code != 429


@pytest.mark.parametrize("name", ["middleware", "npm_middleware"])
@pytest.mark.parametrize("server", ["wsgiref", "uvicorn"])
def test_a_middleware_made_in_code_is_the_same(shop, budget, server, name):
    """`MIDDLEWARE` names it; `budget.middleware(...)` makes one too."""
    serve, handler = SERVERS[server]
    spend(budget, "ada", 100)
    with override_settings(MIDDLEWARE=[f"shop_budgets.{name}"]), serve(handler()) as url:
        assert httpx.get(f"{url}/plain", headers={"x-user": "ada"}).status_code == 429
        assert httpx.get(f"{url}/plain", headers={"x-user": "bob"}).status_code == 200


@pytest.mark.parametrize("view", ["/plain", "/escapes"])
def test_on_blocked_may_answer(shop, budget, view):
    """With a dict or a response of Django's; at the door, and of what escapes."""
    shop.body = lambda request, error: {"mine": error.reason}
    shop.whole = lambda request, error: HttpResponse("later", status=418)
    if view == "/plain":
        spend(budget, "ada", 100)
    with site_with(wsgiref_serves, WSGIHandler, user_key="shop_budgets.user", on_blocked="shop_budgets.body") as url:
        answered = httpx.get(f"{url}{view}", headers={"x-user": "ada"})
        assert (answered.status_code, answered.json()) == (429, {"mine": "user_token_limit_exceeded"})
    with site_with(uvicorn_serves, ASGIHandler, user_key="shop_budgets.user", on_blocked="shop_budgets.whole") as url:
        answered = httpx.get(f"{url}{view}", headers={"x-user": "ada"})
        assert (answered.status_code, answered.text) == (418, "later")


def test_the_signed_in_user_is_djangos(budget):
    """Their primary key as text; nobody for strangers."""
    ada, stranger = (
        types.SimpleNamespace(pk=7, is_authenticated=True),
        types.SimpleNamespace(pk=None, is_authenticated=False),
    )
    assert signed_in_user(types.SimpleNamespace(user=ada)) == "7"
    assert signed_in_user(types.SimpleNamespace(user=stranger)) is None


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (None, "the setting LLM_TOKEN_BUDGET is a dict with at least a budget"),
        ({"user_key": "shop_budgets.user"}, "with at least a budget"),
        ({"budget": "shop_budgets.budget", "get_user": 1}, "get_user"),
        ({"budget": "shop_budgets.budget", "user_key": 7}, "user_key= takes a function"),
        ({"budget": "shop_budgets.user"}, "BudgetManager"),
    ],
)
def test_wrong_settings_are_refused_at_the_start(shop, said, message):
    """With what would be right."""
    with override_settings(LLM_TOKEN_BUDGET=said), pytest.raises(ConfigurationError, match=message):
        BudgetMiddleware(lambda request: None)


def test_on_blocked_is_a_plain_function(budget):
    """Django has no place to await it."""

    async def told(request, error):
        """Nothing."""

    with pytest.raises(ConfigurationError, match="plain function"):
        BudgetMiddleware(lambda request: None, budget, on_blocked=told)
